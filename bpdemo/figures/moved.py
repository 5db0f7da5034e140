"""Which parts of the clip moved a reading."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bpdemo.estimate import MovedBy
from bpdemo.figures.style import BLUE, GREY, INK, NARROW_IN, ORANGE, SMALL_PT, add_legend, new_figure, plain_axes
from bpdemo.regions import region_title

_ROW_IN, _GAP_ROWS = 0.23, 0.6
_LEFT_IN, _TOP_IN, _BOTTOM_IN = 1.5, 0.05, 0.62
_LEAST_SPAN_MMHG = 2.0


def draw_moved(moved: Mapping[str, MovedBy]) -> Figure:
    """Return bars of what each region and each phase of the beat moved systolic and diastolic pressure by, mmHg.

    `moved` is by the pressure's name; all have the same parts.
    """
    first = next(iter(moved.values()))
    names = [*first.regions, *first.phases]
    rows = np.arange(len(names), dtype=float)
    rows[len(first.regions) :] += _GAP_ROWS
    height_in = _TOP_IN + _BOTTOM_IN + _ROW_IN * (rows[-1] + 1)
    figure = new_figure(height_in, NARROW_IN)
    axes = figure.subplots()
    figure.subplots_adjust(
        left=_LEFT_IN / NARROW_IN, right=0.97, top=1 - _TOP_IN / height_in, bottom=_BOTTOM_IN / height_in
    )
    for (name, parts), colour, shift in zip(moved.items(), (ORANGE, BLUE), (-0.2, 0.2), strict=False):
        lengths = list({**parts.regions, **parts.phases}.values())
        axes.barh(rows + shift, lengths, height=0.34, color=colour, linewidth=0, label=name)
    plain_axes(axes)
    axes.axvline(0, color=GREY, linewidth=0.8)
    # What hardly moves a reading must not look as if it did.
    span = max(_LEAST_SPAN_MMHG, *(abs(edge) for edge in axes.get_xlim()))
    axes.set(xlim=(-span, span), ylim=(rows[-1] + 0.5, -0.5))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.set_yticks(rows, [region_title(name) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("without it: mmHg lower or higher", fontsize=SMALL_PT, color=INK, labelpad=1)
    add_legend(figure, axes, columns=2)
    return figure
