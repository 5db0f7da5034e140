"""Pictures of the results file: what tables say, at a glance. Nothing in them is anybody's own pressure.

One style with `bpdemo.figures`: narrow enough for a phone, and in colours that colour-blind eyes tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bpdemo.figures import BLUE, GREY, INK, LIGHT_BLUE, ORANGE, SMALL_PT, label_axes, new_figure
from bpdemo.training.metrics import PRESSURES

_DPI = 200
_ENOUGH = 0.02  # share of all answers below which a bin gets no point: a handful says nothing
_TITLES = {"systolic": "Systolic", "diastolic": "Diastolic"}
_VARIANT_COLOURS = (ORANGE, BLUE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_VARIANT_MARKS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Picture:
    """One picture of the results.

    Attributes:
        name: of its file.
        alt: what it shows, for who cannot see it.
        caption: how it is to be read.
        draw: makes it.
    """

    name: str
    alt: str
    caption: str
    draw: Callable[[Mapping[str, Any]], Figure]


def pictures(results: Mapping[str, Any]) -> list[Picture]:
    """Return the pictures that some results hold enough for, in the order of the card.

    Args:
        results: of `evidence.gather`.
    """
    reference = results["qualities"][results["reference"]]
    at = f"at {results['reference']} quality"
    known = [
        Picture(
            "models.png",
            f"MAE of the network, of simpler models and of negative controls {at}, with 95 % intervals",
            "MAE with 95 % intervals over people. Dashed: always answering the training mean. Hollow: negative "
            "controls, which must fall to that line.",
            draw_models,
        ),
        Picture(
            "ranges.png",
            f"MAE by range of the true pressure {at}, the network beside the training mean",
            "Where the errors are: MAE by the range the cuff pressure lies in, and how many people are in it. The "
            "pooled MAE is mostly about the ranges in the middle.",
            draw_ranges_of_error,
        ),
        Picture(
            "bland_altman.png",
            f"Bland-Altman picture {at}: difference of answer and cuff against their mean",
            "Difference (answer - cuff) against the mean of both, answers counted in squares of 5 mmHg: nobody's own "
            "pressure is shown. Solid: bias; dashed: 95 % limits of agreement. A cloud that falls to the right is "
            "drawn to the middle.",
            draw_bland_altman,
        ),
        Picture(
            "intervals.png",
            "Coverage and half-width of the intervals by capture quality",
            "Share of cuff pressures inside the interval (with 95 % intervals over people) and its mean half-width. "
            "Dashed: what is promised.",
            draw_intervals,
        ),
    ]
    if not results["models"]:
        known.pop(0)
    if "reliability" in reference["systolic"]:
        known.insert(
            -1,
            Picture(
                "reliability.png",
                f"Reliability diagram of the range probabilities {at}",
                "Confidence in the likeliest range against how often it holds the cuff pressure; on the line, "
                "probabilities mean what they say. Points: bins with at least "
                "2 % of the answers; grey: how many answers are that confident.",
                draw_reliability,
            ),
        )
    if results.get("oversampling"):
        known.append(
            Picture(
                "oversampling.png",
                "MAE by range of the true pressure for each way of oversampling",
                "What oversampling does to each range, and so to the rare pressures.",
                draw_oversampling,
            )
        )
    return known


def draw_all(results: Mapping[str, Any], folder: str | Path) -> list[Picture]:
    """Draw all pictures that some results hold enough for; the same results give the same bytes.

    Args:
        results: of `evidence.gather`.
        folder: for the PNG files; made when it is not there.

    Returns:
        What was drawn.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pictures(results)
    for picture in drawn:
        figure = picture.draw(results)
        figure.savefig(folder / picture.name, dpi=_DPI, facecolor="white", metadata={"Software": None})
    return drawn


