"""Tables of the results file, in Markdown."""

from collections.abc import Iterator, Sequence

from bpdemo.training.results import PRESSURES, Agreement, ByQuality, NetworkScores, Results
from bpdemo.training.scores import Interval, Scores

TOO_FEW = "too few"
"""Stands for figures of fewer people than they need."""
VALUE_ALONE = "The network gives a value alone, without ranges."
"""Stands for what there is to say of range probabilities where there are none."""


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; floats are written with three significant digits."""

    def text(cell: object) -> str:
        return f"{cell:.3g}" if isinstance(cell, float) else str(cell).replace("|", "\\|").replace("\n", " ")

    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join(lines + [f"| {' | '.join(map(text, row))} |" for row in rows])


def share(value: float | None) -> str:
    """Return 0.9 as `90 %`; what is not known is empty."""
    return "" if value is None else f"{100 * value:.0f} %"


def number(value: float | None, digits: int = 1) -> str:
    """Return 0.94 as `0.9`; what is not known is empty."""
    return "" if value is None else f"{value:.{digits}f}"


def half_width(value: float | None) -> str:
    """Return half the width of an interval as `± 32.4`; what is not known is empty."""
    return "" if value is None else f"± {value:.1f}"


def mae(scores: Scores) -> str:
    """Return an MAE with its 95 % interval over people, as `14.1 [12.5, 15.8]`."""
    if scores.bootstrap is None:
        return f"{scores.mae:.1f} [{TOO_FEW}]"
    return f"{scores.mae:.1f} [{scores.bootstrap.mae[0]:.1f}, {scores.bootstrap.mae[1]:.1f}]"


def correlation(scores: Scores) -> str:
    """Return r with its 95 % interval over people; empty for the training mean itself, which has none."""
    if scores.mae == scores.baseline_mae:
        return ""
    if scores.r is None or scores.bootstrap is None:
        return TOO_FEW
    return f"{scores.r:.2f} [{scores.bootstrap.r[0]:.2f}, {scores.bootstrap.r[1]:.2f}]"


def slope(scores: Scores) -> str:
    """Return the calibration slope with its 95 % interval over people; empty for the training mean itself."""
    if scores.mae == scores.baseline_mae:
        return ""
    if scores.calibration_slope is None or scores.bootstrap is None:
        return TOO_FEW
    low, high = scores.bootstrap.calibration_slope
    return f"{scores.calibration_slope:.2f} [{low:.2f}, {high:.2f}]"


def signed(value: float, interval: Interval | None) -> str:
    """Return a difference of errors with its 95 % interval, as `+1.2 [+0.3, +2.1]`."""
    if interval is None:
        return f"{value:+.1f} [{TOO_FEW}]"
    return "{:+.1f} [{:+.1f}, {:+.1f}]".format(value, *interval)


def scores_at(models: dict[str, ByQuality], quality: str) -> dict[str, dict[str, Scores]]:
    """Return the scores of models at one capture quality, by name and pressure."""
    return {name: by_quality[quality] for name, by_quality in models.items() if quality in by_quality}


def figures_table(results: Results) -> str:
    """Return the figures of the network by pressure and capture quality."""
    columns = (
        "pressure", "capture", "MAE", "training mean", "r", "slope", "SD of readings / cuffs", "coverage", "interval",
    )  # fmt: skip
    return table(columns, [
        (
            pressure, quality, mae(each), f"{each.baseline_mae:.1f}", correlation(each), slope(each),
            f"{each.sd_answers:.1f} / {each.sd_truth:.1f}", share(each.coverage), half_width(each.interval),
        )
        for pressure, quality, each in _all_scores(results)
    ])  # fmt: skip


def ranges_table(results: Results, quality: str) -> str:
    """Return errors and coverage by range of the cuff pressure, at one quality."""
    columns = ("pressure", "range, mmHg", "people", "MAE", "training mean", "mean error", "coverage")
    rows: list[tuple[object, ...]] = []
    for pressure in PRESSURES:
        ranges = results.qualities[quality][pressure].ranges
        for place, row in enumerate(ranges):
            name = f"{row.low:.0f} to {row.high:.0f}"
            name = f"below {row.high:.0f}" if place == 0 else name
            name = f"{row.low:.0f} and above" if place == len(ranges) - 1 else name
            figures = (TOO_FEW,) * 4
            if row.mae is not None:
                figures = (
                    f"{row.mae:.1f}", f"{row.baseline_mae:.1f}", f"{row.mean_error:+.1f}", share(row.coverage)
                )  # fmt: skip
            rows.append((pressure, name, row.people, *figures))
    return table(columns, rows)


def controls_table(results: Results) -> str:
    """Return the negative controls at the reference quality, and whether they fall to the training mean."""
    columns = ("control", "pressure", "MAE", "training mean", "gain", "r", "falls to the training mean")
    return table(columns, [
        (
            results.title(name), pressure, f"{each.mae:.1f}", f"{each.baseline_mae:.1f}",
            signed(each.gain, each.bootstrap.gain if each.bootstrap else None), correlation(each),
            "yes" if each.falls else "**no**",
        )
        for name, by_pressure in scores_at(results.controls, results.reference).items()
        for pressure, each in by_pressure.items()
    ])  # fmt: skip


def agreement_table(results: Results) -> str:
    """Return Bland and Altman's figures and the verdicts of the standards, by pressure and quality."""
    columns = (
        "pressure", "capture", "mean error ± SD", "95 % limits of agreement", "slope of the difference",
        "answer per mmHg of cuff", "within 5 / 10 / 15", "ISO 81060-2 (AAMI)", "BHS", "IEEE 1708",
    )  # fmt: skip
    return table(columns, [
        (
            pressure, quality, f"{each.mean_error:+.1f} ± {each.sd_error:.1f}", *_spread(agreement), _within(each),
            "passed" if verdicts.aami else "not passed", verdicts.bhs, verdicts.ieee_1708,
        )
        for pressure, quality, each in _all_scores(results)
        for agreement, verdicts in [(each.bland_altman, each.verdicts)]
    ])  # fmt: skip


