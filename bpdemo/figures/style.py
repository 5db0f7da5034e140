"""The one style of all figures, and what they are turned into."""

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from bpdemo.regions import REGIONS

Canvas = Figure | SubFigure
Words = Mapping[str, str]

ENGLISH: Words = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
"""The words in the figures. Names in braces are filled in."""

REGION_COLOURS = dict(zip(REGIONS, ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2"), strict=True))
INK = "#1c1d1f"
BLUE, LIGHT_BLUE, ORANGE, GREY = "#2b83ba", "#9ecae1", "#d55e00", "#8a8f98"
PNG_DPI = 220

WIDTH_IN = 4.2  # of the figures of papers and model cards
NARROW_IN = 3.7  # of the page's own: at 8 pt, text is 10 px high on a phone 390 px wide
FONT_PT = 9.0
SMALL_PT = 8.0


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure of the common width."""
    return Figure(figsize=(width_in, height_in))


def begin(height_in: float, on: Canvas | None) -> Canvas:
    """Return what to draw on: the part of a figure that was given, or a figure of its own."""
    return new_figure(height_in, NARROW_IN) if on is None else on


def size_in(canvas: Canvas) -> tuple[float, float]:
    """Return width and height in inches."""
    width, height = canvas.bbox.size / canvas.dpi
    return float(width), float(height)


def stack_panels(
    canvas: Canvas, ratio: float, gap: float, margins: tuple[float, float, float, float], **options: Any
) -> tuple[Axes, Axes]:
    """Return two panels, one above the other.

    Args:
        canvas: to draw on.
        ratio: height of the upper panel over that of the lower one.
        gap: between them, inches, like the margins: what stands there has the same size on every canvas.
        margins: left, right, top and bottom, inches.
        options: of `subplots`.
    """
    width, height = size_in(canvas)
    left, right, top, bottom = margins
    panel = (height - top - bottom - gap) / 2
    above, below = canvas.subplots(2, 1, gridspec_kw={"height_ratios": (ratio, 1), "hspace": gap / panel}, **options)
    canvas.subplots_adjust(left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height)
    return above, below


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


def add_legend(canvas: Canvas, axes: Axes, columns: int) -> None:
    """Put the legend of one panel along the lower edge of the figure."""
    handles, labels = axes.get_legend_handles_labels()
    canvas.legend(
        handles, labels, loc="lower center", ncols=columns, fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.5, columnspacing=1.2, borderpad=0,
    )  # fmt: skip


def to_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element that takes its ink from the page.

    Args:
        figure: one of this package's.
        name: unique on the page; the ids inside begin with it, so that figures do not share them.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'((?: id="|href="#|url\(#))', rf"\1{name}-", svg)
    # Without a size of its own it fills the width it is given.
    svg = re.sub(r'<svg ([^>]*?)width="[^"]*"', r"<svg \1", svg, count=1)
    svg = re.sub(r'<svg ([^>]*?)height="[^"]*"', r"<svg \1", svg, count=1)
    return svg.replace(INK, "currentColor")


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG on white, for papers and slides."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=PNG_DPI, facecolor="white")
    return buffer.getvalue()
