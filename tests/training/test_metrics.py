import numpy as np
import pytest

from bpdemo.training.metrics import (
    bhs_grade,
    bootstrap,
    by_range,
    correlation,
    criticise,
    ieee_1708_grade,
    passes_aami,
    share_within,
)

EDGES = (80.0, 120.0, 140.0, 180.0)


def test_figures_of_known_errors():
    truth = np.array([100.0, 130.0, 150.0]).repeat(2)
    predicted = np.array([105.0, 95.0, 136.0, 124.0, 138.0, 138.0])
    figures = criticise(truth, predicted, 130.0, EDGES, person=np.repeat(np.arange(3), 2), half_width=6.0)
    assert figures["people"] == 3
    assert figures["predictions"] == 6
    assert figures["mae"] == pytest.approx(46 / 6)
    assert figures["mean_error"] == pytest.approx(-4)
    assert figures["rmse"] == pytest.approx(np.sqrt(410 / 6))
    assert figures["r"] == pytest.approx(np.corrcoef(truth, predicted)[0, 1])
    assert figures["baseline_mae"] == pytest.approx(50 / 3)
    assert figures["baseline_rmse"] == pytest.approx(np.sqrt(1300 / 3))
    assert figures["own_mean_mae"] == pytest.approx(160 / 9)
    assert figures["gain"] == pytest.approx(50 / 3 - 46 / 6)
    assert (figures["coverage"], figures["interval"]) == (pytest.approx(4 / 6), 6)
    assert figures["within"] == pytest.approx({"5": 2 / 6, "10": 4 / 6, "15": 1.0})
    assert figures["verdicts"] == {"aami": False, "bhs": "D", "ieee_1708": "D"}


def test_ranges_count_people_and_tell_the_sign():
    truth = np.array([70.0, 70, 119, 80, 120, 121, 122, 200, 200, 200])
    person = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    error = np.array([10.0, 10, 20, -12, -5, -5, -5, -30, -30, -30])
    rows = by_range(truth, truth + error, 120.0, EDGES, person=person, half_width=11.0)
    assert [row["people"] for row in rows] == [3, 3, 3]
    assert [row["mean_error"] for row in rows] == [7, -5, -30]
    assert [row["mae"] for row in rows] == [13, 5, 30]
    assert [row["baseline_mae"] for row in rows] == pytest.approx([35.25, 1, 80])
    assert [row["coverage"] for row in rows] == [0.5, 1, 0]


def test_a_range_of_too_few_people_has_no_figures():
    untold = {"mae": None, "mean_error": None, "baseline_mae": None}
    rows = by_range(np.array([100.0, 110.0, 150.0]), np.array([101.0, 140.0, 140.0]), 100.0, EDGES)
    assert rows[0] == {"from": 80.0, "to": 120.0, "people": 2} | untold
    assert rows[1] == {"from": 120.0, "to": 140.0, "people": 0} | untold
    # Two people with many renderings are still two people.
    once = by_range(np.full(9, 150.0), np.full(9, 140.0), 100.0, EDGES, person=np.arange(9) % 2)
    assert once[2] == {"from": 140.0, "to": 180.0, "people": 2} | untold


def test_what_is_not_told_cannot_be_worked_out_from_the_rest():
    truth = np.array([100.0] * 9 + [130.0] * 4 + [150.0])
    rows = by_range(truth, truth + 5, 120.0, EDGES)
    assert [row["mae"] for row in rows] == [5, None, None]  # else the last one's is the whole less the others
    truth = np.array([100.0] * 9 + [130.0] * 2 + [150.0])
    assert [row["mae"] for row in by_range(truth, truth + 5, 120.0, EDGES)] == [5, None, None]
    truth = np.array([100.0] * 9 + [130.0] * 4)
    assert [row["mae"] for row in by_range(truth, truth + 5, 120.0, EDGES)] == [5, 5, None]


def test_constant_answers_have_no_correlation():
    truth = np.linspace(90, 170, 20)
    figures = criticise(truth, np.full(20, 125.0), 125.0, EDGES)
    assert figures["r"] == 0
    assert figures["bootstrap"]["r"] == [0, 0]
    assert figures["bootstrap"]["gain"] == [0, 0]
    assert "coverage" not in figures
    assert correlation(truth, np.full(20, 125.0)) == 0
    assert correlation(truth, -truth) == pytest.approx(-1)


def test_means_of_different_folds_have_no_correlation():
    truth = np.linspace(90, 170, 20)
    means = np.where(truth > 130, 124.0, 126.0)  # a fold's training mean is low where its test people are high
    assert criticise(truth, means, 125.0, EDGES)["r"] < -0.8
    figures = criticise(truth, means, means, EDGES)
    assert figures["r"] == 0
    assert figures["bootstrap"]["r"] == [0, 0]


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
    often = bootstrap(np.tile(truth, 8), np.tile(predicted, 8), 125.0, person=np.tile(np.arange(50), 8))
    assert often["mae"] == pytest.approx(once["mae"])
    assert often["r"] == pytest.approx(once["r"])


def test_coverage_is_less_sure_when_misses_are_the_same_peoples():
    truth = np.full(400, 120.0)
    half_width = np.where(np.arange(400) % 10 == 0, 5.0, 20.0)  # one answer in ten is missed
    sure = bootstrap(truth, truth + 10, 0.0, person=np.arange(400) // 10, half_width=half_width)
    unsure = bootstrap(truth, truth + 10, 0.0, person=np.arange(400) % 40, half_width=half_width)
    assert sure["coverage"] == pytest.approx([0.9, 0.9])
    assert unsure["coverage"][0] < 0.85


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
    with pytest.raises(ValueError, match="do not fit"):
        criticise(truth, truth, 110.0, EDGES, person=np.array([0]))
    with pytest.raises(ValueError, match="do not fit"):
        criticise(truth[:0], truth[:0], 110.0, EDGES)
    with pytest.raises(ValueError, match="finite"):
        criticise(truth, np.array([100.0, np.nan]), 110.0, EDGES)
