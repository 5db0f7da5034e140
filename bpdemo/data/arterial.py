"""The pressure that a stretch of an arterial wave, or of pressures held from beat to beat, stands for. Limits are ours.

0.0 mmHg is what the devices write when they lost the artery; it is no pressure.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.signal import find_peaks

from bpdemo.data.signals import Samples, Signal
from bpdemo.errors import DataError

LOST_SHARE = 0.1  # of a window's samples; with more of them lost, it has no true pressure
LIMITS_MMHG = (20.0, 300.0)  # outside, a number is something else than a pressure

_MAY_LACK_S = 0.1  # at either end: camera and pressure were not started by one clock
_HELD_S = 1.0  # a wave that stays on one value for longer than a diastole measures nothing meanwhile
_LEAST_RANGE_MMHG = 5.0  # from the 10th to the 90th percentile
_CLIPPED_SHARE = 0.04  # of the samples at the extreme
_CLIPPED_TIMES = 4.0  # as many there as within the next half mmHg: a smooth peak in coarse steps has 1.4 times as many
_CORNER_S, _CORNER_MMHG = 0.025, 0.5  # a clipped wave runs into its extreme: so long before, it is so far away
_UPSIDE_DOWN = -0.15  # see `_leans`: an arterial wave has some 0.4, a sine 0
_SHORTEST_BEAT_S = 0.25
_LEAST_PROMINENCE = 0.5  # of the range
_OF_A_BEATS = 0.6  # of what a beat stands out by: the notch and the wave after it stand out by less
_BESIDE_GAP_S = 0.02  # a peak next to a gap is where the gap begins
_LEAST_BEATS = 2
_ARTEFACT_MMHG, _ARTEFACT_DEVIATIONS = 10.0, 5.0  # from the median beat; the larger of both


class NoPressureError(Exception):
    """There is no true pressure; the argument is a code, as `flat`."""

    @property
    def code(self) -> str:
        """Why."""
        return str(self.args[0])


@dataclass(frozen=True)
class ArterialPulse:
    """The contact pulse that an arterial pressure wave is: upright, and NaN where the artery was lost."""

    wave: Signal

    def read(self) -> Samples:
        """Return the samples; raises as the wave's own `read`."""
        samples = self.wave.read()
        values = np.where(_lost(samples.values), np.nan, samples.values)
        present = values[~np.isnan(values)]
        if len(present) and _leans(present, samples.rate_hz) < _UPSIDE_DOWN:
            values = -values
        return Samples(values, samples.time_s)


def read_pressures(signal: Signal) -> tuple[Samples, bool]:
    """Return pressures over time, and whether they were stored with the wrong sign and have been turned.

    Raises:
        NoPressureError: `missing_file` or `unreadable_file`.
    """
    try:
        samples = signal.read()
    except DataError as error:
        raise NoPressureError("missing_file" if error.code == "data_missing" else "unreadable_file") from error
    present = samples.values[~_lost(samples.values)]
    if len(present) and np.median(present) < 0:
        return Samples(-samples.values, samples.time_s), True
    return samples, False


def cut_window(samples: Samples, start_s: float, end_s: float) -> np.ndarray:
    """Return a window's pressures [n], NaN where they were lost.

    Raises:
        NoPressureError: `not_covered` when the samples begin later or end earlier; `drop_out` (0.0) or `missing_values`
            (not a number) when more than `LOST_SHARE` is lost.
    """
    times = samples.time_s
    first, end = np.searchsorted(times, (start_s, end_s))
    if first == end or times[0] > start_s + _MAY_LACK_S or times[-1] < end_s - _MAY_LACK_S:
        raise NoPressureError("not_covered")
    values = samples.values[first:end]
    lost = _lost(values)
    if lost.mean() > LOST_SHARE:
        raise NoPressureError("drop_out" if (values == 0).sum() >= lost.sum() / 2 else "missing_values")
    return np.where(lost, np.nan, values)


