from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import periodogram

from bpdemo.data.registry import Recording
from bpdemo.regions import CELLS
from bpdemo.stmap import COLUMNS, RATE_HZ, build_stmap
from bpdemo.synthesis.maps import QUALITIES, beat_error, render_colours, render_map
from bpdemo.synthesis.pulses import cut_beats, synthesise_pulse
from tests.support.small_ppg_bp import finger_pulse

BEATS = cut_beats(Recording(finger_pulse(72, 0.4, 8, 200.0), 200.0))


def a_capture(quality: str, seed: int):
    rng = np.random.default_rng(seed)
    pulse = synthesise_pulse(BEATS, 16.0, rng)
    return pulse, *render_colours(pulse, QUALITIES[quality], rng)


def whole_face(time_s, colours) -> np.ndarray:
    stmap = build_stmap(time_s, colours, 0.5, 15.5)
    return np.nanmean(stmap.values[3], axis=0)


@pytest.mark.parametrize("quality", QUALITIES)
def test_colours_are_those_of_an_8_bit_camera(quality):
    _, time_s, colours = a_capture(quality, 0)
    assert colours.shape == (len(time_s), len(CELLS), 3)
    assert time_s[0] == 0
    assert (np.diff(time_s) > 0).all()
    assert time_s[-1] >= 15.9
    seen = colours[np.isfinite(colours)]
    assert seen.min() >= 0
    assert seen.max() <= 255


def test_map_is_the_demos_map():
    stmap = render_map(BEATS, QUALITIES["standard"], np.random.default_rng(0))
    assert stmap.values.shape == (4, len(CELLS), COLUMNS)
    assert stmap.mask.mean() > 0.8


@pytest.mark.parametrize("quality", QUALITIES)
def test_captures_are_as_noisy_as_their_quality_says(quality):
    errors = []
    for seed in range(12):
        pulse, time_s, colours = a_capture(quality, seed)
        onsets = pulse.onsets_s[pulse.onsets_s >= 0.5] - 0.5
        errors.append(beat_error(whole_face(time_s, colours), RATE_HZ, onsets))
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
        pulse, time_s, colours = a_capture("strong", seed)
        frequency, power = periodogram(whole_face(time_s, colours), RATE_HZ, nfft=8192)
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
        time_s, colours = render_colours(synthesise_pulse(BEATS, 16, rng), quality, rng)
        face = colours.mean(axis=1)
        relative = face / face.mean(axis=0) - 1
        slope = np.diff(np.interp(np.arange(0, 16, 1 / 30), time_s, relative[:, 1]))
        assert slope.min() < -slope.max()
        red, green, blue = np.ptp(relative, axis=0)
        assert green > max(red, blue)
        assert min(red, blue) > 0


def test_rows_differ_in_strength_and_delay():
    stmap = render_map(BEATS, QUALITIES["strong"], np.random.default_rng(3))
    strength = stmap.values[3].std(axis=1)
    assert strength.max() > 1.2 * strength.min()


def test_hidden_cells_are_masked_not_filled():
    masked = []
    for seed in range(6):
        _, time_s, colours = a_capture("poor", seed)
        hidden = ~np.isfinite(colours).all(axis=2)
        masked.append(hidden.any())
        stmap = build_stmap(time_s, colours, 0.5, 15.5)
        assert np.isnan(stmap.values[:, ~stmap.mask]).all()
    assert any(masked)


def test_a_rendering_follows_its_seed():
    first, second = (render_map(BEATS, QUALITIES["standard"], np.random.default_rng(5)).values for _ in range(2))
    np.testing.assert_array_equal(first, second)
