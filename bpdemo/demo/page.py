"""The page: its layout and its events. What moves on it is drawn by `browser/`."""

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gradio as gr

from bpdemo.demo import batch, files
from bpdemo.demo.api import QUEUED, add_endpoints
from bpdemo.demo.camera_note import read_note
from bpdemo.demo.estimators import Estimators
from bpdemo.demo.example_results import ExampleResults
from bpdemo.demo.examples import Example, example_cards, find_examples
from bpdemo.demo.reader import Reader, ReadingCancelledError, progress_reporter
from bpdemo.demo.server.gradio_internals import ClipBlocks
from bpdemo.demo.server.page_head import TITLE
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.told_panel import build_told_panel, read_told
from bpdemo.demo.views import about, steps
from bpdemo.demo.views import result as results
from bpdemo.demo.views.templating import render
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.export.rows import COLUMNS
from bpdemo.told import Told

_PRIVATE = {"api_visibility": "private"}
_QUICK = {"queue": False, "show_progress": "hidden", **_PRIVATE}
_SHOW = "() => ({__type__: 'update', visible: true})"
_GO_RECORD = "() => ({__type__: 'update', selected: 'guided'})"
# Scripts that hand results to and from the browser's own memory of them.
_SESSION = "(await import(new URL('page/session.js', document.baseURI))).session"
_KEEP = f"async (...parts) => {{ {_SESSION}.keep(parts); }}"
_OPENED = f"async () => {_SESSION}.opened"
# Tells the recorder that the clip it sent has been read.
_HAS_BEEN_READ = "() => document.querySelector('#recorder .bp-rec')?.dispatchEvent(new Event('bp-read'))"
_MAX_KEY = 64  # letters of what a browser calls its clip


def _start(part: str, *tools: str, events: tuple[str, ...] = ()) -> str:
    """Return what runs when a part of the page is there: its own module takes over. Gradio looks for `events` in it."""
    handed = ", ".join(("element", "trigger", "watch", *tools))
    return (
        f"import(new URL('page/main.js', document.baseURI))"
        f".then((page) => page.{part}({{ {handed}, events: {json.dumps(events)} }}))"
        ".catch((error) => console.error(error));"
    )


