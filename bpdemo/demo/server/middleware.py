"""What may come in: the app's own limits in front of Gradio's routes.

Gradio serves more than this page has a use for, and some of it would keep a face: one route writes what a visitor's
page shows to the disk, one hands any recording to ffmpeg, one fetches any public address for whoever asks. Those are
closed. Uploads are taken here and not by Gradio, which leaves what had arrived of a broken one lying where it is.
"""

import asyncio
import logging
import mimetypes
import shutil
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from gradio.route_utils import MultiPartException, upload_fn
from gradio.routes import file_upload_statuses
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from bpdemo.clip import MAX_FILE_BYTES
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.texts import Words
from bpdemo.errors import log_unforeseen

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PREFIX = "/gradio_api"
CLOSED = frozenset(
    {
        "deep_link",  # writes what a visitor's page shows to the disk
        "process_recording",  # runs ffmpeg on what anybody sends
        "proxy",  # fetches for whoever asks
        "custom_component",  # prints what it is asked for
        "stream",
        "run-history",
        "runs",
        "dev",
        "vibe-code",
        "vibe-edit",
        "undo-vibe-edit",
        "vibe-starter-queries",
        "profiling",
        "monitoring",
        "token",
        "login",
        "logout",
    }
)
"""First parts of the routes this app has no use for, with or without Gradio's prefix, up to a `/` or `=`."""

# The page can load nothing from elsewhere and send nothing there, whatever a fault in it might try. Gradio's own
# scripts need the rest. Only the Hub may show it inside a page of its own, as it does with every Space.
_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
]
_ENVELOPE_BYTES = 64 * 1024  # what a form adds to the file in it
_COUNT_EVERY_BYTES = 16 * 2**20
STALLED_S = 30.0


class _RefusedError(Exception):
    """An upload is not taken: the HTTP status, and the words that say why."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


class Door:
    """ASGI middleware: closes routes, takes uploads, serves nothing but them, and tells browsers to keep to this app.

    Args:
        app: Gradio's.
        uploads: where clips lie.
        words: to refuse in.
        max_bytes: of one clip.
    """

    def __init__(self, app: Any, uploads: Uploads, words: Words, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._app = app
        self._uploads = uploads
        self._words = words
        self._max_bytes = max_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, rest = _route(scope)
        headers = list(_HEADERS)
        answer: Any = self._app
        is_started = False
        if name in CLOSED:
            answer = PlainTextResponse(self._words("page.refused.closed"), 404)
        elif name == "file":
            headers.append((b"cache-control", b"no-store"))  # the browser's own copy is to go with the page
            answer = self._serve(rest)
        elif name == "upload" and scope["method"] == "POST":
            answer = await self._take(scope, receive)

        async def send_with_headers(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                known = {name for name, _ in headers}
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in known]
                message["headers"] = kept + headers
            await send(message)

        try:
            await answer(scope, receive, send_with_headers)
        except Exception as error:
            # The server would print the error's own words. A clip may be deleted while the page still plays it.
            if name != "file":
                log_unforeseen(logger, error)
            if not is_started:
                told = self._words("page.refused.no_file") if name == "file" else self._words("page.refused.failed")
                await PlainTextResponse(told, 403 if name == "file" else 500)(scope, receive, send_with_headers)

    def _serve(self, path: str) -> Response:
        """Return an upload, or a file made for a download: what plays, to be played, and all else to be stored."""
        file = None if path.startswith("http") else self._uploads.find(path)
        if file is None:
            return PlainTextResponse(self._words("page.refused.no_file"), 403)
        kind = mimetypes.guess_type(file.name)[0] or ""
        if kind.startswith("video/"):
            return FileResponse(file, media_type=kind, filename=file.name, content_disposition_type="inline")
        return FileResponse(file, media_type="application/octet-stream", filename=file.name)

    async def _take(self, scope: Message, receive: Receive) -> Response:
        """Take an upload into a folder of its own; whatever goes wrong, nothing of it stays."""
        request = Request(scope, self._within_limits(receive))
        upload_id = request.query_params.get("upload_id")
        try:
            return JSONResponse(await self._store(request, upload_id))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except _RefusedError as error:
            refusal = error
        except MultiPartException as error:
            refusal = _RefusedError(413, "too_large") if "size" in error.message else _RefusedError(400, "broken")
        except HTTPException:
            refusal = _RefusedError(400, "broken")
        except OSError:
            refusal = _RefusedError(507, "full")
        except Exception as error:
            log_unforeseen(logger, error)
            refusal = _RefusedError(400, "broken")
        finally:
            if upload_id:
                file_upload_statuses.set_done(upload_id)
        return PlainTextResponse(self._words(f"page.refused.{refusal.key}"), refusal.status)

    async def _store(self, request: Request, upload_id: str | None) -> list[str]:
        """Return the paths of what was uploaded, none or one."""
        if int(request.headers.get("content-length", "0")) > self._max_bytes + _ENVELOPE_BYTES:
            raise _RefusedError(413, "too_large")
        if not self._uploads.bytes_left():
            raise _RefusedError(507, "full")
        arriving = self._uploads.new_folder()
        try:
            progress = file_upload_statuses if upload_id else None
            paths, _, _ = await upload_fn(request, arriving, self._max_bytes, upload_id, True, progress)
            if len(paths) > 1:
                raise _RefusedError(400, "one_at_a_time")
            return [str(Path(path).rename(self._uploads.new_file(Path(path).name))) for path in paths]
        finally:
            shutil.rmtree(arriving, ignore_errors=True)

    def _within_limits(self, receive: Receive) -> Receive:
        """Return a `receive` that ends an upload that is too large, that stalls, or that there is no room for."""
        taken = counted = 0

        async def receive_some() -> Message:
            nonlocal taken, counted
            try:
                message = await asyncio.wait_for(receive(), STALLED_S)
            except TimeoutError:
                raise _RefusedError(408, "stalled") from None
            taken += len(message.get("body", b""))
            if taken > self._max_bytes + _ENVELOPE_BYTES:
                raise _RefusedError(413, "too_large")
            if taken - counted >= _COUNT_EVERY_BYTES:
                counted = taken
                if not self._uploads.bytes_left():
                    raise _RefusedError(507, "full")
            return message

        return receive_some


def _route(scope: Message) -> tuple[str, str]:
    """Return a route's name, what stands before the first `/` or `=`, and what follows an `=`."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(PREFIX).removeprefix("/")
    first, slash, rest = path.partition("/")
    name, equals, value = first.partition("=")
    if name == "file" and not equals:
        return "file", ""  # an old way to ask for one; no upload has an empty name
    return name, value + slash + rest if equals else ""
