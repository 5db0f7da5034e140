"""Other data sets are looked at with answers made up for them."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from bpdemo.training.model_names import HELPED
from experiments import unseen
from experiments.transfer import AS_SHIPPED, RESEEDED, Attempt
from experiments.unseen import SAME_WIDTH, SHRUNK, look_elsewhere
from tests.support.made_up import EDGES, MEANS, SPREADS, make

INTERVALS = {"coverage": 0.9, "systolic": 14.0, "diastolic": 8.0}


@dataclass(frozen=True)
class MadeUp:
    """Weights, as far as these tests need any."""

    network: float
    config: dict


@pytest.fixture(scope="module")
def answers():
    """Answers that err twice as much where the scale is 2."""
    rows = make(people=60, splits=1, noise=0.3)
    twice = np.random.default_rng(0).random(len(rows.person)) < 0.25
    scale = np.where(twice, 2.0, 1.0)[:, None] * np.ones((1, 2))
    return replace(rows, value=rows.truth + (rows.value - rows.truth) * scale, scale=scale)


@pytest.fixture(scope="module")
def found(answers):
    with pytest.MonkeyPatch.context() as patch:
        asked = stand_in(patch, answers)
        told = look_elsewhere(MadeUp(1.0, {"intervals": INTERVALS}), {"other": "a/folder", "third": "b"})
    assert asked == [{"other": "a/folder"}, {"third": "b"}]
    return told


def stand_in(patch, answers):
    """Answers made up, as far from the truth as the number that stands for a network says; what is loaded is noted."""
    asked = []

    def prepare(data):
        asked.append(data)
        return SimpleNamespace(dataset="+".join(data), people=())

    def answer(weights, questions, change=None):
        error = (answers.value - answers.truth) * weights.network
        return replace(answers, value=answers.truth + (change(error) if change else error))

    def describe(weights, questions):
        return {
            "dataset": questions.dataset,
            "renderings": 2,
            "edges": dict(zip(("systolic", "diastolic"), EDGES, strict=True)),
        }

    for stood_in in (prepare, answer, describe):
        patch.setattr(unseen, stood_in.__name__, stood_in)
    return asked


def figures_of(found, variant, quality="standard", pressure="systolic"):
    return found["other_data"]["other"][variant]["qualities"][quality][pressure]


def test_each_set_is_scored_in_three_ways(found):
    assert list(found["other_data"]) == ["other", "third"]
    assert list(found["other_data"]["third"]) == [AS_SHIPPED, SAME_WIDTH, SHRUNK]
    assert found["other_data"]["third"][AS_SHIPPED]["dataset"] == "third"


@pytest.mark.parametrize("quality", ["strong", "standard", "poor"])
def test_as_shipped_are_the_answers_as_they_are(found, answers, quality):
    of = answers.quality == quality
    error = np.abs(answers.value - answers.truth)[of]
    for k, pressure in enumerate(("systolic", "diastolic")):
        figures = figures_of(found, AS_SHIPPED, quality, pressure)
        width = INTERVALS[pressure] * answers.scale[of, k]
        assert figures["mae"] == pytest.approx(error[:, k].mean(), abs=1e-3)
        assert figures["interval"] == pytest.approx(width.mean(), abs=1e-3)
        assert figures["coverage"] == pytest.approx((error[:, k] <= width).mean(), abs=1e-3)


def test_intervals_of_one_width_leave_the_answers_alone(found, answers):
    of = answers.quality == "standard"
    error = np.abs(answers.value - answers.truth)[of, 0]
    figures = figures_of(found, SAME_WIDTH)
    assert figures["mae"] == figures_of(found, AS_SHIPPED)["mae"]
    assert figures["interval"] == INTERVALS["systolic"]
    assert figures["coverage"] == pytest.approx((error <= INTERVALS["systolic"]).mean(), abs=1e-3)
    assert figures["coverage"] < figures_of(found, AS_SHIPPED)["coverage"]


def test_answers_are_drawn_to_the_mean_exactly_by_their_scale(found, answers):
    of = answers.quality == "standard"
    drawn = MEANS + (answers.value - MEANS) / answers.scale
    error = np.abs(drawn - answers.truth)[of, 1]
    assert figures_of(found, SHRUNK, pressure="diastolic")["mae"] == pytest.approx(error.mean(), abs=1e-3)
    shrunk = unseen._shrink(answers)
    once = answers.scale[:, 0] == 1
    assert shrunk.value[once] == pytest.approx(answers.value[once])
    assert shrunk.value[~once] == pytest.approx((answers.value[~once] + MEANS) / 2)
    np.testing.assert_array_equal(shrunk.scale, answers.scale)
    assert SPREADS[0] > 1  # so that there is something to draw


def test_attempts_are_asked_the_same_as_the_weights(answers, found, monkeypatch):
    asked = stand_in(monkeypatch, answers)
    attempts = {name: Attempt(share) for name, share in zip(RESEEDED, (1.05, 0.95), strict=True)}
    attempts |= {"half": Attempt(0.5), "changed": Attempt(1.0, lambda error: 0.25 * error)}
    told = look_elsewhere(MadeUp(1.0, {"intervals": INTERVALS}), {"other": "a/folder"}, attempts)
    assert asked == [{"other": "a/folder"}]
    assert told["other_data"]["other"] == found["other_data"]["other"]
    assert "across" not in found
    rows = {row["what"]: row for row in told["across"]["data"]["other"]["rows"]}
    assert list(rows) == [AS_SHIPPED, *attempts, SHRUNK]
    for pressure in ("systolic", "diastolic"):
        mae = figures_of(found, AS_SHIPPED, "poor", pressure)["mae"]
        for name, share in ((AS_SHIPPED, 1), ("half", 0.5), ("changed", 0.25)):
            assert rows[name]["qualities"]["poor"][pressure]["mae"] == pytest.approx(share * mae, abs=1e-3)
        assert rows["half"]["verdict"][pressure] == rows["changed"]["verdict"][pressure] == HELPED
        shrunk = figures_of(found, SHRUNK, "poor", pressure)["mae"]
        assert rows[SHRUNK]["qualities"]["poor"][pressure]["mae"] == pytest.approx(shrunk, abs=1e-3)


def test_the_table_says_how_many_were_made_wider_and_what_that_gave(found, answers):
    table = found["out_of_distribution"]
    assert all(len(row) == len(table["columns"]) for row in table["rows"])
    assert len(table["rows"]) == 2 * 3 * 2
    of = answers.quality == "standard"
    wider = (answers.scale[of, 0] > 1).mean()
    row = next(row for row in table["rows"] if row[:2] == ["other", "standard"] and row[3] == "systolic")
    coverage = [figures_of(found, variant)["coverage"] for variant in (SAME_WIDTH, AS_SHIPPED)]
    assert row[2:] == [f"{100 * wider:.0f} %", "systolic", *(f"{100 * share:.0f} %" for share in coverage)]
