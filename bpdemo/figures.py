"""Pictures of every step: cells on the face, STMap, slices, pulse and spectrum, range probabilities, windows over time.

Figures are plain matplotlib `Figure` objects without pyplot's global state, so threads can draw at the same time. One
style for all: narrow enough to be read on a phone, transparent, one ink colour that `to_svg` leaves to the page (so
that text follows light and dark), and the colour-blind-safe palette of Okabe and Ito (2008) for the six regions.
Scaling rows to their own spread happens here and only here: it is for the eye, never for the network.
"""

import io
import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bpdemo.capture import Thumbnail
from bpdemo.estimate import PRESSURE_UNIT, HeartRate, PressureEstimate, WindowEstimate
from bpdemo.pulse import SNR_BAND_HZ, Pulse
from bpdemo.regions import CELLS, REGIONS
from bpdemo.slices import Slices, average_regions
from bpdemo.stmap import CHANNELS, STMap

REGION_COLOURS = dict(zip(REGIONS, ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2"), strict=True))
INK = "#1c1d1f"
BLUE, LIGHT_BLUE, ORANGE, GREY = "#2b83ba", "#9ecae1", "#d55e00", "#8a8f98"
FACES_SHOWN = 3
PNG_DPI = 220

WIDTH_IN = 4.2  # at 9 pt, text is about 10 px high on a phone 360 px wide
FONT_PT = 9.0
SMALL_PT = 8.0
_ROW_LIMIT = 2.5  # a row's colours end at this many of its own standard deviations
_MAD_TO_SD = 1.4826
_SPECTRUM_BPM = (30.0, 300.0)
_RATE_SPAN_BPM = 20.0


def region_title(region: str) -> str:
    """Return a region's name as people read it."""
    return region.replace("_", " ")


def draw_cells(thumbnails: Sequence[Thumbnail]) -> Figure:
    """Draw the skin cells on a few frames: the first, the middle and the last that show the face.

    Args:
        thumbnails: at least one; without a face in any of them the bare frames are drawn.
    """
    with_face = [thumbnail for thumbnail in thumbnails if thumbnail.landmarks is not None]
    shown = _spread(with_face or list(thumbnails), FACES_SHOWN)
    crops = [_face_square(thumbnail) for thumbnail in shown]
    ratios = [(right - left) / (bottom - top) for left, top, right, bottom in crops]
    height = min(2.2, WIDTH_IN / sum(ratios))
    bottom_in = 0.5 if with_face else 0.02
    figure_height = height + bottom_in + 0.02
    figure = new_figure(figure_height)
    for number, (thumbnail, crop) in enumerate(zip(shown, crops, strict=True)):
        width = ratios[number] / sum(ratios)
        axes = figure.add_axes(
            (sum(ratios[:number]) / sum(ratios), bottom_in / figure_height, width - 0.01, height / figure_height)
        )
        _draw_face(axes, thumbnail, crop)
    if with_face:
        _draw_region_legend(figure)
    return figure


def draw_stmap(stmap: STMap) -> Figure:
    """Draw a map's four channels, T first and largest; entries that were not measured are grey."""
    figure = new_figure(5.4)
    grid = figure.add_gridspec(
        5, 2, height_ratios=(3.3, 1, 1, 1, 0.1), width_ratios=(1, 40), hspace=0.34, wspace=0.03,
        left=0.2, right=0.985, top=0.955, bottom=0.1,
    )  # fmt: skip
    picture = None
    for row, channel in enumerate(("T", *(name for name in CHANNELS if name != "T"))):
        axes = figure.add_subplot(grid[row, 1])
        values = _rows_to_own_spread(stmap.values[CHANNELS.index(channel)], stmap.mask)
        start_s, end_s = stmap.time_s[0], 2 * stmap.time_s[-1] - stmap.time_s[-2]
        picture = axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap=_map_colours(),
            vmin=-_ROW_LIMIT, vmax=_ROW_LIMIT, extent=(start_s, end_s, len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_yticks([])
        axes.set_title(_CHANNEL_TITLES[channel], loc="left", fontsize=SMALL_PT, color=INK, pad=3)
        axes.tick_params(labelbottom=row == 3)
        if row == 3:
            axes.set_xlabel("seconds", fontsize=SMALL_PT, color=INK, labelpad=1)
        _draw_region_bands(figure.add_subplot(grid[row, 0]), stmap.regions, named=row == 0)
        for edge in _region_edges(stmap.regions)[1:-1]:
            axes.axhline(edge, color="white", linewidth=0.8)
    bar = figure.colorbar(picture, cax=figure.add_axes((0.2, 0.028, 0.3, 0.012)), orientation="horizontal")
    bar.set_ticks([-_ROW_LIMIT, 0, _ROW_LIMIT], labels=["low", "row's mean", "high"])
    bar.ax.tick_params(labelsize=SMALL_PT - 1, colors=INK, length=0, pad=2)
    bar.outline.set_visible(False)
    figure.patches.append(
        Rectangle((0.62, 0.026), 0.03, 0.015, transform=figure.transFigure, facecolor=GREY, alpha=0.45)
    )
    figure.text(0.665, 0.033, "not measured", fontsize=SMALL_PT - 1, color=INK, va="center")
    return figure


_CHANNEL_TITLES = {
    "T": "T - pulse projection (POS)",
    "Y": "Y - brightness",
    "U": "U - blue against brightness",
    "V": "V - red against brightness",
}


def draw_slices(slices: Slices, scale: float) -> Figure:
    """Draw the beats of T and Y as the network reads them: each slice thin, the mean of all thick.

    Args:
        slices: of one window.
        scale: of its map, `STMap.scale`.
    """
    figure = new_figure(3.4)
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1.6, 1), "hspace": 0.32})
    figure.subplots_adjust(left=0.13, right=0.97, top=0.925, bottom=0.19)
    *parts, whole = 100 * scale * average_regions(slices)
    for axes, channel in ((above, "T"), (below, "Y")):
        row = CHANNELS.index(channel)
        for number, part in enumerate(parts):
            label = None if number else f"a quarter of the {len(slices.rises_s)} beats"
            axes.plot(slices.time_s, part[row], color=ORANGE, linewidth=0.9, alpha=0.8, label=label)
        axes.plot(slices.time_s, whole[row], color=BLUE, linewidth=2.2, label="all of them")
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        label_axes(axes, f"{_CHANNEL_TITLES[channel]}, %", "")
    below.set_xlabel("seconds from the steepest rise", fontsize=SMALL_PT, color=INK, labelpad=1)
    below.set_xlim(slices.time_s[0], slices.time_s[-1])
    handles, labels = above.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", ncols=2, fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.5, columnspacing=1.6, borderpad=0,
    )  # fmt: skip
    return figure


