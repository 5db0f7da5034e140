"""Scores: how far predictions are from the cuff, beside always answering the training mean."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bpdemo.training.datasets import load_people
from bpdemo.training.film_maps import FilmSet, film_set, mean_by_clip
from bpdemo.training.map_set import FILMED, MapSet, keep_usable, render_set
from bpdemo.training.people import Person
from bpdemo.training.render_maps import QUALITIES
from bpdemo.weights import Weights

PRESSURES = ("systolic", "diastolic")
EVALUATION_SEED = 1000  # added to the seed: evaluation renderings are other ones than training's
RENDERINGS = 4
"""Renderings of a person in each quality when scoring."""

_BATCH = 64


def evaluate(weights: Weights, data: Mapping[str, str | Path], *, seed: int = EVALUATION_SEED) -> dict[str, Any]:
    """Score saved weights on every person of some data sets, without training.

    Args:
        weights: loaded weights.
        data: name of a data set -> its folder.
        seed: fixes the renderings.

    Returns:
        JSON-able: `dataset`, `people`, `left_out` (people without a whole beat, or without a clip that could be read),
        `seen_in_training` (people the weights were fitted on: figures that include any are no evidence), `renderings`
        a person and quality, and `qualities` -> quality -> pressure -> the figures of `score`.

        Pulse recordings are rendered in every capture quality. Clips are taken as they were filmed: their one quality
        is `filmed`, each clip counts once (with the mean over its windows, as the demo answers), against its own
        pressures, and `clips` says how many were `read` and how many `refused`, by reason code. A set of clips alone
        has no other quality; 0 `renderings` are then made.

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used.
    """
    everybody = load_people(data)
    recorded = [person for person in everybody if not person.films]
    filmed = [person for person in everybody if person.films]
    people: list[Person] = []
    report: dict[str, Any] = {"renderings": RENDERINGS if recorded else 0, "qualities": {}}
    if recorded:
        usable, _ = keep_usable(recorded)
        people += usable
        maps = render_set(usable, tuple(QUALITIES) * RENDERINGS, seed, "evaluation")
        predicted = _predict_all(weights, maps)
        report["qualities"] |= score_by_quality(maps, predicted, *_baseline_and_half_width(weights, predicted))
    if filmed:
        films = film_set(filmed)
        people += films.maps.people
        report["qualities"][FILMED] = _score_films(weights, films)
        report["clips"] = {"read": films.clips, "refused": films.refused}
    seen = set(weights.config["training"].get("names", ()))
    return {
        "dataset": "+".join(data),
        "people": len(people),
        "left_out": len(everybody) - len(people),
        "seen_in_training": sum(person.name in seen for person in people),
        **report,
    }


def predict(network: nn.Module, maps: MapSet, indices: Sequence[int], device: torch.device) -> np.ndarray:
    """Run the network over some maps.

    Args:
        network: a BloodPressureNetwork.
        maps: the set.
        indices: which of its maps.
        device: where the network is.

    Returns:
        float64 [len(indices), 2], systolic and diastolic, mmHg.
    """
    network.eval()
    values = []
    with torch.inference_mode():
        for start in range(0, len(indices), _BATCH):
            batch = indices[start : start + _BATCH]
            prediction = network(
                torch.from_numpy(maps.values[batch].astype(np.float32)).to(device),
                torch.from_numpy(maps.mask[batch]).to(device),
            )
            values.append(torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).cpu().numpy())
    return np.concatenate(values).astype(np.float64)


def score_by_quality(
    maps: MapSet, predicted: np.ndarray, baseline: np.ndarray, half_width: np.ndarray
) -> dict[str, dict[str, dict[str, float]]]:
    """Score predictions of all maps, separately for each capture quality among them.

    Args:
        maps: the set.
        predicted: [maps, 2] mmHg.
        baseline: [maps, 2] mmHg, the training mean that stands beside each prediction.
        half_width: [maps, 2] mmHg, of the interval around each prediction.

    Returns:
        quality -> pressure -> the figures of `score`.
    """
    truth = maps.truth
    return {
        quality: {
            pressure: score(truth[of, k], predicted[of, k], baseline[of, k], half_width[of, k])
            for k, pressure in enumerate(PRESSURES)
        }
        for quality in (*QUALITIES, FILMED)
        for of in [maps.quality == quality]
        if of.any()
    }


def score(truth: np.ndarray, predicted: np.ndarray, baseline: np.ndarray, half_width: np.ndarray) -> dict[str, float]:
    """Figures of one pressure; all arrays [n] in mmHg.

    Returns:
        mae, rmse, mean_error, sd_error (mmHg; error = predicted - truth), r (Pearson; 0 when the prediction is
        constant), baseline_mae, baseline_rmse (always answering the training mean), own_mean_mae (always answering the
        mean of these very people: a group's level known, its ranking not), coverage (share of true values inside
        predicted +- half_width), interval (mean half-width), within_10 (share of errors up to 10 mmHg).
    """
    error, baseline_error = predicted - truth, baseline - truth
    constant = np.std(predicted) < 1e-6 or np.std(truth) < 1e-6
    figures = {
        "mae": np.abs(error).mean(),
        "rmse": np.sqrt((error**2).mean()),
        "mean_error": error.mean(),
        "sd_error": error.std(),
        "r": 0.0 if constant else np.corrcoef(truth, predicted)[0, 1],
        "baseline_mae": np.abs(baseline_error).mean(),
        "baseline_rmse": np.sqrt((baseline_error**2).mean()),
        "own_mean_mae": np.abs(truth - truth.mean()).mean(),
        "coverage": (np.abs(error) <= half_width).mean(),
        "interval": half_width.mean(),
        "within_10": (np.abs(error) <= 10).mean(),
    }
    return {name: round(float(figure), 3) for name, figure in figures.items()}


def conformal_half_width(errors: np.ndarray, people: int, coverage: float) -> float:
    """Half-width of a split-conformal interval (Vovk et al.; Lei et al. 2018).

    Args:
        errors: errors on people the network was not fitted on, any number of renderings each, mmHg.
        people: how many people they come from; renderings of one person count as one for the finite-sample correction.
        coverage: wanted share of new people inside the interval, 0 to 1.

    Returns:
        Half-width in mmHg; the largest error when there are too few people for that coverage.
    """
    level = min(1.0, np.ceil((people + 1) * coverage) / people)
    return float(np.quantile(np.abs(errors), level, method="inverted_cdf"))


def _predict_all(weights: Weights, maps: MapSet) -> np.ndarray:
    return predict(weights.network, maps, np.arange(len(maps.person)), next(weights.network.parameters()).device)


def _score_films(weights: Weights, films: FilmSet) -> dict[str, dict[str, float]]:
    """Pressure -> figures over clips."""
    truth, predicted = (mean_by_clip(films, each) for each in (films.maps.truth, _predict_all(weights, films.maps)))
    baseline, half_width = _baseline_and_half_width(weights, predicted)
    return {
        pressure: score(truth[:, k], predicted[:, k], baseline[:, k], half_width[:, k])
        for k, pressure in enumerate(PRESSURES)
    }


def _baseline_and_half_width(weights: Weights, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the weights' config puts beside each of the predictions [n, 2]: the training mean, the interval."""
    training, intervals = weights.config["training"], weights.config["intervals"]
    baseline = np.array([training[pressure]["mean"] for pressure in PRESSURES])
    half_width = np.array([intervals[pressure] for pressure in PRESSURES])
    return np.broadcast_to(baseline, predicted.shape), np.broadcast_to(half_width, predicted.shape)
