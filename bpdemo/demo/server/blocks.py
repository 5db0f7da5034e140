"""Gradio's Blocks as this app needs it: takes only its own uploads, keeps nothing of what it shows, fails quietly."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from bpdemo.demo.server.queue import CLIPS_AT_ONCE, QUEUE_LENGTH, ClipQueue
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.texts import Words
from bpdemo.errors import log_unforeseen

logger = logging.getLogger(__name__)


class Page(gr.Blocks):
    """Blocks that take no file but uploads of this app, and forget what they show.

    Gradio fetches any address a client names in place of a file; here such a file is no file. Gradio also keeps what
    every page shows, pictures of faces and all, so that it can be shared by a link; here there are no such links.

    Args:
        uploads: where clips lie.
        words: for errors.
        say: the page's words in every language it knows.
        options: of Blocks.
    """

    def __init__(self, uploads: Uploads, words: Words, say: gr.I18n, **options: Any) -> None:
        self._uploads = uploads
        self._words = words
        self._say = say
        super().__init__(**options)

    def launch(self, *arguments: Any, **options: Any) -> Any:
        """Launch with the page's words in every language it knows."""
        return super().launch(*arguments, i18n=self._say, **options)

    def queue(self, **options: Any) -> "Page":
        """Have requests wait in a `ClipQueue`; there is no way past it."""
        super().queue(api_open=False, **options)
        self._queue = ClipQueue(
            self._uploads,
            self._words("page.busy", count=QUEUE_LENGTH),
            live_updates=True,
            concurrency_count=self.max_threads,
            update_intervals=1,
            max_size=QUEUE_LENGTH,
            blocks=self,
            default_concurrency_limit=CLIPS_AT_ONCE,
        )
        return self

    def watch_request(self) -> Callable[[], bool]:
        """Return a check of whether the request that is being served right now is still awaited."""
        return partial(self._queue.is_awaited, LocalContext.event_id.get(None))

    def was_refused(self, session: str) -> bool:
        """Return whether a session's last request found the queue full, once."""
        return self._queue.was_refused(session)

    async def leave_queue(self, session: str) -> None:
        """End what a session waits for and has not begun."""
        await self._queue.leave(session)

    def has_left_queue(self, session: str) -> bool:
        """Return whether a session's last request was ended so, once."""
        return self._queue.has_left(session)

    async def process_api(self, block_fn: Any, inputs: list, state: Any = None, *rest: Any, **options: Any) -> dict:
        """Serve a request; what it shows is not kept, and what nobody foresaw is a plain sentence.

        Gradio would print the error's own words, and they may name a person's file.
        """
        try:
            return await super().process_api(block_fn, inputs, state, *rest, **options)
        except gr.Error:
            raise
        except Exception as error:
            log_unforeseen(logger, error)
            reason = self._words.get("reasons.unexpected")
            raise gr.Error(" ".join(reason), print_exception=False) from None
        finally:
            if state is not None:
                state.config_values.clear()

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
