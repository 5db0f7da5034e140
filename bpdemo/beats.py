"""The beats of a window: found once, and averaged a few at a time into what the network reads.

The paper cuts its map into slices and does not say where. Ours follow the heart, because noise decides how much of a
pulse's shape a camera shows: beats that lie exactly over each other average to a shape with little noise.

```
pulse wave -> steepest upstroke of every beat -> moved to where the beat fits the mean of all best        find_beats
map        -> each row cut from a fifth of a period before the upstroke to a fifth before the next, 48 points
           -> cells averaged to regions, the quieter the cell the higher its weight
           -> the first, second, ... quarter of the beats averaged: four mean beats                     average_beats
```

All of it is ours. Weights store `specification()` and refuse to work on beats averaged otherwise.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, find_peaks, sosfiltfilt

from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import CHANNELS, RATE_HZ, STMap

if TYPE_CHECKING:
    from pydantic import JsonValue

    from bpdemo.pulse import Pulse

VERSION = 2
MEAN_BEATS = 4
POINTS = 48
"""Points of a beat, evenly from `BEFORE_UPSTROKE` of a period before its upstroke to a period later, ends included."""
BEFORE_UPSTROKE = 0.2
PHASES = ("end_of_diastole", "upstroke_and_peak", "late_systole_and_notch", "diastolic_runoff")
"""Parts of a beat, in order (ours)."""
_PHASE_BORDERS = (-0.12, 0.18, 0.45)  # of a period from the steepest upstroke

MIN_BEATS = 4  # one for each mean
_UPSTROKE_BAND = (0.6, 2.5)  # of the heart rate: the band in which beats are looked for
_MIN_DISTANCE = 0.6  # of a period, from beat to beat
FIT_BAND_HZ = (1.2, 6.0)  # in which beats are fitted to their mean; below, the light drifts
_FIT_ROUNDS = 2
_FIT_FINE = 4  # beats are moved by quarters of a column
_FIT_REACH = 12  # quarters tried for each beat, either way: 0.1 s
_FIT_SCATTER_S = 0.035  # typical error of the first guess; larger shifts must fit much better
FIT_SPAN = (-0.2, 0.45)  # of a period around the upstroke: the part of the beat that is fitted
_MAX_EDGE_DEVIATION = 0.2  # of a window's first and last interval from the median one
_MIN_COLUMNS = 15  # less than half a second holds no beat to look for
_NOISE_FLOOR = 0.1  # of the mean noise, added to each cell's: no cell takes over
_TINY = 1e-9
_ROW_REGION = np.array([REGIONS.index(cell.region) for cell in CELLS])


@dataclass(frozen=True)
class MeanBeats:
    """What the network reads of one window.

    Attributes:
        values: float32 [`MEAN_BEATS`, channels (Y, U, V, T), regions, `POINTS`], in the map's unit, each row of mean 0;
            0 where not measured.
        weight: float32 [`MEAN_BEATS`, regions], inverse noise power of each row, of mean 1 where measured; else 0.
        rate_hz: the heart rate that the beats were cut by.
        beats_s: float64 [beats], upstrokes of the averaged beats (those whole within the window), seconds since the
            clip's first frame; empty for fewer than four.
    """

    values: np.ndarray
    weight: np.ndarray
    rate_hz: float
    beats_s: np.ndarray

    @property
    def measured(self) -> bool:
        """Whether there is anything to read in them."""
        return bool((self.weight > 0).any())

    @property
    def time_s(self) -> np.ndarray:
        """Seconds from the upstroke, [`POINTS`]."""
        return (np.linspace(0, 1, POINTS) - BEFORE_UPSTROKE) / self.rate_hz


def specification() -> "dict[str, JsonValue]":
    """Return what weights must agree with to read mean beats, JSON-able."""
    return {
        "version": VERSION,
        "mean_beats": MEAN_BEATS,
        "points": POINTS,
        "before_upstroke": BEFORE_UPSTROKE,
        "min_beats": MIN_BEATS,
        "upstroke_band": [*_UPSTROKE_BAND],
        "min_distance": _MIN_DISTANCE,
        "fit_band_hz": [*FIT_BAND_HZ],
        "fit_rounds": _FIT_ROUNDS,
        "fit_step_s": 1 / (_FIT_FINE * RATE_HZ),
        "fit_reach_s": _FIT_REACH / (_FIT_FINE * RATE_HZ),
        "fit_scatter_s": _FIT_SCATTER_S,
        "fit_span": [*FIT_SPAN],
        "noise_floor": _NOISE_FLOOR,
    }


def find_beats(wave: np.ndarray, luma: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the steepest upstroke of every beat, float64 [beats], in columns from the window's start, rising.

    Args:
        wave: [columns] the pulse wave, rising with the blood.
        luma: [columns] the skin's relative brightness, which shows the beat too.
        rate_hz: the heart rate.
    """
    if len(wave) < _MIN_COLUMNS:
        return np.empty(0)
    period = RATE_HZ / rate_hz
    low, high = _UPSTROKE_BAND
    narrow = band_pass(wave, (low * rate_hz, min(high * rate_hz, 8.0)))
    upstrokes, _ = find_peaks(np.gradient(narrow), distance=max(1, int(_MIN_DISTANCE * period)), height=0)
    return _without_edge_artefacts(
        np.sort(_fit_to_mean(upstrokes, band_pass(np.stack((wave, luma)), FIT_BAND_HZ).T, period))
    )


