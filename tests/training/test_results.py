import dataclasses
import json

import numpy as np
import pytest

from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import CONTACT, MEAN, RECOVERED, TRAITS
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import brief, compare, gather, score_models
from tests.support.made_up import MEANS, SPREADS, make, results


@pytest.fixture(scope="module")
def made():
    return results()


def test_figures_are_those_of_the_predictions(made):
    network = make(scaled=True)
    of = network.quality == "poor"
    error = (network.value - network.truth)[of]
    for k, pressure in enumerate(PRESSURES):
        figures = made["qualities"]["poor"][pressure]
        assert figures["mae"] == pytest.approx(np.abs(error[:, k]).mean(), abs=1e-3)
        assert figures["rmse"] == pytest.approx(np.sqrt((error[:, k] ** 2).mean()), abs=1e-3)
        assert figures["r"] == pytest.approx(np.corrcoef(network.truth[of, k], network.value[of, k])[0, 1], abs=1e-3)
        assert figures["baseline_mae"] == pytest.approx(np.abs(network.truth[of, k] - MEANS[k]).mean(), abs=1e-3)
        assert figures["people"] == made["people"] == 175
        assert figures["predictions"] == 175 * 2 * 2


def test_the_contract_of_the_command_line_holds(made):
    assert made["dataset"] == "made_up"
    for quality in ("strong", "standard", "poor"):
        for pressure in PRESSURES:
            figures = made["qualities"][quality][pressure]
            assert {"mae", "rmse", "r", "baseline_mae", "coverage"} <= set(figures)
            assert all(isinstance(figures[name], float) for name in ("mae", "rmse", "r", "baseline_mae", "coverage"))
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_better_captures_give_better_figures(made):
    maes = [made["qualities"][quality]["systolic"]["mae"] for quality in ("strong", "standard", "poor")]
    assert maes == sorted(maes)
    assert list(made["qualities"]) == ["strong", "standard", "poor"]


def test_intervals_hold_what_they_promise_at_the_reference_quality(made):
    for pressure in PRESSURES:
        assert made["qualities"]["standard"][pressure]["coverage"] == pytest.approx(0.9, abs=0.02)
        assert made["qualities"]["strong"][pressure]["coverage"] > 0.9
        assert made["qualities"]["poor"][pressure]["coverage"] < 0.9


def test_repetitions_and_folds_are_told_apart(made):
    figures = made["qualities"]["standard"]["systolic"]
    assert made["splits"] == len(figures["repetitions"]) == len(figures["r_of_folds"]) == 2
    assert [len(folds) for folds in figures["r_of_folds"]] == [5, 5]
    assert np.mean([each["mae"] for each in figures["repetitions"]]) == pytest.approx(figures["mae"], abs=1e-3)
    network = make(scaled=True)
    of = (network.quality == "standard") & (network.split == 1) & (network.fold == 3)
    r = np.corrcoef(network.truth[of, 0], network.value[of, 0])[0, 1]
    assert figures["r_of_folds"][1][3] == pytest.approx(r, abs=1e-3)


def test_models_stand_beside_the_network_on_their_own_split():
    network, other = make(splits=3), make(splits=1, share=0.1, seed=9, with_ranges=False)
    beside = compare(network, other, "standard")["systolic"]
    ours, theirs = (
        np.abs(each.value - each.truth)[(each.quality == "standard") & (each.split == 0), 0].mean()
        for each in (network, other)
    )
    assert beside["splits"] == 1
    assert beside["gain"] == pytest.approx(theirs - ours)
    assert beside["network_mae"] == pytest.approx(ours)
    low, high = beside["gain_interval"]
    assert low < beside["gain"] < high


def test_a_comparison_wants_the_same_people():
    network, other = make(splits=1), make(splits=1)
    with pytest.raises(ValueError, match="same people"):
        compare(network, other.select(other.person > 3), "standard")
    assert compare(network, dataclasses.replace(other, split=other.split + 7), "standard") is None


