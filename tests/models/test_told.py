"""What traits say of pressures: a conditional normal that can be worked out by hand, whatever is missing."""

from itertools import product

import numpy as np
import pytest

from bpdemo.models import told
from bpdemo.models.told import ToldParameters, conditional_deviation, conformal_factors, fit_told, predict
from tests.support.made_up_people import made_up_people

NAN = np.nan
SUBSETS = [np.array(subset) for subset in product((False, True), repeat=4)]


def parameters(**covariances):
    """Nine variables of variance 1 and mean 0, but for pressures of mean 120 and 70, correlated by index pairs."""
    covariance = np.eye(9)
    for pair, value in covariances.items():
        i, j = (int(digit) for digit in pair[1:])
        covariance[i, j] = covariance[j, i] = value
    return ToldParameters(
        people=10,
        known=(10, 10, 10, 10),
        ages=(20.0, 80.0),
        mean=(120.0, 70.0, *[0.0] * 7),
        covariance=tuple(map(tuple, covariance.tolist())),
        factors=(2.0, 3.0),
    )


def test_one_trait_moves_and_narrows_as_worked_out_by_hand():
    value, half_width = predict(parameters(_04=0.6), [2.0, NAN, NAN, NAN])
    assert value == pytest.approx([120 + 0.6 * 2, 70])
    assert half_width == pytest.approx([2 * np.sqrt(1 - 0.36), 3])


def test_answer_and_trait_that_overlap_are_not_counted_twice():
    """By hand: gains are (r1 - r2 c, r2 - r1 c) / (1 - c^2)."""
    overlapping = parameters(_02=0.5, _04=0.5, _24=0.6)
    value, half_width = predict(overlapping, [2.0, NAN, NAN, NAN], [1.0, NAN])
    gain = (0.5 - 0.5 * 0.6) / (1 - 0.36)
    assert value[0] == pytest.approx(120 + gain * 1 + gain * 2)
    assert half_width[0] == pytest.approx(2 * np.sqrt(1 - 2 * gain * 0.5))


def test_nothing_told_is_the_mean_with_the_peoples_own_spread():
    value, half_width = predict(parameters(_04=0.6), [NAN] * 4)
    assert value == pytest.approx([120, 70])
    assert half_width == pytest.approx([2, 3])


def test_without_regularisation_it_is_least_squares(monkeypatch):
    monkeypatch.setattr(told, "REGULARISATION", 0.0)
    answers, traits, pressures = made_up_people()
    design = np.column_stack(
        [np.ones(len(answers)), answers, traits[:, :2], np.log(traits[:, 2:]), (traits[:, 0] - 50) ** 2]
    )
    expected = design @ np.linalg.lstsq(design, pressures, rcond=None)[0]
    fitted = fit_told(answers, traits, pressures)
    found = [predict(fitted, *row)[0] for row in zip(traits[:50], answers[:50], strict=True)]
    np.testing.assert_allclose(found, expected[:50], atol=1e-6)


def test_regularisation_divides_the_slope_of_one_trait():
    answers, traits, pressures = made_up_people()
    slope = np.polyfit(traits[:, 1], pressures[:, 0], 1)[0]
    fitted = fit_told(answers, traits, pressures)
    male, female = (predict(fitted, [NAN, sex, NAN, NAN])[0][0] for sex in (0.0, 1.0))
    assert female - male == pytest.approx(slope / (1 + told.REGULARISATION))


def test_a_pressure_that_falls_on_both_sides_of_50_years_is_followed():
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 80, 4000)
    pressures = np.stack([120 + 0 * age, 80 - (age - 50) ** 2 / 60], axis=1) + rng.standard_normal((4000, 2))
    traits = np.column_stack([age, np.full((4000, 3), NAN)])
    fitted = fit_told(np.empty((4000, 0)), traits, pressures)
    young, middle, old = (predict(fitted, [one, NAN, NAN, NAN])[0][1] for one in (25.0, 50.0, 75.0))
    assert middle - young > 6 < middle - old


def test_a_clip_may_show_any_number_of_things():
    answers, traits, pressures = made_up_people(300)
    three = np.column_stack([answers, pressures[:, 0]])
    person = traits[0]
    value, half_width = predict(fit_told(three, traits, pressures), person, three[0])
    without, wider = predict(fit_told(answers, traits, pressures), person, answers[0])
    assert abs(value[0] - pressures[0, 0]) < abs(without[0] - pressures[0, 0])
    assert half_width[0] < wider[0]


