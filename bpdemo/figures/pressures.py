"""Range probabilities and what became of each window."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from bpdemo.estimate import PressureEstimate, WindowEstimate
from bpdemo.figures.style import (
    BLUE,
    ENGLISH,
    FONT_PT,
    GREY,
    INK,
    LIGHT_BLUE,
    ORANGE,
    SMALL_PT,
    Canvas,
    Words,
    add_legend,
    begin,
    label_axes,
    plain_axes,
    stack_panels,
)

_RATE_SPAN_BPM = 20.0


def draw_ranges(
    systolic: PressureEstimate, diastolic: PressureEstimate, words: Words = ENGLISH, on: Canvas | None = None
) -> Canvas:
    """Draw the probability of each range, with the reading, its interval and the training mean, on a mmHg axis."""
    canvas = begin(2.5, on)
    above, below = stack_panels(canvas, 1.0, 0.42, (0.06, 0.06, 0.2, 0.4))
    for axes, name, pressure in ((above, "systolic", systolic), (below, "diastolic", diastolic)):
        _draw_pressure(axes, words[name], pressure, words)
    add_legend(canvas, above, columns=3)
    return canvas


def draw_windows(windows: Sequence[WindowEstimate], words: Words = ENGLISH, on: Canvas | None = None) -> Canvas:
    """Draw pressures with intervals and the heart rate of each window over time; refused windows are hatched."""
    canvas = begin(3.3, on)
    pressures, rates = stack_panels(canvas, 1.6, 0.38, (0.42, 0.1, 0.26, 0.4), sharex=True)
    for window in windows:
        span = (window.start_s, window.end_s)
        if window.reasons:
            for axes in (pressures, rates):
                axes.axvspan(*span, facecolor="none", edgecolor=GREY, alpha=0.5, hatch="///", linewidth=0)
        for pressure, colour in ((window.systolic, ORANGE), (window.diastolic, BLUE)):
            if pressure is not None:
                pressures.fill_between(span, *([end] * 2 for end in pressure.interval), color=colour, alpha=0.15, lw=0)
                pressures.plot(span, [pressure.value] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        if window.heart_rate is not None:
            rates.plot(span, [window.heart_rate.value] * 2, color=INK, linewidth=2.2, solid_capstyle="butt")
    label_axes(pressures, words["windows_pressure"], "")
    label_axes(rates, words["windows_rate"], words["windows_seconds"])
    pressures.set_xlim(windows[0].start_s, windows[-1].end_s)
    rates.margins(y=0.4)
    # A steady heart must not look like a wild one.
    low, high = rates.get_ylim()
    rates.set_ylim(min(low, (low + high) / 2 - _RATE_SPAN_BPM / 2), max(high, (low + high) / 2 + _RATE_SPAN_BPM / 2))
    return canvas


def _draw_pressure(axes: Axes, name: str, pressure: PressureEstimate, words: Words) -> None:
    """Draw one pressure: bars as wide as their ranges, the interval and the reading above them."""
    plain_axes(axes)
    probabilities = np.array([part.probability for part in pressure.ranges])
    tallest = max(float(probabilities.max()), 0.01)
    for part in pressure.ranges:
        # Light bars have an outline: their fill alone is too faint for some eyes.
        axes.bar(
            (part.low + part.high) / 2, part.probability, width=(part.high - part.low) - 0.8, edgecolor=BLUE,
            color=BLUE if part.probability == tallest else LIGHT_BLUE, linewidth=0.7,
        )  # fmt: skip
        axes.text(
            (part.low + part.high) / 2, part.probability + 0.03 * tallest, f"{100 * part.probability:.0f} %",
            ha="center", va="bottom", fontsize=SMALL_PT, color=INK,
        )  # fmt: skip
    lane = 1.55 * tallest  # above the bars and their labels
    axes.plot(pressure.interval, [lane] * 2, color=ORANGE, linewidth=5, alpha=0.45, solid_capstyle="butt",
              label=words["interval"].format(coverage=100 * pressure.coverage))  # fmt: skip
    axes.plot([pressure.value], [lane], "o", color=ORANGE, markersize=7, label=words["reading"])
    axes.vlines(
        pressure.baseline.value, 1.42 * tallest, 1.74 * tallest, color=INK, linewidth=1.6, label=words["training_mean"]
    )
    ends = [pressure.ranges[0].low, pressure.ranges[-1].high, *pressure.interval]
    axes.set(ylim=(0, 1.76 * tallest), xlim=(min(ends) - 2, max(ends) + 2), yticks=[])
    axes.set_xticks([part.low for part in pressure.ranges] + [pressure.ranges[-1].high])
    title = words["pressure"].format(
        name=name, value=pressure.value, low=pressure.interval[0], high=pressure.interval[1]
    )
    axes.set_title(title, loc="left", fontsize=FONT_PT, color=INK, pad=3)
