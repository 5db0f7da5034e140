"""Where clips lie while they are read, and how they go away again.

Gradio stores an upload under a hash of its content and forgets about it. A clip of a face deserves better:

- one folder of this app's own, readable by its user only and gone when the app ends;
- a folder of its own for each upload, so that two people who send the same clip do not share (and delete) one file,
  and nobody can name an upload that is not theirs;
- a clip is deleted when its request is over, however it ends; what nobody asked for, and files made for a download,
  go after a few minutes;
- only a file in that folder is accepted as a clip: no other path, and no address to fetch from.
"""

import atexit
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FOLDER_VARIABLE = "GRADIO_TEMP_DIR"
KEEP_S = 600  # a queue of `QUEUE_LENGTH` clips is through in less
_SWEEP_EVERY_S = 60


class Uploads:
    """The folder of uploads.

    Args:
        folder: an existing folder that holds nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @classmethod
    def create(cls) -> "Uploads":
        """Make the folder, inside `GRADIO_TEMP_DIR` when that is set, and have Gradio use it.

        Must be called before Gradio is imported: parts of it read the variable at import.
        """
        above = os.environ.get(FOLDER_VARIABLE)
        if above:
            Path(above).mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="bpdemo-", dir=above))  # made for this user only
        os.environ[FOLDER_VARIABLE] = str(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return cls(folder)

    def find(self, path: object) -> Path | None:
        """Return the upload a client names, or None when it is not one of this app's.

        Args:
            path: what the client sent: an upload's path, or the address under which this app serves that upload.
        """
        if not isinstance(path, str) or "\0" in path:
            return None
        if path.startswith(("http://", "https://")) and "/file=" in path:
            # Tools of language models name an upload by its address. It is only ever read from the folder.
            path = unquote(path.partition("/file=")[2])
        try:
            place = Path(path)
            real = place.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        inside = place.is_absolute() and real.parent != self.folder and real.is_relative_to(self.folder)
        return real if inside and real.is_file() else None

    def delete(self, path: str | os.PathLike | None) -> None:
        """Delete an upload and its folder; anything that is not an upload stays."""
        upload = self.find(str(path)) if path is not None else None
        if upload is not None:
            upload.unlink(missing_ok=True)
            _remove_empty(upload.parent)

    @contextmanager
    def deleted_afterwards(self, path: str | os.PathLike | None) -> Iterator[None]:
        """Delete an upload when the block ends, by whatever way."""
        try:
            yield
        finally:
            self.delete(path)

    def new_file(self, name: str) -> Path:
        """Return a path in a fresh folder, for a file that a client will fetch."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir()
        return folder / name

    def give_own_folder(self, path: str) -> str:
        """Move a file that has just been uploaded to a folder of its own; return where it is now."""
        upload = Path(path)
        own = self.new_file(upload.name)
        try:
            upload.rename(own)
        except FileNotFoundError:  # the same clip was sent twice at the same moment: the other one has taken it
            own.parent.rmdir()
            return path
        _remove_empty(upload.parent)
        return str(own)

    def sweep(self, keep_s: float = KEEP_S) -> None:
        """Delete every file older than `keep_s` seconds, and folders left empty."""
        oldest = time.time() - keep_s
        for place in sorted(self.folder.rglob("*"), reverse=True):
            try:
                if place.is_dir():
                    # A folder that has just been made is about to be filled.
                    if place.stat().st_mtime < oldest:
                        _remove_empty(place)
                elif place.lstat().st_mtime < oldest:
                    place.unlink()
            except FileNotFoundError:
                continue

    def sweep_regularly(self) -> None:
        """Sweep once a minute in the background, for as long as the app runs."""

        def run() -> None:
            while self.folder.is_dir():
                self.sweep()
                time.sleep(_SWEEP_EVERY_S)

        threading.Thread(target=run, name="sweep uploads", daemon=True).start()


class OwnFolderForEachUpload:
    """ASGI middleware: moves each upload to a folder of its own and tells the client that path.

    Args:
        app: the application behind.
        uploads: where uploads lie.
    """

    def __init__(self, app: Any, uploads: Uploads) -> None:
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Handle one request; all but uploads pass through."""
        is_upload = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/upload")
        if not is_upload:
            await self._app(scope, receive, send)
            return
        start: dict | None = None
        body = b""

        async def send_moved(message: dict) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if start["status"] == 200:
                body = json.dumps([self._uploads.give_own_folder(path) for path in json.loads(body)]).encode()
                headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
                start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, send_moved)


def _remove_empty(folder: Path) -> None:
    """Remove a folder if nothing is in it."""
    try:
        folder.rmdir()
    except OSError:
        return
