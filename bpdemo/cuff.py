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

SYSTOLIC_MMHG, DIASTOLIC_MMHG = (60.0, 260.0), (30.0, 160.0)
"""What a cuff can show (ours)."""
CUFF_INVALID = ("cuff_invalid", "No cuff shows such values.", "Enter the upper and the lower value it shows.")


@dataclass(frozen=True)
class CuffReading:
    """What a cuff shows, mmHg."""

    systolic: float
    diastolic: float


def read_cuff(systolic: object, diastolic: object) -> CuffReading:
    """Return two numbers, mmHg, as a cuff reading.

    Raises:
        BpdemoError: `cuff_invalid`.
    """
    upper, lower = (
        float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
        for value in (systolic, diastolic)
    )
    fits = SYSTOLIC_MMHG[0] <= upper <= SYSTOLIC_MMHG[1] and DIASTOLIC_MMHG[0] <= lower <= DIASTOLIC_MMHG[1]
    if not fits or lower >= upper:
        raise BpdemoError(*CUFF_INVALID)
    return CuffReading(upper, lower)


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
