"""The estimate: what comes out of a clip, in one form for page, API and command line."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bpdemo.errors import BpdemoError, Reason

if TYPE_CHECKING:  # an error's estimate must not wait for SciPy and OpenCV to load
    from bpdemo.beats import Slices
    from bpdemo.capture import Thumbnail
    from bpdemo.pulse import Pulse
    from bpdemo.stmap import STMap

SCHEMA = "bpdemo.estimate/1"
PRESSURE_UNIT = "mmHg"
HEART_RATE_UNIT = "bpm"
DISCLAIMER = (
    "Research use only; not a medical device. Blood pressure from video is an unsolved problem: these numbers show "
    "what a method gives, not what your pressure is. Do not base any decision about health on them."
)


@dataclass(frozen=True)
class RangeEstimate:
    """One range of a pressure: `[low, high)` mmHg, its probability 0 to 1, and the value if the pressure lies in it."""

    low: float
    high: float
    probability: float
    value: float


@dataclass(frozen=True)
class Baseline:
    """The training mean in mmHg, and the mean absolute error of always answering it, on people not seen in training."""

    value: float
    mean_absolute_error: float


@dataclass(frozen=True)
class PressureEstimate:
    """Systolic or diastolic pressure.

    Attributes:
        value: mmHg; the sum over ranges of probability times in-range value.
        interval: (low, high) mmHg.
        coverage: share of unseen people whose cuff pressure the interval is made to cover, 0 to 1.
        ranges: in rising order.
        baseline: what knowing nothing of the person would answer.
    """

    value: float
    interval: tuple[float, float]
    coverage: float
    ranges: tuple[RangeEstimate, ...]
    baseline: Baseline

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; mmHg to one decimal, probabilities to four."""
        return {
            "value": round(self.value, 1),
            "unit": PRESSURE_UNIT,
            "interval": [round(end, 1) for end in self.interval],
            "coverage": self.coverage,
            "ranges": [
                {
                    "low": part.low,
                    "high": part.high,
                    "probability": round(part.probability, 4),
                    "value": round(part.value, 1),
                }
                for part in self.ranges
            ],
            "baseline": {
                "value": round(self.baseline.value, 1),
                "mean_absolute_error": round(self.baseline.mean_absolute_error, 1),
            },
        }


@dataclass(frozen=True)
class HeartRate:
    """Heart rate in beats a minute and the pulse's signal-to-noise ratio in dB."""

    value: float
    snr_db: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"value": round(self.value, 1), "unit": HEART_RATE_UNIT, "snr_db": round(self.snr_db, 1)}


@dataclass(frozen=True)
class WindowEstimate:
    """One window of the clip, at most 15 s.

    There are no pressures where it was refused, and neither heart rate nor slices where it has no pulse.
    """

    start_s: float
    end_s: float
    reasons: tuple[Reason, ...]
    systolic: PressureEstimate | None
    diastolic: PressureEstimate | None
    heart_rate: HeartRate | None
    stmap: "STMap"
    pulse: "Pulse | None"
    slices: "Slices | None" = None

    @property
    def status(self) -> str:
        """`reading` or `refused`."""
        return "refused" if self.reasons else "reading"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: times, status, reason codes, and the values without their ranges."""
        entry: dict[str, Any] = {
            "start_s": round(self.start_s, 2),
            "end_s": round(self.end_s, 2),
            "status": self.status,
            "reasons": [reason.code for reason in self.reasons],
        }
        for name in ("systolic", "diastolic"):
            pressure = getattr(self, name)
            if pressure is not None:
                entry[name] = {
                    "value": round(pressure.value, 1),
                    "unit": PRESSURE_UNIT,
                    "interval": [round(end, 1) for end in pressure.interval],
                }
        if self.heart_rate is not None:
            entry["heart_rate"] = self.heart_rate.to_dict()
        return entry


@dataclass(frozen=True)
class Estimate:
    """What bpdemo has to say of a clip.

    Attributes:
        clip: the file's name, without its folder.
        status: `reading`, `refused` or `error`.
        reasons: why there is no reading; empty for a reading.
        notes: what is worth saying of the capture without refusing it.
        systolic, diastolic: present for a reading only.
        heart_rate: present when there is a pulse, of a refused clip too.
        windows: each window of the clip, in order.
        capture: the capture report with what was seen of the face, JSON-able; None when the clip could not be opened.
        weights: `{"name", "revision", "stmap_version", "provenance"}`; None when they could not be had.
        thumbnails: a few pictures of the clip, for the page; never part of the JSON form.
    """

    clip: str
    status: str
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    systolic: PressureEstimate | None = None
    diastolic: PressureEstimate | None = None
    heart_rate: HeartRate | None = None
    windows: tuple[WindowEstimate, ...] = ()
    capture: dict[str, Any] | None = None
    weights: dict[str, Any] | None = None
    thumbnails: "tuple[Thumbnail, ...]" = field(default=(), repr=False)

    @classmethod
    def from_error(cls, clip: str, error: BpdemoError, weights: dict[str, Any] | None = None) -> "Estimate":
        """Return the estimate that stands for an error, so that page, API and command line can show one form."""
        return cls(clip=clip, status="error", reasons=(error.reason,), weights=weights)

    @property
    def best_window(self) -> WindowEstimate | None:
        """The window to show: the clearest pulse among those read, else among all; None when there is no window."""
        candidates = [window for window in self.windows if not window.reasons] or list(self.windows)
        snr_db = [window.pulse.snr_db if window.pulse else -np.inf for window in candidates]
        return candidates[int(np.argmax(snr_db))] if candidates else None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form, schema `bpdemo.estimate/1`. What could not be measured is absent."""
        form: dict[str, Any] = {
            "schema": SCHEMA,
            "clip": self.clip,
            "status": self.status,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "notes": [note.to_dict() for note in self.notes],
        }
        for name in ("systolic", "diastolic", "heart_rate"):
            value = getattr(self, name)
            if value is not None:
                form[name] = value.to_dict()
        form["windows"] = [window.to_dict() for window in self.windows]
        form["capture"] = self.capture
        form["weights"] = self.weights
        form["disclaimer"] = DISCLAIMER
        return form
