"""Finger sensors other than the one a pulse was recorded with: what a recording would look like through them.

A data set comes from one sensor, and a network may learn that sensor instead of the person (domain randomisation: Tobin
et al., *Domain randomization for transferring deep neural networks from simulation to the real world*, IROS 2017).
Ranges and order are ours; none of them was chosen with an eye on another data set.
"""

from collections.abc import Sequence

import numpy as np

from bpdemo.regions import CellTraces
from bpdemo.synthesis.maps import CaptureQuality, render_traces
from bpdemo.synthesis.pulses import BEAT_RATE_HZ

SENSORS = {"high_pass_hz": (0.05, 0.6), "low_pass_hz": (4.0, 16.0), "curvature": (-0.3, 0.3)}
"""The one table of what a drawn sensor is like: corners of its coupling and of its smoothing filter (each of first
order, drawn evenly in the logarithm; both shift phases, too), and how far its answer to blood volume is bent (0 is
straight, 0.3 lifts the middle of the beat by 7.5 % of its height)."""

UPSIDE_DOWN = 0.5
"""Share of renderings that `some_upside_down` inverts: as if nothing were known of the polarity."""


def through_any_sensor(beats: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return a person's beats as a sensor drawn from `SENSORS` would have recorded them.

    Args:
        beats: what `pulses.beats_of` gave.
        rng: draws the sensor, one for all beats.

    Returns:
        The beats, as long as they were, feet at 0 and of height 1.
    """
    high_pass_hz, low_pass_hz = (
        np.exp(rng.uniform(*np.log(SENSORS[name]))) for name in ("high_pass_hz", "low_pass_hz")
    )
    curvature = rng.uniform(*SENSORS["curvature"])
    return [through_sensor(beat, high_pass_hz, low_pass_hz, curvature) for beat in beats]


def through_sensor(beat: np.ndarray, high_pass_hz: float, low_pass_hz: float, curvature: float) -> np.ndarray:
    """Return a beat as a sensor would have recorded it, were all beats before and after it the same.

    Args:
        beat: float64 [samples] at `BEAT_RATE_HZ`, foot to foot, both 0, height 1.
        high_pass_hz: corner of the coupling.
        low_pass_hz: corner of the smoothing filter.
        curvature: see `SENSORS`; between -1 and 1 the answer still rises with the volume.

    Returns:
        float64 [samples], both feet 0, height 1.
    """
    bent = beat + curvature * beat * (1 - beat)
    frequency = np.fft.rfftfreq(len(beat) - 1, 1 / BEAT_RATE_HZ)  # of a period; the second foot is the next beat's
    response = 1 / (1 + 1j * frequency / low_pass_hz)
    response[1:] *= 1 / (1 - 1j * high_pass_hz / frequency[1:])
    wave = np.fft.irfft(np.fft.rfft(bent[:-1]) * response, len(beat) - 1)
    wave = np.append(wave, wave[0]) - wave[0]  # beats are joined at their feet
    return wave / np.ptp(wave)


def some_upside_down(beats: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Return a person's beats, or, in `UPSIDE_DOWN` of all cases, all of them inverted, feet at 0.

    Args:
        beats: what `pulses.beats_of` gave.
        rng: decides.
    """
    sign = -1 if rng.random() < UPSIDE_DOWN else 1
    return [sign * beat for beat in beats]


def render_sensor(beats: Sequence[np.ndarray], quality: CaptureQuality, rng: np.random.Generator) -> CellTraces:
    """Return a rendering of the beats through any sensor; all else is as without."""
    return render_traces(through_any_sensor(beats, rng.spawn(1)[0]), quality, rng)


def render_polarity(beats: Sequence[np.ndarray], quality: CaptureQuality, rng: np.random.Generator) -> CellTraces:
    """Return a rendering of the beats, some upside down; all else is as without."""
    return render_traces(some_upside_down(beats, rng.spawn(1)[0]), quality, rng)
