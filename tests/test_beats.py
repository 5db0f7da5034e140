"""Slices are judged by maps whose every beat is known."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from bpdemo.beats import BEFORE_RISE, POINTS, SLICES, VERSION, average_regions, cut_slices, specification
from bpdemo.regions import CELLS, REGIONS, rows_of_region
from bpdemo.stmap import CHANNELS, COLUMNS, MIN_COLUMNS, RATE_HZ, STMap

GOLDEN = Path(__file__).parent / "golden" / "slices_v1.npz"
T, Y = CHANNELS.index("T"), CHANNELS.index("Y")
GAINS = {"Y": -0.8, "U": 0.3, "V": -0.4, "T": 1.0}  # blood darkens the skin
TONES = 1 + 0.3 * np.cos(np.arange(len(CELLS)))  # some cells beat more strongly than others


def beat(phase):
    """A pulse of mean 0; phase in periods from its steepest rise, which is that of each large harmonic too."""
    turn = 2 * np.pi * np.asarray(phase)
    return np.sin(turn) + 0.5 * np.sin(2 * turn) + 0.2 * np.sin(3 * turn) + 0.1 * np.cos(4 * turn)


def true_rises(rate_hz=1.2, jitter=0.0, columns=COLUMNS, seed=0):
    """Seconds from the map's start, from before it to after its end."""
    periods = (1 + jitter * np.random.default_rng(seed).standard_normal(80)) / rate_hz
    return np.cumsum(periods) - 2.6 / rate_hz


def make_map(rises_s, noise=0.3, columns=COLUMNS, seed=1, strength=1.0):
    """A map [4, cells, columns] whose cells beat with `rises_s`, and no two with the same noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(columns) / RATE_HZ
    wave = beat(PchipInterpolator(rises_s, np.arange(len(rises_s)))(time_s))
    values = np.stack([strength * GAINS[channel] * TONES[:, None] * wave for channel in CHANNELS])
    values += noise * rng.standard_normal(values.shape)
    names, regions = tuple(cell.name for cell in CELLS), tuple(cell.region for cell in CELLS)
    mask = np.ones((len(CELLS), columns), bool)
    return STMap(values.astype(np.float32), mask, 3.0 + time_s, 0.002, names, regions)


def hide(stmap, rows, columns, held=np.nan):
    """The map with some entries not measured, and `held` in them."""
    values, mask = stmap.values.copy(), stmap.mask.copy()
    mask[rows, columns] = False
    values[:, ~mask] = held
    return replace(stmap, values=values, mask=mask)


def likeness(row, shape):
    return np.corrcoef(row, shape)[0, 1]


TRUE_SHAPE = beat(np.linspace(0, 1, POINTS) - BEFORE_RISE)


def assert_same(one, other):
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.weight, other.weight)
    np.testing.assert_array_equal(one.rises_s, other.rises_s)


def assert_empty(slices):
    assert not slices.measured
    assert not slices.weight.any()
    assert not slices.values.any()
    assert np.isfinite(slices.rate_hz)


def test_golden_slices():
    """Anything that changes the slices' values needs a new version number."""
    stmap = hide(make_map(true_rises(1.1, 0.03), noise=0.5), np.s_[4], np.s_[100:140])
    slices, golden = cut_slices(stmap), np.load(GOLDEN)
    assert int(golden["version"]) == VERSION
    np.testing.assert_allclose(slices.values[:, :, ::2, ::5], golden["values"], atol=1e-4)
    np.testing.assert_allclose(slices.weight, golden["weight"], atol=1e-4)
    np.testing.assert_allclose(slices.rises_s, golden["rises_s"], atol=1e-4)


def test_specification_is_json_and_names_the_version():
    assert json.loads(json.dumps(specification())) == specification()
    assert specification()["version"] == VERSION
    assert (specification()["slices"], specification()["points"]) == (SLICES, POINTS)


def test_shapes_and_units():
    slices = cut_slices(make_map(true_rises()))
    assert slices.values.shape == (SLICES, len(CHANNELS), len(REGIONS), POINTS) == (4, 4, 6, 48)
    assert slices.values.dtype == slices.weight.dtype == np.float32
    assert slices.weight.shape == (4, 6)
    assert slices.weight.mean() == pytest.approx(1.0)
    assert slices.rate_hz == pytest.approx(1.2, abs=0.01)
    np.testing.assert_allclose(slices.values.mean(axis=-1), 0, atol=1e-5)
    assert slices.time_s[0] == pytest.approx(-BEFORE_RISE / slices.rate_hz)
    assert slices.time_s[-1] - slices.time_s[0] == pytest.approx(1 / slices.rate_hz)


