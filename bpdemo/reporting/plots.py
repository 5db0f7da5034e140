"""Pictures of the results file. Nothing in them is anybody's own pressure.

One style with `bpdemo.figures`: narrow enough for a phone, in colours that colour-blind eyes tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bpdemo.figures.style import BLUE, GREY, INK, LIGHT_BLUE, ORANGE, SMALL_PT, label_axes, new_figure
from bpdemo.reporting.tables import scores_at
from bpdemo.training.results import PRESSURES, Results
from bpdemo.training.scores import RangeErrors, Scores

FOLDER = "evidence"
"""Of the pictures, beside the model card or the tables."""

_DPI = 200
_ENOUGH = 0.02  # share of all answers below which a bin gets no point: a handful says nothing
_TITLES = {"systolic": "Systolic", "diastolic": "Diastolic"}


@dataclass(frozen=True)
class Picture:
    """One picture of the results."""

    name: str  # of its file
    alt: str  # what it shows, for those who cannot see it
    caption: str  # how to read it
    draw: Callable[[Results], Figure]

    @property
    def markdown(self) -> str:
        """The picture with its caption, as the card and the tables show it, and as the page finds it there."""
        return f"![{self.alt}]({FOLDER}/{self.name})\n\n{self.caption}"


def pictures(results: Results) -> list[Picture]:
    """Return the pictures that some results hold enough for, in the order of the card."""
    at = f"at {results.reference} quality"
    hollow = " Hollow: negative controls, which must fall to that line." if results.controls else ""
    models = Picture(
        "models.png",
        f"MAE of the network{', of negative controls' if results.controls else ''} and of simpler models {at}",
        f"MAE with 95 % intervals over people. Dashed: always answering the training mean.{hollow}",
        draw_models,
    )
    ranges = Picture(
        "ranges.png",
        f"MAE by range of the cuff pressure {at}, the network beside the training mean",
        "MAE by the range the cuff pressure is in, and how many people are in it.",
        draw_ranges,
    )
    bland_altman = Picture(
        "bland_altman.png",
        f"Bland-Altman plot {at}: difference of answer and cuff against their mean",
        "Answer minus cuff against the mean of both, counted in squares of 5 mmHg. Solid: bias; dashed: 95 % limits of "
        "agreement. A cloud that falls to the right is drawn to the middle.",
        draw_bland_altman,
    )
    reliability = Picture(
        "reliability.png",
        f"Reliability diagram of the range probabilities {at}",
        "Confidence in the likeliest range against how often it holds the cuff pressure; on the line, probabilities "
        "mean what they say. Grey: how many answers are that confident.",
        draw_reliability,
    )
    return [
        *([models] if results.models else []),
        ranges,
        bland_altman,
        *([reliability] if results.has_ranges else []),
    ]


def draw_all(results: Results, folder: str | Path) -> list[Picture]:
    """Draw all pictures of some results as PNG files and return them; the same results give the same bytes.

    The folder is made when it is not there, and cleared of pictures that are none of these.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pictures(results)
    for picture in drawn:
        picture.draw(results).savefig(folder / picture.name, dpi=_DPI, facecolor="white", metadata={"Software": None})
    for stale in {path.name for path in folder.glob("*.png")} - {picture.name for picture in drawn}:
        (folder / stale).unlink()
    return drawn


def draw_models(results: Results) -> Figure:
    """Draw the MAE of all models at the reference quality as dots with whiskers, one panel a pressure."""
    network, models = results.network, scores_at(results.models, results.reference)
    # The baseline is the dashed line already.
    models = {name: each for name, each in models.items() if each["systolic"].gain != 0}
    rows: list[tuple[str, Mapping[str, Scores], str, str, str]] = [(results.model, network, "D", ORANGE, ORANGE)]

    def label(name: str) -> str:
        return results.title(name).replace(results.name, results.model, 1)  # of its pretraining the table tells

    rows += [(label(name), each, "o", BLUE, BLUE) for name, each in models.items()]
    controls = scores_at(results.controls, results.reference)
    rows += [(label(name), each, "o", GREY, "white") for name, each in controls.items()]
    figure = new_figure(0.75 + 0.27 * len(rows))
    panels = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.08})
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.365, right=0.975, top=1 - 0.3 / height, bottom=0.4 / height)
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        label_axes(axes, _TITLES[pressure], "MAE, mmHg")
        axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.5)
        axes.grid(visible=False, axis="y")
        axes.locator_params(axis="x", nbins=4, integer=True)
        axes.axvline(network[pressure].baseline_mae, color=INK, linewidth=1, linestyle="--")
        for place, (_, each, mark, colour, filling) in enumerate(rows):
            if bootstrap := each[pressure].bootstrap:
                axes.plot(bootstrap.mae, [place] * 2, color=colour, linewidth=1.8)
            axes.plot(each[pressure].mae, place, mark, color=colour, markersize=5.5, markerfacecolor=filling)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
    names = [name.replace(", ", ",\n", 1) if len(name) > 16 else name for name, *_ in rows]
    panels[0].set_yticks(range(len(rows)), names, fontsize=SMALL_PT - 0.5)
    return figure