def wave_pressure(values: np.ndarray, rate_hz: float) -> tuple[float, float]:
    """Return the mean of a wave's peaks and the mean of its valleys, mmHg; NaN in the wave is left out.

    A peak or valley stands out nearly as much as the usual one, which the dicrotic notch does not, and is not beside a
    gap. Those far from the median one are artefacts and left out.

    Raises:
        NoPressureError: `flat`, `clipped`, `upside_down`, `no_beats`, or as `check_plausible`.
    """
    values = np.where(_held(values, _HELD_S * rate_hz), np.nan, values)
    lost = np.isnan(values)
    if lost.mean() > LOST_SHARE:
        raise NoPressureError("flat")
    low, high = np.percentile(values[~lost], (10, 90))
    if high - low < _LEAST_RANGE_MMHG:
        raise NoPressureError("flat")
    if _is_clipped(values, rate_hz) or _is_clipped(-values, rate_hz):
        raise NoPressureError("clipped")
    at = np.arange(len(values))
    bridged = np.interp(at, at[~lost], values[~lost])
    if _leans(bridged, rate_hz) < _UPSIDE_DOWN:
        raise NoPressureError("upside_down")
    beside_gap = binary_dilation(lost, iterations=max(1, round(_BESIDE_GAP_S * rate_hz)))

    def extremes(wave: np.ndarray) -> np.ndarray:
        least = _LEAST_PROMINENCE * (high - low)
        found, by = find_peaks(wave, distance=max(1.0, _SHORTEST_BEAT_S * rate_hz), prominence=least)
        prominences = by["prominences"]
        # The upper quarter: in each beat, the wave after the notch may be found as well.
        usual = np.percentile(prominences, 75) if len(found) else 0.0
        found = found[(prominences >= _OF_A_BEATS * usual) & ~beside_gap[found]]
        if len(found) < _LEAST_BEATS:
            raise NoPressureError("no_beats")
        return wave[found]

    return check_plausible(_mean_of_beats(extremes(bridged)), -_mean_of_beats(extremes(-bridged)))


def check_plausible(systolic: float, diastolic: float) -> tuple[float, float]:
    """Return both, mmHg; raises `NoPressureError` with `implausible` unless 20 <= diastolic < systolic <= 300."""
    if not LIMITS_MMHG[0] <= diastolic < systolic <= LIMITS_MMHG[1]:
        raise NoPressureError("implausible")
    return float(systolic), float(diastolic)


def _lost(values: np.ndarray) -> np.ndarray:
    return ~np.isfinite(values) | (values == 0)


def _held(values: np.ndarray, count: float) -> np.ndarray:
    """Whether each sample is one of at least `count` equal ones in a row."""
    bounds = np.concatenate(([0], np.flatnonzero(np.diff(values) != 0) + 1, [len(values)]))
    lengths = np.diff(bounds)
    return np.repeat(lengths >= count, lengths)


def _is_clipped(values: np.ndarray, rate_hz: float) -> bool:
    """Whether the wave is cut off at its highest value. A diastole that comes to rest is not: it has no corner."""
    highest = np.nanmax(values)
    at_top = values == highest
    corner = max(1, round(_CORNER_S * rate_hz))
    starts = np.flatnonzero(at_top[1:] & ~at_top[:-1]) + 1
    before = values[starts[starts >= corner] - corner]
    if at_top.mean() <= _CLIPPED_SHARE or np.isnan(before).all():
        return False
    resolution = np.diff(np.unique(values[~np.isnan(values)])).min()
    near_top = (values >= highest - max(_CORNER_MMHG, 1.5 * resolution)) & ~at_top
    return bool(
        at_top.sum() > _CLIPPED_TIMES * near_top.sum()
        and np.nanmedian(highest - before) > max(_CORNER_MMHG, 1.5 * resolution)
    )


def _leans(values: np.ndarray, rate_hz: float) -> float:
    """How much steeper a wave rises than it falls, -1 to 1: the skewness of its slope, by the 2nd and 98th percentile.

    Artefacts, which the usual third moment would follow, leave it as it is.
    """
    span = max(1, round(0.02 * rate_hz))
    if len(values) <= span:
        return 0.0
    falls, rises = np.percentile(values[span:] - values[:-span], (2, 98))
    steepness = abs(rises) + abs(falls)
    return float((rises + falls) / steepness) if steepness else 0.0


def _mean_of_beats(beats: np.ndarray) -> float:
    away = np.abs(beats - np.median(beats))
    return float(beats[away <= max(_ARTEFACT_MMHG, _ARTEFACT_DEVIATIONS * np.median(away))].mean())
