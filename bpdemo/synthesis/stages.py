"""What stands before the camera of a rendered clip: a face with a pulse, a face of given cell colours, or a wall.

A stage has `centre` (the point of its own picture that movement turns about), `place` (where that point lies in the
frame at rest) and `show(frame, matrix)`, which gives a frame's picture, float32 [height, width, 3] R, G, B, 0 to 255.
"""

from typing import Protocol

import cv2
import numpy as np

from bpdemo.regions import CELLS
from bpdemo.stmap import LUMA
from bpdemo.synthesis.portrait import Portrait

_BORDER = 0.03  # how far a painted cell's colour fades into its neighbours', in face widths
_RELIEF = (0.9, 1.1)  # what is left of the portrait's light and shade on a painted cell: skin, neither hair nor glare
_BRIGHTEST = 240.0  # 8-bit level no painted skin exceeds: noise on top must not be clipped
_WALL_RGB = (186.0, 176.0, 160.0)


class Skin(Protocol):
    """Gives the changing part of the portrait, its `box`, for every frame."""

    def picture(self, frame: int) -> np.ndarray:
        """Return the box's picture, float32 [box height, box width, 3], 0 to 255."""


class PulsingSkin:
    """The portrait's own skin, its colour changing relative to what it is.

    Args:
        portrait: whose skin.
        gain: [frames, cells, 3], R, G, B of every cell relative to its mean over time, about 1.
    """

    def __init__(self, portrait: Portrait, gain: np.ndarray) -> None:
        left, top, right, bottom = portrait.box
        self._portrait, self._gain = portrait, gain
        self._still = portrait.picture[top:bottom, left:right]

    def picture(self, frame: int) -> np.ndarray:
        """Return the box's picture; what is no skin (hair, eyes) does not change."""
        return self._still * (1 + self._portrait.pulse_field(self._gain[frame] - 1))


class PaintedSkin:
    """Skin painted cell by cell: read where it was painted, each cell's mean is the colour asked for.

    Of the portrait only the relief is left. Cells fade into each other at their borders, so each cell is painted a
    little stronger or weaker than asked, as much as its neighbours take from it: a small linear system.

    Args:
        portrait: on whose face.
        colours: [frames, cells, 3] mean R, G, B in 8-bit levels, NaN where a cell is hidden: it is painted as if it
            were seen, by interpolation in time, as no camera leaves a hole in the picture. All are darkened by one
            factor where the brightest would be overexposed.
    """

    def __init__(self, portrait: Portrait, colours: np.ndarray) -> None:
        left, top, right, bottom = portrait.box
        labels = portrait.labels[top:bottom, left:right]
        cells = [(labels == row + 1).astype(np.float32) for row in range(len(CELLS))]
        if not all(cell.any() for cell in cells):
            raise ValueError("the face is too small: a cell has no pixel")
        spread = max(_BORDER * portrait.face_width, 0.5)
        # The wide, faint part reaches skin outside every cell.
        near, far = ([cv2.GaussianBlur(cell, None, reach) for cell in cells] for reach in (spread, 8 * spread))
        share = np.array(near) + 1e-3 * np.array(far) + 1e-9
        share /= share.sum(axis=0)
        self._still = portrait.picture[top:bottom, left:right]
        relief = self._still @ LUMA.astype(np.float32)
        means = np.array([relief[cell > 0].mean() for cell in cells])
        relief = np.clip(relief / np.tensordot(means, share, axes=1), *_RELIEF)
        inside = (labels > 0).astype(np.float32)
        self._opacity = np.maximum(
            inside, cv2.GaussianBlur(np.maximum(inside, portrait.skin[top:bottom, left:right]), None, spread)
        )[..., None]
        self._brush = (share * relief).astype(np.float32)
        mixing = np.array([self._brush[:, cell > 0].mean(axis=1) for cell in cells])  # [cell read, cell painted]
        paint = np.linalg.solve(mixing, _fill_hidden(colours))
        brightest = paint.max() * relief[labels > 0].max()
        self._paint = (paint * min(1.0, _BRIGHTEST / brightest)).astype(np.float32)

    def picture(self, frame: int) -> np.ndarray:
        """Return the box's picture."""
        painted = np.tensordot(self._brush, self._paint[frame], axes=(0, 0))
        return self._still + self._opacity * (painted - self._still)


