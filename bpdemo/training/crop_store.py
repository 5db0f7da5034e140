"""Crops of many windows, on disk: a window of 15 s is 22 MB, and they are read a few at a time."""

from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import finalize

import numpy as np


class CropStore:
    """Crops uint8 [T, side, side, 3] of windows, each with its contact pulse float32 [T], in a temporary file.

    The file goes with the store. A copy in another process reads it only.
    """

    def __init__(self) -> None:
        folder = TemporaryDirectory(prefix="bpdemo-crops-")
        self._path = Path(folder.name) / "crops"
        self._path.touch()
        self._places: list[tuple[int, tuple[int, ...]]] = []  # offset and shape
        self._contact: list[np.ndarray] = []
        finalize(self, folder.cleanup)

    def append(self, crops: np.ndarray, contact: np.ndarray | None) -> int:
        """Keep a window; return its number. A contact pulse that is not there is NaN."""
        with self._path.open("ab") as file:
            self._places.append((file.tell(), crops.shape))
            np.ascontiguousarray(crops).tofile(file)
        self._contact.append(np.full(len(crops), np.nan, np.float32) if contact is None else contact)
        return len(self._places) - 1

    def frames(self, number: int) -> int:
        """Return how many frames a window has."""
        return self._places[number][1][0]

    def contact(self, number: int) -> np.ndarray:
        """Return the contact pulse of a window, float32 [T]."""
        return self._contact[number]

    def read(self, number: int, start: int, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """Return crops [frames, side, side, 3] and contact [frames] of a window, from its frame `start` on."""
        offset, (_, *shape) = self._places[number]
        size = int(np.prod(shape))
        values = np.fromfile(self._path, np.uint8, frames * size, offset=offset + start * size)
        return values.reshape(frames, *shape), self._contact[number][start : start + frames]
