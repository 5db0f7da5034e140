"""The page: layout, events, and the two public endpoints."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.routing import Route

from bpdemo.clip import MAX_FILE_BYTES
from bpdemo.demo import recorder
from bpdemo.demo.cuff import Adjusted, Calibration, Shown
from bpdemo.demo.cuff_panel import build_calibration_panel
from bpdemo.demo.downloads import files as links
from bpdemo.demo.downloads import stmap_npz
from bpdemo.demo.examples import Example, find_examples
from bpdemo.demo.reader import Reader, ReadingCancelledError
from bpdemo.demo.server.blocks import Page
from bpdemo.demo.server.middleware import Door
from bpdemo.demo.server.queue import CLIPS_AT_ONCE
from bpdemo.demo.server.sessions import MAX_SESSIONS, forgetting
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.texts import Languages, Words
from bpdemo.demo.views import map_view
from bpdemo.demo.views import result as at_a_glance
from bpdemo.demo.views.about import find_evidence
from bpdemo.demo.views.intro import translations
from bpdemo.demo.views.report import make_report
from bpdemo.demo.views.steps import draw
from bpdemo.demo.views.steps import steps as all_steps
from bpdemo.errors import BpdemoError
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator

SHOW_CLIP_S = 0.5
CAMERA = {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}, "audio": False}

_STYLE = Path(__file__).with_name("style.css")
_PRIVATE = {"api_visibility": "private"}
_QUICK = {"queue": False, "show_progress": "hidden", **_PRIVATE}
_ONE_OF_FEW = {"concurrency_id": "clips", "concurrency_limit": CLIPS_AT_ONCE}
_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]  # nothing is fetched from elsewhere
_EXAMPLE_CLICK = """
element.addEventListener("click", (event) => {
  const card = event.target.closest("[data-example]");
  if (card) trigger("click", {number: Number(card.dataset.example)});
});
"""
# A screen reader is told of the result as soon as it is there, and it comes into view: on a phone it lies far below.
# Above it there is room for *Cancel*, which goes when the result is there.
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
    estimator: BloodPressureEstimator,
    uploads: Uploads,
    examples: list[Example] | None = None,
    languages: Languages | None = None,
) -> gr.Blocks:
    """Build the page.

    Args:
        estimator: with the weights it is to use.
        uploads: made before Gradio was imported.
        examples: None takes those of the project.
        languages: None takes those of the project.
    """
    languages = Languages() if languages is None else languages
    reader = Reader(estimator, uploads, languages.english)
    examples = find_examples() if examples is None else examples
    config, weights = estimator.weights.config, estimator.weights.to_dict()
    evidence = find_evidence(estimator.weights.folder)
    say = gr.I18n(**translations(languages, examples, config, weights, evidence))

    def words_for(request: gr.Request) -> Words:
        return languages.choose(request.headers.get("accept-language"))

    def show(reading: Shown, adjusted: Adjusted | None, words: Words) -> str:
        ranges = at_a_glance.draw_pressure(reading.estimate, words)
        return at_a_glance.glance(reading.estimate, config, words, ranges, reading.truth, adjusted)

    english = languages.english
    with Page(uploads, english, say, title=english("page.title"), analytics_enabled=False) as page:
        gr.HTML(say("header"), padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                with gr.Tabs(elem_id="ways") as ways:
                    with gr.Tab(say("guided"), id="guided"):
                        guided = recorder.build_recorder(say("recorder"))
                    with gr.Tab(say("upload"), id="upload"):
                        clip = gr.Video(
                            label=say("clip"),
                            sources=["webcam", "upload"],
                            # Any other setting re-encodes the clip, which costs the pulse.
                            webcam_options=gr.WebcamOptions(mirror=False, constraints=CAMERA),
                            height=300,
                            buttons=[],
                            elem_id="clip",
                        )
                        gr.HTML(say("how_to"), padding=False)
                cancel = gr.Button(say("cancel"), visible=False, elem_id="cancel")
                cards = gr.HTML(
                    say("examples"),
                    js_on_load=_EXAMPLE_CLICK,
                    visible=bool(examples),
                    elem_id="examples",
                    padding=False,
                )
            with gr.Column(scale=5, min_width=320):
                glance = gr.HTML(say("empty"), js_on_load=_SHOW_RESULT, elem_id="glance", padding=False)
                cuff = build_calibration_panel(say, languages, glance, show)
        files = gr.HTML(elem_id="files", padding=False)
        steps = gr.HTML(js_on_load=map_view.SCRIPT, elem_id="steps", padding=False)
        gr.HTML(say("about"), padding=False)

        def ready(result: str) -> dict:
            """Return the page with a result in it, ready for the next clip: this one is no longer there."""
            return {clip: gr.update(value=None, interactive=True), cancel: gr.update(visible=False), glance: result}

        def show_reading(
            read: Callable[[], Estimate],
            request: gr.Request,
            calibration: Calibration | None,
            least_s: float = 0.0,
            example: Example | None = None,
        ) -> Iterator[dict]:
            """Read a clip and show what comes of it: the result after `least_s` seconds at the earliest, then the rest.

            Steps and downloads each take a moment longer than the result.
            """
            words = words_for(request)
            yield {
                clip: gr.update(interactive=False),
                cancel: gr.update(visible=True),
                glance: at_a_glance.working_glance(words),
                files: "",
                steps: "",
                cuff.shown: None,
            }
            began_s = time.monotonic()
            try:
                with reader.cancellable(request.session_hash):
                    estimate = read()
            except ReadingCancelledError:
                yield ready(at_a_glance.cancelled_glance(words)) | cuff.after(None, calibration)
                return
            truth = example.truth(words) if example else ""
            adjusted = calibration.adjust(estimate) if calibration else None
            ranges = at_a_glance.draw_pressure(estimate, words)
            time.sleep(max(0.0, least_s - (time.monotonic() - began_s)))
            result = at_a_glance.glance(estimate, config, words, ranges, truth, adjusted)
            yield ready(result) | cuff.after(Shown.of(estimate, truth), calibration)
            drawn = draw(estimate, words)
            yield {steps: all_steps(estimate, drawn, words)}
            if ranges is not None:
                drawn["ranges"] = ranges
            report = make_report(estimate, words, at_a_glance.tell_evidence(config, words), adjusted)
            yield {files: links(estimate, drawn, report, words, adjusted)}

        def read_clip(
            clip: str,
            calibration: Calibration | None,
            request: gr.Request,
            progress=gr.Progress(),  # noqa: B008
        ) -> Iterator[dict]:
            session, teller = request.session_hash, _teller(progress, words_for(request), page.watch_request())
            # The page shows the clip until the result takes its place: the browser must have had time to fetch it, and,
            # while the steps are drawn, to let go of it before it is deleted.
            with uploads.deleted_afterwards(clip):
                yield from show_reading(
                    lambda: reader.read_upload(clip, session, teller), request, calibration, SHOW_CLIP_S
                )

        def read_recording(
            calibration: Calibration | None,
            event: gr.EventData,
            request: gr.Request,
            progress=gr.Progress(),  # noqa: B008
        ) -> Iterator[dict]:
            # The path comes from the client and is judged as any other.
            yield from read_clip(getattr(event, "clip", None), calibration, request, progress)

        def read_example(
            calibration: Calibration | None,
            event: gr.EventData,
            request: gr.Request,
            progress=gr.Progress(),  # noqa: B008
        ) -> Iterator[dict]:
            session, teller = request.session_hash, _teller(progress, words_for(request), page.watch_request())
            number = getattr(event, "number", None)
            example = examples[number] if isinstance(number, int) and 0 <= number < len(examples) else None
            yield from show_reading(
                lambda: reader.read_example(example, session, teller), request, calibration, example=example
            )

        async def stop(request: gr.Request) -> None:
            reader.cancel(request.session_hash)
            await page.leave_queue(request.session_hash)

        def tell_refusal(request: gr.Request) -> dict:
            if page.has_left_queue(request.session_hash):
                return ready(at_a_glance.cancelled_glance(words_for(request)))
            return ready(at_a_glance.refused_glance(words_for(request), page.was_refused(request.session_hash)))

        parts = [clip, cancel, glance, files, steps, cuff.box, cuff.shown]
        for trigger, handler, inputs in (
            (guided.submit, read_recording, [cuff.calibration]),
            (clip.upload, read_clip, [clip, cuff.calibration]),
            (clip.stop_recording, read_clip, [clip, cuff.calibration]),
            (cards.click, read_example, [cuff.calibration]),
        ):
            trigger(None, None, cancel, js=_SHOW, **_QUICK)  # it may wait for its turn, and that can be cancelled, too
            read = trigger(handler, inputs, parts, show_progress_on=glance, **_ONE_OF_FEW, **_PRIVATE)
            read.failure(tell_refusal, None, [clip, cancel, glance], **_QUICK)
            if handler is read_recording:
                read.then(None, None, None, js=recorder.HAS_BEEN_READ, **_QUICK)
        guided.other_way(lambda: gr.Tabs(selected="upload"), None, ways, **_QUICK)
        cancel.click(stop, None, None, **_QUICK)
        page.load(None, None, None, js=_NO_PLAYER_ERRORS, **_QUICK)
        page.unload(stop)

        _add_endpoints(page, reader, uploads, english)
    return page


def launch_options(uploads: Uploads, routes: Sequence[Route] = ()) -> dict[str, Any]:
    """Return what `launch` must be told for the page to look and behave as it should.

    Args:
        uploads: what the page was built with.
        routes: to be answered beside the page.
    """
    return {
        "theme": gr.themes.Default(
            primary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=["ui-monospace", "monospace"]
        ).set(
            button_primary_background_fill="*primary_600",  # the default is too light for white letters
            button_primary_background_fill_hover="*primary_700",
        ),
        "css": _STYLE.read_text(encoding="utf-8") + recorder.style(),
        "footer_links": ["api", "settings"],
        "run_history": False,
        "max_file_size": MAX_FILE_BYTES,
        "mcp_server": True,
        "ssr_mode": False,
        "share": False,
        "enable_monitoring": False,
        "state_session_capacity": MAX_SESSIONS,
        "app_kwargs": {
            "middleware": [Middleware(Door, uploads=uploads, words=Languages().english)],
            "lifespan": forgetting,
            "routes": list(routes),
        },
    }


def _add_endpoints(page: Page, reader: Reader, uploads: Uploads, words: Words) -> None:
    """Add the two public endpoints, which are MCP tools too; their docstrings are what clients get to read."""

    def estimate(clip: str, _progress=gr.Progress()) -> dict:  # noqa: B008
        """Estimate blood pressure from a short video of one face. Research use only; not a medical device.

        Returns a JSON object, schema bpdemo.estimate/1. Its status is "reading" (systolic, diastolic, heart_rate with
        intervals, range probabilities and the baseline), "refused" (the clip does not support a reading; reasons with
        codes and remedies) or "error" (the clip cannot be read; reasons likewise). The clip is deleted afterwards.

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, still and evenly lit, about 15 s.
        """
        with uploads.deleted_afterwards(clip), _told_when_cancelled(words):
            return reader.read_upload(clip, progress=_teller(_progress, words, page.watch_request())).to_dict()

    def stmap(clip: str, _progress=gr.Progress()) -> str:  # noqa: B008
        """Build the spatial-temporal map (STMap) of a face video's first 15 seconds.

        Returns an .npz file with stmap [4 channels Y U V T, cells, columns] float32, cells, regions, time_s, mask (True
        where measured), channels, scale and version. It stays on the server for a few minutes. The clip is deleted
        afterwards.

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, at least 9.5 s.
        """
        try:
            with uploads.deleted_afterwards(clip), _told_when_cancelled(words):
                content = stmap_npz(reader.map_upload(clip, _teller(_progress, words, page.watch_request())))
        except BpdemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        file = uploads.new_file("stmap.npz")
        file.write_bytes(content)
        return str(file)

    clip = gr.Video(label=words("page.labels.clip"), visible=False)
    form = gr.JSON(label="Estimate", visible=False)
    file = gr.File(label="STMap", visible=False)
    for function, output in ((estimate, form), (stmap, file)):
        gr.Button(visible=False).click(function, clip, output, api_name=function.__name__, **_ONE_OF_FEW)


def _teller(progress: gr.Progress, words: Words, is_awaited: Callable[[], bool]) -> Callable[[float, str], None]:
    """Return a progress callback that draws on the page, or tells the client; it ends the work nobody waits for."""

    def tell(share: float, step: str) -> None:
        if not is_awaited():
            raise ReadingCancelledError
        progress(share, desc=words(f"page.progress.{step}"))

    return tell


@contextmanager
def _told_when_cancelled(words: Words) -> Iterator[None]:
    try:
        yield
    except ReadingCancelledError:
        raise gr.Error(words("page.cancelled"), print_exception=False) from None
