"""What may come in: the app's own limits in front of Gradio's routes.

Gradio serves more than this page has a use for, and some of it would keep a face: one route writes what a visitor's
page shows to the disk, one hands any recording to ffmpeg, one fetches any public address for whoever asks. Those are
closed. Uploads are taken here and not by Gradio, which leaves what had arrived of a broken one lying where it is.
"""

import asyncio
import logging
import mimetypes
import shutil

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bpdemo.demo.server.gradio_internals import MultiPartException, end_upload_progress, receive_files
from bpdemo.demo.server.uploads import MAX_UPLOAD_BYTES, Uploads
from bpdemo.errors import log_unforeseen

logger = logging.getLogger(__name__)

PREFIX = "/gradio_api"
CLOSED = frozenset(
    (
        "deep_link",  # writes what a visitor's page shows to the disk
        "process_recording",  # runs ffmpeg on what anybody sends
        "proxy",  # fetches for whoever asks
        "custom_component",  # prints what it is asked for
        *("stream", "run-history", "runs", "dev", "profiling", "monitoring", "token", "login", "logout"),
        *("vibe-code", "vibe-edit", "undo-vibe-edit", "vibe-starter-queries"),
    )
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

NOTHING_HERE = "There is nothing here."
NO_FILE = "This is no file of this app, or it has been deleted."
FAILED = "Something went wrong here. Try once more; if it happens again, tell the project."


class UploadRefusedError(HTTPException):
    """An upload is not taken: the HTTP status, and the sentence that says why."""


_TOO_LARGE = (
    413,
    f"The clip is larger than {MAX_UPLOAD_BYTES // 2**20} MB. Send a shorter one: 15 seconds are enough.",
)
_NO_ROOM = (507, "There is no room for another clip now. Send it again in a few minutes.")
_SEVERAL = (400, "Several files were sent at once. Send one clip at a time.")
_STALLED = (408, "The upload stood still for too long. Send the clip again.")
_BROKEN = (400, "The upload did not arrive whole. Send the clip again.")


class UploadMiddleware:
    """ASGI middleware: closes routes, takes uploads, serves only those, and keeps browsers to this app.

    `max_bytes` is the limit of one clip.
    """

    def __init__(self, app: ASGIApp, uploads: Uploads, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        self._app, self._uploads, self._max_bytes = app, uploads, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, rest = _route(scope)
        headers, answer, is_started = list(_HEADERS), self._app, False
        if name in CLOSED:
            answer = PlainTextResponse(NOTHING_HERE, 404)
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
                failed = PlainTextResponse(NO_FILE, 403) if name == "file" else PlainTextResponse(FAILED, 500)
                await failed(scope, receive, send_with_headers)

    def _serve(self, path: str) -> Response:
        """Return an upload, or a file made for a download: videos to be played, all else to be stored."""
        file = None if path.startswith("http") else self._uploads.find(path)
        if file is None:
            return PlainTextResponse(NO_FILE, 403)
        kind = mimetypes.guess_type(file.name)[0] or ""
        if kind.startswith("video/"):
            return FileResponse(file, media_type=kind, filename=file.name, content_disposition_type="inline")
        return FileResponse(file, media_type="application/octet-stream", filename=file.name)

    async def _take(self, scope: Scope, receive: Receive) -> Response:
        """Take an upload into a folder of its own; whatever goes wrong, nothing of it stays."""
        request = Request(scope, self._within_limits(receive))
        upload_id = request.query_params.get("upload_id")
        try:
            return JSONResponse(await self._store(request, upload_id))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except UploadRefusedError as error:
            return PlainTextResponse(error.detail, error.status_code)
        except MultiPartException as error:
            status, message = _TOO_LARGE if "size" in error.message else _BROKEN
        except HTTPException:
            status, message = _BROKEN
        except OSError:
            status, message = _NO_ROOM
        except Exception as error:
            log_unforeseen(logger, error)
            status, message = _BROKEN
        finally:
            if upload_id:
                end_upload_progress(upload_id)
        return PlainTextResponse(message, status)

    async def _store(self, request: Request, upload_id: str | None) -> list[str]:
        """Return the paths of what was uploaded, none or one."""
        if int(request.headers.get("content-length", "0")) > self._max_bytes + _ENVELOPE_BYTES:
            raise UploadRefusedError(*_TOO_LARGE)
        if not self._uploads.bytes_left():
            raise UploadRefusedError(*_NO_ROOM)
        arriving = self._uploads.new_folder()
        try:
            paths = await receive_files(request, arriving, self._max_bytes, upload_id)
            if len(paths) > 1:
                raise UploadRefusedError(*_SEVERAL)
            return [str(path.rename(self._uploads.new_file(path.name))) for path in paths]
        finally:
            shutil.rmtree(arriving, ignore_errors=True)

    def _within_limits(self, receive: Receive) -> Receive:
        """Return a `receive` that ends an upload that is too large, stalls, or finds no room."""
        taken = counted = 0

        async def receive_some() -> Message:
            nonlocal taken, counted
            try:
                message = await asyncio.wait_for(receive(), STALLED_S)
            except TimeoutError:
                raise UploadRefusedError(*_STALLED) from None
            taken += len(message.get("body", b""))
            if taken > self._max_bytes + _ENVELOPE_BYTES:
                raise UploadRefusedError(*_TOO_LARGE)
            if taken - counted >= _COUNT_EVERY_BYTES:
                counted = taken
                if not self._uploads.bytes_left():
                    raise UploadRefusedError(*_NO_ROOM)
            return message

        return receive_some


def _route(scope: Scope) -> tuple[str, str]:
    """Return a route's name, which ends at the first `/` or `=`, and what follows an `=`."""
    path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix(PREFIX).removeprefix("/")
    first, slash, rest = path.partition("/")
    name, equals, value = first.partition("=")
    if name == "file" and not equals:
        return "file", ""  # an old way to ask for one; no upload has an empty name
    return name, value + slash + rest if equals else ""