def draw_pulse(pulse: Pulse, heart_rate: HeartRate | None) -> Figure:
    """Draw the pulse wave with its beats, and its spectrum with the heart rate and the harmonics.

    Args:
        pulse: of one window.
        heart_rate: what was found; None when the strongest change was not a pulse, and nothing is marked as one.
    """
    figure = new_figure(3.9)
    wave, spectrum = figure.subplots(2, 1, gridspec_kw={"height_ratios": (1, 1.05), "hspace": 0.72})
    figure.subplots_adjust(left=0.13, right=0.96, top=0.93, bottom=0.12)
    percent = 100 * pulse.wave
    wave.plot(pulse.time_s, percent, color=BLUE, linewidth=1.1)
    wave.set_xlim(pulse.time_s[0], pulse.time_s[-1])
    title = "Pulse wave, % of the skin's colour" if heart_rate else "Strongest change, not a pulse, %"
    label_axes(wave, title, "seconds")
    spectrum.plot(60 * pulse.frequency_hz, pulse.power, color=BLUE, linewidth=1.1)
    spectrum.set_xlim(*_SPECTRUM_BPM)
    low, high = (60 * edge for edge in SNR_BAND_HZ)
    inside = (60 * pulse.frequency_hz >= _SPECTRUM_BPM[0]) & (60 * pulse.frequency_hz <= _SPECTRUM_BPM[1])
    spectrum.set_ylim(0, 1.22 * max(pulse.power[inside].max(), 1e-9))
    spectrum.axvspan(low, high, color=GREY, alpha=0.12, linewidth=0)
    label_axes(spectrum, "Spectrum, power (grey: where the SNR is measured)", "beats a minute")
    spectrum.set_yticks([])
    if heart_rate:
        beats = pulse.beats_s[(pulse.beats_s >= pulse.time_s[0]) & (pulse.beats_s <= pulse.time_s[-1])]
        wave.plot(beats, np.interp(beats, pulse.time_s, percent), "v", color=ORANGE, markersize=4.5, label="beat")
        for number in range(1, 4):
            place = number * heart_rate.value
            if place >= _SPECTRUM_BPM[1] - 8:
                continue
            spectrum.axvline(place, color=ORANGE, linewidth=1.2, linestyle="-" if number == 1 else ":")
            text = f"{place:.1f} bpm" if number == 1 else f"{number} x"
            spectrum.annotate(
                text, (place, 1), xycoords=("data", "axes fraction"), xytext=(3, -2), textcoords="offset points",
                fontsize=SMALL_PT, color=INK, va="top",
            )  # fmt: skip
    return figure


