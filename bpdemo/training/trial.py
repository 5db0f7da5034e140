"""The trial of a recipe on one data set: cross-validation, simpler models, negative controls, variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bpdemo.data.person import Person
from bpdemo.data.registry import load_people
from bpdemo.models.beats import NetworkConfig
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.baselines import TRAINING_RENDERINGS, predict_out_of_fold, read_ppg_bp_traits
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.dataset import Change, MapSet, SliceSet, join, render_set, slice_set, thin
from bpdemo.training.evaluate import EVALUATION_SEED
from bpdemo.training.film_maps import FilmSet, part_usable
from bpdemo.training.fit import OVERSAMPLING, Recipe
from bpdemo.training.losses import LossWeights
from bpdemo.training.model_names import NETWORK, PERMUTED, ROWS_ONLY, SHUFFLED
from bpdemo.training.results import brief, gather
from experiments.negative_controls import permute, rows_only, shuffle_columns

LOSSES: dict[str, LossWeights] = {
    "all parts": LossWeights(),
    "without range probabilities": LossWeights(ranges=0.0),
    "without in-range values": LossWeights(in_range=0.0),
    "without the expected value": LossWeights(value=0.0),
    "hard range labels": LossWeights(neighbours=0.0),
}
"""Variants of the loss that `study` compares, the shipped one first."""


@dataclass(frozen=True)
class Material:
    """A data set, made ready.

    Attributes:
        name: of the data sets, joined by "+".
        maps: for fitting.
        tests: other renderings of the same people in the same order, for scoring.
        slices: of `maps`.
        test_slices: of `tests`.
        left_out: people who could not be used.
        films: what was read of clips; None where there are none.
        traits: name of a person -> age in years, 1 for a woman and 0 for a man, kg / m^2; where they are known.
    """

    name: str
    maps: MapSet
    tests: MapSet
    slices: SliceSet
    test_slices: SliceSet
    left_out: int
    films: FilmSet | None
    traits: Mapping[str, Sequence[float]] | None


def make_ready(data: Mapping[str, str | Path], recipe: Recipe, seed: int) -> Material:
    """Load data sets, render pulse recordings, read clips, and cut all of it into slices.

    Args:
        data: name of a data set (see `datasets.recognise`) -> its folder.
        recipe: says what is rendered.
        seed: fixes the renderings.

    Returns:
        All that a trial and a fit need.

    Raises:
        DataError: the data cannot be used.
    """
    everybody = load_people(data)
    recorded, films = part_usable(everybody)
    maps = make_maps(recorded, films, recipe.qualities * recipe.cycles, seed, "training")
    tests = make_maps(recorded, films, tuple(QUALITIES) * recipe.test_renderings, seed + EVALUATION_SEED, "evaluation")
    return Material(
        "+".join(data),
        maps,
        tests,
        slice_set(maps, "training"),
        slice_set(tests, "evaluation"),
        len(everybody) - len(maps.people),
        films,
        read_ppg_bp_traits(data["ppg_bp"]) if list(data) == ["ppg_bp"] else None,
    )


def make_maps(
    recorded: Sequence[Person],
    films: FilmSet | None,
    qualities: Sequence[str],
    seed: int,
    purpose: str,
    change: Change | None = None,
) -> MapSet:
    """Render those with recordings, and put the maps of clips behind.

    Args:
        recorded: people with recordings; may be nobody where there are films.
        films: what was read of clips, if there are any.
        qualities: see `map_set.render_set`; so are the others.
        seed: fixes the renderings.
        purpose: of the renderings.
        change: done to the beats of each rendering.
    """
    if not recorded:
        return films.maps
    rendered = render_set(recorded, qualities, seed, purpose, change)
    return join(rendered, films.maps) if films else rendered


def examine(
    material: Material, config: NetworkConfig, recipe: Recipe, seed: int, run: Path, device: torch.device
) -> dict[str, Any]:
    """Cross-validate the network, simpler models and negative controls on the same folds and maps.

    Args:
        material: of `make_ready`.
        config: of the network.
        recipe: of the fit.
        seed: fixes splits and fits.
        run: folder that keeps finished folds and checkpoints.
        device: where to compute.

    Returns:
        The results (`evidence.gather`).
    """
    slices, tests = material.slices, material.test_slices
    network = cross_validate(slices, tests, config, recipe, seed, run, device)
    few = thin(slices, TRAINING_RENDERINGS)
    maps, test_maps = thin(material.maps, TRAINING_RENDERINGS), material.tests
    emptied = {
        SHUFFLED: (shuffle_columns(maps, seed), shuffle_columns(test_maps, seed + 1)),
        ROWS_ONLY: (rows_only(maps), rows_only(test_maps)),
    }
    no_pulse = {name: tuple(slice_set(of, name) for of in sets) for name, sets in emptied.items()}
    simpler = predict_out_of_fold(
        few,
        tests,
        folds=recipe.folds,
        seeds=range(seed, seed + recipe.repetitions),
        traits=material.traits,
        without_pulse=no_pulse,
    )
    # One member and one repetition: what there is to be shown needs no finer figure.
    quick, alone = replace(recipe, repetitions=1), replace(config, members=1)
    controls = {
        f"{NETWORK}, {name}": cross_validate(*sets, alone, quick, seed, run, device, title=name.replace(" ", "_"))
        for name, sets in no_pulse.items()
    }
    permuted = permute(slices.pressures, seed)
    controls[f"{NETWORK}, {PERMUTED}"] = cross_validate(
        few, tests, alone, quick, seed, run, device, title="labels_permuted", pressures=permuted
    )
    for name in (*no_pulse, PERMUTED):
        controls[f"recovered beat, {name}"] = simpler.pop(name)
    about = {
        "dataset": material.name,
        "left_out": material.left_out,
        "renderings": recipe.test_renderings if "standard" in tests.quality else 0,
        "folds": recipe.folds,
        "seeds": list(range(seed, seed + recipe.repetitions)),
        "edges": {"systolic": list(config.systolic_edges), "diastolic": list(config.diastolic_edges)},
    }
    if material.films:
        about["clips"] = {"read": material.films.clips, "refused": material.films.refused}
    return gather(network, simpler, controls, about)


def study(
    material: Material, config: NetworkConfig, recipe: Recipe, seed: int, run: Path, device: torch.device
) -> dict[str, Any]:
    """Compare variants of the recipe, all else being equal: ways of oversampling, parts of the loss, sizes.

    One member and one repetition of the folds each, so that all of it takes about as long as the trial itself.

    Args:
        material: see `examine`; so are the others.
        config: of the network.
        recipe: of the fit.
        seed: fixes splits and fits.
        run: folder that keeps finished folds and checkpoints.
        device: where to compute.

    Returns:
        `oversampling`, `loss` and `tried`, as `evidence.gather` takes them in `about`.
    """
    alone, quick = replace(config, members=1), replace(recipe, repetitions=1)

    def run_variant(
        title: str,
        changed: Recipe,
        network: NetworkConfig = alone,
        slices: SliceSet = material.slices,
        **how: int,
    ) -> dict[str, Any]:
        sets = (slices, material.test_slices)
        return brief(cross_validate(*sets, network, changed, seed, run, device, title=title, **how))

    plain = run_variant("variant", quick)
    oversampling = {OVERSAMPLING[0]: plain} | {
        how: run_variant(f"oversampling_{how}", replace(quick, oversampling=how)) for how in OVERSAMPLING[1:]
    }
    names = list(LOSSES)
    loss = {names[0]: plain} | {
        name: run_variant(name.replace(" ", "_"), replace(quick, loss=LOSSES[name])) for name in names[1:]
    }
    # Other initial weights and another order, on the same folds: how much chance there is in a fit.
    reseeded = run_variant("other_seed", quick, fit_seed=seed + 500)
    chance = abs(_gain(reseeded, plain))
    # The first repetition of what `examine` has fitted: it is there already.
    several = run_variant("folds", quick, config)
    few = thin(material.slices, TRAINING_RENDERINGS)
    as_many_steps = replace(quick, epochs=recipe.epochs * len(material.slices.person) // len(few.person))
    wide = run_variant("wide", quick, replace(alone, width=2 * config.width))
    fewer = run_variant("few", as_many_steps, slices=few)
    beside = f"{config.members} members on the same folds: {several['systolic']['mae']:.2f}"
    tried = {
        "one member instead of several": (plain, f"{_verdict(_gain(plain, several), chance)} ({beside})"),
        "the same, another seed of the fit": (reseeded, f"by chance alone fits differ by {chance:.1f} mmHg"),
        "one member of twice the width": (wide, _verdict(_gain(wide, plain), chance)),
        "one member, a quarter of the renderings": (fewer, _verdict(_gain(fewer, plain), chance)),
    }
    listed = [
        {
            "what": what,
            "verdict": verdict,
            **{pressure: {k: of[pressure][k] for k in ("mae", "r")} for pressure in of},
        }
        for what, (of, verdict) in tried.items()
    ]
    return {"oversampling": oversampling, "loss": loss, "tried": listed}


def _gain(of: Mapping[str, Any], reference: Mapping[str, Any]) -> float:
    """By how many mmHg a variant's systolic MAE is below another's."""
    return reference["systolic"]["mae"] - of["systolic"]["mae"]


def _verdict(gain: float, chance: float) -> str:
    """Say what a variant did, in view of what another seed does; both in mmHg."""
    if abs(gain) <= chance:
        return "no difference beyond chance"
    return "better" if gain > 0 else "worse"
