"""Simple models are judged on beats whose relation to the pressure is known."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import SVR

from bpdemo.data.person import Person
from bpdemo.data.signals import Samples
from bpdemo.training import baselines
from bpdemo.training.baselines import contact_beat, predict_with_baselines
from bpdemo.training.folds import make_folds
from bpdemo.training.results import CONTACT, HEART_RATE, MEAN, RECOVERED, TRAITS
from bpdemo.training.scoring import compare, score_models
from tests.support.small_dataset import make_dataset
from tests.support.small_ppg_bp import finger_pulse

PEOPLE = 30


def recorded(dataset):
    """The same people, with the finger pulses that such beats would come from."""
    rates = np.random.default_rng(9).uniform(60, 85, len(dataset.people))
    people = []
    for one, rate in zip(dataset.people, rates, strict=True):
        wave = finger_pulse(rate, (170 - one.systolic) / 110, 3.0, 1000)
        people.append(replace(one, pulses=(Samples.evenly(wave, 1000.0),)))
    return replace(dataset, people=tuple(people))


def with_traits(dataset):
    """The same people, their weight in kg as many as the pressure in mmHg: one trait that gives the answer away."""
    people = tuple(
        replace(one, age=50.0, sex="female", height_cm=170.0, weight_kg=one.systolic) for one in dataset.people
    )
    return replace(dataset, people=people)


@pytest.fixture(scope="module", autouse=True)
def few_fits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "INNER_FOLDS", 2)
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0, 100.0], "gamma": [0.3]}))
        yield


@pytest.fixture(scope="module")
def sets():
    """Windows for fitting, one strong and one standard of each; for scoring the strong are nearly free of noise."""
    systolic = np.random.default_rng(0).permutation(np.linspace(95, 165, PEOPLE))
    fitted, tests = (recorded(make_dataset(systolic, each=2, noise=0.4, seed=seed)) for seed in (1, 2))
    noise = 8 * np.random.default_rng(3).standard_normal(tests.values.shape)
    noise[tests.quality != "standard"] = 0
    return fitted, replace(tests, values=(tests.values + noise).astype(np.float32))


@pytest.fixture(scope="module")
def folds(sets):
    return make_folds(sets[0].people, 3, 1, 0)


@pytest.fixture(scope="module")
def out(sets, folds):
    dataset, tests = sets
    return predict_with_baselines(with_traits(dataset), tests, folds)


@pytest.fixture(scope="module")
def results(out):
    return score_models(out)


def test_contact_beat_tells_rate_and_shape():
    beats = {
        notch: contact_beat(Person("a", 120, 80, (Samples.evenly(finger_pulse(75, notch, 4, 1000), 1000.0),)))
        for notch in (0.1, 0.5)
    }
    assert [rate for _, rate in beats.values()] == pytest.approx([75, 75], abs=1)
    assert np.abs(beats[0.1][0] - beats[0.5][0]).max() > 0.2


def test_predictions_know_their_people_folds_and_means(sets, folds, out):
    dataset, tests = sets
    assert list(out) == [MEAN, HEART_RATE, TRAITS, RECOVERED, CONTACT]
    for rows in out.values():
        assert rows.person.tolist() == tests.person.tolist()
        assert rows.quality.tolist() == tests.quality.tolist()
        assert rows.truth == pytest.approx(tests.truth)
        assert not rows.split.any()
        for fold in folds:
            here = rows.fold == fold.number
            assert set(rows.person[here]) == set(fold.test)
            mean = dataset.pressures[list(fold.train)].mean(axis=0)
            assert rows.baseline[here] == pytest.approx(np.tile(mean, (here.sum(), 1)))
    assert (out[MEAN].value == out[MEAN].baseline).all()


def test_models_find_what_is_there(results):
    def r(name, quality="strong", pressure="systolic"):
        return results[name][quality][pressure].r

    assert r(RECOVERED) > 0.8
    assert r(RECOVERED, pressure="diastolic") > 0.8
    assert r(RECOVERED) > r(RECOVERED, "standard")
    assert r(CONTACT) > 0.9
    assert r(CONTACT) == pytest.approx(r(CONTACT, "standard"))
    assert r(TRAITS) > 0.9
    assert r(HEART_RATE) < 0.5


def test_without_a_beat_a_model_falls_to_the_training_mean(sets, folds, results):
    noise = [
        replace(each, values=np.random.default_rng(seed).standard_normal(each.values.shape).astype(np.float32))
        for seed, each in enumerate(sets)
    ]
    shapeless = score_models(predict_with_baselines(*noise, folds, [RECOVERED]))
    assert list(shapeless) == [RECOVERED]
    for scores in (shapeless[RECOVERED], results[HEART_RATE]):
        for pressure, figures in scores["strong"].items():
            beat = results[RECOVERED]["strong"][pressure]
            assert figures.gain < 0.1 * figures.baseline_mae < beat.gain, pressure


def test_each_repetition_is_a_split_of_its_own(sets):
    folds = make_folds(sets[0].people, 2, 2, 4)
    both = predict_with_baselines(*sets, folds, [HEART_RATE])[HEART_RATE]
    alone = predict_with_baselines(*sets, make_folds(sets[0].people, 2, 1, 5), [HEART_RATE])[HEART_RATE]
    second = both.select(both.split == 1)
    assert len(second.person) == len(alone.person) == len(both.person) / 2
    assert second.value == pytest.approx(alone.value)
    assert second.fold.tolist() == alone.fold.tolist()
    assert both.fold[both.split == 0].tolist() != second.fold.tolist()


def test_no_test_person_has_a_say(sets):
    dataset, tests = sets
    folds = make_folds(dataset.people, 2, 1, 0)
    before = predict_with_baselines(dataset, tests, folds)
    test_people = folds[0].test
    values = dataset.values.copy()
    values[dataset.windows_of(test_people)] = 0
    people = tuple(
        replace(person, systolic=300.0, diastolic=20.0) if i in test_people else person
        for i, person in enumerate(dataset.people)
    )
    after = predict_with_baselines(replace(dataset, values=values, people=people), tests, folds)
    windows = tests.windows_of(test_people)
    for name in (MEAN, HEART_RATE, RECOVERED, CONTACT):
        assert after[name].value[windows] == pytest.approx(before[name].value[windows]), name


def test_only_models_whose_features_are_known_are_fitted(sets):
    dataset, tests = sets
    known = with_traits(dataset).people
    nothing = {"age": None, "sex": None, "height_cm": None, "weight_kg": None}
    people = tuple(replace(one, pulses=(), **({} if i == 3 else nothing)) for i, one in enumerate(known))
    bare = replace(dataset, people=people)
    assert set(predict_with_baselines(bare, tests, make_folds(people, 2, 1, 0))) == {MEAN, HEART_RATE, RECOVERED}


def test_what_is_known_of_some_is_scored_on_these(sets):
    dataset, tests = sets
    unknown = (2, 3, 11)
    nothing = {"age": None, "sex": None, "height_cm": None, "weight_kg": None}
    people = tuple(
        replace(one, **(nothing if i in unknown else {})) for i, one in enumerate(with_traits(dataset).people)
    )
    some = replace(dataset, people=people)
    folds = make_folds(people, 3, 1, 0)
    answers = predict_with_baselines(some, tests, folds, [TRAITS])[TRAITS]
    assert set(answers.person) == set(range(PEOPLE)) - set(unknown)
    for fold in folds:
        known = [one for one in fold.train if one not in unknown]
        here = answers.fold == fold.number
        assert set(answers.person[here]) == set(fold.test) - set(unknown)
        assert answers.baseline[here][0] == pytest.approx(dataset.pressures[known].mean(axis=0))
    whole = predict_with_baselines(with_traits(dataset), tests, folds, [MEAN])[MEAN]
    beside = compare(whole, answers, "strong")["systolic"]
    error = np.abs(whole.value - whole.truth)[(whole.quality == "strong") & ~np.isin(whole.person, unknown), 0]
    assert beside.network_mae == pytest.approx(error.mean())
    with pytest.raises(ValueError, match="asked about people"):
        compare(answers, whole, "strong")
