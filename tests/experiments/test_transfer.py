"""What might help elsewhere is judged with answers and beats made up for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.data.signals import Samples
from bpdemo.models.config import BeatsConfig
from bpdemo.training.recipe import Recipe
from bpdemo.training.results import PRESSURES
from bpdemo.training.train import prepare_material
from experiments.transfer import (
    CHANNELS,
    HELPED,
    NO_DIFFERENCE,
    PLAIN,
    POLARITY,
    RESEEDED,
    ROWS,
    SENSOR,
    WORSE,
    fit_attempts,
    make_attempts,
    predict_attempts,
    score_attempts,
    share_upright,
    unit_channels,
    unit_rows,
)
from tests.support.made_up import MEANS, make
from tests.support.small_dataset import make_dataset

pytestmark = pytest.mark.exhaustive

CPU = torch.device("cpu")
TINY = Recipe(qualities=("standard",), cycles=2, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)


def rms(values, axis):
    return np.sqrt((values.astype(float) ** 2).mean(axis=axis))


@pytest.fixture(scope="module")
def dataset():
    made = make_dataset(np.linspace(100, 160, 5), each=2)
    weight = made.weight.copy()
    weight[0, 1, 2] = 0
    values = made.values * np.array([1, 3, 0.2, 5], np.float32)[:, None, None]
    values[0, 1, :, 2] = 0
    return replace(made, values=values, weight=weight)


def test_channels_of_the_mean_beat_get_one_size_and_keep_their_shape(dataset):
    changed = unit_channels(dataset)
    weight = dataset.weight[:, :, None, :, None]
    beats = (changed.values * weight).sum(axis=(1, 3)) / weight.sum(axis=(1, 3))
    assert rms(beats, -1) == pytest.approx(1, abs=1e-4)
    factor = changed.values[3] / dataset.values[3]
    for channel in range(4):
        assert factor[:, channel].min() == pytest.approx(factor[:, channel].max(), rel=1e-3)
        assert factor[:, channel].min() > 0
    np.testing.assert_array_equal(changed.weight, dataset.weight)


def test_rows_get_one_size_and_those_of_nothing_stay_so(dataset):
    changed = unit_rows(dataset)
    size = rms(changed.values, -1)
    assert not size[0, 1, :, 2].any()
    size[0, 1, :, 2] = 1
    assert size == pytest.approx(1, abs=1e-4)
    assert np.sign(changed.values).tolist() == np.sign(dataset.values).tolist()


@pytest.mark.parametrize("change", [unit_channels, unit_rows])
def test_how_large_a_channel_was_does_not_matter_any_more(dataset, change):
    larger = replace(dataset, values=dataset.values * np.array([2, 0.5, 7, 1.5], np.float32)[:, None, None])
    assert change(larger).values == pytest.approx(change(dataset).values, abs=1e-4)


@pytest.mark.parametrize("change", [unit_channels, unit_rows])
def test_of_nothing_nothing_is_made(dataset, change):
    nothing = replace(dataset, values=0 * dataset.values, weight=0 * dataset.weight)
    assert not change(nothing).values.any()


@pytest.fixture(scope="module")
def fitted(ppg_bp, tmp_path_factory):
    material = prepare_material({"ppg_bp": ppg_bp}, TINY, 3)
    attempts = make_attempts(material, TINY, 3)
    run = tmp_path_factory.mktemp("run")
    return material, attempts, fit_attempts(attempts, SMALL, TINY, run, CPU), run


def test_every_attempt_changes_one_thing(fitted):
    material, attempts, _, _ = fitted
    assert list(attempts) == [PLAIN, *RESEEDED, SENSOR, POLARITY, CHANNELS, ROWS]
    plain = (PLAIN, *RESEEDED)
    for name, attempt in attempts.items():
        assert (attempt.seed != 3) == (name in RESEEDED)
        assert np.array_equal(attempt.dataset.values, material.dataset.values) == (name in plain)
        for field in ("person", "quality", "truth"):
            np.testing.assert_array_equal(getattr(attempt.dataset, field), getattr(material.dataset, field))
    assert {name: attempt.change for name, attempt in attempts.items() if attempt.change} == {
        CHANNELS: unit_channels,
        ROWS: unit_rows,
    }


def test_renderings_differ_by_the_sensor_alone(fitted):
    material, attempts, _, _ = fitted
    plain, sensor, turned = material.dataset, attempts[SENSOR].dataset, attempts[POLARITY].dataset
    beats = [(each.values * each.weight[:, :, None, :, None]).mean(axis=(1, 3))[:, 3] for each in (plain, sensor)]
    alike = [np.corrcoef(*pair)[0, 1] for pair in zip(*beats, strict=True)]
    assert min(alike) > 0.7
    assert max(alike) < 0.9999
    kept = [np.array_equal(one, other) for one, other in zip(plain.values, turned.values, strict=True)]
    assert 0 < sum(kept) < len(kept)


def test_a_finished_attempt_is_not_fitted_again(fitted, monkeypatch):
    _, attempts, networks, run = fitted
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    for name, network in fit_attempts(attempts, SMALL, TINY, run, CPU).items():
        for key, tensor in network.state_dict().items():
            np.testing.assert_array_equal(networks[name].state_dict()[key], tensor, err_msg=f"{name}, {key}")


def test_each_attempt_is_asked_with_its_own_change(fitted):
    material, attempts, networks, _ = fitted
    answers = predict_attempts(networks, attempts, material.tests, MEANS, CPU)
    assert list(answers) == [*attempts]
    assert all((each.baseline == MEANS).all() for each in answers.values())
    without = {name: replace(attempt, change=None) for name, attempt in attempts.items()}
    unchanged = predict_attempts(networks, without, material.tests, MEANS, CPU)
    for name in attempts:
        assert np.array_equal(unchanged[name].value, answers[name].value) == (name not in (CHANNELS, ROWS))


@pytest.fixture(scope="module")
def scored():
    """Seeds differ by little; one answer is nearer, one further off, and one nearer by less than seeds differ."""
    plain = make(people=78, splits=1, noise=0.5)

    def nearer(share):
        return replace(plain, value=plain.value + share * (plain.truth - plain.value))

    chance = dict(zip(RESEEDED, (nearer(0.05), nearer(-0.03)), strict=True))
    answers = {PLAIN: plain, **chance, "good": nearer(0.2), "bad": nearer(-0.2), "hardly": nearer(0.06)}
    return plain, {(one.attempt, one.pressure): one for one in score_attempts(answers, "standard")}


def test_verdicts_weigh_the_gain_against_chance(scored):
    plain, outcomes = scored
    mae = np.abs(plain.value - plain.truth)[plain.quality == "standard"].mean(axis=0)
    for k, pressure in enumerate(PRESSURES):
        expected = {"good": HELPED, "bad": WORSE, "hardly": NO_DIFFERENCE} | dict.fromkeys((PLAIN, *RESEEDED))
        assert {name: one.verdict for (name, which), one in outcomes.items() if which == pressure} == expected
        assert outcomes["good", pressure].mae == pytest.approx(0.8 * mae[k])
        assert outcomes["good", pressure].gain == pytest.approx(0.2 * mae[k])


def test_what_people_do_not_agree_on_is_chance():
    plain = make(people=20, splits=1, noise=0.5)
    towards = np.where(plain.person < 9, -0.3, 0.3)[:, None]
    mixed = replace(plain, value=plain.value + towards * (plain.truth - plain.value))
    for outcome in score_attempts({PLAIN: plain, "mixed": mixed}, "standard")[2:]:
        low, high = outcome.gain_interval
        assert low < 0 < high
        assert outcome.verdict == NO_DIFFERENCE


def test_polarity_is_counted_by_person(fitted):
    people = fitted[0].dataset.people
    # Symmetric beats made up for tests say nothing; a steep rise does.
    share = np.arange(4000) / 1000 * 1.2 % 1
    steep = np.where(share < 0.2, share / 0.2, (1 - share) / 0.8)
    up, down = Samples.evenly(steep, 1000.0), Samples.evenly(-steep, 1000.0)
    recordings = ((up, up, down), (up,), (down,), (down, down, up))
    assert share_upright([replace(people[0], pulses=each) for each in recordings]) == 0.5
    assert share_upright([replace(people[0], pulses=())]) is None
