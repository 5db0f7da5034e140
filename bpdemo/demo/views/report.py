"""A result on one page of paper: an A4 PDF with the same figures as the page."""

import io
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime

from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from bpdemo import figures
from bpdemo.demo.cuff import Adjusted, tell_limits, tell_offset
from bpdemo.demo.texts import Words
from bpdemo.demo.views.html import percent
from bpdemo.demo.views.result import tell_measured
from bpdemo.demo.views.steps import capture_rows
from bpdemo.estimate import Estimate
from bpdemo.figures import INK

PAGE_IN = (8.27, 11.69)  # A4
_MARGIN_IN = 0.55
_COLUMN_IN = 3.48
_BODY_IN = (2.95, 9.3)  # from the upper edge: where the figures are
_LEFT_IN = {"ranges": 2.5, "cells": 1.65, "pulse": 3.0}  # heights, where there is something to draw
_LINE, _BOLD_LINE, _SMALL_LINE = 112, 104, 130  # characters of text that fit the page's width
_QUIET = "#566173"
_BIG_PT, _TEXT_PT, _SMALL_PT = 25.0, 8.5, 7.5
_REASONS = 3
_CAPTURE_COLUMNS = 2


@dataclass(frozen=True)
class _Pen:
    """Writes at places given in inches from the upper left corner of a page."""

    page: Figure

    def write(self, x_in: float, y_in: float, text: str, size: float = _TEXT_PT, **style: object) -> None:
        width, height = PAGE_IN
        self.page.text(
            x_in / width, 1 - y_in / height, _plain(text), fontsize=size, **{"color": INK, "va": "top", **style}
        )

    def wrapped(self, x_in: float, y_in: float, text: str, length: int, **style: object) -> float:
        """Write text in lines of at most `length` characters; return where the next line would be."""
        for line in textwrap.wrap(text, length):
            self.write(x_in, y_in, line, **style)
            y_in += 1.35 * float(style.get("size", _TEXT_PT)) / 72
        return y_in


def make_report(
    estimate: Estimate,
    words: Words,
    evidence: str = "",
    adjusted: Adjusted | None = None,
    made: datetime | None = None,
) -> bytes | None:
    """Return the report as a PDF of one A4 page; None when the clip could not be opened: there is nothing to report.

    Args:
        estimate: a reading or a refusal.
        words: to say it in.
        evidence: what the weights' own figures say, in a sentence.
        adjusted: a reading as the user's own cuff reading moves it.
        made: when; None for now.
    """
    if estimate.capture is None:
        return None
    page = draw_report(estimate, words, evidence, adjusted, made)
    buffer = io.BytesIO()
    page.savefig(buffer, format="pdf", metadata={"Title": words("report.title"), "Creator": "bpdemo"})
    return buffer.getvalue()


def draw_report(
    estimate: Estimate,
    words: Words,
    evidence: str = "",
    adjusted: Adjusted | None = None,
    made: datetime | None = None,
) -> Figure:
    """Draw the report; arguments as for `make_report`."""
    page = Figure(figsize=PAGE_IN)
    pen = _Pen(page)
    _write_head(pen, estimate, words, made or datetime.now(UTC))
    if estimate.status == "reading":
        _write_values(pen, estimate, words, adjusted)
    else:
        _write_reasons(pen, estimate, words)
    _draw_body(page, estimate, words)
    _write_foot(pen, estimate, words, evidence)
    return page


def _write_head(pen: _Pen, estimate: Estimate, words: Words, made: datetime) -> None:
    pen.write(_MARGIN_IN, 0.5, words("report.title"), 15, weight="bold")
    made_at = words("report.made", time=made.astimezone(UTC).strftime("%Y-%m-%d %H:%M"))
    pen.write(PAGE_IN[0] - _MARGIN_IN, 0.55, made_at, ha="right", color=_QUIET)
    pen.write(_MARGIN_IN, 0.82, words("report.clip", name=_shortened(estimate.clip, 90)), color=_QUIET)
    width, height = PAGE_IN
    pen.page.patches.append(
        Rectangle(
            (_MARGIN_IN / width, 1 - 1.52 / height), 1 - 2 * _MARGIN_IN / width, 0.46 / height,
            transform=pen.page.transFigure, facecolor="#eef1f5", edgecolor="none",
        )
    )  # fmt: skip
    pen.wrapped(_MARGIN_IN + 0.1, 1.13, words.disclaimer, _BOLD_LINE, weight="bold", size=8.0)


def _write_values(pen: _Pen, estimate: Estimate, words: Words, adjusted: Adjusted | None) -> None:
    systolic, diastolic = estimate.systolic, estimate.diastolic
    interval = words(
        "report.interval",
        coverage=percent(systolic.coverage),
        systolic_low=systolic.interval[0],
        systolic_high=systolic.interval[1],
        diastolic_low=diastolic.interval[0],
        diastolic_high=diastolic.interval[1],
    )
    baseline_error = words(
        "report.baseline_error",
        systolic=systolic.baseline.mean_absolute_error,
        diastolic=diastolic.baseline.mean_absolute_error,
    )
    heart_rate = estimate.heart_rate
    columns = [(0.0, words("report.pressure"), f"{systolic.value:.0f} / {diastolic.value:.0f}", interval)]
    if heart_rate is not None:
        snr = words("glance.snr", snr=heart_rate.snr_db)
        columns.append((3.0, words("report.heart_rate"), f"{heart_rate.value:.1f}", snr))
    baseline = f"{systolic.baseline.value:.0f} / {diastolic.baseline.value:.0f}"
    columns.append((4.55, words("report.baseline"), baseline, baseline_error))
    for x_in, label, number, under in columns:
        x_in += _MARGIN_IN
        pen.write(x_in, 1.66, label, color=_QUIET)
        pen.write(x_in, 1.83, number, _BIG_PT, weight="bold")
        pen.write(x_in, 2.25, under, _SMALL_PT)
    if adjusted is not None and adjusted.plausible:
        told = f"{words('report.adjusted')}: {adjusted.systolic:.0f} / {adjusted.diastolic:.0f}"
        pen.write(_MARGIN_IN, 2.5, told, weight="bold")
        pen.write(_MARGIN_IN, 2.66, f"{tell_offset(adjusted, words)}. {tell_limits(adjusted, words)}")
    else:
        pen.wrapped(_MARGIN_IN, 2.5, words("glance.meaning"), _LINE)


