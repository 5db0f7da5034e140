"""What `bpdemo estimate` prints of its clips, as they come and in the end."""

import json
import shutil
import sys
import textwrap
from typing import Literal

from rich.console import Console

from bpdemo.cli.progress import ReadingProgress
from bpdemo.cli.summary import summary
from bpdemo.cli.table import HEAD, Row, clip_table, make_row, plain_line
from bpdemo.errors import shown
from bpdemo.estimate import DISCLAIMER, Estimate
from bpdemo.wording.verdict import refusal_lines, verdict

Kind = Literal["lines", "table", "json", "nothing"]


class Printer:
    """Prints estimates in one of four ways; a context that ends when the last one has come.

    A table is drawn for a terminal only. Elsewhere it is plain lines with tabs, each printed when its clip has been
    read: frames and wrapped cells would be in the way of whatever reads them.
    """

    def __init__(self, kind: Kind, clips: list[str]) -> None:
        self.any_error = False
        self._kind, self._many = kind, len(clips) > 1
        self._drawn = kind == "table" and sys.stdout.isatty()
        self._rows: list[Row] = []
        self._refusals: list[str] = []
        # A bar would break the lines that are printed meanwhile to the same terminal.
        lines_meanwhile = self._many and sys.stdout.isatty() and not self._drawn
        self.progress = ReadingProgress(clips, visible=not lines_meanwhile, with_rows=self._drawn)

    def __enter__(self) -> "Printer":
        self.progress.start()
        if self._kind == "table" and not self._drawn:
            print(plain_line(HEAD), flush=True)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.progress.stop()
        if kind is None and self._kind == "table":
            self._print_rest()

    def add(self, estimate: Estimate) -> None:
        """Take the next clip's estimate."""
        self.any_error |= estimate.status == "error"
        if not self._many:
            self.progress.stop()
        if self._kind == "json":
            all_letters = "utf" in (sys.stdout.encoding or "").lower()  # else JSON's own escapes
            print(json.dumps(estimate.to_dict(), ensure_ascii=not all_letters), flush=True)
        elif self._kind == "lines":
            _print(summary(estimate))
        row = make_row(estimate)
        self.progress.add(row)
        if self._drawn:
            self._rows.append(row)
        elif self._kind == "table":
            print(plain_line(row), flush=True)
        if self._kind == "table" and estimate.status != "reading":
            lines = (f"  {line}" for line in refusal_lines(estimate))
            self._refusals.append("\n".join((f"{shown(estimate.clip)}: {verdict(estimate)}", *lines)))

    def _print_rest(self) -> None:
        """Print the table where it is drawn, why there are refusals, and one disclaimer for all."""
        if self._drawn:
            Console().print(clip_table(self._rows))
        for text in (*self._refusals, DISCLAIMER):
            _print(f"\n{text}")


def _print(text: str) -> None:
    """Print lines of prose, which a terminal shall not break within a word."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(_wrap(line, width) for line in text.split("\n"))
    print(text, flush=True)


def _wrap(line: str, width: int) -> str:
    indent = len(line) - len(line.lstrip())
    hanging = " " * (indent + 2 if indent else 0)
    return textwrap.fill(line, max(width, 40), subsequent_indent=hanging, break_on_hyphens=False)
