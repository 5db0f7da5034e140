"""Regular cleaning: what Gradio keeps of visitors, and files that nobody came back for.

Gradio remembers sessions so that a page can be opened again as it was: what it showed, results nobody fetched, the
names of files. Here that would be somebody's face and readings, so it goes after a few minutes, and what a page shows
is not kept at all (`gradio_internals.ClipBlocks`). Gradio's `delete_cache` would not do: it knows no upload that nobody
asked to be read and no session, and it keeps the names of files that somebody else has deleted.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bpdemo.demo.server.gradio_internals import App, forget_sessions
from bpdemo.demo.server.uploads import Uploads

MAX_SESSIONS = 1000  # kept at most; beyond, those heard of longest ago are forgotten first
_EVERY_S = 30


def session_cleanup(uploads: Uploads) -> Callable[[App], AbstractAsyncContextManager[None]]:
    """Return an app's `lifespan`, which cleans up regularly for as long as the app runs."""

    async def run(app: App) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            forget_sessions(app)
            await asyncio.to_thread(uploads.sweep)

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        task = asyncio.create_task(run(app))
        yield
        task.cancel()

    return lifespan
