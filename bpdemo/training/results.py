"""From predictions to the results file: every figure that tables, pictures, model card and README are made of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bpdemo.models.beats import DIASTOLIC_EDGES, SYSTOLIC_EDGES
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training.bland_altman import agree
from bpdemo.training.calibration import calibrate
from bpdemo.training.dataset import FILMED
from bpdemo.training.intervals import COVERAGE, by_width, cross_half_widths, factors, scaled
from bpdemo.training.metrics import PRESSURES, correlation, criticise
from bpdemo.training.predictions import Predictions

SCHEMA = "bpdemo.evidence/1"

Edges = Mapping[str, Sequence[float]]
EDGES: Edges = {"systolic": SYSTOLIC_EDGES, "diastolic": DIASTOLIC_EDGES}

_DIGITS = 4


def gather(
    network: Predictions,
    others: Mapping[str, Predictions],
    controls: Mapping[str, Predictions],
    about: Mapping[str, Any],
    *,
    intervals: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Turn predictions into the results file: aggregates only, nobody's own pressure and nobody's own answer.

    Args:
        network: what the network answered for people it was not fitted on.
        others: name of another model (`model_names`) -> its answers for the same people.
        controls: name of a negative control -> its answers; each must fall to the training mean.
        about: what is known besides; taken over as it stands, JSON-able: `dataset` (a name), and where known
            `left_out` (people), `seen_in_training` (people), `renderings` (of a person in each quality), `folds`,
            `seeds` (of the splits), `clips` (`read`, `refused`), `edges` (pressure -> edges of its ranges in mmHg;
            those of `network.py` where not given), and the extras that the card shows when they are there:

            - `oversampling`: variant -> what `brief` returns; the one that was shipped first.
            - `loss`: variant -> what `brief` returns; the one that was shipped first.
            - `other_data`: data set -> variant (`"as shipped"` first, `"shrunk"`, ...) -> what `evaluate` returns.
            - `across`: what `across.score_attempts` returns of each of these data sets, and what was tried.
            - `out_of_distribution`, `realism`: `{"statement": str, "columns": [str], "rows": [[str or number]]}`.
            - `tried`: in order, `{"what": str, "verdict": str}`, and where measured also
              `"systolic"` and `"diastolic"` -> `{"mae", "r"}`.
        intervals: as in config.json, when the intervals are known beforehand: `coverage`, and for each pressure the
            factor of the scale (mmHg where there is no scale). None works them out fold by fold.

    Returns:
        JSON-able. What `about` holds, and:

        - `schema`, `people`, `reference` (the quality whose figures are put first), `splits` (repetitions), `edges`;
        - `intervals`: `coverage`, `scaled` (whether the network says how wide), and the factors to ship;
        - `qualities` -> quality -> pressure -> the figures of `criteria.criticise`; `bland_altman`
          (`bland_altman.agree`); with range probabilities those of `calibration.calibrate`; `repetitions` (`mae`, `r`,
          `baseline_mae` of each split), `r_of_folds` (for each split, r of each fold); with a scale `by_width`
          (`conformal.by_width`); where intervals were worked out here `baseline_interval` (half-width of an interval of
          the same coverage around the training mean);
        - `models` and `controls` -> name -> quality -> pressure -> the figures of `criticise`, and `network` (see
          `compare`).

    Raises:
        ValueError: for predictions that do not fit together, or a person tested twice in one split.
    """
    _check(network)
    reference = reference_quality(network.quality)
    edges = {pressure: [float(edge) for edge in about.get("edges", EDGES)[pressure]] for pressure in PRESSURES}
    if intervals is None:
        half_width = cross_half_widths(network, reference)
        constant = cross_half_widths(replace(network, value=network.baseline, scale=None), reference)
        intervals = {"coverage": COVERAGE, **_by_pressure(factors(network, reference).round(2))}
    else:
        half_width, constant = scaled(network, [intervals[pressure] for pressure in PRESSURES]), None
    results = {
        **about,
        "schema": SCHEMA,
        "people": len(np.unique(network.person)),
        "reference": reference,
        "splits": len(np.unique(network.split)),
        "edges": edges,
        "intervals": {**intervals, "scaled": network.scale is not None},
        "qualities": {
            quality: {
                pressure: _figures_of_network(network, quality, k, edges[pressure], half_width, constant)
                for k, pressure in enumerate(PRESSURES)
            }
            for quality in _qualities(network)
        },
        "models": score_models(others, edges, network),
        "controls": score_models(controls, edges, network),
    }
    return rounded(results)


def score_models(
    models: Mapping[str, Predictions], edges: Edges = EDGES, network: Predictions | None = None
) -> dict[str, Any]:
    """Score some models by quality and pressure.

    Args:
        models: name -> answers.
        edges: pressure -> edges of its ranges, mmHg.
        network: what to put them beside, if anything.

    Returns:
        name -> quality -> pressure -> the figures of `criticise`, and with a network `network` (see `compare`).
    """
    scored: dict[str, Any] = {}
    for name, model in models.items():
        _check(model)
        scored[name] = {}
        for quality in _qualities(model):
            rows = model.select(model.quality == quality)
            beside = compare(network, model, quality) if network is not None else None
            scored[name][quality] = {
                pressure: criticise(
                    rows.truth[:, k], rows.value[:, k], rows.baseline[:, k], edges[pressure], person=rows.person
                )
                | ({"network": beside[pressure]} if beside else {})
                for k, pressure in enumerate(PRESSURES)
            }
    return scored


