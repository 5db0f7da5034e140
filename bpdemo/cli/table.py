"""Many clips as a table: drawn for a terminal, and plain lines with tabs for whatever else reads them."""

from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from bpdemo.errors import shown
from bpdemo.estimate import Estimate, PressureEstimate
from bpdemo.wording.verdict import main_reason, verdict

_STYLES = {"reading": "green", "pulse only": "yellow", "no reading": "yellow", "cannot be read": "red"}


class Row(NamedTuple):
    """One clip in words; pressures in mmHg with their intervals, the heart rate in bpm."""

    clip: str
    verdict: str
    systolic: str
    diastolic: str
    heart_rate: str
    reason: str


HEAD = Row("clip", "verdict", "systolic", "diastolic", "heart rate", "reason or note")


def make_row(estimate: Estimate) -> Row:
    """Return the row of a clip."""
    return Row(
        shown(estimate.clip),
        verdict(estimate),
        _pressure(estimate.systolic),
        _pressure(estimate.diastolic),
        f"{estimate.heart_rate.value:.0f}" if estimate.heart_rate else "",
        main_reason(estimate),
    )


def clip_table(rows: list[Row]) -> Table:
    """Return rows drawn for a terminal; names and sentences are wrapped where they are too long."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, wide in zip(HEAD, (True, False, False, False, False, True), strict=True):
        table.add_column(name, no_wrap=not wide, overflow="fold", justify="right" if name == "heart rate" else "left")
    for row in rows:
        # Never as plain strings, in which Rich looks for markup: a file may be called anything.
        table.add_row(Text(row.clip), Text(row.verdict, _STYLES[row.verdict]), *map(Text, row[2:]))
    return table


def plain_line(row: Row) -> str:
    """Return a row with tabs between its parts, as `cut`, `awk` and spreadsheets take it."""
    return "\t".join(row)


def _pressure(pressure: PressureEstimate | None) -> str:
    if pressure is None:
        return ""
    low, high = pressure.interval
    return f"{pressure.value:.0f} ({low:.0f} to {high:.0f})"
