"""What light, head and camera make of a face's colours besides the pulse: drift, flicker, movement, noise, lost chroma.

Everything here is a relative change of the cells' colours over time. Ranges are ours; those of the noise - how it falls
with frequency, how much of it is grey, how much all cells share, how much noisier blue is - are set to enclose what two
real clips of faces show (`python -m benchmarks.realism` puts both side by side), and what a codec takes from colour is
what codecs were found to take (`python -m benchmarks.agreement`).
"""

import numpy as np
from scipy.ndimage import shift

from bpdemo.regions import CANONICAL_XY_CM, CELLS
from bpdemo.stmap import LUMA

_FRAME_RATES_HZ = (24.0, 25.0, 30.0, 30.0, 30.0, 60.0)
_JITTER = 0.1  # of a frame's interval, either way
_MAINS_HZ = (50.0, 60.0)
_MAINS_APART = 0.0005  # relative deviation of the mains from its frequency, or of the camera's clock
_READ_OUT_S = (0.004, 0.012)  # from the face's upper end to its lower: a shutter that rolls shows flicker as bands
_DRIFT_OF_COLOUR = 0.1  # daylight and lamps drift in colour, too
_SPECULAR = (0.02, 0.10)  # share of movement that is gloss: it changes colour, not only brightness
_NOISE_FALL = (0.2, 1.0)  # amplitude of the noise goes with frequency to the power of minus this
_NOISE_FROM_HZ = 0.3
_GREY_NOISE = (0.1, 0.5)  # share of the noise's power that is the same in all channels (registration, luma coding)
_SHARED_NOISE = (0.3, 0.9)  # share of the whole face's noise that all cells have in common, in amplitude
_CHANNEL_NOISE = np.array([1.0, 1.1, 1.9])  # blue is the noisiest channel of every camera and every codec
_CHANNEL_SCATTER = 0.25  # of that, log-normal
_CHROMA_DELAY_S = 0.09  # in relation to what is lost; see `lose_chroma`


def draw_times(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the timestamps of a camera, with a little jitter: [frames] rising from 0 to at least `duration_s`."""
    rate = rng.choice(_FRAME_RATES_HZ)
    time_s = np.arange(int(np.ceil(duration_s * rate)) + 1) / rate
    time_s[1:] += rng.uniform(-_JITTER, _JITTER, len(time_s) - 1) / rate
    return time_s


def draw_drift(frames: int, rate: float, size: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the slow change of the light: [frames, 1, 3], standard deviation `size`."""
    light = wander(frames, 1, 0.05, 0.3, rate, rng)[:, :, None] * size
    return light * (1 + _DRIFT_OF_COLOUR * rng.standard_normal(3))


def draw_flicker(frames: int, rate: float, depth: float, rng: np.random.Generator) -> np.ndarray:
    """Draw what is left of a lamp's flicker: [frames, cells, 3], alike in all colours.

    A lamp flickers at twice the frequency of the mains; the camera's frames show the beat of both rates, and rows that
    are read later show it later.

    Args:
        frames: how many.
        rate: of the camera, frames a second.
        depth: height of the swing, relative.
        rng: draws mains, phase and the shutter's pace.
    """
    lamp_hz = 2 * rng.choice(_MAINS_HZ) * (1 + _MAINS_APART * rng.standard_normal())
    down = np.array([-CANONICAL_XY_CM[cell.outline, 1].mean() for cell in CELLS])
    read_s = rng.uniform(*_READ_OUT_S) * (down - down.min()) / np.ptp(down)
    phase = rng.uniform() + lamp_hz * (np.arange(frames)[:, None] / rate + read_s)
    return np.repeat(depth * np.sin(2 * np.pi * phase)[:, :, None], 3, axis=2)


def draw_movement(frames: int, rate: float, common: float, own: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the change of brightness by movement: [frames, cells, 3].

    Args:
        frames: how many.
        rate: of the camera, frames a second.
        common: of the whole face, relative, standard deviation.
        own: of each cell by itself, likewise.
        rng: draws it, and how much of it is gloss.
    """
    cells = len(CELLS)
    together = wander(frames, 1, 0.1, 1.5, rate, rng) * common * (1 + 0.3 * rng.standard_normal(cells))
    alone = wander(frames, cells, 0.1, 1.5, rate, rng) * own
    gloss = rng.uniform(*_SPECULAR) * rng.standard_normal((cells, 1)) * np.array([-0.25, 0.0, 0.25])
    return (together + alone)[:, :, None] * (1 + gloss)


def draw_noise(frames: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Draw noise of no particular size: [frames, cells, 3]; partly grey, partly common to all cells."""
    fall, grey, shared = rng.uniform(*_NOISE_FALL), rng.uniform(*_GREY_NOISE), rng.uniform(*_SHARED_NOISE)
    channel = _CHANNEL_NOISE * np.exp(_CHANNEL_SCATTER * rng.standard_normal(3))
    cells = len(CELLS)

    def draw(rows: int) -> np.ndarray:
        curves = wander(frames, rows * 4, _NOISE_FROM_HZ, rate, rate, rng, fall).reshape(frames, rows, 4)
        return channel * (np.sqrt(grey) * curves[..., 3:] + np.sqrt(1 - grey) * curves[..., :3])

    unequal = np.exp(0.3 * rng.standard_normal((cells, 1)))
    return (1 - shared) * unequal * draw(cells) + shared * draw(1) / np.sqrt(cells)


def lose_chroma(change: np.ndarray, level: np.ndarray, rate: float, kept: float) -> np.ndarray:
    """Make slow changes of colour smaller and later, as codecs do, which save on colour first; brightness stays.

    Found by `benchmarks.agreement`: what H.264, VP8 and VP9 leave of U, V and T goes with a delay of about 90 ms times
    what is lost, so one number tells both.

    Args:
        change: [frames, cells, 3] of R, G, B relative to `level`.
        level: [cells, 3] mean R, G, B.
        rate: frames a second.
        kept: share of a change of colour that is kept, above 0 to 1.

    Returns:
        The change as it comes out of the codec, as `change`.
    """
    colour = change * level
    luma = (colour @ LUMA)[..., None]
    delay = rate * _CHROMA_DELAY_S * (1 - kept)
    return (luma + kept * shift(colour - luma, (delay, 0, 0), mode="nearest")) / level


def wander(
    frames: int, rows: int, low_hz: float, high_hz: float, rate: float, rng: np.random.Generator, fall: float = 1.0
) -> np.ndarray:
    """Draw random curves between two frequencies.

    Args:
        frames: length of each.
        rows: how many.
        low_hz: where they begin.
        high_hz: where they end.
        rate: frames a second.
        rng: draws them.
        fall: their amplitude goes with frequency to the power of minus this.

    Returns:
        [frames, rows], of unit deviation over all of them.
    """
    frequency = np.fft.rfftfreq(2 * frames, 1 / rate)  # twice as long: the curves need not close
    shape = np.where((frequency >= low_hz) & (frequency <= high_hz), np.maximum(frequency, low_hz) ** -fall, 0)[:, None]
    draws = rng.standard_normal((2, len(frequency), rows))
    curves = np.fft.irfft(shape * (draws[0] + 1j * draws[1]), axis=0)[:frames]
    return curves / np.sqrt((curves**2).mean())