def compare(network: Predictions, model: Predictions, quality: str) -> dict[str, Any] | None:
    """Put the network beside another model: same people, same quality, same splits, person by person.

    Args:
        network: the one.
        model: the other; it may have been fitted on fewer splits.
        quality: which rows.

    Returns:
        pressure -> `splits` (how many both have), `mae` and `network_mae` (mmHg, on these), `gain` (mae - network_mae:
        above 0 where the network is better) and `gain_interval` (95 %, people resampled in pairs). None where they have
        no split of this quality in common.

    Raises:
        ValueError: they were not asked about the same people.
    """
    common = np.intersect1d(network.split, model.split)
    sides = [each.select(np.isin(each.split, common) & (each.quality == quality)) for each in (network, model)]
    if any(len(side.person) == 0 for side in sides):
        return None
    if not np.array_equal(*(np.unique(side.person) for side in sides)):
        raise ValueError("the network and the model beside it were not asked about the same people")
    ours, theirs = (_error_of_people(side) for side in sides)
    compared = {}
    for k, pressure in enumerate(PRESSURES):
        # A person's mean absolute error stands in for a prediction: the truth is then 0 for all.
        nothing = np.zeros(len(ours))
        figures = criticise(nothing, ours[:, k], theirs[:, k], (0.0, 1.0))
        compared[pressure] = {
            "splits": len(common),
            "mae": figures["baseline_mae"],
            "network_mae": figures["mae"],
            "gain": figures["gain"],
            "gain_interval": figures["bootstrap"]["gain"],
        }
    return compared


def brief(predictions: Predictions, quality: str | None = None, edges: Edges = EDGES) -> dict[str, Any]:
    """Return what a table of variants shows of one: pressure -> `mae`, `rmse`, `r`, `mean_error`, `ranges`, ...

    Args:
        predictions: of the variant.
        quality: which rows; None takes the reference quality.
        edges: pressure -> edges of its ranges, mmHg.

    Returns:
        JSON-able; with range probabilities `calibration_error` is there too.
    """
    rows = predictions.select(predictions.quality == (quality or reference_quality(predictions.quality)))
    said = {}
    for k, pressure in enumerate(PRESSURES):
        figures = criticise(
            rows.truth[:, k], rows.value[:, k], rows.baseline[:, k], edges[pressure], person=rows.person
        )
        kept = ("people", "mae", "rmse", "mean_error", "sd_error", "r", "baseline_mae", "bootstrap", "ranges")
        said[pressure] = {name: figures[name] for name in kept}
        if rows.probability is not None:
            calibrated = calibrate(rows.truth[:, k], rows.probability[k], edges[pressure])
            said[pressure]["calibration_error"] = calibrated["calibration_error"]
    return rounded(said)


def reference_quality(qualities: Iterable[str]) -> str:
    """Return the quality that intervals come from and whose figures are put first.

    Args:
        qualities: those there are.
    """
    return "standard" if "standard" in set(qualities) else FILMED


def _figures_of_network(
    network: Predictions,
    quality: str,
    k: int,
    edges: Sequence[float],
    half_width: np.ndarray,
    constant: np.ndarray | None,
) -> dict[str, Any]:
    """All that is told of one pressure at one quality."""
    of = network.quality == quality
    rows = network.select(of)
    truth, value, baseline = rows.truth[:, k], rows.value[:, k], rows.baseline[:, k]
    width = half_width[of, k]
    figures = criticise(truth, value, baseline, edges, person=rows.person, half_width=width)
    figures["bland_altman"] = agree(truth, value)
    if rows.probability is not None:
        figures |= calibrate(truth, rows.probability[k], edges)
    if rows.scale is not None:
        figures["by_width"] = by_width(truth, value, width)
    if constant is not None:
        figures["baseline_interval"] = float(constant[of, k].mean())
    splits = [rows.split == split for split in np.unique(rows.split)]
    figures["repetitions"] = [
        {
            "mae": float(np.abs(value - truth)[here].mean()),
            "r": correlation(truth[here], value[here]),
            "baseline_mae": float(np.abs(baseline - truth)[here].mean()),
        }
        for here in splits
    ]
    figures["r_of_folds"] = [
        [
            correlation(truth[part], value[part])
            for fold in np.unique(rows.fold[here])
            for part in [here & (rows.fold == fold)]
        ]
        for here in splits
    ]
    return figures


def _error_of_people(rows: Predictions) -> np.ndarray:
    """Mean absolute error of each person, [people, 2], in the order of their numbers."""
    whose = np.unique(rows.person, return_inverse=True)[1]
    error = np.abs(rows.value - rows.truth)
    return np.stack([np.bincount(whose, column) for column in error.T], axis=1) / np.bincount(whose)[:, None]


def _qualities(predictions: Predictions) -> list[str]:
    """Those there are, in the order of tables."""
    there = set(predictions.quality.tolist())
    known = [*QUALITIES, FILMED]
    return [quality for quality in known if quality in there] + sorted(there - set(known))


def _by_pressure(pair: Iterable[float]) -> dict[str, float]:
    return dict(zip(PRESSURES, (float(each) for each in pair), strict=True))


def _check(predictions: Predictions) -> None:
    """Refuse a person who is tested in two folds of one split: whoever was tested there was trained on elsewhere."""
    if not len(predictions.person):
        raise ValueError("there are no predictions")
    tests = np.unique(np.stack((predictions.split, predictions.person, predictions.fold)), axis=1)
    if len(np.unique(tests[:2], axis=1).T) < tests.shape[1]:
        raise ValueError("a person is tested in two folds of one split")


def rounded(value: Any) -> Any:
    """Return the same with plain numbers of few digits, JSON-able: what rounding hides, nobody can measure."""
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, float | np.floating):
        return round(float(value), _DIGITS)
    return int(value) if isinstance(value, np.integer) else value
