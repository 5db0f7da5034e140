"""What is in a data set's folder, whatever the machines that packed and unpacked it made of its names."""

import os
import re
from pathlib import Path

from bpdemo.pictures import SUFFIXES

_LEFTOVERS = ("__macosx", "thumbs.db", "desktop.ini")


def _numeric_order(name: str) -> list[int | str]:
    """Return a sort key by which numbers in names count as numbers: subject2 comes before subject10."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]+)", name.casefold()))]


def list_folder(folder: Path) -> dict[str, Path]:
    """Return what is in a folder by its name in lower case, in numeric order; empty where there is no folder.

    Hidden files, what archives and desktops leave behind, and links that lead nowhere are left out.
    """
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        names = [
            entry.name
            for entry in entries
            if not entry.name.startswith(".")
            and entry.name.casefold() not in _LEFTOVERS
            and (not entry.is_symlink() or (folder / entry.name).exists())
        ]
    return {name.casefold(): folder / name for name in sorted(names, key=_numeric_order)}


def first_picture(folder: Path) -> str:
    """Return the name of any picture in a folder, however many there are; empty when there is none."""
    if not folder.is_dir():
        return ""
    with os.scandir(folder) as entries:
        return next((entry.name for entry in entries if is_picture(entry.name)), "")


def is_picture(name: str) -> bool:
    """Return whether a file name is a picture's; hidden ones are copies that some systems leave."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def find(folder: Path, *names: str) -> Path | None:
    """Return the path of these names below a folder, in any case, with or without blanks, `_` and `-`; else None."""
    for name in names:
        if (folder / name).exists():
            folder /= name
            continue
        alike = [path for path in list_folder(folder).values() if _plain(path.name) == _plain(name)]
        if not alike:
            return None
        folder = alike[0]
    return folder


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()
