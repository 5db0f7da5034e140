"""The slicer: the beats of a map, laid over each other and averaged a few at a time. Their only owner.

The paper cuts its map into slices and does not say where. Ours follow the heart, because noise decides how much of a
pulse's shape a camera shows: beats that lie exactly over each other average to a shape with little noise, and what a
network makes of that is worth more than the average of what it makes of noisy stretches.

```
map -> whole-face pulse -> steepest rise of every beat -> moved to where the beat fits the mean of all best
    -> each row cut from a fifth of a period before the rise to a fifth before the next, 48 points
    -> cells averaged to regions, the quieter the cell the higher its weight
    -> the first, second, ... quarter of the beats averaged: four slices
```

All of it is ours. Weights store `specification()` and refuse to work on slices cut otherwise.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, find_peaks, sosfiltfilt

from bpdemo.pulse import rate_and_snr
from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import CHANNELS, RATE_HZ, STMap

VERSION = 1
SLICES = 4
POINTS = 48
"""Points of a beat, even from `BEFORE_RISE` of a period before its steepest rise to a period later, ends included."""
BEFORE_RISE = 0.2

_LEAST_BEATS = 4  # one for each slice
_RISE_BAND = (0.6, 2.5)  # of the heart rate: what is left of the pulse when beats are looked for
_APART = 0.6  # of a period, at least, from beat to beat
_FIT_BAND_HZ = (1.2, 6.0)  # in which beats are fitted to their mean; below, the light wanders
_FIT_ROUNDS = 2
_FIT_FINE = 4  # beats are moved by quarters of a column
_FIT_REACH = 12  # of these quarters, either way, are tried for each beat: 0.1 s
_FIT_SCATTER_S = 0.035  # how far off the first guess is, roughly; far shifts must fit much better
_FIT_SPAN = (-0.2, 0.45)  # of a period around the rise: the part of the beat that is fitted
_LEVELLED = 0.1  # of the mean noise, added to each cell's: no cell takes over
_TINY = 1e-9
_ROW_REGION = np.array([REGIONS.index(cell.region) for cell in CELLS])


@dataclass(frozen=True)
class Slices:
    """What the network reads of one map.

    Attributes:
        values: float32 [`SLICES`, channels (Y, U, V, T), regions, `POINTS`], in the map's unit, each row of mean 0; 0
            where nothing was measured.
        weight: float32 [`SLICES`, regions], how much each row tells: one over its noise power, in relation to the
            others (mean 1 where anything was measured); 0 where nothing was measured.
        rate_hz: the heart rate that the beats were cut by.
        rises_s: float64 [beats], the steepest rise of every beat that was cut, seconds from the map's start; none of a
            map in which fewer than four were found.
    """

    values: np.ndarray
    weight: np.ndarray
    rate_hz: float
    rises_s: np.ndarray

    @property
    def measured(self) -> bool:
        """Whether there is anything to read in them."""
        return bool((self.weight > 0).any())

    @property
    def time_s(self) -> np.ndarray:
        """Seconds from the steepest rise, [`POINTS`]."""
        return (np.linspace(0, 1, POINTS) - BEFORE_RISE) / self.rate_hz


def specification() -> dict:
    """Return what weights must agree with to read slices, and what it takes to cut the same ones; JSON-able."""
    return {
        "version": VERSION,
        "slices": SLICES,
        "points": POINTS,
        "before_rise": BEFORE_RISE,
        "least_beats": _LEAST_BEATS,
        "rise_band": list(_RISE_BAND),
        "apart": _APART,
        "fit_band_hz": list(_FIT_BAND_HZ),
        "fit_rounds": _FIT_ROUNDS,
        "fit_step_s": 1 / (_FIT_FINE * RATE_HZ),
        "fit_reach_s": _FIT_REACH / (_FIT_FINE * RATE_HZ),
        "fit_scatter_s": _FIT_SCATTER_S,
        "fit_span": list(_FIT_SPAN),
        "levelled": _LEVELLED,
    }


def cut_slices(stmap: STMap) -> Slices:
    """Cut a map into its slices.

    Args:
        stmap: the map, of 9.5 s or more; what it holds where not measured does not matter.

    Returns:
        The slices; all of weight 0 when fewer than four beats were found or nothing was measured.
    """
    mask = stmap.mask
    values = np.where(mask, stmap.values, 0).astype(np.float64)
    rate_hz, rises = find_rises(values, mask)
    period = RATE_HZ / rate_hz
    starts = rises - BEFORE_RISE * period
    whole = (starts >= 0) & (starts + period <= values.shape[-1] - 1)
    starts, rises = starts[whole], rises[whole]
    if len(starts) < _LEAST_BEATS:
        shape = (SLICES, len(CHANNELS), len(REGIONS), POINTS)
        return Slices(np.zeros(shape, np.float32), np.zeros(shape[::2], np.float32), rate_hz, np.empty(0))
    beats, measured = _cut_beats(values, mask, starts, period)
    sliced, weight = _average(beats, measured)
    return Slices(sliced.astype(np.float32), weight.astype(np.float32), rate_hz, rises / RATE_HZ)


def average_regions(slices: Slices) -> np.ndarray:
    """Average slices over regions by weight, as the network does.

    Returns:
        float64 [`SLICES` + 1, channels, `POINTS`] in the map's unit, the last of them the whole map's; NaN where
        nothing was measured.
    """
    weight = np.concatenate((slices.weight, slices.weight.sum(axis=0, keepdims=True)), dtype=np.float64)
    sums = np.einsum("sr,scrp->scp", slices.weight, slices.values, dtype=np.float64)
    sums = np.concatenate((sums, sums.sum(axis=0, keepdims=True)))
    total = weight.sum(axis=1)
    return sums / np.where(total > 0, total, np.nan)[:, None, None]


def whole_face(values: np.ndarray, mask: np.ndarray, channel: str = "T") -> np.ndarray:
    """Average one channel of a map over its cells, the quieter the cell the higher its weight.

    Noise is read from the second difference in time, which leaves little of a pulse.

    Args:
        values: [4, cells, columns], the map; what it holds where not measured does not matter.
        mask: bool [cells, columns], True where measured.
        channel: one of `stmap.CHANNELS`.

    Returns:
        float64 [columns] in the map's unit; gaps of all cells are bridged by straight lines. 0 when nothing was
        measured.
    """
    trace = np.where(mask, np.asarray(values[CHANNELS.index(channel)], np.float64), 0.0)
    known = mask[:, 2:] & mask[:, 1:-1] & mask[:, :-2]
    power = (known * np.diff(trace, n=2, axis=1) ** 2).sum(axis=1)
    weight = np.where(power > _TINY, known.sum(axis=1) / np.maximum(power, _TINY), 0.0)
    total = weight @ mask
    there = np.flatnonzero(total > 0)
    if not there.size:
        return np.zeros(mask.shape[1])
    return np.interp(np.arange(mask.shape[1]), there, (weight @ trace)[there] / total[there])


def find_rises(values: np.ndarray, mask: np.ndarray) -> tuple[float, np.ndarray]:
    """Find the steepest rise of every beat in a map.

    Args:
        values: float64 [4, cells, columns], the map.
        mask: bool [cells, columns].

    Returns:
        Heart rate in Hz, whatever is strongest between 40 and 200 a minute; float64 [beats], columns and parts of
        columns, rising.
    """
    pulse = whole_face(values, mask)
    rate_hz, _ = rate_and_snr(pulse)
    period = RATE_HZ / rate_hz
    low, high = _RISE_BAND
    narrow = _band_pass(pulse, (low * rate_hz, min(high * rate_hz, 8.0)))
    rises, _ = find_peaks(np.gradient(narrow), distance=max(1, int(_APART * period)), height=0)
    waves = _band_pass(np.stack((pulse, whole_face(values, mask, "Y"))), _FIT_BAND_HZ)
    return rate_hz, np.sort(_fit_to_mean(rises, waves.T, period))


def _fit_to_mean(rises: np.ndarray, waves: np.ndarray, period: float) -> np.ndarray:
    """Move every rise a little, to where its beat lies closest to the mean beat in all waves.

    Args:
        rises: int [beats], columns.
        waves: [columns, waves].
        period: columns from beat to beat.

    Returns:
        float64 [beats], columns and quarters of columns.
    """
    columns = len(waves)
    start, end = (edge * period for edge in _FIT_SPAN)
    points = np.arange(0, int(np.ceil((end - start) * 2))) * _FIT_FINE // 2  # of a beat, half a column apart
    shifts = np.arange(-_FIT_REACH, _FIT_REACH + 1)
    # Wherever a beat is moved to, its points stay on one grid of quarter columns: waves are interpolated only once.
    margin = _FIT_ROUNDS * _FIT_REACH
    grid = start + np.arange(-margin, columns * _FIT_FINE + points[-1] + margin) / _FIT_FINE
    fine = make_interp_spline(np.arange(columns), waves, k=3)(np.clip(grid, 0, columns - 1))
    places = rises * _FIT_FINE
    far = 2 * (shifts / (_FIT_SCATTER_S * RATE_HZ * _FIT_FINE)) ** 2
    for _ in range(_FIT_ROUNDS):
        inside = (places / _FIT_FINE + start >= 0) & ((places + points[-1]) / _FIT_FINE + start <= columns - 1)
        if inside.sum() < _LEAST_BEATS:
            break
        beats = fine[margin + places[inside, None] + points]
        mean = beats.mean(axis=0)
        noise = np.maximum((beats - mean).var(axis=(0, 1)), _TINY)
        moved = fine[margin + (places[:, None] + shifts)[:, :, None] + points]  # [beats, shifts, points, waves]
        misfit = ((moved - mean) ** 2).sum(axis=2) / noise
        places = places + shifts[(misfit.sum(axis=-1) + far).argmin(axis=1)]
    return places / _FIT_FINE


def _cut_beats(
    values: np.ndarray, mask: np.ndarray, starts: np.ndarray, period: float
) -> tuple[np.ndarray, np.ndarray]:
    """Beats of every row, float64 [beats, 4, cells, `POINTS`], of mean 0; which were measured, bool [beats, cells]."""
    at = starts[:, None] + np.linspace(0, period, POINTS)
    columns = values.shape[-1]
    rows = np.ascontiguousarray(values.reshape(-1, columns).T)  # several times as fast as along the last axis
    beats = make_interp_spline(np.arange(columns), rows, k=3)(at)  # [beats, points, rows]
    beats = np.moveaxis(beats, 1, 2).reshape(len(at), *values.shape[:2], POINTS)
    until = np.cumsum(np.concatenate((np.zeros((len(mask), 1), int), ~mask), axis=1), axis=1)
    first, last = np.floor(at[:, 0]).astype(int), np.ceil(at[:, -1]).astype(int)
    measured = (until[:, last + 1] - until[:, first]).T == 0
    beats = (beats - beats.mean(axis=-1, keepdims=True)) * measured[:, None, :, None]
    return beats, measured


def _average(beats: np.ndarray, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slices [`SLICES`, 4, regions, `POINTS`] and the weight of their rows [`SLICES`, regions]."""
    count = measured.sum(axis=0)  # of beats, by cell
    mean = beats.sum(axis=0) / np.maximum(count, 1)[:, None]
    rest = (beats - mean) * measured[:, None, :, None]
    noise = (rest**2).mean(axis=-1).sum(axis=0) / np.maximum(count - 1, 1)  # [4, cells]
    noise += _LEVELLED * noise[:, count > 1].mean(axis=1, keepdims=True) if (count > 1).any() else 0
    # What never changes, as a black bar or a clipped patch, is not quiet: it is no skin.
    alive = (beats**2).sum(axis=(0, 3)) > _TINY
    precision = np.where((count > 1) & alive, 1 / np.maximum(noise, _TINY), 0)
    of_region = np.eye(len(REGIONS))[_ROW_REGION]  # [cells, regions]
    part = np.arange(len(beats)) * SLICES // len(beats)
    in_part = np.eye(SLICES)[part]  # [beats, slices]
    weights = np.einsum("bs,bk,ck,kr->scrk", in_part, measured, precision, of_region)
    sums = np.einsum("bs,bckp->sckp", in_part, beats)
    total = np.einsum("ck,kr,sckp->scrp", precision, of_region, sums)
    whole = weights.sum(axis=3)  # [slices, 4, regions]
    sliced = np.where(whole[..., None] > 0, total / np.maximum(whole, _TINY**2)[..., None], 0)
    weight = whole[:, CHANNELS.index("T")]
    return sliced, weight / max(weight[weight > 0].mean(), _TINY**2) if (weight > 0).any() else weight


def _band_pass(waves: np.ndarray, band_hz: tuple[float, float]) -> np.ndarray:
    """Keep a band of waves [..., columns], without delay."""
    return sosfiltfilt(_filter(band_hz), waves, padlen=min(int(2 * RATE_HZ), waves.shape[-1] - 1))


@lru_cache
def _filter(band_hz: tuple[float, float]) -> np.ndarray:
    return butter(2, band_hz, "bandpass", fs=RATE_HZ, output="sos")
