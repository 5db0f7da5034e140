import numpy as np
import pytest

from bpdemo.training.bland_altman import agree


def test_bias_limits_and_counts():
    made = agree(np.array([100.0, 120.0, 121.0]), np.array([104.0, 118.0, 125.0]))
    assert made["bias"] == 2
    sd = np.std([4, -2, 4])
    assert made["limits"] == pytest.approx([2 - 1.96 * sd, 2 + 1.96 * sd])
    bins = made["bins"]
    assert (bins["mean"], bins["difference"], bins["size"]) == (100, -5, 5)
    counts = np.array(bins["counts"])
    assert counts.shape == (2, 5)
    assert counts.sum() == 3
    assert (counts[1, 0], counts[0, 3], counts[1, 4]) == (1, 1, 1)  # means 102, 119 and 123


def test_slopes_tell_answers_drawn_to_the_middle():
    truth = np.linspace(90, 170, 200)
    exact, drawn, constant = (agree(truth, 130 + share * (truth - 130)) for share in (1.0, 0.5, 0.0))
    assert [each["slope_on_truth"] for each in (exact, drawn, constant)] == pytest.approx([1, 0.5, 0])
    assert [each["slope"] for each in (exact, drawn, constant)] == pytest.approx([0, -2 / 3, -2])
    assert agree(np.full(5, 120.0), np.full(5, 120.0))["slope"] == 0


def test_spread_of_those_given_the_same_answer():
    rng = np.random.default_rng(0)
    truth = rng.normal(130, 20, 5000)
    informed = agree(truth, truth + rng.normal(0, 2, 5000))["spread"]
    guessed = agree(truth, rng.normal(130, 20, 5000))["spread"]
    assert informed["all"] == guessed["all"] == pytest.approx(20, rel=0.03)
    assert informed["same_answer"] < 8
    assert guessed["same_answer"] == pytest.approx(20, rel=0.03)
    assert agree(truth[:10], truth[:10])["spread"]["same_answer"] is None
