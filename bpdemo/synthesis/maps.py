"""From a pulse to the colours of a face's cells, as a camera would report them, and on to an STMap.

```
pulse -> skin: every cell weaker or stronger, later, smoother; each channel by how strongly blood absorbs it,
         and by how much of the light has been under skin of this tone                                   (skin.py)
      -> times light (drift, lamps) and movement -> what a codec leaves of colour -> noise -> 8-bit means (camera.py)
      -> stmap.build_stmap
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

from bpdemo.stmap import WINDOW_S, STMap, build_stmap
from bpdemo.synthesis.camera import draw_drift, draw_flicker, draw_movement, draw_noise, draw_times, lose_chroma
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, Pulse, synthesise_pulse
from bpdemo.synthesis.skin import draw_blood, draw_skin, pulse_change, pulse_projection


@dataclass(frozen=True)
class CaptureQuality:
    """Ranges of one capture quality; every rendering draws from them evenly.

    Attributes:
        beat_error: standard error of the mean beat over 15 s, relative to its height.
        pulse_strength: height of the pulse along `skin.BLOOD_VOLUME`, relative to the brightness of skin that reflects
            nothing at its surface; how much less it is on skin of a tone, `skin.draw_skin` says.
        light_drift: slow change of the light, relative, standard deviation.
        flicker: of a lamp as the camera sees it, relative.
        movement: brightness change of the whole face by movement, relative, standard deviation.
        cell_movement: the same of each cell by itself.
        hidden_cells: share of the cells hidden for a while (hand, hair, turned head).
        chroma_kept: share of a change of colour that the codec leaves; what it leaves comes later
            (`camera.lose_chroma`).
    """

    beat_error: tuple[float, float]
    pulse_strength: tuple[float, float]
    light_drift: tuple[float, float]
    flicker: tuple[float, float]
    movement: tuple[float, float]
    cell_movement: tuple[float, float]
    hidden_cells: tuple[float, float]
    chroma_kept: tuple[float, float]


QUALITIES: dict[str, CaptureQuality] = {
    "strong": CaptureQuality(
        beat_error=(0.025, 0.035),
        pulse_strength=(0.006, 0.012),
        light_drift=(0.002, 0.01),
        flicker=(0.0, 0.001),
        movement=(0.0005, 0.002),
        cell_movement=(0.0003, 0.001),
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
        hidden_cells=(0.0, 0.3),
        chroma_kept=(0.5, 1.0),
    ),
}
"""The one table of what a rendered capture is like."""

_CELL_PIXELS = (150, 2500)
_MARGIN_S = 0.5  # rendered before and after the window, so that its ends are as good as its middle
_NOISE_KEPT = 0.93  # of the noise in the band, when each beat is freed of its own mean
_BAND_HZ = (0.7, 8.0)  # in which noise counts as noise of the beat


def render_map(
    beats: Sequence[np.ndarray],
    quality: CaptureQuality,
    rng: np.random.Generator,
    *,
    duration_s: float = WINDOW_S,
) -> STMap:
    """Render one capture of a person and map it.

    Args:
        beats: the person's beats (`pulses.beats_of`).
        quality: ranges to draw from.
        rng: draws everything.
        duration_s: length of the map.

    Returns:
        The map, exactly as the demo would build it from a clip.
    """
    pulse = synthesise_pulse(beats, duration_s + 2 * _MARGIN_S, rng)
    time_s, colours = render_colours(pulse, quality, rng)
    return build_stmap(time_s, colours, _MARGIN_S, _MARGIN_S + duration_s)


def render_colours(pulse: Pulse, quality: CaptureQuality, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Render the mean colours of all cells while a pulse runs through the face.

    Args:
        pulse: what the heart does.
        quality: ranges to draw from.
        rng: draws camera, skin, light, movement and noise.

    Returns:
        time_s float64 [frames], rising, from 0 to the pulse's end; colours float32 [frames, cells, 3], mean 8-bit
        R, G, B, NaN where a cell is hidden.
    """
    time_s = draw_times(len(pulse.wave) / BEAT_RATE_HZ, rng)
    frames, rate = len(time_s), len(time_s) / time_s[-1]
    skin, blood = draw_skin(rng), draw_blood(rng)
    strength = rng.uniform(*quality.pulse_strength) * blood * skin.diffuse
    kept = rng.uniform(*quality.chroma_kept)
    change = pulse_change(pulse, time_s, strength, rng)
    projection = pulse_projection(strength.mean(axis=0))
    beat = lose_chroma(change, skin.level, rate, kept).mean(axis=1) @ projection
    noise = draw_noise(frames, rate, rng)
    beats = frames / rate * pulse.heart_rate_bpm / 60
    wanted = rng.uniform(*quality.beat_error) * np.sqrt(beats) * (np.percentile(beat, 97) - np.percentile(beat, 3))
    noise *= wanted / (_NOISE_KEPT * _in_band(noise.mean(axis=1) @ projection, rate).std())

    light = draw_drift(frames, rate, rng.uniform(*quality.light_drift), rng)
    light = light + draw_flicker(frames, rate, rng.uniform(*quality.flicker), rng)
    moved = rng.uniform(*quality.movement), rng.uniform(*quality.cell_movement)
    light = light + draw_movement(frames, rate, *moved, rng)
    change = lose_chroma((1 + change) * (1 + light) - 1, skin.level, rate, kept)
    colours = skin.level * (1 + change + noise)
    pixels = rng.uniform(*_CELL_PIXELS, size=(1, colours.shape[1], 1))
    colours += rng.standard_normal(colours.shape) / np.sqrt(12 * pixels)  # rounding, averaged over the cell
    colours = np.clip(colours, 0, 255).astype(np.float32)
    _hide_cells(colours, rng.uniform(*quality.hidden_cells), rng)
    return time_s, colours


def beat_error(trace: np.ndarray, rate_hz: float, onsets_s: np.ndarray) -> float:
    """Measure how well a trace determines its mean beat.

    Every beat is freed of its mean and laid over the others by its onset; the standard error of their
    mean, averaged over the shortest beat, is put in relation to the height of the mean beat.

    Args:
        trace: float [samples], a pulse wave, either polarity.
        rate_hz: its samples a second.
        onsets_s: times of the beats' feet, seconds from the trace's start.

    Returns:
        Standard error over height: 0.03 is a strong capture, 0.06 a standard one.
    """
    trace = _in_band(trace, rate_hz)
    length = int(np.min(np.diff(onsets_s)) * rate_hz)
    inside = [onset for onset in onsets_s if onset >= 0 and onset * rate_hz + length <= len(trace) - 1]
    beats = np.array([np.interp(onset * rate_hz + np.arange(length), np.arange(len(trace)), trace) for onset in inside])
    beats -= beats.mean(axis=1, keepdims=True)
    error = beats.std(axis=0, ddof=1).mean() / np.sqrt(len(beats))
    return float(error / np.ptp(beats.mean(axis=0)))


def _hide_cells(colours: np.ndarray, share: float, rng: np.random.Generator) -> None:
    """Make a share of the cells unseen for a stretch of the capture, in place."""
    frames, cells = colours.shape[:2]
    for cell in rng.permutation(cells)[: int(share * cells)]:
        start, length = rng.integers(frames), rng.integers(frames // 10, frames // 2)
        colours[start : start + length, cell] = np.nan


def _in_band(trace: np.ndarray, rate_hz: float) -> np.ndarray:
    sos = butter(2, _BAND_HZ, "bandpass", fs=rate_hz, output="sos")
    return sosfiltfilt(sos, np.asarray(trace, dtype=np.float64))
