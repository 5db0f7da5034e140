"""What models read of windows; without torch."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import CHANNELS, COLUMNS

if TYPE_CHECKING:
    from bpdemo.window import Window

_NO_BEATS_RATE_HZ = 1.2  # of a window without a pulse; its beats have no weight


def draw_hidden(windows: int, stretches: int, places: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left of windows in training: bool [windows, stretches] of time and bool [windows, places].

    Some places are hidden, as by a hand or hair, and in most batches some stretches of time, as in a shorter clip. At
    least one of either is left of every window.
    """
    kept = np.ones((windows, stretches), bool)
    if rng.random() < 0.6:
        kept = rng.random((windows, stretches)) < rng.uniform(0.5, 1.0)
        kept[np.arange(windows), rng.integers(stretches, size=windows)] = True
    seen = rng.random((windows, places)) >= rng.uniform(0, 0.3)
    seen[np.arange(windows), rng.integers(places, size=windows)] = True
    return kept, seen


@dataclass(frozen=True)
class Inputs:
    """N windows: mean beats (`beats.MeanBeats`) and, where a model reads them, maps (`stmap.STMap`) or frames.

    Attributes:
        values: float32 [N, mean beats, channels, regions, points].
        weight: float32 [N, mean beats, regions], 0 where nothing was measured.
        rate_hz: float32 [N], heart rates.
        stmap: float16 [N, channels, cells, `COLUMNS`]; a shorter window's map is followed by what was not measured.
        mask: bool [N, cells, `COLUMNS`], True where measured.
        crops: uint8 [N, T, side, side, 3], R, G, B, in a model's own `crops.CropForm`.
    """

    values: np.ndarray
    weight: np.ndarray
    rate_hz: np.ndarray
    stmap: np.ndarray | None = None
    mask: np.ndarray | None = None
    crops: np.ndarray | None = None

    @classmethod
    def empty(cls, windows: int, with_maps: bool) -> "Inputs":
        """Return so many windows in which nothing was measured, to be filled."""
        return cls(
            np.zeros((windows, MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS), np.float32),
            np.zeros((windows, MEAN_BEATS, len(REGIONS)), np.float32),
            np.full(windows, _NO_BEATS_RATE_HZ, np.float32),
            np.zeros((windows, len(CHANNELS), len(CELLS), COLUMNS), np.float16) if with_maps else None,
            np.zeros((windows, len(CELLS), COLUMNS), bool) if with_maps else None,
        )

    @classmethod
    def of_window(cls, window: "Window", with_maps: bool = True, crops: np.ndarray | None = None) -> "Inputs":
        """Return what is read of one window; of its frames where crops [T, side, side, 3] are given."""
        inputs = cls.empty(1, with_maps)
        if window.beats is not None:
            inputs.values[0], inputs.weight[0] = window.beats.values, window.beats.weight
            inputs.rate_hz[0] = window.beats.rate_hz
        inputs.put_map(0, window.stmap.values, window.stmap.mask)
        return inputs if crops is None else replace(inputs, crops=crops[None])

    @property
    def arrays(self) -> dict[str, Any]:
        """What there is of every window alike: all but the frames, by name."""
        return {name: array for name, array in vars(self).items() if name != "crops"}

    def put(self, place: int, other: "Inputs") -> None:
        """Set one window to the first of another's, but for its frames."""
        for name, array in self.arrays.items():
            if array is not None:
                array[place] = vars(other)[name][0]

    def put_map(self, place: int, values: np.ndarray, mask: np.ndarray) -> None:
        """Set a window's map [channels, cells, columns] and mask [cells, columns]; nothing where there are no maps."""
        if self.stmap is not None and self.mask is not None:
            self.stmap[place, ..., : values.shape[-1]] = values
            self.mask[place, :, : mask.shape[-1]] = mask