def test_an_equal_model_gains_nothing_and_the_ceiling_gains(made):
    same = make(splits=1, with_ranges=False)
    scored = score_models({"same": same}, network=make(splits=1))["same"]["standard"]["systolic"]["network"]
    assert scored["gain"] == pytest.approx(0)
    assert scored["gain_interval"] == pytest.approx([0, 0])
    models = made["models"]
    assert models[MEAN]["standard"]["systolic"]["gain"] == 0
    assert models[MEAN]["standard"]["systolic"]["r"] == 0
    assert models[CONTACT]["standard"]["systolic"]["mae"] < models[RECOVERED]["standard"]["systolic"]["mae"]
    assert models[TRAITS]["poor"]["diastolic"]["network"]["splits"] == 1


def test_a_person_in_two_folds_of_one_split_is_a_leak():
    network = make(splits=2)
    fold = network.fold.copy()
    fold[0] = (fold[0] + 1) % 5
    with pytest.raises(ValueError, match="two folds"):
        gather(dataclasses.replace(network, fold=fold), {}, {}, {})


def test_known_intervals_are_used_as_they_are():
    network = make(splits=1, scaled=True)
    intervals = {"coverage": 0.8, "systolic": 1.5, "diastolic": 1.0}
    made = gather(network, {}, {}, {"dataset": "x"}, intervals=intervals)
    of = network.quality == "strong"
    for k, pressure in enumerate(PRESSURES):
        width = intervals[pressure] * network.scale[of, k]
        figures = made["qualities"]["strong"][pressure]
        assert figures["interval"] == pytest.approx(width.mean(), abs=1e-3)
        inside = np.abs(network.value - network.truth)[of, k] <= width
        assert figures["coverage"] == pytest.approx(inside.mean(), abs=1e-3)
    assert made["intervals"] == intervals | {"scaled": True}


def test_nobodys_own_pressure_is_in_the_results(made):
    network = make(scaled=True)
    own = {round(float(value), 4) for value in np.concatenate((network.truth.ravel(), network.value.ravel()))}

    def numbers(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return [number for item in value for number in numbers(item)]
        return [value] if isinstance(value, float) and not value.is_integer() else []

    assert not own & set(numbers(made))


def test_edges_of_the_weights_are_used():
    edges = {"systolic": [60.0, 128.0, 200.0], "diastolic": [40.0, 72.0, 120.0]}
    network = make(splits=1, with_ranges=False)
    made = gather(network, {}, {}, {"edges": edges})
    ranges = made["qualities"]["standard"]["systolic"]["ranges"]
    assert [(row["from"], row["to"]) for row in ranges] == [(60.0, 128.0), (128.0, 200.0)]
    assert ranges[0]["mean_error"] > 0 > ranges[1]["mean_error"]
    assert "calibration_error" not in made["qualities"]["standard"]["systolic"]


def test_variants_in_brief():
    network = make()
    said = brief(network)
    of = network.quality == "standard"
    assert said["diastolic"]["mae"] == pytest.approx(np.abs(network.value - network.truth)[of, 1].mean(), abs=1e-3)
    assert 0 < said["systolic"]["calibration_error"] < 1
    assert len(said["systolic"]["ranges"]) == 7


def test_clips_of_one_person_have_pressures_of_their_own():
    person = np.array([0, 0, 1, 1, 2, 2])
    truth = np.array([[120.0, 70], [130, 80], [110, 60], [112, 62], [140, 90], [141, 91]])
    zeros = np.zeros(6, int)
    value = truth + np.array([2.0, -3.0])
    rows = Predictions(person, np.full(6, "filmed"), truth, zeros, zeros, 0 * truth + MEANS, value)
    made = gather(rows, {}, {}, {}, intervals={"coverage": 0.9, "systolic": 1.0, "diastolic": 5.0})
    figures = made["qualities"]["filmed"]
    assert made["people"] == 3
    assert figures["systolic"]["mae"] == figures["systolic"]["mean_error"] == 2
    assert (figures["systolic"]["coverage"], figures["diastolic"]["coverage"]) == (0, 1)
    assert figures["diastolic"]["r"] == 1


def test_spreads_are_what_was_made_up(made):
    spread = made["qualities"]["standard"]["systolic"]["bland_altman"]["spread"]
    assert spread["all"] == pytest.approx(SPREADS[0], rel=0.15)
    assert 0.5 * spread["all"] < spread["same_answer"] < spread["all"]
