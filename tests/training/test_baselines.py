"""Simple models are judged on slices whose relation to the pressure is known."""

from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from sklearn.svm import SVR

from bpdemo.data.registry import Person, Recording, split_by_person
from bpdemo.training import baselines
from bpdemo.training.baselines import contact_beat, predict_out_of_fold, read_ppg_bp_traits
from bpdemo.training.model_names import CONTACT, HEART_RATE, MEAN, PERMUTED, RECOVERED, ROWS_ONLY, SHUFFLED, TRAITS
from bpdemo.training.results import score_models
from experiments.negative_controls import permute
from tests.support.small_ppg_bp import finger_pulse
from tests.support.small_slices import made_slices

PEOPLE = 30


def recorded(slices):
    """The same people, with the finger pulses that such slices would come from."""
    rates = np.random.default_rng(9).uniform(60, 85, len(slices.people))
    people = tuple(
        replace(
            person,
            recordings=(Recording(finger_pulse(rate, (170 - person.systolic) / 110, 3.0, 1000), 1000.0),),
        )
        for person, rate in zip(slices.people, rates, strict=True)
    )
    return replace(slices, people=people)


def shapeless(slices, seed):
    values = np.random.default_rng(seed).standard_normal(slices.values.shape).astype(np.float32)
    return replace(slices, values=values)


@pytest.fixture(scope="module", autouse=True)
def few_fits():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "INNER_FOLDS", 2)
        patch.setattr(baselines, "SUPPORT_VECTORS", (SVR(epsilon=2.0), {"C": [10.0, 100.0], "gamma": [0.3]}))
        yield


@pytest.fixture(scope="module")
def sets():
    """Maps for fitting, one strong and one standard of each; for scoring the strong are nearly free of noise."""
    systolic = np.random.default_rng(0).permutation(np.linspace(95, 165, PEOPLE))
    fitted, tests = (recorded(made_slices(systolic, each=2, noise=0.4, seed=seed)) for seed in (1, 2))
    noise = (
        8
        * np.random.default_rng(3).standard_normal(tests.values.shape)
        * (tests.quality == "standard")[:, None, None, None, None]
    )
    return fitted, replace(tests, values=(tests.values + noise).astype(np.float32))


@pytest.fixture(scope="module")
def out(sets):
    slices, tests = sets
    traits = {person.name: (person.systolic, 0.0, 1.0) for person in slices.people}  # one that gives the answer away
    without_pulse = {
        name: (shapeless(slices, seed), shapeless(tests, seed + 1)) for name, seed in ((SHUFFLED, 5), (ROWS_ONLY, 7))
    }
    return predict_out_of_fold(slices, tests, folds=3, traits=traits, without_pulse=without_pulse)


@pytest.fixture(scope="module")
def results(out):
    return score_models(out)


def test_contact_beat_tells_rate_and_shape():
    beats = {
        notch: contact_beat(Person("a", (Recording(finger_pulse(75, notch, 4, 1000), 1000.0),), 120, 80))
        for notch in (0.1, 0.5)
    }
    assert [rate for _, rate in beats.values()] == pytest.approx([75, 75], abs=1)
    assert np.abs(beats[0.1][0] - beats[0.5][0]).max() > 0.2


def test_predictions_know_their_people_folds_and_means(sets, out):
    maps, tests = sets
    folds = list(split_by_person(maps.people, 3, 0))
    for rows in out.values():
        assert rows.person.tolist() == tests.person.tolist()
        assert rows.quality.tolist() == tests.quality.tolist()
        assert rows.truth == pytest.approx(tests.truth)
        assert not rows.split.any()
        for fold, (train_people, test_people) in enumerate(folds):
            of = rows.fold == fold
            assert sorted(set(rows.person[of])) == sorted(test_people)
            assert rows.baseline[of] == pytest.approx(maps.pressures[train_people].mean(axis=0) + 0 * rows.truth[of])
    assert (out[MEAN].value == out[MEAN].baseline).all()


