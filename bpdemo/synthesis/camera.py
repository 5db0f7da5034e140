"""What light, head and camera make of a face's colours besides the pulse: drift, flicker, movement, noise, lost chroma.

A head also recoils from each beat: the blood that shoots up the neck pushes it (Balakrishnan, Durand, Guttag,
"Detecting pulse from head motions in video", CVPR 2013), and as it turns in light from the side its skin is shaded
differently, alike in all colours but not in all places (Moco, Stuijk, de Haan, "Ballistocardiographic artifacts in PPG
imaging", IEEE TBME 63(9), 2016).

Everything here is a relative change of the cells' colours over time. Ranges are ours; those of the noise - how it falls
with frequency, how much of it is grey, how much all cells share, how much noisier blue is - are set to enclose what two
real clips of faces show, and what a codec takes from colour is what codecs were measured to take (`experiments/`).
"""

import cv2
import numpy as np
from scipy.ndimage import shift

from bpdemo.regions import CANONICAL_XY_CM, CELLS, LUMA

_FRAME_RATES_HZ = (24.0, 25.0, 30.0, 30.0, 30.0, 60.0)
_JITTER = 0.1  # of a frame's interval, either way
_MAINS_HZ = (50.0, 60.0)
_MAINS_DEVIATION = 0.0005  # relative, of the mains from its frequency or of the camera's clock
_READ_OUT_S = (0.004, 0.012)  # from the face's upper end to its lower: a rolling shutter shows flicker as bands
_DRIFT_OF_COLOUR = 0.1  # daylight and lamps drift in colour, too
_SPECULAR = (0.02, 0.10)  # share of movement that is gloss: it changes colour, not only brightness
_NOISE_FALL = (0.2, 1.0)  # amplitude of the noise goes with frequency to the power of minus this
_NOISE_FROM_HZ = 0.3
_GREY_NOISE = (0.1, 0.5)  # share of the noise's power that is the same in all channels (registration, luma coding)
_SHARED_NOISE = (0.3, 0.9)  # share of the whole face's noise that all cells have in common, in amplitude
_CHANNEL_NOISE = np.array([1.0, 1.1, 1.9])  # blue is the noisiest channel of every camera and every codec
_CHANNEL_SCATTER = 0.25  # of that, log-normal
_RECOIL_HZ, _RECOIL_DAMPING = (1.5, 4.0), (0.15, 0.35)  # of a head on its neck
_RECOIL_DELAY_S = (0.0, 0.15)  # after the foot of the face's pulse
_SHADE_SCATTER = 0.3  # of a cell around the gradient across the face
_BALANCE_EVERY_S, _BALANCE_TAKES_S = (0.8, 3.0), 0.5  # automatic white balance: from step to step, and for one step
_CHROMA_DELAY_S = 0.09  # times the share that is lost; see `attenuate_chroma`


