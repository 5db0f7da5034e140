"""The picture of `realism`: a real and a rendered map, their noise, their cells, and how good captures are."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from bpdemo.figures import (
    BLUE,
    GREY,
    INK,
    LIGHT_BLUE,
    ORANGE,
    REGION_COLOURS,
    SMALL_PT,
    label_axes,
    new_figure,
    plain_axes,
    region_title,
)
from bpdemo.stmap import CHANNELS, STMap
from experiments.realism import Statistics, nearest_quality

_HEIGHT_IN = 10.2
_VALUE_LIMIT = 2.5  # of the map's unit, where its colours end
_SPECTRUM_HZ = (0.7, 9.0)
_TICKS_HZ, _TICKS_PERCENT = (1, 2, 4, 8), (1, 3, 10, 30)
_REAL = "real clip"
_PANELS = ("T", "Y", "U", "V")
_MARKS = ("D", "o", "s", "^", "v", "P")  # of real clips
_QUALITY_COLOURS = (BLUE, "#009e73", "#cc79a7")
_CORRELATION_STEP = 0.1
_SCATTER = 0.28  # of rows, so that renderings do not lie on top of each other


def draw_realism(
    real: Mapping[str, Statistics],
    rendered: Mapping[str, Sequence[Statistics]],
    maps: Mapping[str, STMap],
) -> Figure:
    """Draw real beside rendered captures. Nobody's face is in it.

    Args:
        real: name of a clip -> its figures, at least one with a pulse; the first of these is drawn in full.
        rendered: quality -> its renderings; the one nearest to that clip is put beside it.
        maps: title -> map, what to show of T, one above the other: a real one and a rendered one.

    Returns:
        The figure, for a column as narrow as a phone.
    """
    clip = next(name for name, each in real.items() if each.has_pulse)
    quality = nearest_quality(real[clip], rendered)
    figure = new_figure(_HEIGHT_IN)
    rows = figure.add_gridspec(
        4, 1, height_ratios=(3.3, 2.7, 1.5, 1.9), hspace=0.3, left=0.13, right=0.975, top=0.975, bottom=0.082
    )
    _draw_maps(figure, rows[0].subgridspec(len(maps), 2, width_ratios=(1, 40), hspace=0.2, wspace=0.03), maps)
    grid = rows[1].subgridspec(2, 2, hspace=0.42, wspace=0.2)
    for number, channel in enumerate(_PANELS):
        axes = figure.add_subplot(grid[number // 2, number % 2])
        _draw_spectrum(axes, channel, real[clip], rendered[quality])
        if number < len(_PANELS) - 2:
            axes.set_xlabel("")
        if number == 0:
            axes.legend(
                handles=[
                    Line2D([], [], color=ORANGE, linewidth=1.6, label=_REAL),
                    Patch(color=LIGHT_BLUE, alpha=0.6, label=f"rendered, {quality}"),
                ],
                fontsize=SMALL_PT - 1, frameon=False, labelcolor=INK, loc="lower left", borderpad=0, handlelength=1.2,
            )  # fmt: skip
    _draw_correlations(figure.add_subplot(rows[2]), real[clip], rendered)
    strips = rows[3].subgridspec(1, 2, wspace=0.1)
    errors, ratios = (figure.add_subplot(strips[column]) for column in range(2))
    _draw_strip(errors, "beat_error_T", real, rendered)
    _draw_strip(ratios, "snr_db", real, rendered)
    label_axes(errors, "Error of the mean beat, T", "of its height")
    label_axes(ratios, "Pulse SNR", "dB")
    errors.set_xscale("log")
    errors.set_xticks([0.03, 0.05, 0.1], labels=["3 %", "5 %", "10 %"])
    errors.xaxis.set_minor_formatter(NullFormatter())
    ratios.set_yticklabels([])
    for axes in (errors, ratios):
        axes.tick_params(axis="y", length=0)
    _name_clips(figure, real)
    return figure


def _draw_maps(figure: Figure, grid: object, maps: Mapping[str, STMap]) -> None:
    """Draw T of some maps below each other, in one scale of colours, with the regions named."""
    colours = colormaps["RdBu_r"].with_extremes(bad=(0.54, 0.56, 0.6, 0.45))
    for number, (title, stmap) in enumerate(maps.items()):
        axes, bands = figure.add_subplot(grid[number, 1]), figure.add_subplot(grid[number, 0])
        values = stmap.values[CHANNELS.index("T")]
        picture = axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap=colours, vmin=-_VALUE_LIMIT,
            vmax=_VALUE_LIMIT, extent=(0, stmap.time_s[-1] - stmap.time_s[0], len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_yticks([])
        axes.set_title(title, loc="left", fontsize=SMALL_PT + 1, color=INK, pad=4)
        axes.tick_params(labelbottom=number == len(maps) - 1)
        top = 0
        for region, rows in groupby(stmap.regions):
            bottom = top + len(list(rows))
            bands.axhspan(top + 0.06, bottom - 0.06, color=REGION_COLOURS[region], linewidth=0)
            name = region_title(region).replace(" ", "\n")
            bands.text(-0.6, (top + bottom) / 2, name, fontsize=SMALL_PT - 1, color=INK, ha="right", va="center",
                       transform=bands.get_yaxis_transform(), linespacing=0.9)  # fmt: skip
            if top:
                axes.axhline(top, color="white", linewidth=0.8)
            top = bottom
        bands.set(ylim=(top, 0), xlim=(0, 1))
        bands.set_axis_off()
    axes.set_xlabel("seconds", fontsize=SMALL_PT, color=INK, labelpad=1)
    bar = figure.colorbar(picture, cax=axes.inset_axes((0.68, -0.2, 0.32, 0.045)), orientation="horizontal")
    bar.set_ticks([-_VALUE_LIMIT, 0, _VALUE_LIMIT])
    bar.ax.tick_params(labelsize=SMALL_PT - 1, colors=INK, length=0, pad=2)
    bar.outline.set_visible(False)


def _draw_spectrum(axes: Axes, channel: str, real: Statistics, rendered: Sequence[Statistics]) -> None:
    """Draw the noise of one channel of a clip over what eight in ten renderings have."""
    row = CHANNELS.index(channel)
    frequency = real.frequency_hz
    shown = (frequency >= _SPECTRUM_HZ[0]) & (frequency <= _SPECTRUM_HZ[1])
    low, middle, high = np.nanpercentile([each.noise[row, shown] for each in rendered], (10, 50, 90), axis=0)
    axes.fill_between(frequency[shown], low, high, color=LIGHT_BLUE, alpha=0.6, linewidth=0)
    axes.plot(frequency[shown], middle, color=BLUE, linewidth=0.9)
    axes.plot(frequency[shown], real.noise[row, shown], color=ORANGE, linewidth=1.6)
    label_axes(axes, f"Noise of {channel}, % / √Hz" if channel == _PANELS[0] else f"of {channel}", "Hz")
    axes.set(xscale="log", yscale="log", xlim=_SPECTRUM_HZ)
    axes.set_xticks(_TICKS_HZ, labels=[str(tick) for tick in _TICKS_HZ])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks([tick / 100 for tick in _TICKS_PERCENT], labels=[str(tick) for tick in _TICKS_PERCENT])
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_correlations(axes: Axes, real: Statistics, rendered: Mapping[str, Sequence[Statistics]]) -> None:
    """Draw how the correlations of two cells are spread, of a clip and of each quality's renderings together."""
    edges = np.arange(-0.3, 1 + _CORRELATION_STEP / 2, _CORRELATION_STEP)
    middles = (edges[1:] + edges[:-1]) / 2
    for colour, (quality, of) in zip(_QUALITY_COLOURS, rendered.items(), strict=False):
        pooled = np.concatenate([each.cell_correlations for each in of])
        axes.plot(middles, _shares(pooled, edges), color=colour, linewidth=1.2, label=quality)
    axes.plot(middles, _shares(real.cell_correlations, edges), color=ORANGE, linewidth=2, label=_REAL)
    label_axes(axes, "Correlation of two cells' T, % of pairs", "")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])  # room for the legend
    axes.legend(
        fontsize=SMALL_PT - 1, frameon=False, labelcolor=INK, borderpad=0, handlelength=1.2, loc="upper center",
        ncols=4, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return 100 * np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / len(values)


def _draw_strip(
    axes: Axes, name: str, real: Mapping[str, Statistics], rendered: Mapping[str, Sequence[Statistics]]
) -> None:
    """Draw one figure of all renderings, a row for each quality, and of the real clips in a row above."""
    rng = np.random.default_rng(0)
    for row, (colour, of) in enumerate(zip(_QUALITY_COLOURS, rendered.values(), strict=False), start=1):
        values = np.array([each.figures[name] for each in of])
        axes.plot(values, row + rng.uniform(-_SCATTER, _SCATTER, len(values)), "o", color=colour, markersize=2.6,
                  alpha=0.55, markeredgewidth=0)  # fmt: skip
        axes.plot(np.percentile(values, (10, 90)), [row, row], color=INK, linewidth=1.2)
        axes.plot(np.median(values), row, "|", color=INK, markersize=9, markeredgewidth=1.4)
    for mark, each in zip(_MARKS, real.values(), strict=False):
        if np.isfinite(each.figures[name]):
            axes.plot(each.figures[name], 0, mark, color=ORANGE, markersize=6, markerfacecolor=_filling(each))
    axes.set_yticks(range(len(rendered) + 1), ["real", *rendered])
    axes.set_ylim(len(rendered) + 0.5, -0.5)


def _filling(real: Statistics) -> str:
    """Hollow where there is no pulse."""
    return ORANGE if real.has_pulse else "white"


def _name_clips(figure: Figure, real: Mapping[str, Statistics]) -> None:
    handles = [
        Line2D(
            [], [], color=ORANGE, marker=mark, linestyle="", markersize=5.5, markerfacecolor=_filling(each),
            label=name.replace("_", " ") + ("" if each.has_pulse else ", no pulse"),
        )
        for mark, (name, each) in zip(_MARKS, real.items(), strict=False)
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="lower center", ncols=2, fontsize=SMALL_PT - 1, frameon=False, labelcolor=INK,
        handletextpad=0.2, columnspacing=1.2, borderpad=0.1,
    )  # fmt: skip
    for axes in figure.axes:
        axes.tick_params(which="minor", length=0)
        if axes.get_xscale() == "log":
            axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.5)
