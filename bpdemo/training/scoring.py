"""From predictions to results: every figure that tables, pictures and the model card are made of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpdemo.models.config import DIASTOLIC_EDGES, SYSTOLIC_EDGES
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.intervals import COVERAGE, cross_half_widths, half_widths
from bpdemo.training.metrics import bland_altman, calibration, correlation, score
from bpdemo.training.predictions import Predictions, average_clips
from bpdemo.training.results import (
    BOTH,
    FILMED,
    PRESSURES,
    SCHEMA,
    TRAITS,
    ByQuality,
    Calibration,
    NetworkScores,
    Repetition,
    Results,
    Windows,
)
from bpdemo.training.scores import Comparison, Scores
from bpdemo.weights.config import Clips, Intervals, Scatter

Edges = tuple[Sequence[float], Sequence[float]]
EDGES: Edges = (SYSTOLIC_EDGES, DIASTOLIC_EDGES)
"""Of the systolic and the diastolic ranges, mmHg."""


@dataclass(frozen=True)
class About:
    """What is known of an evaluation besides the answers; the fields are those of `Results`."""

    dataset: str
    model: str | None = None
    start: str | None = None
    parameters: int | None = None
    milliseconds: float | None = None
    left_out: int = 0
    renderings: int = 0
    edges: Edges = EDGES
    seen_in_training: int | None = None
    folds: int | None = None
    seeds: Sequence[int] | None = None
    clips: Clips | None = None
    windows: Windows | None = None


def summarise(
    network: Predictions,
    about: About,
    *,
    models: Mapping[str, Predictions] | None = None,
    controls: Mapping[str, Predictions] | None = None,
    intervals: Intervals | None = None,
) -> Results:
    """Return the results, rounded as they will be written.

    Answers are for people that network, simpler models and negative controls were not fitted on. `intervals` are those
    of the weights where they are known beforehand; None works them out fold by fold, and the scatter beside them.

    Raises:
        ValueError: for predictions that do not fit together, or a person tested twice in one split.
    """
    _check(network)
    reference = reference_quality(network.quality)
    scatter = None
    if intervals is None:
        half_width = cross_half_widths(network, reference)
        constant = cross_half_widths(replace(network, value=network.baseline), reference)
        systolic, diastolic = half_widths(network, reference).round(2).tolist()
        intervals = Intervals(coverage=COVERAGE, systolic=systolic, diastolic=diastolic)
        scatter = scatter_within(network, reference)
    else:
        half_width = np.broadcast_to([intervals.systolic, intervals.diastolic], network.value.shape)
        constant = None
    known = {name: value for name, value in vars(about).items() if value is not None and name != "edges"}
    if network.kept is not None:
        known["kept"] = _median_over_folds(network, network.kept)
    if scatter is not None:
        known["scatter"] = scatter
    return Results(
        **known,
        schema=SCHEMA,
        people=len(np.unique(network.person)),
        reference=reference,
        splits=len(np.unique(network.split)),
        edges={pressure: list(edges) for pressure, edges in zip(PRESSURES, about.edges, strict=True)},
        intervals=intervals,
        qualities={
            quality: {
                pressure: _score_network(network, quality, k, about.edges[k], half_width, constant)
                for k, pressure in enumerate(PRESSURES)
            }
            for quality in _qualities(network)
        },
        models=score_models(models or {}, about.edges, network),
        controls=score_models(controls or {}, about.edges, network),
    ).rounded()


def score_models(
    models: Mapping[str, Predictions], edges: Edges = EDGES, network: Predictions | None = None
) -> dict[str, ByQuality]:
    """Return the scores of some models by name, quality and pressure; with a network, also how it does beside them."""
    scored: dict[str, ByQuality] = {}
    for name, model in models.items():
        _check(model)
        scored[name] = {}
        for quality in _qualities(model):
            scored[name][quality] = score_quality(model, quality, edges)
            for pressure, comparison in (compare(network, model, quality) if network else {}).items():
                scored[name][quality][pressure].network = comparison
    if BOTH in models and TRAITS in models:
        words = models[TRAITS].select(np.isin(models[TRAITS].person, models[BOTH].person))
        for quality, by_pressure in scored[TRAITS].items():
            for pressure, comparison in compare(models[BOTH], words, quality).items():
                by_pressure[pressure].both = comparison
    return scored


def score_quality(model: Predictions, quality: str, edges: Edges = EDGES) -> dict[str, Scores]:
    """Return the scores of a model at one capture quality, by pressure."""
    return score_rows(model.select(model.quality == quality), edges)


def score_rows(rows: Predictions, edges: Edges = EDGES) -> dict[str, Scores]:
    """Return the scores of some answers, by pressure."""
    return {
        pressure: score(rows.truth[:, k], rows.value[:, k], rows.baseline[:, k], edges[k], person=rows.person)
        for k, pressure in enumerate(PRESSURES)
    }


def compare(network: Predictions, model: Predictions, quality: str) -> dict[str, Comparison]:
    """Return the network beside another model, by pressure, on the splits both have; empty where there are none.

    Of the network, the people count whom the model was asked about. What is called the network may be any model.

    Raises:
        ValueError: the model was asked about somebody else.
    """
    common = np.intersect1d(network.split, model.split)
    sides = [each.select(np.isin(each.split, common) & (each.quality == quality)) for each in (network, model)]
    sides[0] = sides[0].select(np.isin(sides[0].person, sides[1].person))
    if any(len(side.person) == 0 for side in sides):
        return {}
    if not np.array_equal(np.unique(sides[0].person), np.unique(sides[1].person)):
        raise ValueError("the model beside the network was asked about people whom the network was not asked about")
    ours, theirs = (_error_by_person(side) for side in sides)
    compared = {}
    for k, pressure in enumerate(PRESSURES):
        # A person's mean absolute error stands in for a prediction: the truth is then 0 for all.
        scores = score(np.zeros(len(ours)), ours[:, k], theirs[:, k], (0.0, 1.0))
        compared[pressure] = Comparison(
            splits=len(common),
            mae=scores.baseline_mae,
            network_mae=scores.mae,
            gain=scores.gain,
            gain_interval=scores.bootstrap and scores.bootstrap.gain,
        )
    return compared


def scatter_within(network: Predictions, quality: str) -> Scatter | None:
    """Return the standard deviation of answers to several captures of one person, mmHg, pooled over people.

    A capture is a rendering of a quality or a clip; answers are compared within each split. None where nobody was
    captured twice.
    """
    rows = average_clips(network.select(network.quality == quality))
    whose = np.unique(np.stack((rows.split, rows.person)), axis=1, return_inverse=True)[1].ravel()
    captures = np.bincount(whose)
    freedom = int((captures - 1).sum())
    if not freedom:
        return None
    means = np.stack([np.bincount(whose, column) for column in rows.value.T], axis=1) / captures[:, None]
    variance = ((rows.value - means[whose]) ** 2).sum(axis=0) / freedom
    systolic, diastolic = np.sqrt(variance).round(2).tolist()
    return Scatter(systolic=systolic, diastolic=diastolic)


def reference_quality(qualities: Iterable[str]) -> str:
    """Return the quality that intervals come from and whose figures are put first."""
    return "standard" if "standard" in set(qualities) else FILMED


def _score_network(
    network: Predictions,
    quality: str,
    k: int,
    edges: Sequence[float],
    half_width: np.ndarray,
    constant: np.ndarray | None,
) -> NetworkScores:
    """Scores of pressure `k` at one quality; half-widths [n, 2] of the network and around the training mean."""
    here = network.quality == quality
    rows, width = network.select(here), half_width[here, k]
    truth, value, baseline = rows.truth[:, k], rows.value[:, k], rows.baseline[:, k]
    splits = [rows.split == split for split in np.unique(rows.split)]

    def correlate(part: np.ndarray) -> float | None:
        return correlation(truth[part], value[part], len(np.unique(rows.person[part])))

    probability = (rows.systolic_probability, rows.diastolic_probability)[k]
    calibrated = Calibration() if probability is None else calibration(truth, probability, edges)
    scores = NetworkScores(
        **score(truth, value, baseline, edges, person=rows.person, half_width=width).model_dump(exclude_unset=True),
        **calibrated.model_dump(exclude_unset=True),
        bland_altman=bland_altman(truth, value, len(np.unique(rows.person))),
        repetitions=[
            Repetition(
                mae=float(np.abs(value - truth)[split].mean()),
                r=correlate(split),
                baseline_mae=float(np.abs(baseline - truth)[split].mean()),
            )
            for split in splits
        ],
        r_of_folds=[
            [correlate(part) for part in (split & (rows.fold == fold) for fold in np.unique(rows.fold[split]))]
            for split in splits
        ],
    )
    if constant is not None:
        scores.baseline_interval = float(constant[here, k].mean())
    return scores


def _median_over_folds(rows: Predictions, column: np.ndarray) -> dict[str, float]:
    """Return by pressure the median over folds of a column [n, 2] that is the same for all of a fold."""
    first = np.unique(np.stack((rows.split, rows.fold)), axis=1, return_index=True)[1]
    return dict(zip(PRESSURES, np.median(column[first], axis=0).tolist(), strict=True))


def _error_by_person(rows: Predictions) -> np.ndarray:
    """Mean absolute error of each person, [people, 2], in the order of their numbers."""
    whose = np.unique(rows.person, return_inverse=True)[1]
    error = np.abs(rows.value - rows.truth)
    return np.stack([np.bincount(whose, column) for column in error.T], axis=1) / np.bincount(whose)[:, None]


def _qualities(predictions: Predictions) -> list[str]:
    """Those there are, in the order of tables."""
    there = set(predictions.quality.tolist())
    known = [*QUALITIES, FILMED]
    return [quality for quality in known if quality in there] + sorted(there - set(known))


def _check(predictions: Predictions) -> None:
    """Refuse a person who is tested in two folds of one split: whoever was tested there was trained on elsewhere."""
    if not len(predictions.person):
        raise ValueError("there are no predictions")
    tests = np.unique(np.stack((predictions.split, predictions.person, predictions.fold)), axis=1)
    if len(np.unique(tests[:2], axis=1).T) < tests.shape[1]:
        raise ValueError("a person is tested in two folds of one split")
