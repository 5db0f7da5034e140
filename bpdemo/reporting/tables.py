"""Tables of the results file, in Markdown. Nothing in them is typed by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import NETWORK

Figures = Mapping[str, Any]


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats are written with three digits that count."""
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join(lines + [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows])


def share(value: float) -> str:
    """Return 0.9 as `90 %`."""
    return f"{100 * value:.0f} %"


def with_interval(of: Figures, name: str, digits: int = 1) -> str:
    """Return a figure with its 95 % interval over people, as `14.1 [12.5, 15.8]`."""
    low, high = of["bootstrap"][name]
    return f"{of[name]:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def figures_table(results: Figures) -> str:
    """Return the figures of the network by pressure and capture quality."""
    columns = (
        "pressure", "capture", "MAE", "training mean", "RMSE", "r", "mean error ± SD", "within 5 / 10 / 15",
        "coverage", "interval ±",
    )  # fmt: skip
    return table(columns, [
        (
            pressure, quality, with_interval(of, "mae"), f"{of['baseline_mae']:.1f}", f"{of['rmse']:.1f}",
            with_interval(of, "r", 2), f"{of['mean_error']:+.1f} ± {of['sd_error']:.1f}",
            " / ".join(f"{100 * part:.0f}" for part in of["within"].values()) + " %", share(of["coverage"]),
            f"{of['interval']:.0f}",
        )
        for pressure in PRESSURES
        for quality, figures in results["qualities"].items()
        for of in [figures[pressure]]
    ])  # fmt: skip


def ranges_table(results: Figures) -> str:
    """Return errors and coverage by range of the true pressure, at the reference quality."""
    columns = ("pressure", "range, mmHg", "people", "MAE", "training mean", "mean error", "coverage")
    rows = []
    for pressure in PRESSURES:
        ranges = reference(results)[pressure]["ranges"]
        for i, row in enumerate(ranges):
            name = f"{row['from']:.0f} to {row['to']:.0f}"
            name = f"below {row['to']:.0f}" if i == 0 else name
            name = f"{row['from']:.0f} and above" if i == len(ranges) - 1 else name
            told = row["mae"] is not None
            rows.append((
                pressure, name, row["people"],
                *((f"{row['mae']:.1f}", f"{row['baseline_mae']:.1f}", f"{row['mean_error']:+.1f}",
                   share(row["coverage"])) if told else ("too few",) * 4),
            ))  # fmt: skip
    return table(columns, rows)


def models_table(models: Figures, pressure: str, network: Figures | None = None, quality: str = "standard") -> str:
    """Return MAE with its interval and r of models, one row each.

    Args:
        models: name -> quality -> pressure -> figures.
        pressure: which.
        network: the network's own `qualities`, put first; then also how far it is ahead of each model.
        quality: at which the network and the others are put side by side person by person.
    """
    qualities = list(next(iter(models.values()), network or {}))
    columns = [pressure, *(f"{name}: MAE, r" for name in qualities)]
    if network:
        columns.append(f"network is nearer by ({quality})")
    rows = []
    for name, of in [*([(f"**{NETWORK}**", network)] if network else []), *models.items()]:
        cells = [_mae_and_r(of[one][pressure]) if one in of else "" for one in qualities]
        if network:
            beside = of.get(quality, {}).get(pressure, {}).get("network")
            cells.append(gain(beside) if beside else "")
        rows.append((name, *cells))
    return table(columns, rows)


def gain(beside: Figures) -> str:
    """Return how far the network is ahead of a model, as `+1.2 [0.3, 2.1]`."""
    low, high = beside["gain_interval"]
    return f"{beside['gain']:+.1f} [{low:+.1f}, {high:+.1f}]"


