"""What people tell, in training: fitted on answers for people set aside, whose pressures hang on shape and age."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.data.person import Person
from bpdemo.models.told import conditional_deviation, predict
from bpdemo.training.predictions import Predictions
from bpdemo.training.told import add_told, answers_with_told, fit_told_of, with_half_widths

PEOPLE = 300
NOTHING = {"age": None, "sex": None, "height_cm": None, "weight_kg": None}


@pytest.fixture(scope="module")
def people():
    """Of everybody age and sex; the pressure rises by 0.5 mmHg a year and by 8 with what the clip shows."""
    rng = np.random.default_rng(0)
    age, shown = rng.uniform(30, 70, PEOPLE), rng.standard_normal(PEOPLE)
    systolic = 120 + 0.5 * (age - 50) + 8 * shown + rng.standard_normal(PEOPLE)
    made = tuple(
        Person(f"p:{i}", float(systolic[i]), 70.0 + i % 3, age=float(age[i]), sex="female" if i % 2 else "male")
        for i in range(PEOPLE)
    )
    return made, shown


def answers_of(people, shown, whom, each=2):
    person = np.repeat(np.asarray(whom), each)
    truth = np.array([[people[one].systolic, people[one].diastolic] for one in person])
    zeros = np.zeros(len(person), int)
    quality = np.full(len(person), "standard")
    mean = np.broadcast_to(truth.mean(axis=0), truth.shape)
    return Predictions(person, quality, truth, zeros, zeros, mean, mean + 0.0, shape=shown[person, None])


def test_clip_and_traits_are_weighed_against_each_other(people):
    made, shown = people
    fitted = fit_told_of(answers_of(made, shown, range(200)), made, range(200))
    assert fitted.people == 200
    asked = add_told(answers_of(made, shown, range(200, PEOPLE)), fitted, made)
    error = (asked.both - asked.truth)[:, 0]
    assert np.abs(error).mean() < 3 < np.abs(asked.value - asked.truth)[:, 0].mean() / 2
    both = answers_with_told(asked)
    assert (both.value == asked.both).all()
    assert both.shape is None


def test_those_who_were_not_set_aside_say_what_traits_mean(people):
    """Of ten people the clip was answered; what an age means is known from all two hundred."""
    made, shown = people
    few = fit_told_of(answers_of(made, shown, range(10)), made, range(200))
    all_of_them = fit_told_of(answers_of(made, shown, range(200)), made, range(200))
    alone = fit_told_of(answers_of(made, shown, range(10)), made, range(10))
    for age in (35.0, 65.0):
        told = [age, np.nan, np.nan, np.nan]
        wanted, by_few, by_ten = (predict(each, told)[0][0] for each in (all_of_them, few, alone))
        assert abs(by_few - wanted) < 1.5
        assert abs(by_few - wanted) < 0.5 * abs(by_ten - wanted)


def test_of_whom_nothing_is_known_nothing_is_said(people):
    made, shown = people
    silent = tuple(replace(one, **NOTHING) if i % 4 == 0 else one for i, one in enumerate(made))
    fitted = fit_told_of(answers_of(silent, shown, range(200)), silent, range(200))
    asked = add_told(answers_of(silent, shown, range(200, PEOPLE)), fitted, silent)
    assert np.isnan(asked.both[asked.person % 4 == 0]).all()
    assert set(answers_with_told(asked).person) == {one for one in range(200, PEOPLE) if one % 4}
    nobody = tuple(replace(one, **NOTHING) for one in made)
    assert fit_told_of(answers_of(nobody, shown, range(50)), nobody, range(50)) is None
    assert not len(answers_with_told(add_told(answers_of(nobody, shown, range(50)), None, nobody)).person)


def test_half_widths_are_those_where_all_is_known(people):
    made, shown = people
    fitted = with_half_widths(
        fit_told_of(answers_of(made, shown, range(200)), made, range(200)), np.array([20.0, 10.0])
    )
    assert np.array(fitted.factors) * conditional_deviation(fitted) == pytest.approx([20, 10])
    _, of_all = predict(fitted, [50.0, 0.0, 170.0, 70.0], [0.5])
    assert of_all == pytest.approx([20, 10])
    _, of_words = predict(fitted, [50.0, 0.0, np.nan, np.nan])
    assert of_words[0] > 30
