"""Signals of contact sensors, read when they are needed: a data set of hundreds of hours is listed in seconds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.signal import butter, sosfiltfilt

from bpdemo.errors import DataError
from bpdemo.stmap import BAND_HZ, MAX_GAP_S

_MIN_SAMPLES = 32  # fewer are nothing to filter


@dataclass(frozen=True)
class Samples:
    """A signal: values [n] float64 in any unit, and their times [n] float64, in seconds from the clip's first frame."""

    values: np.ndarray
    time_s: np.ndarray

    @classmethod
    def evenly(cls, values: np.ndarray, rate_hz: float) -> "Samples":
        """Return values at a constant rate, the first at 0."""
        return cls(np.asarray(values, np.float64), np.arange(len(values)) / rate_hz)

    @property
    def rate_hz(self) -> float:
        """Samples a second over the whole signal; 0 for fewer than two."""
        if len(self.time_s) < 2:
            return 0.0
        return round((len(self.time_s) - 1) / float(self.time_s[-1] - self.time_s[0]), 6)


class Signal(Protocol):
    """What can be read as `Samples`. It travels between processes: it holds paths rather than arrays."""

    def read(self) -> Samples:
        """Return the samples.

        Raises:
            DataError: `data_missing` or `data_invalid`.
        """


@dataclass(frozen=True)
class InMemory:
    """A signal that has been read."""

    samples: Samples

    def read(self) -> Samples:
        """Return the samples."""
        return self.samples


@dataclass(frozen=True)
class TextColumn:
    """A signal as text: one number a line, with or without a comma after it, no header and no times."""

    path: Path
    rate_hz: float

    def read(self) -> Samples:
        """Return the samples from time 0; a line that is no number is NaN."""
        try:
            lines = self.path.read_text("utf-8-sig").split("\n")
        except OSError as error:
            raise DataError("data_missing", f"{self.path}: {error.strerror}.", "Fetch the file again.") from error
        except UnicodeDecodeError as error:
            raise DataError("data_invalid", f"{self.path}: this is no text.", "Fetch the file again.") from error
        while lines and not lines[-1].strip():
            lines.pop()
        return Samples.evenly(np.array([_number(line) for line in lines], np.float64), self.rate_hz)


def at_columns(samples: Samples, column_s: np.ndarray) -> np.ndarray:
    """Return a signal at a map's columns, float64 [columns]: low-passed as the map is; NaN where it has no samples.

    Columns lie about 1/30 s apart. Samples that are not finite, and gaps longer than the map bridges, are no samples.
    """
    known = np.isfinite(samples.values)
    time_s, values = samples.time_s[known], samples.values[known]
    if len(time_s) < _MIN_SAMPLES:
        return np.full(len(column_s), np.nan)
    rate_hz = 1 / float(np.median(np.diff(time_s)))
    if rate_hz > 2 * BAND_HZ[1]:
        even_s = np.arange(time_s[0], time_s[-1], 1 / rate_hz)
        low_pass = butter(4, BAND_HZ[1], fs=rate_hz, output="sos")
        values, time_s_of = sosfiltfilt(low_pass, np.interp(even_s, time_s, values)), even_s
    else:
        time_s_of = time_s
    after = np.clip(np.searchsorted(time_s, column_s), 1, len(time_s) - 1)
    measured = time_s[after] - time_s[after - 1] <= MAX_GAP_S
    measured &= (column_s >= time_s[0] - MAX_GAP_S / 2) & (column_s <= time_s[-1] + MAX_GAP_S / 2)
    return np.where(measured, np.interp(column_s, time_s_of, values), np.nan)


def _number(text: str) -> float:
    try:
        return float(text.rstrip(" \t\r,;"))
    except ValueError:
        return np.nan
