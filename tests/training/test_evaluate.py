import dataclasses

import numpy as np
import pytest

from bpdemo.training import evaluate as evaluation
from bpdemo.training.evaluate import answer, describe, evaluate, prepare
from bpdemo.training.results import SCHEMA
from bpdemo.weights.store import load_weights
from tests.support.small_tables import write_recordings
from tests.support.small_weights import write_small


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    write_small(folder)
    return load_weights(folder, device="cpu")


@pytest.fixture(scope="module")
def report(weights, ppg_bp):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "RENDERINGS", 2)
        return evaluate(weights, {"ppg_bp": ppg_bp})


def test_the_object_of_the_command_line(report):
    assert report["schema"] == SCHEMA
    assert (report["dataset"], report["people"], report["left_out"], report["seen_in_training"]) == ("ppg_bp", 6, 0, 0)
    assert list(report["qualities"]) == ["strong", "standard", "poor"]
    for of in report["qualities"].values():
        for pressure, mean in (("systolic", 127.5), ("diastolic", 71.0)):
            figures = of[pressure]
            assert {"mae", "rmse", "r", "baseline_mae", "coverage", "own_mean_mae"} <= set(figures)
            assert (figures["people"], figures["predictions"]) == (6, 12)
            true = np.array([105.0 + 16 * i if pressure == "systolic" else 62.0 + 5 * i for i in range(6)])
            assert figures["baseline_mae"] == pytest.approx(np.abs(true - mean).mean(), abs=1e-3)
            assert figures["own_mean_mae"] == pytest.approx(np.abs(true - true.mean()).mean(), abs=1e-3)


def test_intervals_and_edges_are_those_of_the_config(report, weights):
    assert report["qualities"]["poor"]["systolic"]["interval"] == weights.config["intervals"]["systolic"]
    assert report["edges"]["systolic"] == weights.config["network"]["systolic_edges"]
    assert "baseline_interval" not in report["qualities"]["poor"]["systolic"]
    assert report["models"] == report["controls"] == {}


def test_people_the_weights_have_seen_are_counted(weights, ppg_bp, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "RENDERINGS", 1)
    seen = dict(weights.config["training"], names=["ppg_bp:2", "ppg_bp:5", "somebody else"])
    known = dataclasses.replace(weights, config=weights.config | {"training": seen})
    assert evaluate(known, {"ppg_bp": ppg_bp})["seen_in_training"] == 2
    assert evaluate(known, {"other": write_recordings(tmp_path, people=3)})["seen_in_training"] == 0


def test_the_networks_own_answers_are_scored(weights, ppg_bp, report, monkeypatch):
    monkeypatch.setattr(evaluation, "RENDERINGS", 2)
    questions = prepare({"ppg_bp": ppg_bp})
    answers = answer(weights, questions)
    assert (describe(weights, questions)["renderings"], len(answers.person)) == (2, 6 * 3 * 2)
    assert not answers.split.any()
    assert (answers.baseline == [127.5, 71.0]).all()
    assert answers.truth[answers.person == 4] == pytest.approx(np.tile([169.0, 82.0], (6, 1)))
    of = answers.quality == "poor"
    error = np.abs(answers.value - answers.truth)[of]
    for k, pressure in enumerate(("systolic", "diastolic")):
        assert report["qualities"]["poor"][pressure]["mae"] == pytest.approx(error[:, k].mean(), abs=1e-3)
    again = answer(weights, prepare({"ppg_bp": ppg_bp}, seed=7))
    assert not np.array_equal(again.value, answers.value)


def test_slices_can_be_changed_before_they_are_read(weights, ppg_bp, monkeypatch):
    monkeypatch.setattr(evaluation, "RENDERINGS", 1)
    questions = prepare({"ppg_bp": ppg_bp})

    def upside_down(slices):
        return dataclasses.replace(slices, values=-slices.values)

    turned = dataclasses.replace(questions, rendered=upside_down(questions.rendered))
    changed = answer(weights, questions, upside_down)
    np.testing.assert_array_equal(changed.value, answer(weights, turned).value)
    assert not np.array_equal(changed.value, answer(weights, questions).value)
