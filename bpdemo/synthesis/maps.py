"""From a pulse to the colours of a face's cells, as a camera would report them.

```
pulse -> skin: every cell weaker or stronger, later, smoother; each channel by how strongly blood absorbs it,
         and by how much of the light has been under skin of this tone                                   (skin.py)
      -> times light (drift, lamps, white balance) and movement, the head's recoil from each beat among it
      -> what a codec leaves of colour -> noise -> black level -> 8-bit means                         (camera.py)
      -> window.read_window, as for any clip
```

How noisy a capture is, is not set by a camera's data sheet but by what real captures offer: the noise of every
rendering is scaled so that the mean beat over 15 s of the whole-face pulse has the standard error that `QUALITIES`
states, relative to the beat's height (`beat_error` measures it on any trace; a good real clip has 2.8 %, ordinary ones
have 5 to 7 %). All ranges are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from bpdemo.regions import CELLS, CellTraces
from bpdemo.stmap import WINDOW_S
from bpdemo.synthesis.camera import (
    attenuate_chroma,
    draw_balance,
    draw_drift,
    draw_flicker,
    draw_movement,
    draw_noise,
    draw_recoil,
    draw_shading,
    draw_times,
)
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, PulseWave, synthesise_pulse
from bpdemo.synthesis.skin import draw_blood, draw_skin, pulse_change, pulse_projection


@dataclass(frozen=True)
class CaptureQuality:
    """Ranges of one capture quality; every rendering draws from them evenly."""

    beat_error: tuple[float, float]
    """Standard error of the mean beat over 15 s, relative to its height."""
    pulse_strength: tuple[float, float]
    """Height of the pulse along `skin.BLOOD_VOLUME`, relative to the brightness of skin that reflects nothing at its
    surface; how much less it is on skin of a tone is in `skin.draw_skin`."""
    light_drift: tuple[float, float]  # slow change of the light, relative, standard deviation
    flicker: tuple[float, float]  # of a lamp as the camera sees it, relative
    movement: tuple[float, float]  # brightness change of the whole face, relative, standard deviation
    cell_movement: tuple[float, float]  # the same of each cell by itself
    recoil_shade: tuple[float, float]  # brightness change of a cell by the head's recoil from each beat, relative
    balance_steps: tuple[float, float]  # steps of automatic white balance, relative
    black_level: tuple[float, float]  # what becomes black, of white; less where the skin is darker
    hidden_cells: tuple[float, float]  # share of the cells hidden for a while (hand, hair, turned head)
    chroma_kept: tuple[float, float]  # share of a change of colour that the codec leaves (`camera.attenuate_chroma`)


QUALITIES: dict[str, CaptureQuality] = {
    "strong": CaptureQuality(
        beat_error=(0.025, 0.035),
        pulse_strength=(0.006, 0.012),
        light_drift=(0.002, 0.01),
        flicker=(0.0, 0.001),
        movement=(0.0005, 0.002),
        cell_movement=(0.0003, 0.001),
        recoil_shade=(0.0, 0.0005),
        balance_steps=(0.0, 0.0003),
        black_level=(0.0, 0.02),
        hidden_cells=(0.0, 0.0),
        chroma_kept=(0.9, 1.0),
    ),
    "standard": CaptureQuality(
        beat_error=(0.05, 0.07),
        pulse_strength=(0.005, 0.010),
        light_drift=(0.003, 0.02),
        flicker=(0.0, 0.003),
        movement=(0.001, 0.004),
        cell_movement=(0.0005, 0.002),
        recoil_shade=(0.0, 0.001),
        balance_steps=(0.0, 0.001),
        black_level=(0.0, 0.04),
        hidden_cells=(0.0, 0.1),
        chroma_kept=(0.75, 1.0),
    ),
    "poor": CaptureQuality(
        beat_error=(0.115, 0.14),
        pulse_strength=(0.004, 0.008),
        light_drift=(0.005, 0.03),
        flicker=(0.0, 0.01),
        movement=(0.002, 0.01),
        cell_movement=(0.001, 0.006),
        recoil_shade=(0.0, 0.003),
        balance_steps=(0.0, 0.003),
        black_level=(0.0, 0.07),
        hidden_cells=(0.0, 0.3),
        chroma_kept=(0.3, 1.0),
    ),
}
"""The one table of what a rendered capture is like."""

MARGIN_S = 0.5
"""Seconds rendered before and after the window, so that its ends are as good as its middle."""

_BLACK_OF_SKIN = 0.4  # of the darkest cell's level in its darkest channel: no more becomes black
_CELL_PIXELS = (150, 2500)
_NOISE_KEPT = 0.93  # of the noise in the band, when each beat is freed of its own mean
_BAND_HZ = (0.7, 8.0)  # in which noise counts as noise of the beat


def render_traces(beats: Sequence[np.ndarray], quality: CaptureQuality, rng: np.random.Generator) -> CellTraces:
    """Return one capture of a person with such beats (`pulses.beats_of`).

    Its window for `window.read_window` is `MARGIN_S` to `MARGIN_S` + `WINDOW_S`.
    """
    return render_colours(synthesise_pulse(beats, WINDOW_S + 2 * MARGIN_S, rng), quality, rng)


def render_colours(pulse: PulseWave, quality: CaptureQuality, rng: np.random.Generator) -> CellTraces:
    """Return what a camera sees of the cells while a pulse runs through the face, from 0 to the pulse's end.

    A hidden cell is NaN and has no pixels; nothing is rendered around the head, so the surround is NaN.
    """
    time_s = draw_times(len(pulse.wave) / BEAT_RATE_HZ, rng)
    frames, rate_hz = len(time_s), len(time_s) / time_s[-1]
    skin, blood = draw_skin(rng), draw_blood(rng)
    strength = rng.uniform(*quality.pulse_strength) * blood * skin.diffuse
    kept = rng.uniform(*quality.chroma_kept)
    change = pulse_change(pulse, time_s, strength, rng)
    projection = pulse_projection(strength.mean(axis=0))
    beat = attenuate_chroma(change, skin.level, rate_hz, kept).mean(axis=1) @ projection
    noise = draw_noise(frames, rate_hz, rng)
    beats = frames / rate_hz * pulse.heart_rate_bpm / 60
    wanted = rng.uniform(*quality.beat_error) * np.sqrt(beats) * (np.percentile(beat, 97) - np.percentile(beat, 3))
    noise *= wanted / (_NOISE_KEPT * _in_band(noise.mean(axis=1) @ projection, rate_hz).std())

    light = draw_drift(frames, rate_hz, rng.uniform(*quality.light_drift), rng)
    light = light + draw_flicker(frames, rate_hz, rng.uniform(*quality.flicker), rng)
    movement, cell_movement = rng.uniform(*quality.movement), rng.uniform(*quality.cell_movement)
    light += draw_movement(frames, rate_hz, movement, cell_movement, rng)
    shade = rng.uniform(*quality.recoil_shade) * draw_shading(rng)
    recoil = 1 + draw_recoil(time_s, pulse.onsets_s, rng)[:, None, None] * shade[:, None]
    balance = draw_balance(time_s, rng.uniform(*quality.balance_steps), rng)[:, None]
    change = attenuate_chroma((1 + change) * (1 + light) * recoil * balance - 1, skin.level, rate_hz, kept)
    colours = skin.level * (1 + change + noise)
    black = min(255 * rng.uniform(*quality.black_level), _BLACK_OF_SKIN * skin.level.min())
    colours = (colours - black) * (255 / (255 - black))
    pixels = rng.uniform(*_CELL_PIXELS, size=(1, colours.shape[1], 1))
    colours += rng.standard_normal(colours.shape) / np.sqrt(12 * pixels)  # rounding, averaged over the cell
    colours = np.clip(colours, 0, 255).astype(np.float32)
    hidden = int(rng.uniform(*quality.hidden_cells) * len(CELLS))
    for cell in rng.permutation(len(CELLS))[:hidden]:
        start, length = rng.integers(frames), rng.integers(frames // 10, frames // 2)
        colours[start : start + length, cell] = np.nan
    return CellTraces(
        time_s=time_s,
        colours=colours,
        pixels=np.where(np.isfinite(colours[..., 0]), pixels[..., 0].astype(int), 0),
        surround=np.full((frames, 3), np.nan),
        clipped=np.zeros(frames),
    )


def beat_error(trace: np.ndarray, rate_hz: float, onsets_s: np.ndarray) -> float:
    """Return how well a trace determines its mean beat: 0.03 is a strong capture, 0.06 a standard one.

    Every beat is freed of its mean and laid over the others by its onset; the standard error of their mean, averaged
    over the shortest beat, is divided by the height of the mean beat. The trace [samples] may be of either polarity;
    `onsets_s` are the times of the beats' feet, seconds from its start.
    """
    trace = _in_band(trace, rate_hz)
    length = int(np.min(np.diff(onsets_s)) * rate_hz)
    inside = [onset for onset in onsets_s if onset >= 0 and onset * rate_hz + length <= len(trace) - 1]
    beats = np.array([np.interp(onset * rate_hz + np.arange(length), np.arange(len(trace)), trace) for onset in inside])
    beats -= beats.mean(axis=1, keepdims=True)
    error = beats.std(axis=0, ddof=1).mean() / np.sqrt(len(beats))
    return float(error / np.ptp(beats.mean(axis=0)))


def _in_band(trace: np.ndarray, rate_hz: float) -> np.ndarray:
    sos = butter(2, _BAND_HZ, "bandpass", fs=rate_hz, output="sos")
    return sosfiltfilt(sos, np.asarray(trace, dtype=np.float64))
