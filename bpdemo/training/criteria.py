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

WITHIN_MMHG = (5, 10, 15)
RESAMPLES = 2000
CONFIDENCE = 0.95

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
    seed: int = 0,
) -> dict[str, Any]:
    """Work out every figure of this module for one pressure.

    Args:
        truth: [people], cuff pressure, mmHg.
        predicted: [n] mmHg: one for each person, or one for each rendering.
        baseline: what `predicted` is compared with, mmHg: [n], or one number for all; the training mean, or the
            predictions of another model for the same renderings.
        edges: rising, mmHg; make the ranges `[low, high)`. Pressures outside count to the end ranges, as the network
            takes them.
        person: int [n], whose each prediction is, an index into `truth`. None when there is one for each person.
        seed: fixes the bootstrap.

    Returns:
        JSON-able: `people`, `predictions`; `mae`, `rmse`, `mean_error`, `sd_error` (mmHg; error = predicted - truth),
        `r` (Pearson; 0 when either side is constant), `baseline_mae`, `gain` (baseline_mae - mae: above 0 is better
        than the baseline); `intervals` (see `bootstrap`); `within` (`"5"`, `"10"`, `"15"` -> share of errors up to
        that); `ranges` (see `by_range`); `verdicts` -> `aami` (bool), `bhs` and `ieee_1708` ("A" to "D").

    Raises:
        ValueError: for arrays that do not fit together or are not finite, or a person without a prediction.
    """
    truth, predicted, baseline, person = _check(truth, predicted, baseline, person)
    error, baseline_error = predicted - truth[person], baseline - truth[person]
    mae, baseline_mae = float(np.abs(error).mean()), float(np.abs(baseline_error).mean())
    sums = _sums(truth, predicted, baseline, person).sum(axis=0, keepdims=True)
    return {
        "people": len(truth),
        "predictions": len(predicted),
        "mae": mae,
        "rmse": float(np.sqrt((error**2).mean())),
        "mean_error": float(error.mean()),
        "sd_error": float(error.std()),
        "r": float(_correlation(sums)[0]),
        "baseline_mae": baseline_mae,
        "gain": baseline_mae - mae,
        "intervals": bootstrap(truth, predicted, baseline, person=person, seed=seed),
        "within": {str(limit): share for limit, share in zip(WITHIN_MMHG, share_within(error), strict=True)},
        "ranges": by_range(truth, predicted, baseline, edges, person=person),
        "verdicts": {
            "aami": passes_aami(error, len(truth)),
            "bhs": bhs_grade(error),
            "ieee_1708": ieee_1708_grade(error),
        },
    }


def by_range(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    edges: Sequence[float],
    *,
    person: np.ndarray | None = None,
) -> list[dict[str, float | int | None]]:
    """Break errors down by the range the true pressure lies in.

    Args:
        truth: see `criticise`; so are the others.
        predicted: [n] mmHg.
        baseline: [n] mmHg, or one number.
        edges: rising, mmHg.
        person: int [n] or None.

    Returns:
        For each range: `from`, `to` (mmHg), `people`, `mae`, `mean_error`, `baseline_mae` (mmHg; None where there is
        nobody).

    Raises:
        ValueError: as `criticise`.
    """
    truth, predicted, baseline, person = _check(truth, predicted, baseline, person)
    range_of_person = np.digitize(truth, edges[1:-1])
    error, baseline_error = predicted - truth[person], baseline - truth[person]
    rows = []
    for index in range(len(edges) - 1):
        here = range_of_person[person] == index
        some = here.any()
        rows.append(
            {
                "from": float(edges[index]),
                "to": float(edges[index + 1]),
                "people": int((range_of_person == index).sum()),
                "mae": float(np.abs(error[here]).mean()) if some else None,
                "mean_error": float(error[here].mean()) if some else None,
                "baseline_mae": float(np.abs(baseline_error[here]).mean()) if some else None,
            }
        )
    return rows


def bootstrap(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    *,
    person: np.ndarray | None = None,
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
        seed: fixes the draws.

    Returns:
        95 % intervals [low, high] of `mae`, `r` and `gain` (of the same draw of people for both sides, so that an
        interval above 0 means better than the baseline on these people).

    Raises:
        ValueError: as `criticise`.
    """
    truth, predicted, baseline, person = _check(truth, predicted, baseline, person)
    people = len(truth)
    times_drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    sums = times_drawn @ _sums(truth, predicted, baseline, person)
    count, absolute, baseline_absolute = sums[:, :3].T
    figures = {
        "mae": absolute / count,
        "r": _correlation(sums),
        "gain": (baseline_absolute - absolute) / count,
    }
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


def _check(
    truth: np.ndarray, predicted: np.ndarray, baseline: np.ndarray | float, person: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The arguments as float64 and int arrays that fit together."""
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    person = np.arange(len(truth)) if person is None else np.asarray(person)
    if truth.ndim != 1 or predicted.shape != person.shape or not len(truth):
        raise ValueError(f"truth {truth.shape}, predicted {predicted.shape} and person {person.shape} do not fit")
    baseline = np.broadcast_to(np.asarray(baseline, np.float64), predicted.shape)
    if not all(np.isfinite(array).all() for array in (truth, predicted, baseline)):
        raise ValueError("pressures must be finite")
    if not np.array_equal(np.unique(person), np.arange(len(truth))):
        raise ValueError("every person needs a prediction, every prediction a person")
    return truth, predicted, baseline, person


def _sums(truth: np.ndarray, predicted: np.ndarray, baseline: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Each person's part of every figure: [people, 8]; figures of any draw of people are sums of these rows."""
    true = truth[person]
    x, y = true - true.mean(), predicted - predicted.mean()  # centred: sums of squares stay small
    columns = (np.ones_like(x), np.abs(predicted - true), np.abs(baseline - true), x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(person, column, minlength=len(truth)) for column in columns], axis=1)


def _correlation(sums: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of sums [draws, 8]; 0 where either side is constant."""
    count, _, _, x, y, xx, yy, xy = sums.T
    variance_x, variance_y = xx / count - (x / count) ** 2, yy / count - (y / count) ** 2
    covariance = xy / count - x * y / count**2
    constant = (variance_x < _TINY) | (variance_y < _TINY)
    return np.where(constant, 0.0, covariance / np.sqrt(np.where(constant, 1.0, variance_x * variance_y)))
