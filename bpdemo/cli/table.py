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


HEAD = Row("clip", "verdict", "systolic, mmHg", "diastolic, mmHg", "heart rate, bpm", "reason or note")
_CAPTION = "Pressures in mmHg with their intervals, heart rate in bpm."


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


def clip_table(rows: list[Row], *, short: bool = False) -> Table:
    """Return rows drawn for a terminal, names and reasons wrapped; a line a clip and without reasons with `short`."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=_CAPTION, caption_justify="left")
    for name in HEAD[:-1] if short else HEAD:
        table.add_column(
            name.partition(",")[0],
            no_wrap=short or name not in (HEAD.clip, HEAD.reason),
            overflow="ellipsis" if short else "fold",
            justify="right" if name == HEAD.heart_rate else "left",
        )
    for row in rows:
        # Never as plain strings, in which Rich looks for markup: a file may be called anything.
        cells = [Text(row.clip), Text(row.verdict, _STYLES[row.verdict]), *map(Text, row[2:])]
        table.add_row(*cells[: len(table.columns)])
    return table


def plain_line(row: Row) -> str:
    """Return a row with tabs between its parts, as `cut`, `awk` and spreadsheets take it."""
    return "\t".join(row)


def _pressure(pressure: PressureEstimate | None) -> str:
    if pressure is None:
        return ""
    low, high = pressure.interval
    return f"{pressure.value:.0f} ({low:.0f} to {high:.0f})"
