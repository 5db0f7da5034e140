"""Scores of saved weights on people they never saw, without training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo.data.person import Person
from bpdemo.data.registry import load_people
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.dataset import SliceSet, render_set, slice_set
from bpdemo.training.film_maps import FilmSet, mean_by_clip, part_usable
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.predictions import Predictions, join_predictions, predict
from bpdemo.training.results import gather
from bpdemo.weights.store import Weights

EVALUATION_SEED = 1000  # added to the seed: evaluation renderings are other ones than training's
RENDERINGS = 4
"""Renderings of a person in each quality when scoring."""

Answers = tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Questions:
    """People of some data sets, made ready to ask weights about them.

    Attributes:
        dataset: names of the sets, joined by "+".
        people: who can be used, those with recordings first.
        left_out: how many cannot.
        rendered: slices of renderings of those with recordings; None where nobody has any.
        films: what was read of the others' clips; None where nobody has any.
        filmed: slices of that.
    """

    dataset: str
    people: tuple[Person, ...]
    left_out: int
    rendered: SliceSet | None
    films: FilmSet | None
    filmed: SliceSet | None


def evaluate(weights: Weights, data: Mapping[str, str | Path], *, seed: int = EVALUATION_SEED) -> dict[str, Any]:
    """Score saved weights on every person of some data sets, without training.

    Args:
        weights: loaded weights.
        data: name of a data set -> its folder.
        seed: fixes the renderings.

    Returns:
        JSON-able, as `evidence.gather` makes it, without other models: `dataset`, `people`, `left_out` (people without
        a whole beat, or without a clip that could be read), `seen_in_training` (people the weights were fitted on:
        figures that include any are no evidence), `renderings` a person and quality, `qualities` -> quality -> pressure
        -> figures, and so on. The intervals and the training mean are those of the weights' config.

        Pulse recordings are rendered in every capture quality. Clips are taken as they were filmed: their one quality
        is `filmed`, each clip counts once (with the mean over its windows, as the demo answers), against its own
        pressures, and `clips` says how many were `read` and how many `refused`, by reason code. A set of clips alone
        has no other quality; 0 `renderings` are then made.

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used.
    """
    questions = prepare(data, seed=seed)
    about = describe(weights, questions)
    return gather(answer(weights, questions), {}, {}, about, intervals=weights.config["intervals"])


def prepare(data: Mapping[str, str | Path], *, seed: int = EVALUATION_SEED) -> Questions:
    """Load data sets, render recordings, read clips.

    Args:
        data: name of a data set -> its folder.
        seed: fixes the renderings.

    Returns:
        What to ask weights about.

    Raises:
        DataError: as `evaluate`.
    """
    everybody = load_people(data)
    recorded, films = part_usable(everybody)
    people = (*recorded, *(films.maps.people if films else ()))
    rendered = render_set(recorded, tuple(QUALITIES) * RENDERINGS, seed, "evaluation") if recorded else None
    return Questions(
        "+".join(data),
        people,
        len(everybody) - len(people),
        slice_set(rendered, "evaluation") if rendered else None,
        films,
        slice_set(films.maps, "clips") if films else None,
    )


def answer(weights: Weights, questions: Questions, change: Callable[[SliceSet], SliceSet] | None = None) -> Predictions:
    """Ask weights.

    Args:
        weights: loaded weights.
        questions: of `prepare`.
        change: what is done to slices before the network reads them, if anything.

    Returns:
        One row for each rendering, and one for each clip.
    """
    device = next(weights.network.parameters()).device

    def ask(slices: SliceSet) -> Answers:
        changed = change(slices) if change else slices
        return predict(weights.network, changed, np.arange(len(slices.person)), device)

    parts: list[Predictions] = []
    if questions.rendered is not None:
        maps = questions.rendered
        parts.append(_predictions(weights, maps.person, maps.quality, maps.truth, ask(maps)))
    if questions.films is not None:
        first_person = len(questions.people) - len(questions.films.maps.people)
        parts.append(_of_clips(weights, questions.films, ask(questions.filmed), first_person))
    return join_predictions(parts)


def describe(weights: Weights, questions: Questions) -> dict[str, Any]:
    """Return what `evidence.gather` wants to know besides the answers.

    Args:
        weights: loaded weights.
        questions: of `prepare`.
    """
    seen = set(weights.config["training"].get("names", ()))
    films = questions.films
    return {
        "dataset": questions.dataset,
        "renderings": RENDERINGS if questions.rendered is not None else 0,
        "left_out": questions.left_out,
        "seen_in_training": sum(person.name in seen for person in questions.people),
        "edges": {pressure: weights.config["network"][f"{pressure}_edges"] for pressure in PRESSURES},
        **({"clips": {"read": films.clips, "refused": films.refused}} if films else {}),
    }


def _of_clips(weights: Weights, films: FilmSet, answers: Answers, first_person: int) -> Predictions:
    """One row for each clip, of answers for each window."""
    value, probability, scale = answers
    _, first = np.unique(films.clip, return_index=True)
    by_clip = (
        mean_by_clip(films, value),
        tuple(mean_by_clip(films, each) for each in probability),
        mean_by_clip(films, scale),
    )
    truth = mean_by_clip(films, films.maps.truth)
    return _predictions(weights, first_person + films.maps.person[first], films.maps.quality[first], truth, by_clip)


def _predictions(
    weights: Weights, person: np.ndarray, quality: np.ndarray, truth: np.ndarray, answers: Answers
) -> Predictions:
    """Put the training mean of the weights' config beside what they answered."""
    value, probability, scale = answers
    mean = [weights.config["training"][pressure]["mean"] for pressure in PRESSURES]
    nothing_fitted = np.zeros(len(person), int)
    baseline = np.broadcast_to(np.array(mean, np.float64), value.shape)
    truth = np.asarray(truth, np.float64)
    return Predictions(person, quality, truth, nothing_fitted, nothing_fitted, baseline, value, scale, probability)
