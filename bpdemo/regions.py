"""Landmarks become skin cells, and each cell its mean colour, frame by frame.

A **region** is one of six parts of the face; a **cell** is a part of a region and one row of the STMap. Every cell is a
fixed set of triangles of MediaPipe's canonical face mesh (`cells.json`, written by `tools/make_cells.py`), so it stays
on the same skin when the head moves or turns. Eyes, brows, lips and nostrils are outside every cell. Left and right are
the person's own. The division into cells is ours.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np

from bpdemo.face import TrackedFrame
from bpdemo.yuv import YuvImage

LUMA = np.array([0.299, 0.587, 0.114])  # of R, G, B; ITU-R BT.601
REGIONS = ("forehead", "nose", "left_cheek", "right_cheek", "mouth", "chin")

# A cell seen by fewer pixels than this is too noisy, or too far turned away, to count as seen.
MIN_CELL_PIXELS = 24
# Less of the picture than this around the head tells nothing of the light.
MIN_SURROUND = 0.03
_SURROUND_STEP = 8
# A pixel channel at or above this (of 255) is clipped: the pulse is cut off.
CLIPPED_LEVEL = 250
# Fractional bits OpenCV draws polygons with, so that a cell's edge moves by less than a pixel.
_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Cell:
    """A part of a region: one row of the STMap.

    Attributes:
        name: unique, begins with the region's name.
        region: one of `REGIONS`.
        triangles: landmark numbers, three for each triangle.
    """

    name: str
    region: str
    triangles: tuple[tuple[int, int, int], ...]

    @property
    def outline(self) -> list[int]:
        """Landmark numbers around the cell, in order."""
        return _outline(self.triangles)


def _read_table() -> tuple[tuple[Cell, ...], np.ndarray]:
    """Return the cells and the canonical face's landmark positions from `cells.json`."""
    table = json.loads(resources.files("bpdemo").joinpath("cells.json").read_text())
    cells = (
        Cell(cell["name"], cell["region"], tuple(tuple(triangle) for triangle in cell["triangles"]))
        for cell in table["cells"]
    )
    return tuple(cells), np.array(table["canonical_xy_cm"])


CELLS, CANONICAL_XY_CM = _read_table()


def rows_of_region(region: str) -> list[int]:
    """Return the STMap rows of a region, in order."""
    return [row for row, cell in enumerate(CELLS) if cell.region == region]


@dataclass(frozen=True)
class CellTraces:
    """The colour of every cell over time, with that of what surrounds the head.

    Attributes:
        time_s: [frames] seconds since the clip's first frame.
        colours: [frames, cells, 3] float32 mean R, G, B, 0 to 255; NaN where not seen.
        pixels: [frames, cells] int, how many pixels each mean was taken over.
        surround: [frames, 3] mean R, G, B around the head; NaN without a face or room around it. Light that swings
            there too is no pulse.
        clipped: [frames] share of the cells' pixels with a clipped channel, 0 to 1; NaN without a face.
    """

    time_s: np.ndarray
    colours: np.ndarray
    pixels: np.ndarray
    surround: np.ndarray
    clipped: np.ndarray

    @property
    def luma(self) -> np.ndarray:
        """[frames, cells] brightness, 0 to 255 (BT.601); NaN where not seen."""
        return self.colours @ LUMA


def read_traces(tracked_frames: Iterable[TrackedFrame]) -> CellTraces:
    """Return the cells' colours on every frame."""
    nothing = (np.full((len(CELLS), 3), np.nan, np.float32), np.zeros(len(CELLS), int), np.nan, np.full(3, np.nan))
    times, rows = [], []
    for tracked in tracked_frames:
        times.append(tracked.frame.time_s)
        image, landmarks = tracked.frame.pixels, tracked.landmarks
        rows.append(nothing if landmarks is None else (*read_cells(image, landmarks), read_surround(image, landmarks)))
    colours, pixels, clipped, surround = zip(*rows, strict=True) if rows else ((),) * 4
    return CellTraces(
        np.array(times),
        np.array(colours, np.float32).reshape(-1, len(CELLS), 3),
        np.array(pixels, int).reshape(-1, len(CELLS)),
        np.array(surround, float).reshape(-1, 3),
        np.array(clipped, float),
    )


