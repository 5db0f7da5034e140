"""Your own finger pulses: a folder with `recordings.csv` (see `tables.py`)."""

import logging
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from bpdemo.data.beat_rate import BEATS_A_MINUTE, impossible_beat_rate
from bpdemo.data.loader import Loader, Place
from bpdemo.data.person import Recording
from bpdemo.data.signals import InMemory, Samples
from bpdemo.data.tables import Row, read_recordings

TABLE = "recordings.csv"
_COLUMNS = ("file", "person", "sampling_rate_hz", "systolic", "diastolic")
_RATE_LIMITS_HZ = (20.0, 20_000.0)  # slower, a beat has no shape; faster, the column holds something else

_log = logging.getLogger(__name__)


def load_recordings(folder: str | Path, name: str = "recordings") -> list[Recording]:
    """Return the recordings of `recordings.csv`: columns file, person, sampling_rate_hz, systolic, diastolic.

    Each file, named relative to the folder, is one column of numbers, as text (one number a line, no header) or as a
    one-dimensional `.npy` array; upright, blood volume rising with the value. A rendering mixes the beats of all rows
    of a person, so a person has one label: where the rows' pressures differ, their mean. How many people that concerns
    is logged as a warning. People are called `<name>:<person>`.

    Raises:
        DataError: as `tables.read_recordings`, and `data_invalid` for a file that is no column of finite numbers, or
            whose beats come too fast or too slowly for a heart at the declared rate.
    """
    recordings: list[Recording] = []
    pressures: dict[str, set[object]] = {}
    for recording, row in read_recordings(Path(folder), name, TABLE, _COLUMNS):
        recordings.append(replace(recording, pulse=InMemory(_read_samples(row))))
        pressures.setdefault(recording.person, set()).add(recording.pressure)
    averaged = sum(len(different) > 1 for different in pressures.values())
    if averaged:
        _log.warning("%s: %d people have several pressures; each counts with the mean of theirs.", name, averaged)
    return recordings


def _read_samples(row: Row) -> Samples:
    rate_hz = row.place.number(row.cells["sampling_rate_hz"])
    if not _RATE_LIMITS_HZ[0] <= rate_hz <= _RATE_LIMITS_HZ[1]:
        raise row.place.invalid(f"{rate_hz:g} Hz is no sampling rate of a pulse (20 to 20000 Hz)")
    where = f"{row.place.where}: {row.path.name}"
    place = Place(where, row.place.remedy)
    try:
        column = _read_array(row.path) if row.path.suffix.lower() == ".npy" else _read_text(row.path)
    except (EOFError, OSError, ValueError) as error:
        raise place.invalid("this is not one column of numbers") from error
    samples = place.samples(column)
    if (beats := impossible_beat_rate(samples, rate_hz)) is not None:
        lowest, highest = BEATS_A_MINUTE
        raise Place(where, "Correct its sampling_rate_hz.").invalid(
            f"at the declared {rate_hz:g} Hz it has {beats:.0f} beats a minute, not {lowest} to {highest}"
        )
    return Samples.evenly(samples, rate_hz)


def _read_array(file: Path) -> np.ndarray:
    array = np.load(file, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.ndim not in (1, 2):
        raise ValueError("no array of real numbers")
    if array.size != max(array.shape):
        raise ValueError("several columns")
    return array.ravel()


def _read_text(file: Path) -> np.ndarray:
    """Numbers of a text file: one a line, or all of them in one line."""
    lines = [re.split(r"[\s,;]+", line.strip()) for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    if len(lines) > 1 and any(len(line) > 1 for line in lines):
        raise ValueError("several columns")
    return np.array([number for line in lines for number in line], dtype=np.float64)


LOADER = Loader(load_recordings, (TABLE,))
