"""Options that experiments on data sets share."""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from bpdemo.weights.folder import pick_device


@dataclass(frozen=True)
class Options:
    """What an experiment is run with: data sets and their folders, those not trained on, and files to work with."""

    data: dict[str, Path]
    unseen: dict[str, Path]
    seed: int
    run: Path
    device: torch.device
    evidence: Path | None


def parse_options(description: str | None, with_unseen: bool = False, with_evidence: bool = False) -> Options:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", required=True, metavar="NAME=DIR", help="to train on; repeatable")
    if with_unseen:
        parser.add_argument("--unseen", action="append", required=True, metavar="NAME=DIR", help="to score on")
    if with_evidence:
        parser.add_argument("--evidence", type=Path, metavar="FILE", help="results file to add the figures to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", type=Path, help="folder for checkpoints; a stopped run of the same options resumes")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    given = parser.parse_args()
    sets = [
        {name: Path(folder) for name, _, folder in (entry.partition("=") for entry in entries)}
        for entries in (given.data, getattr(given, "unseen", []))
    ]
    run = given.run or Path(tempfile.mkdtemp(prefix="bpdemo_"))
    return Options(sets[0], sets[1], given.seed, run, pick_device(given.device), getattr(given, "evidence", None))