def controls_table(results: Figures) -> str:
    """Return the negative controls at the reference quality: gain over the training mean, r, and whether they fell."""
    columns = ("control", "pressure", "MAE", "training mean", "gain", "r", "falls to the training mean")
    return table(columns, [
        (
            name, pressure, f"{of['mae']:.1f}", f"{of['baseline_mae']:.1f}", with_interval(of, "gain"),
            with_interval(of, "r", 2), "yes" if fell(of) else "**no**",
        )
        for name, qualities in results["controls"].items()
        for pressure in PRESSURES
        for of in [qualities[results["reference"]][pressure]]
    ])  # fmt: skip


def fell(control: Figures) -> bool:
    """Return whether a control is not clearly better than the training mean: its gain's interval reaches 0."""
    return control["bootstrap"]["gain"][0] <= 0


def probabilities_table(results: Figures) -> str:
    """Return calibration error and accuracy of the ranges, by pressure and quality; empty without probabilities."""
    columns = (
        "pressure", "capture", "calibration error", "likeliest range is right", "always the commonest range",
        "right or one beside", "commonest or one beside",
    )  # fmt: skip
    rows = [
        (
            pressure, quality, f"{of['calibration_error']:.3f}", share(of["range_accuracy"]),
            share(of["commonest_range"]["accuracy"]), share(of["beside_accuracy"]),
            share(of["commonest_range"]["beside_accuracy"]),
        )
        for pressure in PRESSURES
        for quality, figures in results["qualities"].items()
        for of in [figures[pressure]]
        if "calibration_error" in of
    ]  # fmt: skip
    return table(columns, rows) if rows else ""


def intervals_table(results: Figures) -> str:
    """Return coverage and half-width by quality, and of the narrowest and widest thirds where widths differ."""
    columns = ("pressure", "capture", "answers", "coverage", "half-width", "MAE", "the same around the training mean")
    rows = []
    for pressure in PRESSURES:
        for quality, figures in results["qualities"].items():
            of = figures[pressure]
            constant = f"± {of['baseline_interval']:.1f}" if "baseline_interval" in of else ""
            rows.append((
                pressure, quality, "all", _percent_interval(of), f"± {of['interval']:.1f}", f"{of['mae']:.1f}", constant
            ))  # fmt: skip
            rows += [
                (pressure, quality, f"{third['which']} third", share(third["coverage"]), f"± {third['interval']:.1f}",
                 f"{third['mae']:.1f}", "")
                for third in of.get("by_width", [])
                if third["which"] != "middle" and quality == results["reference"]
            ]  # fmt: skip
    return table(columns, rows)


def agreement_table(results: Figures) -> str:
    """Return Bland and Altman's figures and the verdicts of the standards, by pressure and quality."""
    columns = (
        "pressure", "capture", "bias", "95 % limits of agreement", "slope of the difference", "answer per mmHg of cuff",
        "ISO 81060-2 (AAMI)", "BHS", "IEEE 1708",
    )  # fmt: skip
    return table(columns, [
        (
            pressure, quality, f"{agree['bias']:+.1f}", "{:+.0f} to {:+.0f}".format(*agree["limits"]),
            f"{agree['slope']:.2f}", f"{agree['slope_on_truth']:.2f}", "passed" if verdicts["aami"] else "not passed",
            verdicts["bhs"], verdicts["ieee_1708"],
        )
        for pressure in PRESSURES
        for quality, figures in results["qualities"].items()
        for agree, verdicts in [(figures[pressure]["bland_altman"], figures[pressure]["verdicts"])]
    ])  # fmt: skip


def repetitions_table(results: Figures) -> str:
    """Return each repetition of the folds at the reference quality: MAE, r, and r fold by fold."""
    columns = ("pressure", "split", "MAE", "r", "r of each fold")
    return table(columns, [
        (pressure, number + 1, f"{each['mae']:.1f}", f"{each['r']:.2f}", ", ".join(f"{r:.2f}" for r in folds))
        for pressure in PRESSURES
        for of in [reference(results)[pressure]]
        for number, (each, folds) in enumerate(zip(of["repetitions"], of["r_of_folds"], strict=True))
    ])  # fmt: skip


