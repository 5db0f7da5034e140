"""What the network must beat: simple models on the same folds and the same rendered maps.

- *training mean*: always answers the mean pressure of the fold's training people.
- *heart rate*: ridge regression on the heart rate found in the map.
- *age, sex, BMI*: ridge regression on what is known without any pulse (PPG-BP only).
- *recovered beat*: support vector regression on the mean beat and heart rate found in the map.
- *contact beat*: the same on the finger recordings themselves; no camera can do better with this model: the ceiling.

And two negative controls of the recovered beat: with the columns of every map shuffled in time (which leaves how often
each value occurs, but no beat), and fitted on permuted labels, it must fall to the training mean.

Models that read maps see maps of all qualities mixed, as the network does. Their settings are picked by an inner
cross-validation over the fold's training people; a test person has no say in anything. Features and grids are ours.

    python -m bpdemo.training.baselines --data ppg_bp=DIR
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from scipy.interpolate import CubicSpline
from scipy.signal import butter, find_peaks, sosfiltfilt
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from bpdemo.network import DIASTOLIC_EDGES, SYSTOLIC_EDGES
from bpdemo.pulse import rate_and_snr
from bpdemo.stmap import CHANNELS, RATE_HZ
from bpdemo.training.criteria import criticise
from bpdemo.training.datasets import PPG_BP_TABLE, Person, load_people, split_by_person
from bpdemo.training.evaluate import EVALUATION_SEED, PRESSURES, RENDERINGS
from bpdemo.training.fit import RECIPE
from bpdemo.training.map_set import MapSet, keep_usable, render_set
from bpdemo.training.pulses import BEAT_RATE_HZ, beats_of
from bpdemo.training.render_maps import QUALITIES

BEAT_POINTS = 50
TRAINING_RENDERINGS = 6
"""Maps of a person the models are fitted on: the first of those the network is fitted on."""
INNER_FOLDS = 5
"""Splits of the training people by which settings are chosen; fewer when there are fewer people."""

MEAN, HEART_RATE, TRAITS, RECOVERED, CONTACT = (
    "training mean",
    "heart rate",
    "age, sex, BMI",
    "recovered beat",
    "contact beat",
)
SHUFFLED, PERMUTED = "columns shuffled", "labels permuted"

_LOW_PASS_HZ = 6.0  # above it a face's pulse is mostly noise
_BEFORE_UPSTROKE = 0.2  # of a beat: where the cut beat begins
_LEAST_BEATS = 3
_RATE_UNIT_BPM = 100.0  # brings the heart rate's spread to the size of a beat point's
_TINY = 1e-12


RIDGE = make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0, 10.0, 100.0, 1000.0]}
"""A regression and the settings to choose from."""
# Beat points share one unit, so they are not standardised: that would blow up the quiet ends of the beat.
SUPPORT_VECTORS = SVR(epsilon=2.0), {"C": [1.0, 3.0, 10.0, 30.0, 100.0], "gamma": [0.1, 0.3, 1.0]}
"""A regression and the settings to choose from; C in mmHg."""


@dataclass(frozen=True)
class Features:
    """What one model reads.

    Attributes:
        training: float64 [rows, features].
        person: int [rows], whose each row is.
        evaluation: float64 [evaluation maps, features].
        model: the regression, unfitted, and the settings to choose from.
    """

    training: np.ndarray
    person: np.ndarray
    evaluation: np.ndarray
    model: tuple[BaseEstimator, dict[str, list[float]]]


def recover_wave(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Average the pulse channel T of a map over its cells, the quieter the cell the higher its weight.

    Noise is read from the second difference in time, which leaves little of a pulse.

    Args:
        values: [4, cells, columns], the map; what it holds where not measured does not matter.
        mask: bool [cells, columns], True where measured.

    Returns:
        float64 [columns] in the map's units, rising with the blood in the skin; gaps of all cells are bridged by
        straight lines. 0 when nothing was measured.
    """
    trace = np.where(mask, np.asarray(values[CHANNELS.index("T")], np.float64), 0.0)
    known = mask[:, 2:] & mask[:, 1:-1] & mask[:, :-2]
    power = (known * np.diff(trace, n=2, axis=1) ** 2).sum(axis=1)
    weight = np.where(power > _TINY, known.sum(axis=1) / np.maximum(power, _TINY), 0.0)
    total = weight @ mask
    there = np.flatnonzero(total > 0)
    if not there.size:
        return np.zeros(mask.shape[1])
    return np.interp(np.arange(mask.shape[1]), there, (weight @ trace)[there] / total[there])