def draw_models(results: Mapping[str, Any]) -> Figure:
    """Draw the MAE of all models at the reference quality as dots with whiskers, one panel a pressure."""
    reference = results["reference"]
    rows = [("network", results["qualities"][reference], "network")]
    rows += [(name, of[reference], "model") for name, of in results["models"].items() if reference in of]
    rows += [(name, of[reference], "control") for name, of in results["controls"].items() if reference in of]
    # The baseline is the dashed line already, unless it is all there is.
    rows = [row for row in rows if row[2] == "network" or row[1]["systolic"]["gain"] != 0 or row[2] == "control"]
    figure = new_figure(0.75 + 0.27 * len(rows))
    panels = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.08})
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.365, right=0.975, top=1 - 0.3 / height, bottom=0.4 / height)
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        label_axes(axes, _TITLES[pressure], "MAE, mmHg")
        axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.5)
        axes.grid(visible=False, axis="y")
        axes.locator_params(axis="x", nbins=4, integer=True)
        axes.axvline(rows[0][1][pressure]["baseline_mae"], color=INK, linewidth=1, linestyle="--")
        for place, (_, of, kind) in enumerate(rows):
            colour = {"network": ORANGE, "model": BLUE, "control": GREY}[kind]
            axes.plot(of[pressure]["bootstrap"]["mae"], [place] * 2, color=colour, linewidth=1.8)
            axes.plot(
                of[pressure]["mae"], place, {"network": "D", "model": "o", "control": "o"}[kind], color=colour,
                markersize=5.5, markerfacecolor="white" if kind == "control" else colour,
            )  # fmt: skip
        axes.set_ylim(len(rows) - 0.4, -0.6)
    panels[0].set_yticks(range(len(rows)), [_short(name) for name, _, _ in rows], fontsize=SMALL_PT - 0.5)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
    return figure


def draw_ranges_of_error(results: Mapping[str, Any]) -> Figure:
    """Draw MAE by range, network beside training mean, one panel a pressure."""
    reference = results["qualities"][results["reference"]]
    figure = new_figure(4.6)
    panels = figure.subplots(2, 1, gridspec_kw={"hspace": 0.62})
    figure.subplots_adjust(left=0.1, right=0.98, top=0.94, bottom=0.17)
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        ranges = reference[pressure]["ranges"]
        label_axes(axes, f"{_TITLES[pressure]}: MAE, mmHg", "cuff pressure, mmHg (people)")
        for place, row in enumerate(ranges):
            for side, key, colour in ((-0.2, "mae", ORANGE), (0.2, "baseline_mae", LIGHT_BLUE)):
                if row[key] is not None:
                    axes.bar(place + side, row[key], width=0.38, color=colour)
                    axes.text(
                        place + side, row[key], f"{row[key]:.0f}", ha="center", va="bottom", fontsize=SMALL_PT - 1.5,
                        color=INK,
                    )  # fmt: skip
        _name_ranges(axes, ranges)
        axes.margins(y=0.12)
    _legend(figure, (("network", ORANGE), ("always the training mean", LIGHT_BLUE)))
    return figure


def draw_bland_altman(results: Mapping[str, Any]) -> Figure:
    """Draw counts of answers by mean and difference, with bias and limits of agreement, one panel a pressure."""
    reference = results["qualities"][results["reference"]]
    figure = new_figure(5.6)
    panels = figure.subplots(2, 1, gridspec_kw={"hspace": 0.42})
    figure.subplots_adjust(left=0.12, right=0.93, top=0.95, bottom=0.08)
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        agreement = reference[pressure]["bland_altman"]
        label_axes(axes, f"{_TITLES[pressure]}: answer - cuff, mmHg", "mean of answer and cuff, mmHg")
        bins = agreement["bins"]
        counts = np.array(bins["counts"])
        rows, columns = counts.shape
        left, low, size = bins["mean"], bins["difference"], bins["size"]
        picture = axes.imshow(
            np.ma.masked_equal(counts, 0), origin="lower", aspect="auto", interpolation="none", cmap=_counts_colours(),
            extent=(left, left + size * columns, low, low + size * rows), norm=LogNorm(1, max(2, counts.max())),
        )  # fmt: skip
        lines = ((agreement["bias"], "-"), *((limit, "--") for limit in agreement["limits"]))
        for place, style in lines:
            axes.axhline(place, color=ORANGE, linewidth=1.4, linestyle=style)
            axes.annotate(
                f"{place:+.0f}", (1, place), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                textcoords="offset points", ha="right", fontsize=SMALL_PT, color=INK,
            )  # fmt: skip
        bar = figure.colorbar(picture, ax=axes, pad=0.015, fraction=0.04, aspect=25)
        bar.ax.tick_params(labelsize=SMALL_PT - 1, colors=INK, length=2, which="both")
        bar.ax.minorticks_off()
        ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000) if tick <= counts.max()]
        bar.set_ticks(ticks, labels=[str(tick) for tick in ticks])
        bar.set_label("answers", fontsize=SMALL_PT - 1, color=INK, labelpad=1)
        bar.outline.set_visible(False)
    return figure