def build_page(
    estimator: BloodPressureEstimator, uploads: Uploads, examples: list[Example] | None = None
) -> ClipBlocks:
    """Return the page; `examples` are the project's own unless others are given."""
    estimators = Estimators(estimator)
    examples = find_examples() if examples is None else examples
    reader = Reader(estimators, uploads, examples)
    own = estimator.weights

    def make_file(asked: object) -> dict[str, str]:
        return files.answer(asked, lambda model: estimators.get(model).weights.config)

    with ClipBlocks(uploads, title=TITLE, analytics_enabled=False) as page:
        ready = ExampleResults(examples, estimator, lambda: page.clip_queue.is_busy())
        if "SPACE_ID" in os.environ:  # a Space is there to be visited; elsewhere the first visitor may never come
            ready.start()

        def is_ready(number: object) -> bool:
            return isinstance(number, int) and ready.get(number) is not None

        def ready_examples(_sent: object) -> list[int]:
            return [number for number in range(len(examples)) if ready.get(number)]

        def example_result(number: object) -> str:
            return show_known(number)[result] if is_ready(number) else ""

        gr.HTML(about.header(own.summary), padding=False)
        cards = gr.HTML(
            example_cards(examples),
            js_on_load=_start("startExamples", "server", events=("read", "show")),
            server_functions=[is_ready],
            elem_id="examples",
            padding=False,
        )
        with gr.Row(equal_height=False, elem_id="stage"):
            with gr.Column(scale=4, min_width=320, elem_id="input"):
                with gr.Tabs(elem_id="ways") as ways:
                    with gr.Tab("Record", id="guided"):
                        guided = gr.HTML(
                            render("studio", purpose="record"),
                            js_on_load=_start("startRecorder", events=("submit", "other_way")),
                            elem_id="recorder",
                            padding=False,
                        )
                    with gr.Tab("Live", id="live", render_children=True):
                        live = gr.HTML(
                            render("studio", purpose="live"),
                            js_on_load=_start("startWatch", events=("record", "other_way")),
                            elem_id="live",
                            padding=False,
                        )
                    with gr.Tab("Upload a clip", id="upload", render_children=True):
                        clip = gr.HTML(
                            render("upload"),
                            js_on_load=_start("startUpload", events=("submit",)),
                            elem_id="clip",
                            padding=False,
                        )
                told = build_told_panel()
            with gr.Column(scale=5, min_width=320, elem_id="shown"):
                cancel = gr.Button("Cancel", visible=False, elem_id="cancel")
                result = gr.HTML(
                    results.no_result("empty"),
                    js_on_load=_start("startResult", "props", "server", events=("again",)),
                    server_functions=[make_file],
                    elem_id="result",
                    padding=False,
                )
        with gr.Tabs(elem_id="behind"):
            with gr.Tab("Steps", id="steps"):
                behind = gr.HTML(js_on_load=_start("startSteps"), elem_id="steps", padding=False)
                gr.HTML(about.how_it_works(own.config), elem_id="how", padding=False)
            with gr.Tab("Evidence", id="evidence", render_children=True):
                evidence = gr.HTML(elem_id="evidence", padding=False)
                gr.HTML(
                    about.about_weights(own.config, own.summary, about.find_evidence(own.folder)),
                    elem_id="weights",
                    padding=False,
                )
            with gr.Tab("Compare", id="compare", render_children=True):
                compare = gr.HTML(
                    render("compare", examples=examples),
                    js_on_load=_start("startCompare", "server", events=("open",)),
                    server_functions=[ready_examples, example_result],
                    elem_id="compare",
                    padding=False,
                )
            with gr.Tab("Batch", id="batch", render_children=True):
                several = gr.HTML(
                    html_template=render("batch", columns=COLUMNS),
                    js_on_load=_start("startBatch", "props", events=("read", "stop", "open")),
                    elem_id="batch",
                    padding=False,
                )
            with gr.Tab("Developers", id="developers"):
                gr.HTML(render("developers"), js_on_load=_start("startDevelopers"), elem_id="developers", padding=False)

        parts = [result, behind, evidence]
        shown = [*parts, cancel]

        def show(estimate: Estimate, **about_clip: Any) -> dict:
            """Return what changes once there is a result."""
            config = estimators.get(estimate.model).weights.config
            models = reader.by_other_models(estimate)
            return {
                result: results.result(estimate, config, models, **about_clip),
                behind: steps.steps(estimate),
                evidence: steps.evidence(estimate),
                cancel: gr.update(visible=False),
            }

        def instead(state: str) -> dict:
            return {result: results.no_result(state), behind: "", evidence: "", cancel: gr.update(visible=False)}

        def show_reading(read: Callable[..., Estimate], told: Told, **about_clip: Any) -> Iterator[dict]:
            yield instead("working") | {cancel: gr.update(visible=True)}
            try:
                estimate = read(progress_reporter(page.clip_queue.watch_current()), told=told)
            except ReadingCancelledError:
                yield instead("cancelled")
                return
            yield show(estimate, **about_clip)

        def sent_clip(event: gr.EventData) -> tuple[object, str]:
            # What comes from the client is judged as any other.
            return getattr(event, "clip", None), str(getattr(event, "key", None) or "")[:_MAX_KEY]

        def read_clip(event: gr.EventData, *told_values: Any) -> Iterator[dict]:
            path, key = sent_clip(event)
            person, wrong = read_told(*told_values)
            note = read_note(getattr(event, "note", None))
            with uploads.deleted_afterwards(path):
                yield from show_reading(partial(reader.read_upload, path), person, key=key, wrong=wrong, note=note)

        def read_for_batch(event: gr.EventData) -> str:
            path, key = sent_clip(event)
            with uploads.deleted_afterwards(path):
                try:
                    estimate = reader.read_upload(path, progress_reporter(page.clip_queue.watch_current()))
                except ReadingCancelledError:
                    return batch.not_read("cancelled")
            return batch.answer(estimate, [show(estimate, key=key)[part] for part in parts])

        def not_read_for_batch(request: gr.Request) -> str:
            return batch.not_read(page.clip_queue.why_unserved(request.session_hash))

        def chosen(event: gr.EventData) -> int | None:
            number: Any = getattr(event, "example", None)
            return number if isinstance(number, int) and 0 <= number < len(examples) else None

        def read_example(event: gr.EventData) -> Iterator[dict]:
            number = chosen(event)
            example = None if number is None else examples[number]
            known = None if number is None else (number, examples[number])
            yield from show_reading(partial(reader.read_example, example), Told(), example=known)

        known: dict[int, dict] = {}  # what ready examples show: the same for everybody, so made once

        def show_known(number: Any) -> dict:
            estimate = None if number is None else ready.get(number)
            if estimate is None:
                return instead("failed")
            if number not in known:
                made = show(estimate, example=(number, examples[number]), was_ready=True)
                known[number] = {part: made[part] for part in parts}
            return known[number] | {cancel: gr.update(visible=False)}

        def show_example(event: gr.EventData) -> dict:
            return show_known(chosen(event))

        async def stop(request: gr.Request) -> None:
            await page.clip_queue.cancel(request.session_hash)

        def show_unserved(request: gr.Request) -> dict:
            return instead(page.clip_queue.why_unserved(request.session_hash))

        for trigger, handler, inputs in (
            (guided.submit, read_clip, told),
            (clip.submit, read_clip, told),
            (cards.read, read_example, None),
            (result.again, read_example, None),
        ):
            trigger(None, None, cancel, js=_SHOW, **_QUICK)  # it may wait for its turn, and that can be cancelled, too
            read = trigger(handler, inputs, shown, show_progress_on=result, **QUEUED, **_PRIVATE)
            read.failure(show_unserved, None, shown, **_QUICK)
            read.success(None, parts, None, js=_KEEP, **_QUICK)
            if trigger == guided.submit:
                read.then(None, None, None, js=_HAS_BEEN_READ, **_QUICK)
        cards.show(show_example, None, shown, **_QUICK).success(None, parts, None, js=_KEEP, **_QUICK)
        compare.open(None, None, parts, js=_OPENED, **_QUICK)
        several.open(None, None, parts, js=_OPENED, **_QUICK)
        read = several.read(
            read_for_batch, None, several, trigger_mode="multiple", show_progress="hidden", **QUEUED, **_PRIVATE
        )
        read.failure(not_read_for_batch, None, several, **_QUICK)
        several.stop(stop, None, None, **_QUICK)
        live.record(None, None, ways, js=_GO_RECORD, **_QUICK)
        live.other_way(lambda: gr.Tabs(selected="upload"), None, ways, **_QUICK)
        guided.other_way(lambda: gr.Tabs(selected="upload"), None, ways, **_QUICK)
        cancel.click(stop, None, None, **_QUICK)
        page.load(ready.start, None, None, **_QUICK)
        page.unload(stop)

        add_endpoints(page, reader, uploads, estimators.names)
    return page