def test_traits_are_read_and_gaps_left_out(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(("a title",))
    book.active.append(("subject_ID", "Sex(M/F)", "Age(year)", "Height(cm)", "Weight(kg)"))
    book.active.append((2, "Female", 45, 150, 45))
    book.active.append((3, "Male", 60, 200, 80))
    book.active.append((4, "Male", None, 200, 80))
    book.save(tmp_path / "PPG-BP dataset.xlsx")
    assert read_ppg_bp_traits(tmp_path) == {"ppg_bp:2": (45, 1, 20), "ppg_bp:3": (60, 0, 20)}


def test_a_table_without_traits_has_none(ppg_bp):
    assert read_ppg_bp_traits(ppg_bp) == {}


def test_models_find_what_is_there(results):
    def r(name, quality="strong", pressure="systolic"):
        return results[name][quality][pressure]["r"]

    assert r(RECOVERED) > 0.8
    assert r(RECOVERED, pressure="diastolic") > 0.8
    assert r(RECOVERED) > r(RECOVERED, "standard")
    assert r(CONTACT) > 0.9
    assert r(CONTACT) == pytest.approx(r(CONTACT, "standard"))
    assert r(TRAITS) > 0.9
    assert r(HEART_RATE) < 0.5


@pytest.mark.parametrize("name", [SHUFFLED, ROWS_ONLY, PERMUTED, HEART_RATE])
def test_without_a_pulse_models_fall_to_the_training_mean(results, name):
    for pressure, figures in results[name]["strong"].items():
        beat = results[RECOVERED]["strong"][pressure]
        assert figures["gain"] < 0.1 * figures["baseline_mae"] < beat["gain"], pressure


def test_each_seed_is_a_split_of_its_own(sets):
    both = predict_out_of_fold(*sets, folds=2, seeds=(0, 5))[HEART_RATE]
    alone = predict_out_of_fold(*sets, folds=2, seeds=(5,))[HEART_RATE]
    second = both.select(both.split == 1)
    assert len(second.person) == len(alone.person) == len(both.person) / 2
    assert second.value == pytest.approx(alone.value)
    assert second.fold.tolist() == alone.fold.tolist()
    assert both.fold[both.split == 0].tolist() != second.fold.tolist()


def test_no_test_person_has_a_say(sets):
    slices, tests = sets
    before = predict_out_of_fold(slices, tests, folds=2)
    train_people, test_people = next(split_by_person(slices.people, 2, 0))
    assert set(train_people).isdisjoint(test_people)
    values = slices.values.copy()
    values[slices.of_people(test_people)] = 0
    people = list(slices.people)
    for i in test_people:
        people[i] = Person(people[i].name, people[i].recordings, 300.0, 20.0)
    after = predict_out_of_fold(replace(slices, values=values, people=tuple(people)), tests, folds=2)
    of = tests.of_people(test_people)
    for name in (MEAN, HEART_RATE, RECOVERED, CONTACT):
        assert after[name].value[of] == pytest.approx(before[name].value[of]), name


def test_permuted_labels_are_those_of_the_first_seed(sets, out):
    slices, tests = sets
    handed = permute(slices.pressures, 0)
    people = tuple(
        replace(person, systolic=high, diastolic=low)
        for person, (high, low) in zip(slices.people, handed.tolist(), strict=True)
    )
    told = predict_out_of_fold(replace(slices, people=people), tests, folds=3)
    assert out[PERMUTED].value == pytest.approx(told[RECOVERED].value)
    assert out[PERMUTED].truth == pytest.approx(tests.truth)


def test_only_models_whose_features_are_known_are_fitted(sets):
    slices, tests = sets
    bare = replace(slices, people=tuple(replace(person, recordings=()) for person in slices.people))
    some = {person.name: (1.0, 2.0, 3.0) for person in slices.people[1:]}
    assert set(predict_out_of_fold(bare, tests, folds=2, traits=some)) == {MEAN, HEART_RATE, RECOVERED, PERMUTED}
