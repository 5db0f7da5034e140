"""What the network must beat: simple models on the same folds and the same rendered maps.

- *training mean*: always answers the mean pressure of the fold's training people.
- *heart rate*: ridge regression on the heart rate found in the map.
- *age, sex, BMI*: ridge regression on what is known without any pulse (PPG-BP only).
- *recovered beat*: support vector regression on the map's mean beat in T and Y, and the heart rate.
- *contact beat*: the same on the finger recordings themselves; no camera can do better with this model: the ceiling.

And the negative controls of the recovered beat (`controls.py`): with the columns of every map shuffled in time (which
leaves how often each value occurs, but no beat), with rows only (each averaged over time), and fitted on permuted
labels, it must fall to the training mean.

Models that read maps read the slices the network reads, of all qualities mixed. Their settings are picked by an inner
cross-validation over the fold's training people; a test person has no say in anything. Features and grids are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import torch
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from bpdemo.data.registry import PPG_BP_TABLE, Person, split_by_person
from bpdemo.models.beats import average_rows
from bpdemo.stmap import CHANNELS
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, beats_of
from bpdemo.training.dataset import SliceSet
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import CONTACT, HEART_RATE, MEAN, PERMUTED, RECOVERED, TRAITS
from bpdemo.training.predictions import Predictions, join_predictions
from experiments.negative_controls import permute

BEAT_POINTS = 50
TRAINING_RENDERINGS = 6
"""Maps of a person the models are fitted on: the first of those the network is fitted on."""
INNER_FOLDS = 5
"""Splits of the training people by which settings are chosen; fewer when there are fewer people."""

FOLDS = 5

_RATE_UNIT_BPM = 100.0  # brings the heart rate's spread to the size of a beat point's
_TINY = 1e-12


RIDGE = make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [1.0, 10.0, 100.0, 1000.0]}
"""A regression and the settings to choose from."""
# Beat points share one unit, so they are not standardised: that would blow up the quiet ends of the beat.
SUPPORT_VECTORS = SVR(epsilon=2.0), {"C": [1.0, 3.0, 10.0, 30.0, 100.0], "gamma": [0.05, 0.15, 0.5]}
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


def predict_out_of_fold(
    slices: SliceSet,
    tests: SliceSet,
    *,
    folds: int = FOLDS,
    seeds: Sequence[int] = (0,),
    traits: Mapping[str, Sequence[float]] | None = None,
    without_pulse: Mapping[str, tuple[SliceSet, SliceSet]] | None = None,
) -> dict[str, Predictions]:
    """Predict every person by simple models that were fitted without that person.

    Args:
        slices: of training renderings; a few of each person will do.
        tests: of evaluation renderings of the same people, in the same order.
        folds: splits by person; with the same seeds the very ones of `folds.cross_validate`.
        seeds: one for each repetition of the folds; the first also fixes the permuted labels.
        traits: name of a person -> numbers known without a pulse. That model is left out unless all people have them.
        without_pulse: name of a control -> both sets as they are when their maps had no pulse any more.

    Returns:
        Name of a model (`model_names`, controls included) -> what it answered for all of `tests`, split by split.

    Raises:
        DataError: fewer people than folds.
    """
    features = _all_features(slices, tests, traits)
    for name, (fitted_on, asked) in (without_pulse or {}).items():
        features[name] = Features(_beat_features(fitted_on), slices.person, _beat_features(asked), SUPPORT_VECTORS)
    pressures = slices.pressures.astype(np.float64)
    permuted = permute(pressures, seeds[0])
    parts: dict[str, list[Predictions]] = {name: [] for name in (MEAN, *features, PERMUTED)}
    for split, seed in enumerate(seeds):
        value = {name: np.empty((len(tests.person), len(PRESSURES))) for name in parts}
        fold_of = np.full(len(tests.person), -1)
        for fold, (train_people, test_people) in enumerate(split_by_person(slices.people, folds, seed)):
            of = tests.of_people(test_people)
            fold_of[of] = fold
            value[MEAN][of] = pressures[train_people].mean(axis=0)
            for name, read in features.items():
                value[name][of] = _fit_and_predict(read, train_people, of, pressures)
            value[PERMUTED][of] = _fit_and_predict(features[RECOVERED], train_people, of, permuted)
        for name in parts:
            parts[name].append(_one_split(tests, split, fold_of, value[MEAN], value[name]))
    return {name: join_predictions(splits) for name, splits in parts.items()}


def _one_split(
    tests: SliceSet, split: int, fold_of: np.ndarray, baseline: np.ndarray, value: np.ndarray
) -> Predictions:
    truth = tests.truth.astype(np.float64)
    return Predictions(tests.person, tests.quality, truth, np.full(len(fold_of), split), fold_of, baseline, value)


def _all_features(
    slices: SliceSet, tests: SliceSet, traits: Mapping[str, Sequence[float]] | None
) -> dict[str, Features]:
    """What each model but the training mean reads, by name."""
    beats, test_beats = _beat_features(slices), _beat_features(tests)
    features = {HEART_RATE: Features(beats[:, -1:], slices.person, test_beats[:, -1:], RIDGE)}
    people = slices.people
    if traits and all(person.name in traits for person in people):
        known = np.array([traits[person.name] for person in people], dtype=np.float64)
        features[TRAITS] = Features(known, np.arange(len(known)), known[tests.person], RIDGE)
    features[RECOVERED] = Features(beats, slices.person, test_beats, SUPPORT_VECTORS)
    if all(person.recordings for person in people):
        contact = np.array([_row(*contact_beat(person)) for person in people])
        features[CONTACT] = Features(contact, np.arange(len(contact)), contact[tests.person], SUPPORT_VECTORS)
    return features


def _beat_features(slices: SliceSet) -> np.ndarray:
    """Mean beat in T and in Y, each of height 1, and heart rate of every map: [maps, 2 * POINTS + 1]."""
    with torch.inference_mode():
        rows, _ = average_rows(torch.from_numpy(slices.values), torch.from_numpy(slices.weight))
    beats = rows[:, -1, [CHANNELS.index("T"), CHANNELS.index("Y")]].numpy().astype(np.float64)
    beats /= np.maximum(np.ptp(beats, axis=2, keepdims=True), _TINY)
    return np.column_stack((beats.reshape(len(beats), -1), 60 * slices.rate_hz / _RATE_UNIT_BPM))


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
