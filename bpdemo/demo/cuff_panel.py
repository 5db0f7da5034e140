"""The part of the page where a cuff reading is entered, and what it does to the result above it."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import gradio as gr

from bpdemo.demo.cuff import Adjusted, Calibration, Shown, read_cuff
from bpdemo.demo.texts import Languages, Words
from bpdemo.errors import BpdemoError

Show = Callable[[Shown, Adjusted | None, Words], str]
"""Returns the HTML of a reading, adjusted or not."""


@dataclass(frozen=True)
class CalibrationPanel:
    """The panel's components that a reading has to do with.

    Attributes:
        box: what opens and closes.
        shown: the `Shown` reading on the page; a state of the session.
        calibration: the `Calibration` in use; a state of the session, on no disk and gone with the page.
    """

    box: gr.Accordion
    shown: gr.State
    calibration: gr.State

    def after(self, shown: Shown | None, calibration: Calibration | None) -> dict:
        """Return what changes in the panel when a clip has been read: it is there once it has a use."""
        return {self.box: gr.update(visible=shown is not None or calibration is not None), self.shown: shown}


def build_calibration_panel(say: gr.I18n, languages: Languages, glance: gr.HTML, show: Show) -> CalibrationPanel:
    """Build the panel inside the Blocks that is open.

    Args:
        say: gives the labels in the browser's language.
        languages: for what the server says.
        glance: where the result is shown.
        show: makes its HTML.
    """
    shown, calibration = gr.State(None), gr.State(None)
    with gr.Accordion(say("cuff"), open=False, visible=False, elem_id="cuff") as box:
        gr.HTML(say("cuff_intro"))
        with gr.Row():
            systolic = gr.Number(label=say("cuff_systolic"), minimum=0, step=1, min_width=120, elem_id="cuff-systolic")
            diastolic = gr.Number(
                label=say("cuff_diastolic"), minimum=0, step=1, min_width=120, elem_id="cuff-diastolic"
            )
        with gr.Row():
            use = gr.Button(say("cuff_use"), variant="primary", size="md", elem_id="cuff-use")
            remove = gr.Button(say("cuff_remove"), size="md", visible=False, elem_id="cuff-remove")
        told = gr.HTML(elem_id="cuff-told")
    panel = CalibrationPanel(box, shown, calibration)

    def calibrate(systolic: float | None, diastolic: float | None, reading: Shown | None, request: gr.Request) -> dict:
        words = languages.choose(request.headers.get("accept-language"))
        try:
            made = Calibration.of(read_cuff(systolic, diastolic, words), reading, words)
        except BpdemoError as error:
            return {told: _say(str(error), words, role="alert")}
        return {
            calibration: made,
            told: _say(_in_use(made, words), words),
            glance: show(reading, made.adjust(reading.estimate, is_itself=True), words),
            remove: gr.update(visible=True),
        }

    def forget(reading: Shown | None, request: gr.Request) -> dict:
        words = languages.choose(request.headers.get("accept-language"))
        raw = {} if reading is None else {glance: show(reading, None, words)}
        return {
            calibration: None,
            told: _say(words("calibration.removed"), words),
            remove: gr.update(visible=False),
            **raw,
        }

    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    changed = [calibration, told, glance, remove]
    gr.on([use.click, systolic.submit, diastolic.submit], calibrate, [systolic, diastolic, shown], changed, **quick)
    remove.click(forget, shown, changed, **quick)
    return panel


def _in_use(calibration: Calibration, words: Words) -> str:
    return words(
        "calibration.set",
        cuff_systolic=calibration.cuff.systolic,
        cuff_diastolic=calibration.cuff.diastolic,
        raw_systolic=calibration.systolic,
        raw_diastolic=calibration.diastolic,
        systolic=calibration.offset[0],
        diastolic=calibration.offset[1],
    )


def _say(text: str, words: Words, role: str = "status") -> str:
    return f"<p class='bp-notes' role='{role}' lang='{words.language}'>{escape(text)}</p>"
