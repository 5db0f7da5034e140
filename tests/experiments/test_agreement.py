"""Maps are drawn for training and read out of clips by the demo; both ways give the same map, and faults would show."""

import numpy as np
import pytest

from bpdemo.stmap import RATE_HZ, build_stmap, resample
from bpdemo.synthesis.scenes import Scene
from experiments.agreement import TOLERANCES, compare_maps, departures, draw_colours, film, mean_beat

pytestmark = pytest.mark.exhaustive

DURATION_S = 10.0


def map_of(time_s, colours, start_s=0.0):
    return build_stmap(resample(time_s, colours, start_s, DURATION_S))


@pytest.fixture(scope="module")
def drawn():
    """Times, cell colours and feet of the beats of one capture."""
    return draw_colours(0, DURATION_S + 0.2)


@pytest.fixture(scope="module")
def phone(drawn, tmp_path_factory):
    """The map of a clip with these colours, H.264 at a high bit rate, read as the demo reads clips."""
    return read_map(tmp_path_factory.mktemp("film") / "phone.mp4", drawn, codec="h264", bit_rate_kbps=4000)


def read_map(path, drawn, motion=0.0, **coding):
    scene = Scene(width=320, height=240, face_width=0.6, noise=1.0, motion=motion, **coding)
    traces = film(path, *drawn[:2], scene).traces
    np.testing.assert_allclose(traces.time_s, drawn[0], atol=1e-3)
    return map_of(traces.time_s, traces.colours)


def compare(time_s, colours, onsets_s, filmed):
    return compare_maps(map_of(time_s, colours), filmed, onsets_s)


def test_a_map_drawn_is_the_map_of_the_clip(drawn, phone):
    assert departures(compare(*drawn, phone), TOLERANCES["phone"]) == []


def test_a_map_drawn_is_the_map_of_a_browser_recording_of_a_moving_head(drawn, tmp_path):
    filmed = read_map(tmp_path / "browser.webm", drawn, codec="vp8", motion=0.01)
    assert departures(compare(*drawn, filmed), TOLERANCES["browser"]) == []


def swap_two_cells(time_s, colours):
    order = np.arange(colours.shape[1])
    order[[12, 13]] = 13, 12
    return time_s, colours[:, order]


FAULTS = {
    "two neighbouring cells swapped": swap_two_cells,
    "rows out of step": lambda time_s, colours: (time_s, np.roll(colours, 1, axis=1)),
    "blue for red": lambda time_s, colours: (time_s, colours[..., ::-1]),
    "green for red": lambda time_s, colours: (time_s, colours[..., [1, 0, 2]]),
    "one frame late": lambda time_s, colours: (time_s, np.roll(colours, -1, axis=0)),
    "one frame early": lambda time_s, colours: (time_s, np.roll(colours, 1, axis=0)),
    "a clock 1 % slow": lambda time_s, colours: (time_s * 1.01, colours),
    "upside down": lambda time_s, colours: (time_s, 2 * colours.mean(axis=0) - colours),
    "three quarters of the change": lambda time_s, colours: (time_s, colours + 0.33 * (colours - colours.mean(axis=0))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_between_the_two_ways_is_found(fault, drawn, phone):
    time_s, colours, onsets_s = drawn
    assert departures(compare(*FAULTS[fault](time_s, colours), onsets_s, phone), TOLERANCES["phone"])


def test_a_map_agrees_with_itself(drawn):
    stmap = map_of(*drawn[:2])
    found = compare_maps(stmap, stmap, drawn[2])
    np.testing.assert_allclose(found.correlation, 1)
    np.testing.assert_allclose(found.face_amplitude, 1)
    assert (found.own_rows, found.beat_difference) == (1, 0)
    np.testing.assert_array_equal(found.delay_s, 0)


def test_delay_and_amplitude_are_what_they_are(drawn):
    time_s, colours, onsets_s = drawn
    late = map_of(time_s + 0.02, colours.mean(axis=0) + 0.8 * (colours - colours.mean(axis=0)), 0.05)
    stmap = map_of(time_s, colours, 0.05)
    found = compare_maps(stmap, late, onsets_s)
    np.testing.assert_allclose(found.delay_s, 0.02, atol=0.003)
    np.testing.assert_allclose(np.median(found.amplitude[0]), 0.8, atol=0.06)


def test_mean_beat_of_a_regular_pulse():
    wave = np.sin(2 * np.pi * np.arange(300) / RATE_HZ)
    beat = mean_beat(wave, np.arange(11.0))
    np.testing.assert_allclose(beat, wave[:30], atol=1e-9)
