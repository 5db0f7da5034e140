"""What models read of windows; without torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS

if TYPE_CHECKING:
    from bpdemo.window import Window

_NO_BEATS_RATE_HZ = 1.2  # of a window without a pulse; its beats have no weight


@dataclass(frozen=True)
class Inputs:
    """N windows, mean beats as in `beats.MeanBeats`.

    Attributes:
        values: float32 [N, mean beats, channels, regions, points].
        weight: float32 [N, mean beats, regions], 0 where nothing was measured.
        rate_hz: float32 [N], heart rates.
    """

    values: np.ndarray
    weight: np.ndarray
    rate_hz: np.ndarray

    @classmethod
    def empty(cls, windows: int) -> "Inputs":
        """Return so many windows in which nothing was measured, to be filled."""
        shape = (windows, MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS)
        weight = np.zeros((windows, MEAN_BEATS, len(REGIONS)), np.float32)
        return cls(np.zeros(shape, np.float32), weight, np.full(windows, _NO_BEATS_RATE_HZ, np.float32))

    def put(self, place: int, other: "Inputs") -> None:
        """Set one window to the first of another's."""
        for name, array in vars(self).items():
            array[place] = vars(other)[name][0]

    @classmethod
    def of_window(cls, window: "Window") -> "Inputs":
        """Return what is read of one window."""
        inputs = cls.empty(1)
        if window.beats is not None:
            inputs.values[0], inputs.weight[0] = window.beats.values, window.beats.weight
            inputs.rate_hz[0] = window.beats.rate_hz
        return inputs
