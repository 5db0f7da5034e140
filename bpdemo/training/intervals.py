"""Intervals that hold what they promise: split-conformal, from errors on people a model was not fitted on.

An interval is value +- factor x scale. The scale is the model's own word on how far off this answer may be in relation
to others (1 for all where it gives none); the factor is worked out here, so that the wanted share of *new* people lies
inside. Vovk, Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005; Lei et al., *Distribution-free
predictive inference for regression*, JASA 113, 2018, section 5.2 for the scale.
"""

from typing import Any

import numpy as np

from bpdemo.training.metrics import PRESSURES
from bpdemo.training.predictions import Predictions

COVERAGE = 0.9

_THIRDS = ("narrowest", "middle", "widest")


def conformal_half_width(errors: np.ndarray, people: int, coverage: float) -> float:
    """Half-width of a split-conformal interval.

    Args:
        errors: errors on people the network was not fitted on, any number of renderings each: mmHg, or mmHg over scale.
        people: how many people they come from; renderings of one person count as one for the finite-sample correction.
        coverage: wanted share of new people inside the interval, 0 to 1.

    Returns:
        Half-width in the unit of the errors; the largest error when there are too few people for that coverage.
    """
    level = min(1.0, np.ceil((people + 1) * coverage) / people)
    return float(np.quantile(np.abs(errors), level, method="inverted_cdf"))


def factors(predictions: Predictions, reference: str, coverage: float = COVERAGE) -> np.ndarray:
    """Work out the factor to ship with a model: from all of its out-of-fold answers.

    Args:
        predictions: of people the model was not fitted on, any number of splits.
        reference: the capture quality whose errors count; where nothing is of that quality, all count.
        coverage: wanted share.

    Returns:
        float64 [2], for systolic and diastolic, times the scale: mmHg where there is none.
    """
    of = predictions.quality == reference
    return _factors(predictions, of if of.any() else np.ones_like(of), coverage)


def cross_half_widths(predictions: Predictions, reference: str, coverage: float = COVERAGE) -> np.ndarray:
    """Give every answer an interval that was worked out without the people of its fold.

    Within each split on its own, a fold's factor comes from the errors of the split's other folds, so coverage is
    measured on people the interval has not seen either.

    Args:
        predictions: of several folds.
        reference: see `factors`.
        coverage: wanted share.

    Returns:
        float64 [n, 2], mmHg.

    Raises:
        ValueError: a split with fewer than two folds.
    """
    half_width = np.empty_like(predictions.value)
    for split, fold in np.unique(np.stack((predictions.split, predictions.fold)), axis=1).T:
        in_split, in_fold = predictions.split == split, predictions.fold == fold
        others = in_split & ~in_fold
        if not others.any():
            raise ValueError(f"split {split} has only one fold: there is nobody to work out an interval from")
        at_reference = others & (predictions.quality == reference)
        factor = _factors(predictions, at_reference if at_reference.any() else others, coverage)
        rows = in_split & in_fold
        half_width[rows] = factor * _scale(predictions)[rows]
    return half_width


def scaled(predictions: Predictions, factor: np.ndarray) -> np.ndarray:
    """Return half-widths, float64 [n, 2] in mmHg, by known factors [2]."""
    return np.asarray(factor, np.float64) * _scale(predictions)


def by_width(truth: np.ndarray, predicted: np.ndarray, half_width: np.ndarray) -> list[dict[str, Any]]:
    """Tell whether wide intervals are where large errors are: answers in thirds, by the width of their interval.

    Args:
        truth: [n] mmHg.
        predicted: [n] mmHg.
        half_width: [n] mmHg.

    Returns:
        For the narrowest, the middle and the widest third: `which`, `interval` (mean half-width, mmHg), `mae` (mmHg),
        `coverage`. Empty for fewer than three answers.
    """
    if len(truth) < len(_THIRDS):
        return []
    error = np.abs(predicted - truth)
    thirds = np.array_split(np.argsort(half_width, kind="stable"), len(_THIRDS))
    return [
        {
            "which": which,
            "interval": float(half_width[rows].mean()),
            "mae": float(error[rows].mean()),
            "coverage": float((error[rows] <= half_width[rows]).mean()),
        }
        for which, rows in zip(_THIRDS, thirds, strict=True)
    ]


def _scale(predictions: Predictions) -> np.ndarray:
    return np.ones_like(predictions.value) if predictions.scale is None else predictions.scale


def _factors(predictions: Predictions, of: np.ndarray, coverage: float) -> np.ndarray:
    relative = (predictions.value - predictions.truth)[of] / _scale(predictions)[of]
    people = len(np.unique(predictions.person[of]))
    return np.array([conformal_half_width(relative[:, k], people, coverage) for k in range(len(PRESSURES))])
