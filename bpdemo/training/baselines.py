"""What the network must beat: simple models on the same folds and the same windows.

- *training mean*: always answers the mean pressure of the fold's training people.
- *heart rate*: ridge regression on the heart rate found in the window.
- *told traits*: age, sex, height and weight without any pulse (`models/told.py`), of those of whom any is known.
- *recovered beat*: support vector regression on the window's mean beat in T and Y, and the heart rate.
- *contact beat*: the same on the finger recordings themselves; no camera can do better with this model: the ceiling.

Models that read windows read what the network reads, all qualities mixed. Their settings are picked by an inner
cross-validation over the fold's training people; a test person has no say in anything. Features and grids are ours.
"""

from collections.abc import Callable, Sequence
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
from bpdemo.models.told import fit_told, predict
from bpdemo.stmap import CHANNELS
from bpdemo.synthesis.pulses import contact_beat
from bpdemo.training.dataset import Dataset
from bpdemo.training.folds import Fold
from bpdemo.training.predictions import Answers, Predictions, concat_predictions
from bpdemo.training.results import CONTACT, HEART_RATE, MEAN, RECOVERED, TRAITS
from bpdemo.training.told import traits_of

TRAINING_RENDERINGS = 6
"""Windows of a person the models are fitted on: the first of those the network is fitted on."""
INNER_FOLDS = 5
"""Splits of the training people by which settings are chosen; fewer when there are fewer people."""

Regression = tuple[BaseEstimator, dict[str, list[float]]]
"""A regression, unfitted, and the settings to choose from."""

RIDGE: Regression = make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0, 10.0, 100.0, 1000.0]}
# Beat points share one unit, so they are not standardised: that would blow up the quiet ends of the beat. C is in mmHg.
SUPPORT_VECTORS: Regression = SVR(epsilon=2.0), {"C": [1.0, 3.0, 10.0, 30.0, 100.0], "gamma": [0.05, 0.15, 0.5]}

_RATE_UNIT_BPM = 100.0  # brings the heart rate's spread to the size of a beat point's
_TINY = 1e-12
_LEAST_PEOPLE = 2  # to choose settings on


@dataclass(frozen=True)
class _Model:
    """One model: whom it can be fitted on, which windows of the tests it can be asked about, and how it does both."""

    people: np.ndarray  # int, of whom its features are known
    asked: np.ndarray  # bool [windows]
    answer: Callable[[np.ndarray, np.ndarray], np.ndarray]  # people to fit on, windows -> mmHg [windows, 2]


def predict_with_baselines(
    dataset: Dataset, tests: Dataset, folds: Sequence[Fold], names: Sequence[str] | None = None
) -> dict[str, Predictions]:
    """Return by name what each simple model answered for all of `tests`, fitted on `dataset` without the person.

    Both hold the same people in the same order. `names` None takes all models whose features are known of enough people
    to fit them in every fold.
    """
    return {
        name: _predict(model, dataset, tests, folds)
        for name, model in _all_models(dataset, tests).items()
        if (names is None or name in names)
        and all(np.isin(fold.train, model.people).sum() >= _LEAST_PEOPLE for fold in folds)
    }


def _predict(model: _Model, dataset: Dataset, tests: Dataset, folds: Sequence[Fold]) -> Predictions:
    """Return what a model answers in the order of splits and windows."""
    pressures = dataset.pressures.astype(np.float64)
    parts, order = [], []
    for fold in folds:
        windows, people = tests.windows_of(fold.test), np.array(fold.train)
        windows, people = windows[model.asked[windows]], people[np.isin(people, model.people)]
        if not len(windows):
            continue
        mean, value = pressures[people].mean(axis=0), model.answer(people, windows)
        parts.append(Answers(value).beside(tests, windows, mean, split=fold.split, fold=fold.number))
        order += [(fold.split, window) for window in windows.tolist()]
    in_order = np.array(sorted(range(len(order)), key=order.__getitem__))
    return concat_predictions(parts).select(in_order)


def _all_models(dataset: Dataset, tests: Dataset) -> dict[str, _Model]:
    pressures, traits = dataset.pressures.astype(np.float64), traits_of(dataset.people)
    with_traits = np.isfinite(traits).any(axis=1)
    all_people, all_windows = np.arange(len(dataset.people)), np.ones(len(tests.person), bool)
    nothing = np.empty((len(traits), 0))  # of a clip

    def answer_mean(people: np.ndarray, windows: np.ndarray) -> np.ndarray:
        return np.tile(pressures[people].mean(axis=0), (len(windows), 1))

    def answer_told(people: np.ndarray, windows: np.ndarray) -> np.ndarray:
        fitted = fit_told(nothing[people], traits[people], pressures[people])
        return np.array([predict(fitted, told)[0] for told in traits[tests.person[windows]]])

    def regression(training: np.ndarray, person: np.ndarray, asked: np.ndarray, kind: Regression) -> _Model:
        def answer(people: np.ndarray, windows: np.ndarray) -> np.ndarray:
            rows = np.isin(person, people)
            return _fit_and_predict(kind, training[rows], pressures[person[rows]], person[rows], asked[windows])

        return _Model(np.unique(person), all_windows, answer)

    beats, asked_beats = _beat_features(dataset), _beat_features(tests)
    models = {
        MEAN: _Model(all_people, all_windows, answer_mean),
        HEART_RATE: regression(beats[:, -1:], dataset.person, asked_beats[:, -1:], RIDGE),
        TRAITS: _Model(np.flatnonzero(with_traits), with_traits[tests.person], answer_told),
        RECOVERED: regression(beats, dataset.person, asked_beats, SUPPORT_VECTORS),
    }
    if all(person.pulses for person in dataset.people):
        contact = np.array([np.append(beat, rate / _RATE_UNIT_BPM) for beat, rate in map(contact_beat, dataset.people)])
        models[CONTACT] = regression(contact, all_people, contact[tests.person], SUPPORT_VECTORS)
    return models


def _beat_features(dataset: Dataset) -> np.ndarray:
    """Mean beat in T and in Y, each of height 1, and heart rate of every window: [windows, 2 * POINTS + 1]."""
    with torch.inference_mode():
        rows, _ = average_rows(torch.from_numpy(dataset.values), torch.from_numpy(dataset.weight))
    beats = rows[:, -1, [CHANNELS.index("T"), CHANNELS.index("Y")]].numpy().astype(np.float64)
    beats /= np.maximum(np.ptp(beats, axis=2, keepdims=True), _TINY)
    return np.column_stack((beats.reshape(len(beats), -1), 60 * dataset.rate_hz / _RATE_UNIT_BPM))


def _fit_and_predict(
    regression: Regression, training: np.ndarray, pressures: np.ndarray, person: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Return what a regression answers for rows of features, [n, 2]; fitted on rows, their pressures and people."""
    inner = GroupKFold(min(INNER_FOLDS, len(np.unique(person))), shuffle=True, random_state=0)
    search = GridSearchCV(*regression, scoring="neg_mean_squared_error", cv=inner)
    columns = [search.fit(training, column, groups=person).predict(asked) for column in pressures.T]
    return np.stack(columns, axis=1)
