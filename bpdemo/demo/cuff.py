"""Readings moved by the user's own cuff reading.

What is done with it is the least that can be (ours): a later reading is moved by the difference between the cuff and
the raw reading it was taken with. Nothing is learned, no change of pressure is followed that the raw reading misses,
and no interval is given: the raw reading's would promise a coverage that was never measured for adjusted values.

A calibration lives in the session of one page and nowhere else.
"""

import math
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bpdemo.demo.texts import Words
from bpdemo.errors import BpdemoError
from bpdemo.estimate import PRESSURE_UNIT, Estimate

FORM_KEY = "adjusted_by_own_cuff_reading"
"""Where the page's download carries the adjusted values; no part of the schema `bpdemo.estimate/1`."""

# What a cuff can show, mmHg (ours).
SYSTOLIC_MMHG = (60.0, 260.0)
DIASTOLIC_MMHG = (30.0, 160.0)


class CalibrationError(BpdemoError):
    """What was entered is no cuff reading, or there is nothing to compare it with."""


@dataclass(frozen=True)
class CuffReading:
    """What a cuff shows, mmHg."""

    systolic: float
    diastolic: float


@dataclass(frozen=True)
class Adjusted:
    """A reading as a calibration moves it.

    Attributes:
        systolic, diastolic: mmHg.
        offset: what was added to the raw values, mmHg.
        cuff: the cuff reading behind it.
        entered_s: when it was entered, seconds since 1970.
        age_s: how long ago that was, seconds.
        is_itself: whether this is the reading that the cuff reading was compared with.
    """

    systolic: float
    diastolic: float
    offset: tuple[float, float]
    cuff: CuffReading
    entered_s: float
    age_s: float
    is_itself: bool = False

    @property
    def plausible(self) -> bool:
        """Whether they can be pressures at all; an offset may push them past each other."""
        return 0 < self.diastolic < self.systolic

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; without values where they make no sense."""
        values = {"systolic": self.systolic, "diastolic": self.diastolic} if self.plausible else {}
        return {
            **{name: {"value": round(value, 1), "unit": PRESSURE_UNIT} for name, value in values.items()},
            "offset": dict(zip(("systolic", "diastolic"), (round(part, 1) for part in self.offset), strict=True)),
            "cuff": {"systolic": self.cuff.systolic, "diastolic": self.cuff.diastolic},
            "cuff_entered": datetime.fromtimestamp(self.entered_s, UTC).isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class Shown:
    """The reading that is on the page, for as long as it is: its numbers, and nothing of the clip."""

    estimate: Estimate
    truth: str = ""

    @classmethod
    def of(cls, estimate: Estimate, truth: str = "") -> "Shown | None":
        """Return what is kept of a reading; None of anything else."""
        if estimate.status != "reading":
            return None
        return cls(replace(estimate, clip="", windows=(), thumbnails=(), capture=None, notes=()), truth)


@dataclass(frozen=True)
class Calibration:
    """A cuff reading and the raw reading it stands beside.

    Attributes:
        cuff: what the cuff showed.
        systolic, diastolic: the raw reading, mmHg.
        entered_s: when, seconds since 1970.
    """

    cuff: CuffReading
    systolic: float
    diastolic: float
    entered_s: float = field(default_factory=time.time)

    @classmethod
    def of(cls, cuff: CuffReading, shown: Shown | None, words: Words) -> "Calibration":
        """Compare a cuff reading with the reading on the page.

        Raises:
            CalibrationError: `no_reading_to_calibrate`.
        """
        if shown is None:
            raise words.error(CalibrationError, "no_reading_to_calibrate")
        return cls(cuff, shown.estimate.systolic.value, shown.estimate.diastolic.value)

    @property
    def offset(self) -> tuple[float, float]:
        """What is added to systolic and diastolic values, mmHg."""
        return self.cuff.systolic - self.systolic, self.cuff.diastolic - self.diastolic

    def adjust(self, estimate: Estimate, *, is_itself: bool = False) -> Adjusted | None:
        """Return a reading as this calibration moves it; None of what is no reading."""
        if estimate.systolic is None or estimate.diastolic is None:
            return None
        return Adjusted(
            estimate.systolic.value + self.offset[0],
            estimate.diastolic.value + self.offset[1],
            self.offset,
            self.cuff,
            self.entered_s,
            max(0.0, time.time() - self.entered_s),
            is_itself,
        )


def read_cuff(systolic: Any, diastolic: Any, words: Words) -> CuffReading:
    """Check what was entered as a cuff reading.

    Args:
        systolic: mmHg, `SYSTOLIC_MMHG`.
        diastolic: mmHg, `DIASTOLIC_MMHG`, below the systolic one.
        words: to say in what is wrong.

    Raises:
        CalibrationError: `cuff_not_a_number`, `cuff_systolic_out_of_range`, `cuff_diastolic_out_of_range` or
            `cuff_order`.
    """
    for value in (systolic, diastolic):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise words.error(CalibrationError, "cuff_not_a_number")
    if diastolic >= systolic:
        raise words.error(CalibrationError, "cuff_order")
    for value, (low, high), name in ((systolic, SYSTOLIC_MMHG, "systolic"), (diastolic, DIASTOLIC_MMHG, "diastolic")):
        if not low <= value <= high:
            raise words.error(CalibrationError, f"cuff_{name}_out_of_range")
    return CuffReading(float(systolic), float(diastolic))


def tell_offset(adjusted: Adjusted, words: Words) -> str:
    """Return by how much, and from when, in words."""
    minutes = round(adjusted.age_s / 60)
    since = words("calibration.minutes", count=minutes) if minutes else words("calibration.just_now")
    return words("calibration.adjusted_by", systolic=adjusted.offset[0], diastolic=adjusted.offset[1], since=since)


def tell_limits(adjusted: Adjusted, words: Words) -> str:
    """Return what is not known of adjusted values, in words."""
    return words("calibration.adjusted_itself" if adjusted.is_itself else "calibration.adjusted_note")
