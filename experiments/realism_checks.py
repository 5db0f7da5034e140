"""Do renderings answer the verdict's questions as real clips do? Evidence and checks, real clips beside rendered ones.

    python -m experiments.realism_checks MEASURED.jsonl FOLDER [--without-pulse PATTERN]

MEASURED.jsonl is what `python -m benchmarks.controls measure` wrote. Of the clips in FOLDER, those whose names fit
PATTERN (made_up_face_* unless told otherwise) are known to hold no pulse; every window of a clip counts. Real faces
differ in a check when their median lies outside eight in ten of each kind of rendered faces. `docs/rendering.md` has
the table. Last run: November 2026.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from benchmarks.controls.counts import checks_of
from benchmarks.controls.measure import Measured, load_measured
from benchmarks.controls.scenes import GOOD, NEGATIVES
from bpdemo.capture import read_capture
from bpdemo.errors import BpdemoError
from bpdemo.evidence import QUESTIONS
from bpdemo.reporting.tables import table
from bpdemo.window import read_windows

RENDERED_FACES = {
    "rendered, good": GOOD,
    "plain encoder": ("face, plain encoder",),
    "dim light": ("face, dim light",),
    "real camera": ("face, real camera",),
}
RENDERED_NEGATIVES = {
    "rendered made-up": ("made-up face",),
    "other negatives": tuple(kind for kind in NEGATIVES if kind != "made-up face"),
}
"""Columns of the table, and the kinds of `benchmarks.controls.scenes` that count in each."""

_PERCENTILES = (10, 50, 90)

Answers = Sequence[Mapping[str, float]]
"""For each window: name of a question or a check -> what it measured."""


def read_answers(path: Path) -> Answers:
    """Return what was measured for evidence and checks in a clip's windows, without those in which nothing was.

    Raises:
        BpdemoError: the clip cannot be read.
    """
    return [
        {answer.name: answer.value for answer in window.evidence.answers}
        | {check.name: check.value for check in window.checks}
        for window in read_windows(read_capture(path))
        if window.evidence is not None
    ]


def rendered_answers(measured: Iterable[Measured], kinds: Sequence[str]) -> Answers:
    """Return the same of the rendered clips of some kinds in which a face was seen."""
    seen = [one for one in measured if one.kind in kinds and one.pulse is not None]
    return [
        {question.name: one.pulse[question.name] for question in QUESTIONS}
        | {name: check.value for name, check in checks_of(one).items()}
        for one in seen
    ]


def checks_table(columns: Mapping[str, Answers]) -> str:
    """Return a Markdown table: a line for each check that the last column has; medians and eight in ten."""
    last = list(columns.values())[-1]
    rows = []
    for name in dict.fromkeys(name for window in last for name in window):
        spans = [_span(answers, name) for answers in columns.values()]
        rows.append([name, *("-" if span is None else "{1:.3g} [{0:.3g}, {2:.3g}]".format(*span) for span in spans)])
    return table(["check", *columns], rows)


def differing(real: Answers, rendered: Iterable[Answers]) -> list[str]:
    """Return the checks whose median on real clips lies outside eight in ten of each rendered column."""
    columns = list(rendered)
    found = []
    for name in dict.fromkeys(name for window in real for name in window):
        own, spans = _span(real, name), [span for answers in columns if (span := _span(answers, name)) is not None]
        if own is not None and spans and all(not low <= own[1] <= high for low, _, high in spans):
            found.append(name)
    return found


def _span(answers: Answers, name: str) -> tuple[float, float, float] | None:
    """Return low, median and high of a check; None where it measured nothing finite."""
    values = [window[name] for window in answers if np.isfinite(window.get(name, np.nan))]
    return tuple(np.percentile(values, _PERCENTILES)) if values else None


def main() -> None:
    """Print the table, and where real faces differ."""
    parser = argparse.ArgumentParser(description="Checks of real clips beside those of rendered ones")
    parser.add_argument("measured", type=Path, help="JSON lines of benchmarks.controls measure")
    parser.add_argument("folder", type=Path, help="of real clips")
    parser.add_argument("--without-pulse", default="made_up_face_*", metavar="PATTERN", help="names of such clips")
    options = parser.parse_args()
    faces: list[Mapping[str, float]] = []
    negatives: list[Mapping[str, float]] = []
    for path in sorted(path for path in options.folder.iterdir() if path.is_file()):
        try:
            (negatives if fnmatch(path.name, options.without_pulse) else faces).extend(read_answers(path))
        except BpdemoError as error:
            print(f"{path.name} is left out: {error.code}", file=sys.stderr)
    measured = load_measured(options.measured)
    rendered = {column: rendered_answers(measured, kinds) for column, kinds in RENDERED_FACES.items()}
    without = {column: rendered_answers(measured, kinds) for column, kinds in RENDERED_NEGATIVES.items()}
    print(checks_table({"real faces": faces} | rendered | {"real made-up": negatives} | without))
    print(f"\nReal faces differ from all rendered ones in: {', '.join(differing(faces, rendered.values())) or '-'}")


if __name__ == "__main__":
    main()
