"""The figures of blood pressure predictions: errors by range, intervals over people, agreement, calibration, standards.

A pooled MAE misleads (Schrumpf et al., *Assessment of non-invasive blood pressure prediction from PPG and rPPG signals
using deep learning*, Sensors 21(18), 2021): errors grow towards rare pressures, and renderings of one person are no new
people. So errors are broken down by range, and every confidence interval resamples people, never their renderings.

The verdicts apply the numerical limits of the standards alone. The standards also prescribe how people are chosen and
how the cuff is read; a verdict here says nothing about that.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from bpdemo.training.results import Agreement, Calibration, RangeAccuracy, ReliabilityBin, Spread, Squares
from bpdemo.training.scores import Bootstrap, RangeErrors, Scores, Verdicts

WITHIN_MMHG = (5, 10, 15)
RESAMPLES = 2000
CONFIDENCE = 0.95
MIN_PEOPLE = 3
"""People below whom there is no interval over people and no r, and in a range no errors: these would be those people's
own pressures, and of two people any two numbers correlate."""

AAMI_PEOPLE, AAMI_MEAN_MMHG, AAMI_SD_MMHG = 85, 5.0, 8.0
"""ANSI/AAMI/ISO 81060-2, criterion 1: people at least, |mean error| and standard deviation at most."""

BHS_SHARES: dict[str, tuple[float, float, float]] = {
    "A": (0.60, 0.85, 0.95),
    "B": (0.50, 0.75, 0.90),
    "C": (0.40, 0.65, 0.85),
}
"""British Hypertension Society 1993: share of errors within 5, 10 and 15 mmHg a grade asks for, all three; else D."""

IEEE_MMHG: dict[str, float] = {"A": 5.0, "B": 6.0, "C": 7.0}
"""IEEE 1708: largest mean absolute difference of a grade; else D. A limit itself still counts (ours)."""

BIN_MMHG = 5.0
"""Side of a square of the Bland-Altman plot. Answers are counted in squares, so that nobody's pressure is published."""
ANSWER_GROUPS = 10
CALIBRATION_BINS = 10

_SHARE_95 = 1.96
_TINY = 1e-9


def score(
    truth: np.ndarray,
    predicted: np.ndarray,
    baseline: np.ndarray | float,
    edges: Sequence[float],
    *,
    person: np.ndarray | None = None,
    half_width: np.ndarray | float | None = None,
    seed: int = 0,
) -> Scores:
    """Return the scores of one pressure; all arguments are in mmHg.

    Args:
        truth: [n] cuff pressures; clips of one person may differ.
        predicted: [n], one for each rendering or clip.
        baseline: what `predicted` is compared with, [n] or one number: the training mean, or another model.
        edges: rising; ranges are `[low, high)`, and pressures outside count to the end ranges.
        person: int [n], whose each prediction is; None when there is one for each person.
        half_width: of the interval around each prediction, [n] or one number; None without intervals.
        seed: fixes the bootstrap.

    Raises:
        ValueError: for arrays that do not fit together or are not finite, or for none at all.
    """
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    person = np.arange(len(truth)) if person is None else np.asarray(person)
    if truth.ndim != 1 or not truth.shape == predicted.shape == person.shape or not len(truth):
        raise ValueError(f"truth {truth.shape}, predicted {predicted.shape} and person {person.shape} do not fit")
    baseline = np.broadcast_to(np.asarray(baseline, np.float64), truth.shape)
    width = None if half_width is None else np.broadcast_to(np.asarray(half_width, np.float64), truth.shape)
    if not all(np.isfinite(array).all() for array in (truth, predicted, baseline, 0.0 if width is None else width)):
        raise ValueError("pressures must be finite")
    person = np.unique(person, return_inverse=True)[1]
    error, baseline_error = predicted - truth, baseline - truth
    inside = None if width is None else np.abs(error) <= width
    people = int(person.max()) + 1
    sums = _sums_by_person(truth, predicted, baseline, person, inside)
    mae, baseline_mae = float(np.abs(error).mean()), float(np.abs(baseline_error).mean())
    scores = Scores(
        people=people,
        predictions=len(predicted),
        mae=mae,
        rmse=float(np.sqrt((error**2).mean())),
        mean_error=float(error.mean()),
        sd_error=float(error.std()),
        r=float(_correlation_of_sums(sums.sum(axis=0, keepdims=True))[0]) if people >= MIN_PEOPLE else None,
        calibration_slope=float(_slope_of_sums(sums.sum(axis=0, keepdims=True))[0]) if people >= MIN_PEOPLE else None,
        sd_answers=float(predicted.std()),
        sd_truth=float(truth.std()),
        baseline_mae=baseline_mae,
        baseline_rmse=float(np.sqrt((baseline_error**2).mean())),
        own_mean_mae=float(np.abs(truth - truth.mean()).mean()),
        gain=baseline_mae - mae,
        bootstrap=_bootstrap(sums, inside is not None, seed) if people >= MIN_PEOPLE else None,
        within={str(limit): share for limit, share in zip(WITHIN_MMHG, share_within(error), strict=True)},
        ranges=_by_range(truth, error, baseline_error, edges, person, inside),
        verdicts=Verdicts(aami=passes_aami(error, people), bhs=bhs_grade(error), ieee_1708=ieee_1708_grade(error)),
    )
    if inside is not None and width is not None:
        scores.coverage, scores.interval = float(inside.mean()), float(width.mean())
    return scores


