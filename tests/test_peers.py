"""Pulse methods, heart rate and SNR beside independent implementations (vitallens, prpy)."""

import logging

import numpy as np
import pytest
from prpy.numpy.metric import snr
from prpy.numpy.physio import estimate_hr_from_signal

from bpdemo.beats import band_pass
from bpdemo.pulse_methods import METHODS
from bpdemo.self_check import made_up_face
from bpdemo.spectrum import heart_rate_hz, snr_db
from bpdemo.stmap import RATE_HZ, resample

BAND_HZ = (0.7, 4.0)
INNER = slice(48, -48)  # both average overlapping windows of 1.6 s; at the ends fewer of them overlap


@pytest.fixture(scope="module")
def theirs():
    """Methods of vitallens by name."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    from vitallens.methods.chrom import CHROMRPPGMethod
    from vitallens.methods.g import GRPPGMethod
    from vitallens.methods.pos import POSRPPGMethod

    root.setLevel(level)  # vitallens sets it when it is imported, for every test in this process
    root.handlers[:] = handlers
    return {"green": GRPPGMethod(), "chrom": CHROMRPPGMethod(), "pos": POSRPPGMethod()}


def likeness(one, other):
    return np.corrcoef(one[INNER], other[INNER])[0, 1]


@pytest.mark.parametrize("rate_hz", [0.9, 1.3, 2.1])
def test_pos_is_that_of_another_implementation(theirs, rate_hz):
    traces = made_up_face(seed=3, rate_hz=rate_hz)
    window = resample(traces.time_s, traces.colours, 0.0, 10.0)
    their_wave = theirs["pos"].algorithm(window.rgb[:, 5], RATE_HZ)
    ours = METHODS["pos"](window.relative[:, 5])
    assert likeness(ours, their_wave) > 0.99
    slope = np.polyfit(their_wave[INNER], ours[INNER], 1)[0]
    assert slope == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("rate_hz", [0.9, 1.3, 2.1])
@pytest.mark.parametrize(("name", "sign"), [("green", 1), ("chrom", -1)])
def test_other_methods_are_those_of_another_implementation(theirs, name, sign, rate_hz):
    """Their GREEN keeps the slow light; their CHROM is turned against the blood and filtered window by window."""
    traces = made_up_face(seed=3, rate_hz=rate_hz)
    window = resample(traces.time_s, traces.colours, 0.0, 10.0)
    their_wave = sign * theirs[name].algorithm(window.rgb[:, 5], RATE_HZ)
    ours = METHODS[name](window.relative[:, 5])
    assert likeness(band_pass(ours, BAND_HZ), band_pass(their_wave, BAND_HZ)) > 0.98


@pytest.mark.parametrize("rate_hz", [0.8, 1.2, 1.9, 2.9])
@pytest.mark.parametrize("noise", [0.1, 0.5, 1.0])
def test_heart_rate_is_that_of_another_implementation(rate_hz, noise):
    wave = noisy_wave(rate_hz, noise)
    theirs_bpm = float(np.squeeze(estimate_hr_from_signal(wave, RATE_HZ)))
    assert 60 * heart_rate_hz(wave) == pytest.approx(theirs_bpm, abs=1.5)


@pytest.mark.parametrize("noise", [0.1, 0.3, 1.0, 3.0])
def test_snr_is_that_of_another_implementation(noise):
    """Theirs is 20 times the logarithm of a ratio of powers; our bands are twice as wide at the second harmonic."""
    wave = noisy_wave(1.2, noise)
    tapered = (wave - wave.mean()) * np.hanning(len(wave))
    theirs_db = 0.5 * float(snr(np.float64(1.2), tapered, RATE_HZ, 0.005, tol=0.1, f_min=0.6, f_max=4.0))
    assert snr_db(wave, heart_rate_hz(wave)) == pytest.approx(theirs_db, abs=1.5)


def noisy_wave(rate_hz, noise):
    turn = 2 * np.pi * rate_hz * np.arange(450) / RATE_HZ
    rng = np.random.default_rng(int(100 * rate_hz + 10 * noise))
    return np.sin(turn) + 0.3 * np.sin(2 * turn + 0.8) + noise * rng.standard_normal(450)
