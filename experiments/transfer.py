"""What might help on people of another data set: the recipe fitted otherwise, and scored beside the recipe as it is.

    python -m experiments.transfer --data ppg_bp=DIR --unseen mw_ppg=DIR [--seed S] [--run DIR]

Every attempt changes one thing: whose sensor the pulses were recorded with, which way up they are, or what of a beat's
size the network sees. People, noise, steps, members and initial weights stay. What chance does, two more fits with
other seeds show: a difference is one beyond chance when it is larger than any between fits that differ by their seeds
alone, and when 95 % of resamplings of the people agree on its sign.

Last run 2026-11; results in docs/evaluation.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bpdemo.data.person import Person
from bpdemo.models.config import BeatsConfig
from bpdemo.models.pressure_model import PressureModel
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.synthesis.pulses import is_upright
from bpdemo.training.cohort import prepare
from bpdemo.training.cross_validation import fit_all
from bpdemo.training.dataset import Dataset
from bpdemo.training.evaluate import EVALUATION_SEED, RENDERINGS
from bpdemo.training.fit import fit
from bpdemo.training.loop import distributed_state
from bpdemo.training.predictions import Predictions, ask, average_clips
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import PRESSURES
from bpdemo.training.scoring import compare, reference_quality, score_quality
from bpdemo.training.train import Material, prepare_material
from experiments.options import parse_options
from experiments.sensors import render_polarity, render_sensor

PLAIN = "the recipe as it is"
RESEEDED = {"another seed of the fit": 500, "a third seed of the fit": 600}
"""Fits that differ by chance alone -> what is added to their seed."""
SENSOR, POLARITY = "another finger sensor in each rendering", "some pulses upside down"
CHANNELS, ROWS = "every channel to unit spread", "every row to unit spread"
HELPED, NO_DIFFERENCE, WORSE = "helped", "no difference beyond chance", "worse"

_TINY = 1e-9


@dataclass(frozen=True)
class Attempt:
    """One fit of the recipe.

    Attributes:
        dataset: what to fit on.
        seed: of the fit.
        change: done to the data set it is scored on; None for nothing.
    """

    dataset: Dataset
    seed: int
    change: Callable[[Dataset], Dataset] | None = None


@dataclass(frozen=True)
class Outcome:
    """What an attempt gave for one pressure on another data set, mmHg; `gain` above 0 is better than the plain recipe.

    `verdict` is one of `HELPED`, `NO_DIFFERENCE`, `WORSE`; None for the fits that show what chance does.
    """

    attempt: str
    pressure: str
    mae: float
    mean_error: float
    r: float
    gain: float
    gain_interval: tuple[float, float] | None
    verdict: str | None = None


def unit_channels(dataset: Dataset) -> Dataset:
    """Return the data set with each channel of each window's mean beat brought to root mean square 1: shape is left."""
    weight = dataset.weight.astype(np.float64)
    beats = np.einsum("nsr,nscrp->ncp", weight, dataset.values)
    beats /= np.maximum(weight.sum(axis=(1, 2)), _TINY)[:, None, None]
    return _divide(dataset, np.sqrt((beats**2).mean(axis=-1))[:, None, :, None, None])


def unit_rows(dataset: Dataset) -> Dataset:
    """Return the data set with each row - a region's beat in one channel - brought to root mean square 1."""
    return _divide(dataset, np.sqrt((dataset.values.astype(np.float64) ** 2).mean(axis=-1, keepdims=True)))


def make_attempts(material: Material, recipe: Recipe, seed: int) -> dict[str, Attempt]:
    """Return all attempts by name, the plain recipe first; pulses are changed only where there are recordings."""
    dataset, cohort = material.dataset, material.cohort
    attempts = {PLAIN: Attempt(dataset, seed)}
    attempts |= {name: Attempt(dataset, seed + offset) for name, offset in RESEEDED.items()}
    for name, renderer in ((SENSOR, render_sensor), (POLARITY, render_polarity)) if cohort.recorded else ():
        attempts[name] = Attempt(cohort.render(recipe.qualities * recipe.cycles, seed, "training", renderer), seed)
    for name, level in ((CHANNELS, unit_channels), (ROWS, unit_rows)):
        attempts[name] = Attempt(level(dataset), seed, level)
    return attempts