def draw_times(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """Return a camera's timestamps with a little jitter: [frames] rising from 0 to at least `duration_s`."""
    rate_hz = rng.choice(_FRAME_RATES_HZ)
    time_s = np.arange(int(np.ceil(duration_s * rate_hz)) + 1) / rate_hz
    time_s[1:] += rng.uniform(-_JITTER, _JITTER, len(time_s) - 1) / rate_hz
    return time_s


def draw_drift(frames: int, rate_hz: float, size: float, rng: np.random.Generator) -> np.ndarray:
    """Return the slow change of the light: [frames, 1, 3], standard deviation `size`."""
    light = band_limited_noise(frames, 1, 0.05, 0.3, rate_hz, rng)[:, :, None] * size
    return light * (1 + _DRIFT_OF_COLOUR * rng.standard_normal(3))


def draw_flicker(frames: int, rate_hz: float, depth: float, rng: np.random.Generator) -> np.ndarray:
    """Return what is left of a lamp's flicker: [frames, cells, 3], alike in all colours, `depth` high.

    A lamp flickers at twice the frequency of the mains; the camera's frames show the beat of both rates, and rows that
    are read later show it later.
    """
    lamp_hz = 2 * rng.choice(_MAINS_HZ) * (1 + _MAINS_DEVIATION * rng.standard_normal())
    down = np.array([-CANONICAL_XY_CM[cell.outline, 1].mean() for cell in CELLS])
    read_s = rng.uniform(*_READ_OUT_S) * (down - down.min()) / np.ptp(down)
    phase = rng.uniform() + lamp_hz * (np.arange(frames)[:, None] / rate_hz + read_s)
    return np.repeat(depth * np.sin(2 * np.pi * phase)[:, :, None], 3, axis=2)


def draw_movement(frames: int, rate_hz: float, common: float, own: float, rng: np.random.Generator) -> np.ndarray:
    """Return the change of brightness by movement: [frames, cells, 3].

    Its relative standard deviation is `common` for the whole face and `own` for each cell by itself.
    """
    cells = len(CELLS)
    together = band_limited_noise(frames, 1, 0.1, 1.5, rate_hz, rng) * common * (1 + 0.3 * rng.standard_normal(cells))
    alone = band_limited_noise(frames, cells, 0.1, 1.5, rate_hz, rng) * own
    gloss = rng.uniform(*_SPECULAR) * rng.standard_normal((cells, 1)) * np.array([-0.25, 0.0, 0.25])
    return (together + alone)[:, :, None] * (1 + gloss)


def draw_recoil(time_s: np.ndarray, onsets_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how a head swings after each beat: [frames], 0 at rest, 1 where the swing after a single beat is widest.

    `onsets_s` [beats] are the times of the feet of the face's pulse, on the clock of `time_s` [frames], seconds.
    """
    turning, damping = 2 * np.pi * rng.uniform(*_RECOIL_HZ), rng.uniform(*_RECOIL_DAMPING)
    since_s = np.maximum(time_s[:, None] - onsets_s - rng.uniform(*_RECOIL_DELAY_S), 0)
    ringing = np.sqrt(1 - damping**2)
    widest = np.exp(-damping / ringing * np.arccos(damping)) * ringing
    swings = np.exp(-damping * turning * since_s) * np.sin(ringing * turning * since_s)
    return swings.sum(axis=1) / widest


def draw_shading(rng: np.random.Generator) -> np.ndarray:
    """Return by how much a turn of the head brightens each cell in light from one side: [cells], about -1 to 1."""
    places = np.array([CANONICAL_XY_CM[cell.outline].mean(axis=0) for cell in CELLS])
    places = (places - places.mean(axis=0)) / np.ptp(places, axis=0) * 2
    angle = rng.uniform(0, 2 * np.pi)
    gradient = places @ np.array([np.cos(angle), np.sin(angle)])
    return rng.uniform(-0.5, 0.5) + gradient / 2 + _SHADE_SCATTER * rng.standard_normal(len(CELLS))


def draw_balance(time_s: np.ndarray, size: float, rng: np.random.Generator) -> np.ndarray:
    """Return what automatic white balance does that corrects itself now and then: gains [frames, 3], about 1.

    Red and blue are raised and lowered against each other in steps of a relative `size`, each taken slowly.
    """
    tilt: np.ndarray = np.zeros(len(time_s))
    level, at_s = 0.0, rng.uniform(*_BALANCE_EVERY_S)
    while at_s < time_s[-1]:
        step = size * rng.uniform(0.5, 1) * (-1 if level > 0 else 1)  # corrections go back and forth
        level += step
        tilt = tilt + step * np.clip((time_s - at_s) / _BALANCE_TAKES_S, 0, 1)
        at_s += rng.uniform(*_BALANCE_EVERY_S)
    return 1 + tilt[:, None] * np.array([1.0, 0.0, -1.0])


def draw_noise(frames: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Return noise of no particular size: [frames, cells, 3]; partly grey, partly common to all cells."""
    fall, grey, shared = rng.uniform(*_NOISE_FALL), rng.uniform(*_GREY_NOISE), rng.uniform(*_SHARED_NOISE)
    channel = _CHANNEL_NOISE * np.exp(_CHANNEL_SCATTER * rng.standard_normal(3))
    cells = len(CELLS)

    def draw(rows: int) -> np.ndarray:
        curves = band_limited_noise(frames, rows * 4, _NOISE_FROM_HZ, rate_hz, rate_hz, rng, fall)
        curves = curves.reshape(frames, rows, 4)
        return channel * (np.sqrt(grey) * curves[..., 3:] + np.sqrt(1 - grey) * curves[..., :3])

    unequal = np.exp(0.3 * rng.standard_normal((cells, 1)))
    return (1 - shared) * unequal * draw(cells) + shared * draw(1) / np.sqrt(cells)


def attenuate_chroma(change: np.ndarray, level: np.ndarray, rate_hz: float, kept: float) -> np.ndarray:
    """Return slow changes of colour smaller and later, as codecs leave them, which save on colour first (ours).

    What H.264, VP8 and VP9 leave of U, V and T comes about 90 ms times the lost share late, so one number gives both.
    Brightness stays as it is. `change`, [frames, cells, 3] of R, G, B, is relative to `level`, the mean colours [cells,
    3]; `kept` is the share of a change of colour that is kept, above 0 to 1.
    """
    colour = change * level
    luma = (colour @ LUMA)[..., None]
    delay = rate_hz * _CHROMA_DELAY_S * (1 - kept)
    return (luma + kept * shift(colour - luma, (delay, 0, 0), mode="nearest")) / level


def band_limited_noise(
    frames: int, rows: int, low_hz: float, high_hz: float, rate_hz: float, rng: np.random.Generator, fall: float = 1.0
) -> np.ndarray:
    """Return random curves between two frequencies: [frames, rows], of unit deviation over all of them.

    Their amplitude goes with frequency to the power of -`fall`.
    """
    frequency = np.fft.rfftfreq(2 * frames, 1 / rate_hz)  # twice as long: the curves need not close
    shape = np.where((frequency >= low_hz) & (frequency <= high_hz), np.maximum(frequency, low_hz) ** -fall, 0)[:, None]
    draws = rng.standard_normal((2, len(frequency), rows))
    curves = np.fft.irfft(shape * (draws[0] + 1j * draws[1]), axis=0)[:frames]
    return curves / np.sqrt((curves**2).mean())


class Development:
    """What a camera makes of the sensor's pictures before they are coded.

    Args:
        black_level: 8-bit levels that become black; all above are stretched to white again.
        chroma_lag_s: time constant of a recursive filter over frames, of every pixel's colour without its brightness: a
            camera's noise reduction that leaves changes of colour smaller and later. 0 for none.
    """

    def __init__(self, black_level: float, chroma_lag_s: float) -> None:
        self._black_level, self._lag_s = black_level, chroma_lag_s
        self._colour: np.ndarray | None = None
        self._last_s = 0.0

    def show(self, image: np.ndarray, time_s: float) -> np.ndarray:
        """Return the next frame's picture, [height, width, 3] float32 R, G, B, which may exceed 0 to 255."""
        if self._black_level:
            image = (image - np.float32(self._black_level)) * np.float32(255 / (255 - self._black_level))
        if not self._lag_s:
            return image
        luma = cv2.transform(image, LUMA[None].astype(np.float32))[..., None]
        colour = image - luma
        if self._colour is not None:
            kept = np.exp((self._last_s - time_s) / self._lag_s)
            colour = colour + np.float32(kept) * (self._colour - colour)
        self._colour, self._last_s = colour, time_s
        return luma + colour
