"""From a pulse to the colours of a face's cells, as a camera would report them, and on to an STMap.

```
pulse -> face pulse of every cell (smoother, later, stronger or weaker by region)
      -> three colour channels, by how strongly each absorbs in blood
      -> times light (drift, movement)  -> plus noise (white, slow, specular)  -> mean of 8-bit pixels
      -> stmap.build_stmap
```

Signs and proportions of the channels are drawn around the normalised blood-volume vector (R, G, B) = (0.33, 0.77, 0.53)
of de Haan and van Leest, *Improved motion robustness of remote-PPG by using the blood volume pulse signature*, 2014,
widely enough for the real face measured here (0.22, 0.88, 0.37). All other ranges are ours. Those of the noise - how it
falls with frequency, how much of it is grey, how much all cells share, how much noisier blue is - are set to enclose
what two real clips of faces show; `python -m benchmarks.realism` puts both side by side.

How noisy a capture is, is not set by a camera's data sheet but by what real captures offer: the noise of every
rendering is scaled so that the mean beat over 15 s of the whole-face pulse has the standard error that `QUALITIES`
states, relative to the beat's height (`beat_error` measures it on any trace; a good real clip has 2.8 %, ordinary ones
have 5 to 7 %).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

from bpdemo.regions import CELLS
from bpdemo.stmap import WINDOW_S, STMap, build_stmap
from bpdemo.training.pulses import BEAT_RATE_HZ, Pulse, synthesise_pulse

BLOOD_VOLUME = np.array([0.33, 0.77, 0.53])
"""Pulse strength of R, G, B relative to each channel's mean, normalised."""


@dataclass(frozen=True)
class CaptureQuality:
    """Ranges of one capture quality; every rendering draws from them evenly.

    Attributes:
        beat_error: standard error of the mean beat over 15 s, relative to its height.
        pulse_strength: height of the pulse along `BLOOD_VOLUME`, relative to the skin's brightness.
        light_drift: slow change of the light, relative, standard deviation.
        movement: brightness change of the whole face by movement, relative, standard deviation.
        cell_movement: the same of each cell by itself.
        hidden_cells: share of the cells hidden for a while (hand, hair, turned head).
    """

    beat_error: tuple[float, float]
    pulse_strength: tuple[float, float]
    light_drift: tuple[float, float]
    movement: tuple[float, float]
    cell_movement: tuple[float, float]
    hidden_cells: tuple[float, float]


QUALITIES: dict[str, CaptureQuality] = {
    "strong": CaptureQuality((0.025, 0.035), (0.005, 0.010), (0.002, 0.01), (0.0005, 0.002), (0.0003, 0.001), (0, 0)),
    "standard": CaptureQuality((0.05, 0.07), (0.004, 0.008), (0.003, 0.02), (0.001, 0.004), (0.0005, 0.002), (0, 0.1)),
    "poor": CaptureQuality((0.115, 0.14), (0.003, 0.006), (0.005, 0.03), (0.002, 0.01), (0.001, 0.006), (0, 0.3)),
}
"""The one table of what a rendered capture is like."""