def bland_altman(truth: np.ndarray, predicted: np.ndarray, people: int | None = None) -> Agreement:
    """Return the agreement of one pressure: cuff and predicted, both [n] mmHg, of n or of fewer people."""
    truth, predicted = np.asarray(truth, np.float64), np.asarray(predicted, np.float64)
    mean, difference = (truth + predicted) / 2, predicted - truth
    bias, sd = float(difference.mean()), float(difference.std())
    enough = (len(truth) if people is None else people) >= MIN_PEOPLE
    column, row = (np.floor(values / BIN_MMHG).astype(int) for values in (mean, difference))
    counts = np.zeros((np.ptp(row) + 1, np.ptp(column) + 1), int)
    np.add.at(counts, (row - row.min(), column - column.min()), 1)
    same_answer = None
    if len(truth) >= 4 * ANSWER_GROUPS:
        groups = np.array_split(truth[np.argsort(predicted, kind="stable")], ANSWER_GROUPS)
        same_answer = float(np.sqrt(np.concatenate([(group - group.mean()) ** 2 for group in groups]).mean()))
    return Agreement(
        bias=bias,
        limits=(bias - _SHARE_95 * sd, bias + _SHARE_95 * sd) if enough else None,
        slope=_slope(mean, difference) if enough else None,
        slope_on_truth=_slope(truth, predicted) if enough else None,
        bins=Squares(
            size=BIN_MMHG,
            mean=float(BIN_MMHG * column.min()),
            difference=float(BIN_MMHG * row.min()),
            counts=counts.tolist(),
        ),
        spread=Spread(all=float(truth.std()), same_answer=same_answer),
    )


