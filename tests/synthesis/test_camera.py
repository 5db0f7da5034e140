import numpy as np
import pytest
from scipy.signal import periodogram

from bpdemo.regions import CELLS
from bpdemo.synthesis import camera

RATE = 30.0
FRAMES = 450
LEVEL = np.tile([180.0, 120.0, 90.0], (len(CELLS), 1))
SWING = np.sin(2 * np.pi * 1.2 * np.arange(FRAMES) / RATE)


def test_times_are_those_of_a_camera():
    for seed in range(20):
        time_s = camera.draw_times(15.0, np.random.default_rng(seed))
        assert time_s[0] == 0
        assert time_s[-1] >= 15 - 0.1 / 24
        steps = np.diff(time_s)
        assert steps.min() > 0.75 * steps.mean()
        assert round(1 / steps.mean()) in (24, 25, 30, 60)


@pytest.mark.parametrize("seed", range(6))
def test_flicker_is_the_beat_of_lamp_and_camera(seed):
    flicker = camera.draw_flicker(FRAMES, RATE, 0.01, np.random.default_rng(seed))
    assert flicker.shape == (FRAMES, len(CELLS), 3)
    assert np.abs(flicker).max() <= 0.01
    np.testing.assert_array_equal(flicker[..., 0], flicker[..., 2])
    frequency, power = periodogram(flicker[:, 0, 0], RATE)
    # 100 Hz against 30 frames a second beats at 10 Hz, 120 Hz hardly at all.
    assert min(abs(frequency[np.argmax(power)] - beat) for beat in (0, 10)) < 0.3


def test_a_rolling_shutter_shows_the_lower_cells_later():
    down = [cell.region for cell in CELLS]
    forehead, chin = down.index("forehead"), down.index("chin")
    found = set()
    for seed in range(12):
        flicker = camera.draw_flicker(FRAMES, RATE, 1.0, np.random.default_rng(seed))[..., 0]
        phases = np.angle(np.fft.rfft(flicker, axis=0)[150])  # at 10 Hz
        found.add(round(float(np.angle(np.exp(1j * (phases[chin] - phases[forehead])))), 2))
    assert len(found) > 4, "every camera has a shutter of its own pace"
    assert camera.draw_flicker(FRAMES, RATE, 0.0, np.random.default_rng(0)).any() == np.False_


def test_a_codec_keeps_brightness_as_it_is():
    grey = 0.01 * SWING[:, None, None] / LEVEL
    np.testing.assert_allclose(camera.attenuate_chroma(grey, LEVEL, RATE, 0.5), grey, atol=1e-12)


@pytest.mark.parametrize("kept", [0.4, 0.75, 1.0])
def test_a_codec_makes_colour_smaller_and_later(kept):
    luma = np.array([0.299, 0.587, 0.114])
    colour = np.array([1.0, -0.2, 0.0])
    colour = colour - colour @ luma
    out = camera.attenuate_chroma(SWING[:, None, None] * colour / LEVEL, LEVEL, RATE, kept) * LEVEL
    late_s = 0.09 * (1 - kept)
    expected = kept * np.sin(2 * np.pi * 1.2 * (np.arange(FRAMES) / RATE - late_s))
    np.testing.assert_allclose(out[10:-10, 3], (expected[:, None] * colour)[10:-10], atol=2e-3)


def test_drift_and_movement_are_as_large_as_asked():
    drift = np.std([camera.draw_drift(FRAMES, RATE, 0.02, np.random.default_rng(seed)) for seed in range(10)])
    assert drift == pytest.approx(0.02, rel=0.15)
    moves = np.array([camera.draw_movement(FRAMES, RATE, 0.01, 0.0, np.random.default_rng(seed)) for seed in range(10)])
    assert moves.std() == pytest.approx(0.01, rel=0.15)
    assert np.corrcoef(moves[0, :, 0, 1], moves[0, :, 7, 1])[0, 1] == pytest.approx(1)
    own = camera.draw_movement(FRAMES, RATE, 0.0, 0.01, np.random.default_rng(0))[..., 1]
    assert abs(np.corrcoef(own[:, 0], own[:, 7])[0, 1]) < 0.7


