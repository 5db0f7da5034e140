"""synthesis.crops: crops of a face that was painted with a capture's colours, and the pulse of its person's finger."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from bpdemo.crops import CropForm
from bpdemo.data.signals import Samples
from bpdemo.spectrum import heart_rate_hz
from bpdemo.stmap import RATE_HZ, WINDOW_S
from bpdemo.synthesis.crops import render_crops
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, render_traces
from bpdemo.synthesis.pulses import cut_beats
from tests.support.small_ppg_bp import finger_pulse

BEATS = cut_beats(Samples.evenly(finger_pulse(72, 0.4, 8, 200.0), 200.0))
STILL = replace(
    QUALITIES["strong"],
    **dict.fromkeys(("light_drift", "flicker", "movement", "cell_movement", "balance_steps"), (0.0, 0.0)),
)
FORM = CropForm(side=32, rate_hz=RATE_HZ, width=1.4, height=1.6, follows=False)
_MIDDLE = slice(10, 22)


def green(crops):
    return crops[:, _MIDDLE, _MIDDLE, 1].mean(axis=(1, 2))


def in_band(wave):
    """Return a wave freed of what moves slower than a pulse, of deviation 1."""
    filtered = sosfiltfilt(butter(2, (0.7, 5.0), "bandpass", fs=RATE_HZ, output="sos"), wave)
    return filtered / filtered.std()


@pytest.mark.parametrize("seed", range(3))
def test_face_and_finger_have_the_same_pulse_at_the_same_time(seed):
    _, crops, contact = render_crops(BEATS, STILL, FORM, np.random.default_rng(seed))
    face, finger = in_band(-green(crops)), in_band(contact)
    assert 60 * heart_rate_hz(face) == pytest.approx(60 * heart_rate_hz(finger), abs=1)
    alike = [np.mean(np.roll(face, -lag) * finger) for lag in range(-9, 10)]
    assert max(alike) > 0.85
    assert abs(np.argmax(alike) - 9) <= 1  # frame: blood comes to parts of the face at other times


@pytest.mark.parametrize("form", [FORM, CropForm(side=64, rate_hz=25.0, width=1.8, height=1.8, follows=True)])
def test_they_are_in_the_models_form(form):
    _, crops, contact = render_crops(BEATS, QUALITIES["poor"], form, np.random.default_rng(0))
    assert (crops.dtype, crops.shape) == (np.uint8, (15 * form.rate_hz, form.side, form.side, 3))
    assert (contact.dtype, contact.shape) == (np.float32, crops.shape[:1])


def test_map_and_crops_are_of_one_capture():
    traces, crops, _ = render_crops(BEATS, STILL, FORM, np.random.default_rng(5))
    alone = render_traces(BEATS, STILL, np.random.default_rng(5))
    for name, values in vars(alone).items():
        np.testing.assert_array_equal(getattr(traces, name), values)
    seen = np.interp(FORM.grid_s(MARGIN_S, MARGIN_S + WINDOW_S), traces.time_s, traces.colours[..., 1].mean(axis=1))
    assert green(crops).mean() == pytest.approx(seen.mean(), rel=0.1)
    assert np.mean(in_band(green(crops)) * in_band(seen)) > 0.9


def test_a_rendering_follows_its_generator():
    first, again, other = (
        render_crops(BEATS, QUALITIES["standard"], FORM, np.random.default_rng(seed))[1:] for seed in (1, 1, 2)
    )
    for one, same, another in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != another).mean() > 0.5