def draw_reliability(results: Mapping[str, Any]) -> Figure:
    """Draw accuracy against confidence of the likeliest range, and how many answers have that confidence."""
    reference = results["qualities"][results["reference"]]
    figure = new_figure(2.9)
    grid = figure.add_gridspec(
        2, 2, height_ratios=(3, 1), hspace=0.12, wspace=0.2, left=0.11, right=0.97, top=0.91, bottom=0.14
    )
    for column, pressure in enumerate(PRESSURES):
        of = reference[pressure]
        above, below = figure.add_subplot(grid[0, column]), figure.add_subplot(grid[1, column])
        middles, size = [(row["from"] + row["to"]) / 2 for row in of["reliability"]], 0.092
        label_axes(above, f"{_TITLES[pressure]}: error {of['calibration_error']:.3f}", "")
        above.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--")
        above.bar(middles, [row["accuracy"] for row in of["reliability"]], width=size, color=LIGHT_BLUE)
        answers = sum(row["answers"] for row in of["reliability"])
        enough = [row for row in of["reliability"] if row["answers"] >= _ENOUGH * answers]
        above.plot(
            [row["confidence"] for row in enough], [row["accuracy"] for row in enough], "o-", color=ORANGE,
            markersize=4, linewidth=1.2,
        )  # fmt: skip
        above.set(xlim=(0, 1), ylim=(0, 1))
        above.set_xticks([0, 0.5, 1], labels=[])
        label_axes(below, "", "confidence")
        below.bar(middles, [row["answers"] for row in of["reliability"]], width=size, color=GREY)
        below.set(xlim=(0, 1))
        below.set_xticks([0, 0.5, 1], labels=["0", "0.5", "1"])
        most = max(row["answers"] for row in of["reliability"])
        below.set_yticks([most], labels=[str(most)])
        if column == 0:
            above.set_ylabel("accuracy", fontsize=SMALL_PT, color=INK, labelpad=2)
            below.set_ylabel("answers", fontsize=SMALL_PT, color=INK, labelpad=2)
    return figure


def draw_intervals(results: Mapping[str, Any]) -> Figure:
    """Draw coverage with its uncertainty, and half-width, by capture quality."""
    qualities = results["qualities"]
    figure = new_figure(2.6)
    coverage, width = figure.subplots(1, 2, gridspec_kw={"wspace": 0.25})
    figure.subplots_adjust(left=0.09, right=0.98, top=0.89, bottom=0.22)
    label_axes(coverage, "Coverage, %", "")
    label_axes(width, "Half-width, mmHg", "")
    coverage.axhline(100 * results["intervals"]["coverage"], color=INK, linewidth=1, linestyle="--")
    lowest = 100.0
    for side, pressure, colour, mark in ((-0.14, "systolic", ORANGE, "D"), (0.14, "diastolic", BLUE, "o")):
        for place, of in enumerate(qualities.values()):
            figures = of[pressure]
            ends = [100 * end for end in figures["bootstrap"]["coverage"]]
            lowest = min(lowest, *ends)
            coverage.plot([place + side] * 2, ends, color=colour, linewidth=1.8)
            coverage.plot(place + side, 100 * figures["coverage"], mark, color=colour, markersize=5)
            width.bar(place + side, figures["interval"], width=0.26, color=colour)
            width.text(
                place + side, figures["interval"], f"{figures['interval']:.0f}", ha="center", va="bottom",
                fontsize=SMALL_PT - 0.5, color=INK,
            )  # fmt: skip
    coverage.set_ylim(max(0, 5 * np.floor(min(lowest, 82) / 5)), 101)
    for axes in (coverage, width):
        axes.set_xticks(range(len(qualities)), list(qualities), fontsize=SMALL_PT)
        axes.set_xlim(-0.6, len(qualities) - 0.4)
    width.margins(y=0.12)
    _legend(figure, (("systolic", ORANGE), ("diastolic", BLUE)))
    return figure


