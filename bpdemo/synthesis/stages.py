"""What stands before the camera of a rendered clip: a face with a pulse, a face of given cell colours, or a wall."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from bpdemo.regions import CELLS, LUMA
from bpdemo.synthesis.portrait import Portrait

_BORDER = 0.03  # how far a painted cell's colour fades into its neighbours', in face widths
_RELIEF = (0.9, 1.1)  # what is left of the portrait's light and shade on a painted cell: skin, neither hair nor glare
_BRIGHTEST = 240.0  # 8-bit level no painted skin exceeds: noise on top must not be clipped
_WALL_RGB = (186.0, 176.0, 160.0)

SkinLayer = Callable[[int], np.ndarray]
"""Gives the portrait's `box` on a frame of this number: float32 [box height, box width, 3], 0 to 255."""


@dataclass(frozen=True)
class Stage:
    """A picture larger than the frame, which moves before the camera."""

    canvas: np.ndarray  # float32 [height, width, 3] R, G, B, 0 to 255
    centre: np.ndarray  # [2] x and y of the canvas: in the middle of the frame at rest; movement turns about it
    size: tuple[int, int]  # width and height of the frame in pixels
    box: tuple[int, int, int, int] = (0, 0, 0, 0)  # left, top, right, bottom of what `skin` repaints on every frame
    skin: SkinLayer | None = None  # None for what does not change

    def show(self, frame: int, matrix: np.ndarray) -> np.ndarray:
        """Return a frame's picture, moved by an affine matrix [2, 3]: float32 [height, width, 3], 0 to 255."""
        if self.skin is not None:
            left, top, right, bottom = self.box
            self.canvas[top:bottom, left:right] = self.skin(frame)
        return cv2.warpAffine(self.canvas, matrix, self.size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)


def face_stage(portrait: Portrait, size: tuple[int, int], skin: SkinLayer | None, second: float = 0.0) -> Stage:
    """Return the portrait's head and shoulders in a frame of this size; without a skin layer, as a photograph.

    `second` is the size of another head at the right that does not change, relative to the first; 0 for none.
    """
    canvas = portrait.picture.copy()
    if second:
        _paste_second(canvas, portrait, second, size[0])
    return Stage(canvas, portrait.face_centre, size, portrait.box, skin)


def wall_stage(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """Return a plastered wall: clouds of several sizes, lit from one side."""
    width, height = (round(1.3 * side) for side in size)
    texture = np.zeros((height, width))
    for grain in (2, 6, 24, 96):
        cloud = rng.standard_normal((height // grain + 2, width // grain + 2))
        texture += grain**0.7 * cv2.resize(cloud, (width, height), interpolation=cv2.INTER_CUBIC)
    texture = 1 + 0.03 * texture / texture.std() + 0.1 * np.linspace(-1, 1, width)
    canvas = (texture[..., None] * np.array(_WALL_RGB)).astype(np.float32)
    return Stage(canvas, np.array([width, height]) / 2, size)


def pulsing_skin(portrait: Portrait, gain: np.ndarray) -> SkinLayer:
    """Return the portrait's own skin, its colour changing by a gain; hair and eyes do not change.

    The gain, [frames, cells, 3], is R, G, B of every cell relative to its mean over time, about 1.
    """
    still = portrait.boxed(portrait.picture)
    return lambda frame: still * (1 + portrait.spread_over_skin(gain[frame] - 1))


def painted_skin(portrait: Portrait, colours: np.ndarray) -> SkinLayer:
    """Return skin painted cell by cell: read where it was painted, each cell's mean is the colour asked for.

    Of the portrait only the relief is left. Cells fade into each other at their borders, so each cell is painted a
    little stronger or weaker than asked, as much as its neighbours take from it: a small linear system.

    `colours` are [frames, cells, 3] mean R, G, B in 8-bit levels. A cell that is hidden (NaN) is painted as if it were
    seen, by interpolation in time, as no camera leaves a hole in the picture. All are darkened by one factor where the
    brightest would be overexposed.

    Raises:
        ValueError: a cell has no pixel, or no colour on any frame.
    """
    labels, still = portrait.boxed(portrait.labels), portrait.boxed(portrait.picture)
    cells = [(labels == row + 1).astype(np.float32) for row in range(len(CELLS))]
    if not all(cell.any() for cell in cells):
        raise ValueError("the face is too small: a cell has no pixel")
    spread = max(_BORDER * portrait.face_width, 0.5)
    # The wide, faint part reaches skin outside every cell.
    near, far = ([cv2.GaussianBlur(cell, (0, 0), reach) for cell in cells] for reach in (spread, 8 * spread))
    share = np.array(near) + 1e-3 * np.array(far) + 1e-9
    share /= share.sum(axis=0)
    relief = still @ LUMA.astype(np.float32)
    means = np.array([relief[cell > 0].mean() for cell in cells])
    relief = np.clip(relief / np.tensordot(means, share, axes=1), *_RELIEF)
    inside = (labels > 0).astype(np.float32)
    skin = np.maximum(inside, portrait.boxed(portrait.skin))
    opacity = np.maximum(inside, cv2.GaussianBlur(skin, (0, 0), spread))[..., None]
    brush = (share * relief).astype(np.float32)
    mixing = np.array([brush[:, cell > 0].mean(axis=1) for cell in cells])  # [cell read, cell painted]
    paint = np.linalg.solve(mixing, _fill_hidden(colours))
    paint *= min(1.0, _BRIGHTEST / (paint.max() * relief[labels > 0].max()))
    paint = paint.astype(np.float32)
    return lambda frame: still + opacity * (np.tensordot(brush, paint[frame], axes=(0, 0)) - still)


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
    distance = np.hypot((x - centre[0]) / reach[0], (y - centre[1]) / reach[1])
    share = np.clip((1 - distance) / 0.15, 0, 1)[..., None].astype(np.float32)
    corner = portrait.face_centre + np.array([0.5 * frame_width - 1.05 * width, 0]) - (centre - (left, top))
    column, row = np.round(corner).astype(int)
    place = canvas[row : row + head.shape[0], column : column + head.shape[1]]
    place[:] = share * head + (1 - share) * place