_FRAME_RATES_HZ = (24.0, 25.0, 30.0, 30.0, 30.0, 60.0)
_BRIGHTEST = 225.0  # mean of a cell in its brightest channel; above, pixels would be clipped
_SKIN_GREEN = (60.0, 165.0)  # dark and light skin in even light
_SKIN_RED_OF_GREEN, _SKIN_BLUE_OF_GREEN = (1.25, 1.75), (0.55, 0.92)
_REGION_STRENGTH = {"forehead": 1.0, "left_cheek": 0.95, "right_cheek": 0.95, "nose": 0.7, "mouth": 0.7, "chin": 0.75}
_STRENGTH_SCATTER = 0.25  # of a cell around its region, log-normal
_REGION_DELAY_S, _CELL_DELAY_S = 0.012, 0.004  # standard deviations around the face's mean
_FACE_LOW_PASS_HZ = (5.0, 8.0)  # where the face's pulse has lost 3 dB against the finger's
_SPECULAR = (0.02, 0.10)  # share of movement that is gloss: it changes colour, not only brightness
_RED_OF_GREEN, _BLUE_OF_GREEN = (0.18, 0.48), (0.32, 0.75)  # pulse strength in relation to green's
_NOISE_FALL = (0.2, 1.0)  # amplitude of the noise goes with frequency to the power of minus this
_NOISE_FROM_HZ = 0.3
_GREY_NOISE = (0.1, 0.5)  # share of the noise's power that is the same in all channels (registration, luma coding)
_SHARED_NOISE = (0.3, 0.9)  # share of the whole face's noise that all cells have in common, in amplitude
_CHANNEL_NOISE = np.array([1.0, 1.1, 1.9])  # blue is the noisiest channel of every camera and every codec
_CHANNEL_SCATTER = 0.25  # of that, log-normal
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
    time_s = _frame_times(len(pulse.wave) / BEAT_RATE_HZ, rng)
    rate = len(time_s) / time_s[-1]
    wave = _face_pulse(pulse, time_s, rng)  # [frames, cells], height about 1 on strong cells
    strength = rng.uniform(*quality.pulse_strength)
    blood = _blood_volume(rng)
    projection = _pulse_projection(blood)
    noise = _noise(len(time_s), len(CELLS), rate, rng)
    whole_face = wave.mean(axis=1)
    height = np.percentile(whole_face, 97) - np.percentile(whole_face, 3)
    seen = noise.mean(axis=1) @ projection
    beats = len(time_s) / rate * pulse.heart_rate_bpm / 60
    wanted = rng.uniform(*quality.beat_error) * np.sqrt(beats) * height * strength * (blood @ projection)
    noise *= wanted / (_NOISE_KEPT * _in_band(seen, rate).std())

    light = _wander(len(time_s), 1, 0.05, 0.3, rate, rng)[:, :, None] * rng.uniform(*quality.light_drift)
    light = light * (1 + 0.1 * rng.standard_normal(3))  # daylight and lamps drift in colour, too
    movement = _movement(len(time_s), len(CELLS), rate, quality, rng)
    skin = _skin(len(CELLS), rng)
    colours = skin * (1 - strength * wave[:, :, None] * blood) * (1 + light + movement) + skin * noise
    pixels = rng.uniform(*_CELL_PIXELS, size=(1, len(CELLS), 1))
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


