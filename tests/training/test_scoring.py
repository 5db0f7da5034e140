import json
from dataclasses import replace

import numpy as np
import pytest

from bpdemo.training.predictions import Predictions
from bpdemo.training.results import BOTH, CONTACT, MEAN, PRESSURES, RECOVERED, TRAITS, Results, load_results
from bpdemo.training.scoring import About, compare, scatter_within, score_models, summarise
from bpdemo.weights.config import Intervals
from tests.support.made_up import MEANS, NOISE, SPREADS, make, results

INTERVALS = Intervals(coverage=0.8, systolic=1.5, diastolic=1.0)


@pytest.fixture(scope="module")
def made():
    return results()


def test_figures_are_those_of_the_predictions(made):
    network = make()
    here = network.quality == "poor"
    error = (network.value - network.truth)[here]
    for k, pressure in enumerate(PRESSURES):
        figures = made.qualities["poor"][pressure]
        assert figures.mae == pytest.approx(np.abs(error[:, k]).mean(), abs=1e-3)
        assert figures.rmse == pytest.approx(np.sqrt((error[:, k] ** 2).mean()), abs=1e-3)
        assert figures.r == pytest.approx(np.corrcoef(network.truth[here, k], network.value[here, k])[0, 1], abs=1e-3)
        assert figures.baseline_mae == pytest.approx(np.abs(network.truth[here, k] - MEANS[k]).mean(), abs=1e-3)
        assert figures.people == made.people == 175
        assert figures.predictions == 175 * 2 * 2


def test_the_json_form_is_read_back_as_it_was(made, tmp_path):
    (tmp_path / "evidence.json").write_text(json.dumps(made.to_json(), allow_nan=False))
    assert load_results(tmp_path / "evidence.json") == made
    assert made.to_json()["schema"] == "bpdemo.evidence/2"
    with pytest.raises(ValueError, match="schema"):
        Results.model_validate(made.to_json() | {"schema": "another"})


def test_what_is_not_known_is_not_in_the_json_form():
    network = replace(make(splits=1, with_ranges=False), kept=None)
    bare = summarise(network, About("x"), intervals=INTERVALS).to_json()
    assert set(bare) == {
        *("schema", "dataset", "people", "left_out", "renderings", "reference", "splits", "edges", "intervals"),
        *("qualities", "models", "controls"),
    }
    assert bare["models"] == bare["controls"] == {}
    assert not {"calibration_error", "reliability", "baseline_interval"} & set(bare["qualities"]["poor"]["systolic"])


def test_better_captures_give_better_figures(made):
    maes = [made.qualities[quality]["systolic"].mae for quality in ("strong", "standard", "poor")]
    assert maes == sorted(maes)
    assert list(made.qualities) == ["strong", "standard", "poor"]


def test_intervals_hold_what_they_promise_at_the_reference_quality(made):
    for pressure in PRESSURES:
        assert made.qualities["standard"][pressure].coverage == pytest.approx(0.9, abs=0.02)
        assert made.qualities["strong"][pressure].coverage > 0.9
        assert made.qualities["poor"][pressure].coverage < 0.9


def test_repetitions_and_folds_are_told_apart(made):
    figures = made.qualities["standard"]["systolic"]
    assert made.splits == len(figures.repetitions) == len(figures.r_of_folds) == 2
    assert [len(folds) for folds in figures.r_of_folds] == [5, 5]
    assert np.mean([each.mae for each in figures.repetitions]) == pytest.approx(figures.mae, abs=1e-3)
    network = make()
    here = (network.quality == "standard") & (network.split == 1) & (network.fold == 3)
    r = np.corrcoef(network.truth[here, 0], network.value[here, 0])[0, 1]
    assert figures.r_of_folds[1][3] == pytest.approx(r, abs=1e-3)


def test_models_stand_beside_the_network_on_their_own_split():
    network, other = make(splits=3), make(splits=1, share=0.1, seed=9, with_ranges=False)
    beside = compare(network, other, "standard")["systolic"]
    ours, theirs = (
        np.abs(each.value - each.truth)[(each.quality == "standard") & (each.split == 0), 0].mean()
        for each in (network, other)
    )
    assert beside.splits == 1
    assert beside.gain == pytest.approx(theirs - ours)
    assert beside.network_mae == pytest.approx(ours)
    low, high = beside.gain_interval
    assert low < beside.gain < high


def test_a_comparison_is_about_those_whom_the_model_was_asked_about():
    network, other = make(splits=1), make(splits=1)
    some, both = other.person > 3, (other.person > 3) & (other.quality == "standard")
    beside = compare(network, other.select(some), "standard")["systolic"]
    assert beside.network_mae == pytest.approx(np.abs(network.value - network.truth)[both, 0].mean())
    with pytest.raises(ValueError, match="asked about people"):
        compare(network.select(some), other, "standard")
    assert compare(network, replace(other, split=other.split + 7), "standard") == {}


def test_an_equal_model_gains_nothing_and_the_ceiling_gains(made):
    same = make(splits=1, with_ranges=False)
    scored = score_models({"same": same}, network=make(splits=1))["same"]["standard"]["systolic"].network
    assert scored.gain == pytest.approx(0)
    assert scored.gain_interval == pytest.approx([0, 0])
    models = made.models
    assert models[MEAN]["standard"]["systolic"].gain == 0
    assert models[MEAN]["standard"]["systolic"].r == 0
    assert models[CONTACT]["standard"]["systolic"].mae < models[RECOVERED]["standard"]["systolic"].mae
    assert models[TRAITS]["poor"]["diastolic"].network.splits == 1


