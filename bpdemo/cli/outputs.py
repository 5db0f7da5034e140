"""The files that `bpdemo estimate` writes: a table of all clips, and each clip's report and figures."""

import sys
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from bpdemo.cli.options import needs_extra
from bpdemo.errors import BpdemoError

if TYPE_CHECKING:
    from bpdemo.estimate import Estimate
    from bpdemo.weights.config import WeightsConfig

STDOUT = "-"


class Outputs:
    """Opens what is to be written before the first clip is read, and writes each clip as it comes."""

    def __init__(self, table: str | None, report: Path | None, figures: Path | None, *, many: bool) -> None:
        """`table` is a CSV file or `-`, `report` a .pdf or a folder, `figures` a folder; `many` clips will come.

        Raises:
            BpdemoError: `library_missing`, or `options_conflict` for one PDF of many clips.
            OSError: something cannot be written.
        """
        is_file = report is not None and report.suffix.lower() == ".pdf"
        if is_file and many:
            raise BpdemoError("options_conflict", "One PDF cannot hold many clips.", "Name a folder for --report.")
        if report is not None or figures is not None:
            with needs_extra("demo"):
                import bpdemo.export.figures
                import bpdemo.export.report  # noqa: F401
        self._report, self._report_is_file, self._figures = report, is_file, figures
        for folder in (report.parent if report is not None and is_file else report, figures):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
        self._names: set[str] = set()
        self._file: IO[str] | None = None
        if table is not None:
            from bpdemo.export.rows import table_writer

            self._file = sys.stdout
            if table != STDOUT:
                self._file = Path(table).open("w", encoding="utf-8", newline="")  # noqa: SIM115 - closed in __exit__
            self._rows = table_writer(self._file)

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self._file is not sys.stdout:
            self._file.close()

    def add(self, estimate: "Estimate", config: "WeightsConfig | None") -> None:
        """Write what is wanted of a clip; of one that could not be opened its row alone. `config` is the weights'."""
        if self._file is not None:
            from bpdemo.export.rows import summary_row

            self._rows.writerow(summary_row(estimate))
            self._file.flush()
        if estimate.capture is None or config is None or (self._report is None and self._figures is None):
            return
        from bpdemo.export.figures import draw_figures
        from bpdemo.export.report import make_report
        from bpdemo.figures import to_png

        name, drawn = self._name(estimate), draw_figures(estimate)
        if self._figures is not None:
            (self._figures / name).mkdir(exist_ok=True)
            for title, figure in drawn.items():
                (self._figures / name / f"{title}.png").write_bytes(to_png(figure))
        if self._report is not None and (pdf := make_report(estimate, config, drawn)) is not None:
            file = self._report if self._report_is_file else self._report / f"{name}.pdf"
            file.write_bytes(pdf)

    def _name(self, estimate: "Estimate") -> str:
        """Return a clip's name without its ending, numbered where an earlier clip has the same."""
        stem, number = Path(estimate.clip).stem, 1
        name = stem
        while name in self._names:
            number += 1
            name = f"{stem}-{number}"
        self._names.add(name)
        return name