def _frame_times(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """Timestamps of a camera with a little jitter, from 0 to at least the end."""
    rate = rng.choice(_FRAME_RATES_HZ)
    time_s = np.arange(int(np.ceil(duration_s * rate)) + 1) / rate
    time_s[1:] += rng.uniform(-0.1, 0.1, len(time_s) - 1) / rate
    return time_s


def _face_pulse(pulse: Pulse, time_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pulse as each cell shows it: [frames, cells]."""
    cutoff = rng.uniform(*_FACE_LOW_PASS_HZ)
    sigma = np.sqrt(np.log(2) / 2) / (np.pi * cutoff)  # of a Gaussian in time whose response at the cutoff is -3 dB
    wave = gaussian_filter1d(pulse.wave, sigma * BEAT_RATE_HZ, mode="nearest")
    regions = {region: _REGION_DELAY_S * rng.standard_normal() for region in sorted({cell.region for cell in CELLS})}
    delays = np.array([regions[cell.region] for cell in CELLS]) + _CELL_DELAY_S * rng.standard_normal(len(CELLS))
    heights = np.array([_REGION_STRENGTH[cell.region] for cell in CELLS])
    heights = heights * np.exp(_STRENGTH_SCATTER * rng.standard_normal(len(CELLS)))
    own_time = np.arange(len(wave)) / BEAT_RATE_HZ
    return np.interp(time_s[:, None] - delays, own_time, wave) * heights


def _blood_volume(rng: np.random.Generator) -> np.ndarray:
    """How strongly each channel of one face shows the pulse: [3], normalised."""
    vector = np.array([rng.uniform(*_RED_OF_GREEN), 1.0, rng.uniform(*_BLUE_OF_GREEN)])
    return vector / np.linalg.norm(vector)


def _pulse_projection(blood: np.ndarray) -> np.ndarray:
    """The weights POS gives the channels when nothing but this pulse moves them: [3]."""
    red, green, blue = blood
    balance = (green - blue) / (green + blue - 2 * red)
    return np.array([-2 * balance, 1 + balance, balance - 1])


def _noise(frames: int, cells: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Relative noise of unit size: [frames, cells, 3]; partly grey, partly common to all cells."""
    fall, grey, shared = rng.uniform(*_NOISE_FALL), rng.uniform(*_GREY_NOISE), rng.uniform(*_SHARED_NOISE)
    channel = _CHANNEL_NOISE * np.exp(_CHANNEL_SCATTER * rng.standard_normal(3))

    def draw(rows: int) -> np.ndarray:
        curves = _wander(frames, rows * 4, _NOISE_FROM_HZ, rate, rate, rng, fall).reshape(frames, rows, 4)
        return channel * (np.sqrt(grey) * curves[..., 3:] + np.sqrt(1 - grey) * curves[..., :3])

    unequal = np.exp(0.3 * rng.standard_normal((cells, 1)))
    return (1 - shared) * unequal * draw(cells) + shared * draw(1) / np.sqrt(cells)


def _movement(frames: int, cells: int, rate: float, quality: CaptureQuality, rng: np.random.Generator) -> np.ndarray:
    """Relative brightness change by movement: [frames, cells, 3]."""
    common = _wander(frames, 1, 0.1, 1.5, rate, rng) * rng.uniform(*quality.movement)
    common = common * (1 + 0.3 * rng.standard_normal(cells))
    own = _wander(frames, cells, 0.1, 1.5, rate, rng) * rng.uniform(*quality.cell_movement)
    gloss = rng.uniform(*_SPECULAR) * rng.standard_normal((cells, 1)) * np.array([-0.25, 0.0, 0.25])
    return (common + own)[:, :, None] * (1 + gloss)


def _skin(cells: int, rng: np.random.Generator) -> np.ndarray:
    """Mean colour of each cell: [cells, 3] in 8-bit levels."""
    green = rng.uniform(*_SKIN_GREEN)
    tone = green * np.array([rng.uniform(*_SKIN_RED_OF_GREEN), 1.0, rng.uniform(*_SKIN_BLUE_OF_GREEN)])
    return np.minimum(tone * rng.uniform(0.75, 1.1), _BRIGHTEST) * np.exp(0.08 * rng.standard_normal((cells, 1)))


def _hide_cells(colours: np.ndarray, share: float, rng: np.random.Generator) -> None:
    """Make a share of the cells unseen for a stretch of the capture, in place."""
    frames, cells = colours.shape[:2]
    for cell in rng.permutation(cells)[: int(share * cells)]:
        start, length = rng.integers(frames), rng.integers(frames // 10, frames // 2)
        colours[start : start + length, cell] = np.nan


def _wander(
    frames: int, rows: int, low_hz: float, high_hz: float, rate: float, rng: np.random.Generator, fall: float = 1.0
) -> np.ndarray:
    """Random curves of unit deviation between two frequencies: [frames, rows]; amplitude is frequency ** -fall."""
    frequency = np.fft.rfftfreq(2 * frames, 1 / rate)  # twice as long: the curves need not close
    shape = np.where((frequency >= low_hz) & (frequency <= high_hz), np.maximum(frequency, low_hz) ** -fall, 0)[:, None]
    draws = rng.standard_normal((2, len(frequency), rows))
    curves = np.fft.irfft(shape * (draws[0] + 1j * draws[1]), axis=0)[:frames]
    return curves / np.sqrt((curves**2).mean())


def _in_band(trace: np.ndarray, rate_hz: float) -> np.ndarray:
    sos = butter(2, _BAND_HZ, "bandpass", fs=rate_hz, output="sos")
    return sosfiltfilt(sos, np.asarray(trace, dtype=np.float64))
