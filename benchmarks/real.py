"""Reads a folder of anyone's clips and compares with what is known of them: `python -m benchmarks.real DIR`.

What is known stands in `clips.csv` in the folder, or in the file that `--truth` names: the columns `clip` and, where
known, `heart_rate` (beats a minute), `systolic` and `diastolic` (mmHg). `no` as `pulse`, or `none` as `kind`: there is
no pulse to find. Clips that the table leaves out are read and listed, too. `--peers` also asks the classic methods of
`vitallens`, where it is installed, about the first 30 s; it needs no network.
"""

import argparse
import json
import logging
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bpdemo.clip import Clip
from bpdemo.data.clips import TABLE
from bpdemo.data.tables import Row, read_rows
from bpdemo.errors import BpdemoError
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.yuv import shrink

SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ts", ".3gp", ".ogv", ".mpg")
WITHIN_BPM = 3.0
PEERS = ("g", "chrom", "pos")
_PEERS_S = 30.0
_PEERS_HEIGHT = 360  # all pictures are in memory at once


@dataclass(frozen=True)
class Truth:
    """What is known of a clip: heart rate in beats a minute, pressures in mmHg, whether there is a pulse at all."""

    heart_rate: float | None = None
    systolic: float | None = None
    diastolic: float | None = None
    pulse: bool | None = None


@dataclass(frozen=True)
class Compared:
    """What came out of a clip, beside what is known of it.

    Attributes:
        clip: the file's name.
        outcome: `hit` within 3 bpm, `miss` without a heart rate, `false` further off or where there is no pulse,
            `rightly none` where there is none, `unknown` where nothing is known.
        level: nothing, pulse or reading (`Estimate.level`).
        heart_rate: given, beats a minute.
        pressures: given, systolic and diastolic, mmHg.
        reasons: codes.
        windows: how many were read, had a pulse, and were there.
        truth: what is known.
        peers: heart rate by method of vitallens; None where it found no face or pulse.
    """

    clip: str
    outcome: str
    level: str
    heart_rate: float | None
    pressures: tuple[float, float] | None
    reasons: tuple[str, ...]
    windows: tuple[int, int, int]
    truth: Truth
    peers: Mapping[str, float | None] = field(default_factory=dict)


def read_truth(folder: Path, table: Path | None = None) -> dict[Path, Truth]:
    """Return what is known of the clips of a folder, by their resolved paths; nothing without a table.

    Raises:
        DataError: as `tables.read_rows`, and `data_invalid` for what is no number.
    """
    place = folder / TABLE if table is None else table.resolve()
    if table is None and not place.is_file():
        return {}
    return {row.path: _truth(row) for row in read_rows(folder, place.resolve(), ("clip",))}


def compare(estimate: Estimate, truth: Truth, peers: Mapping[str, float | None]) -> Compared:
    """Return an estimate beside what is known of its clip."""
    rate = estimate.heart_rate.value if estimate.heart_rate else None
    systolic, diastolic = estimate.systolic, estimate.diastolic
    read = sum(window.status == "reading" for window in estimate.windows)
    with_pulse = sum(window.has_pulse for window in estimate.windows)
    return Compared(
        clip=estimate.clip,
        outcome=_judge(truth, rate),
        level=estimate.level,
        heart_rate=rate,
        pressures=(systolic.value, diastolic.value) if systolic and diastolic else None,
        reasons=tuple(reason.code for reason in estimate.reasons),
        windows=(read, with_pulse, len(estimate.windows)),
        truth=truth,
        peers=peers,
    )


def compare_folder(folder: Path, table: Path | None = None, *, peers: bool = False) -> list[Compared]:
    """Return every clip of a folder, by name, beside what is known of it.

    Raises:
        BpdemoError: the table cannot be used, or vitallens is asked for and not installed.
    """
    truths = read_truth(folder, table)
    inside = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    paths = sorted({*truths, *(path.resolve() for path in inside)})
    asked = [ask_peers(path) if peers else {} for path in paths]
    estimates = BloodPressureEstimator.from_pretrained().answer_many(paths)
    return [
        compare(estimate, truths.get(path, Truth()), theirs)
        for path, estimate, theirs in zip(paths, estimates, asked, strict=True)
    ]