def test_noise_is_shared_among_colours_and_cells_in_part():
    noises = [camera.draw_noise(FRAMES, RATE, np.random.default_rng(seed)) for seed in range(8)]
    assert all(noise.shape == (FRAMES, len(CELLS), 3) for noise in noises)
    # Were it each cell's own, the face's mean would have as little as independent cells leave.
    own = [noise.std(axis=0).mean() / np.sqrt(len(CELLS)) for noise in noises]
    face = [noise.mean(axis=1).std(axis=0).mean() for noise in noises]
    assert 1.2 < np.median(np.divide(face, own)) < 10
    colours = [np.corrcoef(noise[:, cell].T)[0, 1] for noise in noises for cell in range(len(CELLS))]
    assert 0.1 < np.mean(colours) < 0.6
    spread = np.mean([noise.std(axis=(0, 1)) for noise in noises], axis=0)
    assert np.argmax(spread) == 2, "blue is the noisiest channel"


def test_curves_lie_between_two_frequencies():
    curves = camera.band_limited_noise(3000, 4, 0.5, 2.0, RATE, np.random.default_rng(0), fall=0.0)
    assert np.sqrt((curves**2).mean()) == pytest.approx(1)
    frequency, power = periodogram(curves, RATE, axis=0)
    inside = (frequency > 0.45) & (frequency < 2.05)
    assert power[inside].sum() > 0.98 * power.sum()


def test_dark_colours_get_more_contrast_from_a_black_level():
    grey = np.ones((4, 4, 3), np.float32)
    colour = np.array([200.0, 100.0, 40.0], np.float32)
    camera_ = camera.Development(20.0, 0.0)
    swing = camera_.show(1.01 * grey * colour, 0.0)[0, 0] / camera_.show(grey * colour, 0.1)[0, 0] - 1
    np.testing.assert_allclose(swing, 0.01 * colour / (colour - 20), rtol=1e-3)
    np.testing.assert_allclose(camera_.show(255 * grey, 0.2), 255)


def test_noise_reduction_averages_colour_and_not_brightness():
    camera_, time_s = camera.Development(0.0, 0.15), np.arange(150) / RATE
    phase = 2 * np.pi * 1.2 * time_s
    tint = np.array([0.5, -0.2, 0.0])
    tint[2] = -(0.299 * tint[0] + 0.587 * tint[1]) / 0.114  # of no brightness
    colours = 100 + 5 * np.sin(phase)[:, None] * tint + 5 * np.cos(phase)[:, None]
    frames = (np.full((2, 2, 3), colour, np.float32) for colour in colours)
    shown = np.array([camera_.show(frame, at)[0, 0] for frame, at in zip(frames, time_s, strict=True)])
    luma = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(shown @ luma, colours @ luma, atol=1e-3)
    swing = np.exp(-1j * phase[50:]) @ (shown - (shown @ luma)[:, None])[50:, 0] / 50 / (5 * tint[0])
    # A filter of first order, on frames.
    kept = np.exp(-1 / RATE / 0.15)
    response = (1 - kept) / (1 - kept * np.exp(-2j * np.pi * 1.2 / RATE))
    assert abs(swing) == pytest.approx(abs(response), rel=0.03)
    assert np.angle(swing * 1j) == pytest.approx(np.angle(response), abs=0.03)


def test_a_recoil_follows_each_beat_and_dies_away():
    time_s = np.arange(0, 12, 0.01)
    for seed in range(5):
        swing = camera.draw_recoil(time_s, np.array([2.0]), np.random.default_rng(seed))
        assert not swing[time_s < 2].any()
        assert swing.max() == pytest.approx(1, abs=0.01)
        assert 2 < time_s[np.argmax(swing)] < 2.4
        assert np.abs(swing[time_s > 8]).max() < 0.01
