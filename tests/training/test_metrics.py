import numpy as np
import pytest

from bpdemo.training import metrics
from bpdemo.training.metrics import bland_altman, calibration, score

EDGES = (80.0, 120.0, 140.0, 180.0)


def by_range(truth, predicted, baseline, **more):
    return score(truth, predicted, baseline, EDGES, **more).ranges


def bootstrap(truth, predicted, baseline, **more):
    return score(truth, predicted, baseline, EDGES, **more).bootstrap


def test_figures_of_known_errors():
    truth = np.array([100.0, 130.0, 150.0]).repeat(2)
    predicted = np.array([105.0, 95.0, 136.0, 124.0, 138.0, 138.0])
    figures = score(truth, predicted, 130.0, EDGES, person=np.repeat(np.arange(3), 2), half_width=6.0)
    assert (figures.people, figures.predictions) == (3, 6)
    assert figures.mae == pytest.approx(46 / 6)
    assert figures.mean_error == pytest.approx(-4)
    assert figures.rmse == pytest.approx(np.sqrt(410 / 6))
    assert figures.r == pytest.approx(np.corrcoef(truth, predicted)[0, 1])
    assert figures.baseline_mae == pytest.approx(50 / 3)
    assert figures.baseline_rmse == pytest.approx(np.sqrt(1300 / 3))
    assert figures.own_mean_mae == pytest.approx(160 / 9)
    assert figures.gain == pytest.approx(50 / 3 - 46 / 6)
    assert (figures.coverage, figures.interval) == (pytest.approx(4 / 6), 6)
    assert figures.within == pytest.approx({"5": 2 / 6, "10": 4 / 6, "15": 1.0})
    assert vars(figures.verdicts) == {"aami": False, "bhs": "D", "ieee_1708": "D"}


def test_ranges_count_people_and_tell_the_sign():
    truth = np.array([70.0, 70, 119, 80, 120, 121, 122, 200, 200, 200])
    person = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    error = np.array([10.0, 10, 20, -12, -5, -5, -5, -30, -30, -30])
    rows = by_range(truth, truth + error, 120.0, person=person, half_width=11.0)
    assert [row.people for row in rows] == [3, 3, 3]
    assert [row.mean_error for row in rows] == [7, -5, -30]
    assert [row.mae for row in rows] == [13, 5, 30]
    assert [row.baseline_mae for row in rows] == pytest.approx([35.25, 1, 80])
    assert [row.coverage for row in rows] == [0.5, 1, 0]


def test_a_range_of_too_few_people_has_no_figures():
    rows = by_range(np.array([100.0, 110.0, 150.0]), np.array([101.0, 140.0, 140.0]), 100.0)
    withheld = {"mae": None, "mean_error": None, "baseline_mae": None}
    assert [row.model_dump(by_alias=True, exclude_unset=True) for row in rows[:2]] == [
        {"from": 80.0, "to": 120.0, "people": 2} | withheld,
        {"from": 120.0, "to": 140.0, "people": 0} | withheld,
    ]
    # Two people with many renderings are still two people.
    once = by_range(np.full(9, 150.0), np.full(9, 140.0), 100.0, person=np.arange(9) % 2)
    assert (once[2].people, once[2].mae) == (2, None)


def test_what_is_withheld_cannot_be_worked_out_from_the_rest():
    truth = np.array([100.0] * 9 + [130.0] * 4 + [150.0])
    rows = by_range(truth, truth + 5, 120.0)
    assert [row.mae for row in rows] == [5, None, None]  # else the last one's is the whole less the others
    truth = np.array([100.0] * 9 + [130.0] * 2 + [150.0])
    assert [row.mae for row in by_range(truth, truth + 5, 120.0)] == [5, None, None]
    truth = np.array([100.0] * 9 + [130.0] * 4)
    assert [row.mae for row in by_range(truth, truth + 5, 120.0)] == [5, 5, None]


@pytest.mark.parametrize(("people", "enough"), [(1, False), (2, False), (3, True)])
def test_fewer_people_than_an_interval_needs_have_none(people, enough):
    person = np.arange(8) % people
    truth = 110 + 10.0 * person + np.arange(8) / 8
    figures = score(truth, truth + 1, 90.0, EDGES, person=person, half_width=5)
    agreement = metrics.bland_altman(truth, truth + 1, people)
    withheld = [figures.bootstrap, figures.r, agreement.limits, agreement.slope, agreement.slope_on_truth]
    withheld += [metrics.correlation(truth, truth + 1, people), figures.calibration_slope]
    assert [one is not None for one in withheld] == [enough] * 7
    assert (figures.mae, figures.coverage, agreement.bias) == pytest.approx((1, 1, 1))
    assert figures.falls is not enough


