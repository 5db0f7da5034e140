"""The page: layout, events, and the two public endpoints."""

import time
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from matplotlib.figure import Figure
from starlette.middleware import Middleware

from bpdemo.clip import MAX_FILE_BYTES
from bpdemo.demo import result, texts
from bpdemo.demo.downloads import stmap_npz
from bpdemo.demo.examples import Example, example_cards, find_examples
from bpdemo.demo.reader import Reader, ReadingCancelledError
from bpdemo.demo.uploads import OwnFolderForEachUpload, Uploads
from bpdemo.errors import BpdemoError
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator

CLIPS_AT_ONCE = 2  # decoding and tracking keep about one core busy for each
QUEUE_LENGTH = 20
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
# On a phone the result lies below the recorder.
_SHOW_RESULT = """() => {
  const place = document.querySelector("#glance").getBoundingClientRect();
  if (place.top > 0.6 * window.innerHeight || place.bottom < 80) {
    document.querySelector("#glance").scrollIntoView({behavior: "smooth", block: "start"});
  }
}"""
# Browsers cannot play every clip that can be read here; that is no error, whatever the player thinks.
_NO_PLAYER_ERRORS = """() => {
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll("[data-testid=toast-body]")) {
      if (toast.textContent.includes("Video not playable")) toast.style.display = "none";
    }
  }).observe(document.body, {childList: true, subtree: true});
}"""


class Page(gr.Blocks):
    """Blocks that take no file but uploads of this app.

    Gradio fetches any address a client names in place of a file; here such a file is no file.
    """

    def __init__(self, uploads: Uploads, **options: Any) -> None:
        super().__init__(**options)
        self._uploads = uploads

    async def preprocess_data(self, block_fn: Any, inputs: list, *rest: Any, **options: Any) -> list:
        """Replace what is not an upload by nothing; the handler then says so in plain words."""
        admitted = [
            self._admit(value) if isinstance(block, gr.Video) else value
            for block, value in zip(block_fn.inputs, inputs, strict=False)
        ]
        return await super().preprocess_data(block_fn, admitted + inputs[len(admitted) :], *rest, **options)

    def _admit(self, value: Any) -> dict | None:
        upload = self._uploads.find(value.get("path")) if isinstance(value, dict) else None
        return None if upload is None else {"path": str(upload), "meta": {"_type": "gradio.FileData"}}


def build_page(estimator: BloodPressureEstimator, uploads: Uploads, examples: list[Example] | None = None) -> gr.Blocks:
    """Build the page.

    Args:
        estimator: with the weights it is to use.
        uploads: made before Gradio was imported.
        examples: None takes those of the project.
    """
    reader = Reader(estimator, uploads)
    examples = find_examples() if examples is None else examples
    config, weights = estimator.weights.config, estimator.weights.to_dict()

    with Page(uploads, title=texts.TITLE, analytics_enabled=False) as page:
        gr.HTML(_header(), padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=4, min_width=320):
                clip = gr.Video(
                    label=texts.CLIP_LABEL,
                    sources=["webcam", "upload"],
                    # Any other setting re-encodes the clip, which costs the pulse.
                    webcam_options=gr.WebcamOptions(mirror=False, constraints=CAMERA),
                    height=300,
                    buttons=[],
                    elem_id="clip",
                )
                cancel = gr.Button(texts.CANCEL, visible=False, elem_id="cancel")
                gr.HTML(_how_to(), padding=False)
                cards = gr.HTML(
                    example_cards(examples),
                    js_on_load=_EXAMPLE_CLICK,
                    visible=bool(examples),
                    elem_id="examples",
                    padding=False,
                )
            with gr.Column(scale=5, min_width=320):
                glance = gr.HTML(result.empty_glance(), elem_id="glance", padding=False)
        files = gr.HTML(elem_id="files", padding=False)
        steps = gr.HTML(elem_id="steps", padding=False)
        gr.HTML(result.how_it_works(config, weights), padding=False)

        def show_steps(estimate: Estimate, ranges: Figure | None) -> Iterator[tuple]:
            """Show the pictures of the steps, then the downloads; each takes a moment longer than the glance."""
            drawn = result.draw(estimate)
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), result.steps(estimate, drawn)
            if ranges is not None:
                drawn["ranges"] = ranges
            yield gr.skip(), gr.skip(), gr.skip(), result.files(estimate, drawn), gr.skip()

        def show_reading(
            read: Callable[[], Estimate], session: str, least_s: float = 0.0, truth: str = ""
        ) -> Iterator[tuple]:
            """Read a clip and show what comes of it, the glance after `least_s` seconds at the earliest."""
            reader.expect(session)
            yield _working()
            began_s = time.monotonic()
            try:
                estimate = read()
            except ReadingCancelledError:
                yield _ready(result.cancelled_glance())
                return
            ranges = result.draw_pressure(estimate)
            time.sleep(max(0.0, least_s - (time.monotonic() - began_s)))
            yield _ready(result.glance(estimate, config, ranges, truth))
            yield from show_steps(estimate, ranges)

        def read_clip(clip: str, request: gr.Request, progress=gr.Progress()) -> Iterator[tuple]:  # noqa: B008
            session, teller = request.session_hash, _teller(progress)
            # The page shows the clip until the result takes its place: the browser must have had time to fetch it, and,
            # while the steps are drawn, to let go of it before it is deleted.
            with uploads.deleted_afterwards(clip):
                yield from show_reading(lambda: reader.read_upload(clip, session, teller), session, SHOW_CLIP_S)

        def read_example(event: gr.EventData, request: gr.Request, progress=gr.Progress()) -> Iterator[tuple]:  # noqa: B008
            session, teller = request.session_hash, _teller(progress)
            number = getattr(event, "number", None)
            example = examples[number] if isinstance(number, int) and 0 <= number < len(examples) else None
            truth = example.truth if example else ""
            yield from show_reading(lambda: reader.read_example(example, session, teller), session, truth=truth)

        def stop(request: gr.Request) -> None:
            reader.cancel(request.session_hash)

        parts = [clip, cancel, glance, files, steps]
        for trigger, handler, inputs in (
            (clip.upload, read_clip, clip),
            (clip.stop_recording, read_clip, clip),
            (cards.click, read_example, None),
        ):
            trigger(handler, inputs, parts, show_progress_on=glance, **_ONE_OF_FEW, **_PRIVATE)
            trigger(None, None, None, js=_SHOW_RESULT, **_QUICK)
        cancel.click(stop, None, None, **_QUICK)
        page.load(None, None, None, js=_NO_PLAYER_ERRORS, **_QUICK)
        page.unload(stop)

        _add_endpoints(reader, uploads)
    page.queue(max_size=QUEUE_LENGTH, default_concurrency_limit=CLIPS_AT_ONCE)
    return page


