"""What is drawn of a window keeps its size in %, its gaps and its time, whatever else is in the map."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.figures.shown import SHOWN_FLOOR, colour_table, pulse_strength, shown_beats, shown_map
from bpdemo.pulse import measure_pulse
from bpdemo.regions import CELLS, LUMA
from bpdemo.stmap import CHANNELS, STMap, resample
from bpdemo.window import Window

COLUMNS, RATE_HZ = 450, 1.2
TIME_S = np.arange(COLUMNS) / 30
STRENGTHS = np.linspace(0.1, 1.0, len(CELLS))  # %, of the cells
T = CHANNELS.index("T")


def sine(frequency_hz):
    return np.sin(2 * np.pi * frequency_hz * TIME_S)


def make_map(percent, mask=None):
    """A map of rows [cells, columns] in %, the same in all channels."""
    mask = np.ones(percent.shape, bool) if mask is None else mask
    scale = 0.002
    values = np.where(mask, percent / (100 * scale), np.nan).astype(np.float32)
    names, regions = zip(*((cell.name, cell.region) for cell in CELLS), strict=True)
    return STMap(np.stack([values] * 4), mask, TIME_S, scale, names, regions)


@pytest.fixture(scope="module")
def pulse():
    wave = 0.01 * sine(RATE_HZ)[:, None, None] * np.array((0.3, 0.8, 0.5))
    colours = np.array((150.0, 110.0, 90.0)) * (1 - wave) * np.ones((1, len(CELLS), 1))
    made = measure_pulse(resample(TIME_S, colours))
    assert made is not None
    assert made.rate_hz == pytest.approx(RATE_HZ, abs=0.01)
    return made


def make_window(stmap, pulse):
    return Window(0.0, 15.0, stmap, pulse, None, None, (), (), True)


def test_the_shown_map_keeps_the_pulse_in_percent_and_loses_drift_and_flicker():
    pulse = STRENGTHS[:, None] * sine(RATE_HZ)
    shown = shown_map(make_map(pulse + 0.5 * sine(0.2) + 0.5 * sine(8.0)))
    inner = slice(60, -60)  # the filter's ends
    for channel in shown.filtered:
        np.testing.assert_allclose(channel[:, inner], pulse[:, inner], atol=0.08)
    np.testing.assert_allclose(shown.unfiltered[T], pulse + 0.5 * sine(0.2) + 0.5 * sine(8.0), atol=1e-5)


def test_what_was_not_measured_is_not_shown_and_does_not_leak_over_a_gap():
    mask = np.ones((len(CELLS), COLUMNS), bool)
    mask[0], mask[1, 200:230] = False, False
    rows = np.tile(0.5 * sine(RATE_HZ), (len(CELLS), 1))
    rows[1, 230:] += 50.0  # as after a change of the light
    shown = shown_map(make_map(rows, mask))
    for values in (*shown.filtered, *shown.unfiltered):
        np.testing.assert_array_equal(np.isfinite(values), mask)
    assert np.abs(shown.filtered[T][1][mask[1]]).max() < 1.0


def test_colours_brighten_all_the_way_and_no_change_is_dark():
    table = colour_table()
    assert (table.shape, table.dtype) == ((256, 3), np.uint8)
    brightness = table @ LUMA
    assert (np.diff(brightness) > -1).all()
    no_change = round(255 * -SHOWN_FLOOR / (1 - SHOWN_FLOOR))
    assert brightness[no_change] < 0.2 * brightness[-1]


def test_pulse_strength_is_each_cells_own_in_percent(pulse):
    mask = np.ones((len(CELLS), COLUMNS), bool)
    mask[0], mask[1, 100:150] = False, False
    waves = STRENGTHS[:, None] * sine(RATE_HZ) + 0.4 * sine(0.5) + 0.4 * sine(6.0)
    strength = pulse_strength(make_window(make_map(waves, mask), pulse))
    assert np.isnan(strength[0])
    np.testing.assert_allclose(strength[1:], STRENGTHS[1:], atol=0.03)


def test_without_a_pulse_there_is_no_strength():
    waves = STRENGTHS[:, None] * sine(RATE_HZ)
    assert np.isnan(pulse_strength(make_window(make_map(waves), None))).all()


def test_shown_beats_lie_over_each_other_around_their_upstrokes(pulse):
    shown = shown_beats(pulse)
    assert 14 <= len(shown.beats) <= len(pulse.beats_s)
    expected = 100 * pulse.amplitude * np.sin(2 * np.pi * RATE_HZ * shown.time_s)
    np.testing.assert_allclose(shown.mean, expected, atol=0.1 * expected.max())
    np.testing.assert_allclose(shown.beats.mean(axis=0), shown.mean)
    assert shown.time_s[0] < -0.2
    assert shown.time_s[-1] == pytest.approx(0.9 / RATE_HZ, rel=0.01)


def test_beats_cut_off_by_the_window_do_not_count(pulse):
    whole = pulse.beats_s[5:8]
    ends = [pulse.time_s[0], pulse.time_s[-1]]
    assert len(shown_beats(replace(pulse, beats_s=np.array([*whole, *ends]))).beats) == 3
    assert shown_beats(replace(pulse, beats_s=np.array([*whole[:2], *ends]))) is None
