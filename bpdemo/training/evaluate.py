"""Scores of saved weights on people they never saw, without training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo.training.criteria import PRESSURES
from bpdemo.training.datasets import load_people
from bpdemo.training.evidence import gather
from bpdemo.training.film_maps import FilmSet, film_set, mean_by_clip
from bpdemo.training.map_set import MapSet, keep_usable, render_set, slice_set
from bpdemo.training.people import Person
from bpdemo.training.predictions import Predictions, join_predictions, predict
from bpdemo.training.render_maps import QUALITIES
from bpdemo.weights import Weights

EVALUATION_SEED = 1000  # added to the seed: evaluation renderings are other ones than training's
RENDERINGS = 4
"""Renderings of a person in each quality when scoring."""

Answers = tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]


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
    answers, about = answer_people(weights, data, seed=seed)
    return gather(answers, {}, {}, about, intervals=weights.config["intervals"])


def answer_people(
    weights: Weights, data: Mapping[str, str | Path], *, seed: int = EVALUATION_SEED
) -> tuple[Predictions, dict[str, Any]]:
    """Ask saved weights about every person of some data sets.

    Args:
        weights: loaded weights.
        data: name of a data set -> its folder.
        seed: fixes the renderings.

    Returns:
        The answers, and what `evidence.gather` wants to know besides.

    Raises:
        DataError: as `evaluate`.
    """
    everybody = load_people(data)
    recorded = [person for person in everybody if not person.films]
    filmed = [person for person in everybody if person.films]
    people: list[Person] = []
    parts: list[Predictions] = []
    about: dict[str, Any] = {"renderings": RENDERINGS if recorded else 0}
    if recorded:
        usable, _ = keep_usable(recorded)
        people += usable
        maps = render_set(usable, tuple(QUALITIES) * RENDERINGS, seed, "evaluation")
        parts.append(_predictions(weights, maps.person, maps.quality, maps.truth, _answer(weights, maps)))
    if filmed:
        films = film_set(filmed)
        parts.append(_predict_films(weights, films, first_person=len(people)))
        people += films.maps.people
        about["clips"] = {"read": films.clips, "refused": films.refused}
    seen = set(weights.config["training"].get("names", ()))
    about |= {
        "dataset": "+".join(data),
        "left_out": len(everybody) - len(people),
        "seen_in_training": sum(person.name in seen for person in people),
        "edges": {pressure: weights.config["network"][f"{pressure}_edges"] for pressure in PRESSURES},
    }
    return join_predictions(parts), about


def _answer(weights: Weights, maps: MapSet) -> Answers:
    device = next(weights.network.parameters()).device
    return predict(weights.network, slice_set(maps, "evaluation"), np.arange(len(maps.person)), device)


def _predict_films(weights: Weights, films: FilmSet, first_person: int) -> Predictions:
    """One row for each clip."""
    value, probability, scale = _answer(weights, films.maps)
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
