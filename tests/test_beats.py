"""Beats are found and averaged: judged by maps whose every beat is known."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from bpdemo.beats import (
    BEFORE_UPSTROKE,
    MEAN_BEATS,
    POINTS,
    VERSION,
    average_beats,
    average_regions,
    find_beats,
    specification,
)
from bpdemo.regions import CELLS, REGIONS, rows_of_region
from bpdemo.spectrum import heart_rate_hz
from bpdemo.stmap import CHANNELS, COLUMNS, RATE_HZ, STMap

GOLDEN = Path(__file__).parent / "golden" / "beats_v2.npz"
MIN_COLUMNS = 285
T, Y = CHANNELS.index("T"), CHANNELS.index("Y")
GAINS = {"Y": -0.8, "U": 0.3, "V": -0.4, "T": 1.0}  # blood darkens the skin
TONES = 1 + 0.3 * np.cos(np.arange(len(CELLS)))  # some cells beat more strongly than others


def beat(phase):
    """A pulse of mean 0; phase in periods from its steepest rise, which is that of each large harmonic too."""
    turn = 2 * np.pi * np.asarray(phase)
    return np.sin(turn) + 0.5 * np.sin(2 * turn) + 0.2 * np.sin(3 * turn) + 0.1 * np.cos(4 * turn)


def true_upstrokes(rate_hz=1.2, jitter=0.0, columns=COLUMNS, seed=0):
    """Seconds from the map's start, from before it to after its end."""
    periods = (1 + jitter * np.random.default_rng(seed).standard_normal(80)) / rate_hz
    return np.cumsum(periods) - 2.6 / rate_hz


def make_map(beats_s, noise=0.3, columns=COLUMNS, seed=1, strength=1.0):
    """A map [4, cells, columns] whose cells beat with `beats_s`, and no two with the same noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(columns) / RATE_HZ
    wave = beat(PchipInterpolator(beats_s, np.arange(len(beats_s)))(time_s))
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


def mean_beats(stmap):
    """Find the beats in the mean of all cells and average them, as `pulse` and `window` do."""
    wave, luma = (trace_of(stmap, channel) for channel in (T, Y))
    rate_hz = heart_rate_hz(wave)
    beats_s = stmap.time_s[0] + find_beats(wave, luma, rate_hz) / RATE_HZ
    return average_beats(stmap, SimpleNamespace(rate_hz=rate_hz, beats_s=beats_s))


def trace_of(stmap, channel):
    values = np.where(stmap.mask, np.nan_to_num(stmap.values[channel], posinf=0, neginf=0), 0)
    count = stmap.mask.sum(axis=0)
    known = np.flatnonzero(count)
    mean = values.sum(axis=0) / np.maximum(count, 1)
    return np.interp(np.arange(len(mean)), known, mean[known]) if known.size else np.zeros(len(mean))


def likeness(row, shape):
    return np.corrcoef(row, shape)[0, 1]


TRUE_SHAPE = beat(np.linspace(0, 1, POINTS) - BEFORE_UPSTROKE)


def assert_same(one, other):
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.weight, other.weight)
    np.testing.assert_array_equal(one.beats_s, other.beats_s)


def assert_empty(beats):
    assert not beats.measured
    assert not beats.weight.any()
    assert not beats.values.any()
    assert np.isfinite(beats.rate_hz)


def test_golden_slices():
    """Anything that changes the beats' values needs a new version number."""
    stmap = hide(make_map(true_upstrokes(1.1, 0.03), noise=0.5), np.s_[4], np.s_[100:140])
    beats, golden = mean_beats(stmap), np.load(GOLDEN)
    assert int(golden["version"]) == VERSION
    np.testing.assert_allclose(beats.values[:, :, ::2, ::5], golden["values"], atol=1e-4)
    np.testing.assert_allclose(beats.weight, golden["weight"], atol=1e-4)
    np.testing.assert_allclose(beats.beats_s, golden["beats_s"], atol=1e-4)


