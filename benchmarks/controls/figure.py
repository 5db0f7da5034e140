"""The picture of the thresholds: what each would let through and what it would refuse, on both halves."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.controls.counts import THRESHOLDS, Threshold, draw_curve
from benchmarks.controls.measure import Measured
from bpdemo.figures.style import BLUE, GREY, INK, ORANGE, SMALL_PT, label_axes, new_figure

_HEIGHT_IN = 6.8
_TICKS_PERCENT = (0, 1, 5, 20, 50, 100)
_HALVES = {"choice": {"linewidth": 1.1, "linestyle": (0, (3, 1.5))}, "test": {"linewidth": 1.9, "linestyle": "-"}}


def draw_controls(halves: dict[str, Sequence[Measured]]) -> Figure:
    """Draw the curve of every threshold; that of the probability is the largest.

    Args:
        halves: "choice" and "test" -> what was measured; one that is empty is left out.

    Returns:
        The figure, for a column as narrow as a phone.
    """
    figure = new_figure(_HEIGHT_IN)
    rows = figure.add_gridspec(
        3, 1, height_ratios=(1.7, 1, 1), hspace=0.42, left=0.115, right=0.975, top=0.9, bottom=0.05
    )
    _draw_panel(figure.add_subplot(rows[0]), THRESHOLDS[0], halves, "Share of clips, %")
    for row, pair in ((1, THRESHOLDS[1:3]), (2, THRESHOLDS[3:5])):
        columns = rows[row].subgridspec(1, 2, wspace=0.22)
        for column, threshold in enumerate(pair):
            _draw_panel(figure.add_subplot(columns[column]), threshold, halves, "")
    what = [
        Line2D([], [], color=ORANGE, linewidth=1.9, label="without a pulse, but read"),
        Line2D([], [], color=GREY, linewidth=1.9, label="the same, were this the only threshold"),
        Line2D([], [], color=BLUE, linewidth=1.9, label="good captures refused"),
    ]
    which = [Line2D([], [], color=INK, label=f"{name} half", **style) for name, style in _HALVES.items()]
    which.append(Line2D([], [], color=INK, linewidth=1.0, linestyle=":", label="threshold"))
    common = {"fontsize": SMALL_PT, "frameon": False, "labelcolor": INK, "borderpad": 0, "handlelength": 1.9}
    figure.legend(handles=what, loc="upper left", bbox_to_anchor=(0.02, 0.995), **common)
    figure.legend(handles=which, loc="upper right", bbox_to_anchor=(0.985, 0.995), **common)
    return figure


def _draw_panel(axes: Axes, threshold: Threshold, halves: dict[str, Sequence[Measured]], title: str) -> None:
    axes.set_yscale("function", functions=(_squeeze, _stretch))
    for name, style in _HALVES.items():
        if not halves.get(name):
            continue
        curve = draw_curve(halves[name], threshold)
        for share, colour in ((curve.read_alone, GREY), (curve.refused, BLUE), (curve.read, ORANGE)):
            axes.plot(threshold.grid, 100 * share, color=colour, **style)
    axes.axvline(threshold.value, color=INK, linewidth=1.0, linestyle=":")
    label_axes(axes, title, f"{threshold.title}, at {'least' if threshold.at_least else 'most'}")
    axes.set_xlim(threshold.grid[0], threshold.grid[-1])
    axes.locator_params(axis="x", nbins=5)
    axes.set_ylim(-0.05, 100)
    axes.set_yticks(_TICKS_PERCENT, [str(tick) for tick in _TICKS_PERCENT])
    axes.minorticks_off()


def _squeeze(percent: np.ndarray) -> np.ndarray:
    """Give small shares the room that matters: the root, odd below 0."""
    return np.sign(percent) * np.sqrt(np.abs(percent))


def _stretch(root: np.ndarray) -> np.ndarray:
    return np.sign(root) * np.square(root)
