"""What Gradio keeps of visitors, and how it is made to let go of it.

Gradio remembers sessions so that a page can be opened again as it was: what it showed, results nobody fetched, the
names of files. Here that would be somebody's face and readings, so it goes after a few minutes, and what a page shows
is not kept at all (see `bpdemo.demo.server.blocks`). Only the numbers of a reading and of a cuff stay, while the page is open.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gradio.routes import file_upload_statuses

from bpdemo.demo.server.uploads import KEEP_S

MAX_SESSIONS = 1000  # kept at most; beyond, those heard of longest ago are forgotten first
_EVERY_S = 30


@asynccontextmanager
async def forgetting(app: Any) -> AsyncIterator[None]:
    """Forget regularly for as long as an app runs: what its `lifespan` is to be."""

    async def run() -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            forget(app)

    task = asyncio.create_task(run())
    yield
    task.cancel()


def forget(app: Any, keep_s: float = KEEP_S) -> None:
    """Let go of all sessions that nothing was heard of for a while, unless a page with a reading of theirs is open.

    Args:
        app: Gradio's, on whose event loop this runs.
        keep_s: how long a while is, seconds.
    """
    blocks, sessions = app.get_blocks(), app.state_holder
    queue = blocks._queue
    oldest = datetime.now() - timedelta(seconds=keep_s)
    running = {event.session_hash for event in queue.event_ids_to_events.values()}
    for session in {*sessions.session_data, *queue.pending_messages_per_session, *queue.pending_event_ids_session}:
        heard = sessions.time_last_used.get(session)
        if session in running or (heard is not None and heard > oldest) or _is_in_use(sessions, session):
            continue
        for kept in (
            sessions.session_data,
            sessions.time_last_used,
            queue.pending_messages_per_session,
            queue.pending_event_ids_session,
            blocks.pending_streams,
            blocks.pending_diff_streams,
        ):
            kept.pop(session, None)
    app.iterators_to_reset &= set(queue.event_ids_to_events)
    for names in blocks.temp_file_sets:
        names -= {name for name in names if not Path(name).exists()}
    _forget_upload_progress()
    urlsplit.cache_clear()  # Gradio asks whether a path is an address, and Python keeps what it was asked last


def _is_in_use(sessions: Any, session: str) -> bool:
    """Return whether a page that is still open holds a reading or a cuff reading."""
    state = sessions.session_data.get(session)
    return state is not None and not state.is_closed and any(part is not None for part in state.state_data.values())


def _forget_upload_progress() -> None:
    """Forget how far uploads were that have ended: the browser is told within a blink, or has gone."""
    ended = [name for name, status in file_upload_statuses._statuses.items() if status.is_done]
    for name in ended:
        del file_upload_statuses._statuses[name]
    for name in set(file_upload_statuses._signals) - set(file_upload_statuses._statuses):
        del file_upload_statuses._signals[name]
