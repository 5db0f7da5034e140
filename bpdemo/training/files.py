"""Files that are there whole or not at all."""

from collections.abc import Callable
from pathlib import Path


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file so that a stop in between leaves the old one as it was.

    Args:
        path: the file.
        write: writes the whole content to the path it is given.
    """
    partial = path.with_name(f"partial_{path.name}")
    write(partial)
    partial.replace(path)
