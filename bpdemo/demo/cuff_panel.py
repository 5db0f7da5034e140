"""The part of the page where a cuff reading is entered, and what it does to the result above it."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import gradio as gr

from bpdemo.cuff import Adjusted, Calibration
from bpdemo.demo.cuff import ShownReading, calibrate, read_cuff
from bpdemo.demo.views.templating import render
from bpdemo.errors import BpdemoError

_REMOVED = "Removed. Readings are shown raw again; files that were made while it was in use still hold both."


@dataclass(frozen=True)
class CalibrationPanel:
    """The panel's box, and two states of the session: the `ShownReading` on the page and the `Calibration` in use."""

    box: gr.Accordion
    reading: gr.State
    calibration: gr.State

    def updates(self, reading: ShownReading | None, calibration: Calibration | None) -> dict:
        """Return what changes when a clip has been read: the panel is shown once it has a use."""
        return {self.box: gr.update(visible=reading is not None or calibration is not None), self.reading: reading}


def build_calibration_panel(result: gr.HTML, show: Callable[[ShownReading, Adjusted | None], str]) -> CalibrationPanel:
    """Build the panel inside the Blocks that is open; `show` makes the HTML of `result`."""
    reading, calibration = gr.State(None), gr.State(None)
    with gr.Accordion("Optional: calibrate with your cuff", open=False, visible=False, elem_id="cuff") as box:
        gr.HTML(render("cuff_intro"))
        with gr.Row():
            systolic, diastolic = (
                gr.Number(label=f"Cuff, {name} (mmHg)", minimum=0, step=1, min_width=120, elem_id=f"cuff-{name}")
                for name in ("systolic", "diastolic")
            )
        with gr.Row():
            use = gr.Button("Use this cuff reading", variant="primary", size="md", elem_id="cuff-use")
            remove = gr.Button("Remove it", size="md", visible=False, elem_id="cuff-remove")
        message = gr.HTML(elem_id="cuff-message")

    def set_calibration(systolic: float | None, diastolic: float | None, shown: ShownReading | None) -> dict:
        try:
            made = calibrate(read_cuff(systolic, diastolic), shown)
        except BpdemoError as error:
            return {message: _paragraph(str(error), role="alert")}
        assert shown is not None
        return {
            calibration: made,
            message: _paragraph(_describe(made)),
            result: show(shown, made.adjust(shown.estimate, is_itself=True)),
            remove: gr.update(visible=True),
        }

    def remove_calibration(shown: ShownReading | None) -> dict:
        raw = {} if shown is None else {result: show(shown, None)}
        return {calibration: None, message: _paragraph(_REMOVED), remove: gr.update(visible=False), **raw}

    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    changed = [calibration, message, result, remove]
    entered = [use.click, systolic.submit, diastolic.submit]
    gr.on(entered, set_calibration, [systolic, diastolic, reading], changed, **quick)
    remove.click(remove_calibration, reading, changed, **quick)
    return CalibrationPanel(box, reading, calibration)


def _describe(calibration: Calibration) -> str:
    cuff, (systolic, diastolic) = calibration.cuff, calibration.offset
    return (
        f"In use: your cuff {cuff.systolic:g}/{cuff.diastolic:g} against the raw "
        f"{calibration.systolic:.0f}/{calibration.diastolic:.0f}. "
        f"Readings are shown adjusted by {systolic:+.0f} / {diastolic:+.0f} mmHg as well."
    )


def _paragraph(text: str, role: str = "status") -> str:
    return f"<p class='bp-notes' role='{role}'>{escape(text)}</p>"
