"""Negative controls: data with nothing to be learned. What beats the training mean on them has a leak.

    python -m experiments.negative_controls --data ppg_bp=DIR [--seed S] [--run DIR] [--evidence FILE]

Of rendered windows. The pulse is destroyed in the cells' colours, and the window then read as usual: with the frames
*shuffled in time* (which leaves how often each colour occurs, but no beat), or with *means only* (each cell's colour
its mean over time).
Or the *labels are permuted*: people are given other people's pressures. The network and the recovered beat are
cross-validated on each as in training; both must fall to the training mean. `--evidence` adds the figures to a results
file, from which model card and page are made.

Last run 2026-11; results in docs/evaluation.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bpdemo.models.config import BeatsConfig
from bpdemo.regions import CellTraces
from bpdemo.reporting.report import to_text
from bpdemo.synthesis.maps import QUALITIES, CaptureQuality, render_traces
from bpdemo.training.baselines import TRAINING_RENDERINGS, predict_with_baselines
from bpdemo.training.cohort import prepare
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.dataset import Dataset, subsample
from bpdemo.training.evaluate import EVALUATION_SEED
from bpdemo.training.folds import make_folds
from bpdemo.training.predictions import Predictions
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import NETWORK, RECOVERED, load_results
from bpdemo.training.scoring import reference_quality, score_models, score_quality
from experiments.options import parse_options

TraceChange = Callable[[CellTraces, np.random.Generator], CellTraces]
SHUFFLED, MEANS_ONLY, PERMUTED = "time shuffled", "means only", "labels permuted"


def shuffle_time(traces: CellTraces, rng: np.random.Generator) -> CellTraces:
    """Return the traces with their frames in another order, the same for all cells and colours."""
    order = rng.permutation(len(traces.time_s))
    return replace(
        traces,
        **{name: getattr(traces, name)[order] for name in ("colours", "pixels", "surround", "clipped")},
    )


def keep_means(traces: CellTraces, rng: np.random.Generator) -> CellTraces:  # noqa: ARG001 - as all changes of traces
    """Return the traces with each cell's colour set to its mean over time, where it was seen."""
    seen = np.isfinite(traces.colours)
    sums = np.where(seen, traces.colours, 0).sum(axis=0, dtype=np.float64)
    mean = (sums / np.maximum(seen.sum(axis=0), 1)).astype(traces.colours.dtype)
    return replace(traces, colours=np.where(seen, mean, np.nan).astype(traces.colours.dtype))


def render_changed(
    change: TraceChange, beats: Sequence[np.ndarray], quality: CaptureQuality, rng: np.random.Generator
) -> CellTraces:
    """Return a rendering whose traces are changed."""
    return change(render_traces(beats, quality, rng), rng)


def permute_labels(dataset: Dataset, seed: int) -> Dataset:
    """Return the data set with each person's pressures those of somebody else."""
    pressures = dataset.pressures[np.random.default_rng(seed).permutation(len(dataset.people))]
    people = tuple(
        replace(person, systolic=systolic, diastolic=diastolic)
        for person, (systolic, diastolic) in zip(dataset.people, pressures.tolist(), strict=True)
    )
    return replace(dataset, people=people, truth=pressures[dataset.person])


def run_controls(
    data: Mapping[str, Path], config: BeatsConfig, recipe: Recipe, seed: int, run: Path, device: torch.device
) -> dict[str, Predictions]:
    """Return what network and recovered beat answer in each control, by "model, control".

    One member and one repetition: what there is to be shown needs no finer figure.
    """
    sets: dict[str, tuple[Dataset, Dataset]] = {}
    for name, change in ((PERMUTED, None), (SHUFFLED, shuffle_time), (MEANS_ONLY, keep_means)):
        renderer = partial(render_changed, change) if change else render_traces
        cohort = prepare(data)
        dataset = cohort.render(recipe.qualities * recipe.cycles, seed, "training", renderer)
        tests = cohort.render(tuple(QUALITIES) * recipe.test_renderings, seed + EVALUATION_SEED, "evaluation", renderer)
        sets[name] = (permute_labels(dataset, seed) if name == PERMUTED else dataset, tests)
    alone = replace(config, members=1)
    answers = {}
    for name, (dataset, tests) in sets.items():
        folds = make_folds(dataset.people, recipe.folds, 1, seed)
        few = subsample(dataset, TRAINING_RENDERINGS)
        answers[f"{NETWORK}, {name}"] = cross_validate(
            few if name == PERMUTED else dataset, tests, folds, alone, recipe, run, device, title=name.replace(" ", "_")
        )
        answers[f"{RECOVERED}, {name}"] = predict_with_baselines(few, tests, folds, [RECOVERED])[RECOVERED]
    return answers


def add_controls(evidence: Path, answers: Mapping[str, Predictions]) -> None:
    """Add the scores of negative controls to a results file, in place of those it has."""
    results = load_results(evidence)
    edges = (results.edges["systolic"], results.edges["diastolic"])
    changed = results.model_copy(update={"controls": score_models(answers, edges)}).rounded()
    evidence.write_text(to_text(changed), encoding="utf-8")


def main() -> None:
    """Run all controls and print how far each is ahead of the training mean."""
    options = parse_options(__doc__, with_evidence=True)
    answers = run_controls(options.data, BeatsConfig(), Recipe(), options.seed, options.run, options.device)
    if options.evidence:
        add_controls(options.evidence, answers)
    rows = [
        (name, pressure, scores.mae, scores.baseline_mae, scores.gain, *ends, scores.r, scores.falls)
        for name, predictions in answers.items()
        for pressure, scores in score_quality(predictions, reference_quality(predictions.quality)).items()
        for ends in [scores.bootstrap.gain if scores.bootstrap else (None, None)]
    ]
    columns = ["control", "pressure", "MAE", "training mean", "gain", "from", "to", "r", "falls to the training mean"]
    print(pd.DataFrame(rows, columns=columns).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