def draw_ranges(systolic: PressureEstimate, diastolic: PressureEstimate) -> Figure:
    """Draw the probability of each range, with the reading, its interval and the training mean, on a mmHg axis."""
    figure = new_figure(3.1)
    above, below = figure.subplots(2, 1, gridspec_kw={"hspace": 0.68})
    figure.subplots_adjust(left=0.03, right=0.97, top=0.915, bottom=0.2)
    for axes, name, pressure in ((above, "Systolic", systolic), (below, "Diastolic", diastolic)):
        _draw_pressure(axes, name, pressure)
    below.set_xlabel(PRESSURE_UNIT, fontsize=SMALL_PT, color=INK, labelpad=1)
    handles, labels = above.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", ncols=3, fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.5, columnspacing=1.2, borderpad=0,
    )  # fmt: skip
    return figure


def draw_windows(windows: Sequence[WindowEstimate]) -> Figure:
    """Draw pressures with intervals and the heart rate of each window over time; refused windows are hatched."""
    figure = new_figure(3.4)
    pressures, rates = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (1.6, 1), "hspace": 0.35})
    figure.subplots_adjust(left=0.12, right=0.98, top=0.925, bottom=0.125)
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
    label_axes(pressures, f"Systolic (above) and diastolic with intervals, {PRESSURE_UNIT}", "")
    label_axes(rates, "Heart rate, beats a minute", "seconds (hatched: no reading)")
    pressures.set_xlim(windows[0].start_s, windows[-1].end_s)
    rates.margins(y=0.4)
    # A steady heart must not look like a wild one.
    low, high = rates.get_ylim()
    rates.set_ylim(min(low, (low + high) / 2 - _RATE_SPAN_BPM / 2), max(high, (low + high) / 2 + _RATE_SPAN_BPM / 2))
    return figure


def to_svg(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element that takes its ink from the page.

    Args:
        figure: one of this module's.
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


def new_figure(height_in: float) -> Figure:
    """Return an empty figure of the common width."""
    return Figure(figsize=(WIDTH_IN, height_in))


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


def _spread(items: list, count: int) -> list:
    """Return up to `count` items, evenly spread, first and last included."""
    places = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int))
    return [items[place] for place in places]


