"""Which parts of the recipe matter: ways of sampling, parts of the loss, sizes, and what chance alone does.

    python -m experiments.ablations --data ppg_bp=DIR [--seed S] [--run DIR]

Every variant changes one thing and is cross-validated on the same folds with one member and one repetition. A
difference is one beyond chance when it is larger than that of another seed of the fits.

Last run 2026-11; results in docs/evaluation.md: nothing here made a difference beyond chance but fewer renderings,
which is worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bpdemo.models.config import NetworkConfig
from bpdemo.training.baselines import TRAINING_RENDERINGS
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.dataset import Dataset, subsample
from bpdemo.training.fit import Recipe, Sampler, Sampling, range_sizes, sample_by_odds, sample_root
from bpdemo.training.folds import make_folds
from bpdemo.training.losses import LossWeights
from bpdemo.training.results import PRESSURES
from bpdemo.training.scores import Scores
from bpdemo.training.scoring import reference_quality, score_quality
from bpdemo.training.train import prepare_material
from experiments.options import parse_options

PLAIN, RESEEDED = "one member", "another seed of the fit"

_LEAST_SHARE = 0.25  # of a person's windows that are kept in the commonest range by `sample_density`


@dataclass(frozen=True)
class Variant:
    """A run that differs from the plain one in one thing."""

    dataset: Dataset
    config: NetworkConfig
    recipe: Recipe
    sampler: Sampler = sample_root
    seed_offset: int = 0


def sample_people(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> Sampling:  # noqa: ARG001
    """Return a sampling that draws everybody alike."""
    return sample_by_odds(dataset, people, np.ones(len(dataset.people)))


def sample_ranges(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> Sampling:
    """Return a sampling that draws every systolic range alike."""
    return sample_by_odds(dataset, people, 1 / range_sizes(dataset, people, config))


def sample_density(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> Sampling:
    """Return a sampling that draws windows alike, of which common ranges keep fewer of each person."""
    windows = dataset.windows_of(people)
    sizes = range_sizes(dataset, people, config)
    whose = dataset.person[windows]
    count = np.bincount(whose, minlength=len(dataset.people))
    rarity = np.maximum(np.sqrt(sizes[list(people)].min() / sizes), _LEAST_SHARE)
    place = np.arange(len(whose)) - np.searchsorted(whose, whose)
    windows = windows[place < np.ceil(rarity * count)[whose]]
    return Sampling(windows, np.full(len(windows), 1 / len(windows)))


def sample_importance(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> Sampling:
    """Return a sampling that draws everybody alike and counts errors so that every range has the same say."""
    sampling = sample_people(dataset, people, config)
    importance = 1 / range_sizes(dataset, people, config)[dataset.person[sampling.windows]]
    return replace(sampling, importance=importance / (sampling.chances @ importance))


def make_variants(dataset: Dataset, config: NetworkConfig, recipe: Recipe) -> dict[str, Variant]:
    """Return what is compared, by name, the plain recipe first."""
    plain = Variant(dataset, replace(config, members=1), recipe)
    few = subsample(dataset, TRAINING_RENDERINGS)
    as_many_steps = replace(recipe, epochs=recipe.epochs * len(dataset.person) // len(few.person))
    losses = {
        "without range probabilities": LossWeights(ranges=0.0),
        "without in-range values": LossWeights(in_range=0.0),
        "without the expected value": LossWeights(value=0.0),
        "hard range labels": LossWeights(neighbours=0.0),
    }
    return {
        PLAIN: plain,
        RESEEDED: replace(plain, seed_offset=500),
        f"{config.members} members": replace(plain, config=config),
        "twice the width": replace(plain, config=replace(plain.config, width=2 * config.width)),
        f"{TRAINING_RENDERINGS} renderings a person": replace(plain, dataset=few, recipe=as_many_steps),
        "people drawn alike": replace(plain, sampler=sample_people),
        "ranges drawn alike": replace(plain, sampler=sample_ranges),
        "fewer renderings in common ranges": replace(plain, sampler=sample_density),
        "errors of rare ranges count more": replace(plain, sampler=sample_importance),
        **{name: replace(plain, recipe=replace(recipe, loss=loss)) for name, loss in losses.items()},
    }


def ablate(
    variants: dict[str, Variant], tests: Dataset, seed: int, run: Path, device: torch.device
) -> dict[str, dict[str, Scores]]:
    """Return the scores of each variant by pressure, at the reference quality, on the same folds."""
    scores = {}
    for name, variant in variants.items():
        folds = make_folds(tests.people, variant.recipe.folds, 1, seed)
        answers = cross_validate(
            variant.dataset,
            tests,
            folds,
            variant.config,
            variant.recipe,
            run,
            device,
            title=name.replace(" ", "_"),
            sampler=variant.sampler,
            seed_offset=variant.seed_offset,
        )
        scores[name] = score_quality(answers, reference_quality(answers.quality))
    return scores


def verdicts(scores: dict[str, dict[str, Scores]]) -> dict[str, str]:
    """Return for each variant whether its systolic MAE differs from the plain one's by more than another seed's."""
    gains = {name: scores[PLAIN]["systolic"].mae - each["systolic"].mae for name, each in scores.items()}
    chance = abs(gains[RESEEDED])
    return {
        name: "no difference beyond chance" if abs(gain) <= chance else "better" if gain > 0 else "worse"
        for name, gain in gains.items()
        if name not in (PLAIN, RESEEDED)
    }


def main() -> None:
    """Compare all variants and print their errors."""
    options = parse_options(__doc__)
    recipe = Recipe()
    material = prepare_material(options.data, recipe, options.seed)
    variants = make_variants(material.dataset, NetworkConfig(), recipe)
    scores = ablate(variants, material.tests, options.seed, options.run, options.device)
    found = verdicts(scores)
    columns = ["variant", *(f"{pressure} {figure}" for pressure in PRESSURES for figure in ("MAE", "r")), "verdict"]
    rows = [
        (name, *(figure for each in by_pressure.values() for figure in (each.mae, each.r)), found.get(name, ""))
        for name, by_pressure in scores.items()
    ]
    print(pd.DataFrame(rows, columns=columns).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