def read_cells(image: np.ndarray | YuvImage, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Average each cell over one frame.

    Args:
        image: [height, width, 3] uint8 R, G, B.
        landmarks: [478, 2] x and y in pixels.

    Returns:
        Colours [cells, 3] float32 (0 to 255, NaN for a cell with fewer than `MIN_CELL_PIXELS`), pixels [cells] int, and
        the share of all cell pixels that are clipped, NaN when no cell is seen.
    """
    labels, left, top = label_cells(landmarks, image.shape[:2])
    crop = image[top : top + labels.shape[0], left : left + labels.shape[1]]
    pixels, sums = _sum_by_label(labels, crop)
    colours = np.full((len(CELLS), 3), np.nan, np.float32)
    enough = pixels >= MIN_CELL_PIXELS
    colours[enough] = sums[enough] / pixels[enough, None]
    if not pixels.any():
        return colours, pixels, np.nan
    unclipped = cv2.inRange(crop, (0, 0, 0), (CLIPPED_LEVEL - 1,) * 3)
    clipped = 1 - cv2.countNonZero(cv2.bitwise_and(unclipped, unclipped, mask=labels)) / pixels.sum()
    return colours, pixels, float(clipped)


def read_surround(image: np.ndarray | YuvImage, landmarks: np.ndarray) -> np.ndarray:
    """Average what lies to the left, to the right and above the head; neck and shoulders are left out (ours).

    Args:
        image: [height, width, 3] uint8 R, G, B.
        landmarks: [478, 2] x and y in pixels.

    Returns:
        [3] mean R, G, B of every eighth pixel, NaN when less than `MIN_SURROUND` of the picture is left.
    """
    low, high = _span(landmarks)
    margin = 0.4 * (high - low)
    (left, top), (right, bottom) = low - margin * (1, 1.5), high + margin
    sparse = image[::_SURROUND_STEP, ::_SURROUND_STEP]
    height, width = sparse.shape[:2]
    left, right = np.clip(np.ceil([left / _SURROUND_STEP, right / _SURROUND_STEP]).astype(int), 0, width).tolist()
    top, bottom = np.clip(np.ceil([top / _SURROUND_STEP, bottom / _SURROUND_STEP]).astype(int), 0, height).tolist()
    outside = np.zeros((height, width), np.uint8)
    outside[:top] = 1
    outside[:bottom, :left] = 1
    outside[:bottom, right:] = 1
    if cv2.countNonZero(outside) < MIN_SURROUND * outside.size:
        return np.full(3, np.nan)
    return np.array(cv2.mean(np.ascontiguousarray(sparse), outside)[:3])


def label_cells(landmarks: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, int, int]:
    """Draw the cells into a label picture of the part of the frame they cover.

    Args:
        landmarks: [478, 2] x and y in pixels.
        shape: height and width of the frame.

    Returns:
        Labels [height, width] uint8, 0 outside every cell and 1 + row inside, and the left and top pixel of that part.
        A cell whose outline runs backwards - turned away from the camera - is not drawn.
    """
    height, width = shape
    low, high = _span(landmarks[_outlines()[0]])
    left, top = np.clip(np.floor(low).astype(int), 0, (width, height)).tolist()
    right, bottom = np.clip(np.ceil(high).astype(int) + 1, 0, (width, height)).tolist()
    labels = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.uint8)
    if labels.size == 0:
        return labels, left, top
    numbers, ends = _outlines()
    corners = landmarks[numbers] - (left, top)
    fixed_point = np.round(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    for row, outline in enumerate(np.split(fixed_point, ends[:-1])):
        if cv2.contourArea(outline, oriented=True) > 0:
            cv2.fillPoly(labels, [outline], row + 1, cv2.LINE_8, _SUBPIXEL_BITS)
    return labels, left, top


def _sum_by_label(labels: np.ndarray, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many pixels each cell has in a label picture, [cells] int, and the sums of their colours, [cells, 3].

    Labels come in runs along the lines of the picture: what has to be sorted by label is runs, not pixels.
    """
    if not labels.size:
        return np.zeros(len(CELLS), int), np.zeros((len(CELLS), 3))
    along = labels.ravel()
    starts = np.concatenate(([0], np.flatnonzero(along[1:] != along[:-1]) + 1))
    of_run = along[starts]
    pixels = np.bincount(of_run, np.diff(starts, append=along.size), len(CELLS) + 1)
    sums = np.empty((len(CELLS) + 1, 3))
    for number, channel in enumerate(cv2.split(crop)):
        of_runs = np.add.reduceat(channel.ravel(), starts, dtype=np.uint32)
        sums[:, number] = np.bincount(of_run, of_runs, len(CELLS) + 1)
    return pixels[1:].astype(int), sums[1:]


@lru_cache(maxsize=1)
def _outlines() -> tuple[np.ndarray, np.ndarray]:
    """Return the landmark numbers of all cells' outlines, one after another, and [cells] where each ends.

    They are turned so that OpenCV's oriented area of a cell is positive when it faces the camera.
    """
    outlines = []
    for cell in CELLS:
        outline = np.array(cell.outline)
        # The picture's y runs down, the canonical face's y up.
        area = cv2.contourArea((CANONICAL_XY_CM[outline] * (1, -1)).astype(np.float32), oriented=True)
        outlines.append(outline[::-1] if area < 0 else outline)
    return np.concatenate(outlines), np.cumsum([len(outline) for outline in outlines])


def _span(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest x and y of corners [n, 2]."""
    return corners.min(axis=0), corners.max(axis=0)


def _outline(triangles: Iterable[tuple[int, int, int]]) -> list[int]:
    """Chain the edges that belong to one triangle only into one closed outline."""
    edges = [edge for a, b, c in triangles for edge in ((a, b), (b, c), (c, a))]
    neighbours: dict[int, list[int]] = {}
    for a, b in edges:
        if sum(sorted((a, b)) == sorted(edge) for edge in edges) == 1:
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    start = min(neighbours)
    outline, previous, here = [start], None, start
    while True:
        onward = [vertex for vertex in neighbours[here] if vertex != previous]
        previous, here = here, onward[0]
        if here == start:
            return outline
        outline.append(here)
