"""Breathing, from how it moves the pulse: height, baseline and intervals of the beats must agree on its rate."""

import numpy as np
from scipy.signal import detrend

from bpdemo.clip_pulse import ClipPulse
from bpdemo.estimate import Respiration
from bpdemo.reasons import reason

PART_S = 30.0
SHORTEST_S = PART_S - 0.2  # a clip of 30 s ends with the time of its last frame
BREATHS_PER_MINUTE = (6.0, 30.0)
_RATE_HZ = 4.0
_FFT_LENGTH = 2**12
_MIN_MEASURED = 0.8  # of a part of the clip that must lie within intervals
_MAX_SCATTER = 2.0  # breaths a minute, standard deviation of the three rates
_MIN_SHARE = 0.4  # of a series' power that its peak must hold


def measure_respiration(pulse: ClipPulse | None, duration_s: float) -> Respiration:
    """Return breaths a minute, 6 to 30, or the reason why not.

    In each part of at least 30 s breathing moves the beats' height, the skin's baseline and the intervals (Charlton et
    al., Physiological Measurement 38(5), 2017). Where all three name one rate, its mean is the part's ("smart fusion",
    Karlen et al., IEEE TBME 60(7), 2013; ours is stricter: 2 breaths a minute and a clear peak in each). The answer is
    the median of the parts, at least half of which must have one; its error is the usual scatter of the three.
    """
    if duration_s < SHORTEST_S:
        return Respiration(reason=reason("too_short_for_respiration"))
    parts = max(1, int((duration_s + PART_S - SHORTEST_S) / PART_S))
    edges_s = np.linspace(0, duration_s, parts + 1)
    found = (
        [] if pulse is None or not pulse.is_certain else [_fuse(pulse, *edges_s[at : at + 2]) for at in range(parts)]
    )
    agreed = np.array([rates for rates in found if rates is not None])
    if len(agreed) < max(1, parts / 2):
        return Respiration(reason=reason("breathing_unclear"))
    return Respiration(float(np.median(agreed.mean(axis=1))), float(np.median(agreed.std(axis=1, ddof=1))))


def _fuse(pulse: ClipPulse, start_s: float, end_s: float) -> list[float] | None:
    """Return the three rates of a part of the clip, breaths a minute; None where they do not agree."""
    inside = (pulse.beats_s[:-1] >= start_s) & (pulse.beats_s[1:] <= end_s) & pulse.is_interval
    intervals_s = pulse.intervals_s[inside]
    if intervals_s.sum() < _MIN_MEASURED * (end_s - start_s):
        return None
    at_s = pulse.beats_s[:-1][inside]
    highest = min(BREATHS_PER_MINUTE[1], 30 / float(np.median(intervals_s)))  # a breath takes two beats at least
    series = (
        (at_s, pulse.height[:-1][inside]),
        (at_s, pulse.baseline[:-1][inside]),
        (at_s + intervals_s / 2, intervals_s),
    )
    rates = [rate for times_s, values in series if (rate := _rate(times_s, values, highest)) is not None]
    return rates if len(rates) == len(series) and np.std(rates, ddof=1) <= _MAX_SCATTER else None


def _rate(time_s: np.ndarray, values: np.ndarray, highest: float) -> float | None:
    """Return the rate of the one peak of a series, in cycles a minute; None where no peak stands out."""
    even = np.interp(np.arange(time_s[0], time_s[-1], 1 / _RATE_HZ), time_s, values)
    tapered = detrend(even) * np.hanning(len(even))
    power = np.abs(np.fft.rfft(tapered, _FFT_LENGTH)) ** 2
    rate = 60 * np.fft.rfftfreq(_FFT_LENGTH, 1 / _RATE_HZ)
    band = (rate >= BREATHS_PER_MINUTE[0]) & (rate <= highest)
    peak = float(rate[band][power[band].argmax()])
    near = np.abs(rate - peak) <= 120 * _RATE_HZ / len(even)  # as wide as the taper makes a peak
    return peak if power[band & near].sum() >= _MIN_SHARE * power[band].sum() else None
