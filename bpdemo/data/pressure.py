"""The pressure of a recording, and what it says of a window: the truth that a reading is held against.

Data sets give it in three ways. A *cuff* pair holds for the whole clip. A *wave* over time, and *steps* held from beat
to beat, are asked about each window.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Place = tuple[float, float]
"""From when to when, in seconds from the clip's first frame."""


@dataclass(frozen=True)
class WindowPressure:
    """The true pressure of a window in mmHg; NaN, and a code in `fault`, where there is none.

    `note` is the code of what was put right, as a wave of the wrong sign.
    """

    systolic: float
    diastolic: float
    fault: str = ""
    note: str = ""


class Pressure(Protocol):
    """The pressure of one recording. It travels between processes: it holds paths rather than arrays."""

    @property
    def kind(self) -> str:
        """How it was measured: cuff, wave or steps."""

    def of_windows(self, places: Sequence[Place]) -> list[WindowPressure]:
        """Return the truth of each window; what is wrong with it is told by its `fault` and never raised."""


@dataclass(frozen=True)
class Cuff:
    """One pair, mmHg, that holds for the whole recording."""

    systolic: float
    diastolic: float
    kind: str = "cuff"

    def of_windows(self, places: Sequence[Place]) -> list[WindowPressure]:
        """Return the pair for each window."""
        return [WindowPressure(self.systolic, self.diastolic) for _ in places]