def test_specification_is_json_and_names_the_version():
    assert json.loads(json.dumps(specification())) == specification()
    assert specification()["version"] == VERSION
    assert (specification()["mean_beats"], specification()["points"]) == (MEAN_BEATS, POINTS)


def test_shapes_and_units():
    beats = mean_beats(make_map(true_upstrokes()))
    assert beats.values.shape == (MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS) == (4, 4, 6, 48)
    assert beats.values.dtype == beats.weight.dtype == np.float32
    assert beats.weight.shape == (4, 6)
    assert beats.weight.mean() == pytest.approx(1.0)
    assert beats.rate_hz == pytest.approx(1.2, abs=0.01)
    np.testing.assert_allclose(beats.values.mean(axis=-1), 0, atol=1e-5)
    assert beats.time_s[0] == pytest.approx(-BEFORE_UPSTROKE / beats.rate_hz)
    assert beats.time_s[-1] - beats.time_s[0] == pytest.approx(1 / beats.rate_hz)


@pytest.mark.parametrize("rate_hz", [0.75, 1.0, 1.4, 2.2, 3.0])
@pytest.mark.parametrize("columns", [MIN_COLUMNS, COLUMNS])
def test_every_beat_is_found_where_it_rises(rate_hz, columns):
    beats_s = true_upstrokes(rate_hz, 0.03)
    found_s = mean_beats(make_map(beats_s, columns=columns)).beats_s - 3.0
    away_s = np.abs(found_s[:, None] - beats_s).min(axis=1)
    assert np.sqrt((away_s**2).mean()) < 0.010
    whole = (beats_s > 0.25 / rate_hz) & (beats_s < columns / RATE_HZ - 0.85 / rate_hz)
    assert len(found_s) == pytest.approx(whole.sum(), abs=1)
    assert (np.diff(found_s) > 0.5 / rate_hz).all()


@pytest.mark.parametrize("artefact_s", [0.3, 14.0])
def test_an_upstroke_at_an_edge_that_is_out_of_step_is_no_beat(artefact_s):
    """As a filter leaves one where no heart beat: it is neither published nor averaged."""
    time_s = np.arange(COLUMNS) / RATE_HZ
    true_s = np.arange(1.1, 14.0, 1.1)
    there = (time_s > true_s[0] - 0.35) & (time_s < true_s[-1] + 0.5)
    wave = np.where(there, beat((time_s - true_s[0]) / 1.1), 0)
    wave += 2 * np.exp(-0.5 * ((time_s - artefact_s - 0.1) / 0.1) ** 2)
    found_s = find_beats(wave, -wave, 1 / 1.1) / RATE_HZ
    np.testing.assert_allclose(found_s, true_s, atol=0.05)


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("rate_hz", [0.75, 1.2, 2.0])
def test_slices_have_the_shape_of_the_beat_and_jitter_does_not_blur_it(rate_hz, jitter):
    *rows, whole = average_regions(mean_beats(make_map(true_upstrokes(rate_hz, jitter))))
    for row in rows:
        assert likeness(row[T], TRUE_SHAPE) > 0.99
        assert likeness(row[Y], TRUE_SHAPE) < -0.99
    for channel, name in enumerate(CHANNELS):
        assert np.sign(GAINS[name]) * likeness(whole[channel], TRUE_SHAPE) > 0.99
    height = np.ptp(whole[T]) / np.ptp(TRUE_SHAPE)
    assert height == pytest.approx(TONES.mean(), rel=0.04), "a blurred beat is lower"


def test_amplitudes_of_channels_and_regions_survive():
    beats = mean_beats(make_map(true_upstrokes(), noise=0.05))
    height = np.ptp(beats.values, axis=-1).mean(axis=0)
    for channel, name in enumerate(CHANNELS):
        np.testing.assert_allclose(height[channel] / height[T], abs(GAINS[name]), rtol=0.05)
    for row, region in enumerate(REGIONS):
        strengths = TONES[list(rows_of_region(region))]
        assert strengths.min() < height[T, row] / np.ptp(TRUE_SHAPE) < strengths.max()


