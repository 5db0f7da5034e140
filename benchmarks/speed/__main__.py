"""Renders, measures and prints: see `benchmarks.speed`.

Children measure, and the parent stays small: a child's peak memory begins with its parent's.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.speed import clips, steps, tasks

_TASKS = {
    "render": clips.render,
    "turns": tasks.take_turns,
    "steps": steps.leave_out_each,
    "stages": tasks.read_in_stages,
    "first": tasks.read_first,
    "network": tasks.time_network,
    "many": tasks.read_many,
    "accuracy": tasks.compare_landmarks,
}
_LARGE_AND_SMALL = ("640 x 480, H.264", "1920 x 1080, H.264")


def main() -> None:
    """Render, measure and print."""
    if len(sys.argv) > 1:
        print(json.dumps(_TASKS[sys.argv[1]](*sys.argv[2:])))
        return
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _child("render", folder)
        _print_ratios(folder)
        _print_stages(folder)
        _print_steps(folder)
        _print_cold(folder)
        _print_network()
        _print_many(folder, cores)
        _print_accuracy(folder)


def _child(task: str, *arguments: object) -> dict:
    """Run a task in a fresh process and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.speed", task, *map(str, arguments)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return json.loads(ran.stdout)


def _print_ratios(folder: Path) -> None:
    rows = []
    for name, file in clips.CLIPS.items():
        turns = _child("turns", folder / file, 3 if "1080" in file else 5)
        raw, rgb, whole = (turns[way] for way in ("raw", "rgb", "whole"))

        def ratio(of: list, to: list, part: int) -> str:
            return f"{statistics.median(a[part] / b[part] for a, b in zip(of, to, strict=True)):.2f}"

        def seconds(of: list, part: int) -> str:
            return f"{statistics.median(turn[part] for turn in of):.2f}"

        rate = 8e-6 * (folder / file).stat().st_size / 15
        rows.append(
            (
                *(name, f"{rate:.1f}", seconds(raw, 0), seconds(rgb, 0), seconds(whole, 0)),
                *(f"**{ratio(whole, raw, 0)}**", seconds(raw, 1), seconds(whole, 1), ratio(whole, raw, 1)),
            )
        )
    _table(
        "Warm: the whole way beside raw decoding, 15 s clips",
        "clip | Mbit/s | raw, s | raw and to RGB, s | whole way, s | whole / raw | raw, CPU s | whole, CPU s | "
        "whole / raw, CPU",
        rows,
    )


def _print_stages(folder: Path) -> None:
    stages = [_child("stages", folder / clips.CLIPS[name]) for name in _LARGE_AND_SMALL]
    totals = [sum(stage.values()) for stage in stages]
    rows = [
        (
            name,
            *(
                f"{stage[name]:.2f} s, {100 * stage[name] / total:.0f} %"
                for stage, total in zip(stages, totals, strict=True)
            ),
        )
        for name in stages[0]
    ]
    rows.append(("all", *(f"{total:.2f} s" for total in totals)))
    _table("Where the time goes: CPU seconds on one core, warm", "stage | 640 x 480 | 1920 x 1080", rows)


def _print_steps(folder: Path) -> None:
    took = {file: _child("steps", folder / clips.CLIPS[file], 3) for file in _LARGE_AND_SMALL}
    rows = [
        (name, *(f"+{100 * (took[file][name] - 1):.0f} %" for file in _LARGE_AND_SMALL))
        for name in took[_LARGE_AND_SMALL[0]]
    ]
    _table(
        "What each step gains: CPU time (of the threads: wall time) without it",
        "without | 640 x 480 | 1920 x 1080",
        rows,
    )


def _print_cold(folder: Path) -> None:
    rows = []
    files = {f"640 x 480, H.264, {length} s": f"h264_{length}.mp4" for length in clips.LENGTHS_S}
    for name, file in (files | dict(list(clips.CLIPS.items())[1:])).items():
        began_s = time.perf_counter()
        cold = _child("first", folder / file)
        whole_s = time.perf_counter() - began_s
        rows.append(
            (
                *(name, *(f"{cold[step]:.2f}" for step in ("import", "weights", "first", "second"))),
                *(f"{whole_s - cold['second']:.2f}", f"{cold['loaded_mb']:.0f}", f"{cold['peak_mb']:.0f}"),
            )
        )
    _table(
        "Cold: a fresh process each",
        "clip | import, s | load weights, s | first clip, s | second clip, s | process to first result, s | "
        "memory before the clip, MB | peak memory, MB",
        rows,
    )
    rows = []
    for name, file in clips.CLIPS.items():
        began_s = time.perf_counter()
        cold = _child("first", folder / file, "isolated")
        whole_s = time.perf_counter() - began_s
        rows.append((name, f"{cold['second']:.2f}", f"{whole_s - cold['second']:.2f}"))
    _table(
        "Each clip in a process of its own, as the page and the command line read it",
        "clip | second clip, s | process to first result, s",
        rows,
    )


def _print_network() -> None:
    forward = _child("network")
    rows = [(f"{forward['median']:.1f}", f"{forward['most']:.1f}")]
    _table("Network, one map, one core", "median, ms | slowest of 100, ms", rows)


def _print_many(folder: Path, cores: int) -> None:
    rows = []
    for processes in sorted({1, cores}):
        took_s = _child("many", folder / "h264_15.mp4", processes)["s"]
        rows.append((processes, f"{took_s:.1f}", f"{60 * tasks.MANY / took_s:.0f}"))
    _table(f"{tasks.MANY} clips of 15 s, 640 x 480, H.264", "processes | s, start included | clips a minute", rows)


def _print_accuracy(folder: Path) -> None:
    rows, losses = [], []
    for name in clips.SCENES:
        read = _child("accuracy", folder / clips.scene_file(name))
        ours, every = read["ours"], read["every"]
        losses.append((abs(ours["error"]) - abs(every["error"]), every["snr"] - ours["snr"]))
        numbers = (f"{ours['error']:+.2f}", f"{every['error']:+.2f}", f"{ours['snr']:.1f}", f"{every['snr']:.1f}")
        rows.append((name, *numbers))
    error, snr = (statistics.mean(loss) for loss in zip(*losses, strict=True))
    _table(
        "Accuracy beside landmarks on every frame, rendered clips of known heart rate",
        "clip | error, bpm | every frame | SNR, dB | every frame",
        rows,
    )
    print(f"Mean loss: {error:+.2f} bpm, {snr:+.2f} dB.")


def _table(title: str, head: str, rows: Iterable[tuple]) -> None:
    columns = head.count("|") + 1
    print(f"**{title}**\n\n| {head} |\n" + "|---" * columns + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


if __name__ == "__main__":
    main()
