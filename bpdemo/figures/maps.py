"""The spatial-temporal map."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from bpdemo.figures.shown import COLOURS, SHOWN_FLOOR, SHOWN_LIMITS, shown_map
from bpdemo.figures.style import GREY, INK, REGION_COLOURS, SMALL_PT, WIDE_IN, new_figure, plain_axes
from bpdemo.regions import region_title
from bpdemo.stmap import CHANNELS, STMap

PANELS = ("T", *(channel for channel in CHANNELS if channel != "T"))  # T first and largest, the others below it
_TITLES = {
    "T": "T - pulse projection (POS)",
    "Y": "Y - brightness",
    "U": "U - blue less Y",
    "V": "V - red less Y",
}
_COLOURS = COLOURS.with_extremes(bad=(0.54, 0.56, 0.6, 0.45))  # grey where nothing was measured
_HEIGHT_IN = 3.4
_LEFT = 0.82 / WIDE_IN  # where the map begins: left of it are the regions' names


def draw_stmap(stmap: STMap) -> Figure:
    """Return a picture of a map's four channels as `shown_map` has them, T largest; grey where not measured.

    Each channel's scale in % is the same for every clip.
    """
    figure = new_figure(_HEIGHT_IN, WIDE_IN)
    grid = figure.add_gridspec(
        2, 3, height_ratios=(2.6, 1), hspace=0.32, wspace=0.06,
        left=_LEFT, right=1 - 0.06 / WIDE_IN, top=1 - 0.22 / _HEIGHT_IN, bottom=0.68 / _HEIGHT_IN,
    )  # fmt: skip
    start_s, end_s = stmap.time_s[0], 2 * stmap.time_s[-1] - stmap.time_s[-2]
    filtered = shown_map(stmap).filtered
    edges = _region_edges(stmap.regions)
    for place, channel in zip((grid[0, :], *(grid[1, column] for column in range(3))), PANELS, strict=True):
        axes = figure.add_subplot(place, label=f"channel {channel}")
        values, limit = filtered[CHANNELS.index(channel)], SHOWN_LIMITS[channel]
        picture = axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap=_COLOURS,
            vmin=SHOWN_FLOOR * limit, vmax=limit, extent=(start_s, end_s, len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_yticks([])
        axes.set_title(f"{_TITLES[channel]}, up to {limit:g} %", loc="left", fontsize=SMALL_PT, color=INK, pad=3)
        if channel != "T":  # so that the panels' numbers do not meet
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, prune="upper"))
        for edge in edges[1:-1]:
            axes.axhline(edge, color="white", linewidth=0.8)
        if place.colspan.start == 0:
            _draw_region_bands(axes, stmap.regions, with_names=channel == "T")
        if channel == "T":
            _draw_key(figure, picture, limit)
    figure.axes[1 + PANELS.index("U")].set_xlabel(
        "seconds (shown: 0.7 to 4 Hz)", fontsize=SMALL_PT, color=INK, labelpad=1
    )
    return figure


def _region_edges(regions: Sequence[str]) -> list[int]:
    """Return the rows at which regions begin, with 0 and the number of rows."""
    inner = [row for row in range(1, len(regions)) if regions[row] != regions[row - 1]]
    return [0, *inner, len(regions)]


def _draw_region_bands(axes: Axes, regions: Sequence[str], *, with_names: bool) -> None:
    """Draw the regions as coloured bands left of the rows."""
    across = axes.get_yaxis_transform()
    width = 0.07 / WIDE_IN / axes.get_position().width
    for top, bottom in pairwise(_region_edges(regions)):
        band = Rectangle((-1.5 * width, top + 0.06), width, bottom - top - 0.12, transform=across, clip_on=False)
        band.set(facecolor=REGION_COLOURS[regions[top]], linewidth=0)
        axes.add_artist(band)
        if with_names:
            axes.text(
                -2 * width, (top + bottom) / 2, region_title(regions[top]), transform=across,
                fontsize=SMALL_PT, color=INK, ha="right", va="center",
            )  # fmt: skip


def _draw_key(figure: Figure, picture: AxesImage, limit: float) -> None:
    """Draw the legend of T's colours along the lower edge."""
    axes = figure.add_axes((_LEFT, 0.2 / _HEIGHT_IN, 0.2, 0.065 / _HEIGHT_IN))
    bar = figure.colorbar(picture, cax=axes, orientation="horizontal")
    bar.set_ticks([SHOWN_FLOOR * limit, 0, limit], labels=[f"{SHOWN_FLOOR * limit:.2g}", "0", f"+{limit:g} % (T)"])
    bar.ax.tick_params(labelsize=SMALL_PT - 0.5, colors=INK, length=0, pad=2)
    bar.outline.set_visible(False)
    swatch = Rectangle((0.8, 0.19 / _HEIGHT_IN), 0.02, 0.085 / _HEIGHT_IN, facecolor=GREY, alpha=0.45)
    figure.add_artist(swatch)
    figure.text(0.83, 0.23 / _HEIGHT_IN, "not measured", fontsize=SMALL_PT - 0.5, color=INK, va="center")