@pytest.mark.parametrize("held", [np.nan, np.inf, 1e6, -20.0])
def test_what_was_not_measured_contributes_nothing(held):
    stmap = make_map(true_upstrokes(1.2, 0.03))
    for rows, columns in ((np.s_[3], np.s_[:]), (np.s_[8:11], np.s_[100:140]), (np.s_[:], np.s_[200:220])):
        assert_same(mean_beats(hide(stmap, rows, columns, held)), mean_beats(hide(stmap, rows, columns, 0.0)))


def test_beats_in_a_gap_are_left_out_and_the_others_stay():
    stmap = make_map(true_upstrokes(1.2, 0.03))
    beats = mean_beats(hide(stmap, np.s_[:], np.s_[200:215]))
    assert beats.weight.all()
    for row, plain in zip(average_regions(beats), average_regions(mean_beats(stmap)), strict=True):
        assert likeness(row[T], TRUE_SHAPE) > 0.99
        assert np.ptp(row[T]) == pytest.approx(np.ptp(plain[T]), rel=0.05)


@pytest.mark.parametrize("region", REGIONS)
def test_weight_is_0_exactly_where_nothing_was_measured(region):
    stmap, row = make_map(true_upstrokes()), REGIONS.index(region)
    hidden = mean_beats(hide(stmap, list(rows_of_region(region)), np.s_[:]))
    assert not hidden.weight[:, row].any()
    assert not hidden.values[:, :, row].any()
    assert np.delete(hidden.weight, row, axis=1).all()
    # The third quarter of the time only.
    part = mean_beats(hide(stmap, list(rows_of_region(region)), np.s_[COLUMNS // 2 - 40 : 3 * COLUMNS // 4 + 40]))
    assert (part.weight[:, row] > 0).tolist() == [True, True, False, True]
    assert not part.values[2, :, row].any()
    assert np.delete(part.weight, row, axis=1).all()


def test_quieter_cells_and_regions_weigh_more():
    stmap = make_map(true_upstrokes(), noise=0.3)
    loud = stmap.values.copy()
    rows, others = list(rows_of_region("nose")), list(rows_of_region("chin"))
    rng = np.random.default_rng(5)
    loud[:, rows] += 2.0 * rng.standard_normal(loud[:, rows].shape)
    # In one region half of the cells are so loud that their plain mean would be lost.
    few = others[: len(others) // 2]
    loud[:, few] += 3.0 * rng.standard_normal(loud[:, few].shape)
    plain, beats = mean_beats(stmap), mean_beats(replace(stmap, values=loud))
    nose, chin = REGIONS.index("nose"), REGIONS.index("chin")
    assert (beats.weight[:, nose] < 0.2 * beats.weight[:, REGIONS.index("left_cheek")]).all()
    assert likeness(beats.values[:, T, chin].mean(axis=0), TRUE_SHAPE) > 0.99
    average = lambda off: np.sqrt((off**2).mean())  # noqa: E731
    off = average(beats.values[:, T, chin] - plain.values[:, T, chin])
    assert off < 0.35 * 3.0 / np.sqrt(len(few) * len(beats.beats_s) / MEAN_BEATS), "as far off as an even mean"


def test_a_cell_that_never_changes_is_no_quiet_cell():
    stmap = make_map(true_upstrokes())
    values = stmap.values.copy()
    rows = list(rows_of_region("forehead"))
    values[:, rows[0]] = 0
    dead = mean_beats(replace(stmap, values=values))
    np.testing.assert_allclose(dead.values, mean_beats(hide(stmap, rows[0], np.s_[:])).values, atol=0.02)


def test_a_region_is_its_cells():
    stmap = make_map(true_upstrokes())
    before = mean_beats(stmap)
    wave = np.sin(2 * np.pi * 1.2 * np.arange(COLUMNS) / RATE_HZ)
    for row, region in enumerate(REGIONS):
        values = stmap.values.copy()
        # U and V take no part in finding the beats, so nothing else may move.
        values[1, list(rows_of_region(region))] += wave.astype(np.float32)
        moved = np.abs(mean_beats(replace(stmap, values=values)).values - before.values).max(axis=(0, 3)) > 1e-4
        assert np.argwhere(moved).tolist() == [[1, row]]


def test_a_channel_is_its_channel():
    stmap = make_map(true_upstrokes(1.2, 0.03))
    before = mean_beats(stmap)
    for channel in (1, 2):
        values = stmap.values.copy()
        values[channel] *= 2
        after = mean_beats(replace(stmap, values=values)).values
        np.testing.assert_allclose(after[:, channel], 2 * before.values[:, channel], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(np.delete(after, channel, 1), np.delete(before.values, channel, 1))


def test_slices_are_the_quarters_of_the_beats_in_order():
    stmap = make_map(true_upstrokes())
    before = mean_beats(stmap)
    count = len(before.beats_s)
    part = np.arange(count) * MEAN_BEATS // count
    for number in range(MEAN_BEATS):
        # From the first beat of a quarter to where the next quarter's first beat begins to be read.
        from_s = before.beats_s[part == number][0] - BEFORE_UPSTROKE / before.rate_hz
        until_s = from_s + (part == number).sum() / before.rate_hz
        inside = (stmap.time_s > from_s + 0.1) & (stmap.time_s < until_s - 0.1)
        values = stmap.values.copy()
        values[1, :, inside] *= 3  # U takes no part in finding the beats
        after = mean_beats(replace(stmap, values=values))
        np.testing.assert_array_equal(after.beats_s, before.beats_s)
        changed = np.abs(after.values - before.values).max(axis=(2, 3)) / np.abs(before.values).max()
        assert changed[number, 1] > 0.2
        assert np.delete(changed, number, axis=0).max() < 0.05, "cells' weights change a little, nothing else"
        assert not np.delete(changed, 1, axis=1).any()


def test_strength_of_the_map_changes_nothing_but_its_height():
    strong = make_map(true_upstrokes(), strength=1.0, noise=0.3)
    weak = replace(strong, values=strong.values * 0.05)
    one, other = mean_beats(strong), mean_beats(weak)
    np.testing.assert_allclose(other.values, 0.05 * one.values, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(other.weight, one.weight, rtol=1e-3)
    np.testing.assert_allclose(other.beats_s, one.beats_s, atol=1e-6)


@pytest.mark.parametrize("columns", [30, 150, MIN_COLUMNS, COLUMNS])
def test_a_map_of_noise_gives_finite_slices(columns):
    for seed in range(5):
        beats = mean_beats(make_map(true_upstrokes(), noise=1.0, strength=0.0, columns=columns, seed=seed))
        assert np.isfinite(beats.values).all()
        assert np.isfinite(beats.weight).all()
        assert (beats.weight >= 0).all()


@pytest.mark.parametrize("columns", [60, MIN_COLUMNS, COLUMNS])
def test_nothing_measured_or_nothing_moving_gives_nothing(columns):
    stmap = make_map(true_upstrokes(), columns=columns)
    assert_empty(mean_beats(hide(stmap, np.s_[:], np.s_[:])))
    assert_empty(mean_beats(hide(stmap, np.s_[:], np.s_[:], 1e6)))
    assert_empty(mean_beats(replace(stmap, values=np.zeros_like(stmap.values))))


def test_a_map_of_three_beats_gives_nothing():
    stmap = make_map(true_upstrokes(), columns=int(3.9 * RATE_HZ / 1.2))
    assert_empty(mean_beats(stmap))


def test_no_beat_seen_whole_gives_nothing():
    stmap = make_map(true_upstrokes())
    mask = np.ones_like(stmap.mask)
    mask[:, ::12] = False
    assert_empty(mean_beats(replace(stmap, mask=mask, values=np.where(mask, stmap.values, np.nan))))
