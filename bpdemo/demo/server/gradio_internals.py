"""Every undocumented name of Gradio that this project uses, but for those in `gradio_api`; no other module uses any.

A release of Gradio may change them without notice: `tests/demo/test_gradio_internals.py` lists them and says which are
missing.
"""

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio.components.api_component import Api
from gradio.context import LocalContext
from gradio.queueing import Event, Queue
from gradio.route_utils import MultiPartException, upload_fn
from gradio.routes import App, file_upload_statuses
from gradio.server_messages import ProcessCompletedMessage
from starlette.requests import Request

from bpdemo.demo.server.addresses import EXAMPLES, example_name
from bpdemo.demo.server.queue import CLIPS_AT_ONCE, QUEUE_FULL, QUEUE_LENGTH
from bpdemo.demo.server.uploads import KEEP_S, Uploads
from bpdemo.errors import log_unforeseen

__all__ = ["App", "ClipBlocks", "MultiPartException"]

UNEXPECTED = (
    "unexpected",
    "Something went wrong here while reading the clip.",
    "Try once more; if it happens again, tell the project what kind of clip it was.",
)

logger = logging.getLogger(__name__)


class ClipQueue(Queue):
    """Gradio's queue, which deletes the clips of requests however these end.

    Gradio's knows nothing of files. A clip that is refused a place, whose page is closed while it waits, or that is
    cancelled before its turn has no handler that would delete it.
    """

    def __init__(self, blocks: gr.Blocks, uploads: Uploads) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=QUEUE_LENGTH,
            blocks=blocks,
            default_concurrency_limit=CLIPS_AT_ONCE,
        )
        self._uploads = uploads
        self._unserved: deque[tuple[str, str]] = deque(maxlen=200)  # sessions, and why
        self._cancelled: set[str] = set()
        # Gradio counts requests for a dashboard that is closed here.
        self.ANALYTICS_MAX_EVENTS, self.ANAYLTICS_CACHE_FREQUENCY = 1, sys.maxsize

    async def push(self, body: Any, request: Any, username: str | None) -> tuple:
        """Let a request wait, or refuse it and delete its clip."""
        accepted, message, state = await super().push(body, request, username)
        if not accepted:
            self._delete_clips(body)
        if state == "queue_full":
            self._unserved.append((body.session_hash, "busy"))
            message = QUEUE_FULL
        return accepted, message, state

    async def remove_from_queue(self, event_id: str) -> None:
        """Remove a cancelled request, and its clip with it."""
        with self._clips_of_leavers_deleted():
            await super().remove_from_queue(event_id)

    async def clean_events(self, **which: Any) -> None:
        """Remove the requests of a client that has gone, and their clips with them."""
        with self._clips_of_leavers_deleted():
            await super().clean_events(**which)

    async def process_events(self, events: list[Event], *rest: Any) -> None:
        """Serve a request whose turn it is; its clip is gone when that ends, even if it never began."""
        try:
            await super().process_events(events, *rest)
        finally:
            for event in events:
                self._cancelled.discard(event._id)
                self._delete_clips(event.data)
                # The queue's own loop refers to the last request until the next one comes.
                event.data = event.request = None

    async def cancel(self, session: str) -> None:
        """Cancel all that a session waits for: what has begun ends at its next step, the rest fails now."""
        self._cancelled |= {event._id for event in self._running() if event.session_hash == session}
        for event in self._waiting():
            if event.session_hash != session:
                continue
            await self.remove_from_queue(event._id)
            if session in self.pending_messages_per_session:  # the page is still open
                self._unserved.append((session, "cancelled"))
                self.send_message(event, ProcessCompletedMessage(output={"error": None}, success=False))

    def is_busy(self) -> bool:
        """Return whether clips of visitors are read or wait."""
        return bool(self._running() or self._waiting())

    def watch_current(self) -> Callable[[], bool]:
        """Return a check of whether the request being served right now is still wanted and its client still there."""
        event_id = LocalContext.event_id.get(None)

        def is_awaited() -> bool:
            event = self.event_ids_to_events.get(event_id)
            return event_id is None or (event is not None and event.alive and event_id not in self._cancelled)

        return is_awaited

    def why_unserved(self, session: str) -> str:
        """Return why a request of a session was not served, once for each: "busy" or "cancelled"; else "failed"."""
        for unserved in tuple(self._unserved):
            if unserved[0] == session:
                self._unserved.remove(unserved)
                return unserved[1]
        return "failed"

    @contextmanager
    def _clips_of_leavers_deleted(self) -> Iterator[None]:
        waited = self._waiting()
        yield
        kept = {event._id for event in (*self._waiting(), *self._running())}
        for event in waited:
            if event._id not in kept:
                self._delete_clips(event.data)

    def _waiting(self) -> list[Event]:
        return [event for queue in self.event_queue_per_concurrency_id.values() for event in queue.queue]

    def _running(self) -> list[Event]:
        return [event for job in self.active_jobs if job for event in job]

    def _delete_clips(self, body: Any) -> None:
        """Delete every upload a request names, in its inputs or in its event."""
        event_data = getattr(body, "event_data", None)
        for value in (*getattr(body, "data", ()), *(event_data.values() if isinstance(event_data, dict) else ())):
            self._uploads.delete(value.get("path") if isinstance(value, dict) else value)


