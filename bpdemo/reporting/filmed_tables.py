"""Tables of filmed people: by level and group, and of a protocol; Markdown."""

from bpdemo.reporting import tables
from bpdemo.training.results import PRESSURES, ProtocolResults, Results
from bpdemo.training.scores import Scores


def levels_table(results: Results) -> str:
    """Return the figures of clips by window, clip and person, the spread of answers beside that of true pressures."""
    columns = (
        "pressure", "by", "n", "MAE", "training mean", "RMSE", "mean error ± SD", "r", "SD of answers", "SD of truth",
    )  # fmt: skip
    return tables.table(columns, [
        (
            pressure, level, scores[pressure].predictions, *_level(scores[pressure]),
            f"{scores[pressure].sd_answers:.1f}", f"{scores[pressure].sd_truth:.1f}",
        )
        for pressure in PRESSURES
        for level, scores in results.levels.items()
    ])  # fmt: skip


def groups_table(results: Results) -> str:
    """Return the figures of clips by what they have in common."""
    columns = (
        "by", "group", "people", "clips", "pressure", "MAE", "training mean", "RMSE", "mean error ± SD", "r",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for kind, groups in results.groups.items():
        for name, group in groups.items():
            start = (kind, name, group.people, group.clips)
            if group.figures is None:
                rows.append((*start, "", *(tables.TOO_FEW,) * 5))
            for pressure, each in (group.figures or {}).items():
                r = tables.TOO_FEW if each.r is None else f"{each.r:.2f}"
                rows.append((
                    *start, pressure, f"{each.mae:.1f}", f"{each.baseline_mae:.1f}", f"{each.rmse:.1f}",
                    f"{each.mean_error:+.1f} ± {each.sd_error:.1f}", r,
                ))  # fmt: skip
    return tables.table(columns, rows)


def protocol_table(protocol: ProtocolResults) -> str:
    """Return the figures of a protocol's test windows beside those that are published."""
    columns = ["whose", "people", "windows", "left out"]
    for pressure in PRESSURES:
        columns += [f"{pressure} MAE", "training mean", "RMSE", "mean error ± SD", "r"]
    rows: list[list[object]] = []
    for line in protocol.lines:
        row: list[object] = [f"**{protocol.model}**, {line.what}", line.people, line.windows, line.dropped]
        for pressure in PRESSURES:
            row += _level(line.scores[pressure]) if line.scores else [""] * 5
        rows.append(row)
    for each in protocol.published:
        row = [f"{each.whose} ({each.remark})", "", "", ""]
        for mae, rmse in (
            (each.systolic_mae, each.systolic_rmse),
            (each.diastolic_mae, each.diastolic_rmse),
        ):
            low, high = (f"{end:.4g}" for end in mae)
            row += [low if low == high else f"{low} to {high}", "", "" if rmse is None else f"{rmse:.4g}", "", ""]
        rows.append(row)
    return tables.table(columns, rows)


def _level(scores: Scores) -> list[object]:
    """MAE, the training mean's, RMSE, mean error and r."""
    spread = f"{scores.mean_error:+.1f} ± {scores.sd_error:.1f}"
    return [tables.mae(scores), f"{scores.baseline_mae:.1f}", f"{scores.rmse:.1f}", spread, tables.correlation(scores)]