def variants_table(variants: Figures, with_ends: bool) -> str:
    """Return MAE and r of variants, and with `with_ends` the MAE of the lowest and the highest range."""
    columns = ["variant"]
    for pressure in PRESSURES:
        columns += [f"{pressure} MAE", "r"] + (["lowest range", "highest range"] if with_ends else [])
    calibrated = all("calibration_error" in of[pressure] for of in variants.values() for pressure in PRESSURES)
    columns += ["calibration errors"] if calibrated else []
    rows = []
    for name, of in variants.items():
        row = [name]
        for pressure in PRESSURES:
            row += [f"{of[pressure]['mae']:.2f}", f"{of[pressure]['r']:.2f}"]
            if with_ends:
                ends = [part["mae"] for part in (of[pressure]["ranges"][0], of[pressure]["ranges"][-1])]
                row += ["too few" if end is None else f"{end:.1f}" for end in ends]
        if calibrated:
            row.append(" / ".join(f"{of[pressure]['calibration_error']:.3f}" for pressure in PRESSURES))
        rows.append(row)
    return table(columns, rows)


def other_data_table(variants: Figures) -> str:
    """Return the figures of variants on one other data set, at each result's reference quality."""
    columns = ("variant", "pressure", "MAE", "training mean", "own mean", "r", "mean error", "coverage", "interval ±")
    return table(columns, [
        (
            name, pressure, f"{of['mae']:.1f}", f"{of['baseline_mae']:.1f}", f"{of['own_mean_mae']:.1f}",
            f"{of['r']:.2f}", f"{of['mean_error']:+.1f}", share(of["coverage"]), f"{of['interval']:.0f}",
        )
        for name, results in variants.items()
        for pressure in PRESSURES
        for of in [reference(results)[pressure]]
    ])  # fmt: skip


def across_table(of: Figures) -> str:
    """Return what was tried on one other data set (`across.score_attempts`), with a verdict for each pressure."""
    at = of["reference"]
    others = [quality for quality in of["rows"][0]["qualities"] if quality != at]
    columns = ["tried", "pressure", f"{at}: MAE", "r", "mean error", "nearer than as shipped by"]
    columns += [*(f"{quality}: MAE, r" for quality in others), "verdict"]
    rows = []
    for row in of["rows"]:
        for pressure in PRESSURES:
            figures = row["qualities"][at][pressure]
            others_said = [row["qualities"][quality][pressure] for quality in others]
            rows.append((
                row["what"], pressure, with_interval(figures, "mae"), with_interval(figures, "r", 2),
                f"{figures['mean_error']:+.1f}", gain(figures) if "gain" in figures else "",
                *(f"{one['mae']:.1f}, {one['r']:.2f}" for one in others_said),
                row["verdict"][pressure] if "verdict" in row else "by chance" if "gain" in figures else "",
            ))  # fmt: skip
    return table(columns, rows)


def tried_table(tried: Sequence[Figures]) -> str:
    """Return what was tried, in order."""
    columns = ("", "tried", "systolic MAE, r", "diastolic MAE, r", "verdict")

    def figures(of: Figures | None) -> str:
        return f"{of['mae']:.2f}, {of['r']:.2f}" if of else ""

    return table(columns, [
        (number + 1, one["what"], figures(one.get("systolic")), figures(one.get("diastolic")), one["verdict"])
        for number, one in enumerate(tried)
    ])  # fmt: skip


def reference(results: Figures) -> Figures:
    """Return the network's figures at the quality that is put first."""
    return results["qualities"][results["reference"]]


def _mae_and_r(of: Figures) -> str:
    return with_interval(of, "mae") + (f", {of['r']:.2f}" if of["gain"] != 0 else "")  # no r of the mean itself


def _percent_interval(of: Figures) -> str:
    low, high = of["bootstrap"]["coverage"]
    return f"{100 * of['coverage']:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def _cell(cell: object) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell).replace("|", "\\|").replace("\n", " ")
