"""The beats of a whole clip, found at once, so that none is lost or found twice where windows meet.

`variability` and `respiration` read them. Beats where the skin was out of sight, or in a window without a pulse, are
not *known*: what lies between them is a gap and no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpdemo.beats import FIT_BAND_HZ, FIT_SPAN, MIN_BEATS, band_pass
from bpdemo.estimate import DEFAULT_METHOD
from bpdemo.pulse import average_skin, measure_pulse
from bpdemo.regions import CellTraces
from bpdemo.stmap import RATE_HZ, resample

_BEAT_SPAN = (-0.2, 0.8)  # of a period around the upstroke
_MAX_DEVIATION = 0.3  # of an interval from the median of those around it: beyond, a beat was missed or made up
_AROUND = 4  # intervals to either side that the median is taken of
_MAX_TIMING_ERROR_S = 0.018
_TINY = 1e-12


@dataclass(frozen=True)
class ClipPulse:
    """The beats of a whole clip.

    Attributes:
        beats_s: [beats] upstrokes, seconds since the clip's first frame.
        height: [beats] of each beat in the wave, relative change.
        baseline: [beats] of the skin's colour (red less green, relative, which brightness leaves alone).
        is_interval: [beats - 1] whether two beats follow each other with nothing missed, made up or hidden in between.
        timing_error_s: standard error of one upstroke.
    """

    beats_s: np.ndarray
    height: np.ndarray
    baseline: np.ndarray
    is_interval: np.ndarray
    timing_error_s: float

    @property
    def intervals_s(self) -> np.ndarray:
        """[beats - 1] seconds from beat to beat."""
        return np.diff(self.beats_s)

    @property
    def is_certain(self) -> bool:
        """Whether the beats stand clear of the noise; where they do not, some are lost and no interval is sure."""
        return self.timing_error_s <= _MAX_TIMING_ERROR_S


def measure_clip_pulse(
    traces: CellTraces, duration_s: float, with_pulse: Sequence[tuple[float, float]], method: str = DEFAULT_METHOD
) -> ClipPulse | None:
    """Return the beats of a clip; None when there are fewer than four.

    Args:
        traces: of the clip's cells.
        duration_s: of the clip.
        with_pulse: (start_s, end_s) of the windows that show a pulse.
        method: how the pulse is found.
    """
    resampled = resample(traces.time_s, traces.colours, 0.0, duration_s, longest_s=duration_s)
    pulse = measure_pulse(resampled, method=method)
    if pulse is None or len(pulse.beats_s) < MIN_BEATS:
        return None
    time_s = resampled.time_s
    known = resampled.mask.mean(axis=0) >= 0.5
    known &= np.any([(start <= time_s) & (time_s <= end) for start, end in with_pulse], axis=0)
    mean = np.broadcast_to(resampled.rgb.mean(axis=0), resampled.rgb.shape)
    red, green, _ = average_skin(replace(resampled, slow=mean)).T
    period = RATE_HZ / pulse.rate_hz
    places = (pulse.beats_s - time_s[0]) * RATE_HZ
    beats = _cut(pulse.wave, places, _BEAT_SPAN, period)
    return ClipPulse(
        beats_s=pulse.beats_s,
        height=np.ptp(beats, axis=1),
        baseline=_cut(red - green, places, _BEAT_SPAN, period).mean(axis=1),
        is_interval=_is_interval(places, known),
        timing_error_s=_timing_error_s(pulse.wave, places, period),
    )


def _is_interval(places: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return which intervals between beats, in columns, hold no unknown column and are as long as those around them."""
    unknown = np.concatenate(([0], np.cumsum(~known)))
    first, last = np.floor(places[:-1]).astype(int), np.ceil(places[1:]).astype(int)
    whole = unknown[np.minimum(last + 1, len(known))] == unknown[np.maximum(first, 0)]
    intervals = np.diff(places)
    usual = np.array([np.median(intervals[max(0, at - _AROUND) : at + _AROUND + 1]) for at in range(len(intervals))])
    return whole & (np.abs(intervals / usual - 1) <= _MAX_DEVIATION)


def _timing_error_s(wave: np.ndarray, places: np.ndarray, period: float) -> float:
    """Return the standard error of an upstroke: what is left of each beat less the mean beat, over the mean's slope.

    The bound of Cramer and Rao for the shift of a known shape in noise of this band. On rendered clips of strong
    captures it is 1.0 to 1.6 times the true error of 8 to 16 ms, frame rate and interpolation included; above
    some 18 ms beats begin to be lost, and it says too little.
    """
    beats = _cut(band_pass(wave, FIT_BAND_HZ), places, FIT_SPAN, period)
    mean = beats.mean(axis=0)
    slope = np.gradient(mean) * 2 * RATE_HZ  # per second; points are half a column apart
    steepness = max(float(slope @ slope), _TINY)
    rest = beats - mean
    rest -= np.outer(rest @ slope / steepness, slope)
    independent = 2 * (FIT_BAND_HZ[1] - FIT_BAND_HZ[0]) / (2 * RATE_HZ)  # share of the points
    return float(np.sqrt(rest.var() / steepness / independent))


def _cut(trace: np.ndarray, places: np.ndarray, span: tuple[float, float], period: float) -> np.ndarray:
    """Return a part of a trace around each place, [places, points], half a column apart; the ends are held."""
    points = np.arange(span[0] * period, span[1] * period, 0.5)
    return np.interp(places[:, None] + points, np.arange(len(trace)), trace)
