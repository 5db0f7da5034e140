"""Negative and positive controls at scale.

    python -m benchmarks.controls measure FILE.jsonl [--half choice|test] [--jobs J]
    python -m benchmarks.controls show FILE.jsonl [--figure PNG]
    python -m benchmarks.controls encoder FILE.jsonl [--clips N] [--jobs J]
    python -m benchmarks.controls add FILE.jsonl CLIP...
    python -m benchmarks.controls fit FILE.jsonl

`measure` renders every clip of a half - photographs held to the camera, shaken, flickering, under an exposure that
hunts, badly compressed, buried in noise, on a screen, lit by a lamp whose colour swings as blood does; walls; noise;
and faces with a pulse - reads each as the demo does, up to the verdict, and appends what it measured to the file. It
may be stopped and started again. `show` judges what the file holds by the thresholds of `bpdemo/quality.py` and prints
the tables of `docs/controls.md`. Thresholds and the weights of the evidence are chosen on the half *choice*; *test* has
other seeds and other clips, and is for trying them only. `encoder` shows how many bits it takes until key frames are no
pulse any more. `add` adds clips of made-up faces to what *choice* holds, and `fit` writes `bpdemo/evidence.json`.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.controls.counts import groups_table, kinds_table, sums, threshold_table, told_sentence
from benchmarks.controls.encoder import encoder_films, encoder_table, measure_encoder
from benchmarks.controls.figure import draw_controls
from benchmarks.controls.fit import ablation_table, fit_questions
from benchmarks.controls.measure import load_measured, measure_all, measure_file
from benchmarks.controls.scenes import GIVEN, HALVES, Film
from bpdemo.evidence import QUESTIONS

EVIDENCE = Path(__file__).resolve().parents[2] / "bpdemo" / "evidence.json"
_DPI = 220


def main() -> None:
    """Measure or show."""
    parser = argparse.ArgumentParser(description="Negative and positive controls")
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("measure", help="render and read clips")
    measure.add_argument("file", type=Path, help="JSON lines; clips that it holds are not done again")
    measure.add_argument("--half", choices=HALVES, default="test")
    measure.add_argument("--jobs", type=int, default=2, help="processes")
    encoder = commands.add_parser("encoder", help="key frames as often as hearts beat, at growing bit rates")
    encoder.add_argument("file", type=Path, help="as for measure; a file of its own")
    encoder.add_argument("--clips", type=int, default=20, help="for each number of bits")
    encoder.add_argument("--jobs", type=int, default=2, help="processes")
    show = commands.add_parser("show", help="print the tables, draw the curve")
    show.add_argument("file", type=Path, nargs="+")
    show.add_argument("--figure", type=Path, help="PNG to draw")
    add = commands.add_parser("add", help="made-up faces that are clips already")
    add.add_argument("file", type=Path, help="of the choice half")
    add.add_argument("clips", type=Path, nargs="+", help="none of them shows a living face")
    fit = commands.add_parser("fit", help="fit the weights of the evidence")
    fit.add_argument("file", type=Path, nargs="+", help="of the choice half")
    arguments = parser.parse_args()
    if arguments.command == "add":
        clips = {Film("choice", GIVEN, number): path for number, path in enumerate(sorted(arguments.clips))}
        measure_all(clips, arguments.file, 1, lambda clip: measure_file(clip, clips[clip], {}, None))
        return
    if arguments.command == "measure":
        done = measure_all(HALVES[arguments.half].clips(), arguments.file, arguments.jobs)
        print(f"{done} clips measured")
        return
    if arguments.command == "encoder":
        measure_all(encoder_films(arguments.clips), arguments.file, arguments.jobs, measure_encoder)
        print(encoder_table(load_measured(arguments.file)))
        return
    measured = [one for file in arguments.file for one in load_measured(file)]
    if arguments.command == "fit":
        seen = [one for one in measured if one.half == "choice" and one.pulse and not one.capture_reasons]
        names = [question.name for question in QUESTIONS]
        print(ablation_table(seen, names))
        questions, offset = fit_questions(seen, names)
        table = {"offset": offset, "questions": [asdict(question) for question in questions]}
        EVIDENCE.write_text(json.dumps(table, indent=1) + "\n")
        return
    halves = {name: [one for one in measured if one.half == name] for name in HALVES}
    for name, half in halves.items():
        if half:
            print(f"{name}: {sums(half)} {told_sentence(half)}\n\n{kinds_table(half)}\n\n{groups_table(half)}\n")
    print(threshold_table(halves))
    if arguments.figure:
        draw_controls(halves).savefig(arguments.figure, dpi=_DPI, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()