class ClipBlocks(gr.Blocks):
    """Gradio's Blocks, which take no file but this app's, keep nothing of what they show, and fail quietly."""

    def __init__(self, uploads: Uploads, **options: Any) -> None:
        self._uploads = uploads
        super().__init__(**options)

    def queue(self, **options: Any) -> "ClipBlocks":
        """Have requests wait in a `ClipQueue`; there is no way past it."""
        super().queue(api_open=False, **options)
        self._queue = self.clip_queue = ClipQueue(self, self._uploads)
        return self

    def add_endpoint(self, function: Callable, choices: Mapping[str, Sequence[str]], **options: Any) -> None:
        """Add a function to the API under its own name; `choices` are what those of its parameters take."""
        gr.api(function, api_name=function.__name__, **options)
        endpoint = next(fn for fn in self.fns.values() if fn.fn is function)
        for name, block in zip(signature(function).parameters, endpoint.inputs, strict=True):
            if name in choices:
                schema = {"enum": [*choices[name]]}
                block._api_info = schema if block.value is not None else {"oneOf": [{"type": "null"}, schema]}

    async def process_api(self, block_fn: Any, inputs: list, state: Any = None, *rest: Any, **options: Any) -> dict:
        """Serve a request; what it shows is not kept, and an unforeseen error becomes a plain sentence.

        Gradio would print the error's own words, which may name a person's file, and keep what every page shows,
        pictures of faces and all, so that it can be shared by a link.
        """
        try:
            return await super().process_api(block_fn, inputs, state, *rest, **options)
        except gr.Error:
            raise
        except Exception as error:
            log_unforeseen(logger, error)
            raise gr.Error(" ".join(UNEXPECTED[1:]), print_exception=False) from None
        finally:
            if state is not None:
                state.config_values.clear()

    async def preprocess_data(self, block_fn: Any, inputs: list, *rest: Any, **options: Any) -> list:
        """Replace what is no upload and no example by None, which handlers refuse; Gradio would fetch any address.

        What a client leaves out at the end, which Gradio would refuse, is what an endpoint has by default.
        """
        left_out = block_fn.inputs[len(inputs) :]
        inputs = inputs + [block.value for block in left_out if isinstance(block, Api)]
        admitted = [
            self._admit(value) if _may_name_file(block, value) else value
            for block, value in zip(block_fn.inputs, inputs, strict=False)
        ]
        return await super().preprocess_data(block_fn, admitted + inputs[len(admitted) :], *rest, **options)

    def _admit(self, value: object) -> dict[str, object] | None:
        path = value.get("path") if isinstance(value, dict) else None
        upload = self._uploads.find(path)
        if upload is not None:
            return {"path": str(upload), "meta": {"_type": "gradio.FileData"}}
        name = example_name(path)  # the reader knows whether there is one; to Gradio it is no file
        return None if name is None else {"path": f"{EXAMPLES}/{name}"}


def _may_name_file(block: object, value: object) -> bool:
    """Return whether a value could name a file: any where a clip is asked for, elsewhere no text and no number."""
    takes_clip = isinstance(block, Api) and block.api_info().get("type") == "object"
    return takes_clip or isinstance(value, dict | list)


def forget_sessions(app: App, keep_s: float = KEEP_S) -> None:
    """Forget sessions that were silent for `keep_s` seconds.

    Runs on the app's event loop.
    """
    blocks, holder = app.get_blocks(), app.state_holder
    queue = blocks._queue
    oldest = datetime.now() - timedelta(seconds=keep_s)
    busy = {event.session_hash for event in queue.event_ids_to_events.values()}
    for session in {*holder.session_data, *queue.pending_messages_per_session, *queue.pending_event_ids_session}:
        if session in busy or holder.time_last_used.get(session, oldest) > oldest:
            continue
        for kept in (
            *(holder.session_data, holder.time_last_used),
            *(queue.pending_messages_per_session, queue.pending_event_ids_session),
            *(blocks.pending_streams, blocks.pending_diff_streams),
        ):
            kept.pop(session, None)
    app.iterators_to_reset &= set(queue.event_ids_to_events)
    for names in blocks.temp_file_sets:
        names -= {name for name in names if not Path(name).exists()}
    statuses, signals = file_upload_statuses._statuses, file_upload_statuses._signals
    for upload in [upload for upload, status in statuses.items() if status.is_done]:
        del statuses[upload]  # the browser knows by now, or has gone
    for upload in set(signals) - set(statuses):
        del signals[upload]
    urlsplit.cache_clear()  # type: ignore[attr-defined]  # Gradio asks it about paths, and Python keeps the last ones


async def receive_files(request: Request, folder: Path, max_bytes: int, upload_id: str | None) -> list[Path]:
    """Return the files of an upload, each in a folder of its own inside `folder`.

    Raises:
        MultiPartException: the form is broken, or a file is larger than `max_bytes`: "size" is then in its message.
        HTTPException: it is no form.
    """
    progress = file_upload_statuses if upload_id else None
    paths, _, _ = await upload_fn(request, folder, max_bytes, upload_id, True, progress)
    return [Path(path) for path in paths]


def end_upload_progress(upload_id: str) -> None:
    """Tell the browser that follows an upload's progress that it has ended."""
    file_upload_statuses.set_done(upload_id)
