"""Each pulse method against colours whose pulse is known."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from bpdemo.errors import BpdemoError
from bpdemo.pulse_methods import METHODS, method_by_name
from bpdemo.spectrum import heart_rate_hz
from bpdemo.stmap import RATE_HZ

BLOOD = np.array([0.33, 0.77, 0.53])
TIME_S = np.arange(450) / RATE_HZ
INNER = slice(48, -48)
PULSE = np.sin(2 * np.pi * 1.3 * TIME_S) + 0.3 * np.sin(2 * np.pi * 2.6 * TIME_S + 0.7)
LIGHT = np.sin(2 * np.pi * 1.9 * TIME_S)


def colours(pulse=0.004, light=0.0, noise=0.0, seed=0):
    """Relative colours [columns, 3] of skin with a pulse, in light that swings, seen by a noisy camera."""
    wave = (1 - pulse * PULSE[:, None] * BLOOD) * (1 + light * LIGHT[:, None])
    return wave + noise * np.random.default_rng(seed).standard_normal(wave.shape)


@pytest.mark.parametrize("name", METHODS)
def test_the_wave_rises_with_the_blood_at_its_rate(name):
    wave = METHODS[name](colours(noise=0.0003))
    assert np.corrcoef(wave[INNER], PULSE[INNER])[0, 1] > 0.9
    assert 60 * heart_rate_hz(wave) == pytest.approx(78, abs=0.5)
    assert 0.001 < wave[INNER].std() < 0.004


@pytest.mark.parametrize("name", METHODS)
def test_the_wave_grows_with_the_pulse(name):
    heights = [METHODS[name](colours(pulse))[INNER].std() for pulse in (0.002, 0.006)]
    assert heights[1] / heights[0] == pytest.approx(3, rel=0.02)


@pytest.mark.parametrize("name", METHODS)
def test_many_cells_at_once_are_each_by_itself(name):
    cells = np.stack([colours(noise=0.002, seed=seed) for seed in range(6)], axis=1)
    together = METHODS[name](cells.reshape(450, 2, 3, 3)).reshape(450, 6)
    for number in range(6):
        np.testing.assert_allclose(together[:, number], METHODS[name](cells[:, number]), atol=1e-12)


@pytest.mark.parametrize(("name", "cancels"), [("green", False), ("chrom", True), ("pos", True)])
def test_light_cancels_where_the_method_says_so(name, cancels):
    alone = METHODS[name](colours(pulse=0, light=0.01))
    assert (np.abs(alone[INNER]).max() < 1e-6) == cancels
    rate_hz = heart_rate_hz(METHODS[name](colours(light=0.01, noise=0.0003)))
    assert (abs(rate_hz - 1.3) < 0.02) == cancels


@pytest.mark.parametrize("name", METHODS)
def test_three_columns_are_enough_and_stillness_is_no_wave(name):
    assert METHODS[name](colours()[:3]).shape == (3,)
    np.testing.assert_allclose(METHODS[name](np.ones((60, 2, 3))), 0, atol=1e-9)


def test_chrom_is_its_paper_step_by_step():
    """One window after another, as in de Haan and Jeanne's figure: no code is shared with what is tested."""
    relative = colours(light=0.003, noise=0.001)
    red, green, blue = relative.T
    sos = butter(2, (40 / 60, 240 / 60), "bandpass", fs=RATE_HZ, output="sos")
    first = sosfiltfilt(sos, 3 * red - 2 * green, padlen=60)
    second = sosfiltfilt(sos, 1.5 * red + green - 1.5 * blue, padlen=60)
    total, weight = np.zeros(450), np.zeros(450)
    for start in range(450 - 48 + 1):
        here = slice(start, start + 48)
        signal = first[here] - first[here].std() / second[here].std() * second[here]
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, 49) / 49)
        total[here] += (signal - signal.mean()) * hann
        weight[here] += hann
    np.testing.assert_allclose(METHODS["chrom"](relative), total / weight, atol=1e-9)


def test_an_unknown_name_is_an_error_that_lists_the_names():
    with pytest.raises(BpdemoError) as caught:
        method_by_name("magic")
    assert caught.value.code == "method_unknown"
    assert all(name in caught.value.reason.remedy for name in METHODS)
    assert method_by_name("pos") is METHODS["pos"]