def calibration(truth: np.ndarray, probability: np.ndarray, edges: Sequence[float]) -> Calibration:
    """Return how well the range probabilities of one pressure are calibrated.

    The calibration error is torchmetrics' `MulticlassCalibrationError`: of the likeliest range alone (top label), mean
    absolute gap (l1) between confidence and accuracy over ten bins of equal width, each weighted by how many answers
    are in it. Guo et al., *On calibration of modern neural networks*, ICML 2017. Pressures [n], mmHg, outside all
    ranges count to the end ranges.

    Raises:
        ValueError: the probabilities do not fit the pressures or the ranges.
    """
    truth, probability = np.asarray(truth, np.float64), np.asarray(probability, np.float64)
    ranges = len(edges) - 1
    if probability.shape != (len(truth), ranges):
        raise ValueError(f"probabilities {probability.shape} do not fit {len(truth)} pressures and {ranges} ranges")
    target = np.digitize(truth, edges[1:-1])
    answer, confidence = probability.argmax(axis=1), probability.max(axis=1)
    # Rows are brought to a sum of exactly 1, or torchmetrics might take them for something else than probabilities.
    whole = torch.from_numpy(probability / probability.sum(axis=1, keepdims=True))
    error = multiclass_calibration_error(
        whole, torch.from_numpy(target), num_classes=ranges, n_bins=CALIBRATION_BINS, norm="l1"
    )
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    reliability = [
        ReliabilityBin.model_validate(
            {
                "low": number / CALIBRATION_BINS,
                "high": (number + 1) / CALIBRATION_BINS,
                "confidence": confidence[rows].mean(),
                "accuracy": (answer == target)[rows].mean(),
                "answers": rows.sum(),
            }
        )
        for number in np.unique(bins).tolist()
        for rows in [bins == number]
    ]
    found = _range_accuracy(answer, target)
    return Calibration(
        calibration_error=float(error),
        reliability=reliability,
        range_accuracy=found.accuracy,
        beside_accuracy=found.beside_accuracy,
        commonest_range=_range_accuracy(np.full_like(target, np.bincount(target).argmax()), target),
    )


def share_within(error: np.ndarray) -> tuple[float, ...]:
    """Return the share of errors [n] (mmHg) up to 5, 10 and 15 mmHg, each 0 to 1."""
    return tuple(float((np.abs(error) <= limit).mean()) for limit in WITHIN_MMHG)


def passes_aami(error: np.ndarray, people: int) -> bool:
    """Return whether errors [n] (mmHg) of some people meet `AAMI_PEOPLE`, `AAMI_MEAN_MMHG` and `AAMI_SD_MMHG`."""
    enough = people >= AAMI_PEOPLE
    return enough and bool(abs(error.mean()) <= AAMI_MEAN_MMHG and error.std(ddof=1) <= AAMI_SD_MMHG)


def bhs_grade(error: np.ndarray) -> str:
    """Return the grade "A" to "D" of errors [n] (mmHg) by `BHS_SHARES`."""
    shares = share_within(error)
    met = (grade for grade, needed in BHS_SHARES.items() if np.greater_equal(shares, needed).all())
    return next(met, "D")


def ieee_1708_grade(error: np.ndarray) -> str:
    """Return the grade "A" to "D" of errors [n] (mmHg) by `IEEE_MMHG`."""
    mean_absolute = np.abs(error).mean()
    return next((grade for grade, limit in IEEE_MMHG.items() if mean_absolute <= limit), "D")


def shown_groups(people: Sequence[int]) -> set[int]:
    """Return which groups of so many people may be shown: none below `MIN_PEOPLE`, nor where the rest is below it."""
    shown = {index for index, count in enumerate(people) if count >= MIN_PEOPLE}
    while shown and 0 < sum(people) - sum(people[index] for index in shown) < MIN_PEOPLE:
        shown.remove(min(shown, key=lambda index: people[index]))
    return shown


def correlation(truth: np.ndarray, predicted: np.ndarray, people: int | None = None) -> float | None:
    """Return Pearson's r of two arrays [n], of n or of fewer people; 0 when either is constant, None of too few."""
    if (len(truth) if people is None else people) < MIN_PEOPLE:
        return None
    if min(np.std(truth), np.std(predicted)) ** 2 < _TINY:
        return 0.0
    return float(np.corrcoef(truth, predicted)[0, 1])


