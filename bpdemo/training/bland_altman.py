"""Agreement with the cuff: Bland and Altman's figures, and what a person's pressure does to the answer."""

from typing import Any

import numpy as np

BIN_MMHG = 5.0
"""Side of a square of the picture. Answers are counted in squares, so that nobody's own pressure is told."""
ANSWER_GROUPS = 10

_SHARE_95 = 1.96


def agree(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Work out agreement of one pressure, after Bland and Altman, Lancet 327, 1986.

    Args:
        truth: [n] cuff pressures, mmHg.
        predicted: [n] mmHg.

    Returns:
        JSON-able: `bias` (mean of predicted - truth), `limits` ([low, high]: bias -+ 1.96 standard deviations), `slope`
        (of the difference on the mean of both; below 0: high pressures are answered too low), `slope_on_truth` (how far
        one mmHg of pressure moves the answer: 1 is ideal, 0 is always the same answer); `bins`: `size` (mmHg), `mean`
        and `difference` (low edges of the first square, mmHg) and `counts` ([difference][mean], answers in each
        square); `spread`: standard deviation of the cuff pressures of all (`all`), and of those given about the same
        answer (`same_answer`, within tenths of the answers; None for fewer than four times as many answers), mmHg.
    """
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    mean, difference = (truth + predicted) / 2, predicted - truth
    bias, sd = float(difference.mean()), float(difference.std())
    return {
        "bias": bias,
        "limits": [bias - _SHARE_95 * sd, bias + _SHARE_95 * sd],
        "slope": _slope(mean, difference),
        "slope_on_truth": _slope(truth, predicted),
        "bins": _bins(mean, difference),
        "spread": {"all": float(truth.std()), "same_answer": _spread_at_same_answer(truth, predicted)},
    }


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of the least-squares line; 0 where x is constant."""
    centred = x - x.mean()
    power = float(centred @ centred)
    return float(centred @ y) / power if power > 1e-9 else 0.0


def _bins(mean: np.ndarray, difference: np.ndarray) -> dict[str, Any]:
    """Counts of answers in squares whose edges are whole multiples of `BIN_MMHG`."""
    column, row = (np.floor(values / BIN_MMHG).astype(int) for values in (mean, difference))
    counts = np.zeros((np.ptp(row) + 1, np.ptp(column) + 1), int)
    np.add.at(counts, (row - row.min(), column - column.min()), 1)
    return {
        "size": BIN_MMHG,
        "mean": float(BIN_MMHG * column.min()),
        "difference": float(BIN_MMHG * row.min()),
        "counts": counts.tolist(),
    }


def _spread_at_same_answer(truth: np.ndarray, predicted: np.ndarray) -> float | None:
    """Standard deviation of the truth inside groups of nearly the same answer, over all groups."""
    if len(truth) < 4 * ANSWER_GROUPS:
        return None
    groups = np.array_split(truth[np.argsort(predicted, kind="stable")], ANSWER_GROUPS)
    return float(np.sqrt(np.concatenate([(group - group.mean()) ** 2 for group in groups]).mean()))