def recover_beat(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Find the mean beat in a map: low-passed at 6 Hz, cut by the upstrokes, averaged.

    Args:
        values: [4, cells, columns], the map.
        mask: bool [cells, columns].

    Returns:
        Mean beat, float64 [`BEAT_POINTS`] with mean 0 and height 1, over one period from a fifth of a period before
        the upstroke; zeros when there are fewer than three beats. Heart rate in beats a minute, whatever is strongest
        between 40 and 200.
    """
    wave = recover_wave(values, mask)
    rate_hz, _ = rate_and_snr(wave)
    period = RATE_HZ / rate_hz  # columns
    narrow = _filter(wave, (0.6 * rate_hz, min(2.5 * rate_hz, 8.0)), "bandpass")
    upstrokes, _ = find_peaks(np.gradient(narrow), distance=max(1, int(0.6 * period)), height=0)
    starts = upstrokes - _BEFORE_UPSTROKE * period
    starts = starts[(starts >= 0) & (starts + period <= len(wave) - 1)]
    if len(starts) < _LEAST_BEATS:
        return np.zeros(BEAT_POINTS), 60 * rate_hz
    smooth = CubicSpline(np.arange(len(wave)), _filter(wave, _LOW_PASS_HZ, "lowpass"))
    beats = smooth(starts[:, None] + np.linspace(0, period, BEAT_POINTS))
    return _normalise(np.mean(beats - beats.mean(axis=1, keepdims=True), axis=0)), 60 * rate_hz


def contact_beat(person: Person) -> tuple[np.ndarray, float]:
    """Average the beats of a person's recordings.

    Args:
        person: with at least one whole beat.

    Returns:
        Mean beat, foot to foot, float64 [`BEAT_POINTS`] with mean 0 and height 1; heart rate in beats a minute.
    """
    beats = beats_of(person)
    share = np.linspace(0, 1, BEAT_POINTS)
    mean = np.mean([np.interp(share, np.linspace(0, 1, len(beat)), beat) for beat in beats], axis=0)
    return _normalise(mean), 60 * BEAT_RATE_HZ / float(np.median([len(beat) - 1 for beat in beats]))


def read_ppg_bp_traits(folder: str | Path) -> dict[str, tuple[float, float, float]]:
    """Read age, sex and body mass index from the table of PPG-BP.

    Args:
        folder: holds `PPG-BP dataset.xlsx`, as `datasets.load_ppg_bp` wants it.

    Returns:
        Name of a person as in `Person.name` -> age in years, 1 for a woman and 0 for a man, kg / m^2. People with
        something missing are left out; empty when the table has no such columns.
    """
    rows = list(openpyxl.load_workbook(Path(folder) / PPG_BP_TABLE, data_only=True).worksheets[0].values)
    start = next(i for i, row in enumerate(rows) if "subject_ID" in row)
    traits = {}
    for row in rows[start + 1 :]:
        of = dict(zip(rows[start], row, strict=False))
        age, sex, height, weight = (of.get(key) for key in ("Age(year)", "Sex(M/F)", "Height(cm)", "Weight(kg)"))
        if of["subject_ID"] is not None and sex and all(isinstance(x, int | float) for x in (age, height, weight)):
            female = float(str(sex).strip().lower().startswith("f"))
            traits[f"ppg_bp:{int(of['subject_ID'])}"] = (float(age), female, weight / (height / 100) ** 2)
    return traits


def shuffle_columns(maps: MapSet, seed: int) -> MapSet:
    """Return the maps with the columns of each in an order of their own, the same for all cells and channels."""
    rng = np.random.default_rng(seed)
    values, mask = np.empty_like(maps.values), np.empty_like(maps.mask)
    for i in range(len(values)):
        order = rng.permutation(values.shape[-1])
        values[i], mask[i] = maps.values[i][..., order], maps.mask[i][..., order]
    return MapSet(values, mask, maps.person, maps.quality, maps.people)


def predict_out_of_fold(
    maps: MapSet,
    tests: MapSet,
    *,
    folds: int = RECIPE.folds,
    seed: int = 0,
    traits: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, np.ndarray]:
    """Predict every person by simple models that were fitted without that person.

    Args:
        maps: training renderings.
        tests: evaluation renderings of the same people, in the same order.
        folds: splits by person; with the same `seed` the very ones of `fit.cross_validate`.
        seed: fixes splits and controls.
        traits: name of a person -> numbers known without a pulse. That model is left out unless all people have them.

    Returns:
        Name of a model (the module's constants, controls included) -> float64 [evaluation maps, 2], systolic and
        diastolic, mmHg.

    Raises:
        DataError: fewer people than folds.
    """
    features = _all_features(maps, tests, seed, traits)
    pressures = maps.pressures.astype(np.float64)
    permuted = np.random.default_rng(seed).permutation(len(pressures))
    out = {name: np.empty((len(tests.person), len(PRESSURES))) for name in (MEAN, *features, PERMUTED)}
    for train_people, test_people in split_by_person(maps.people, folds, seed):
        of = tests.of_people(test_people)
        out[MEAN][of] = pressures[train_people].mean(axis=0)
        for name, read in features.items():
            out[name][of] = _fit_and_predict(read, train_people, of, pressures)
        out[PERMUTED][of] = _fit_and_predict(features[RECOVERED], train_people, of, pressures[permuted])
    return out


def compare(
    maps: MapSet,
    tests: MapSet,
    *,
    folds: int = RECIPE.folds,
    seed: int = 0,
    traits: Mapping[str, Sequence[float]] | None = None,
    others: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Cross-validate the simple models and score them by quality and pressure.

    Args:
        maps: as `predict_out_of_fold`; so are `tests`, `folds`, `seed` and `traits`.
        tests: see `maps`.
        folds: see `maps`.
        seed: see `maps`.
        traits: see `maps`.
        others: name -> out-of-fold predictions [evaluation maps, 2] for the same `tests` to put beside, the network's.

    Returns:
        JSON-able: `people`, `folds`, `seed`, `training_renderings` and `evaluation_renderings` (maps of a person) and
        `models` -> name -> quality -> pressure -> the figures of `criteria.criticise` beside the training mean. Models
        of `others` also have `against_recovered_beat`: [gain, low, high] in mmHg, above 0 when they are better.

    Raises:
        DataError: fewer people than folds.
    """
    out = predict_out_of_fold(maps, tests, folds=folds, seed=seed, traits=traits) | dict(others or {})
    models: dict[str, Any] = {}
    for name, predicted in out.items():
        models[name] = _score(tests, predicted, out[MEAN], seed)
        if others and name in others:
            against = _score(tests, predicted, out[RECOVERED], seed)
            for quality, of in models[name].items():
                for pressure in PRESSURES:
                    other = against[quality][pressure]
                    of[pressure]["against_recovered_beat"] = [other["gain"], *other["intervals"]["gain"]]
    return {
        "people": len(maps.people),
        "folds": folds,
        "seed": seed,
        "training_renderings": len(maps.person) // len(maps.people),
        "evaluation_renderings": len(tests.person) // len(tests.people),
        "models": models,
    }


def _score(tests: MapSet, predicted: np.ndarray, beside: np.ndarray, seed: int) -> dict[str, Any]:
    """Quality -> pressure -> figures of predictions [maps, 2] beside others [maps, 2]."""
    truth = tests.pressures.astype(np.float64)
    edges = (SYSTOLIC_EDGES, DIASTOLIC_EDGES)
    return {
        quality: {
            pressure: criticise(
                truth[:, k], predicted[of, k], beside[of, k], edges[k], person=tests.person[of], seed=seed
            )
            for k, pressure in enumerate(PRESSURES)
        }
        for quality in dict.fromkeys(tests.quality.tolist())
        for of in [tests.quality == quality]
    }


def write_table(results: Mapping[str, Any]) -> str:
    """Write what `compare` returned as Markdown: MAE with its 95 % interval and r, by pressure and quality."""
    models = results["models"]
    qualities = list(next(iter(models.values())))
    lines = [
        f"{results['people']} people, {results['folds']} folds by person, seed {results['seed']}; "
        f"{results['training_renderings']} training and {results['evaluation_renderings']} evaluation maps of each. "
        "MAE in mmHg [95 % interval over people], r."
    ]
    for pressure in PRESSURES:
        lines += ["", f"| {pressure} | {' | '.join(qualities)} |", "|---|" + "---|" * len(qualities)]
        for name, of in models.items():
            cells = [_cell(of[quality][pressure], with_r=name != MEAN) for quality in qualities]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(figures: Mapping[str, Any], with_r: bool) -> str:
    low, high = figures["intervals"]["mae"]
    # The means of different folds differ a little, against their test people: their r says nothing.
    return f"{figures['mae']:.1f} [{low:.1f}, {high:.1f}]" + (f", {figures['r']:.2f}" if with_r else "")


def _all_features(
    maps: MapSet, tests: MapSet, seed: int, traits: Mapping[str, Sequence[float]] | None
) -> dict[str, Features]:
    """What each model but the training mean reads, by name."""
    beats, test_beats = _beat_features(maps), _beat_features(tests)
    features = {HEART_RATE: Features(beats[:, -1:], maps.person, test_beats[:, -1:], RIDGE)}
    if traits and all(person.name in traits for person in maps.people):
        known = np.array([traits[person.name] for person in maps.people], dtype=np.float64)
        features[TRAITS] = Features(known, np.arange(len(known)), known[tests.person], RIDGE)
    contact = np.array([_row(*contact_beat(person)) for person in maps.people])
    shuffled, test_shuffled = (
        _beat_features(shuffle_columns(of, seed + extra)) for extra, of in enumerate((maps, tests))
    )
    return features | {
        RECOVERED: Features(beats, maps.person, test_beats, SUPPORT_VECTORS),
        CONTACT: Features(contact, np.arange(len(contact)), contact[tests.person], SUPPORT_VECTORS),
        SHUFFLED: Features(shuffled, maps.person, test_shuffled, SUPPORT_VECTORS),
    }


def _beat_features(maps: MapSet) -> np.ndarray:
    """Mean beat and heart rate of every map: [maps, BEAT_POINTS + 1]."""
    return np.array([_row(*recover_beat(*of)) for of in zip(maps.values, maps.mask, strict=True)])


def _row(beat: np.ndarray, heart_rate_bpm: float) -> np.ndarray:
    return np.append(beat, heart_rate_bpm / _RATE_UNIT_BPM)


def _fit_and_predict(
    features: Features, train_people: Sequence[int], of: np.ndarray, pressures: np.ndarray
) -> np.ndarray:
    """Predictions [len(of), 2] of some evaluation maps by models fitted on some people."""
    rows = np.isin(features.person, train_people)
    person = features.person[rows]
    inner = GroupKFold(min(INNER_FOLDS, len(train_people)), shuffle=True, random_state=0)
    search = GridSearchCV(*features.model, scoring="neg_mean_squared_error", cv=inner)
    predicted = []
    for k in range(len(PRESSURES)):
        fitted = search.fit(features.training[rows], pressures[person, k], groups=person)
        predicted.append(fitted.predict(features.evaluation[of]))
    return np.stack(predicted, axis=1)


def _normalise(beat: np.ndarray) -> np.ndarray:
    return (beat - beat.mean()) / max(np.ptp(beat), _TINY)


def _filter(wave: np.ndarray, cutoff_hz: float | tuple[float, float], kind: str) -> np.ndarray:
    sos = butter(2, cutoff_hz, kind, fs=RATE_HZ, output="sos")
    return sosfiltfilt(sos, wave, padlen=min(int(2 * RATE_HZ), len(wave) - 1))


def main(arguments: Sequence[str] | None = None) -> None:
    """Render, compare and print a Markdown table; `arguments` None takes those of the command line."""
    parser = argparse.ArgumentParser("python -m bpdemo.training.baselines", description="Simple models to compare with")
    parser.add_argument("--data", required=True, metavar="ppg_bp=DIR", help="the data set and its folder")
    parser.add_argument("--people", type=int, help="only the first so many people, for a quick look")
    parser.add_argument("--seed", type=int, default=0, help="of renderings and splits; the network's is 0")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    options = parser.parse_args(arguments)
    name, _, folder = options.data.partition("=")
    people, _ = keep_usable(load_people({name: folder})[: options.people])
    cycle = RECIPE.qualities * TRAINING_RENDERINGS
    maps = render_set(people, cycle[:TRAINING_RENDERINGS], options.seed, "training")
    tests = render_set(people, tuple(QUALITIES) * RENDERINGS, options.seed + EVALUATION_SEED, "evaluation")
    traits = read_ppg_bp_traits(folder) if name == "ppg_bp" else None
    results = compare(maps, tests, seed=options.seed, traits=traits)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + os.linesep)
    print(write_table(results))


if __name__ == "__main__":
    main()
