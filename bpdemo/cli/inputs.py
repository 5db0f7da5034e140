"""Which clips are meant: files, folders and patterns of names."""

import glob
from collections.abc import Iterator
from pathlib import Path

from bpdemo.errors import BpdemoError, ClipError
from bpdemo.formats import ENDINGS, FRIENDLY


def find_clips(arguments: list[str]) -> dict[str, BpdemoError | None]:
    """Return the clips that are meant, each once and in order, with the error of what is none.

    A folder stands for the clips in it, by their endings and sorted; a pattern for what a shell makes of it. Files that
    are named are not looked at.
    """
    found: dict[str, BpdemoError | None] = {}
    for argument in arguments:
        for clip, error in _expand(argument):
            found.setdefault(clip, error)
    return found


def _expand(argument: str) -> Iterator[tuple[str, BpdemoError | None]]:
    if glob.has_magic(argument) and not Path(argument).exists():
        names = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute ones
        if not names:
            error = ClipError("no_clips", "No file has such a name.", "Check the pattern and its folder.")
            yield argument, error
    else:
        names = [argument]
    for name in names:
        if Path(name).is_dir():
            yield from _list_folder(name)
        else:
            yield name, None


def _list_folder(name: str) -> Iterator[tuple[str, BpdemoError | None]]:
    try:
        clips = sorted(path for path in Path(name).iterdir() if _is_clip(path))
    except OSError:
        error = ClipError("not_readable", "You are not allowed to read this folder.", "Check its permissions.")
        yield name, error
        return
    if not clips:
        yield name, ClipError("no_clips", "There is no clip in this folder.", f"Name one that holds {FRIENDLY} files.")
    for clip in clips:
        yield str(clip), None


def _is_clip(path: Path) -> bool:
    # Hidden files are a system's own notes on others.
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()
