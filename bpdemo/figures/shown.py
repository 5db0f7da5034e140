"""What is drawn of a window, on the page's canvas and in figures alike: its map, each cell's pulse, its single beats.

Everything is in % of the skin's colour, on scales that are the same for every clip: blood glows, a photograph stays
dark. It is for the eye, never for the network. Band, limits and colours are ours.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from scipy.interpolate import make_interp_spline

from bpdemo.beats import band_pass
from bpdemo.pulse import Pulse
from bpdemo.stmap import CHANNELS, STMap
from bpdemo.window import Window

SHOWN_BAND_HZ = (0.7, 4.0)  # the heart's rates and the harmonics that make a beat look like one
SHOWN_LIMITS = {"Y": 1.0, "U": 0.2, "V": 0.35, "T": 0.75}
"""Change of the skin's colour in % that has the brightest colour, by channel; the same for every clip."""
SHOWN_FLOOR = -0.3  # of the limit: what has the darkest colour, so that no change at all is dark as well
STRENGTH_LIMIT = 0.8  # pulse strength in % that has the brightest colour; none at all has the darkest
COLOURS = colormaps["inferno"]  # perceptually even, dark to bright

_BEAT_SPAN = (-0.3, 0.9)  # of a period around the upstroke: from foot to foot
_BEAT_POINTS = 73
_MIN_BEATS = 3
_PHASES = 2 * np.pi * np.arange(64) / 64


@dataclass(frozen=True)
class ShownMap:
    """A map in % of the skin's colour, float32 [4, cells, columns], channels Y, U, V, T; NaN where not measured.

    Attributes:
        filtered: from 0.7 to 4 Hz.
        unfiltered: as the map has it, 0.35 to 9 Hz.
    """

    filtered: np.ndarray
    unfiltered: np.ndarray


@dataclass(frozen=True)
class ShownBeats:
    """Single beats of a pulse wave in % of the skin's colour.

    Attributes:
        time_s: [points] seconds from the steepest upstroke.
        beats: [beats, points].
        mean: [points] of all of them.
        upstrokes_s: [beats] seconds since the clip's first frame.
    """

    time_s: np.ndarray
    beats: np.ndarray
    mean: np.ndarray
    upstrokes_s: np.ndarray


def shown_map(stmap: STMap) -> ShownMap:
    """Return a map as it is drawn: each measured stretch of a row filtered by itself, without delay."""
    percent = np.where(stmap.mask, 100 * stmap.scale * stmap.values, np.nan)
    filtered = np.full_like(percent, np.nan)
    for pattern in np.unique(stmap.mask, axis=0):  # most rows are measured at the same times
        rows = np.flatnonzero((stmap.mask == pattern).all(axis=1))
        for start, stop in _stretches(pattern):
            filtered[:, rows, start:stop] = band_pass(percent[:, rows, start:stop], SHOWN_BAND_HZ)
    return ShownMap(filtered.astype(np.float32), percent.astype(np.float32))


def colour_table() -> np.ndarray:
    """Return the colours from dark to bright, uint8 [256, 3] R, G, B.

    The first stands for `SHOWN_FLOOR` times a channel's limit and less, the last for the limit and more.
    """
    return COLOURS(np.arange(256), bytes=True)[:, :3]


def pulse_strength(window: Window) -> np.ndarray:
    """Return how strongly each cell's T changes with the heart: [cells] %, NaN where not measured.

    It is half the height of the sine at the heart rate and its first harmonic that fit the measured columns best;
    noise alone has a little of that, too.
    """
    stmap, strength = window.stmap, np.full(len(window.stmap.cells), np.nan)
    if window.pulse is None:
        return strength
    for row, (values, there) in enumerate(zip(stmap.values[CHANNELS.index("T")], stmap.mask, strict=True)):
        if there.any():
            design = _harmonics(2 * np.pi * window.pulse.rate_hz * stmap.time_s[there])
            fit = np.linalg.lstsq(design, 100 * stmap.scale * values[there], rcond=None)[0]
            strength[row] = np.ptp(_harmonics(_PHASES) @ fit) / 2
    return strength


def shown_beats(pulse: Pulse) -> ShownBeats | None:
    """Return the beats that lie whole within the window, cut from the pulse wave; None for fewer than three."""
    time_s = np.linspace(*_BEAT_SPAN, _BEAT_POINTS) / pulse.rate_hz
    first_s, last_s = pulse.time_s[0], pulse.time_s[-1]
    whole = (pulse.beats_s + time_s[0] >= first_s) & (pulse.beats_s + time_s[-1] <= last_s)
    if whole.sum() < _MIN_BEATS:
        return None
    wave = make_interp_spline(pulse.time_s, 100 * pulse.wave, k=3)
    beats = wave(pulse.beats_s[whole, None] + time_s)
    return ShownBeats(time_s, beats, beats.mean(axis=0), pulse.beats_s[whole])


def _stretches(there: np.ndarray) -> list[tuple[int, int]]:
    """Return (start, stop) of the stretches of a row [columns] that are measured."""
    edges = np.flatnonzero(np.diff(there.astype(int), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _harmonics(phase: np.ndarray) -> np.ndarray:
    """Return a constant, and sine and cosine of phases [...] and of twice them, [..., 5]."""
    waves = [np.ones_like(phase), np.sin(phase), np.cos(phase), np.sin(2 * phase), np.cos(2 * phase)]
    return np.stack(waves, axis=-1)
