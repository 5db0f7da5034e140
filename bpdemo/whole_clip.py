"""What the windows of a clip say together: one heart rate, one pressure, and what takes longer than a window."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bpdemo.attribution import average_moved
from bpdemo.capture import Capture
from bpdemo.clip_pulse import measure_clip_pulse
from bpdemo.estimate import HeartRate, HeartRateVariability, PressureEstimate, RangeEstimate, Respiration
from bpdemo.respiration import SHORTEST_S, measure_respiration
from bpdemo.variability import measure_variability
from bpdemo.window import Window


def measure_whole_clip(
    capture: Capture, windows: Sequence[Window], method: str
) -> tuple[HeartRateVariability, Respiration] | tuple[None, None]:
    """Return what takes longer than a window to measure, from the windows with a pulse; None without any."""
    if not windows:
        return None, None
    duration_s = capture.report.file.duration_s
    pulse = None
    if duration_s >= SHORTEST_S:
        with_pulse = [(window.start_s, window.end_s) for window in windows]
        pulse = measure_clip_pulse(capture.traces, duration_s, with_pulse, method)
    return measure_variability(pulse, duration_s), measure_respiration(pulse, duration_s)


def median_heart_rate(heart_rates: list[HeartRate]) -> HeartRate | None:
    """Return the medians over several windows of heart rate, SNR and both ends of the interval; None of no window."""
    if not heart_rates:
        return None
    numbers = [(rate.value, rate.snr_db, *rate.interval) for rate in heart_rates]
    value, snr_db, low, high = np.median(numbers, axis=0).tolist()
    return HeartRate(value, snr_db, (low, high))


def mean_pressure(windows: list[PressureEstimate]) -> PressureEstimate:
    """Return the mean over windows: probabilities are averaged, in-range values weighted by them.

    The interval keeps its width: windows of one person share most of their error (ours).
    """
    value = float(np.mean([window.value for window in windows]))
    half_width = float(np.mean([(window.interval[1] - window.interval[0]) / 2 for window in windows]))
    ranges = []
    for parts in zip(*(window.ranges for window in windows), strict=True):
        probabilities = np.array([part.probability for part in parts])
        values = np.array([part.value for part in parts])
        probability = float(probabilities.mean())
        inside = float(probabilities @ values / probabilities.sum()) if probability > 0 else float(values.mean())
        ranges.append(RangeEstimate(parts[0].low, parts[0].high, probability, inside))
    return replace(
        windows[0],
        value=value,
        interval=(value - half_width, value + half_width),
        ranges=tuple(ranges),
        moved_by=average_moved([window.moved_by for window in windows]),
    )
