"""The estimate: what comes out of a clip, as objects. `estimate_json` makes its one JSON form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from bpdemo.errors import BpdemoError, Reason

if TYPE_CHECKING:  # an error's estimate must not wait for SciPy and OpenCV to load
    from bpdemo.capture import CaptureReport, Thumbnail
    from bpdemo.quality import Check
    from bpdemo.told import ToldEstimate
    from bpdemo.weights.store import WeightsSummary
    from bpdemo.window import Window, WindowEstimate

AnyWindow = TypeVar("AnyWindow", bound="Window")

DEFAULT_METHOD = "pos"
"""The pulse method unless another is asked for (`pulse_methods.METHODS`): it is the map's, too."""
PRESSURE_UNIT = "mmHg"
MIN_SHARE_OF_WINDOWS, CERTAIN_PROBABILITY = 0.1, 0.95
MAX_RATE_STEP = 0.1  # of a heart rate: windows whose rates lie further apart contradict each other (ours)
_SHARE_95 = 1.96  # standard deviations on either side of the mean that hold 95 % of a normal distribution
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
class Exceedance:
    """A pressure in mmHg, and the probability, 0 to 1, of that much or more."""

    value: float
    probability: float


@dataclass(frozen=True)
class MovedBy:
    """How much each part of the clip moved a pressure: the value without the part minus the value with all, mmHg.

    Attributes:
        regions: of the face, by name; those that were measured, unless there is one alone.
        phases: of the beat (`beats.PHASES`), by name; none of a model that does not read mean beats.
    """

    regions: Mapping[str, float]
    phases: Mapping[str, float]


@dataclass(frozen=True)
class PressureEstimate:
    """Systolic or diastolic pressure.

    Attributes:
        value: mmHg; with ranges, the sum over them of probability times in-range value.
        interval: (low, high) mmHg.
        coverage: share of unseen people whose cuff pressure the interval is made to cover, 0 to 1.
        ranges: in rising order; empty of a model that gives a value alone.
        baseline: the answer without knowing the person.
        threshold: mmHg, of `at_least`; None for none.
        scatter: standard deviation of the answers to several captures of one person, mmHg; None where it is not known.
        moved_by: which parts of the clip moved the value; None of a model that cannot leave any out.
    """

    value: float
    interval: tuple[float, float]
    coverage: float
    ranges: tuple[RangeEstimate, ...]
    baseline: Baseline
    threshold: float | None = None
    scatter: float | None = None
    moved_by: MovedBy | None = None

    @property
    def at_least(self) -> Exceedance | None:
        """The probability of the threshold and more; None where it is no edge between two ranges."""
        if self.threshold is None or self.threshold not in [part.low for part in self.ranges[1:]]:
            return None
        above = sum(part.probability for part in self.ranges if part.low >= self.threshold)
        return Exceedance(self.threshold, above)

    @property
    def differs_from_average(self) -> bool | None:
        """Whether the value lies further from the training mean than chance moves it; None where that is not known."""
        if self.scatter is None:
            return None
        return abs(self.value - self.baseline.value) >= _SHARE_95 * self.scatter

    @property
    def likeliest_range(self) -> RangeEstimate | None:
        """The range of the highest probability; None without ranges."""
        return max(self.ranges, key=lambda part: part.probability, default=None)


@dataclass(frozen=True)
class HeartRate:
    """Heart rate.

    Attributes:
        value: beats a minute.
        snr_db: the pulse's signal-to-noise ratio in dB.
        interval: (low, high) beats a minute.
    """

    value: float
    snr_db: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class HeartRateVariability:
    """How much the intervals from beat to beat differ, over the whole clip.

    Attributes:
        rmssd_ms: root mean square of successive differences; None where the timing error hides it.
        sdnn_ms: standard deviation of the intervals; likewise.
        rmssd_error_ms, sdnn_error_ms: what the timing error of the beats alone would give; it is taken off the values.
        intervals: how many were measured.
        reason: why there is neither; None when there is one.
    """

    rmssd_ms: float | None = None
    sdnn_ms: float | None = None
    rmssd_error_ms: float | None = None
    sdnn_error_ms: float | None = None
    intervals: int = 0
    reason: Reason | None = None

    def __str__(self) -> str:
        """The values that there are, with what the timing error would give; the reason where there is none."""
        told = [
            f"{name} {value:.0f} ms (timing error {error:.0f} ms)"
            for name, value, error in (
                ("RMSSD", self.rmssd_ms, self.rmssd_error_ms),
                ("SDNN", self.sdnn_ms, self.sdnn_error_ms),
            )
            if value is not None and error is not None
        ]
        return ", ".join(told) if self.reason is None else self.reason.message


@dataclass(frozen=True)
class Respiration:
    """Breaths a minute, and the scatter of the three ways it was measured; or the reason why there is none."""

    value: float | None = None
    error: float | None = None
    reason: Reason | None = None

    def __str__(self) -> str:
        """The value with its scatter, or the reason why there is none."""
        return (
            f"{self.value:.0f} a minute (error {self.error or 0:.1f})" if self.reason is None else self.reason.message
        )


