"""The queue of clips: how many may wait, what is said to one too many, and what becomes of a clip that is not read.

Gradio's queue knows nothing of files. A clip that is refused a place, whose page is closed while it waits, or that is
cancelled before its turn has no handler that would delete it: the queue does.
"""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradio.queueing import Event, Queue
from gradio.server_messages import ProcessCompletedMessage

from bpdemo.demo.server.uploads import Uploads

CLIPS_AT_ONCE = 2  # decoding and tracking keep about one core busy for each
QUEUE_LENGTH = 20


class ClipQueue(Queue):
    """Gradio's queue, which deletes the clips of requests that end before they begin.

    Args:
        uploads: where clips lie.
        full: one sentence and a remedy, said when no more may wait.
        options: of Gradio's queue.
    """

    def __init__(self, uploads: Uploads, full: str, **options: Any) -> None:
        super().__init__(**options)
        self._uploads = uploads
        self._full = full
        self._refused: deque[str] = deque(maxlen=100)
        self._left: deque[str] = deque(maxlen=100)
        # What is counted of each request is shown nowhere.
        self.ANALYTICS_MAX_EVENTS, self.ANAYLTICS_CACHE_FREQUENCY = 1, sys.maxsize

    async def push(self, body: Any, request: Any, username: str | None) -> tuple:
        """Let a request wait, or refuse it and delete what it brought."""
        accepted, told, state = await super().push(body, request, username)
        if accepted:
            return accepted, told, state
        self._delete_clips(body)
        if state == "queue_full":
            told = self._full
            self._refused.append(body.session_hash)
        return accepted, told, state

    def was_refused(self, session: str) -> bool:
        """Return, once, whether a session has found the queue full."""
        return _take(self._refused, session)

    async def leave(self, session: str) -> None:
        """Take a session's requests that wait out of the queue, and have its page told that they have failed."""
        for event in self._waiting():
            if event.session_hash != session:
                continue
            await self.remove_from_queue(event._id)
            if session in self.pending_messages_per_session:  # the page is still open
                self._left.append(session)
                self.send_message(event, ProcessCompletedMessage(output={"error": None}, success=False))

    def has_left(self, session: str) -> bool:
        """Return, once, whether a session has left the queue."""
        return _take(self._left, session)

    async def remove_from_queue(self, event_id: str) -> None:
        """Take a cancelled request out of the queue, and its clip with it."""
        with self._clips_of_leavers_deleted():
            await super().remove_from_queue(event_id)

    async def clean_events(self, **which: Any) -> None:
        """Take the requests of a client that has gone out of the queue, and their clips with them."""
        with self._clips_of_leavers_deleted():
            await super().clean_events(**which)

    async def process_events(self, events: list[Event], *rest: Any) -> None:
        """Serve a request whose turn it is; its clip is gone when that ends, even if it never began."""
        try:
            await super().process_events(events, *rest)
        finally:
            for event in events:
                self._delete_clips(event.data)
                # The queue's own loop refers to the last request until the next one comes.
                event.data = event.request = None

    def is_awaited(self, event_id: str | None) -> bool:
        """Return whether somebody still waits for a request: it was not cancelled, and its client is still there.

        Args:
            event_id: None for a request that did not come through the queue.
        """
        if event_id is None:
            return True
        event = self.event_ids_to_events.get(event_id)
        return event is not None and event.alive

    @contextmanager
    def _clips_of_leavers_deleted(self) -> Iterator[None]:
        waited = self._waiting()
        yield
        waiting = {event._id for event in self._waiting()}
        started = {event._id for job in self.active_jobs if job for event in job}
        for event in waited:
            if event._id not in waiting | started:
                self._delete_clips(event.data)

    def _waiting(self) -> list[Event]:
        return [event for queue in self.event_queue_per_concurrency_id.values() for event in queue.queue]

    def _delete_clips(self, body: Any) -> None:
        """Delete every upload a request names, in its inputs or in its event."""
        named = [*getattr(body, "data", ()), *_values(getattr(body, "event_data", None))]
        for value in named:
            self._uploads.delete(value.get("path") if isinstance(value, dict) else value)


def _take(sessions: deque[str], session: str) -> bool:
    if session not in sessions:
        return False
    sessions.remove(session)
    return True


def _values(data: Any) -> list[Any]:
    return list(data.values()) if isinstance(data, dict) else []
