"""Progress on stderr where that is a terminal, and nothing anywhere else."""

import sys

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bpdemo.cli.table import Row, clip_table
from bpdemo.errors import shown

_ROOM = 8  # lines of a terminal that the last rows leave to the bar and the head


class ReadingProgress:
    """A bar, below the rows so far if `with_rows`; it leaves nothing behind."""

    def __init__(self, clips: list[str], *, visible: bool, with_rows: bool = False) -> None:
        self._console = Console(stderr=True)
        self._rows: list[Row] | None = [] if with_rows else None
        one = len(clips) == 1
        columns = (TaskProgressColumn(),) if one else (MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(TextColumn("{task.description}", markup=False), BarColumn(), *columns)
        self._task = self._bar.add_task(shown(clips[0]) if one else "clips", total=1.0 if one else len(clips))
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            transient=True,
            redirect_stdout=False,  # what is printed is the result
            redirect_stderr=False,
        )
        self._visible = visible and sys.stderr.isatty()

    def start(self) -> None:
        """Show it from now on."""
        if self._visible:
            self._live.start(refresh=True)

    def stop(self) -> None:
        """Take it away; nothing where it is not shown."""
        self._live.stop()

    def report_share(self, share: float, _: str) -> None:
        """Take how much of a lone clip has been read, 0 to 1."""
        self._bar.update(self._task, completed=share)

    def add(self, row: Row) -> None:
        """Take the next of many clips."""
        if self._rows is not None:
            self._rows.append(row)
        self._bar.advance(self._task)

    def _render(self) -> Group | Progress:
        if not self._rows:
            return self._bar
        last = self._rows[-max(1, self._console.height - _ROOM) :]
        return Group(clip_table(last, short=True), self._bar)