@dataclass(frozen=True)
class Estimate:
    """The result for one clip.

    Attributes:
        clip: the file's name, without its folder.
        status: `reading`, `refused` or `error`.
        reasons: why there is no reading; empty for a reading.
        notes: what is worth noting about capture and reading without refusing it.
        systolic, diastolic: present for a reading only.
        heart_rate: present when there is a pulse, of a refused clip too; the median over windows that agree.
        heart_rate_variability, respiration: values, or why there are none; None for a clip without a pulse.
        checks: the questions put to the clip as a whole, with the answers; windows have their own. Without any window,
            how the face was seen is among them.
        windows: in order.
        capture: how the file and the face were seen; None when the clip could not be opened.
        weights: where the weights come from; None when they could not be had.
        thumbnails: a few pictures of the clip, for the page; never part of the JSON form.
        path: the clip's path as it was given, to tell many clips apart; None on the page.
        method: how the pulse was found, a name of `pulse_methods.METHODS` or of a network.
        pulse_weights: where that network's weights come from; None of the map's own methods.
        told: the pressures beside what a person told; None where nothing was told, and of anything but a reading.
    """

    clip: str
    status: str
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    systolic: PressureEstimate | None = None
    diastolic: PressureEstimate | None = None
    heart_rate: HeartRate | None = None
    heart_rate_variability: HeartRateVariability | None = None
    respiration: Respiration | None = None
    checks: "tuple[Check, ...]" = ()
    windows: "tuple[WindowEstimate, ...]" = ()
    capture: "CaptureReport | None" = None
    weights: "WeightsSummary | None" = None
    thumbnails: "tuple[Thumbnail, ...]" = field(default=(), repr=False)
    path: str | None = None
    method: str = DEFAULT_METHOD
    pulse_weights: "WeightsSummary | None" = None
    told: "ToldEstimate | None" = None

    @classmethod
    def from_error(
        cls, clip: str, error: BpdemoError, weights: "WeightsSummary | None" = None, path: str | None = None
    ) -> "Estimate":
        """Return the estimate that stands for an error."""
        return cls(clip=clip, status="error", reasons=(error.reason,), weights=weights, path=path)

    @property
    def model(self) -> str | None:
        """Name of the network; None when the weights could not be had."""
        return None if self.weights is None else self.weights.model

    @property
    def level(self) -> Literal["nothing", "pulse", "reading"]:
        """How much came out: nothing, a pulse with its heart rate, or a reading with pressures as well."""
        if self.status == "reading":
            return "reading"
        return "nothing" if self.heart_rate is None else "pulse"

    @property
    def best_window(self) -> "WindowEstimate | None":
        """The window to show (see `best_window`), one that agrees with the heart rate; None when there is no window."""
        return best_window(agreeing_windows(self.windows) or self.windows)

    @property
    def failed_checks(self) -> "tuple[Check, ...]":
        """The checks that the clip and its best window failed, what can be mended first; empty for a reading.

        Of a clip that is too short nothing is told of the pulse, and of what is no pulse nothing about its shape.
        """
        from bpdemo.reasons import can_be_mended, place_in_order

        if self.status == "reading":
            return ()
        best = self.best_window
        failed = [check for check in (*self.checks, *(best.checks if best else ())) if not check.passed]
        if any(check.reason == "too_short" for check in failed):
            failed = [check for check in failed if can_be_mended(check.reason)]
        if any(check.reason == "no_pulse" for check in failed):
            failed = [check for check in failed if check.reason != "weak_pulse"]
        return tuple(sorted(failed, key=lambda check: place_in_order(check.reason)))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form (`estimate_json.EstimateForm`)."""
        from bpdemo.estimate_json import to_json

        return to_json(self)


def agreeing_windows(windows: "Sequence[AnyWindow]") -> "list[AnyWindow]":
    """Return the windows whose heart rates agree, most of those that have one; none where no rate has most of them.

    Rates in rising order are parted where one is over 10 % above the one before: a heart that speeds up stays in one
    group, while doubled rates and rhythms that are no heart's fall out of it. A long clip has many windows in which
    chance may look like a pulse: less than a tenth of them must hold one that is nearly certain (ours).
    """
    groups: list[list[AnyWindow]] = []
    last_bpm = 0.0
    for rate_bpm, window in sorted(
        ((window.heart_rate.value, window) for window in windows if window.heart_rate), key=lambda pair: pair[0]
    ):
        if rate_bpm > (1 + MAX_RATE_STEP) * last_bpm:
            groups.append([])
        groups[-1].append(window)
        last_bpm = rate_bpm
    largest = max(groups, key=len, default=[])
    if 2 * len(largest) <= sum(map(len, groups)):
        return []
    certain = any(window.evidence and window.evidence.probability >= CERTAIN_PROBABILITY for window in largest)
    return largest if certain or len(largest) >= MIN_SHARE_OF_WINDOWS * len(windows) else []


def best_window(windows: "Sequence[AnyWindow]") -> "AnyWindow | None":
    """Return the window to show: a reading before a pulse before neither; then the best capture, the clearest pulse."""
    from bpdemo.reasons import can_be_mended

    def merit(window: "AnyWindow") -> tuple[bool, bool, int, float]:
        faults = sum(not check.passed and can_be_mended(check.reason) for check in window.checks)
        snr_db = window.pulse.snr_db if window.pulse else float("-inf")
        return window.status == "reading", window.has_pulse, -faults, snr_db

    return max(windows, key=merit, default=None)