def ask_peers(path: Path) -> dict[str, float | None]:
    """Return the heart rates by the classic methods of vitallens over a clip's first 30 s, beats a minute.

    Raises:
        BpdemoError: `library_missing`.
    """
    try:
        from vitallens import VitalLens
    except ImportError:
        remedy = "Leave out --peers, or install requirements-dev.txt."
        raise BpdemoError("library_missing", "The Python package vitallens is missing.", remedy) from None
    logging.getLogger().setLevel(logging.ERROR)  # vitallens makes it talk
    pictures, times_s = [], []
    try:
        with Clip(path) as clip:
            for frame in clip.frames():
                if frame.time_s >= _PEERS_S:
                    break
                pictures.append(shrink(frame.pixels, _PEERS_HEIGHT / frame.pixels.shape[0]))
                times_s.append(frame.time_s)
    except BpdemoError:
        return dict.fromkeys(PEERS)
    if len(pictures) < 2:
        return dict.fromkeys(PEERS)
    frames, rate_hz = np.stack(pictures), (len(times_s) - 1) / (times_s[-1] - times_s[0])
    rates = {}
    for method in PEERS:
        faces = VitalLens(method=method, export_to_json=False, estimate_rolling_vitals=False)(frames, fps=rate_hz)
        found = faces[0]["vitals"].get("heart_rate", {}).get("value") if faces else None
        rates[method] = None if found is None else float(found)
    return rates


def table(compared: Iterable[Compared]) -> str:
    """Return what came out as a table in Markdown, a line a clip."""
    compared = list(compared)
    methods = [method for method in PEERS if any(method in one.peers for one in compared)]
    head = ["clip", "known", "bpm", "outcome", "level", "mmHg", "reasons", "windows: read, pulse, all", *methods]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in compared:
        known = "no pulse" if one.truth.pulse is False else _number(one.truth.heart_rate)
        pressures = "/".join(f"{value:.0f}" for value in one.pressures) if one.pressures else ""
        cells = [one.clip, known, _number(one.heart_rate), one.outcome, one.level, pressures, ", ".join(one.reasons)]
        cells += [", ".join(map(str, one.windows)), *(_number(one.peers.get(method)) for method in methods)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def totals(compared: Iterable[Compared]) -> str:
    """Return hits, misses and false heart rates in a few lines; pressures beside those of a cuff where known."""
    compared = list(compared)
    count = Counter(one.outcome for one in compared)
    with_rate = sum(one.truth.heart_rate is not None for one in compared)
    without = sum(one.truth.pulse is False for one in compared)
    false_readings = sum(one.outcome == "false" and one.level == "reading" for one in compared)
    lines = [
        f"known heart rate: {with_rate} clips; {count['hit']} hits within {WITHIN_BPM:g} bpm, {count['miss']} misses",
        f"no pulse: {without} clips; {count['rightly none']} rightly without a heart rate",
        f"false heart rates: {count['false']}, {false_readings} of them readings; nothing known: {count['unknown']}",
    ]
    if read := [one.windows[0] for one in compared if one.level == "reading"]:
        lines.append(f"windows read of a clip with a reading: {statistics.median(read):g} (median)")
    for number, name in enumerate(("systolic", "diastolic")):
        pairs = [(one.pressures[number], getattr(one.truth, name)) for one in compared if one.pressures]
        if errors := [abs(ours - cuff) for ours, cuff in pairs if cuff is not None]:
            lines.append(f"{name}: {len(errors)} clips, mean absolute error {statistics.mean(errors):.1f} mmHg")
    return "\n".join(lines)


def _truth(row: Row) -> Truth:
    def number(column: str) -> float | None:
        return row.place.number(row.cells[column]) if row.cells.get(column) else None

    rate = number("heart_rate")
    without = row.cells.get("pulse", "").lower() == "no" or row.cells.get("kind", "").lower() == "none"
    pulse = True if rate is not None else False if without else None
    return Truth(rate, number("systolic"), number("diastolic"), pulse)


def _judge(truth: Truth, rate: float | None) -> str:
    if truth.pulse is False:
        return "rightly none" if rate is None else "false"
    if truth.heart_rate is None:
        return "unknown"
    if rate is None:
        return "miss"
    return "hit" if abs(rate - truth.heart_rate) <= WITHIN_BPM else "false"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def main() -> None:
    """Read a folder, print the table and the totals."""
    parser = argparse.ArgumentParser(description="Clips of known truth")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=Path, help=f"the table; {TABLE} in the folder by default")
    parser.add_argument("--json", type=Path, help="file for all that came out")
    parser.add_argument("--peers", action="store_true", help="ask the classic methods of vitallens as well")
    arguments = parser.parse_args()
    try:
        compared = compare_folder(arguments.folder, arguments.truth, peers=arguments.peers)
    except BpdemoError as error:
        parser.exit(2, f"{error}\n")
    print(f"{table(compared)}\n\n{totals(compared)}")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(one) for one in compared], indent=2) + "\n")


if __name__ == "__main__":
    main()
