"""Sentences say what the figures are, whichever way these point."""

import pytest

from bpdemo.reporting import claims
from bpdemo.training.results import BOTH, RECOVERED, TRAITS
from bpdemo.training.scoring import About, summarise
from tests.support.made_up import make, results, results_elsewhere

SENTENCES = (
    claims.add_words,
    claims.compare_with_baseline,
    claims.describe_controls,
    claims.likeliest_range,
    claims.meets_standard,
    claims.other_intervals,
    claims.rare_pressures,
    claims.rarest_held,
    claims.same_answer,
    claims.share_kept,
    claims.take_at_word,
    claims.worth_on_strangers,
)


@pytest.fixture(scope="module")
def saved():
    return results().model_copy(update={"other_data": {"mw_ppg": results_elsewhere()}})


@pytest.fixture
def made(saved):
    """Results that a test may change."""
    return saved.model_copy(deep=True)


@pytest.mark.parametrize(
    ("gain", "interval", "words"),
    [
        (3.0, (2.0, 4.0), "diastolic value is 3.0 mmHg nearer to the cuff than the training mean is ("),
        (0.9, (-0.1, 1.9), "which may be chance"),
        (0.4, (0.2, 0.6), "diastolic value is hardly or not at all better"),
    ],
)
def test_what_is_no_better_than_the_mean_is_not_praised(made, gain, interval, words):
    made.network["diastolic"].gain, made.network["diastolic"].bootstrap.gain = gain, interval
    assert words in claims.compare_with_baseline(made)


def test_a_control_that_stands_is_named(made):
    assert "do not" not in claims.describe_controls(made)
    name, by_quality = next(iter(made.controls.items()))
    by_quality["standard"]["systolic"].gain = 2.0
    by_quality["standard"]["systolic"].bootstrap.gain = (1.0, 3.0)
    assert f"**these do not**: {made.title(name)} (systolic: +2.0 mmHg)" in claims.describe_controls(made)


@pytest.mark.parametrize(
    ("gain", "interval", "words"),
    [
        (1.2, (0.3, 2.1), "nearer (+1.2 [+0.3, +2.1])"),
        (-1.2, (-2.1, -0.3), "further off"),
        (0.2, (-0.3, 0.6), "chance"),
    ],
)
def test_a_model_beside_the_network_is_judged_by_its_interval(made, gain, interval, words):
    compared = made.models[RECOVERED]["standard"]["systolic"].network
    compared.gain, compared.gain_interval = gain, interval
    systolic, _, diastolic = claims.beside(made, RECOVERED).partition(" and diastolic")
    assert words in systolic
    assert words not in diastolic


def test_what_the_words_add_is_told_from_both_sides(made):
    over_words = made.models[TRAITS]["standard"]["systolic"].both
    over_words.gain, over_words.gain_interval = 0.25, (-0.5, 1.0)
    under_both = made.models[BOTH]["standard"]["systolic"].network
    under_both.gain, under_both.gain_interval = -1.5, (-2.5, -0.75)  # the network alone is further off
    beside_words, beside_clip = claims.add_words(made).split(";")
    assert "systolic no nearer beyond chance (+0.2 [-0.5, +1.0])" in beside_words
    assert "systolic nearer (+1.5 [+0.8, +2.5])" in beside_clip
    del made.models[BOTH]
    assert claims.add_words(made) == claims.beside(made, BOTH) == ""


def test_strangers_are_those_whom_nobody_trained_on(made):
    systolic, diastolic = made.other_data["mw_ppg"].network.values()
    sentence = claims.worth_on_strangers(made)
    for figure in ("baseline_mae", "own_mean_mae"):
        assert f" {getattr(systolic, figure):.1f} / {getattr(diastolic, figure):.1f}" in sentence
    assert f"{10 * systolic.calibration_slope:.1f} / {10 * diastolic.calibration_slope:.1f}" in sentence
    assert f"{systolic.r:.2f} [" in sentence
    made.other_data["mw_ppg"].seen_in_training = 1
    assert "mw_ppg" not in claims.worth_on_strangers(made)


def test_ranges_that_are_lost_to_the_mean_are_counted(made):
    ranges = made.network["systolic"].ranges
    for row in ranges:
        row.mae, row.baseline_mae = 5.0, 6.0
    ranges[2].mae = ranges[4].mae = 7.0
    ranges[-1].mean_error = -33.0
    ranges[0].mae = None
    sentence = claims.rare_pressures(made)
    assert "-33" in sentence
    assert f"2 of {len(ranges) - 1}" in sentence


@pytest.mark.parametrize("sentence", SENTENCES)
def test_of_too_few_people_nothing_is_claimed(sentence):
    few = summarise(make(people=2, splits=1, renderings=1, with_ranges=False), About("few", renderings=1, folds=2))
    few = few.model_copy(update={"other_data": {"few": few}})
    said = sentence(few)
    assert "None" not in said
    assert "nan" not in said