def average_beats(stmap: STMap, pulse: "Pulse") -> MeanBeats:
    """Return the mean beats of a window's map and pulse; all of weight 0 with fewer than four whole measured beats."""
    mask = stmap.mask
    period = RATE_HZ / pulse.rate_hz
    starts = (pulse.beats_s - stmap.time_s[0]) * RATE_HZ - BEFORE_UPSTROKE * period
    whole = (starts >= 0) & (starts + period <= mask.shape[1] - 1)
    if whole.sum() < MIN_BEATS:
        shape = (MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS)
        return MeanBeats(np.zeros(shape, np.float32), np.zeros(shape[::2], np.float32), pulse.rate_hz, np.empty(0))
    values = np.where(mask, stmap.values, 0).astype(np.float64)
    means, weight = _average(*_cut_beats(values, mask, starts[whole], period))
    return MeanBeats(means.astype(np.float32), weight.astype(np.float32), pulse.rate_hz, pulse.beats_s[whole])


def average_regions(beats: MeanBeats) -> np.ndarray:
    """Return mean beats averaged over regions by weight, as the network does; the last is the whole window's.

    float64 [`MEAN_BEATS` + 1, channels, `POINTS`] in the map's unit; NaN where nothing was measured.
    """
    weight = np.concatenate((beats.weight, beats.weight.sum(axis=0, keepdims=True)), dtype=np.float64)
    sums = np.einsum("sr,scrp->scp", beats.weight, beats.values, dtype=np.float64)
    sums = np.concatenate((sums, sums.sum(axis=0, keepdims=True)))
    total = weight.sum(axis=1)
    return sums / np.where(total > 0, total, np.nan)[:, None, None]


def phase_points(phase: str) -> np.ndarray:
    """Return which points of a beat lie in one of `PHASES`, bool [`POINTS`]; each point lies in one."""
    time = np.linspace(0, 1, POINTS) - BEFORE_UPSTROKE
    return np.searchsorted(_PHASE_BORDERS, time, side="right") == PHASES.index(phase)


def _fit_to_mean(upstrokes: np.ndarray, waves: np.ndarray, period: float) -> np.ndarray:
    """Move upstrokes, int [beats], to where each beat lies closest to the mean beat in all waves [columns, waves]."""
    columns = len(waves)
    start, end = (edge * period for edge in FIT_SPAN)
    points = np.arange(0, int(np.ceil((end - start) * 2))) * _FIT_FINE // 2  # of a beat, half a column apart
    shifts = np.arange(-_FIT_REACH, _FIT_REACH + 1)
    # Wherever a beat is moved to, its points stay on one grid of quarter columns: waves are interpolated only once.
    margin = _FIT_ROUNDS * _FIT_REACH
    grid = start + np.arange(-margin, columns * _FIT_FINE + points[-1] + margin) / _FIT_FINE
    fine = make_interp_spline(np.arange(columns), waves, k=3)(np.clip(grid, 0, columns - 1))
    places = upstrokes * _FIT_FINE
    far = 2 * (shifts / (_FIT_SCATTER_S * RATE_HZ * _FIT_FINE)) ** 2
    for _ in range(_FIT_ROUNDS):
        inside = (places / _FIT_FINE + start >= 0) & ((places + points[-1]) / _FIT_FINE + start <= columns - 1)
        if inside.sum() < MIN_BEATS:
            break
        beats = fine[margin + places[inside, None] + points]
        mean = beats.mean(axis=0)
        noise = np.maximum((beats - mean).var(axis=(0, 1)), _TINY**2)
        moved = fine[margin + (places[:, None] + shifts)[:, :, None] + points]  # [beats, shifts, points, waves]
        misfit = ((moved - mean) ** 2).sum(axis=2) / noise
        places = places + shifts[(misfit.sum(axis=-1) + far).argmin(axis=1)]
    return places / _FIT_FINE


