"""Intervals that hold what they promise: split-conformal, from errors on people a model was not fitted on.

An interval is value +- half-width, the same for all answers, so that the wanted share of *new* people lies inside.
Vovk, Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005; Lei et al., *Distribution-free predictive
inference for regression*, JASA 113, 2018.
"""

import numpy as np

from bpdemo.training.predictions import Predictions
from bpdemo.training.results import PRESSURES

COVERAGE = 0.9


def conformal_half_width(errors: np.ndarray, people: int, coverage: float) -> float:
    """Return the half-width of a split-conformal interval, mmHg.

    The errors are of people the network was not fitted on. Renderings of one person count as one for the finite-sample
    correction. With too few people for the wanted share of new people inside (0 to 1), the largest error is taken.
    """
    level = min(1.0, np.ceil((people + 1) * coverage) / people)
    return float(np.quantile(np.abs(errors), level, method="inverted_cdf"))


def half_widths(predictions: Predictions, reference: str) -> np.ndarray:
    """Return the half-widths to ship with a model, float64 [2] in mmHg.

    They come from the errors at the reference quality, or from all where nothing is of that quality.
    """
    at_reference = predictions.quality == reference
    rows = predictions.select(at_reference) if at_reference.any() else predictions
    error, people = rows.value - rows.truth, len(np.unique(rows.person))
    return np.array([conformal_half_width(error[:, k], people, COVERAGE) for k in range(len(PRESSURES))])


def cross_half_widths(predictions: Predictions, reference: str) -> np.ndarray:
    """Return the half-width of every answer, float64 [n, 2] in mmHg, worked out without the people of its fold.

    Within each split on its own, a fold's half-width comes from the errors of the split's other folds, so coverage is
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
        half_width[in_split & in_fold] = half_widths(predictions.select(others), reference)
    return half_width
