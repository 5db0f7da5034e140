"""The one style of all figures, and what they are turned into."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bpdemo.regions import REGIONS

REGION_COLOURS = dict(zip(REGIONS, ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2"), strict=True))
INK = "#1c1d1f"
BLUE, LIGHT_BLUE, ORANGE, GREY = "#2b83ba", "#9ecae1", "#d55e00", "#8a8f98"
PNG_DPI = 220

WIDTH_IN = 4.2  # of the figures of papers and model cards
NARROW_IN = 3.7  # of a column of the report
WIDE_IN = 7.4  # of the report's page
FONT_PT = 9.0
SMALL_PT = 8.0


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure."""
    return Figure(figsize=(width_in, height_in))


def stack_panels(
    height_in: float, ratio: float, gap: float, margins: tuple[float, float, float, float], *, share_x: bool = False
) -> tuple[Figure, Axes, Axes]:
    """Return a figure of the page's width with two panels, one above the other.

    `ratio` is the upper panel's height over the lower one's; `gap` and `margins` (left, right, top, bottom) in inches.
    """
    figure = new_figure(height_in, NARROW_IN)
    left, right, top, bottom = margins
    panel = (height_in - top - bottom - gap) / 2
    above, below = figure.subplots(2, 1, sharex=share_x, height_ratios=(ratio, 1), gridspec_kw={"hspace": gap / panel})
    figure.subplots_adjust(
        left=left / NARROW_IN, right=1 - right / NARROW_IN, top=1 - top / height_in, bottom=bottom / height_in
    )
    return figure, above, below


def plain_axes(axes: Axes) -> None:
    """Give axes the common look: no frame but the lower line, ink from the page."""
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(GREY)
    axes.tick_params(labelsize=SMALL_PT, colors=INK, length=2.5, width=0.6, pad=2)
    axes.patch.set_alpha(0)


def label_axes(axes: Axes, title: str, below: str) -> None:
    """Give axes the common look, a title and an x label."""
    plain_axes(axes)
    axes.set_title(title, loc="left", fontsize=FONT_PT, color=INK, pad=5)
    axes.set_xlabel(below, fontsize=SMALL_PT, color=INK, labelpad=1)
    axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.5)


def add_legend(figure: Figure, axes: Axes, columns: int) -> None:
    """Put the legend of one panel along the lower edge of the figure."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", ncols=columns, fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.5, columnspacing=1.2, borderpad=0,
    )  # fmt: skip


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG on white, for papers and slides."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PNG_DPI, facecolor="white")
    return buffer.getvalue()
