"""Readings moved by the user's own cuff reading.

What is done with it is the least that can be (ours): a later reading is moved by the difference between the cuff and
the raw reading it was taken with. Nothing is learned, no change of pressure is followed that the raw reading misses,
and no interval is given: the raw reading's would promise a coverage that was never measured for adjusted values.

A calibration lives in the session of one page and nowhere else.
"""

import math
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from bpdemo.errors import BpdemoError
from bpdemo.estimate import PRESSURE_UNIT, Estimate

FORM_KEY = "adjusted_by_own_cuff_reading"  # in the page's download; no part of the schema `bpdemo.estimate/2`
SYSTOLIC_MMHG = (60.0, 260.0)  # what a cuff can show (ours)
DIASTOLIC_MMHG = (30.0, 160.0)
_ERRORS = {
    "cuff_not_a_number": (
        "Both cuff values are needed, as numbers.",
        "Enter the systolic (upper) and the diastolic (lower) value that the cuff shows.",
    ),
    "cuff_systolic_out_of_range": (
        "No cuff shows such a systolic value.",
        "Enter the upper value that the cuff shows, from {:.0f} to {:.0f} mmHg.".format(*SYSTOLIC_MMHG),
    ),
    "cuff_diastolic_out_of_range": (
        "No cuff shows such a diastolic value.",
        "Enter the lower value that the cuff shows, from {:.0f} to {:.0f} mmHg.".format(*DIASTOLIC_MMHG),
    ),
    "cuff_order": (
        "The diastolic value must be below the systolic one.",
        "See whether the two were swapped: the upper value is systolic, the lower diastolic.",
    ),
    "no_reading_to_calibrate": (
        "There is no reading to compare with yet.",
        "Get a reading first, then enter what your cuff shows now.",
    ),
}


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
        calibration: what moved it.
        age_s: how long ago the cuff reading was entered, seconds.
        is_itself: whether this is the reading that the cuff reading was compared with.
    """

    systolic: float
    diastolic: float
    calibration: "Calibration"
    age_s: float
    is_itself: bool = False

    @property
    def plausible(self) -> bool:
        """Whether these can be pressures; an offset may push them past each other."""
        return 0 < self.diastolic < self.systolic

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form; without values where they make no sense."""
        values = {"systolic": self.systolic, "diastolic": self.diastolic} if self.plausible else {}
        made = self.calibration
        return {
            **{name: {"value": round(value, 1), "unit": PRESSURE_UNIT} for name, value in values.items()},
            "offset": {name: round(part, 1) for name, part in zip(("systolic", "diastolic"), made.offset, strict=True)},
            "cuff": asdict(made.cuff),
            "cuff_entered": datetime.fromtimestamp(made.entered_s, UTC).isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class ShownReading:
    """The reading that is on the page, for as long as it is: its numbers, and nothing of the clip."""

    estimate: Estimate
    truth: str = ""


def keep_numbers(estimate: Estimate, truth: str = "") -> ShownReading | None:
    """Return what is kept of a reading while it is on the page; None of anything else."""
    if estimate.status != "reading":
        return None
    kept = {name: getattr(estimate, name) for name in ("systolic", "diastolic", "heart_rate", "weights")}
    return ShownReading(Estimate(clip="", status="reading", **kept), truth)


@dataclass(frozen=True)
class Calibration:
    """A cuff reading, the raw reading (mmHg) it stands beside, when it was entered (seconds since 1970), the model."""

    cuff: CuffReading
    systolic: float
    diastolic: float
    entered_s: float = field(default_factory=time.time)
    model: str | None = None

    @property
    def offset(self) -> tuple[float, float]:
        """What is added to systolic and diastolic values, mmHg."""
        return self.cuff.systolic - self.systolic, self.cuff.diastolic - self.diastolic

    def adjust(self, estimate: Estimate, *, is_itself: bool = False) -> Adjusted | None:
        """Return a reading as this calibration moves it; None of what is no reading, and of another model's."""
        if estimate.systolic is None or estimate.diastolic is None or estimate.model != self.model:
            return None
        return Adjusted(
            estimate.systolic.value + self.offset[0],
            estimate.diastolic.value + self.offset[1],
            self,
            max(0.0, time.time() - self.entered_s),
            is_itself,
        )


def calibrate(cuff: CuffReading, reading: ShownReading | None) -> Calibration:
    """Return the calibration of the reading on the page by a cuff reading.

    Raises:
        CalibrationError: `no_reading_to_calibrate`.
    """
    if reading is None or reading.estimate.systolic is None or reading.estimate.diastolic is None:
        raise _error("no_reading_to_calibrate")
    systolic, diastolic = reading.estimate.systolic.value, reading.estimate.diastolic.value
    return Calibration(cuff, systolic, diastolic, model=reading.estimate.model)


def read_cuff(systolic: object, diastolic: object) -> CuffReading:
    """Return what was entered, in mmHg, as a cuff reading.

    Raises:
        CalibrationError: `cuff_not_a_number`, `cuff_systolic_out_of_range`, `cuff_diastolic_out_of_range` or
            `cuff_order`.
    """
    upper, lower = _number(systolic), _number(diastolic)
    if lower >= upper:
        raise _error("cuff_order")
    if not SYSTOLIC_MMHG[0] <= upper <= SYSTOLIC_MMHG[1]:
        raise _error("cuff_systolic_out_of_range")
    if not DIASTOLIC_MMHG[0] <= lower <= DIASTOLIC_MMHG[1]:
        raise _error("cuff_diastolic_out_of_range")
    return CuffReading(upper, lower)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _error("cuff_not_a_number")
    return float(value)


def _error(code: str) -> CalibrationError:
    return CalibrationError(code, *_ERRORS[code])
