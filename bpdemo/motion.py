"""Where the points of a head go from frame to frame, by least squares on the brightness of its picture.

A small movement changes a picture by its slope times the way: `now - last = -slope * way`. Shift, turn and zoom, with a
change of brightness and of contrast that a lamp or the camera's exposure makes, are six unknowns in as many linear
equations as there are pixels (Lucas and Kanade, IJCAI 1981, with the whole face for a window).

This is precise for small movements but drifts; landmarks do not drift, but tremble and cost a hundred times as much.
`face` finds landmarks on key frames, and this module follows them in between.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from bpdemo.yuv import YuvImage

_PATCH_SIDE = 64  # the face is shrunk to about this many pixels: its noise is averaged away, and slopes reach further
_LEAST_SIDE = 8
_LONGEST_STEP = 1.0  # pixels of the patch from one frame to the next: slopes reach no further


def carry_landmarks(images: Sequence[np.ndarray | YuvImage], landmarks: np.ndarray) -> np.ndarray:
    """Return landmarks carried along with a head, [images, 478, 2] float64.

    They stay where they were when the face is outside the picture or too small.

    Args:
        images: [height, width, 3] uint8 R, G, B.
        landmarks: [478, 2] x and y in pixels, of the first image.
    """
    carried = np.repeat(landmarks[None].astype(float), len(images), axis=0)
    height, width = images[0].shape[:2]
    left, top = np.clip(landmarks.min(axis=0).astype(int), 0, (width, height)).tolist()
    right, bottom = np.clip(landmarks.max(axis=0).astype(int), 0, (width, height)).tolist()
    shrink = max(1, round(max(right - left, bottom - top) / _PATCH_SIDE))
    columns, lines = (right - left) // shrink, (bottom - top) // shrink
    if min(columns, lines) < _LEAST_SIDE:
        return carried
    part = slice(top, top + lines * shrink), slice(left, left + columns * shrink)
    centre = left + columns * shrink / 2, top + lines * shrink / 2
    reach = max(columns, lines) * shrink / 2  # from the centre to the edge; turn and zoom are measured there
    # Where each pixel of the patch lies, -1 to 1 along the longer side.
    x, y = (((np.arange(side) + 0.5) * 2 - side).astype(np.float32) / max(columns, lines) for side in (columns, lines))
    last = _brightness(images[0], part, (columns, lines))
    for number, image in enumerate(images[1:], start=1):
        patch = _brightness(image, part, (columns, lines))
        right_by, down_by, zoom, turn = shrink * _step(last, patch, x, y[:, None])
        from_centre = (carried[number - 1] - centre) / reach
        turned = from_centre[:, ::-1] * (-1, 1)
        carried[number] = carried[number - 1] + (right_by, down_by) + zoom * from_centre + turn * turned
        last = patch
    return carried


def _brightness(image: np.ndarray | YuvImage, part: tuple[slice, slice], size: tuple[int, int]) -> np.ndarray:
    """Shrink a part of a picture's luma - its green, where luma would have to be computed - to [lines, columns]."""
    whole = image.luma[part] if isinstance(image, YuvImage) else image[part][..., 1]
    small = cv2.resize(np.ascontiguousarray(whole), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return cv2.blur(small, (3, 3))


def _step(last: np.ndarray, patch: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what leads from one patch [lines, columns] to the next, in pixels of the patch.

    [4] shift to the right, shift down, and how far zoom and turn move a point at the edge.
    """
    mean = (last + patch) / 2
    across, down = cv2.Sobel(mean, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(mean, cv2.CV_32F, 0, 1, scale=1 / 8)
    causes = (across, down, across * x + down * y, down * x - across * y, mean - mean.mean(), np.ones_like(mean))
    slopes = np.stack(causes).reshape(len(causes), -1)
    # Sobel's slopes are smoothed, so the change is smoothed alike.
    change = cv2.GaussianBlur(last - patch, (3, 3), 0).ravel()
    # By singular values: a picture without any slope, such as black, then gives amounts of 0.
    _, amounts = cv2.solve(slopes @ slopes.T, (slopes @ change)[:, None], flags=cv2.DECOMP_SVD)
    return np.clip(amounts[:4, 0], -_LONGEST_STEP, _LONGEST_STEP)
