"""The picture of `realism`: a real and a rendered map, their noise, and how good captures are."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecFromSubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from bpdemo.figures.style import BLUE, INK, LIGHT_BLUE, ORANGE, SMALL_PT, label_axes, new_figure, plain_axes
from bpdemo.stmap import CHANNELS, STMap
from experiments.realism import Statistics, nearest_quality

_VALUE_LIMIT = 2.5  # of the map's unit, where its colours end
_SPECTRUM_HZ = (0.7, 9.0)
_PANELS = ("T", "Y", "U", "V")
_MARKS = ("D", "o", "s", "^", "v", "P")  # of real clips
_QUALITY_COLOURS = (BLUE, "#009e73", "#cc79a7")
_SCATTER = 0.28  # of rows, so that renderings do not lie on top of each other


def draw_realism(
    real: Mapping[str, Statistics], rendered: Mapping[str, Sequence[Statistics]], maps: Mapping[str, STMap]
) -> Figure:
    """Return real beside rendered captures, in one figure.

    Args:
        real: name of a clip -> its figures, at least one with a pulse; the first of these is drawn in full.
        rendered: quality -> its renderings; the one nearest to that clip is put beside it.
        maps: title -> map, what to show of T: a real one and a rendered one.
    """
    clip = next(each for each in real.values() if each.has_pulse)
    quality = nearest_quality(clip, rendered)
    figure = new_figure(8.6)
    rows = figure.add_gridspec(
        3, 1, height_ratios=(3.3, 2.9, 1.9), hspace=0.26, left=0.13, right=0.975, top=0.975, bottom=0.1
    )
    _draw_maps(figure, rows[0].subgridspec(len(maps), 1, hspace=0.2), maps)
    spectra = rows[1].subgridspec(2, 2, hspace=0.42, wspace=0.2)
    for number, channel in enumerate(_PANELS):
        axes = figure.add_subplot(spectra[number // 2, number % 2])
        _draw_spectrum(axes, channel, clip, rendered[quality])
        if number == 0:
            axes.legend(
                [f"{quality} renderings", "their median", "real clip"], fontsize=SMALL_PT - 1.5,
                frameon=False, labelcolor=INK, loc="lower left", borderpad=0, handlelength=1.2,
            )  # fmt: skip
    strips = rows[2].subgridspec(1, 2, wspace=0.1)
    errors, ratios = (figure.add_subplot(strips[column]) for column in range(2))
    label_axes(errors, "Error of the mean beat, T", "of its height")
    label_axes(ratios, "Pulse SNR", "dB")
    _draw_strip(errors, "beat_error_T", real, rendered)
    _draw_strip(ratios, "snr_db", real, rendered)
    errors.set_xscale("log")
    errors.set_xticks([0.03, 0.05, 0.1], labels=["3 %", "5 %", "10 %"])
    errors.xaxis.set_minor_formatter(NullFormatter())
    ratios.set_yticklabels([])
    figure.legend(
        handles=[_mark(mark, each, name) for mark, (name, each) in zip(_MARKS, real.items(), strict=False)],
        loc="lower center", ncols=2, fontsize=SMALL_PT - 1, frameon=False, labelcolor=INK, handletextpad=0.2,
    )  # fmt: skip
    return figure


def _draw_maps(figure: Figure, grid: GridSpecFromSubplotSpec, maps: Mapping[str, STMap]) -> None:
    """Draw T of some maps below each other, in one scale of colours, with lines between regions."""
    for number, (title, stmap) in enumerate(maps.items()):
        axes = figure.add_subplot(grid[number, 0])
        values = stmap.values[CHANNELS.index("T")]
        axes.imshow(
            np.ma.masked_invalid(values), aspect="auto", interpolation="none", cmap="RdBu_r", vmin=-_VALUE_LIMIT,
            vmax=_VALUE_LIMIT, extent=(0, stmap.time_s[-1] - stmap.time_s[0], len(values), 0),
        )  # fmt: skip
        plain_axes(axes)
        axes.set_title(title, loc="left", fontsize=SMALL_PT + 1, color=INK, pad=4)
        axes.tick_params(labelbottom=number == len(maps) - 1)
        edges = [row for row in range(1, len(values)) if stmap.regions[row] != stmap.regions[row - 1]]
        for edge in edges:
            axes.axhline(edge, color="white", linewidth=0.8)
        middles = np.convolve([0, *edges, len(values)], (0.5, 0.5), "valid")
        names = list(dict.fromkeys(stmap.regions))
        axes.set_yticks(middles, [name.replace("_", "\n") for name in names], fontsize=SMALL_PT - 1.5, linespacing=0.8)
        axes.tick_params(axis="y", length=0)
    axes.set_xlabel("seconds", fontsize=SMALL_PT, color=INK, labelpad=1)


def _draw_spectrum(axes: Axes, channel: str, real: Statistics, rendered: Sequence[Statistics]) -> None:
    """Draw the noise of one channel of a clip over what eight in ten renderings have."""
    row, frequency = CHANNELS.index(channel), real.frequency_hz
    shown = (frequency >= _SPECTRUM_HZ[0]) & (frequency <= _SPECTRUM_HZ[1])
    low, middle, high = np.nanpercentile([each.noise[row, shown] for each in rendered], (10, 50, 90), axis=0)
    label_axes(axes, f"Noise of {channel}, % / √Hz" if channel == _PANELS[0] else f"of {channel}", "")
    axes.fill_between(frequency[shown], low, high, color=LIGHT_BLUE, alpha=0.6, linewidth=0)
    axes.plot(frequency[shown], middle, color=BLUE, linewidth=0.9)
    axes.plot(frequency[shown], real.noise[row, shown], color=ORANGE, linewidth=1.6)
    axes.set(xscale="log", yscale="log", xlim=_SPECTRUM_HZ, ylim=(0.0008, 0.6))
    axes.set_xticks((1, 2, 4, 8), labels=("1", "2", "4", "8 Hz"))
    axes.set_yticks((0.01, 0.03, 0.1, 0.3), labels=("1", "3", "10", "30"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="minor", length=0)


def _draw_strip(
    axes: Axes, name: str, real: Mapping[str, Statistics], rendered: Mapping[str, Sequence[Statistics]]
) -> None:
    """Draw one figure of all renderings, a row for each quality, and of the real clips in a row above."""
    rng = np.random.default_rng(0)
    for row, (colour, renderings) in enumerate(zip(_QUALITY_COLOURS, rendered.values(), strict=False), start=1):
        values = np.array([each.figures[name] for each in renderings])
        heights = row + rng.uniform(-_SCATTER, _SCATTER, len(values))
        axes.plot(values, heights, "o", color=colour, markersize=2.6, alpha=0.55, markeredgewidth=0)
        axes.plot(np.percentile(values, (10, 90)), [row, row], color=INK, linewidth=1.2)
        axes.plot(np.median(values), row, "|", color=INK, markersize=9, markeredgewidth=1.4)
    for mark, each in zip(_MARKS, real.values(), strict=False):
        if np.isfinite(each.figures[name]):
            marked = _mark(mark, each, "")
            marked.set_data([each.figures[name]], [0])
            axes.add_line(marked)
    axes.set_yticks(range(len(rendered) + 1), ["real", *rendered])
    axes.set_ylim(len(rendered) + 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _mark(mark: str, real: Statistics, name: str) -> Line2D:
    """The mark of a real clip, hollow where there is no pulse."""
    return Line2D(
        [], [], color=ORANGE, marker=mark, linestyle="", markersize=5.5,
        markerfacecolor=ORANGE if real.has_pulse else "white",
        label=name.replace("_", " ") + ("" if real.has_pulse else ", no pulse"),
    )  # fmt: skip
