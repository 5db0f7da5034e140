"""Pressures with their ranges, and the windows of a clip over time."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from bpdemo.estimate import HeartRate, PressureEstimate, agreeing_windows
from bpdemo.figures.style import (
    BLUE,
    FONT_PT,
    GREY,
    INK,
    LIGHT_BLUE,
    NARROW_IN,
    ORANGE,
    SMALL_PT,
    add_legend,
    label_axes,
    new_figure,
    plain_axes,
    stack_panels,
)
from bpdemo.window import WindowEstimate

_RATE_SPAN_BPM = 20.0
_OVER_LINES = [withStroke(linewidth=2.5, foreground="white")]


def draw_ranges(systolic: PressureEstimate, diastolic: PressureEstimate) -> Figure:
    """Return the reading, its interval, the training mean and the ranges there are, on mmHg axes.

    Ranges are a density: a bar's area, not its height, is the probability written above it.
    """
    height_in = 2.5 if systolic.ranges else 1.5
    figure, above, below = stack_panels(height_in, 1.0, 0.42, (0.06, 0.06, 0.2, 0.4))
    _draw_pressure(above, "Systolic", systolic)
    _draw_pressure(below, "Diastolic", diastolic)
    add_legend(figure, above, columns=3)
    return figure


def draw_windows(windows: Sequence[WindowEstimate]) -> Figure:
    """Return the course over a clip: heart rate, and pressures where any were read, with their intervals.

    Each window stands at its middle. Where it was refused there is a gap, hatched; a heart rate that contradicts the
    others is a cross.
    """
    middles = np.array([(window.start_s + window.end_s) / 2 for window in windows])
    edges = np.array([windows[0].start_s, *(middles[:-1] + middles[1:]) / 2, windows[-1].end_s])
    read = [window.systolic is not None for window in windows]
    if any(read):
        figure, rates, pressures = stack_panels(3.0, 1.0, 0.4, (0.42, 0.1, 0.26, 0.4), share_x=True)
        for name, colour in (("systolic", ORANGE), ("diastolic", BLUE)):
            _draw_course(pressures, middles, [getattr(window, name) for window in windows], colour)
        _hatch(pressures, edges, read)
        label_axes(pressures, "Systolic and diastolic, mmHg", "")
        lowest = pressures
    else:
        figure = new_figure(1.75, NARROW_IN)
        lowest = rates = figure.subplots()
        figure.subplots_adjust(left=0.42 / NARROW_IN, right=1 - 0.1 / NARROW_IN, top=1 - 0.26 / 1.75, bottom=0.4 / 1.75)
    agreeing = {id(window) for window in agreeing_windows(windows)}
    _draw_course(rates, middles, [window.heart_rate if id(window) in agreeing else None for window in windows], INK)
    for middle, window in zip(middles, windows, strict=True):
        if window.heart_rate is not None and id(window) not in agreeing:
            rates.plot(middle, window.heart_rate.value, "x", color=GREY, markersize=5)
    _hatch(rates, edges, [window.heart_rate is not None for window in windows])
    label_axes(rates, "Heart rate, beats a minute", "")
    lowest.set_xlabel("seconds (hatched: refused)", fontsize=SMALL_PT, color=INK, labelpad=1)
    lowest.set_xlim(edges[0], edges[-1])
    # A steady heart must not look like a wild one.
    low, high = rates.get_ylim()
    rates.set_ylim(min(low, (low + high - _RATE_SPAN_BPM) / 2), max(high, (low + high + _RATE_SPAN_BPM) / 2))
    return figure


def _draw_course(
    axes: Axes, middles: np.ndarray, values: Sequence[HeartRate | PressureEstimate | None], colour: str
) -> None:
    """Draw values with their intervals over time, [windows] seconds; a line breaks where there is none."""
    rows = np.array([(value.value, *value.interval) if value else (np.nan,) * 3 for value in values])
    axes.fill_between(middles, rows[:, 1], rows[:, 2], color=colour, alpha=0.13, linewidth=0)
    axes.vlines(middles, rows[:, 1], rows[:, 2], color=colour, alpha=0.4, linewidth=0.8)  # a lone window has no band
    axes.plot(middles, rows[:, 0], "o-", color=colour, linewidth=1.6, markersize=2.6)


def _hatch(axes: Axes, edges: np.ndarray, filled: Sequence[bool]) -> None:
    """Hatch what lies between the edges [windows + 1] of windows that are not filled."""
    for start_s, end_s, is_filled in zip(edges[:-1], edges[1:], filled, strict=True):
        if not is_filled:
            axes.axvspan(start_s, end_s, facecolor="none", edgecolor=GREY, alpha=0.5, hatch="///", linewidth=0)


def _draw_pressure(axes: Axes, name: str, pressure: PressureEstimate) -> None:
    """Draw the density of the ranges, where there are any, the interval and the reading above it, and the mean."""
    plain_axes(axes)
    heights = [part.probability / (part.high - part.low) for part in pressure.ranges]
    tallest = max([0.01, *heights])
    for part, height in zip(pressure.ranges, heights, strict=True):
        # Light bars have an outline: their fill alone is too faint for some eyes.
        axes.bar(
            part.low, height, width=part.high - part.low, align="edge", edgecolor=BLUE,
            color=BLUE if height == tallest else LIGHT_BLUE, linewidth=0.7,
        )  # fmt: skip
        axes.text(
            (part.low + part.high) / 2, height + 0.03 * tallest, f"{100 * part.probability:.0f} %",
            ha="center", va="bottom", fontsize=SMALL_PT, color=INK, path_effects=_OVER_LINES,
        )  # fmt: skip
    lane = 1.55 * tallest  # above the bars and their labels
    (low, high), coverage = pressure.interval, 100 * pressure.coverage
    axes.plot((low, high), [lane] * 2, color=ORANGE, linewidth=5, alpha=0.45, solid_capstyle="butt",
              label=f"{coverage:.0f} % interval")  # fmt: skip
    axes.plot([pressure.value], [lane], "o", color=ORANGE, markersize=7, label="reading")
    edges = [*(part.low for part in pressure.ranges), *(part.high for part in pressure.ranges[-1:])]
    bottom = 0 if edges else 1.36 * tallest
    mean = pressure.baseline.value
    axes.vlines(mean, bottom, 1.74 * tallest, color=INK, linewidth=1.2, linestyle=(0, (4, 2)), label="average person")
    ends = (*edges, low, high, mean)
    axes.set(ylim=(bottom, 1.76 * tallest), xlim=(min(ends) - 2, max(ends) + 2), yticks=[])
    if edges:
        axes.set_xticks(edges)
    title = f"{name}: {pressure.value:.0f} mmHg, interval {low:.0f} to {high:.0f}"
    axes.set_title(title, loc="left", fontsize=FONT_PT, color=INK, pad=3)
