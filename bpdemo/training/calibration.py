"""Whether the range probabilities mean what they say, and whether the likeliest range is any good."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

BINS = 10


def calibrate(truth: np.ndarray, probability: np.ndarray, edges: Sequence[float]) -> dict[str, Any]:
    """Work out the figures of the range probabilities of one pressure.

    The calibration error is torchmetrics' `MulticlassCalibrationError`: of the likeliest range alone (top label), mean
    absolute gap (l1) between confidence and accuracy over ten bins of equal width, each weighted by how many answers
    are in it. Guo et al., *On calibration of modern neural networks*, ICML 2017.

    Args:
        truth: [n] cuff pressures, mmHg; outside all ranges they count to the end ranges.
        probability: [n, ranges], each row sums to 1.
        edges: of the ranges, mmHg.

    Returns:
        JSON-able: `calibration_error`; `reliability`, for each bin that is not empty `from`, `to`, `confidence` (mean),
        `accuracy`, `answers`; `range_accuracy` (share of answers whose likeliest range holds the cuff pressure) and
        `beside_accuracy` (that range or one beside it); `commonest_range`: the same two shares, `accuracy` and
        `beside_accuracy`, for always naming the one range most of these answers belong to.

    Raises:
        ValueError: as many probabilities as ranges are needed, one row for each pressure.
    """
    truth, probability = np.asarray(truth, np.float64), np.asarray(probability, np.float64)
    ranges = len(edges) - 1
    if probability.shape != (len(truth), ranges):
        raise ValueError(f"probabilities {probability.shape} do not fit {len(truth)} pressures and {ranges} ranges")
    target = np.digitize(truth, edges[1:-1])
    answer, confidence = probability.argmax(axis=1), probability.max(axis=1)
    common = np.full_like(target, np.bincount(target).argmax())
    # Rows are brought to a sum of exactly 1, or torchmetrics might take them for something else than probabilities.
    rows = torch.from_numpy(probability / probability.sum(axis=1, keepdims=True))
    error = multiclass_calibration_error(rows, torch.from_numpy(target), num_classes=ranges, n_bins=BINS, norm="l1")
    return {
        "calibration_error": float(error),
        "reliability": _reliability(confidence, answer == target),
        "range_accuracy": float((answer == target).mean()),
        "beside_accuracy": float((np.abs(answer - target) <= 1).mean()),
        "commonest_range": {
            "accuracy": float((common == target).mean()),
            "beside_accuracy": float((np.abs(common - target) <= 1).mean()),
        },
    }


def _reliability(confidence: np.ndarray, correct: np.ndarray) -> list[dict[str, float | int]]:
    """The bins of the calibration error, `[from, to)` of confidence."""
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "confidence": float(confidence[here].mean()),
            "accuracy": float(correct[here].mean()),
            "answers": int(here.sum()),
        }
        for number in range(BINS)
        for here in [bin_of == number]
        if here.any()
    ]
