import numpy as np
import pytest

from bpdemo.training.evaluate import conformal_half_width, score

ERRORS = np.array([5.0, -5.0, 15.0, 5.0])


def test_score_of_known_errors():
    truth = np.array([100.0, 120.0, 140.0, 160.0])
    figures = score(truth, truth + ERRORS, np.full(4, 130.0), np.full(4, 10.0))
    assert figures["mae"] == 7.5
    assert figures["mean_error"] == 5.0
    assert figures["rmse"] == pytest.approx(np.sqrt(75), abs=1e-3)
    assert figures["sd_error"] == pytest.approx(np.sqrt(50), abs=1e-3)
    assert figures["baseline_mae"] == 20.0
    assert figures["coverage"] == 0.75
    assert figures["within_10"] == 0.75
    assert figures["r"] == pytest.approx(np.corrcoef(truth, truth + ERRORS)[0, 1], abs=1e-3)


def test_a_constant_answer_has_no_correlation():
    truth = np.array([100.0, 120.0, 140.0])
    constant = np.full(3, 120.0)
    figures = score(truth, constant, constant, np.full(3, 30.0))
    assert figures["r"] == 0.0
    assert figures["mae"] == figures["baseline_mae"]


def test_conformal_intervals_hold_new_people_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        half_width = conformal_half_width(rng.standard_normal(60), 60, 0.9)
        held.append((np.abs(rng.standard_normal(50)) <= half_width).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.015)


def test_conformal_intervals_of_few_people_take_the_largest_error():
    assert conformal_half_width(np.array([1.0, -9.0, 3.0]), 3, 0.9) == 9.0
