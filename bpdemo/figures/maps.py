"""The spatial-temporal map."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bpdemo.figures.cells import region_title
from bpdemo.figures.style import (
    ENGLISH,
    GREY,
    INK,
    REGION_COLOURS,
    SMALL_PT,
    Canvas,
    Words,
    begin,
    plain_axes,
    size_in,
)
from bpdemo.stmap import CHANNELS, STMap

PANELS = ("T", *(channel for channel in CHANNELS if channel != "T"))  # from above; T first and largest
_ROW_LIMIT = 2.5  # a row's colours end at this many of its own standard deviations
_MAD_TO_SD = 1.4826
_HEIGHT_IN = 5.2


def draw_stmap(stmap: STMap, words: Words = ENGLISH, on: Canvas | None = None) -> Canvas:
    """Draw a map's four channels, T first and largest; entries that were not measured are grey.

    Args:
        stmap: of one window.
        words: in the figure.
        on: part of a larger figure.
    """
    canvas = begin(_HEIGHT_IN, on)
    width_in, height_in = size_in(canvas)
    grid = canvas.add_gridspec(
        4, 2, height_ratios=(3.3, 1, 1, 1), width_ratios=(1, 40), hspace=0.34, wspace=0.03,
        left=0.78 / width_in, right=1 - 0.06 / width_in, top=1 - 0.22 / height_in, bottom=0.62 / height_in,
    )  # fmt: skip
    picture = None
    for row, channel in enumerate(PANELS):
        axes = canvas.add_subplot(grid[row, 1])
        axes.set_label(f"channel {channel}")
        values = _rows_to_own_spread(stmap.values[CHANNELS.index(channel)], stmap.mask)
        start_s, end_s = stmap.time_s[0], 2 * stmap.time_s[-1] - stmap.time_s[-2]
        picture = axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap=_map_colours(),
            vmin=-_ROW_LIMIT, vmax=_ROW_LIMIT, extent=(start_s, end_s, len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_yticks([])
        axes.set_title(words[f"channel_{channel}"], loc="left", fontsize=SMALL_PT, color=INK, pad=3)
        axes.tick_params(labelbottom=row == len(PANELS) - 1)
        if row == len(PANELS) - 1:
            axes.set_xlabel(words["seconds"], fontsize=SMALL_PT, color=INK, labelpad=1)
        _draw_region_bands(canvas.add_subplot(grid[row, 0]), stmap.regions, words if row == 0 else None)
        for edge in _region_edges(stmap.regions)[1:-1]:
            axes.axhline(edge, color="white", linewidth=0.8)
    bar_axes = canvas.add_axes((0.78 / width_in, 0.16 / height_in, 0.3, 0.065 / height_in))
    bar = canvas.colorbar(picture, cax=bar_axes, orientation="horizontal")
    bar.set_ticks([-_ROW_LIMIT, 0, _ROW_LIMIT], labels=[words["low"], words["row_mean"], words["high"]])
    bar.ax.tick_params(labelsize=SMALL_PT - 0.5, colors=INK, length=0, pad=2)
    bar.outline.set_visible(False)
    swatch = Rectangle((0.62, 0.15 / height_in), 0.035, 0.085 / height_in, facecolor=GREY, alpha=0.45)
    swatch.set_transform(canvas.transSubfigure)
    canvas.patches.append(swatch)
    canvas.text(
        0.67, 0.19 / height_in, words["not_measured"], fontsize=SMALL_PT - 0.5, color=INK, va="center",
        transform=canvas.transSubfigure,
    )  # fmt: skip
    return canvas


def channel_boxes(figure: Figure) -> dict[str, tuple[float, float, float, float]]:
    """Return where a map's channels lie in a figure of `draw_stmap`: left, top, width, height, as shares of it.

    Rows divide a box's height evenly, the first row at its top.
    """
    boxes = {}
    for channel in PANELS:
        axes = next(axes for axes in figure.axes if axes.get_label() == f"channel {channel}")
        left, bottom, width, height = axes.get_position().bounds
        boxes[channel] = (left, 1 - bottom - height, width, height)
    return boxes


def _map_colours() -> Colormap:
    """Return the map's colours: blue to red through white, which colour-blind eyes tell apart; grey if not measured."""
    return colormaps["RdBu_r"].with_extremes(bad=(0.54, 0.56, 0.6, 0.45))


def _rows_to_own_spread(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a channel [cells, columns] with each row centred and in units of its own spread; NaN where masked."""
    scaled = np.full(values.shape, np.nan)
    for row in np.flatnonzero(mask.any(axis=1)):
        there = mask[row]
        known = values[row, there]
        centre = np.median(known)
        scaled[row, there] = (known - centre) / max(_MAD_TO_SD * np.median(np.abs(known - centre)), 1e-9)
    return scaled


def _region_edges(regions: Sequence[str]) -> list[int]:
    """Return the rows at which regions begin, with 0 and the number of rows."""
    inner = [row for row in range(1, len(regions)) if regions[row] != regions[row - 1]]
    return [0, *inner, len(regions)]


def _draw_region_bands(axes: Axes, regions: Sequence[str], words: Words | None) -> None:
    """Draw the regions as coloured bands beside a map's rows, named in `words` where there are any."""
    edges = _region_edges(regions)
    for top, bottom in pairwise(edges):
        axes.axhspan(top + 0.06, bottom - 0.06, color=REGION_COLOURS[regions[top]], linewidth=0)
        if words is not None:
            axes.text(
                -0.6, (top + bottom) / 2, region_title(regions[top], words), transform=axes.get_yaxis_transform(),
                fontsize=SMALL_PT, color=INK, ha="right", va="center",
            )  # fmt: skip
    axes.set(ylim=(edges[-1], 0), xlim=(0, 1))
    axes.set_axis_off()
