"""Files that are written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write one file as `write_files` does."""
    write_files(path.parent, {path.name: content})


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files, by path relative to a folder, so that the old ones stay until all new ones are on the disk.

    Folders are created when they are not there.

    Raises:
        OSError: the folder cannot be written or the disk is full; no file has been changed then.
    """
    parts = {(folder / name).with_name(f".{Path(name).name}.part"): folder / name for name in contents}
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