def draw_oversampling(results: Mapping[str, Any]) -> Figure:
    """Draw MAE by range for each variant of oversampling."""
    variants = results["oversampling"]
    figure = new_figure(4.6)
    panels = figure.subplots(2, 1, gridspec_kw={"hspace": 0.62})
    bottom = 0.15 + 0.045 * ((len(variants) + 2) // 2)
    figure.subplots_adjust(left=0.1, right=0.98, top=0.94, bottom=bottom)
    marks = []
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        label_axes(axes, f"{_TITLES[pressure]}: MAE, mmHg", "cuff pressure, mmHg (people)")
        first = next(iter(variants.values()))[pressure]["ranges"]
        baseline = [row["baseline_mae"] for row in first]
        axes.plot(range(len(first)), _gaps(baseline), color=INK, linestyle="--", linewidth=1)
        for number, (_, of) in enumerate(variants.items()):
            axes.plot(
                range(len(first)), _gaps([row["mae"] for row in of[pressure]["ranges"]]),
                color=_VARIANT_COLOURS[number % 6], marker=_VARIANT_MARKS[number % 6], markersize=4.5, linewidth=1.1,
            )  # fmt: skip
        _name_ranges(axes, first)
        axes.set_ylim(0)
    marks = [
        Line2D([], [], color=_VARIANT_COLOURS[number % 6], marker=_VARIANT_MARKS[number % 6], label=name)
        for number, name in enumerate(variants)
    ]
    marks.append(Line2D([], [], color=INK, linestyle="--", linewidth=1, label="always the training mean"))
    figure.legend(
        handles=marks, loc="lower center", ncols=2, fontsize=SMALL_PT, frameon=False, labelcolor=INK, borderpad=0
    )
    return figure


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def _name_ranges(axes: Axes, ranges: Sequence[Mapping[str, Any]]) -> None:
    """Write ranges below the axes, and how many people are in each; the end ranges take all beyond."""
    last = len(ranges) - 1
    names = [
        f"<{row['to']:.0f}" if i == 0 else f"≥{row['from']:.0f}" if i == last else f"{row['from']:.0f}–{row['to']:.0f}"
        for i, row in enumerate(ranges)
    ]
    labels = [f"{name}\n({row['people']})" for name, row in zip(names, ranges, strict=True)]
    axes.set_xticks(range(len(ranges)), labels, fontsize=SMALL_PT - 0.5)
    axes.set_xlim(-0.6, last + 0.6)


def _legend(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    handles = [
        Line2D([], [], color=colour, marker="s", linestyle="", markersize=6, label=name) for name, colour in entries
    ]
    figure.legend(
        handles=handles, loc="lower center", ncols=len(entries), fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.2, borderpad=0.1,
    )  # fmt: skip


def _counts_colours() -> ListedColormap:
    """Light to dark blue: the more answers the darker, also in grey; one answer is still seen on white."""
    return ListedColormap(colormaps["Blues"](np.linspace(0.18, 1, 64)))


def _short(name: str) -> str:
    """Break a long name in two lines."""
    if len(name) <= 22:
        return name
    words = name.split(" ")
    half = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(name) / 2), default=1)
    return f"{' '.join(words[:half])}\n{' '.join(words[half:])}"