def test_constant_answers_have_no_correlation():
    truth = np.linspace(90, 170, 20)
    figures = score(truth, np.full(20, 125.0), 125.0, EDGES)
    assert figures.r == figures.calibration_slope == 0
    assert figures.bootstrap.r == figures.bootstrap.calibration_slope == (0, 0)
    assert figures.bootstrap.gain == (0, 0)
    assert "coverage" not in figures.model_dump(exclude_unset=True)
    assert metrics.correlation(truth, np.full(20, 125.0)) == 0
    assert metrics.correlation(truth, -truth) == pytest.approx(-1)


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_the_calibration_slope_says_what_a_difference_of_answers_is_worth(factor):
    rng = np.random.default_rng(0)
    truth = rng.normal(125, 20, 400)
    drawn = 125 + (truth - 125 + rng.normal(0, 5, 400)) / factor
    figures = score(truth, drawn, 125.0, EDGES)
    assert figures.calibration_slope == pytest.approx(np.polyfit(drawn, truth, 1)[0])
    low, high = figures.bootstrap.calibration_slope
    assert low < factor * 400 / 425 < high
    assert high - low < 0.1 * factor
    assert (figures.sd_answers, figures.sd_truth) == pytest.approx((drawn.std(), truth.std()))


def test_means_of_different_folds_have_no_correlation():
    truth = np.linspace(90, 170, 20)
    means = np.where(truth > 130, 124.0, 126.0)  # a fold's training mean is low where its test people are high
    assert score(truth, means, 125.0, EDGES).r < -0.8
    figures = score(truth, means, means, EDGES)
    assert figures.r == 0
    assert figures.bootstrap.r == (0, 0)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    expected = 10 * np.sqrt(2 / np.pi)  # mean of |error| when errors are normal with standard deviation 10
    held = []
    for seed in range(80):
        truth = rng.normal(125, 20, 80)
        low, high = bootstrap(truth, truth + rng.normal(0, 10, 80), 125.0, seed=seed).mae
        held.append(low <= expected <= high)
    assert 0.86 <= np.mean(held) <= 0.995


def test_more_renderings_of_the_same_people_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    truth = rng.normal(125, 20, 50)
    predicted = truth + rng.normal(0, 10, 50)
    once = bootstrap(truth, predicted, 125.0)
    often = bootstrap(np.tile(truth, 8), np.tile(predicted, 8), 125.0, person=np.tile(np.arange(50), 8))
    assert often.mae == pytest.approx(once.mae)
    assert often.r == pytest.approx(once.r)


