"""From a pulse to what skin gives back of the light: every cell a little later, weaker and smoother than the finger.

Light that comes back from a face has been under the skin (diffuse), where blood takes a part of it away, or has not
(specular: the reflection at the surface). The darker the skin, the smaller the diffuse part, while the surface reflects
what it always does: so the pulse, relative to all the light, is weaker on darker skin, and most so in blue.

Signs and proportions of the channels are drawn around the normalised blood-volume vector (R, G, B) = (0.33, 0.77, 0.53)
of de Haan and van Leest, *Improved motion robustness of remote-PPG by using the blood volume pulse signature*, 2014,
widely enough for the real face measured here (0.22, 0.88, 0.37). All other numbers are ours.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from bpdemo.regions import CELLS
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, PulseWave

BLOOD_VOLUME = np.array([0.33, 0.77, 0.53])
"""Pulse strength of R, G, B relative to each channel's mean, normalised."""

_RED_OF_GREEN, _BLUE_OF_GREEN = (0.18, 0.48), (0.32, 0.75)  # pulse strength in relation to green's
_DIFFUSE_LIGHT, _DIFFUSE_DARK = np.array([0.60, 0.42, 0.32]), np.array([0.15, 0.07, 0.05])
"""Share of the light in R, G, B that comes back from under the lightest and the darkest skin."""
_SURFACE = (0.03, 0.06)  # share of the light that its surface reflects
_SURFACE_SCATTER = 0.3  # of a cell around that, log-normal: a shiny nose, a matt cheek
_GREEN = (165.0, 60.0)  # 8-bit levels of the lightest and the darkest skin in even light
_SKIN_RED_OF_GREEN, _SKIN_BLUE_OF_GREEN = (1.25, 1.75), (0.55, 0.92)
_EXPOSURE = (0.75, 1.1)
_LEVEL_SCATTER = 0.08  # of a cell's level, log-normal
_BRIGHTEST = 225.0  # mean of the brightest cell in its brightest channel: above, a camera closes its shutter

_REGION_STRENGTH = {"forehead": 1.0, "left_cheek": 0.95, "right_cheek": 0.95, "nose": 0.7, "mouth": 0.7, "chin": 0.75}
_STRENGTH_SCATTER = 0.25  # of a cell around its region, log-normal
_REGION_DELAY_S, _CELL_DELAY_S = 0.012, 0.004  # standard deviations around the face's mean
_FACE_LOW_PASS_HZ = (5.0, 8.0)  # where the face's pulse has lost 3 dB against the finger's


@dataclass(frozen=True)
class Skin:
    """The skin of one face in one light."""

    level: np.ndarray  # [cells, 3] mean R, G, B of each cell in 8-bit levels
    diffuse: np.ndarray  # [cells, 3] share of each cell's light that has been under the skin, 0 to 1
    tone: float  # 0 for the lightest to 1 for the darkest skin


def draw_skin(rng: np.random.Generator, tone: float | None = None) -> Skin:
    """Return the skin of one face, of a tone from 0 for the lightest to 1 for the darkest; None draws that, too."""
    tone = rng.uniform() if tone is None else tone
    colour = _green(tone) * np.array([rng.uniform(*_SKIN_RED_OF_GREEN), 1.0, rng.uniform(*_SKIN_BLUE_OF_GREEN)])
    level = colour * rng.uniform(*_EXPOSURE) * np.exp(_LEVEL_SCATTER * rng.standard_normal((len(CELLS), 1)))
    level *= min(1.0, _BRIGHTEST / level.max())
    diffuse = _DIFFUSE_LIGHT ** (1 - tone) * _DIFFUSE_DARK**tone
    surface = rng.uniform(*_SURFACE) * np.exp(_SURFACE_SCATTER * rng.standard_normal((len(CELLS), 1)))
    return Skin(level, diffuse / (diffuse + surface), tone)


def tone_colour(tone: float) -> np.ndarray:
    """Return the usual colour of skin of a tone in even light: [3] R, G, B in 8-bit levels."""
    return _green(tone) * np.array([np.mean(_SKIN_RED_OF_GREEN), 1.0, np.mean(_SKIN_BLUE_OF_GREEN)])


def draw_blood(rng: np.random.Generator) -> np.ndarray:
    """Return how strongly each channel of one face shows the pulse: [3], R, G, B, of unit length."""
    vector = np.array([rng.uniform(*_RED_OF_GREEN), 1.0, rng.uniform(*_BLUE_OF_GREEN)])
    return vector / np.linalg.norm(vector)


def pulse_change(pulse: PulseWave, time_s: np.ndarray, strength: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how a pulse changes the colours of all cells at some times [frames], seconds: [frames, cells, 3].

    Changes are relative to the cells' mean colours, about 0, and negative where there is more blood. `strength`, [3] or
    [cells, 3], is the height of the pulse in R, G, B where it is strongest. Strength and delay of regions and cells are
    drawn, and how much smoother the face's pulse is.
    """
    cutoff = rng.uniform(*_FACE_LOW_PASS_HZ)
    sigma = np.sqrt(np.log(2) / 2) / (np.pi * cutoff)  # of a Gaussian in time whose response at the cutoff is -3 dB
    wave = gaussian_filter1d(pulse.wave, sigma * BEAT_RATE_HZ, mode="nearest")
    regions = {region: _REGION_DELAY_S * rng.standard_normal() for region in sorted({cell.region for cell in CELLS})}
    delays = np.array([regions[cell.region] for cell in CELLS]) + _CELL_DELAY_S * rng.standard_normal(len(CELLS))
    heights = np.array([_REGION_STRENGTH[cell.region] for cell in CELLS])
    heights = heights * np.exp(_STRENGTH_SCATTER * rng.standard_normal(len(CELLS)))
    own_time_s = np.arange(len(wave)) / BEAT_RATE_HZ
    cells = np.interp(time_s[:, None] - delays, own_time_s, wave) * heights
    return -strength * cells[:, :, None]


def pulse_projection(blood: np.ndarray) -> np.ndarray:
    """Return the weights POS gives R, G, B when nothing but a pulse of these proportions [3] moves them: [3]."""
    red, green, blue = blood
    balance = (green - blue) / (green + blue - 2 * red)
    return np.array([-2 * balance, 1 + balance, balance - 1])


def _green(tone: float) -> float:
    return _GREEN[0] + tone * (_GREEN[1] - _GREEN[0])
