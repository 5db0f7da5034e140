"""The spatial-temporal map."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from bpdemo.figures.style import GREY, INK, NARROW_IN, REGION_COLOURS, SMALL_PT, new_figure, plain_axes
from bpdemo.regions import region_title
from bpdemo.stmap import CHANNELS, STMap

PANELS = ("T", *(channel for channel in CHANNELS if channel != "T"))  # from above; T first and largest
_TITLES = {
    "T": "T - pulse projection (POS)",
    "Y": "Y - brightness",
    "U": "U - blue against brightness",
    "V": "V - red against brightness",
}
# Blue to red through white, which colour-blind eyes tell apart; grey where nothing was measured.
_COLOURS = colormaps["RdBu_r"].with_extremes(bad=(0.54, 0.56, 0.6, 0.45))
_ROW_LIMIT = 2.5  # a row's colours end at this many of its own standard deviations
_MAD_TO_SD = 1.4826
_HEIGHT_IN = 5.2
_LEFT = 0.78 / NARROW_IN  # where the map begins: left of it are the regions' names


def draw_stmap(stmap: STMap) -> Figure:
    """Return a picture of a map's four channels, T first and largest; entries that were not measured are grey."""
    figure = new_figure(_HEIGHT_IN, NARROW_IN)
    grid = figure.add_gridspec(
        4, 2, height_ratios=(3.3, 1, 1, 1), width_ratios=(1, 40), hspace=0.34, wspace=0.03,
        left=_LEFT, right=1 - 0.06 / NARROW_IN, top=1 - 0.22 / _HEIGHT_IN, bottom=0.62 / _HEIGHT_IN,
    )  # fmt: skip
    start_s, end_s = stmap.time_s[0], 2 * stmap.time_s[-1] - stmap.time_s[-2]
    for row, channel in enumerate(PANELS):
        is_last = row == len(PANELS) - 1
        axes = figure.add_subplot(grid[row, 1], label=f"channel {channel}")
        values = _rows_to_own_spread(stmap.values[CHANNELS.index(channel)], stmap.mask)
        picture = axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap=_COLOURS,
            vmin=-_ROW_LIMIT, vmax=_ROW_LIMIT, extent=(start_s, end_s, len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_yticks([])
        axes.set_title(_TITLES[channel], loc="left", fontsize=SMALL_PT, color=INK, pad=3)
        axes.tick_params(labelbottom=is_last)
        for edge in _region_edges(stmap.regions)[1:-1]:
            axes.axhline(edge, color="white", linewidth=0.8)
        _draw_region_bands(figure.add_subplot(grid[row, 0]), stmap.regions, with_names=row == 0)
    axes.set_xlabel("seconds", fontsize=SMALL_PT, color=INK, labelpad=1)
    _draw_key(figure, picture)
    return figure


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


def _draw_region_bands(axes: Axes, regions: Sequence[str], *, with_names: bool) -> None:
    """Draw the regions as coloured bands beside the rows."""
    edges = _region_edges(regions)
    for top, bottom in pairwise(edges):
        axes.axhspan(top + 0.06, bottom - 0.06, color=REGION_COLOURS[regions[top]], linewidth=0)
        if with_names:
            axes.text(
                -0.6, (top + bottom) / 2, region_title(regions[top]), transform=axes.get_yaxis_transform(),
                fontsize=SMALL_PT, color=INK, ha="right", va="center",
            )  # fmt: skip
    axes.set(ylim=(edges[-1], 0), xlim=(0, 1))
    axes.set_axis_off()


def _draw_key(figure: Figure, picture: AxesImage) -> None:
    """Draw the legend of the colours along the lower edge."""
    axes = figure.add_axes((_LEFT, 0.16 / _HEIGHT_IN, 0.3, 0.065 / _HEIGHT_IN))
    bar = figure.colorbar(picture, cax=axes, orientation="horizontal")
    bar.set_ticks([-_ROW_LIMIT, 0, _ROW_LIMIT], labels=["low", "row's mean", "high"])
    bar.ax.tick_params(labelsize=SMALL_PT - 0.5, colors=INK, length=0, pad=2)
    bar.outline.set_visible(False)
    swatch = Rectangle((0.62, 0.15 / _HEIGHT_IN), 0.035, 0.085 / _HEIGHT_IN, facecolor=GREY, alpha=0.45)
    figure.add_artist(swatch)
    figure.text(0.67, 0.19 / _HEIGHT_IN, "not measured", fontsize=SMALL_PT - 0.5, color=INK, va="center")