@pytest.mark.parametrize("rate_hz", [0.75, 1.0, 1.4, 2.2, 3.0])
@pytest.mark.parametrize("columns", [MIN_COLUMNS, COLUMNS])
def test_every_beat_is_found_where_it_rises(rate_hz, columns):
    rises_s = true_rises(rate_hz, 0.03)
    found_s = cut_slices(make_map(rises_s, columns=columns)).rises_s
    away_s = np.abs(found_s[:, None] - rises_s).min(axis=1)
    assert np.sqrt((away_s**2).mean()) < 0.010
    whole = (rises_s > 0.25 / rate_hz) & (rises_s < columns / RATE_HZ - 0.85 / rate_hz)
    assert len(found_s) == pytest.approx(whole.sum(), abs=1)
    assert (np.diff(found_s) > 0.5 / rate_hz).all()


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("rate_hz", [0.75, 1.2, 2.0])
def test_slices_have_the_shape_of_the_beat_and_jitter_does_not_blur_it(rate_hz, jitter):
    *rows, whole = average_regions(cut_slices(make_map(true_rises(rate_hz, jitter))))
    for row in rows:
        assert likeness(row[T], TRUE_SHAPE) > 0.99
        assert likeness(row[Y], TRUE_SHAPE) < -0.99
    for channel, name in enumerate(CHANNELS):
        assert np.sign(GAINS[name]) * likeness(whole[channel], TRUE_SHAPE) > 0.99
    height = np.ptp(whole[T]) / np.ptp(TRUE_SHAPE)
    assert height == pytest.approx(TONES.mean(), rel=0.04), "a blurred beat is lower"


def test_amplitudes_of_channels_and_regions_survive():
    slices = cut_slices(make_map(true_rises(), noise=0.05))
    height = np.ptp(slices.values, axis=-1).mean(axis=0)
    for channel, name in enumerate(CHANNELS):
        np.testing.assert_allclose(height[channel] / height[T], abs(GAINS[name]), rtol=0.05)
    for row, region in enumerate(REGIONS):
        strengths = TONES[list(rows_of_region(region))]
        assert strengths.min() < height[T, row] / np.ptp(TRUE_SHAPE) < strengths.max()


@pytest.mark.parametrize("held", [np.nan, np.inf, 1e6, -20.0])
def test_what_was_not_measured_contributes_nothing(held):
    stmap = make_map(true_rises(1.2, 0.03))
    for rows, columns in ((np.s_[3], np.s_[:]), (np.s_[8:11], np.s_[100:140]), (np.s_[:], np.s_[200:220])):
        assert_same(cut_slices(hide(stmap, rows, columns, held)), cut_slices(hide(stmap, rows, columns, 0.0)))


def test_beats_in_a_gap_are_left_out_and_the_others_stay():
    stmap = make_map(true_rises(1.2, 0.03))
    slices = cut_slices(hide(stmap, np.s_[:], np.s_[200:215]))
    assert slices.weight.all()
    for row, plain in zip(average_regions(slices), average_regions(cut_slices(stmap)), strict=True):
        assert likeness(row[T], TRUE_SHAPE) > 0.99
        assert np.ptp(row[T]) == pytest.approx(np.ptp(plain[T]), rel=0.05)


