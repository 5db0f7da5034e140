"""What might help elsewhere is judged with answers and slices made up for it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.data.person import Recording
from bpdemo.data.registry import load_people
from bpdemo.models.beats import NetworkConfig
from bpdemo.training.fit import Recipe
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import HELPED, NO_DIFFERENCE, WORSE
from bpdemo.training.trial import make_ready
from experiments import transfer as across
from experiments.transfer import (
    AS_SHIPPED,
    CHANNELS,
    POLARITY,
    RESEEDED,
    ROWS,
    SENSOR,
    describe_attempts,
    fit_attempts,
    level_channels,
    level_rows,
    score_attempts,
    share_upright,
)
from tests.support.made_up import EDGES, make
from tests.support.small_slices import made_slices

BY_NAME = dict(zip(PRESSURES, EDGES, strict=True))
TINY = Recipe(qualities=("standard",), cycles=2, epochs=1, folds=2, repetitions=1, test_renderings=1, batch=4)
SMALL = NetworkConfig(members=2, stem_width=2, width=4, hidden=4)


def rms(values, axis):
    return np.sqrt((values.astype(float) ** 2).mean(axis=axis))


@pytest.fixture(scope="module")
def slices():
    made = made_slices(np.linspace(100, 160, 5), each=2)
    weight = made.weight.copy()
    weight[0, 1, 2] = 0
    values = made.values * np.array([1, 3, 0.2, 5], np.float32)[:, None, None]
    values[0, 1, :, 2] = 0
    return replace(made, values=values, weight=weight)


def test_channels_of_the_mean_beat_get_one_size_and_keep_their_shape(slices):
    levelled = level_channels(slices)
    weight = slices.weight[:, :, None, :, None]
    beats = (levelled.values * weight).sum(axis=(1, 3)) / weight.sum(axis=(1, 3))
    assert rms(beats, -1) == pytest.approx(1, abs=1e-4)
    factor = levelled.values[3] / slices.values[3]
    for channel in range(4):
        assert factor[:, channel].min() == pytest.approx(factor[:, channel].max(), rel=1e-3)
        assert factor[:, channel].min() > 0
    np.testing.assert_array_equal(levelled.weight, slices.weight)


def test_rows_get_one_size_and_those_of_nothing_stay_so(slices):
    levelled = level_rows(slices)
    size = rms(levelled.values, -1)
    assert not size[0, 1, :, 2].any()
    size[0, 1, :, 2] = 1
    assert size == pytest.approx(1, abs=1e-4)
    assert np.sign(levelled.values).tolist() == np.sign(slices.values).tolist()


@pytest.mark.parametrize("level", [level_channels, level_rows])
def test_how_large_a_channel_was_does_not_matter_any_more(slices, level):
    larger = replace(slices, values=slices.values * np.array([2, 0.5, 7, 1.5], np.float32)[:, None, None])
    assert level(larger).values == pytest.approx(level(slices).values, abs=1e-4)


@pytest.mark.parametrize("level", [level_channels, level_rows])
def test_of_nothing_nothing_is_made(slices, level):
    nothing = replace(slices, values=0 * slices.values, weight=0 * slices.weight)
    assert not level(nothing).values.any()


@pytest.fixture(scope="module")
def fitted(ppg_bp, tmp_path_factory):
    """What each attempt was fitted on, and what came out."""
    material = make_ready({"ppg_bp": ppg_bp}, TINY, 3)
    given = {}
    fit = across.fit

    def note(slices, people, config, recipe, seed, device, *, checkpoint, title):
        given[checkpoint.stem.replace("_", " ")] = (slices, list(people), config, recipe, seed)
        return fit(slices, people, config, recipe, seed, device, checkpoint=checkpoint, title=title)

    run = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(across, "fit", note)
        attempts = fit_attempts(material, SMALL, TINY, 3, run, torch.device("cpu"))
    return material, given, attempts


def test_every_attempt_changes_one_thing(fitted):
    material, given, attempts = fitted
    assert list(attempts) == [*RESEEDED, SENSOR, POLARITY, CHANNELS, ROWS]
    for name, (slices, people, config, recipe, seed) in given.items():
        assert (people, config, recipe) == (list(range(6)), SMALL, TINY)
        assert (seed != 3) == (name in RESEEDED)
        assert np.array_equal(slices.values, material.slices.values) == (name in RESEEDED)
        assert slices.person.tolist() == material.slices.person.tolist()
        assert slices.quality.tolist() == material.slices.quality.tolist()
        np.testing.assert_array_equal(slices.truth, material.slices.truth)
    assert len({seed for *_, seed in given.values()}) == 1 + len(RESEEDED)
    changes = {name: attempt.change for name, attempt in attempts.items() if attempt.change}
    assert changes == {CHANNELS: level_channels, ROWS: level_rows}


def test_renderings_differ_by_the_sensor_alone(fitted):
    material, given, _ = fitted
    plain, sensor, turned = material.slices, given[SENSOR][0], given[POLARITY][0]
    t = 3
    beats = [(each.values * each.weight[:, :, None, :, None]).mean(axis=(1, 3))[:, t] for each in (plain, sensor)]
    alike = [np.corrcoef(*pair)[0, 1] for pair in zip(*beats, strict=True)]
    assert min(alike) > 0.7
    assert max(alike) < 0.9999
    kept = [np.array_equal(one, other) for one, other in zip(plain.values, turned.values, strict=True)]
    assert 0 < sum(kept) < len(kept)


def test_a_finished_attempt_is_not_fitted_again(fitted, tmp_path, monkeypatch):
    material, _, attempts = fitted
    run = tmp_path / "run"
    run.mkdir()
    first = fit_attempts(material, SMALL, TINY, 3, run, torch.device("cpu"))
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("fitted again"))
    again = fit_attempts(material, SMALL, TINY, 3, run, torch.device("cpu"))
    for name, attempt in again.items():
        for other in (first, attempts):
            for key, tensor in other[name].network.state_dict().items():
                np.testing.assert_array_equal(attempt.network.state_dict()[key], tensor, err_msg=f"{name}, {key}")


@pytest.fixture(scope="module")
def scored():
    """Seeds differ by little; one answer is nearer, one further off, and one nearer by less than seeds differ."""
    shipped = make(people=78, splits=1, noise=0.5)

    def nearer(share):
        return replace(shipped, value=shipped.value + share * (shipped.truth - shipped.value))

    chance = dict(zip(RESEEDED, (nearer(0.05), nearer(-0.03)), strict=True))
    tried = {"good": nearer(0.2), "bad": nearer(-0.2), "hardly": nearer(0.06)}
    return shipped, tried, score_attempts(shipped, chance | tried, BY_NAME)


def test_verdicts_weigh_the_gain_against_chance(scored):
    shipped, _, told = scored
    of = shipped.quality == "standard"
    mae = np.abs(shipped.value - shipped.truth)[of].mean(axis=0)
    rows = {row["what"]: row for row in told["rows"]}
    assert told["reference"] == "standard"
    assert list(rows) == [AS_SHIPPED, *RESEEDED, "good", "bad", "hardly"]
    for k, pressure in enumerate(PRESSURES):
        assert told["chance"][pressure] == pytest.approx(0.08 * mae[k], abs=1e-3)
        assert rows["good"]["verdict"][pressure] == HELPED
        assert rows["bad"]["verdict"][pressure] == WORSE
        assert rows["hardly"]["verdict"][pressure] == NO_DIFFERENCE
        figures = rows["good"]["qualities"]["standard"][pressure]
        assert figures["mae"] == pytest.approx(0.8 * mae[k], abs=1e-3)
        assert figures["gain"] == pytest.approx(0.2 * mae[k], abs=1e-3)
    assert all("verdict" not in rows[name] for name in (AS_SHIPPED, *RESEEDED))
    assert set(rows["good"]["qualities"]) == {"strong", "standard", "poor"}


def test_what_people_do_not_agree_on_is_chance():
    shipped = make(people=20, splits=1, noise=0.5)
    towards = np.where(shipped.person < 9, -0.3, 0.3)[:, None]
    mixed = replace(shipped, value=shipped.value + towards * (shipped.truth - shipped.value))
    row = score_attempts(shipped, {"mixed": mixed}, BY_NAME)["rows"][1]
    for pressure in PRESSURES:
        low, high = row["qualities"]["standard"][pressure]["gain_interval"]
        assert low < 0 < high
        assert row["verdict"][pressure] == NO_DIFFERENCE


def test_polarity_is_counted_by_person(ppg_bp):
    people = load_people({"ppg_bp": ppg_bp})
    # Symmetric beats made up for tests say nothing; a steep rise does.
    share = np.arange(4000) / 1000 * 1.2 % 1
    steep = np.where(share < 0.2, share / 0.2, (1 - share) / 0.8)
    up, down = Recording(steep, 1000.0), Recording(-steep, 1000.0)
    told = [replace(people[0], recordings=of) for of in ((up, up, down), (up,), (down,), (down, down, up))]
    assert share_upright(told) == 0.5
    assert share_upright([replace(people[0], recordings=())]) is None


def test_the_ranges_are_told():
    said = describe_attempts()
    for figure in ("0.05 to 0.6 Hz", "4 to 16 Hz", "0.3 either way", "50 %"):
        assert figure in said