def fit_attempts(
    attempts: Mapping[str, Attempt], config: BeatsConfig, recipe: Recipe, run: Path, device: torch.device
) -> dict[str, PressureModel]:
    """Return the network of each attempt, fitted on everybody; finished fits are kept in `run`."""
    jobs = {
        name: _AttemptFit(attempt, config, recipe, device, run / f"{name.replace(' ', '_')}.pt")
        for name, attempt in attempts.items()
    }
    windows = max(len(attempt.dataset.person) for attempt in attempts.values())
    for _ in fit_all(_AttemptFit.run, list(jobs.values()), device, windows):
        pass
    distributed_state(device).wait_for_everyone()
    # A finished fit is read from its checkpoint: whichever process fitted it, all have it.
    return {name: job.fit() for name, job in jobs.items()}


def predict_attempts(
    networks: Mapping[str, PressureModel],
    attempts: Mapping[str, Attempt],
    tests: Dataset,
    mean: np.ndarray,
    device: torch.device,
) -> dict[str, Predictions]:
    """Return what each attempt answers on another data set.

    Args:
        networks: name -> fitted.
        attempts: by the same names.
        tests: of the other data set.
        mean: [2], of the training people's pressures, mmHg.
        device: where to compute.
    """
    windows = np.arange(len(tests.person))
    answers = {}
    for name, network in networks.items():
        change = attempts[name].change
        asked = ask(network, change(tests) if change else tests, windows, device)
        answers[name] = average_clips(asked.beside(tests, windows, mean))
    return answers


def score_attempts(answers: Mapping[str, Predictions], quality: str) -> list[Outcome]:
    """Return what each attempt gave at one quality, with a verdict; the plain recipe and `RESEEDED` are among them."""
    outcomes = []
    for name, predictions in answers.items():
        beside = compare(predictions, answers[PLAIN], quality)
        for pressure, scores in score_quality(predictions, quality).items():
            gain, interval = beside[pressure].gain, beside[pressure].gain_interval
            outcomes.append(Outcome(name, pressure, scores.mae, scores.mean_error, scores.r, gain, interval))
    by_chance = (PLAIN, *RESEEDED)
    for i, outcome in enumerate(outcomes):
        fits = [one.gain for one in outcomes if one.attempt in by_chance and one.pressure == outcome.pressure]
        if outcome.attempt not in by_chance:
            outcomes[i] = replace(outcome, verdict=_verdict(outcome.gain, outcome.gain_interval, max(fits) - min(fits)))
    return outcomes


def share_upright(people: Sequence[Person]) -> float | None:
    """Return the share of people most of whose recordings rise faster than they fall; None without recordings."""
    upright = [np.mean([is_upright(one) for one in person.pulses]) > 0.5 for person in people if person.pulses]
    return float(np.mean(upright)) if upright else None


@dataclass(frozen=True)
class _AttemptFit:
    attempt: Attempt
    config: BeatsConfig
    recipe: Recipe
    device: torch.device
    checkpoint: Path

    def run(self) -> None:
        self.fit()

    def fit(self) -> PressureModel:
        dataset, seed = self.attempt.dataset, self.attempt.seed
        everybody = range(len(dataset.people))
        same = (self.config, self.recipe, seed, self.device)
        return fit(dataset, everybody, *same, checkpoint=self.checkpoint, title=None).model


def _divide(dataset: Dataset, size: np.ndarray) -> Dataset:
    """Divide values by sizes; what is 0 stays so."""
    values = dataset.values / np.where(size > _TINY, size, 1.0)
    return replace(dataset, values=values.astype(dataset.values.dtype))


def _verdict(gain: float, interval: tuple[float, float] | None, chance: float) -> str:
    if interval is None or abs(gain) <= chance or interval[0] <= 0 <= interval[1]:
        return NO_DIFFERENCE
    return HELPED if gain > 0 else WORSE


def main() -> None:
    """Fit all attempts and print what they give on each other data set."""
    options = parse_options(__doc__, with_unseen=True)
    recipe, device = Recipe(), options.device
    material = prepare_material(options.data, recipe, options.seed)
    attempts = make_attempts(material, recipe, options.seed)
    networks = fit_attempts(attempts, BeatsConfig(), recipe, options.run, device)
    mean = material.dataset.pressures.mean(axis=0)
    print(f"upright in training: {share_upright(material.cohort.people)}")
    for name, folder in options.unseen.items():
        cohort = prepare({name: folder})
        tests = cohort.render(tuple(QUALITIES) * RENDERINGS, EVALUATION_SEED, "evaluation")
        print(f"upright in {name}: {share_upright(cohort.people)}")
        answers = predict_attempts(networks, attempts, tests, mean, device)
        outcomes = score_attempts(answers, reference_quality(tests.quality))
        for pressure in PRESSURES:
            table = pd.DataFrame([vars(outcome) for outcome in outcomes if outcome.pressure == pressure])
            print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
