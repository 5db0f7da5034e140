"""The STMap keeps its written specification."""

from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bpdemo.regions import CELLS
from bpdemo.stmap import (
    CHANNELS,
    COLUMNS,
    RATE_HZ,
    build_stmap,
    load_stmap,
    place_windows,
    project_pos,
    resample,
    save_stmap,
    specification,
)

GOLDEN = Path(__file__).parent / "golden" / "stmap_v1.npz"
SKIN = np.array([180.0, 130.0, 110.0])
BLOOD = np.array([0.33, 0.77, 0.53])


def face_colours(time_s, rate_hz=1.2, strength=0.01, noise=0.0, seed=0):
    """Colours [frames, cells, 3] of a face whose skin darkens with a beat of two harmonics."""
    beat = np.sin(2 * np.pi * rate_hz * time_s) + 0.4 * np.sin(4 * np.pi * rate_hz * time_s + 0.8)
    tone = 1 + 0.1 * np.cos(np.arange(len(CELLS)))
    colours = SKIN * tone[:, None] * (1 - strength * beat[:, None, None] * BLOOD)
    return colours + np.random.default_rng(seed).normal(0, noise, colours.shape) if noise else colours


def map_of(time_s, colours, *window):
    return build_stmap(resample(time_s, colours, *window))


def frame_times(rate_hz=30.0, duration_s=15.2):
    return np.arange(int(duration_s * rate_hz)) / rate_hz


TIME_S = frame_times()


def relative(stmap):
    """Values in relative units, the common scale undone."""
    return stmap.values * stmap.scale


def deviation(values, reference):
    """RMS difference of two maps over the RMS of the second, a second at either end apart."""
    inner = np.s_[:, :, 30:-30]
    return (values[inner] - reference[inner]).std() / reference[inner].std()


def peak_hz(row):
    spectrum = np.abs(np.fft.rfft((row - row.mean()) * np.hanning(len(row)), 2**14))
    return np.argmax(spectrum) * RATE_HZ / 2**14


def test_golden_map():
    """Anything that changes the map's values needs a new version number."""
    time_s = frame_times(25.0)
    stmap = map_of(time_s, face_colours(time_s, 1.1) + 5 * np.sin(0.9 * time_s)[:, None, None])
    golden = np.load(GOLDEN)
    assert specification()["version"] == golden["version"]
    np.testing.assert_allclose(stmap.values[:, ::7, ::9], golden["values"], atol=2e-3)
    assert stmap.scale == pytest.approx(float(golden["scale"]), rel=1e-4)


def test_shape_channels_and_axes():
    stmap = map_of(TIME_S, face_colours(TIME_S))
    assert stmap.values.shape == (len(CHANNELS), len(CELLS), COLUMNS) == (4, len(CELLS), 450)
    assert stmap.values.dtype == np.float32
    assert stmap.mask.all()
    np.testing.assert_allclose(np.diff(stmap.time_s), 1 / 30)
    assert stmap.cells == tuple(cell.name for cell in CELLS)
    assert stmap.regions == tuple(cell.region for cell in CELLS)


def test_columns_are_time():
    stmap = map_of(TIME_S, face_colours(TIME_S, 1.2))
    for channel in range(4):
        for row in stmap.values[channel]:
            assert peak_hz(row) == pytest.approx(1.2, abs=0.02)


def test_a_row_is_its_cell():
    plain = face_colours(TIME_S)
    for painted in (0, 13, len(CELLS) - 1):
        colours = plain.copy()
        colours[:, painted] *= 1 + 0.02 * np.sin(2 * np.pi * 2.7 * TIME_S)[:, None]
        change = np.abs(relative(map_of(TIME_S, colours)) - relative(map_of(TIME_S, plain)))
        moved = change[0].max(axis=1) > 1e-6
        assert moved.nonzero()[0].tolist() == [painted]