def draw_ranges(results: Results) -> Figure:
    """Draw MAE by range, network beside training mean, one panel a pressure."""
    figure = new_figure(4.6)
    panels = figure.subplots(2, 1, gridspec_kw={"hspace": 0.62})
    figure.subplots_adjust(left=0.1, right=0.98, top=0.94, bottom=0.17)
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        ranges = results.network[pressure].ranges
        label_axes(axes, f"{_TITLES[pressure]}: MAE, mmHg", "cuff pressure, mmHg (people)")
        axes.set_axisbelow(True)
        for place, row in enumerate(ranges):
            for side, value, colour in ((-0.2, row.mae, ORANGE), (0.2, row.baseline_mae, LIGHT_BLUE)):
                if value is not None:
                    axes.bar(place + side, value, width=0.38, color=colour)
                    axes.text(
                        place + side,
                        value,
                        f"{value:.0f}",
                        ha="center",
                        va="bottom",
                        fontsize=SMALL_PT - 1.5,
                        color=INK,
                    )
        axes.set_xticks(range(len(ranges)), _range_names(ranges), fontsize=SMALL_PT - 0.5)
        axes.set_xlim(-0.6, len(ranges) - 0.4)
        axes.margins(y=0.12)
    handles = [
        Line2D([], [], color=colour, marker="s", linestyle="", markersize=6, label=name)
        for name, colour in ((results.model, ORANGE), ("always the training mean", LIGHT_BLUE))
    ]
    figure.legend(
        handles=handles, loc="lower center", ncols=2, fontsize=SMALL_PT, frameon=False, labelcolor=INK,
        handletextpad=0.2, borderpad=0.1,
    )  # fmt: skip
    return figure


def draw_bland_altman(results: Results) -> Figure:
    """Draw counts of answers by mean and difference, with bias and limits of agreement, one panel a pressure."""
    figure = new_figure(5.6)
    panels = figure.subplots(2, 1, gridspec_kw={"hspace": 0.42})
    figure.subplots_adjust(left=0.12, right=0.92, top=0.95, bottom=0.08)
    # Light to dark: the more answers the darker, in grey too; one answer still shows on white.
    colours = ListedColormap(colormaps["Blues"](np.linspace(0.18, 1, 64)))
    for axes, pressure in zip(panels, PRESSURES, strict=True):
        agreement = results.network[pressure].bland_altman
        label_axes(axes, f"{_TITLES[pressure]}: answer − cuff, mmHg", "mean of answer and cuff, mmHg")
        axes.set_axisbelow(True)
        bins, counts = agreement.bins, np.array(agreement.bins.counts)
        rows, columns = counts.shape
        right, top = bins.mean + bins.size * columns, bins.difference + bins.size * rows
        picture = axes.imshow(
            np.ma.masked_equal(counts, 0), origin="lower", aspect="auto", interpolation="none", cmap=colours,
            extent=(bins.mean, right, bins.difference, top), norm=LogNorm(1, max(2, counts.max())),
        )  # fmt: skip
        for place, style in ((agreement.bias, "-"), *((limit, "--") for limit in agreement.limits or ())):
            number = f"{place:+.0f}".replace("-", "−") if round(place) else "0"
            axes.axhline(place, color=ORANGE, linewidth=1.4, linestyle=style)
            axes.annotate(
                number, (1, place), xycoords=("axes fraction", "data"), xytext=(-2, 2),
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


def draw_reliability(results: Results) -> Figure:
    """Draw accuracy against confidence of the likeliest range, and how many answers have that confidence."""
    figure = new_figure(2.9)
    panels = figure.subplots(2, 2, sharex=True, gridspec_kw={"height_ratios": (3, 1), "hspace": 0.12, "wspace": 0.32})
    figure.subplots_adjust(left=0.15, right=0.97, top=0.91, bottom=0.14)
    for (above, below), pressure in zip(panels.T, PRESSURES, strict=True):
        bins = results.network[pressure].reliability
        answers = [each.answers for each in bins]
        middles = [(each.low + each.high) / 2 for each in bins]
        enough = [each for each in bins if each.answers >= _ENOUGH * sum(answers)]
        above.set_axisbelow(True)
        label_axes(above, f"{_TITLES[pressure]}: error {results.network[pressure].calibration_error:.3f}", "")
        above.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--")
        above.bar(
            [(each.low + each.high) / 2 for each in enough], [each.accuracy for each in enough], width=0.092,
            color=LIGHT_BLUE,
        )  # fmt: skip
        above.plot(
            [each.confidence for each in enough], [each.accuracy for each in enough], "o-", color=ORANGE, markersize=4,
            linewidth=1.2,
        )  # fmt: skip
        above.set(xlim=(0, 1), ylim=(0, 1))
        label_axes(below, "", "confidence")
        below.bar(middles, answers, width=0.092, color=GREY)
        below.set_xticks([0, 0.5, 1], labels=["0", "0.5", "1"])
        below.set_yticks([max(answers)], labels=[str(max(answers))])
    for axes, label in zip(panels[:, 0], ("accuracy", "answers"), strict=True):
        axes.set_ylabel(label, fontsize=SMALL_PT, color=INK, labelpad=2)
    return figure


def _range_names(ranges: Sequence[RangeErrors]) -> list[str]:
    """Ranges and how many people are in each; the first and the last take all beyond."""
    names = [f"{row.low:.0f}–{row.high:.0f}" for row in ranges]
    names[0], names[-1] = f"<{ranges[0].high:.0f}", f"≥{ranges[-1].low:.0f}"
    return [f"{name}\n({row.people})" for name, row in zip(names, ranges, strict=True)]