def probabilities_table(results: Results) -> str:
    """Return calibration error and accuracy of the ranges; without range probabilities, that there are none."""
    if not results.has_ranges:
        return VALUE_ALONE
    columns = (
        "pressure", "capture", "calibration error", "likeliest range is right", "always the commonest range",
        "right or one beside", "commonest or one beside",
    )  # fmt: skip
    return table(columns, [
        (
            pressure, quality, f"{each.calibration_error:.3f}", share(each.range_accuracy),
            share(each.commonest_range.accuracy), share(each.beside_accuracy),
            share(each.commonest_range.beside_accuracy),
        )
        for pressure, quality, each in _all_scores(results)
        if each.commonest_range is not None
    ])  # fmt: skip


def intervals_table(results: Results) -> str:
    """Return coverage and half-width of the intervals, and what the training mean would need for as much."""
    columns = ("pressure", "capture", "coverage", "half-width", "the same around the training mean")
    rows = []
    for pressure, quality, each in _all_scores(results):
        ends = each.bootstrap and each.bootstrap.coverage
        span = f" [{100 * ends[0]:.0f}, {100 * ends[1]:.0f}]" if ends else ""
        widths = half_width(each.interval), half_width(each.baseline_interval)
        rows.append((pressure, quality, share(each.coverage) + span, *widths))
    return table(columns, rows)


def repetitions_table(results: Results) -> str:
    """Return the figures of each repetition of the folds at the reference quality."""
    return table(("pressure", "split", "MAE", "training mean", "r", "r of each fold"), [
        (
            pressure, number, f"{each.mae:.1f}", f"{each.baseline_mae:.1f}", _two_digits(each.r),
            ", ".join(map(_two_digits, folds)),
        )
        for pressure, scores in results.network.items()
        for number, (each, folds) in enumerate(zip(scores.repetitions, scores.r_of_folds, strict=True), 1)
    ])  # fmt: skip


def other_data_table(results: Results) -> str:
    """Return the figures of the finished weights on other data sets, at the reference quality of each."""
    columns = ("data", "pressure", "MAE", "training mean", "own mean", "r", "slope", "mean error", "coverage")
    return table(columns, [
        (
            f"{name}, {scored.people} people{_seen(scored)}", pressure, mae(each), f"{each.baseline_mae:.1f}",
            f"{each.own_mean_mae:.1f}", correlation(each), slope(each), f"{each.mean_error:+.1f}", share(each.coverage),
        )
        for name, scored in results.other_data.items()
        for pressure, each in scored.network.items()
    ])  # fmt: skip


def _seen(scored: Results) -> str:
    return f" ({scored.seen_in_training} seen in training)" if scored.seen_in_training else ""


def _within(scores: Scores) -> str:
    """Shares of errors up to 5, 10 and 15 mmHg."""
    return " / ".join(f"{100 * part:.0f}" for part in scores.within.values()) + " %"


def _two_digits(value: float | None) -> str:
    return TOO_FEW if value is None else f"{value:.2f}"


def _spread(agreement: Agreement) -> tuple[str, str, str]:
    """Limits of agreement and both slopes."""
    if agreement.limits is None:
        return (TOO_FEW,) * 3
    return (
        "{:+.0f} to {:+.0f}".format(*agreement.limits), f"{agreement.slope:.2f}", f"{agreement.slope_on_truth:.2f}"
    )  # fmt: skip


def _all_scores(results: Results) -> Iterator[tuple[str, str, NetworkScores]]:
    """Pressure, capture quality and the network's figures."""
    for pressure in PRESSURES:
        for quality, by_pressure in results.qualities.items():
            yield pressure, quality, by_pressure[pressure]
