import numpy as np
import pytest

from bpdemo.training.criteria import (
    bhs_grade,
    bootstrap,
    by_range,
    criticise,
    ieee_1708_grade,
    passes_aami,
    share_within,
)

EDGES = (80.0, 120.0, 140.0, 180.0)


def test_figures_of_known_errors():
    truth = np.array([100.0, 130.0, 150.0])
    predicted = np.array([105.0, 95.0, 136.0, 124.0, 138.0, 138.0])
    figures = criticise(truth, predicted, 130.0, EDGES, person=np.repeat(np.arange(3), 2))
    assert figures["people"] == 3
    assert figures["predictions"] == 6
    assert figures["mae"] == pytest.approx(46 / 6)
    assert figures["mean_error"] == pytest.approx(-4)
    assert figures["rmse"] == pytest.approx(np.sqrt(410 / 6))
    assert figures["r"] == pytest.approx(np.corrcoef(truth.repeat(2), predicted)[0, 1])
    assert figures["baseline_mae"] == pytest.approx(50 / 3)
    assert figures["gain"] == pytest.approx(50 / 3 - 46 / 6)
    assert figures["within"] == pytest.approx({"5": 2 / 6, "10": 4 / 6, "15": 1.0})
    assert figures["verdicts"] == {"aami": False, "bhs": "D", "ieee_1708": "D"}


def test_ranges_count_people_and_tell_the_sign():
    truth = np.array([70.0, 119.0, 120.0, 200.0])
    rows = by_range(truth, truth + np.array([10, 20, -5, -30]), 120.0, EDGES)
    assert [row["people"] for row in rows] == [2, 1, 1]
    assert [row["mean_error"] for row in rows] == [15, -5, -30]
    assert [row["mae"] for row in rows] == [15, 5, 30]
    assert [row["baseline_mae"] for row in rows] == [25.5, 0, 80]


def test_an_empty_range_has_no_figures():
    row = by_range(np.array([100.0]), np.array([101.0]), 100.0, EDGES)[2]
    assert row == {"from": 140.0, "to": 180.0, "people": 0, "mae": None, "mean_error": None, "baseline_mae": None}


def test_constant_answers_have_no_correlation():
    truth = np.linspace(90, 170, 20)
    figures = criticise(truth, np.full(20, 125.0), 125.0, EDGES)
    assert figures["r"] == 0
    assert figures["intervals"]["r"] == [0, 0]
    assert figures["intervals"]["gain"] == [0, 0]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    expected = 10 * np.sqrt(2 / np.pi)  # mean of |error| when errors are normal with standard deviation 10
    held = []
    for seed in range(80):
        truth = rng.normal(125, 20, 80)
        low, high = bootstrap(truth, truth + rng.normal(0, 10, 80), 125.0, seed=seed)["mae"]
        held.append(low <= expected <= high)
    assert 0.86 <= np.mean(held) <= 0.995


def test_more_renderings_of_the_same_people_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    truth = rng.normal(125, 20, 50)
    predicted = truth + rng.normal(0, 10, 50)
    once = bootstrap(truth, predicted, 125.0)
    often = bootstrap(truth, np.tile(predicted, 8), 125.0, person=np.tile(np.arange(50), 8))
    assert often["mae"] == pytest.approx(once["mae"])
    assert often["r"] == pytest.approx(once["r"])


def test_gain_is_paired():
    rng = np.random.default_rng(2)
    truth = rng.normal(125, 20, 60)
    worse = truth + rng.normal(0, 15, 60)
    better = truth + (worse - truth) * 0.9  # always a little nearer: certain, though both intervals overlap widely
    intervals = bootstrap(truth, better, worse)
    assert intervals["gain"][0] > 0
    assert intervals["gain"][1] < np.ptp(intervals["mae"])


def test_same_seed_same_interval():
    truth = np.linspace(90, 170, 30)
    predicted = truth[::-1]
    assert bootstrap(truth, predicted, 130.0, seed=3) == bootstrap(truth, predicted, 130.0, seed=3)


@pytest.mark.parametrize(
    ("counts", "grade"),
    [
        ((60, 25, 10, 5), "A"),
        ((59, 26, 10, 5), "B"),
        ((50, 25, 15, 10), "B"),
        ((40, 25, 20, 15), "C"),
        ((40, 24, 21, 15), "D"),
        ((90, 0, 0, 10), "B"),
    ],
)
def test_bhs_grades_need_all_three_shares(counts, grade):
    error = np.repeat([4.0, -9.0, 14.0, 30.0], counts)
    assert share_within(error)[0] == counts[0] / 100
    assert bhs_grade(error) == grade


@pytest.mark.parametrize(("mad", "grade"), [(0, "A"), (5, "A"), (5.1, "B"), (6, "B"), (6.1, "C"), (7, "C"), (7.1, "D")])
def test_ieee_grades(mad, grade):
    assert ieee_1708_grade(np.array([mad, -mad])) == grade


def test_aami_needs_people_little_bias_and_little_scatter():
    error = np.tile([-7.0, 7.0], 50)
    assert passes_aami(error, 100)
    assert not passes_aami(error, 84)
    assert not passes_aami(error + 5.1, 100)
    assert not passes_aami(error * 1.2, 100)


def test_arrays_that_do_not_fit_are_refused():
    truth = np.array([100.0, 120.0])
    with pytest.raises(ValueError, match="do not fit"):
        criticise(truth, np.array([100.0]), 110.0, EDGES)
    with pytest.raises(ValueError, match="every person"):
        criticise(truth, np.array([100.0, 101.0]), 110.0, EDGES, person=np.array([0, 0]))
    with pytest.raises(ValueError, match="finite"):
        criticise(truth, np.array([100.0, np.nan]), 110.0, EDGES)