def test_told_traits_with_the_clip_stand_beside_told_traits_alone():
    network, both, words = make(splits=1), make(splits=1, share=0.6, seed=2), make(splits=1, share=0.2, seed=3)
    some = words.select(words.person > 3)
    found = score_models({TRAITS: some, BOTH: both}, network=network)[TRAITS]["standard"]["systolic"]
    here = (both.person > 3) & (both.quality == "standard")
    ours, theirs = (np.abs(each.value - each.truth)[here, 0].mean() for each in (both, words))
    assert (found.both.network_mae, found.both.mae) == pytest.approx((ours, theirs))
    assert found.both.gain == pytest.approx(theirs - ours)
    assert found.network.network_mae != found.both.network_mae
    assert score_models({TRAITS: some}, network=network)[TRAITS]["standard"]["systolic"].both is None


def test_the_share_that_is_kept_is_the_median_over_folds(made):
    network = make()
    folds = {(split, fold): kept for split, fold, kept in zip(network.split, network.fold, network.kept, strict=True)}
    assert len(folds) == 10
    assert made.kept == pytest.approx(dict(zip(PRESSURES, np.median(list(folds.values()), axis=0), strict=True)))
    # Folds count alike, however many people are in each.
    uneven = network.select((network.fold == 0) | ((network.fold < 3) & (network.person < 20)))
    assert summarise(uneven, About("x")).kept["systolic"] == pytest.approx(0.6)


def test_what_is_known_of_the_model_is_in_the_results(made):
    assert (made.model, made.parameters, made.milliseconds) == ("beats", 12345, 2.25)
    assert made.title(BOTH) == f"beats + {TRAITS}"
    assert made.title(TRAITS) == TRAITS


def test_a_person_in_two_folds_of_one_split_is_a_leak():
    network = make(splits=2)
    fold = network.fold.copy()
    fold[0] = (fold[0] + 1) % 5
    with pytest.raises(ValueError, match="two folds"):
        summarise(replace(network, fold=fold), About("x"))


def test_known_intervals_are_used_as_they_are():
    network = make(splits=1)
    made = summarise(network, About("x"), intervals=INTERVALS)
    here = network.quality == "strong"
    for k, pressure in enumerate(PRESSURES):
        width = getattr(INTERVALS, pressure)
        figures = made.qualities["strong"][pressure]
        assert figures.interval == width
        inside = np.abs(network.value - network.truth)[here, k] <= width
        assert figures.coverage == pytest.approx(inside.mean(), abs=1e-3)
    assert made.intervals == INTERVALS


def test_scatter_is_how_far_the_captures_of_one_person_lie_apart(made):
    """Two renderings of each person in two splits: the noise that was made up, and nothing of who it is."""
    noise = 0.5 * NOISE["standard"] * SPREADS
    assert [made.scatter.systolic, made.scatter.diastolic] == pytest.approx(noise, rel=0.1)
    assert summarise(make(splits=1), About("x"), intervals=INTERVALS).scatter is None
    assert "scatter" not in summarise(make(renderings=1), About("x")).to_json()


def test_scatter_is_pooled_over_people_and_takes_a_clip_for_one_capture():
    person, split = np.array([0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 0, 0, 0, 1])
    value = np.array([[100.0, 60], [104, 60], [102, 66], [150, 90], [156, 90], [99, 50], [130, 80]])
    rows = Predictions(person, np.full(7, "filmed"), value, split, 0 * split, value, value)
    found = scatter_within(rows, "filmed")
    assert found.systolic == pytest.approx(np.sqrt((4 + 4 + 0 + 9 + 9) / 3), abs=0.01)
    assert found.diastolic == pytest.approx(np.sqrt((4 + 4 + 16) / 3), abs=0.01)
    clips = scatter_within(replace(rows, clip=np.array([0, 0, 1, 2, 2, 3, 3])), "filmed")
    assert clips.systolic == pytest.approx(0, abs=0.01), "102 twice"
    assert clips.diastolic == pytest.approx(np.sqrt(9 + 9), abs=0.01)


def test_nobodys_own_pressure_is_in_the_results(made):
    network = make()
    own = {round(float(value), 4) for value in np.concatenate((network.truth.ravel(), network.value.ravel()))}

    def numbers(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return [number for item in value for number in numbers(item)]
        return [value] if isinstance(value, float) and not value.is_integer() else []

    assert not own & set(numbers(made.to_json()))


def test_edges_of_the_weights_are_used():
    edges = ((60.0, 128.0, 200.0), (40.0, 72.0, 120.0))
    made = summarise(make(splits=1, with_ranges=False), About("x", edges=edges))
    ranges = made.qualities["standard"]["systolic"].ranges
    assert [(row.low, row.high) for row in ranges] == [(60.0, 128.0), (128.0, 200.0)]
    assert ranges[0].mean_error > 0 > ranges[1].mean_error


def test_clips_of_one_person_have_pressures_of_their_own():
    person = np.array([0, 0, 1, 1, 2, 2])
    truth = np.array([[120.0, 70], [130, 80], [110, 60], [112, 62], [140, 90], [141, 91]])
    zeros = np.zeros(6, int)
    value = truth + np.array([2.0, -3.0])
    rows = Predictions(person, np.full(6, "filmed"), truth, zeros, zeros, 0 * truth + MEANS, value)
    made = summarise(rows, About("x"), intervals=Intervals(coverage=0.9, systolic=1.0, diastolic=5.0))
    systolic, diastolic = made.qualities["filmed"].values()
    assert made.people == 3
    assert systolic.mae == systolic.mean_error == 2
    assert (systolic.coverage, diastolic.coverage) == (0, 1)
    assert diastolic.r == 1


def test_spreads_are_what_was_made_up(made):
    spread = made.qualities["standard"]["systolic"].bland_altman.spread
    assert spread.all == pytest.approx(SPREADS[0], rel=0.15)
    assert 0.5 * spread.all < spread.same_answer < spread.all