def _without_edge_artefacts(beats: np.ndarray) -> np.ndarray:
    """Return beats without a first or last one that is out of step: at the ends filters make upstrokes of nothing."""
    if len(beats) <= MIN_BEATS:
        return beats
    intervals = np.diff(beats)
    out_of_step = np.abs(intervals / np.median(intervals) - 1) > _MAX_EDGE_DEVIATION
    return beats[int(out_of_step[0]) : len(beats) - int(out_of_step[-1])]


def _cut_beats(
    values: np.ndarray, mask: np.ndarray, starts: np.ndarray, period: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's beats, [beats, 4, cells, `POINTS`] of mean 0, and which were measured, bool [beats, cells]."""
    at = starts[:, None] + np.linspace(0, period, POINTS)
    columns = values.shape[-1]
    rows = np.ascontiguousarray(values.reshape(-1, columns).T)  # several times as fast as along the last axis
    beats = make_interp_spline(np.arange(columns), rows, k=3)(at)  # [beats, points, rows]
    beats = np.moveaxis(beats, 1, 2).reshape(len(at), *values.shape[:2], POINTS)
    missing = np.cumsum(np.concatenate((np.zeros((len(mask), 1), int), ~mask), axis=1), axis=1)
    first, last = np.floor(at[:, 0]).astype(int), np.ceil(at[:, -1]).astype(int)
    measured = (missing[:, last + 1] - missing[:, first]).T == 0
    return (beats - beats.mean(axis=-1, keepdims=True)) * measured[:, None, :, None], measured


def _average(beats: np.ndarray, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean beats [`MEAN_BEATS`, 4, regions, `POINTS`] and the weight of their rows [`MEAN_BEATS`, regions]."""
    count = measured.sum(axis=0)  # of beats, by cell
    mean = beats.sum(axis=0) / np.maximum(count, 1)[:, None]
    rest = (beats - mean) * measured[:, None, :, None]
    noise = (rest**2).mean(axis=-1).sum(axis=0) / np.maximum(count - 1, 1)  # [4, cells]
    noise += _NOISE_FLOOR * noise[:, count > 1].mean(axis=1, keepdims=True) if (count > 1).any() else 0
    # What never changes, as a black bar or a clipped patch, is not quiet: it is no skin.
    alive = (beats**2).sum(axis=(0, 3)) > _TINY
    precision = np.where((count > 1) & alive, 1 / np.maximum(noise, _TINY), 0)
    in_region = np.eye(len(REGIONS))[_ROW_REGION]  # [cells, regions]
    in_part = np.eye(MEAN_BEATS)[np.arange(len(beats)) * MEAN_BEATS // len(beats)]  # [beats, means]
    weights = np.einsum("bs,bk,ck,kr->scrk", in_part, measured, precision, in_region)
    sums = np.einsum("bs,bckp->sckp", in_part, beats)
    total = np.einsum("ck,kr,sckp->scrp", precision, in_region, sums)
    whole = weights.sum(axis=3)  # [means, 4, regions]
    means = np.where(whole[..., None] > 0, total / np.maximum(whole, _TINY**2)[..., None], 0)
    weight = whole[:, CHANNELS.index("T")]
    return means, weight / max(weight[weight > 0].mean(), _TINY**2) if (weight > 0).any() else weight


def band_pass(waves: np.ndarray, band_hz: tuple[float, float]) -> np.ndarray:
    """Return a band of waves [..., columns], without delay."""
    sos = butter(2, band_hz, "bandpass", fs=RATE_HZ, output="sos")
    return sosfiltfilt(sos, waves, padlen=min(int(2 * RATE_HZ), waves.shape[-1] - 1))
