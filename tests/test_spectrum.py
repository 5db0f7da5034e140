"""Spectral measures, against waves whose lines are known."""

import numpy as np
import pytest

from bpdemo.spectrum import amplitude_at, heart_rate_hz, line_to_noise, power_spectrum, rival_db, snr_db
from bpdemo.stmap import RATE_HZ

TIME_S = np.arange(450) / RATE_HZ


def lines(*heights, rate_hz=1.0):
    """A wave with lines of these heights at 1, 2, 3 ... times a rate."""
    turn = 2 * np.pi * rate_hz * TIME_S
    return sum(height * np.sin(number * (turn + 0.6)) for number, height in enumerate(heights, start=1))


def noise(seed=0):
    return np.random.default_rng(seed).normal(0, 1, len(TIME_S))


def test_a_weak_subharmonic_is_not_the_heart_rate():
    """Every other beat a little different: half the rate and one and a half times it are there, and are no rate."""
    turn = 2 * np.pi * TIME_S
    wave = np.sin(1.6 * turn) + np.sqrt(0.12) * np.sin(0.8 * turn) + np.sqrt(0.97) * np.sin(2.4 * turn + 1)
    assert heart_rate_hz(wave) == pytest.approx(1.6, abs=0.02)


def test_the_spectrum_peaks_at_the_line_and_its_amplitude_is_half_the_sines():
    frequency_hz, power = power_spectrum(lines(3.0, rate_hz=1.37))
    assert frequency_hz[np.argmax(power)] == pytest.approx(1.37, abs=0.01)
    assert abs(amplitude_at(lines(3.0, rate_hz=1.37), 1.37)) == pytest.approx(1.5, rel=0.01)


def test_snr_falls_by_what_the_noise_rises():
    quiet, loud = (snr_db(lines(1, 0.4) + level * noise(), 1.0) for level in (0.2, 0.8))
    assert quiet > 10
    assert quiet - loud == pytest.approx(12, abs=3)
    assert snr_db(lines(1), 2.5) < -20


def test_a_line_stands_out_and_noise_does_not():
    assert line_to_noise(lines(1) + 0.3 * noise(), 1.0) > 30
    alone = [line_to_noise(noise(seed), 1.0) for seed in range(200)]
    assert np.median(alone) == pytest.approx(np.log(2), abs=0.2)
    assert np.mean(np.array(alone) > 3) < 0.12
    assert line_to_noise(lines(1)[:20], 1.0) == 0


@pytest.mark.parametrize("second", [0.5, 0.8, 1.5])
def test_a_second_harmonic_rivals_where_it_is_the_stronger(second):
    assert rival_db(lines(1, second), 1.0) == pytest.approx(20 * np.log10(second), abs=0.5)


def test_half_the_rate_rivals_only_with_its_third_harmonic():
    """A heart of 40 beats a minute taken for 80; slow drift alone has no third harmonic."""
    half = lines(1.5, 1.0, 0.3, rate_hz=2 / 3) + 0.01 * noise()
    drift = lines(1.5, 1.0, rate_hz=2 / 3) + 0.01 * noise()
    assert rival_db(half, 4 / 3) == pytest.approx(20 * np.log10(1.5), abs=0.5)
    assert rival_db(drift, 4 / 3) < -20
