"""Landmarks become skin cells, and each cell its mean colour, frame by frame.

A **region** is one of six parts of the face; a **cell** is a part of a region and one row of the STMap. Every cell is a
fixed set of triangles of MediaPipe's canonical face mesh (`cells.json`, written by `tools/make_cells.py`), so it stays
on the same skin when the head moves or turns. Eyes, brows, lips and nostrils are outside every cell. Left and right are
the person's own. The division into cells is ours.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import cv2
import numpy as np

from bpdemo.face import TrackedFrame
from bpdemo.yuv import YuvImage

LUMA = np.array([0.299, 0.587, 0.114])  # of R, G, B; ITU-R BT.601
REGIONS = ("forehead", "nose", "left_cheek", "right_cheek", "mouth", "chin")

MIN_CELL_PIXELS = 24  # a cell of fewer pixels is too noisy, or too far turned away, to count as seen
MIN_SURROUND = 0.03  # share of the picture around the head that is needed to judge the light
CLIPPED_LEVEL = 250  # of 255; a pixel channel at or above this is clipped: the pulse is cut off
_SURROUND_STEP = 8
_SUBPIXEL_BITS = 4  # of OpenCV's polygons, so that a cell's edge moves by less than a pixel


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

    @cached_property
    def outline(self) -> list[int]:
        """Landmark numbers around the cell, in order."""
        return _outline(self.triangles)


_table = json.loads(resources.files("bpdemo").joinpath("cells.json").read_text())
CELLS = tuple(Cell(cell["name"], cell["region"], tuple(map(tuple, cell["triangles"]))) for cell in _table["cells"])
CANONICAL_XY_CM = np.array(_table["canonical_xy_cm"])
"""Landmark positions of MediaPipe's canonical face, [468, 2]."""


def rows_of_region(region: str) -> list[int]:
    """Return the STMap rows of a region, in order."""
    return [row for row, cell in enumerate(CELLS) if cell.region == region]


def region_title(region: str) -> str:
    """Return a region's name in words."""
    return region.replace("_", " ")


@dataclass(frozen=True)
class CellTraces:
    """The colour of every cell over time, with that of what surrounds the head.

    Attributes:
        time_s: [frames] seconds since the clip's first frame.
        colours: [frames, cells, 3] float32 mean R, G, B, 0 to 255; NaN where not seen.
        pixels: [frames, cells] int, how many pixels each mean was taken over.
        surround: [frames, 3] mean R, G, B around the head; NaN without a face or room around it.
        clipped: [frames] share of the cells' pixels with a clipped channel, 0 to 1; NaN without a face.
        position: [frames, 2] x and y of the face's middle in pixels; NaN without a face; None where nothing was filmed.
    """

    time_s: np.ndarray
    colours: np.ndarray
    pixels: np.ndarray
    surround: np.ndarray
    clipped: np.ndarray
    position: np.ndarray | None = None

    @property
    def luma(self) -> np.ndarray:
        """[frames, cells] brightness, 0 to 255 (BT.601); NaN where not seen."""
        return self.colours @ LUMA


def read_traces(tracked_frames: Iterable[TrackedFrame]) -> CellTraces:
    """Return the cells' colours on every frame."""
    nowhere = np.full(2, np.nan)
    nothing = (np.full((len(CELLS), 3), np.nan, np.float32), np.zeros(len(CELLS), int), np.nan, np.full(3, np.nan))
    times, rows = [], []
    for tracked in tracked_frames:
        times.append(tracked.frame.time_s)
        image, landmarks = tracked.frame.pixels, tracked.landmarks
        if landmarks is None:
            rows.append((*nothing, nowhere))
        else:
            rows.append((*read_cells(image, landmarks), read_surround(image, landmarks), landmarks.mean(axis=0)))
    colours, pixels, clipped, surround, position = zip(*rows, strict=True) if rows else ((),) * 5
    return CellTraces(
        np.array(times),
        np.array(colours, np.float32).reshape(-1, len(CELLS), 3),
        np.array(pixels, int).reshape(-1, len(CELLS)),
        np.array(surround, float).reshape(-1, 3),
        np.array(clipped, float),
        np.array(position, float).reshape(-1, 2),
    )


def read_cells(image: np.ndarray | YuvImage, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return each cell's mean colour, its pixels, and the clipped share of all cell pixels on one frame.

    Colours [cells, 3] float32 (0 to 255, NaN for a cell with fewer than `MIN_CELL_PIXELS`), pixels [cells] int; the
    share is NaN when no cell is seen.

    Args:
        image: [height, width, 3] uint8 R, G, B.
        landmarks: [478, 2] x and y in pixels.
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
    """Return the mean R, G, B [3] of what lies left, right and above the head, not neck and shoulders (ours).

    Of every eighth pixel; NaN when less than `MIN_SURROUND` of the picture is left. Arguments are those of
    `read_cells`.
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
    """Return a label picture of the part of the frame that the cells cover, and the left and top pixel of that part.

    Labels [height, width] uint8, 0 outside every cell and 1 + row inside. A cell whose outline runs backwards - turned
    away from the camera - is not drawn.

    Args:
        landmarks: [478, 2] x and y in pixels.
        shape: height and width of the frame.
    """
    height, width = shape
    numbers, ends = _outlines()
    corners = landmarks[numbers]
    low, high = _span(corners)
    left, top = np.clip(np.floor(low).astype(int), 0, (width, height)).tolist()
    right, bottom = np.clip(np.ceil(high).astype(int) + 1, 0, (width, height)).tolist()
    labels = np.zeros((max(bottom - top, 0), max(right - left, 0)), np.uint8)
    if labels.size == 0:
        return labels, left, top
    fixed_point = np.round((corners - (left, top)) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    for row, outline in enumerate(np.split(fixed_point, ends[:-1])):
        if cv2.contourArea(outline, oriented=True) > 0:
            cv2.fillPoly(labels, [outline], row + 1, cv2.LINE_8, _SUBPIXEL_BITS)
    return labels, left, top


def _sum_by_label(labels: np.ndarray, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's number of pixels in a label picture, [cells] int, and the sums of their colours, [cells, 3].

    Labels come in runs along the lines of the picture: runs are sorted by label, not pixels.
    """
    if not labels.size:
        return np.zeros(len(CELLS), int), np.zeros((len(CELLS), 3))
    along = labels.ravel()
    starts = np.concatenate(([0], np.flatnonzero(along[1:] != along[:-1]) + 1))
    labels_of_runs = along[starts]
    pixels = np.bincount(labels_of_runs, np.diff(starts, append=along.size), len(CELLS) + 1)
    sums = np.empty((len(CELLS) + 1, 3))
    for number, channel in enumerate(cv2.split(crop)):
        sums_of_runs = np.add.reduceat(channel.ravel(), starts, dtype=np.uint32)
        sums[:, number] = np.bincount(labels_of_runs, sums_of_runs, len(CELLS) + 1)
    return pixels[1:].astype(int), sums[1:]


@cache
def _outlines() -> tuple[np.ndarray, np.ndarray]:
    """Return all cells' outlines, one after another, and [cells] where each ends; oriented areas facing us are > 0."""
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