@pytest.mark.parametrize("region", REGIONS)
def test_weight_is_0_exactly_where_nothing_was_measured(region):
    stmap, row = make_map(true_rises()), REGIONS.index(region)
    hidden = cut_slices(hide(stmap, list(rows_of_region(region)), np.s_[:]))
    assert not hidden.weight[:, row].any()
    assert not hidden.values[:, :, row].any()
    assert np.delete(hidden.weight, row, axis=1).all()
    # The third quarter of the time only.
    part = cut_slices(hide(stmap, list(rows_of_region(region)), np.s_[COLUMNS // 2 - 40 : 3 * COLUMNS // 4 + 40]))
    assert (part.weight[:, row] > 0).tolist() == [True, True, False, True]
    assert not part.values[2, :, row].any()
    assert np.delete(part.weight, row, axis=1).all()


def test_quieter_cells_and_regions_weigh_more():
    stmap = make_map(true_rises(), noise=0.3)
    loud = stmap.values.copy()
    rows, others = list(rows_of_region("nose")), list(rows_of_region("chin"))
    rng = np.random.default_rng(5)
    loud[:, rows] += 2.0 * rng.standard_normal(loud[:, rows].shape)
    # In one region half of the cells are so loud that their plain mean would be lost.
    few = others[: len(others) // 2]
    loud[:, few] += 3.0 * rng.standard_normal(loud[:, few].shape)
    plain, slices = cut_slices(stmap), cut_slices(replace(stmap, values=loud))
    nose, chin = REGIONS.index("nose"), REGIONS.index("chin")
    assert (slices.weight[:, nose] < 0.2 * slices.weight[:, REGIONS.index("left_cheek")]).all()
    assert likeness(slices.values[:, T, chin].mean(axis=0), TRUE_SHAPE) > 0.99
    average = lambda off: np.sqrt((off**2).mean())  # noqa: E731
    off = average(slices.values[:, T, chin] - plain.values[:, T, chin])
    assert off < 0.35 * 3.0 / np.sqrt(len(few) * len(slices.rises_s) / SLICES), "as far off as an even mean"


def test_a_cell_that_never_changes_is_no_quiet_cell():
    stmap = make_map(true_rises())
    values = stmap.values.copy()
    rows = list(rows_of_region("forehead"))
    values[:, rows[0]] = 0
    dead = cut_slices(replace(stmap, values=values))
    np.testing.assert_allclose(dead.values, cut_slices(hide(stmap, rows[0], np.s_[:])).values, atol=0.02)


def test_a_region_is_its_cells():
    stmap = make_map(true_rises())
    before = cut_slices(stmap)
    wave = np.sin(2 * np.pi * 1.2 * np.arange(COLUMNS) / RATE_HZ)
    for row, region in enumerate(REGIONS):
        values = stmap.values.copy()
        # U and V take no part in finding the beats, so nothing else may move.
        values[1, list(rows_of_region(region))] += wave.astype(np.float32)
        moved = np.abs(cut_slices(replace(stmap, values=values)).values - before.values).max(axis=(0, 3)) > 1e-4
        assert np.argwhere(moved).tolist() == [[1, row]]


def test_a_channel_is_its_channel():
    stmap = make_map(true_rises(1.2, 0.03))
    before = cut_slices(stmap)
    for channel in (1, 2):
        values = stmap.values.copy()
        values[channel] *= 2
        after = cut_slices(replace(stmap, values=values)).values
        np.testing.assert_allclose(after[:, channel], 2 * before.values[:, channel], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(np.delete(after, channel, 1), np.delete(before.values, channel, 1))


def test_slices_are_the_quarters_of_the_beats_in_order():
    stmap = make_map(true_rises())
    before = cut_slices(stmap)
    count = len(before.rises_s)
    part = np.arange(count) * SLICES // count
    for number in range(SLICES):
        # From the first beat of a quarter to where the next quarter's first beat begins to be read.
        from_s = before.rises_s[part == number][0] - BEFORE_RISE / before.rate_hz
        until_s = from_s + (part == number).sum() / before.rate_hz
        inside = (stmap.time_s - 3.0 > from_s + 0.1) & (stmap.time_s - 3.0 < until_s - 0.1)
        values = stmap.values.copy()
        values[1, :, inside] *= 3  # U takes no part in finding the beats
        after = cut_slices(replace(stmap, values=values))
        np.testing.assert_array_equal(after.rises_s, before.rises_s)
        changed = np.abs(after.values - before.values).max(axis=(2, 3)) / np.abs(before.values).max()
        assert changed[number, 1] > 0.2
        assert np.delete(changed, number, axis=0).max() < 0.05, "cells' weights change a little, nothing else"
        assert not np.delete(changed, 1, axis=1).any()


def test_strength_of_the_map_changes_nothing_but_its_height():
    strong = make_map(true_rises(), strength=1.0, noise=0.3)
    weak = replace(strong, values=strong.values * 0.05)
    one, other = cut_slices(strong), cut_slices(weak)
    np.testing.assert_allclose(other.values, 0.05 * one.values, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(other.weight, one.weight, rtol=1e-3)
    np.testing.assert_allclose(other.rises_s, one.rises_s, atol=1e-6)


@pytest.mark.parametrize("columns", [30, 150, MIN_COLUMNS, COLUMNS])
def test_a_map_of_noise_gives_finite_slices(columns):
    for seed in range(5):
        slices = cut_slices(make_map(true_rises(), noise=1.0, strength=0.0, columns=columns, seed=seed))
        assert np.isfinite(slices.values).all()
        assert np.isfinite(slices.weight).all()
        assert (slices.weight >= 0).all()


@pytest.mark.parametrize("columns", [60, MIN_COLUMNS, COLUMNS])
def test_nothing_measured_or_nothing_moving_gives_nothing(columns):
    stmap = make_map(true_rises(), columns=columns)
    assert_empty(cut_slices(hide(stmap, np.s_[:], np.s_[:])))
    assert_empty(cut_slices(hide(stmap, np.s_[:], np.s_[:], 1e6)))
    assert_empty(cut_slices(replace(stmap, values=np.zeros_like(stmap.values))))


def test_a_map_of_three_beats_gives_nothing():
    stmap = make_map(true_rises(), columns=int(3.9 * RATE_HZ / 1.2))
    assert_empty(cut_slices(stmap))


def test_no_beat_seen_whole_gives_nothing():
    stmap = make_map(true_rises())
    mask = np.ones_like(stmap.mask)
    mask[:, ::12] = False
    assert_empty(cut_slices(replace(stmap, mask=mask, values=np.where(mask, stmap.values, np.nan))))