def test_known_change_has_known_size():
    """A 1 % swing of all channels is a 1 % swing of Y and none of T; T rises with the blood."""
    light = 1 + 0.01 * np.sin(2 * np.pi * 1.5 * TIME_S)
    pulse = 1 - 0.01 * np.sin(2 * np.pi * 2.3 * TIME_S)[:, None] * BLOOD
    colours = np.broadcast_to((SKIN * light[:, None] * pulse)[:, None], (len(TIME_S), len(CELLS), 3))
    values = relative(map_of(TIME_S, colours))[:, 0]

    def amplitude(channel, rate_hz):
        turn = np.exp(-2j * np.pi * rate_hz * np.arange(COLUMNS) / RATE_HZ) * np.hanning(COLUMNS)
        return 2 * (values[channel] @ turn) / np.hanning(COLUMNS).sum()

    assert abs(amplitude(0, 1.5)) == pytest.approx(0.01, rel=0.03)
    assert abs(amplitude(3, 1.5)) < 1e-4
    # Blood darkens: luma falls while T rises.
    assert abs(amplitude(3, 2.3)) > 0.004
    assert np.cos(np.angle(amplitude(3, 2.3)) - np.angle(amplitude(0, 2.3))) < -0.99


def test_amplitudes_between_cells_survive():
    colours = face_colours(TIME_S, strength=0.004)
    strong = face_colours(TIME_S, strength=0.008)
    colours[:, 5] = strong[:, 5]
    height = map_of(TIME_S, colours).values[3].std(axis=1)
    assert height[5] / height[4] == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("rate_hz", [20.0, 24.0, 25.0, 50.0, 60.0, 120.0])
def test_frame_rate_leaves_the_map_alone(rate_hz):
    reference_s, time_s = frame_times(30.0), frame_times(rate_hz)
    reference = relative(map_of(reference_s, face_colours(reference_s)))
    other = relative(map_of(time_s, face_colours(time_s)))
    assert deviation(other, reference) < 0.01


def test_variable_intervals_leave_the_map_alone():
    rng = np.random.default_rng(1)
    reference_s = frame_times()
    time_s = np.sort(reference_s + rng.uniform(-0.012, 0.012, len(reference_s)))
    time_s = np.delete(time_s, rng.choice(len(time_s) - 2, 40, replace=False) + 1)
    reference = relative(map_of(reference_s, face_colours(reference_s)))
    other = relative(map_of(time_s, face_colours(time_s)))
    assert deviation(other, reference) < 0.03


def test_gap_is_masked_and_not_filled():
    keep = (TIME_S < 6.0) | (TIME_S > 6.5)
    stmap = map_of(TIME_S[keep], face_colours(TIME_S)[keep])
    inside = (stmap.time_s > 6.0) & (stmap.time_s < 6.5)
    assert not stmap.mask[:, inside].any()
    assert np.isnan(stmap.values[:, :, inside]).all()
    assert stmap.mask[:, ~inside].mean() > 0.99
    assert np.isfinite(stmap.values[:, stmap.mask]).all()


def test_short_gap_is_not_masked():
    keep = (TIME_S < 6.0) | (TIME_S > 6.15)
    assert map_of(TIME_S[keep], face_colours(TIME_S)[keep]).mask.all()


def test_hidden_cell_is_masked_alone():
    colours = face_colours(TIME_S)
    colours[:, 3] = np.nan
    colours[100:140, 8] = np.nan
    stmap = map_of(TIME_S, colours)
    assert not stmap.mask[3].any()
    assert 0.85 < stmap.mask[8].mean() < 0.95
    assert stmap.mask[[row for row in range(len(CELLS)) if row not in (3, 8)]].all()


def test_nothing_seen_is_nothing_measured():
    stmap = map_of(TIME_S, np.full((len(TIME_S), len(CELLS), 3), np.nan))
    assert not stmap.mask.any()
    assert np.isnan(stmap.values).all()


