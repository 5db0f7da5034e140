"""What the network must beat: simple models on the same folds and the same windows.

- *training mean*: always answers the mean pressure of the fold's training people.
- *heart rate*: ridge regression on the heart rate found in the window.
- *age, sex, BMI*: ridge regression on what is known without any pulse; fitted on and asked about those of whom it is.
- *recovered beat*: support vector regression on the window's mean beat in T and Y, and the heart rate.
- *contact beat*: the same on the finger recordings themselves; no camera can do better with this model: the ceiling.

Models that read windows read what the network reads, all qualities mixed. Their settings are picked by an inner
cross-validation over the fold's training people; a test person has no say in anything. Features and grids are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from bpdemo.models.beats import average_rows
from bpdemo.stmap import CHANNELS
from bpdemo.synthesis.pulses import contact_beat
from bpdemo.training.dataset import Dataset
from bpdemo.training.folds import Fold
from bpdemo.training.predictions import Answers, Predictions, concat_predictions
from bpdemo.training.results import CONTACT, HEART_RATE, MEAN, PRESSURES, RECOVERED, TRAITS

TRAINING_RENDERINGS = 6
"""Windows of a person the models are fitted on: the first of those the network is fitted on."""
INNER_FOLDS = 5
"""Splits of the training people by which settings are chosen; fewer when there are fewer people."""

Model = tuple[BaseEstimator, dict[str, list[float]]]
"""A regression, unfitted, and the settings to choose from."""

RIDGE: Model = make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0, 10.0, 100.0, 1000.0]}
# Beat points share one unit, so they are not standardised: that would blow up the quiet ends of the beat.
SUPPORT_VECTORS: Model = SVR(epsilon=2.0), {"C": [1.0, 3.0, 10.0, 30.0, 100.0], "gamma": [0.05, 0.15, 0.5]}  # C in mmHg

_RATE_UNIT_BPM = 100.0  # brings the heart rate's spread to the size of a beat point's
_TINY = 1e-12
_LEAST_PEOPLE = 2  # to choose settings on


@dataclass(frozen=True)
class _Features:
    """What one model reads: rows to fit on, [rows, features], whose they are, and what it is asked, [windows, ...].

    `tests` are NaN for people of whom the features are not known.
    """

    training: np.ndarray
    person: np.ndarray
    tests: np.ndarray
    model: Model


def predict_with_baselines(
    dataset: Dataset, tests: Dataset, folds: Sequence[Fold], names: Sequence[str] | None = None
) -> dict[str, Predictions]:
    """Return by name what each simple model answered for all of `tests`, fitted on `dataset` without the person.

    Both hold the same people in the same order. `names` None takes all models whose features are known of enough people
    to fit them in every fold.
    """
    models: dict[str, _Features | None] = {MEAN: None}
    for name, features in _all_features(dataset, tests).items():
        if all(np.isin(fold.train, features.person).sum() >= _LEAST_PEOPLE for fold in folds):
            models[name] = features
    return {
        name: _predict(features, dataset, tests, folds)
        for name, features in models.items()
        if names is None or name in names
    }


def _predict(features: _Features | None, dataset: Dataset, tests: Dataset, folds: Sequence[Fold]) -> Predictions:
    """Return what a model, or without features the training mean, answers in the order of splits and windows."""
    pressures = dataset.pressures.astype(np.float64)
    parts, order = [], []
    for fold in folds:
        windows, people = tests.windows_of(fold.test), np.array(fold.train)
        if features is not None:
            windows = windows[np.isfinite(features.tests[windows]).all(axis=1)]
            people = people[np.isin(people, features.person)]
        if not len(windows):
            continue
        mean = pressures[people].mean(axis=0)
        value = np.tile(mean, (len(windows), 1))
        if features is not None:
            value = _fit_and_predict(features, people, windows, pressures)
        parts.append(Answers(value).beside(tests, windows, mean, split=fold.split, fold=fold.number))
        order += [(fold.split, window) for window in windows.tolist()]
    in_order = np.array(sorted(range(len(order)), key=order.__getitem__))
    return concat_predictions(parts).select(in_order)


def _all_features(dataset: Dataset, tests: Dataset) -> dict[str, _Features]:
    """What each model but the training mean reads, by name."""
    people = dataset.people
    beats, test_beats = _beat_features(dataset), _beat_features(tests)
    features = {HEART_RATE: _Features(beats[:, -1:], dataset.person, test_beats[:, -1:], RIDGE)}
    traits = np.array([person.traits or (np.nan,) * 3 for person in people], dtype=np.float64)
    known = np.flatnonzero(np.isfinite(traits).all(axis=1))
    if len(known):
        features[TRAITS] = _Features(traits[known], known, traits[tests.person], RIDGE)
    features[RECOVERED] = _Features(beats, dataset.person, test_beats, SUPPORT_VECTORS)
    if all(person.pulses for person in people):
        contact = np.array([np.append(beat, rate / _RATE_UNIT_BPM) for beat, rate in map(contact_beat, people)])
        features[CONTACT] = _Features(contact, np.arange(len(people)), contact[tests.person], SUPPORT_VECTORS)
    return features


def _beat_features(dataset: Dataset) -> np.ndarray:
    """Mean beat in T and in Y, each of height 1, and heart rate of every window: [windows, 2 * POINTS + 1]."""
    with torch.inference_mode():
        rows, _ = average_rows(torch.from_numpy(dataset.values), torch.from_numpy(dataset.weight))
    beats = rows[:, -1, [CHANNELS.index("T"), CHANNELS.index("Y")]].numpy().astype(np.float64)
    beats /= np.maximum(np.ptp(beats, axis=2, keepdims=True), _TINY)
    return np.column_stack((beats.reshape(len(beats), -1), 60 * dataset.rate_hz / _RATE_UNIT_BPM))


def _fit_and_predict(features: _Features, people: np.ndarray, windows: np.ndarray, pressures: np.ndarray) -> np.ndarray:
    """Predictions [windows, 2] by models fitted on some people and their pressures."""
    rows = np.isin(features.person, people)
    person = features.person[rows]
    inner = GroupKFold(min(INNER_FOLDS, len(people)), shuffle=True, random_state=0)
    search = GridSearchCV(*features.model, scoring="neg_mean_squared_error", cv=inner)
    predicted = []
    for k in range(len(PRESSURES)):
        search.fit(features.training[rows], pressures[person, k], groups=person)
        predicted.append(search.predict(features.tests[windows]))
    return np.stack(predicted, axis=1)