def _write_reasons(pen: _Pen, estimate: Estimate, words: Words) -> None:
    pen.write(_MARGIN_IN, 1.68, words("glance.refused"), 15, weight="bold")
    y_in = 2.0
    for reason in (words.reason(reason) for reason in estimate.reasons[:_REASONS]):
        y_in = pen.wrapped(_MARGIN_IN, y_in, f"{reason.message} {reason.remedy}", _LINE)
    if len(estimate.reasons) > _REASONS:
        more = words("report.more_reasons", count=len(estimate.reasons) - _REASONS)
        y_in = pen.wrapped(_MARGIN_IN, y_in, more, _LINE)
    if len(estimate.reasons) == 1:  # there is room for the numbers behind it
        measured = " ".join(tell_measured(estimate, estimate.reasons[0].code, words))
        y_in = pen.wrapped(_MARGIN_IN, y_in + 0.03, measured, _SMALL_LINE, size=_SMALL_PT)
    if estimate.heart_rate is not None:
        rate, snr = estimate.heart_rate.value, words("glance.snr", snr=estimate.heart_rate.snr_db)
        pen.write(_MARGIN_IN, y_in + 0.05, f"{words('report.heart_rate')}: {rate:.1f} ({snr})")


def _draw_body(page: Figure, estimate: Estimate, words: Words) -> None:
    """Draw what there are data for: ranges, cells and pulse at the left, the map at the right."""
    width, height = PAGE_IN
    gap = width - 2 * _MARGIN_IN - 2 * _COLUMN_IN
    grid = page.add_gridspec(
        3, 5, width_ratios=(_MARGIN_IN, _COLUMN_IN, gap, _COLUMN_IN, _MARGIN_IN), wspace=0, hspace=0,
        height_ratios=(_BODY_IN[0], _BODY_IN[1] - _BODY_IN[0], height - _BODY_IN[1]),
    )  # fmt: skip
    window = estimate.best_window
    there = {
        "ranges": estimate.systolic is not None and estimate.diastolic is not None,
        "cells": bool(estimate.thumbnails),
        "pulse": window is not None and window.pulse is not None,
    }
    left = page.add_subfigure(grid[1, 1])
    for name, part in _stack(left, [name for name in _LEFT_IN if there[name]]).items():
        if name == "ranges":
            figures.draw_ranges(estimate.systolic, estimate.diastolic, words.figures, part)
        elif name == "cells":
            figures.draw_cells(estimate.thumbnails, words.figures, part)
        else:
            figures.draw_pulse(window.pulse, window.heart_rate, words.figures, part)
    if window is not None and window.stmap.mask.any():
        figures.draw_stmap(window.stmap, words.figures, page.add_subfigure(grid[1, 3]))


def _stack(column: SubFigure, names: list[str]) -> dict[str, SubFigure]:
    """Divide a column among figures, each as high as it is meant to be."""
    if not names:
        return {}
    total = _BODY_IN[1] - _BODY_IN[0]
    heights = [_LEFT_IN[name] for name in names]
    gap = max(total - sum(heights), 0.0) / len(names)
    ratios = [part for height in heights for part in (height, gap)]
    grid = column.add_gridspec(len(ratios), 1, height_ratios=ratios, hspace=0)
    return {name: column.add_subfigure(grid[2 * number, 0]) for number, name in enumerate(names)}


def _write_foot(pen: _Pen, estimate: Estimate, words: Words, evidence: str) -> None:
    """Write the capture report and where the weights come from."""
    y_in = _BODY_IN[1] + 0.15
    pen.write(_MARGIN_IN, y_in, words("report.capture"), weight="bold")
    rows = capture_rows(estimate.capture, words)
    lines = -(-len(rows) // _CAPTURE_COLUMNS)
    width_in = (PAGE_IN[0] - 2 * _MARGIN_IN) / _CAPTURE_COLUMNS
    for number, (title, text) in enumerate(rows):
        column, line = divmod(number, lines)
        x_in, row_in = _MARGIN_IN + column * width_in, y_in + 0.19 + 0.15 * line
        pen.write(x_in, row_in, _shortened(title, 28), _SMALL_PT, color=_QUIET)
        pen.write(x_in + 1.5, row_in, _shortened(text, 38), _SMALL_PT)
    y_in += 0.3 + 0.15 * lines
    weights = estimate.weights
    if weights is None:
        return
    provenance = weights["provenance"]
    row = words(
        "report.weights_row",
        name=weights["name"],
        version=weights["stmap_version"],
        date=provenance["date"],
        commit=str(provenance["commit"])[:12],
    )
    pen.write(_MARGIN_IN, y_in, f"{words('report.weights')}: {_shortened(row, 120)}", _SMALL_PT)
    pen.wrapped(_MARGIN_IN, y_in + 0.16, evidence, _SMALL_LINE, size=_SMALL_PT)


def _shortened(text: str, length: int) -> str:
    """Return text cut to a length, so that nobody's long file name runs over what stands beside it."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _plain(text: str) -> str:
    """Return text in which nothing is taken for a formula."""
    return text.replace("$", r"\$")