def _face_square(thumbnail: Thumbnail) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part to show: a square around the face, within the picture."""
    height, width = thumbnail.image.shape[:2]
    if thumbnail.landmarks is None:
        return 0, 0, width, height
    low, high = thumbnail.landmarks.min(axis=0), thumbnail.landmarks.max(axis=0)
    side = int(min(1.3 * float((high - low).max()), height, width))
    left, top = (
        int(np.clip((low[axis] + high[axis] - side) / 2, 0, room - side)) for axis, room in ((0, width), (1, height))
    )
    return left, top, left + side, top + side


def _draw_face(axes: Axes, thumbnail: Thumbnail, crop: tuple[int, int, int, int]) -> None:
    """Draw one frame with its cells and its time."""
    left, top, right, bottom = crop
    axes.imshow(thumbnail.image[top:bottom, left:right], interpolation="none", extent=(left, right, bottom, top))
    if thumbnail.landmarks is not None:
        outlines = [thumbnail.landmarks[cell.outline] for cell in CELLS]
        colours = [REGION_COLOURS[cell.region] for cell in CELLS]
        axes.add_collection(PolyCollection(outlines, facecolors=colours, edgecolors="none", alpha=0.38))
        axes.add_collection(PolyCollection(outlines, facecolors="none", edgecolors="white", linewidths=0.7))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    axes.text(
        0.03, 0.03, f"{thumbnail.time_s:.1f} s", transform=axes.transAxes, fontsize=SMALL_PT, color="white",
        bbox={"facecolor": "black", "alpha": 0.55, "linewidth": 0, "pad": 2},
    )  # fmt: skip


def _draw_region_legend(figure: Figure) -> None:
    """Draw the six regions' names and colours in two lines along the lower edge."""
    handles = [Rectangle((0, 0), 1, 1, facecolor=REGION_COLOURS[region], alpha=0.75) for region in REGIONS]
    figure.legend(
        handles, [region_title(region) for region in REGIONS], loc="lower center", ncols=3, fontsize=SMALL_PT,
        frameon=False, labelcolor=INK, handlelength=1.0, handleheight=0.8, columnspacing=1.6, borderpad=0.1,
    )  # fmt: skip


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


def _draw_region_bands(axes: Axes, regions: Sequence[str], *, named: bool) -> None:
    """Draw the regions as coloured bands beside a map's rows, with or without their names."""
    edges = _region_edges(regions)
    for top, bottom in pairwise(edges):
        axes.axhspan(top + 0.06, bottom - 0.06, color=REGION_COLOURS[regions[top]], linewidth=0)
        if named:
            axes.text(
                -0.6, (top + bottom) / 2, region_title(regions[top]), transform=axes.get_yaxis_transform(),
                fontsize=SMALL_PT, color=INK, ha="right", va="center",
            )  # fmt: skip
    axes.set(ylim=(edges[-1], 0), xlim=(0, 1))
    axes.set_axis_off()


def _draw_pressure(axes: Axes, name: str, pressure: PressureEstimate) -> None:
    """Draw one pressure: bars as wide as their ranges, the interval and the reading above them."""
    plain_axes(axes)
    probabilities = np.array([part.probability for part in pressure.ranges])
    tallest = max(float(probabilities.max()), 0.01)
    for part in pressure.ranges:
        axes.bar(
            (part.low + part.high) / 2, part.probability, width=(part.high - part.low) - 0.8,
            color=BLUE if part.probability == tallest else LIGHT_BLUE, alpha=0.9,
        )  # fmt: skip
        axes.text(
            (part.low + part.high) / 2, part.probability + 0.02 * tallest, f"{100 * part.probability:.0f} %",
            ha="center", va="bottom", fontsize=SMALL_PT, color=INK,
        )  # fmt: skip
    lane = 1.42 * tallest  # above the bars and their labels
    axes.plot(pressure.interval, [lane] * 2, color=ORANGE, linewidth=5, alpha=0.45, solid_capstyle="butt",
              label=f"{100 * pressure.coverage:.0f} % interval")  # fmt: skip
    axes.plot([pressure.value], [lane], "o", color=ORANGE, markersize=7, label="reading")
    axes.vlines(pressure.baseline.value, 1.31 * tallest, 1.6 * tallest, color=INK, linewidth=1.6, label="training mean")
    ends = [pressure.ranges[0].low, pressure.ranges[-1].high, *pressure.interval]
    axes.set(ylim=(0, 1.62 * tallest), xlim=(min(ends) - 2, max(ends) + 2), yticks=[])
    axes.set_xticks([part.low for part in pressure.ranges] + [pressure.ranges[-1].high])
    axes.set_title(
        f"{name}: {pressure.value:.0f} {PRESSURE_UNIT}, interval {pressure.interval[0]:.0f} to "
        f"{pressure.interval[1]:.0f}", loc="left", fontsize=FONT_PT, color=INK, pad=4,
    )  # fmt: skip
