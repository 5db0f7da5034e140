"""What a critic asks of blood pressure predictions: where they err, how sure the figures are, what the standards say.

A pooled MAE misleads (Schrumpf et al., *Assessment of non-invasive blood pressure prediction from PPG and rPPG signals
using deep learning*, Sensors 21(18), 2021): errors grow towards rare pressures, and renderings of one person are no new
people. So everything here is broken down by range, and every interval resamples people, never their renderings.

The verdicts apply the numerical limits of the standards to whatever is handed in. The standards also prescribe how
people are chosen and how the cuff is read; a verdict here says nothing about that.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

PRESSURES = ("systolic", "diastolic")
WITHIN_MMHG = (5, 10, 15)
RESAMPLES = 2000
CONFIDENCE = 0.95
LEAST_PEOPLE = 3
"""People in a range below which its errors are not told: they would be those people's own pressures."""

AAMI_PEOPLE, AAMI_MEAN_MMHG, AAMI_SD_MMHG = 85, 5.0, 8.0
"""ANSI/AAMI/ISO 81060-2, criterion 1: people at least, |mean error| and standard deviation at most."""

BHS_SHARES: dict[str, tuple[float, float, float]] = {
    "A": (0.60, 0.85, 0.95),
    "B": (0.50, 0.75, 0.90),
    "C": (0.40, 0.65, 0.85),
}
"""British Hypertension Society 1993: share of errors within 5, 10 and 15 mmHg a grade asks for, all three; else D."""

IEEE_MMHG: dict[str, float] = {"A": 5.0, "B": 6.0, "C": 7.0}
"""IEEE 1708: largest mean absolute difference of a grade; else D."""

_TINY = 1e-9