def _by_range(
    truth: np.ndarray,
    error: np.ndarray,
    baseline_error: np.ndarray,
    edges: Sequence[float],
    person: np.ndarray,
    inside: np.ndarray | None,
) -> list[RangeErrors]:
    """Errors by the range the true pressure lies in; withheld also where the rest would give them away."""
    range_of = np.digitize(truth, edges[1:-1])
    columns = {"mae": np.abs(error), "mean_error": error, "baseline_mae": np.abs(baseline_error)}
    if inside is not None:
        columns["coverage"] = inside
    people = [len(np.unique(person[range_of == index])) for index in range(len(edges) - 1)]
    shown = shown_groups(people)
    return [
        RangeErrors.model_validate(
            {"low": edges[index], "high": edges[index + 1], "people": people[index]}
            | {name: column[range_of == index].mean() if index in shown else None for name, column in columns.items()}
        )
        for index in range(len(edges) - 1)
    ]


def _bootstrap(sums: np.ndarray, with_coverage: bool, seed: int) -> Bootstrap:
    """Percentile bootstrap over people: draw people with replacement, each with all of their predictions.

    The fits are not repeated, so an interval says how far other people of the same kind would move the figure, not how
    far another training set would. Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13.
    """
    people = len(sums)
    times_drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=RESAMPLES)
    drawn = times_drawn @ sums
    count, absolute, baseline_absolute, inside = drawn[:, :4].T

    def interval(figure: np.ndarray) -> tuple[float, float]:
        low, high = np.quantile(figure, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]).tolist()
        return low, high

    figures = Bootstrap(
        mae=interval(absolute / count),
        r=interval(_correlation_of_sums(drawn)),
        gain=interval((baseline_absolute - absolute) / count),
        calibration_slope=interval(_slope_of_sums(drawn)),
    )
    if with_coverage:
        figures.coverage = interval(inside / count)
    return figures


def _sums_by_person(
    truth: np.ndarray, predicted: np.ndarray, baseline: np.ndarray, person: np.ndarray, inside: np.ndarray | None
) -> np.ndarray:
    """Each person's part of every figure, [people, 9]; figures of any draw of people come from sums of these rows."""
    error = np.abs(predicted - truth)
    x, y = truth - truth.mean(), predicted - predicted.mean()  # centred: sums of squares stay small
    if np.allclose(predicted, baseline):
        y = np.zeros_like(y)  # means of different folds differ a little, against their test people: that is no r
    held = np.zeros_like(error) if inside is None else inside
    columns = (np.ones_like(x), error, np.abs(baseline - truth), held, x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(person, column, minlength=person.max() + 1) for column in columns], axis=1)


def _correlation_of_sums(sums: np.ndarray) -> np.ndarray:
    """Pearson's r of each row of sums [draws, 9]; 0 where either side is constant."""
    count, _, _, _, x, y, xx, yy, xy = sums.T
    variance_x, variance_y = xx / count - (x / count) ** 2, yy / count - (y / count) ** 2
    covariance = xy / count - x * y / count**2
    constant = (variance_x < _TINY) | (variance_y < _TINY)
    return np.where(constant, 0.0, covariance / np.sqrt(np.where(constant, 1.0, variance_x * variance_y)))


def _slope_of_sums(sums: np.ndarray) -> np.ndarray:
    """Slope of truth on answer of each row of sums [draws, 9]; 0 where the answer is constant.

    Miller et al., *Validation of probabilistic predictions*, Med. Decis. Making 13, 1993: the calibration slope.
    """
    count, _, _, _, x, y, _, yy, xy = sums.T
    variance = yy / count - (y / count) ** 2
    constant = variance < _TINY
    return np.where(constant, 0.0, (xy / count - x * y / count**2) / np.where(constant, 1.0, variance))


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of the least-squares line; 0 where x is constant."""
    centred = x - x.mean()
    power = float(centred @ centred)
    return float(centred @ y) / power if power > _TINY else 0.0


def _range_accuracy(answer: np.ndarray, target: np.ndarray) -> RangeAccuracy:
    distance = np.abs(answer - target)
    return RangeAccuracy(accuracy=float((distance == 0).mean()), beside_accuracy=float((distance <= 1).mean()))
