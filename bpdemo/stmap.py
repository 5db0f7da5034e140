"""Cell colours become the spatial-temporal map (STMap). This module is its only owner.

Specification, version 1
------------------------
A map is a float32 array ``[4 channels, cells, columns]``. What Zhuang et al. (arXiv 2203.03634; Sensors 2023, 23, 2963)
leave open is marked *ours*.

1. **Input.** For each frame its time in seconds and the mean colour of each cell: R, G, B as the video codes them, 0 to
   255; HDR is first converted to what ordinary video codes (`hdr`).
2. **Rows** are the cells of `regions.CELLS`, in that order, grouped by region (ours).
3. **Columns** are moments in time, 30 a second, from the start of a window of at most 15 s: 450 columns, or fewer, down
   to 285 (9.5 s), for a short clip (ours). Each cell's colours are interpolated between the frames' true timestamps by
   a monotone cubic (PCHIP) onto a 120 Hz grid, low-passed at 9 Hz (Butterworth, order 4, forwards and backwards) and
   every fourth value is kept: frame rate and frame jitter leave no trace that a pulse could be mistaken for.
4. **Mask.** An entry is *measured* when the cell's frames before and after it are at most 0.25 s apart. Every other
   entry is NaN and False in the mask; nothing is filled in. A row measured for less than half of the window is not
   measured at all.
5. **AC/DC.** ``slow(x)`` is x low-passed at 0.35 Hz (Butterworth, order 2, both ways). With BT.601 luma and chroma,

       Y = 0.299 R + 0.587 G + 0.114 B      U = 0.492 (B - Y)      V = 0.877 (R - Y)

   the first three channels are ``(Y - slow Y) / slow Y``, ``(U - slow U) / slow Y`` and ``(V - slow V) / slow Y``.
   Chroma is divided by luma because its own mean passes through zero on grey skin light (ours).
6. **T** is undefined in the paper. Ours is the plane-orthogonal-to-skin projection (POS; Wang, den Brinker, Stuijk, de
   Haan, IEEE TBME 64(7), 2017) of each cell: over windows of 1.6 s of ``C = (R, G, B) / slow (R, G, B)``,
   ``S1 = Cb - Cg``, ``S2 = 2 Cr - Cg - Cb``, ``T = S1 + S2 std(S1) / std(S2)`` less its mean, overlap-averaged. Both
   signs are turned against the source, so that T rises with the blood in the skin, as contact PPG is drawn.
7. **Scale.** All four channels are divided by one number for the whole map, 1.4826 times the median of |T| over the
   measured entries (the standard deviation, were T normal), so that amplitudes between cells and channels survive. The
   number is kept: ``values * scale`` is relative change. It is at least 0.0001. Values are limited to
   +-20.

Weights store the version and refuse to work on another. Scaling each row to its own range is for pictures only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.interpolate import PchipInterpolator
from scipy.signal import butter, sosfiltfilt

from bpdemo.regions import CELLS, LUMA

if TYPE_CHECKING:
    from pydantic import JsonValue

VERSION = 1
CHANNELS = ("Y", "U", "V", "T")
RATE_HZ = 30.0
WINDOW_S = 15.0
MIN_WINDOW_S = 9.5
STEP_S = 5.0  # from one window of a long clip to the next: a good stretch fits into one of them
COLUMNS = round(WINDOW_S * RATE_HZ)  # 450
MAX_GAP_S = 0.25
MIN_ROW_MEASURED = 0.5
BAND_HZ = (0.35, 9.0)
POS_WINDOW_S = 1.6
VALUE_LIMIT = 20.0
MIN_SCALE = 1e-4  # no camera is this quiet; keeps a synthetic clip without any change finite

_FINE = 4  # the interpolation grid is this many times finer than the columns
_PAD_S = 2.0  # how far the filters look past either end (odd reflection)
_MAD_TO_SD = 1.4826
_TINY = 1e-9


@dataclass(frozen=True)
class Traces:
    """Cell colours of one window at the map's columns, from which both map and pulse are made.

    Attributes:
        time_s: [columns] float64, seconds since the clip's first frame.
        rgb: [columns, cells, 3] R, G, B, 0 to 255, low-passed at 9 Hz; 0 in a row that is not measured.
        slow: [columns, cells, 3] their slow means.
        mask: [cells, columns] bool, True where measured.
    """

    time_s: np.ndarray
    rgb: np.ndarray
    slow: np.ndarray
    mask: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """Colours over their slow means, [columns, cells, 3], about 1; NaN where not measured."""
        relative = self.rgb / np.maximum(self.slow, _TINY)
        relative[~self.mask.T] = np.nan
        return relative


@dataclass(frozen=True)
class STMap:
    """A spatial-temporal map of one window.

    Attributes:
        values: [4, cells, columns] float32, channels Y, U, V, T, within +-20; NaN where not measured.
        mask: [cells, columns] bool, True where measured.
        time_s: [columns] float64, seconds since the clip's first frame.
        scale: relative change that a value of 1 stands for.
        cells: name of each row.
        regions: region of each row.
    """

    values: np.ndarray
    mask: np.ndarray
    time_s: np.ndarray
    scale: float
    cells: tuple[str, ...]
    regions: tuple[str, ...]


def specification() -> "dict[str, JsonValue]":
    """Return what weights must agree with to read a map, JSON-able."""
    return {
        "version": VERSION,
        "channels": [*CHANNELS],
        "rate_hz": RATE_HZ,
        "window_s": WINDOW_S,
        "min_window_s": MIN_WINDOW_S,
        "max_gap_s": MAX_GAP_S,
        "band_hz": [*BAND_HZ],
        "cells": [cell.name for cell in CELLS],
        "regions": [cell.region for cell in CELLS],
    }


def place_windows(duration_s: float, step_s: float = STEP_S) -> list[tuple[float, float]]:
    """Return the windows (start_s, end_s) a clip is read in: evenly placed, at most about `step_s` after each other.

    A clip of up to 17 s is one window of its first 15 s; one shorter than 9.5 s has none.
    """
    if duration_s < MIN_WINDOW_S:
        return []
    if duration_s <= WINDOW_S + 2:
        return [(0.0, min(duration_s, WINDOW_S))]
    last_s = duration_s - WINDOW_S
    starts = np.linspace(0, last_s, 1 + int(np.ceil(last_s / step_s - 0.01)))
    return [(float(start), float(start + WINDOW_S)) for start in starts]


def build_stmap(traces: Traces) -> STMap:
    """Return the map of one window, by the specification above; rows that were never measured are NaN throughout.

    Raises:
        ValueError: the traces are not those of the cells.
    """
    mask = traces.mask
    if len(mask) != len(CELLS):
        raise ValueError(f"a map has {len(CELLS)} cells, not {len(mask)}")
    values = np.full((len(CHANNELS), *mask.shape), np.nan)
    rows = mask.any(axis=1)
    rgb, slow = traces.rgb[:, rows], traces.slow[:, rows]
    luma_chroma, slow_luma_chroma = _to_yuv(rgb), _to_yuv(slow)
    slow_luma = np.maximum(slow_luma_chroma[..., :1], _TINY)
    values[:3, rows] = ((luma_chroma - slow_luma_chroma) / slow_luma).transpose(2, 1, 0)
    values[3, rows] = project_pos(rgb / np.maximum(slow, _TINY)).T
    values[:, ~mask] = np.nan

    scale = _MAD_TO_SD * float(np.median(np.abs(values[3][mask]))) if mask.any() else 0.0
    scale = max(scale, MIN_SCALE)
    values = np.clip(values / scale, -VALUE_LIMIT, VALUE_LIMIT).astype(np.float32)
    names, regions = tuple(cell.name for cell in CELLS), tuple(cell.region for cell in CELLS)
    return STMap(values, mask, traces.time_s, scale, names, regions)


def save_stmap(file: BinaryIO, stmap: STMap) -> None:
    """Write a map as .npz: `stmap`, `cells`, `regions`, `time_s`, `mask`, `channels`, `scale` and `version`."""
    np.savez_compressed(
        file,
        stmap=stmap.values,
        cells=np.array(stmap.cells),
        regions=np.array(stmap.regions),
        time_s=stmap.time_s,
        mask=stmap.mask,
        channels=np.array(CHANNELS),
        scale=stmap.scale,
        version=VERSION,
    )


def load_stmap(file: BinaryIO | Path) -> STMap:
    """Return the map of a file that `save_stmap` wrote in this version."""
    with np.load(file, allow_pickle=False) as arrays:
        cells, regions = (tuple(arrays[name].tolist()) for name in ("cells", "regions"))
        return STMap(arrays["stmap"], arrays["mask"], arrays["time_s"], float(arrays["scale"]), cells, regions)


def resample(
    time_s: np.ndarray,
    colours: np.ndarray,
    start_s: float = 0.0,
    end_s: float = WINDOW_S,
    longest_s: float = WINDOW_S,
) -> Traces:
    """Return the colours of one window at the map's columns: steps 3 to 5 of the specification.

    Args:
        time_s: [frames] increasing, seconds.
        colours: [frames, cells, 3] mean R, G, B, 0 to 255; NaN where not seen.
        start_s: where the window begins.
        end_s: where it ends.
        longest_s: columns stop this long after the start, at the length of a map unless more is asked for.

    Raises:
        ValueError: the shapes do not fit together, or the window holds no column.
    """
    time_s, colours = np.asarray(time_s, float), np.asarray(colours)
    if colours.ndim != 3 or len(colours) != len(time_s) or colours.shape[2] != 3:
        raise ValueError(f"colours must be [{len(time_s)}, cells, 3], not {list(colours.shape)}")
    columns = int(min(end_s - start_s, longest_s) * RATE_HZ + 1e-6)
    if columns < 1:
        raise ValueError("the window is shorter than one column")
    column_s = start_s + np.arange(columns) / RATE_HZ
    near = (time_s >= start_s - MAX_GAP_S) & (time_s <= end_s + MAX_GAP_S)
    time_s, colours = time_s[near], colours[near].astype(float)

    rate_hz = RATE_HZ * _FINE
    fine_s = column_s[0] + np.arange(columns * _FINE) / rate_hz
    fine = np.zeros((len(fine_s), *colours.shape[1:]))
    mask = np.zeros((colours.shape[1], columns), bool)
    seen = np.isfinite(colours).all(axis=2)
    # Cells are mostly seen on the same frames; those are interpolated together.
    patterns, pattern_of_cell = np.unique(seen, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        rows = np.flatnonzero(pattern_of_cell == number)
        measured = _measured(time_s[pattern], column_s)
        if measured.mean() < MIN_ROW_MEASURED:
            continue
        mask[rows] = measured
        known_s = time_s[pattern]
        spline = PchipInterpolator(known_s, colours[pattern][:, rows], axis=0)
        fine[:, rows] = spline(np.clip(fine_s, known_s[0], known_s[-1]))
    pad = min(int(_PAD_S * rate_hz), len(fine_s) - 1)
    band = sosfiltfilt(butter(4, BAND_HZ[1], fs=rate_hz, output="sos"), fine, axis=0, padlen=pad)
    slow = sosfiltfilt(butter(2, BAND_HZ[0], fs=rate_hz, output="sos"), fine, axis=0, padlen=pad)
    return Traces(column_s, band[::_FINE], slow[::_FINE], mask)


def project_pos(relative: np.ndarray) -> np.ndarray:
    """Return the pulse [columns, ...]: relative change, rising with the blood (POS, Wang et al. 2017; step 6).

    Args:
        relative: [columns, ..., 3] R, G, B, each divided by its slow mean.
    """
    red, green, blue = np.moveaxis(relative, -1, 0)
    return tune_projections(blue - green, 2 * red - green - blue)


def tune_projections(first: np.ndarray, second: np.ndarray, taper: Callable[[int], np.ndarray] = np.ones) -> np.ndarray:
    """Return ``first + second std(first) / std(second)``, [columns, ...], of two projections in which blood rises.

    What moves them against each other by as much cancels. The ratio is that of windows of 1.6 s; each, less its mean,
    counts with `taper` (of its columns) where they overlap.
    """
    length = min(round(POS_WINDOW_S * RATE_HZ), len(first))
    firsts, seconds = (sliding_window_view(projection, length, axis=0) for projection in (first, second))
    ratio = firsts.std(axis=-1, keepdims=True) / np.maximum(seconds.std(axis=-1, keepdims=True), _TINY)
    tuned = firsts + ratio * seconds  # [windows, ..., length]
    tuned -= tuned.mean(axis=-1, keepdims=True)
    weights = taper(length)
    total = np.zeros(first.shape)
    for shift, weight in enumerate(weights):
        total[shift : shift + len(tuned)] += weight * tuned[..., shift]
    overlap = np.convolve(np.ones(len(tuned)), weights)
    return total / overlap.reshape(-1, *[1] * (total.ndim - 1))


def _measured(seen_s: np.ndarray, column_s: np.ndarray) -> np.ndarray:
    """Return for each column whether the frames around it are close enough together."""
    if len(seen_s) < 2:
        return np.zeros(len(column_s), bool)
    after = np.clip(np.searchsorted(seen_s, column_s), 1, len(seen_s) - 1)
    gap_s = seen_s[after] - seen_s[after - 1]
    # A column may lie a little past the last frame, whose picture lasts until the next one would come.
    inside = (column_s >= seen_s[0] - MAX_GAP_S / 2) & (column_s <= seen_s[-1] + MAX_GAP_S / 2)
    return inside & (gap_s <= MAX_GAP_S)


def _to_yuv(rgb: np.ndarray) -> np.ndarray:
    """Return BT.601 Y, U, V of R, G, B along the last axis."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return np.stack([luma, 0.492 * (blue - luma), 0.877 * (red - luma)], axis=-1)
