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
