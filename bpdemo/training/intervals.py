"""Intervals that hold what they promise: split-conformal, from errors on people a model was not fitted on.

An interval is value +- factor x scale. The scale is the model's own word on how far off this answer may be in relation
to others (1 for all where it gives none); the factor is worked out here, so that the wanted share of *new* people lies
inside. Vovk, Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005; Lei et al., *Distribution-free
predictive inference for regression*, JASA 113, 2018, section 5.2 for the scale.
"""

import numpy as np

from bpdemo.training.predictions import Predictions
from bpdemo.training.results import PRESSURES, WidthThird

COVERAGE = 0.9

_THIRDS = ("narrowest", "middle", "widest")


def conformal_half_width(errors: np.ndarray, people: int, coverage: float) -> float:
    """Return the half-width of a split-conformal interval, in the unit of the errors: mmHg, or mmHg over scale.

    The errors are of people the network was not fitted on. Renderings of one person count as one for the finite-sample
    correction. With too few people for the wanted share of new people inside (0 to 1), the largest error is taken.
    """
    level = min(1.0, np.ceil((people + 1) * coverage) / people)
    return float(np.quantile(np.abs(errors), level, method="inverted_cdf"))


def interval_factors(predictions: Predictions, reference: str) -> np.ndarray:
    """Return the factors to ship with a model, float64 [2]: times the scale, or mmHg where there is none.

    They come from the errors at the reference quality, or from all where nothing is of that quality.
    """
    at_reference = predictions.quality == reference
    rows = predictions.select(at_reference) if at_reference.any() else predictions
    relative = (rows.value - rows.truth) / _scale(rows)
    people = len(np.unique(rows.person))
    return np.array([conformal_half_width(relative[:, k], people, COVERAGE) for k in range(len(PRESSURES))])


def cross_half_widths(predictions: Predictions, reference: str) -> np.ndarray:
    """Return the half-width of every answer, float64 [n, 2] in mmHg, worked out without the people of its fold.

    Within each split on its own, a fold's factor comes from the errors of the split's other folds, so coverage is
    measured on people the interval has not seen either.

    Raises:
        ValueError: a split with fewer than two folds.
    """
    half_width = np.empty_like(predictions.value)
    for split, fold in np.unique(np.stack((predictions.split, predictions.fold)), axis=1).T:
        in_split, in_fold = predictions.split == split, predictions.fold == fold
        others = in_split & ~in_fold
        if not others.any():
            raise ValueError(f"split {split} has only one fold: there is nobody to work out an interval from")
        rows = in_split & in_fold
        half_width[rows] = interval_factors(predictions.select(others), reference) * _scale(predictions)[rows]
    return half_width


def scaled_half_widths(predictions: Predictions, factors: np.ndarray) -> np.ndarray:
    """Return half-widths, float64 [n, 2] in mmHg, by known factors [2]."""
    return np.asarray(factors, np.float64) * _scale(predictions)


def by_width(truth: np.ndarray, predicted: np.ndarray, half_width: np.ndarray) -> list[WidthThird]:
    """Return answers in thirds by the width of their interval, all [n] mmHg; none for fewer than three answers."""
    if len(truth) < len(_THIRDS):
        return []
    error = np.abs(predicted - truth)
    thirds = np.array_split(np.argsort(half_width, kind="stable"), len(_THIRDS))
    return [
        WidthThird(
            which=which,
            interval=float(half_width[rows].mean()),
            mae=float(error[rows].mean()),
            coverage=float((error[rows] <= half_width[rows]).mean()),
        )
        for which, rows in zip(_THIRDS, thirds, strict=True)
    ]


def _scale(predictions: Predictions) -> np.ndarray:
    return np.ones_like(predictions.value) if predictions.scale is None else predictions.scale
