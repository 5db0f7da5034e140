"""What the loaders of published data sets share: text, numbers, and checks of contact pulses."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from bpdemo.data.loader import Place, number, wrong_layout
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Cuff
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError

FETCH_AGAIN = "Fetch the file again; if it stays so, leave it out."
_POINTER, _POINTER_BYTES = b"version https://git-lfs", 1024


def is_pointer(file: Path) -> bool:
    """Return whether a file only says where its content is stored (Git LFS), as after a clone without it."""
    return file.is_file() and file.stat().st_size <= _POINTER_BYTES and file.read_bytes().startswith(_POINTER)


def read_text(file: Path) -> str:
    """Return the text of a file, UTF-8 with or without a byte order mark.

    Raises:
        DataError: `data_missing` when it cannot be read or is a Git LFS pointer, `data_invalid` when it is no text.
    """
    try:
        content = file.read_bytes()
        if content.startswith(_POINTER):
            raise DataError("data_missing", f"{file}: this is a Git LFS pointer.", "Run `git lfs pull` in its folder.")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise DataError("data_missing", f"{file}: {error.strerror}.", FETCH_AGAIN) from error
    except UnicodeDecodeError as error:
        raise Place(str(file), FETCH_AGAIN).invalid("this is no text") from error


def read_json(file: Path) -> dict:
    """Return the object that a JSON file holds; raises as `read_text`, and `data_invalid` for anything else."""
    try:
        content = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise Place(str(file), FETCH_AGAIN).invalid("this is no JSON, or it was cut off") from error
    if not isinstance(content, dict):
        raise Place(str(file), FETCH_AGAIN).invalid("this is no JSON object")
    return content


def read_numbers(file: Path, most: int | None = None) -> list[list[float]]:
    """Return the numbers of each line that is not blank, NaN for a word that is none or an empty cell.

    Raises:
        DataError: as `read_text`, and `data_invalid` for a line of more than `most` numbers: there is a column too
            many, or its decimals are after a comma.
    """
    lines = [line.strip().rstrip(" \t,;") for line in read_text(file).split("\n") if line.strip()]
    rows = [[number(word) for word in re.split(r"\s*[,;]\s*|\s+", line)] for line in lines]
    if most is not None and max(map(len, rows), default=0) > most:
        raise Place(str(file), FETCH_AGAIN).invalid(f"a line has more than {most} numbers")
    return rows


def known(cell: object) -> float | None:
    """Return a cell as a number above 0, or None: what a person measures is never 0."""
    value = number(cell)
    return value if value > 0 else None


def mean_known(cells: Iterable[object]) -> float | None:
    """Return the mean of the cells that are `known`: a device that lost the finger writes 0."""
    values = [value for cell in cells if (value := known(cell)) is not None]
    return float(np.mean(values)) if values else None


def known_cuff(systolic: object, diastolic: object) -> Cuff | None:
    """Return both, mmHg; None when one is not there, or they are no pressures (see `Place.cuff`)."""
    with suppress(DataError):
        return Place("", "").cuff(systolic, diastolic)
    return None


def checked_set(recordings: Iterable[Recording], folder: Path, title: str, first: str, remedy: str) -> list[Recording]:
    """Return the recordings of a published set; of several with one name, as in a copied folder, the first.

    Raises:
        DataError: `data_missing` when none has a clip; it names the first file that is missing, or else `first`.
            `data_invalid` when two people have a recording of one name.
    """
    found: dict[str, Recording] = {}
    for one in recordings:
        if (other := found.setdefault(one.name, one)).person != one.person:  # it would leak between folds
            raise Place(str(folder), remedy).invalid(f"{one.name} is of {other.person} and of {one.person}")
    if not any(one.clip for one in found.values()):
        missing = [file for one in found.values() for file in one.missing]
        raise wrong_layout(folder, title, missing[0] if missing else first, remedy)
    return list(found.values())


def contact_pulse(where: object, values: Iterable[float], time_s: Iterable[float]) -> Samples:
    """Return the samples of a contact pulse; of several at the same time, the first.

    Raises:
        DataError: `data_invalid` for fewer than two samples, for a time that is unknown or goes back, for times that
            cannot be seconds, and when no value is valid or all are the same.
    """
    place = Place(str(where), "Fetch the file again; if it stays so, its clip serves without a contact pulse.")
    pulse, time = np.array([*values], np.float64), np.array([*time_s], np.float64)
    if pulse.shape != time.shape or len(pulse) < 2:
        raise place.invalid("there are no samples, or not one time for each")
    if not np.isfinite(time).all() or (np.diff(time) < 0).any():
        raise place.invalid("its times do not rise")
    if np.median(np.diff(time)) >= 1:
        raise place.invalid("its samples are a second or more apart: these times are no seconds")
    valid = pulse[np.isfinite(pulse)]
    if not valid.size or np.ptp(valid) == 0:
        raise place.invalid("no sample is valid, or all are the same: the sensor was dead")
    later = np.diff(time, prepend=-np.inf) > 0
    return Samples(pulse[later], time[later])
