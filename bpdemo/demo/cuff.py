"""What is entered of a cuff, and what is kept of the reading it is compared with."""

import math
from dataclasses import dataclass

from bpdemo.cuff import Calibration, CuffReading
from bpdemo.errors import BpdemoError
from bpdemo.estimate import Estimate

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
