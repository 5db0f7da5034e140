"""Heart-rate variability: RMSSD and SDNN of a clip's beats, where their timing allows it."""

import numpy as np

from bpdemo.clip_pulse import ClipPulse
from bpdemo.estimate import HeartRateVariability
from bpdemo.reasons import reason

SHORTEST_S = 60.0 - 0.2  # a clip of 60 s ends with the time of its last frame
_MIN_MEASURED = 0.8  # of the clip that must lie within intervals
_MAX_ERROR = 0.5  # of a value that the timing error alone may make


def measure_variability(pulse: ClipPulse | None, duration_s: float) -> HeartRateVariability:
    """Return RMSSD and SDNN in ms (Task Force of ESC and NASPE, Circulation 93(5), 1996), or the reason why not.

    RMSSD takes the differences of intervals that truly follow each other only. Independent errors of the beats' times,
    of standard error s, would give sqrt(6) s of RMSSD and sqrt(2) s of SDNN by themselves: that is stated, taken off in
    squares, and a value of which it is more than half is not given (ours).
    """
    if duration_s < SHORTEST_S:
        return HeartRateVariability(reason=reason("too_short_for_variability"))
    if pulse is None or not pulse.is_certain:
        return HeartRateVariability(reason=reason("beats_uncertain"))
    intervals_ms, good = 1000 * pulse.intervals_s, pulse.is_interval
    if intervals_ms[good].sum() < 1000 * _MIN_MEASURED * duration_s:
        return HeartRateVariability(reason=reason("beats_uncertain"))
    differences_ms = np.diff(intervals_ms)[good[1:] & good[:-1]]
    error_ms = 1000 * pulse.timing_error_s
    rmssd_error_ms, sdnn_error_ms = float(np.sqrt(6) * error_ms), float(np.sqrt(2) * error_ms)
    rmssd_ms = _beyond(float(np.sqrt((differences_ms**2).mean())), rmssd_error_ms)
    sdnn_ms = _beyond(float(intervals_ms[good].std(ddof=1)), sdnn_error_ms)
    if rmssd_ms is None and sdnn_ms is None:
        return HeartRateVariability(reason=reason("beats_uncertain"))
    return HeartRateVariability(rmssd_ms, sdnn_ms, rmssd_error_ms, sdnn_error_ms, int(good.sum()))


def _beyond(value: float, error: float) -> float | None:
    """Return a value without what its error adds to it; None where the error is too much of it."""
    return None if error > _MAX_ERROR * value else float(np.sqrt(value**2 - error**2))