@pytest.mark.parametrize("subset", SUBSETS, ids=str)
@pytest.mark.parametrize("with_answer", [False, True])
def test_what_is_not_told_is_as_if_it_had_never_been_asked(subset, with_answer):
    answers, traits, pressures = made_up_people(200)
    person, answer = np.array([63.0, 1.0, 158.0, 71.0]), [131.0, 78.0] if with_answer else None
    factors = (1.6, 1.7)
    never_asked = fit_told(answers if with_answer else answers * NAN, np.where(subset, traits, NAN), pressures, factors)
    expected = predict(never_asked, person, answer)
    found = predict(fit_told(answers, traits, pressures, factors), np.where(subset, person, NAN), answer)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_people_of_whom_little_is_known_still_give_a_model():
    """Covariances from different people may contradict each other: no variance may come out below zero."""
    rng = np.random.default_rng(3)
    for people in (2, 3, 6, 30):
        answers, traits, pressures = made_up_people(people, seed=people)
        holes = np.where(rng.random(traits.shape) < 0.6, NAN, traits)
        answers = np.where(rng.random(answers.shape) < 0.3, NAN, answers)
        fitted = fit_told(answers, holes, pressures)
        assert fitted.known == tuple(np.isfinite(holes).sum(axis=0))
        for person in ([1.0, 0.0, 50.0, 10.0], [120.0, 1.0, 250.0, 400.0], [NAN, NAN, 170.0, NAN]):
            for answer in (None, [100.0, 60.0]):
                value, half_width = predict(fitted, person, answer)
                assert np.isfinite(value).all()
                assert (half_width > 0).all()


def test_covariances_that_contradict_each_other_are_made_possible():
    """Age goes with the systolic pressure, height with age, and height against the pressure: each of other people."""
    rise = np.linspace(-1, 1, 30)
    traits, answers, pressures = np.full((90, 4), NAN), np.full((90, 2), NAN), np.full((90, 2), NAN)
    pressures[:, 1] = 70 + np.tile(rise, 3)
    traits[:30, 0], pressures[:30, 0] = 50 + 10 * rise, 120 + 10 * rise
    traits[30:60, 0], traits[30:60, 2] = 50 + 10 * rise, np.exp(5 + 0.1 * rise)
    traits[60:, 2], pressures[60:, 0] = np.exp(5 + 0.1 * rise), 120 - 10 * rise
    fitted = fit_told(answers, traits, pressures, (1.0, 1.0))
    covariance = np.array(fitted.covariance)
    assert np.linalg.eigvalsh(covariance)[0] > 0
    assert np.diag(covariance)[:2] == pytest.approx(np.nanvar(pressures, axis=0)), "spreads are those of the people"
    value, half_width = predict(fitted, [60.0, NAN, np.exp(5), NAN])
    assert np.isfinite(value).all()
    assert (half_width > 0).all()


def test_a_trait_in_which_nobody_differs_says_nothing():
    answers, traits, pressures = made_up_people(100)
    traits[:, 1], traits[:, 2] = 1.0, 170.0
    fitted = fit_told(answers, traits, pressures)
    expected = predict(fitted, [60.0, NAN, NAN, NAN])
    np.testing.assert_allclose(predict(fitted, [60.0, 0.0, 190.0, NAN]), expected, rtol=1e-9)


def test_ages_are_those_of_the_people():
    answers, traits, pressures = made_up_people(50)
    traits[::2, 0] = NAN
    assert fit_told(answers, traits, pressures).ages == (traits[1::2, 0].min(), traits[1::2, 0].max())
    traits[:, 0] = NAN
    assert fit_told(answers, traits, pressures).ages is None


def test_factors_are_conformal_on_the_people_they_are_asked_of():
    """With deviation 1 and errors 1 to 20, the 19th is the smallest that holds 90 % of 20 and a new one."""
    errors = np.arange(1.0, 21.0)
    pressures = np.stack([120 + errors, 70 - errors / 2], axis=1)
    nothing = np.full((20, 4), NAN)
    found = conformal_factors(parameters(), np.full((20, 2), NAN), nothing, pressures)
    assert found == pytest.approx((19, 9.5))


def test_intervals_hold_nine_of_ten_new_people_whatever_they_tell():
    fitted = fit_told(*made_up_people(2000))
    answers, traits, pressures = made_up_people(2000, seed=1)
    for subset, with_answer in product(SUBSETS, (False, True)):
        found = [
            predict(fitted, np.where(subset, trait, NAN), answer if with_answer else None)
            for answer, trait in zip(answers, traits, strict=True)
        ]
        value, half_width = np.array(found).swapaxes(0, 1)
        inside = (np.abs(pressures - value) <= half_width).mean(axis=0)
        assert (inside > 0.87).all(), (subset, with_answer, inside)
        assert (inside < 0.93).all(), (subset, with_answer, inside)


def test_what_is_left_where_all_is_known_is_the_same_for_everybody():
    answers, traits, pressures = made_up_people(300)
    fitted = fit_told(answers, traits, pressures, (1.0, 1.0))
    for number in (0, 7):
        found = predict(fitted, traits[number], answers[number])[1]
        assert found == pytest.approx(conditional_deviation(fitted))


def test_what_nobody_has_seen_moves_a_reading_no_further_than_what_hardly_anybody_has():
    fitted = fit_told(*made_up_people(300))
    far, further = (predict(fitted, [NAN] * 4, [125.0 + away, 75.0])[0] for away in (100, 1e6))
    assert further == pytest.approx(far)
    assert abs(further - predict(fitted, [NAN] * 4)[0]).max() < 100
