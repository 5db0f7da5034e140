"""Signals of contact sensors, read when they are needed: a data set of hundreds of hours is listed in seconds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bpdemo.errors import DataError


@dataclass(frozen=True)
class Samples:
    """A signal: values [n] float64 in any unit, and their times [n] float64, in seconds from the clip's first frame."""

    values: np.ndarray
    time_s: np.ndarray

    @classmethod
    def evenly(cls, values: np.ndarray, rate_hz: float, start_s: float = 0.0) -> "Samples":
        """Return values at a constant rate."""
        return cls(np.asarray(values, np.float64), start_s + np.arange(len(values)) / rate_hz)

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
    """A signal as text: one number a line, no header and no times."""

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


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
