import numpy as np
import pytest

from bpdemo.training.calibration import calibrate

EDGES = (80.0, 120.0, 140.0, 180.0)


def test_figures_of_known_probabilities():
    probability = np.array([[0.85, 0.1, 0.05]] * 4 + [[0.2, 0.55, 0.25]] * 2)
    truth = np.array([70.0, 100.0, 119.9, 120.0, 130.0, 200.0])  # three of four right, then one of two
    made = calibrate(truth, probability, EDGES)
    assert made["calibration_error"] == pytest.approx(4 / 6 * 0.10 + 2 / 6 * 0.05, abs=1e-6)
    assert made["reliability"] == [
        {"from": 0.5, "to": 0.6, "confidence": pytest.approx(0.55), "accuracy": 0.5, "answers": 2},
        {"from": 0.8, "to": 0.9, "confidence": pytest.approx(0.85), "accuracy": 0.75, "answers": 4},
    ]
    assert made["range_accuracy"] == pytest.approx(4 / 6)
    assert made["beside_accuracy"] == 1
    assert made["commonest_range"] == {"accuracy": 0.5, "beside_accuracy": pytest.approx(5 / 6)}


def test_the_error_is_that_of_its_bins():
    rng = np.random.default_rng(0)
    probability = rng.dirichlet((1, 1, 1), 3000)
    made = calibrate(rng.uniform(80, 180, 3000), probability, EDGES)
    of_bins = sum(row["answers"] * abs(row["accuracy"] - row["confidence"]) for row in made["reliability"]) / 3000
    assert made["calibration_error"] == pytest.approx(of_bins, abs=1e-6)
    assert sum(row["answers"] for row in made["reliability"]) == 3000


def test_probabilities_that_are_so_are_calibrated_and_louder_ones_are_not():
    rng = np.random.default_rng(1)
    probability = rng.dirichlet((1, 1, 1), 20000)
    drawn = (probability.cumsum(axis=1) < rng.uniform(size=(20000, 1))).sum(axis=1)
    truth = np.array([100.0, 130.0, 160.0])[drawn]
    assert calibrate(truth, probability, EDGES)["calibration_error"] < 0.015
    louder = probability**3 / (probability**3).sum(axis=1, keepdims=True)
    assert calibrate(truth, louder, EDGES)["calibration_error"] > 0.1


def test_a_certain_answer_is_in_the_last_bin():
    made = calibrate(np.array([100.0]), np.array([[1.0, 0.0, 0.0]]), EDGES)
    assert made["calibration_error"] == 0
    assert made["reliability"][0]["to"] == 1.0


def test_as_many_probabilities_as_ranges():
    with pytest.raises(ValueError, match="do not fit"):
        calibrate(np.array([100.0]), np.array([[0.5, 0.5]]), EDGES)