class Face:
    """The portrait's head and shoulders.

    Args:
        portrait: who.
        size: width and height of the frame in pixels.
        skin: what changes; None for a photograph.
        second: size of another head at the right that does not change, relative to the first; 0 for none.
    """

    def __init__(self, portrait: Portrait, size: tuple[int, int], skin: Skin | None, second: float = 0.0) -> None:
        self._portrait, self._size, self._skin = portrait, size, skin
        self.centre, self.place = portrait.face_centre, np.array(size) / 2
        self._canvas = portrait.picture.copy()
        if second:
            _paste_second(self._canvas, portrait, second, size[0])

    def show(self, frame: int, matrix: np.ndarray) -> np.ndarray:
        """Return a frame's picture, moved by an affine matrix [2, 3]."""
        if self._skin is not None:
            left, top, right, bottom = self._portrait.box
            self._canvas[top:bottom, left:right] = self._skin.picture(frame)
        return _warp(self._canvas, matrix, self._size)


class Wall:
    """A plastered wall: clouds of several sizes, lit from one side.

    Args:
        size: width and height of the frame in pixels.
        rng: draws the plaster.
    """

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = (round(1.3 * side) for side in size)
        texture = sum(
            grain**0.7
            * cv2.resize(
                rng.standard_normal((height // grain + 2, width // grain + 2)),
                (width, height),
                interpolation=cv2.INTER_CUBIC,
            )
            for grain in (2, 6, 24, 96)
        )
        texture = 1 + 0.03 * texture / texture.std() + 0.1 * np.linspace(-1, 1, width)
        self._canvas = (texture[..., None] * np.array(_WALL_RGB)).astype(np.float32)
        self._size = size
        self.centre, self.place = np.array([width, height]) / 2, np.array(size) / 2

    def show(self, frame: int, matrix: np.ndarray) -> np.ndarray:  # noqa: ARG002 - a wall is the same on every frame
        """Return a frame's picture, moved by an affine matrix [2, 3]."""
        return _warp(self._canvas, matrix, self._size)


def _fill_hidden(colours: np.ndarray) -> np.ndarray:
    """Return colours [frames, cells, 3] with each hidden stretch filled between its ends."""
    filled = np.array(colours, float)
    frames = np.arange(len(filled))
    for cell in range(filled.shape[1]):
        seen = np.isfinite(filled[:, cell]).all(axis=1)
        if not seen.any():
            raise ValueError(f"cell {CELLS[cell].name} has no colour on any frame")
        for channel in range(3):
            filled[:, cell, channel] = np.interp(frames, frames[seen], filled[seen, cell, channel])
    return filled


def _paste_second(canvas: np.ndarray, portrait: Portrait, size: float, frame_width: int) -> None:
    """Put a smaller copy of the head on the canvas, to the right of the first, with soft edges; in place."""
    small = cv2.resize(canvas, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    centre, width = portrait.face_centre * size, portrait.face_width * size
    reach = np.array([1.0, 1.05]) * width
    left, top = np.maximum(np.floor(centre - reach), 0).astype(int)
    right, bottom = np.ceil(centre + reach).astype(int)
    head = small[top:bottom, left:right]
    y, x = np.mgrid[top:bottom, left:right]
    away = np.hypot((x - centre[0]) / reach[0], (y - centre[1]) / reach[1])
    share = np.clip((1 - away) / 0.15, 0, 1)[..., None].astype(np.float32)
    at = portrait.face_centre + np.array([0.5 * frame_width - 1.05 * width, 0]) - (centre - (left, top))
    column, row = np.round(at).astype(int)
    place = canvas[row : row + head.shape[0], column : column + head.shape[1]]
    place[:] = share * head + (1 - share) * place


def _warp(canvas: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.warpAffine(canvas, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
