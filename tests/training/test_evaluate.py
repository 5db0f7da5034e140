import dataclasses

import numpy as np
import pytest

from bpdemo.synthesis.maps import QUALITIES
from bpdemo.training import evaluate as evaluation
from bpdemo.training.evaluate import external_validation, predict
from tests.support.small_tables import write_mw_ppg

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def few_renderings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "RENDERINGS", 2)
        yield


@pytest.fixture(scope="module")
def known(weights):
    """The weights as if they had been fitted on two of the people, and on somebody else."""
    names = ["ppg_bp:2", "ppg_bp:5", "somebody else"]
    training = weights.config.training.model_copy(update={"names": names})
    return dataclasses.replace(weights, config=weights.config.model_copy(update={"training": training}))


@pytest.fixture(scope="module")
def found(known, ppg_bp, tmp_path_factory):
    """What is found of two data sets, and what the network was asked and answered."""
    asked = []

    def note(weights, tests):
        asked.append((tests, predict(weights, tests)))
        return asked[-1][1]

    data = {"ppg_bp": ppg_bp, "mw_ppg": write_mw_ppg(tmp_path_factory.mktemp("mw_ppg"), people=3)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "predict", note)
        return external_validation(known, data), asked


@pytest.fixture(scope="module")
def results(found):
    return found[0]["ppg_bp"]


def test_everybody_is_scored_in_every_quality(results):
    assert (results.dataset, results.people, results.left_out) == ("ppg_bp", 6, 0)
    assert (results.seen_in_training, results.renderings, results.splits) == (2, 2, 1)
    assert list(results.qualities) == ["strong", "standard", "poor"]
    for by_pressure in results.qualities.values():
        for pressure, mean in (("systolic", 127.5), ("diastolic", 71.0)):
            figures = by_pressure[pressure]
            assert (figures.people, figures.predictions) == (6, 12)
            true = np.array([105.0 + 16 * i if pressure == "systolic" else 62.0 + 5 * i for i in range(6)])
            assert figures.baseline_mae == pytest.approx(np.abs(true - mean).mean(), abs=1e-3)
            assert figures.own_mean_mae == pytest.approx(np.abs(true - true.mean()).mean(), abs=1e-3)


def test_the_keys_of_the_json_form(results):
    form = results.to_json()
    assert set(form) == {
        *("schema", "dataset", "people", "left_out", "seen_in_training", "renderings", "reference", "splits", "edges"),
        *("intervals", "qualities", "models", "controls", "model", "kept"),
    }
    assert set(form["qualities"]["poor"]["systolic"]) == {
        *("people", "predictions", "mae", "rmse", "mean_error", "sd_error", "r", "baseline_mae", "baseline_rmse"),
        *("own_mean_mae", "gain", "bootstrap", "within", "ranges", "verdicts", "coverage", "interval", "bland_altman"),
        *("calibration_error", "reliability", "range_accuracy", "beside_accuracy", "commonest_range"),
        *("repetitions", "r_of_folds", "calibration_slope", "sd_answers", "sd_truth"),
    }


def test_intervals_and_edges_are_those_of_the_config(results, weights):
    assert results.qualities["poor"]["systolic"].interval == weights.config.intervals.systolic
    assert tuple(results.edges["systolic"]) == weights.config.network.systolic_edges
    assert results.models == results.controls == {}


def test_the_networks_own_answers_are_scored(results, found):
    tests, answers = found[1][0]
    assert tests.quality.tolist() == [*QUALITIES] * 2 * 6
    assert len(answers.person) == 6 * 3 * 2
    assert not answers.split.any()
    assert (answers.baseline == [127.5, 71.0]).all()
    assert answers.truth[answers.person == 4] == pytest.approx(np.tile([169.0, 82.0], (6, 1)))
    poor = answers.quality == "poor"
    error = np.abs(answers.value - answers.truth)[poor]
    for k, pressure in enumerate(("systolic", "diastolic")):
        assert results.qualities["poor"][pressure].mae == pytest.approx(error[:, k].mean(), abs=1e-3)
    assert len(np.unique(answers.value, axis=0)) == 6 * 3 * 2, "each rendering is another"


def test_other_data_sets_are_scored_each_by_itself(found):
    by_name, asked = found
    assert list(by_name) == ["ppg_bp", "mw_ppg"]
    assert [results.dataset for results in by_name.values()] == ["ppg_bp", "mw_ppg"]
    assert [len(tests.people) for tests, _ in asked] == [6, 3]
    assert (by_name["mw_ppg"].people, by_name["mw_ppg"].seen_in_training) == (3, 0)
