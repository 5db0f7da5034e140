"""What is in a data set's folder, whatever an unpacker made of its names."""

import re
from pathlib import Path

_PICTURES = (".jpg", ".jpeg", ".png", ".bmp")


def is_own(name: str) -> bool:
    """Return whether a name belongs to the data set: systems that it passes through leave names with a dot in front."""
    return not name.startswith(".")


def is_picture(name: str) -> bool:
    """Return whether a file name is a picture's."""
    return is_own(name) and name.lower().endswith(_PICTURES)


def list_own(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted; nothing where there is no folder."""
    return sorted(path for path in folder.iterdir() if is_own(path.name)) if folder.is_dir() else []


def find(folder: Path, *names: str) -> Path | None:
    """Return the path of these names below a folder, in any case, with or without blanks, `_` and `-`; else None."""
    for name in names:
        if (folder / name).exists():
            folder /= name
            continue
        alike = [path for path in list_own(folder) if _plain(path.name) == _plain(name)]
        if not alike:
            return None
        folder = alike[0]
    return folder


def holds_pictures(folder: Path) -> bool:
    """Return whether a folder has a picture in it."""
    return folder.is_dir() and any(is_picture(path.name) for path in folder.iterdir())


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()