def test_slow_light_is_removed_and_values_are_bounded():
    drift = face_colours(TIME_S) * (1 + 0.2 * np.sin(2 * np.pi * 0.05 * TIME_S))[:, None, None]
    still = relative(map_of(TIME_S, face_colours(TIME_S)))[3, :, 45:-45]
    assert np.abs(relative(map_of(TIME_S, drift))[3, :, 45:-45] - still).max() < 0.1 * still.std()
    flash = face_colours(TIME_S)
    flash[200:203] *= 1.8
    assert np.nanmax(np.abs(map_of(TIME_S, flash).values)) <= 20


def test_a_window_does_not_depend_on_its_place():
    time_s = frame_times(30.0, 40.0)
    stmap = map_of(time_s, face_colours(time_s, 1.0), 10.0, 25.0)
    assert stmap.time_s[0] == pytest.approx(10.0)
    assert stmap.values.shape[2] == COLUMNS
    # 1 Hz repeats every second, so windows ten seconds apart see the same (their neighbours in time differ a little).
    first = map_of(time_s, face_colours(time_s, 1.0), 5.0, 20.0)
    np.testing.assert_allclose(relative(stmap), relative(first), atol=1e-6)


@pytest.mark.parametrize(
    ("duration_s", "windows"),
    [(9.4, []), (9.5, [(0, 9.5)]), (15.0, [(0, 15)]), (16.9, [(0, 15)]), (25.0, [(0, 15), (5, 20), (10, 25)])],
)
def test_windows(duration_s, windows):
    assert place_windows(duration_s) == windows


def test_windows_cover_a_long_clip():
    for step_s, count in ((5.0, 6), (15.0, 3)):
        windows = place_windows(40.0, step_s)
        assert len(windows) == count
        assert windows[0][0] == 0
        assert windows[-1][1] == pytest.approx(40.0)
        assert all(end - start == pytest.approx(15) for start, end in windows)
        assert all(later[0] - earlier[0] <= step_s for earlier, later in pairwise(windows))
    assert len(place_windows(300.0)) == 58


def test_pos_ignores_light_and_sees_blood():
    time_s = np.arange(450) / RATE_HZ
    wave = np.sin(2 * np.pi * 1.3 * time_s)
    light = project_pos(np.repeat(1 + 0.01 * wave[:, None], 3, axis=1))
    blood = project_pos(1 - 0.01 * wave[:, None] * BLOOD)
    assert np.abs(light).max() < 1e-9
    assert np.corrcoef(blood, wave)[0, 1] > 0.99


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="colours must be"):
        map_of(np.arange(5), np.zeros((4, len(CELLS), 3)))


def test_saved_map_has_every_field(tmp_path):
    time_s = frame_times(30.0, 10.0)
    stmap = map_of(time_s, face_colours(time_s), 0.0, 10.0)
    with (tmp_path / "map.npz").open("wb") as file:
        save_stmap(file, stmap)
    with np.load(tmp_path / "map.npz") as saved:
        np.testing.assert_array_equal(saved["stmap"], stmap.values)
        np.testing.assert_array_equal(saved["mask"], stmap.mask)
        assert saved["stmap"].shape == (4, len(CELLS), 300)
        assert saved["cells"].tolist() == [cell.name for cell in CELLS]
        assert saved["regions"].tolist() == [cell.region for cell in CELLS]
        assert len(saved["time_s"]) == 300
        assert int(saved["version"]) == 1
    loaded = load_stmap(tmp_path / "map.npz")
    for field in fields(loaded):
        np.testing.assert_array_equal(getattr(loaded, field.name), getattr(stmap, field.name))


@pytest.mark.parametrize(("share", "measured"), [(0.4, False), (0.6, True)])
def test_a_row_seen_for_less_than_half_of_the_window_is_not_measured_at_all(share, measured):
    colours = face_colours(TIME_S)
    colours[15 * share < TIME_S, 4] = np.nan
    stmap = map_of(TIME_S, colours)
    assert stmap.mask[4].any() == np.isfinite(stmap.values[:, 4]).any() == measured
    assert stmap.mask[5].all()