def test_coverage_is_less_sure_when_misses_are_the_same_peoples():
    truth = np.full(400, 120.0)
    half_width = np.where(np.arange(400) % 10 == 0, 5.0, 20.0)  # one answer in ten is missed
    sure = bootstrap(truth, truth + 10, 0.0, person=np.arange(400) // 10, half_width=half_width)
    unsure = bootstrap(truth, truth + 10, 0.0, person=np.arange(400) % 40, half_width=half_width)
    assert sure.coverage == pytest.approx([0.9, 0.9])
    assert unsure.coverage[0] < 0.85


def test_gain_is_paired():
    rng = np.random.default_rng(2)
    truth = rng.normal(125, 20, 60)
    worse = truth + rng.normal(0, 15, 60)
    better = truth + (worse - truth) * 0.9  # always a little nearer: certain, though both intervals overlap widely
    intervals = bootstrap(truth, better, worse)
    assert intervals.gain[0] > 0
    assert intervals.gain[1] < np.ptp(intervals.mae)


def test_same_seed_same_interval():
    truth = np.linspace(90, 170, 30)
    predicted = truth[::-1]
    assert bootstrap(truth, predicted, 130.0, seed=3) == bootstrap(truth, predicted, 130.0, seed=3)


@pytest.mark.parametrize(
    ("counts", "grade"),
    [
        *(((60, 25, 10, 5), "A"), ((59, 26, 10, 5), "B"), ((50, 25, 15, 10), "B")),
        *(((40, 25, 20, 15), "C"), ((40, 24, 21, 15), "D"), ((90, 0, 0, 10), "B")),
    ],
)
def test_bhs_grades_need_all_three_shares(counts, grade):
    error = np.repeat([4.0, -9.0, 14.0, 30.0], counts)
    assert metrics.share_within(error)[0] == counts[0] / 100
    assert metrics.bhs_grade(error) == grade


@pytest.mark.parametrize(("mad", "grade"), [(0, "A"), (5, "A"), (5.1, "B"), (6, "B"), (6.1, "C"), (7, "C"), (7.1, "D")])
def test_ieee_grades(mad, grade):
    assert metrics.ieee_1708_grade(np.array([mad, -mad])) == grade


def test_aami_needs_people_little_bias_and_little_scatter():
    error = np.tile([-7.0, 7.0], 50)
    assert metrics.passes_aami(error, 100)
    for errors, people in ((error, 84), (error + 5.1, 100), (error * 1.2, 100)):
        assert not metrics.passes_aami(errors, people)


def test_arrays_that_do_not_fit_are_refused():
    truth = np.array([100.0, 120.0])
    for true, predicted, person in ((truth, truth[:1], None), (truth, truth, [0]), (truth[:0], truth[:0], None)):
        with pytest.raises(ValueError, match="do not fit"):
            score(true, predicted, 110.0, EDGES, person=person)
    with pytest.raises(ValueError, match="finite"):
        score(truth, np.array([100.0, np.nan]), 110.0, EDGES)


def test_bias_limits_and_counts():
    made = bland_altman(np.array([100.0, 120.0, 121.0]), np.array([104.0, 118.0, 125.0]))
    assert made.bias == 2
    sd = np.std([4, -2, 4])
    assert made.limits == pytest.approx([2 - 1.96 * sd, 2 + 1.96 * sd])
    bins = made.bins
    assert (bins.mean, bins.difference, bins.size) == (100, -5, 5)
    counts = np.array(bins.counts)
    assert counts.shape == (2, 5)
    assert counts.sum() == 3
    assert (counts[1, 0], counts[0, 3], counts[1, 4]) == (1, 1, 1)  # means 102, 119 and 123


def test_slopes_tell_answers_drawn_to_the_middle():
    truth = np.linspace(90, 170, 200)
    exact, drawn, constant = (bland_altman(truth, 130 + share * (truth - 130)) for share in (1.0, 0.5, 0.0))
    assert [each.slope_on_truth for each in (exact, drawn, constant)] == pytest.approx([1, 0.5, 0])
    assert [each.slope for each in (exact, drawn, constant)] == pytest.approx([0, -2 / 3, -2])
    assert bland_altman(np.full(5, 120.0), np.full(5, 120.0)).slope == 0


def test_spread_of_those_given_the_same_answer():
    rng = np.random.default_rng(0)
    truth = rng.normal(130, 20, 5000)
    informed = bland_altman(truth, truth + rng.normal(0, 2, 5000)).spread
    guessed = bland_altman(truth, rng.normal(130, 20, 5000)).spread
    assert informed.all == guessed.all == pytest.approx(20, rel=0.03)
    assert informed.same_answer < 8
    assert guessed.same_answer == pytest.approx(20, rel=0.03)
    assert bland_altman(truth[:10], truth[:10]).spread.same_answer is None


def test_figures_of_known_probabilities():
    probability = np.array([[0.85, 0.1, 0.05]] * 4 + [[0.2, 0.55, 0.25]] * 2)
    truth = np.array([70.0, 100.0, 119.9, 120.0, 130.0, 200.0])  # three of four right, then one of two
    made = calibration(truth, probability, EDGES)
    assert made.calibration_error == pytest.approx(4 / 6 * 0.10 + 2 / 6 * 0.05, abs=1e-6)
    assert [tuple(vars(row).values()) for row in made.reliability] == [
        (0.5, 0.6, pytest.approx(0.55), 0.5, 2),
        (0.8, 0.9, pytest.approx(0.85), 0.75, 4),
    ]
    assert made.range_accuracy == pytest.approx(4 / 6)
    assert made.beside_accuracy == 1
    assert vars(made.commonest_range) == {"accuracy": 0.5, "beside_accuracy": pytest.approx(5 / 6)}


def test_the_error_is_that_of_its_bins():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet((1, 1, 1), 3000)
    made = calibration(rng.uniform(80, 180, 3000), probability, EDGES)
    of_bins = sum(row.answers * abs(row.accuracy - row.confidence) for row in made.reliability) / 3000
    assert made.calibration_error == pytest.approx(of_bins, abs=1e-6)
    assert sum(row.answers for row in made.reliability) == 3000


def test_probabilities_that_are_so_are_calibrated_and_louder_ones_are_not():
    rng = np.random.default_rng(1)
    probability = rng.dirichlet((1, 1, 1), 20000)
    drawn = (probability.cumsum(axis=1) < rng.uniform(size=(20000, 1))).sum(axis=1)
    truth = np.array([100.0, 130.0, 160.0])[drawn]
    assert calibration(truth, probability, EDGES).calibration_error < 0.015
    louder = probability**3 / (probability**3).sum(axis=1, keepdims=True)
    assert calibration(truth, louder, EDGES).calibration_error > 0.1


def test_a_certain_answer_is_in_the_last_bin():
    made = calibration(np.array([100.0]), np.array([[1.0, 0.0, 0.0]]), EDGES)
    assert made.calibration_error == 0
    assert made.reliability[0].high == 1.0


def test_as_many_probabilities_as_ranges():
    with pytest.raises(ValueError, match="do not fit"):
        calibration(np.array([100.0]), np.array([[0.5, 0.5]]), EDGES)
