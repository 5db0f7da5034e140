from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import periodogram

from bpdemo.data.signals import Samples
from bpdemo.regions import CELLS
from bpdemo.stmap import COLUMNS, RATE_HZ
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, beat_error, render_colours, render_traces
from bpdemo.synthesis.pulses import cut_beats, synthesise_pulse
from bpdemo.window import read_window
from tests.support.small_ppg_bp import finger_pulse

BEATS = cut_beats(Samples.evenly(finger_pulse(72, 0.4, 8, 200.0), 200.0))


def a_capture(quality: str, seed: int):
    rng = np.random.default_rng(seed)
    pulse = synthesise_pulse(BEATS, 16.0, rng)
    return pulse, render_colours(pulse, QUALITIES[quality], rng)


def read(traces):
    return read_window(traces, MARGIN_S, MARGIN_S + 15)


def whole_face(traces) -> np.ndarray:
    return np.nanmean(read(traces).stmap.values[3], axis=0)


@pytest.mark.parametrize("quality", QUALITIES)
def test_colours_are_those_of_an_8_bit_camera(quality):
    _, traces = a_capture(quality, 0)
    assert traces.colours.shape == (len(traces.time_s), len(CELLS), 3)
    assert traces.time_s[0] == 0
    assert (np.diff(traces.time_s) > 0).all()
    assert traces.time_s[-1] >= 15.9
    seen = traces.colours[np.isfinite(traces.colours)]
    assert seen.min() >= 0
    assert seen.max() <= 255


def test_the_window_of_a_strong_capture_is_read_as_a_clips():
    window = read(render_traces(BEATS, QUALITIES["strong"], np.random.default_rng(0)))
    assert window.status == "reading"
    assert window.stmap.values.shape == (4, len(CELLS), COLUMNS)
    assert window.stmap.mask.all()
    assert window.heart_rate.value == pytest.approx(72, rel=0.1)
    strength = window.stmap.values[3].std(axis=1)
    assert strength.max() > 1.2 * strength.min(), "cells differ in strength"


@pytest.mark.slow
@pytest.mark.parametrize("quality", QUALITIES)
def test_captures_are_as_noisy_as_their_quality_says(quality):
    errors = []
    for seed in range(12):
        pulse, traces = a_capture(quality, seed)
        onsets = pulse.onsets_s[pulse.onsets_s >= MARGIN_S] - MARGIN_S
        errors.append(beat_error(whole_face(traces), RATE_HZ, onsets))
    low, high = QUALITIES[quality].beat_error
    assert 0.85 * low < np.median(errors) < 1.15 * high


def test_beat_error_measures_known_noise():
    rng = np.random.default_rng(0)
    rate, beats = 30.0, 40
    trace = np.tile(np.sin(2 * np.pi * np.arange(30) / 30), beats)
    assert beat_error(trace, rate, np.arange(1, beats - 1.0)) < 0.005
    noisy = trace + 0.4 * rng.standard_normal(len(trace))
    # White noise up to 15 Hz, of which the band keeps 7.3 Hz; 38 beats; the beat is 2 high.
    expected = 0.4 * np.sqrt(7.3 / 15) / np.sqrt(38) / 2
    assert beat_error(noisy, rate, np.arange(1, beats - 1.0)) == pytest.approx(expected, rel=0.25)


def test_the_pulse_in_the_map_is_the_pulse_that_was_rendered():
    for seed in range(4):
        pulse, traces = a_capture("strong", seed)
        frequency, power = periodogram(whole_face(traces), RATE_HZ, nfft=8192)
        near = (frequency > 0.7) & (frequency < 2)
        inside = pulse.onsets_s[(pulse.onsets_s > 0) & (pulse.onsets_s < 16)]
        rate_hz = (len(inside) - 1) / (inside[-1] - inside[0])
        assert frequency[near][np.argmax(power[near])] == pytest.approx(rate_hz, abs=0.03)


def test_more_blood_means_less_light_and_green_swings_most():
    # As in every camera: skin darkens with the systolic rise.
    still = dict.fromkeys(("beat_error", "light_drift", "movement", "cell_movement"), (0.0, 0.0))
    quality = replace(QUALITIES["strong"], **still)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        traces = render_colours(synthesise_pulse(BEATS, 16, rng), quality, rng)
        face = traces.colours.mean(axis=1)
        relative = face / face.mean(axis=0) - 1
        slope = np.diff(np.interp(np.arange(0, 16, 1 / 30), traces.time_s, relative[:, 1]))
        assert slope.min() < -slope.max()
        red, green, blue = np.ptp(relative, axis=0)
        assert green > max(red, blue)
        assert min(red, blue) > 0


def test_hidden_cells_are_masked_not_filled():
    hidden = []
    for seed in range(6):
        _, traces = a_capture("poor", seed)
        unseen = ~np.isfinite(traces.colours).all(axis=2)
        np.testing.assert_array_equal(traces.pixels == 0, unseen)
        hidden.append(unseen.any())
        stmap = read(traces).stmap
        assert np.isnan(stmap.values[:, ~stmap.mask]).all()
    assert any(hidden)


def test_a_rendering_follows_its_seed():
    first, second = (render_traces(BEATS, QUALITIES["standard"], np.random.default_rng(5)).colours for _ in range(2))
    np.testing.assert_array_equal(first, second)
