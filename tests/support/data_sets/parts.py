"""What small copies of data sets are made of."""

import math
import shutil
from pathlib import Path

import pytest

from bpdemo.errors import DataError


def wave(count: int, phase: float = 0.0) -> list[float]:
    """A pulse that no other phase shares, with two decimals."""
    return [round(60 + 40 * math.sin(0.37 * i + phase), 2) for i in range(count)]


def error_of(call, *arguments) -> DataError:
    """The error that a call ends with."""
    with pytest.raises(DataError) as caught:
        call(*arguments)
    return caught.value


def put_clip(path: Path, clip: Path | None) -> None:
    """A given clip, or one byte where nothing decodes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if clip:
        shutil.copyfile(clip, path)
    else:
        path.write_bytes(b"\0")


def add_leftovers(folder: Path) -> None:
    """What desktops and archives leave in every folder."""
    for place in (folder, *[path for path in folder.rglob("*") if path.is_dir()]):
        for name in ("Thumbs.db", ".DS_Store", "desktop.ini", *[f"._{path.name}" for path in place.iterdir()]):
            (place / name).write_bytes(b"\0\5\x16\7")
    for path in [path for path in folder.iterdir() if path.is_dir()]:
        (folder / "__MACOSX" / path.name).mkdir(parents=True)
        (folder / "__MACOSX" / path.name / f"._{path.name}").write_bytes(b"\0\5\x16\7")


def upper_endings(folder: Path) -> None:
    """The endings of all files in capitals."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        path.rename(path.with_suffix(path.suffix.upper()))
