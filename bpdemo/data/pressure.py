"""The pressure of a recording, and what it says of a window: the truth that a reading is held against.

Data sets give it in three ways. A *cuff* pair holds for the whole clip. A *wave* over time, and *steps* held from beat
to beat, are asked about each window:

- wave: systolic is the mean of its peaks, diastolic the mean of its valleys (`arterial.wave_pressure`);
- steps: each is the mean of its samples that are not 0.0.

What was lost (0.0, or no number) is left out as long as it is no more than `arterial.LOST_SHARE` of the window.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from bpdemo.data.arterial import NoPressureError, check_plausible, cut_window, read_pressures, wave_pressure
from bpdemo.data.signals import Signal

Place = tuple[float, float]
"""From when to when, in seconds from the clip's first frame."""


@dataclass(frozen=True)
class WindowPressure:
    """The true pressure of a window in mmHg; NaN, and a code in `fault`, where there is none.

    Faults: `missing_file`, `unreadable_file`, `not_covered` (by the samples), `drop_out`, `missing_values`, `flat`,
    `clipped`, `upside_down`, `no_beats`, `implausible`. Notes, with a blank between two: `turned` (it was stored with
    the wrong sign), `from_wave` (there are steps, but not here).
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


@dataclass(frozen=True)
class Wave:
    """The arterial pressure over time, mmHg."""

    signal: Signal
    kind: str = "wave"

    def of_windows(self, places: Sequence[Place]) -> list[WindowPressure]:
        """Return the mean of each window's peaks and of its valleys."""
        try:
            samples, turned = read_pressures(self.signal)
        except NoPressureError as fault:
            return _none(fault, places)

        def truth(start_s: float, end_s: float) -> tuple[float, float]:
            return wave_pressure(cut_window(samples, start_s, end_s), samples.rate_hz)

        return [_ask(truth, place, turned) for place in places]


@dataclass(frozen=True)
class BeatSteps:
    """Systolic and diastolic pressure, mmHg, each held from beat to beat; the wave is asked where they have a fault."""

    systolic: Signal
    diastolic: Signal
    wave: Signal | None = None
    kind: str = "steps"

    def of_windows(self, places: Sequence[Place]) -> list[WindowPressure]:
        """Return the mean of each window's samples."""
        truths = self._of_steps(places)
        if self.wave is None or not any(truth.fault for truth in truths):
            return truths
        waves = Wave(self.wave).of_windows(places)
        return [
            replace(wave, note=f"from_wave {wave.note}".strip()) if truth.fault and not wave.fault else truth
            for truth, wave in zip(truths, waves, strict=True)
        ]

    def _of_steps(self, places: Sequence[Place]) -> list[WindowPressure]:
        try:
            (systolic, turned), (diastolic, also) = read_pressures(self.systolic), read_pressures(self.diastolic)
        except NoPressureError as fault:
            return _none(fault, places)

        def truth(start_s: float, end_s: float) -> tuple[float, float]:
            high, low = (float(np.nanmean(cut_window(one, start_s, end_s))) for one in (systolic, diastolic))
            return check_plausible(high, low)

        return [_ask(truth, place, turned or also) for place in places]


def _ask(truth: Callable[[float, float], tuple[float, float]], place: Place, turned: bool) -> WindowPressure:
    try:
        return WindowPressure(*truth(*place), note="turned" if turned else "")
    except NoPressureError as fault:
        return WindowPressure(np.nan, np.nan, fault.code)


def _none(fault: NoPressureError, places: Sequence[Place]) -> list[WindowPressure]:
    return [WindowPressure(np.nan, np.nan, fault.code) for _ in places]