def criticise(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    edges: Sequence[float],
    *,
    person: np.ndarray | None = None,
    half_width: np.ndarray | float | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Work out every figure of this module for one pressure.

    Args:
        truth: [n], cuff pressure that belongs to each prediction, mmHg; clips of one person may differ.
        predicted: [n] mmHg: one for each rendering or clip.
        baseline: what `predicted` is compared with, mmHg: [n], or one number for all; the training mean, or the
            predictions of another model for the same renderings.
        edges: rising, mmHg; make the ranges `[low, high)`. Pressures outside count to the end ranges, as the network
            takes them.
        person: int [n], whose each prediction is. None when there is one for each person.
        half_width: of the interval around each prediction, mmHg: [n], or one number; None where there are no intervals.
        seed: fixes the bootstrap.

    Returns:
        JSON-able: `people`, `predictions`; `mae`, `rmse`, `mean_error`, `sd_error` (mmHg; error = predicted - truth),
        `r` (Pearson; 0 when either side is constant, or `predicted` is the baseline), `baseline_mae`, `baseline_rmse`,
        `own_mean_mae` (always answering the mean of these very pressures: a group's level known, its ranking not),
        `gain` (baseline_mae - mae: above 0 is better than the baseline); `bootstrap` (see `bootstrap`); `within`
        (`"5"`, `"10"`, `"15"` -> share of errors up to that); `ranges` (see `by_range`); `verdicts` -> `aami` (bool),
        `bhs` and `ieee_1708` ("A" to "D"). With a half-width also `coverage` (share of cuff pressures inside) and
        `interval` (mean half-width, mmHg).

    Raises:
        ValueError: for arrays that do not fit together or are not finite, or for none at all.
    """
    truth, predicted, baseline, person, half_width = _check(truth, predicted, baseline, person, half_width)
    error, baseline_error = predicted - truth, baseline - truth
    people = int(person.max()) + 1
    sums = _sums(truth, predicted, baseline, person, half_width).sum(axis=0, keepdims=True)
    mae, baseline_mae = float(np.abs(error).mean()), float(np.abs(baseline_error).mean())
    figures = {
        "people": people,
        "predictions": len(predicted),
        "mae": mae,
        "rmse": float(np.sqrt((error**2).mean())),
        "mean_error": float(error.mean()),
        "sd_error": float(error.std()),
        "r": float(_correlation(sums)[0]),
        "baseline_mae": baseline_mae,
        "baseline_rmse": float(np.sqrt((baseline_error**2).mean())),
        "own_mean_mae": float(np.abs(truth - truth.mean()).mean()),
        "gain": baseline_mae - mae,
        "bootstrap": bootstrap(truth, predicted, baseline, person=person, half_width=half_width, seed=seed),
        "within": {str(limit): share for limit, share in zip(WITHIN_MMHG, share_within(error), strict=True)},
        "ranges": by_range(truth, predicted, baseline, edges, person=person, half_width=half_width),
        "verdicts": {
            "aami": passes_aami(error, people),
            "bhs": bhs_grade(error),
            "ieee_1708": ieee_1708_grade(error),
        },
    }
    if half_width is not None:
        figures |= {"coverage": float((np.abs(error) <= half_width).mean()), "interval": float(half_width.mean())}
    return figures


def by_range(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    edges: Sequence[float],
    *,
    person: np.ndarray | None = None,
    half_width: np.ndarray | float | None = None,
) -> list[dict[str, float | int | None]]:
    """Break errors down by the range the true pressure lies in.

    Args:
        truth: see `criticise`; so are the others.
        predicted: [n] mmHg.
        baseline: [n] mmHg, or one number.
        edges: rising, mmHg.
        person: int [n] or None.
        half_width: [n] mmHg, one number, or None.

    Returns:
        For each range: `from`, `to` (mmHg), `people`, `mae`, `mean_error`, `baseline_mae` (mmHg) and, with a
        half-width, `coverage`; None where there are fewer than `LEAST_PEOPLE`, and in the range with the fewest people
        besides, where those could be worked out from the sum over all.

    Raises:
        ValueError: as `criticise`.
    """
    truth, predicted, baseline, person, half_width = _check(truth, predicted, baseline, person, half_width)
    range_of = np.digitize(truth, edges[1:-1])
    error, baseline_error = predicted - truth, baseline - truth
    columns = {"mae": np.abs(error), "mean_error": error, "baseline_mae": np.abs(baseline_error)}
    if half_width is not None:
        columns["coverage"] = np.abs(error) <= half_width
    people = [len(np.unique(person[range_of == index])) for index in range(len(edges) - 1)]
    told = _told(people)
    return [
        {"from": float(edges[index]), "to": float(edges[index + 1]), "people": people[index]}
        | {name: float(column[range_of == index].mean()) if index in told else None for name, column in columns.items()}
        for index in range(len(edges) - 1)
    ]


def bootstrap(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    *,
    person: np.ndarray | None = None,
    half_width: np.ndarray | float | None = None,
    seed: int = 0,
) -> dict[str, list[float]]:
    """Percentile bootstrap over people: draw people with replacement, each with all of their predictions.

    The fits are not repeated, so an interval says how far other people of the same kind would move the figure, not how
    far another training set would. Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13.

    Args:
        truth: see `criticise`; so are the others.
        predicted: [n] mmHg.
        baseline: [n] mmHg, or one number.
        person: int [n] or None.
        half_width: [n] mmHg, one number, or None.
        seed: fixes the draws.

    Returns:
        95 % intervals [low, high] of `mae`, `r`, `gain` (of the same draw of people for both sides, so that an
        interval above 0 means better than the baseline on these people) and, with a half-width, `coverage`.

    Raises:
        ValueError: as `criticise`.
    """
    truth, predicted, baseline, person, half_width = _check(truth, predicted, baseline, person, half_width)
    each = _sums(truth, predicted, baseline, person, half_width)
    people = len(each)
    times_drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    sums = times_drawn @ each
    count, absolute, baseline_absolute, inside = sums[:, :4].T
    figures = {
        "mae": absolute / count,
        "r": _correlation(sums),
        "gain": (baseline_absolute - absolute) / count,
    }
    if half_width is not None:
        figures["coverage"] = inside / count
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    return {name: np.quantile(figure, tails).tolist() for name, figure in figures.items()}


def share_within(error: np.ndarray) -> tuple[float, ...]:
    """Return the share of errors [n] (mmHg) up to 5, 10 and 15 mmHg, each 0 to 1."""
    return tuple(float((np.abs(error) <= limit).mean()) for limit in WITHIN_MMHG)


def passes_aami(error: np.ndarray, people: int) -> bool:
    """Return whether errors [n] (mmHg) of some people meet `AAMI_PEOPLE`, `AAMI_MEAN_MMHG` and `AAMI_SD_MMHG`."""
    if people < AAMI_PEOPLE:
        return False
    return bool(abs(error.mean()) <= AAMI_MEAN_MMHG and error.std(ddof=1) <= AAMI_SD_MMHG)


def bhs_grade(error: np.ndarray) -> str:
    """Return the grade "A" to "D" of errors [n] (mmHg) by `BHS_SHARES`."""
    shares = share_within(error)
    for grade, needed in BHS_SHARES.items():
        if all(share >= least for share, least in zip(shares, needed, strict=True)):
            return grade
    return "D"


def ieee_1708_grade(error: np.ndarray) -> str:
    """Return the grade "A" to "D" of errors [n] (mmHg) by `IEEE_MMHG`; a limit itself still counts (ours)."""
    mean_absolute = np.abs(error).mean()
    return next((grade for grade, limit in IEEE_MMHG.items() if mean_absolute <= limit), "D")


def correlation(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Return Pearson's r of two arrays [n]; 0 when either is constant."""
    if min(np.std(truth), np.std(predicted)) ** 2 < _TINY:
        return 0.0
    return float(np.corrcoef(truth, predicted)[0, 1])


def _told(people: Sequence[int]) -> set[int]:
    """Which ranges' errors may be told, by how many people are in each."""
    told = {index for index, count in enumerate(people) if count >= LEAST_PEOPLE}
    while told and 0 < sum(people) - sum(people[index] for index in told) < LEAST_PEOPLE:
        told.remove(min(told, key=lambda index: people[index]))
    return told


def _check(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    person: np.ndarray | None,
    half_width: np.ndarray | float | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """The arguments as float64 arrays that fit together, and people numbered from 0."""
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    person = np.arange(len(truth)) if person is None else np.asarray(person)
    if truth.ndim != 1 or not truth.shape == predicted.shape == person.shape or not len(truth):
        raise ValueError(f"truth {truth.shape}, predicted {predicted.shape} and person {person.shape} do not fit")
    baseline = np.broadcast_to(np.asarray(baseline, np.float64), truth.shape)
    if half_width is not None:
        half_width = np.broadcast_to(np.asarray(half_width, np.float64), truth.shape)
    arrays = [truth, predicted, baseline] + ([] if half_width is None else [half_width])
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("pressures must be finite")
    return truth, predicted, baseline, np.unique(person, return_inverse=True)[1], half_width


def _sums(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    person: np.ndarray,
    half_width: np.ndarray | None,
) -> np.ndarray:
    """Each person's part of every figure: [people, 9]; figures of any draw of people are sums of these rows."""
    error = np.abs(predicted - truth)
    inside = np.zeros_like(error) if half_width is None else error <= half_width
    x, y = truth - truth.mean(), predicted - predicted.mean()  # centred: sums of squares stay small
    if np.allclose(predicted, baseline):
        y = np.zeros_like(y)  # means of different folds differ a little, against their test people: that is no r
    columns = (np.ones_like(x), error, np.abs(baseline - truth), inside, x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(person, column, minlength=person.max() + 1) for column in columns], axis=1)


def _correlation(sums: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of sums [draws, 9]; 0 where either side is constant."""
    count, _, _, _, x, y, xx, yy, xy = sums.T
    variance_x, variance_y = xx / count - (x / count) ** 2, yy / count - (y / count) ** 2
    covariance = xy / count - x * y / count**2
    constant = (variance_x < _TINY) | (variance_y < _TINY)
    return np.where(constant, 0.0, covariance / np.sqrt(np.where(constant, 1.0, variance_x * variance_y)))
