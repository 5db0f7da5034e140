"""Range probabilities, and the windows of a clip over time."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpdemo.estimate import PressureEstimate
from bpdemo.figures.style import (
    BLUE,
    FONT_PT,
    GREY,
    INK,
    LIGHT_BLUE,
    ORANGE,
    SMALL_PT,
    add_legend,
    label_axes,
    plain_axes,
    stack_panels,
)
from bpdemo.window import WindowEstimate

_RATE_SPAN_BPM = 20.0


def draw_ranges(systolic: PressureEstimate, diastolic: PressureEstimate) -> Figure:
    """Return the probability of each range, with the reading, its interval and the training mean, on a mmHg axis."""
    figure, above, below = stack_panels(2.5, 1.0, 0.42, (0.06, 0.06, 0.2, 0.4))
    _draw_pressure(above, "Systolic", systolic)
    _draw_pressure(below, "Diastolic", diastolic)
    add_legend(figure, above, columns=3)
    return figure


def draw_windows(windows: Sequence[WindowEstimate]) -> Figure:
    """Return pressures with intervals and the heart rate of each window over time; refused windows are hatched."""
    figure, pressures, rates = stack_panels(3.3, 1.6, 0.38, (0.42, 0.1, 0.26, 0.4), share_x=True)
    for window in windows:
        span = (window.start_s, window.end_s)
        if window.reasons:
            for axes in (pressures, rates):
                axes.axvspan(*span, facecolor="none", edgecolor=GREY, alpha=0.5, hatch="///", linewidth=0)
        for pressure, colour in ((window.systolic, ORANGE), (window.diastolic, BLUE)):
            if pressure is not None:
                low, high = pressure.interval
                pressures.fill_between(span, [low] * 2, [high] * 2, color=colour, alpha=0.15, linewidth=0)
                pressures.plot(span, [pressure.value] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        if window.heart_rate is not None:
            rates.plot(span, [window.heart_rate.value] * 2, color=INK, linewidth=2.2, solid_capstyle="butt")
    label_axes(pressures, "Systolic, diastolic and intervals, mmHg", "")
    label_axes(rates, "Heart rate, beats a minute", "seconds (hatched: no reading)")
    pressures.set_xlim(windows[0].start_s, windows[-1].end_s)
    rates.margins(y=0.4)
    # A steady heart must not look like a wild one.
    low, high = rates.get_ylim()
    rates.set_ylim(min(low, (low + high - _RATE_SPAN_BPM) / 2), max(high, (low + high + _RATE_SPAN_BPM) / 2))
    return figure


def _draw_pressure(axes: Axes, name: str, pressure: PressureEstimate) -> None:
    """Draw bars as wide as their ranges, and the interval and the reading above them."""
    plain_axes(axes)
    tallest = max(0.01, *(part.probability for part in pressure.ranges))
    for part in pressure.ranges:
        centre = (part.low + part.high) / 2
        # Light bars have an outline: their fill alone is too faint for some eyes.
        axes.bar(
            centre, part.probability, width=(part.high - part.low) - 0.8, edgecolor=BLUE,
            color=BLUE if part.probability == tallest else LIGHT_BLUE, linewidth=0.7,
        )  # fmt: skip
        axes.text(
            centre, part.probability + 0.03 * tallest, f"{100 * part.probability:.0f} %",
            ha="center", va="bottom", fontsize=SMALL_PT, color=INK,
        )  # fmt: skip
    lane = 1.55 * tallest  # above the bars and their labels
    (low, high), coverage = pressure.interval, 100 * pressure.coverage
    axes.plot((low, high), [lane] * 2, color=ORANGE, linewidth=5, alpha=0.45, solid_capstyle="butt",
              label=f"{coverage:.0f} % interval")  # fmt: skip
    axes.plot([pressure.value], [lane], "o", color=ORANGE, markersize=7, label="reading")
    mean = pressure.baseline.value
    axes.vlines(mean, 1.42 * tallest, 1.74 * tallest, color=INK, linewidth=1.6, label="training mean")
    ticks = [*(part.low for part in pressure.ranges), pressure.ranges[-1].high]
    axes.set(ylim=(0, 1.76 * tallest), xlim=(min(*ticks, low) - 2, max(*ticks, high) + 2), yticks=[], xticks=ticks)
    title = f"{name}: {pressure.value:.0f} mmHg, interval {low:.0f} to {high:.0f}"
    axes.set_title(title, loc="left", fontsize=FONT_PT, color=INK, pad=3)
