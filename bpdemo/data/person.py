"""What a data set yields, whichever it is: people, their recordings or clips, their cuff pressures."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.errors import DataError

_PRESSURE_LIMITS = (20.0, 300.0)  # mmHg; outside, a table holds something else than a pressure


@dataclass(frozen=True)
class Recording:
    """One stretch of finger pulse.

    Attributes:
        samples: float64 [samples], any unit, upright: blood volume rises with the value.
        rate_hz: samples a second.
    """

    samples: np.ndarray
    rate_hz: float


@dataclass(frozen=True)
class Film:
    """One clip of a person's face.

    Attributes:
        path: the video file.
        systolic: cuff pressure at this clip, mmHg.
        diastolic: cuff pressure at this clip, mmHg.
    """

    path: Path
    systolic: float
    diastolic: float


@dataclass(frozen=True)
class Person:
    """One person: the unit every split goes by. Has recordings, from which maps are rendered, or clips.

    Attributes:
        name: the person's name, unique over data sets: `"ppg_bp:2"`.
        recordings: finger pulses; empty for a person with clips.
        systolic: cuff pressure, mmHg; the mean of several.
        diastolic: cuff pressure, mmHg; the mean of several.
        films: clips of the face; empty for a person with recordings.
    """

    name: str
    recordings: tuple[Recording, ...]
    systolic: float
    diastolic: float
    films: tuple[Film, ...] = ()


def check_pressures(systolic: object, diastolic: object, where: str, remedy: str) -> tuple[float, float]:
    """Check a pair of pressures.

    Args:
        systolic: what a table holds, a number or a text.
        diastolic: the same.
        where: what the table and row are called in an error.
        remedy: of the error.

    Returns:
        Both in mmHg.

    Raises:
        DataError: `data_invalid` for what is no number, lies outside 20 to 300 mmHg, or is systolic and not above
            diastolic.
    """
    values = [to_number(cell, where, remedy) for cell in (systolic, diastolic)]
    for cell, value in zip((systolic, diastolic), values, strict=True):
        if not _PRESSURE_LIMITS[0] <= value <= _PRESSURE_LIMITS[1]:
            raise DataError("data_invalid", f"{where}: {cell!r} is not a pressure in mmHg.", remedy)
    if values[0] <= values[1]:
        raise DataError(
            "data_invalid", f"{where}: systolic {values[0]:g} is not above diastolic {values[1]:g} mmHg.", remedy
        )
    return values[0], values[1]


def to_number(cell: object, where: str, remedy: str) -> float:
    """Return a table's cell as a finite number.

    Raises:
        DataError: `data_invalid`, when it is none.
    """
    try:
        value = float(cell) if isinstance(cell, str | int | float) else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError("data_invalid", f"{where}: {cell!r} is not a number.", remedy)
    return value


def check_samples(samples: np.ndarray, where: str, remedy: str) -> np.ndarray:
    """Return samples as float64.

    Raises:
        DataError: `data_invalid`, when there are none or one is not finite.
    """
    samples = np.asarray(samples, dtype=np.float64)
    if samples.size == 0 or not np.isfinite(samples).all():
        raise DataError("data_invalid", f"{where} holds no samples, or some that are not finite.", remedy)
    return samples
