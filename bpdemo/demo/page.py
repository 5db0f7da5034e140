"""The page: its layout and its events."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gradio as gr

from bpdemo.demo import recorder
from bpdemo.demo.api import QUEUED, add_endpoints
from bpdemo.demo.cuff import Adjusted, Calibration, ShownReading, keep_numbers
from bpdemo.demo.cuff_panel import build_calibration_panel
from bpdemo.demo.downloads import download_links
from bpdemo.demo.estimators import Estimators
from bpdemo.demo.examples import Example, example_cards, find_examples
from bpdemo.demo.reader import Reader, ReadingCancelledError, progress_reporter
from bpdemo.demo.server.gradio_internals import ClipBlocks
from bpdemo.demo.server.page_head import TITLE
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.told_panel import build_told_panel, read_told
from bpdemo.demo.views import about, map_view, report, steps
from bpdemo.demo.views import result as results
from bpdemo.demo.views import told as told_view
from bpdemo.demo.views.templating import render
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.models import find_model

_SHOW_CLIP_S = 0.5
_CAMERA = {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}, "audio": False}
_PRIVATE = {"api_visibility": "private"}
_QUICK = {"queue": False, "show_progress": "hidden", **_PRIVATE}

_EXAMPLE_CLICK = """
element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-example]");
  if (card) trigger("click", {number: Number(card.dataset.example)});
});
"""
# Screen readers announce the result, and it comes into view: on a phone it lies far below. Above it there is room for
# *Cancel*, which goes when the result is there.
_SHOW_RESULT = """
element.setAttribute("aria-live", "polite");
element.style.scrollMarginTop = "4.5rem";
watch("value", () => {
  const place = element.getBoundingClientRect();
  const working = element.querySelector("[data-status=working]");
  if (working && (place.top > 0.6 * window.innerHeight || place.top < 0)) {
    element.scrollIntoView({behavior: "smooth", block: "start"});
  }
});
"""
_SHOW = "() => ({__type__: 'update', visible: true})"
# Browsers cannot play every clip that can be read here; that is no error, whatever the player thinks.
_NO_PLAYER_ERRORS = """() => {
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll("[data-testid=toast-body]")) {
      if (toast.textContent.includes("Video not playable")) toast.style.display = "none";
    }
  }).observe(document.body, {childList: true, subtree: true});
}"""


def build_page(
    estimator: BloodPressureEstimator, uploads: Uploads, examples: list[Example] | None = None
) -> ClipBlocks:
    """Return the page; `examples` are the project's own unless others are given."""
    estimators = Estimators(estimator)
    examples = find_examples() if examples is None else examples
    reader = Reader(estimators, uploads, examples)

    def show_numbers(reading: ShownReading, adjusted: Adjusted | None) -> str:
        config = estimators.get(reading.estimate.model).weights.config
        return results.result(reading.estimate, config, reading.truth, adjusted)

    def show_about(model: str) -> str:
        weights = estimators.get(model).weights
        return about.about(weights.config, weights.summary, about.find_evidence(weights.folder))

    with ClipBlocks(uploads, title=TITLE, analytics_enabled=False) as page:
        gr.HTML(render("header"), padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                with gr.Tabs(elem_id="ways") as ways:
                    with gr.Tab("Guided recording", id="guided"):
                        guided = recorder.build_recorder()
                    with gr.Tab("Upload a clip", id="upload"):
                        clip = gr.Video(
                            label="Face clip",
                            sources=["webcam", "upload"],
                            # Any other setting re-encodes the clip, which costs the pulse.
                            webcam_options=gr.WebcamOptions(mirror=False, constraints=_CAMERA),
                            height=300,
                            buttons=[],
                            elem_id="clip",
                        )
                        gr.HTML(render("how_to"), padding=False)
                cancel = gr.Button("Cancel", visible=False, elem_id="cancel")
                cards = gr.HTML(
                    example_cards(examples),
                    js_on_load=_EXAMPLE_CLICK,
                    visible=bool(examples),
                    elem_id="examples",
                    padding=False,
                )
                told = build_told_panel()
                model = gr.Radio(
                    [(find_model(name).title, name) for name in estimators.names],
                    value=estimators.names[0],
                    label="Model that reads the next clip",
                    visible=len(estimators.names) > 1,
                    elem_id="model",
                )
            with gr.Column(scale=5, min_width=320):
                result = gr.HTML(results.no_result("empty"), js_on_load=_SHOW_RESULT, elem_id="result", padding=False)
                beside = gr.HTML(elem_id="beside", padding=False)
                cuff = build_calibration_panel(result, show_numbers)
        files = gr.HTML(elem_id="files", padding=False)
        behind = gr.HTML(js_on_load=map_view.SCRIPT, elem_id="steps", padding=False)
        weights_and_method = gr.HTML(show_about(estimators.names[0]), elem_id="about", padding=False)

        def ready(html: str, beside_html: str = "") -> dict:
            """Return what changes once there is a result: the page takes the next clip."""
            shown = {result: html, beside: beside_html}
            return {clip: gr.update(value=None, interactive=True), cancel: gr.update(visible=False), **shown}

        def show_reading(
            read: Callable[..., Estimate],
            calibration: Calibration | None,
            model: str,
            *told: object,
            example: Example | None = None,
            least_s: float = 0.0,
        ) -> Iterator[dict]:
            """Read a clip; show the result after `least_s` seconds at the earliest, then steps and downloads."""
            yield {
                clip: gr.update(interactive=False),
                cancel: gr.update(visible=True),
                result: results.no_result("working"),
                beside: "",
                files: "",
                behind: "",
                cuff.reading: None,
            }
            began_s = time.monotonic()
            config = estimators.get(model).weights.config
            person, wrong = read_told(*told)
            try:
                estimate = read(progress_reporter(page.clip_queue.watch_current()), model=model, told=person)
            except ReadingCancelledError:
                yield ready(results.no_result("cancelled")) | cuff.updates(None, calibration)
                return
            truth = example.truth if example else ""
            adjusted = calibration.adjust(estimate) if calibration else None
            cards = results.result(estimate, config, truth, adjusted), told_view.beside(estimate, wrong)
            time.sleep(max(0.0, least_s - (time.monotonic() - began_s)))
            yield ready(*cards) | cuff.updates(keep_numbers(estimate, truth), calibration)
            figures = steps.draw_figures(estimate)
            yield {behind: steps.steps(estimate, figures)}
            pdf = report.make_report(estimate, config, figures, adjusted)
            yield {files: download_links(estimate, figures, pdf, adjusted)}

        def read_clip(clip: str | None, *choices: Any) -> Iterator[dict]:
            # The page shows the clip until the result takes its place: the browser must have had time to fetch it, and,
            # while the steps are drawn, to let go of it before it is deleted.
            with uploads.deleted_afterwards(clip):
                yield from show_reading(partial(reader.read_upload, clip), *choices, least_s=_SHOW_CLIP_S)

        def read_recording(event: gr.EventData, *choices: Any) -> Iterator[dict]:
            # The path comes from the client and is judged as any other.
            yield from read_clip(getattr(event, "clip", None), *choices)

        def read_example(event: gr.EventData, *choices: Any) -> Iterator[dict]:
            number: Any = getattr(event, "number", None)
            example = examples[number] if isinstance(number, int) and 0 <= number < len(examples) else None
            yield from show_reading(partial(reader.read_example, example), *choices, example=example)

        async def stop(request: gr.Request) -> None:
            await page.clip_queue.cancel(request.session_hash)

        def show_unserved(request: gr.Request) -> dict:
            return ready(results.no_result(page.clip_queue.why_unserved(request.session_hash)))

        parts = [clip, cancel, result, beside, files, behind, cuff.box, cuff.reading]
        choices = [cuff.calibration, model, *told]
        for trigger, handler, inputs in (
            (guided.submit, read_recording, choices),
            (clip.upload, read_clip, [clip, *choices]),
            (clip.stop_recording, read_clip, [clip, *choices]),
            (cards.click, read_example, choices),
        ):
            trigger(None, None, cancel, js=_SHOW, **_QUICK)  # it may wait for its turn, and that can be cancelled, too
            read = trigger(handler, inputs, parts, show_progress_on=result, **QUEUED, **_PRIVATE)
            read.failure(show_unserved, None, [clip, cancel, result, beside], **_QUICK)
            if handler is read_recording:
                read.then(None, None, None, js=recorder.HAS_BEEN_READ, **_QUICK)
        model.change(show_about, model, weights_and_method, **_QUICK)
        guided.other_way(lambda: gr.Tabs(selected="upload"), None, ways, **_QUICK)
        cancel.click(stop, None, None, **_QUICK)
        page.load(None, None, None, js=_NO_PLAYER_ERRORS, **_QUICK)
        page.unload(stop)

        add_endpoints(page, reader, uploads, estimators.names)
    return page
