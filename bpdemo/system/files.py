"""Files that are written whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file that is too large for memory; it is at its own path when the block has ended well.

    Raises:
        OSError: the folder cannot be written; what is raised in the block leaves the old file.
    """
    part = _part_of(path)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_file(path: Path, content: bytes) -> None:
    """Write one file as `write_files` does."""
    write_files(path.parent, {path.name: content})


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by path relative to a folder, so that the old ones stay until all new ones are on the disk.

    Folders are created when they are not there.

    Raises:
        OSError: the folder cannot be written or the disk is full; no file has been changed then.
    """
    parts = {_part_of(folder / name): folder / name for name in contents}
    try:
        for part, content in zip(parts, contents.values(), strict=True):
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
        for part, path in parts.items():
            part.replace(path)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