def launch_options(uploads: Uploads) -> dict[str, Any]:
    """Return what `launch` must be told for the page to look and behave as it should."""
    return {
        "theme": gr.themes.Default(
            primary_hue="blue", neutral_hue="slate", font=_FONTS, font_mono=["ui-monospace", "monospace"]
        ),
        "css": _STYLE.read_text(encoding="utf-8"),
        "footer_links": ["api", "settings"],
        "run_history": False,
        "max_file_size": MAX_FILE_BYTES,
        "mcp_server": True,
        "ssr_mode": False,
        "share": False,
        "app_kwargs": {"middleware": [Middleware(OwnFolderForEachUpload, uploads=uploads)]},
    }


def _add_endpoints(reader: Reader, uploads: Uploads) -> None:
    """Add the two public endpoints, which are MCP tools too; their docstrings are what clients get to read."""

    def estimate(clip: str, _progress=gr.Progress()) -> dict:  # noqa: B008
        """Estimate blood pressure from a short video of one face. Research use only; not a medical device.

        Returns a JSON object, schema bpdemo.estimate/1. Its status is "reading" (systolic, diastolic, heart_rate with
        intervals, range probabilities and the baseline), "refused" (the clip does not support a reading; reasons with
        codes and remedies) or "error" (the clip cannot be read; reasons likewise). The clip is deleted afterwards.

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, still and evenly lit, about 15 s.
        """
        with uploads.deleted_afterwards(clip):
            return reader.read_upload(clip, progress=_teller(_progress)).to_dict()

    def stmap(clip: str) -> str:
        """Build the spatial-temporal map (STMap) of a face video's first 15 seconds.

        Returns an .npz file with stmap [4 channels Y U V T, cells, columns] float32, cells, regions, time_s, mask (True
        where measured), channels, scale and version. It stays on the server for a few minutes. The clip is deleted
        afterwards.

        Args:
            clip: A video file (mp4, mov, webm, mkv or avi, up to 300 MB) of one face, at least 9.5 s.
        """
        try:
            with uploads.deleted_afterwards(clip):
                content = stmap_npz(reader.map_upload(clip))
        except BpdemoError as error:
            raise gr.Error(str(error), print_exception=False) from None
        file = uploads.new_file("stmap.npz")
        file.write_bytes(content)
        return str(file)

    clip = gr.Video(label=texts.CLIP_LABEL, visible=False)
    form = gr.JSON(label="Estimate", visible=False)
    file = gr.File(label="STMap", visible=False)
    for function, output in ((estimate, form), (stmap, file)):
        gr.Button(visible=False).click(function, clip, output, api_name=function.__name__, **_ONE_OF_FEW)


def _teller(progress: gr.Progress) -> Callable[[float, str], None]:
    """Return a progress callback that draws on the page, or tells the client."""
    return lambda share, what: progress(share, desc=what)


def _working() -> tuple:
    """Return the parts of the page while a clip is read: nothing to change but to cancel."""
    return gr.update(interactive=False), gr.update(visible=True), result.working_glance(), "", ""


def _ready(glance: str) -> tuple:
    """Return the parts of the page with a result in it, ready for the next clip: this one is no longer there."""
    return gr.update(value=None, interactive=True), gr.update(visible=False), glance, "", ""


def _header() -> str:
    return (
        f"<header class='bp-page bp-header'><h1>{texts.TITLE}</h1><p>{escape(texts.TAGLINE)}</p>"
        f"<p class='bp-disclaimer'>{texts.SHORT_DISCLAIMER}</p></header>"
    )


def _how_to() -> str:
    lines = "".join(f"<li>{line}</li>" for line in texts.HOW_TO)
    return f"<div class='bp-page'><ol class='bp-howto'>{lines}</ol><p class='bp-disclaimer'>{texts.PRIVACY}</p></div>"
