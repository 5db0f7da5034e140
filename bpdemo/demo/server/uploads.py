"""Where clips lie while they are read, and how they go away again.

Gradio stores an upload under a hash of its content and forgets about it. A clip of a face deserves better:

- one folder of this app's own, readable by its user only and gone when the app ends;
- a folder of its own for each upload, so that two people who send the same clip do not share (and delete) one file,
  and nobody can name an upload that is not theirs;
- a clip is deleted when its request is over, however it ends; what nobody asked for, and files made for a download,
  go after a few minutes;
- only a file in that folder is accepted as a clip: no other path, and no address to fetch from;
- all of them together may take so much of the disk and no more.

`bpdemo.demo.server.middleware` lets clips in.
"""

import atexit
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

from bpdemo.errors import BpdemoError
from bpdemo.system import runtime

MAX_UPLOAD_BYTES = 300 * 2**20  # a clip from elsewhere; files that lie on this computer may be larger
MAX_BYTES_TOGETHER = 2 * 2**30
KEEP_S = 1800  # a queue of `QUEUE_LENGTH` clips of five minutes is through in less


class Uploads:
    """The folder of uploads; it exists, and holds nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @classmethod
    def create(cls) -> "Uploads":
        """Make the folder, inside `GRADIO_TEMP_DIR` when that is set, and have Gradio use it.

        Call it before Gradio is imported, which reads the variable then.

        Raises:
            BpdemoError: `folder_not_private`: somebody else could put a folder of theirs in its place.
        """
        above = Path(os.environ.get(runtime.GRADIO_FOLDER_VARIABLE) or tempfile.gettempdir())
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_safe_above(above):
            raise BpdemoError(
                "folder_not_private",
                f"Clips cannot be kept private in {above}: somebody else may rename what is in it.",
                f"Set {runtime.GRADIO_FOLDER_VARIABLE} to a folder that belongs to you and that only you can write to.",
            )
        folder = Path(tempfile.mkdtemp(prefix="bpdemo-", dir=above))  # made for this user only
        runtime.use_folder_for_gradio(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return cls(folder)

    def find(self, path: object) -> Path | None:
        """Return the upload a client names by its path, or by its address in this app; None when there is none."""
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

    def delete(self, path: object) -> None:
        """Delete an upload and its folder; anything else stays."""
        upload = self.find(str(path) if isinstance(path, os.PathLike) else path)
        if upload is not None:
            upload.unlink(missing_ok=True)
            _remove_empty(upload.parent)

    @contextmanager
    def deleted_afterwards(self, path: object) -> Iterator[None]:
        """Delete an upload when the block ends."""
        try:
            yield
        finally:
            self.delete(path)

    def new_folder(self) -> Path:
        """Make a folder with a name nobody can guess, for one upload or download."""
        folder = self.folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        return folder

    def new_file(self, name: str) -> Path:
        """Return a path in a fresh folder."""
        return self.new_folder() / name

    def bytes_left(self) -> int:
        """Return how many bytes more may be taken, by this app's own limit."""
        taken = 0
        for place in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # deleted while this was counting
                taken += place.lstat().st_size if place.is_file() else 0
        return max(0, MAX_BYTES_TOGETHER - taken)

    def sweep(self, keep_s: float = KEEP_S) -> None:
        """Delete every file older than `keep_s` seconds, and folders left empty."""
        oldest = time.time() - keep_s
        for place in sorted(self.folder.rglob("*"), reverse=True):
            with suppress(FileNotFoundError):
                if place.is_dir():
                    # A new folder is about to be filled.
                    if place.stat().st_mtime < oldest:
                        _remove_empty(place)
                elif place.lstat().st_mtime < oldest:
                    place.unlink()


def _is_safe_above(folder: Path) -> bool:
    """Return whether only this user (and root) can rename or replace what this user makes in a folder."""
    if not hasattr(os, "geteuid"):
        return True
    status = folder.stat()
    others_write = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
    return status.st_uid in (0, os.geteuid()) and not others_write


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
