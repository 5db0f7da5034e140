"""The skin cells on the face."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from bpdemo.capture import Thumbnail
from bpdemo.figures.style import ENGLISH, INK, REGION_COLOURS, SMALL_PT, Canvas, Words, begin, size_in
from bpdemo.regions import CELLS, REGIONS

FACES_SHOWN = 3
_LEGEND_IN = 0.45
_GAP_IN = 0.04


def region_title(region: str, words: Words = ENGLISH) -> str:
    """Return a region's name as people read it."""
    return words[region]


def draw_cells(thumbnails: Sequence[Thumbnail], words: Words = ENGLISH, on: Canvas | None = None) -> Canvas:
    """Draw the skin cells on a few frames: the first, the middle and the last that show the face.

    Args:
        thumbnails: at least one; without a face in any of them the bare frames are drawn.
        words: in the figure.
        on: part of a larger figure.
    """
    shown = shown_thumbnails(thumbnails)
    with_face = shown[0].landmarks is not None
    crops = [face_square(thumbnail) for thumbnail in shown]
    ratios = np.array([(right - left) / (bottom - top) for left, top, right, bottom in crops])
    legend_in = _LEGEND_IN if with_face else 0.0
    canvas = begin(min(2.1, 3.6 / ratios.sum()) + legend_in + 0.03, on)
    width_in, height_in = size_in(canvas)
    room_in = width_in - _GAP_IN * (len(shown) - 1)
    face_in = min(height_in - legend_in - 0.03, room_in / ratios.sum())
    left_in = (width_in - face_in * ratios.sum() - _GAP_IN * (len(shown) - 1)) / 2
    for thumbnail, crop, ratio in zip(shown, crops, ratios, strict=True):
        place = (left_in / width_in, 1 - face_in / height_in, face_in * ratio / width_in, face_in / height_in)
        _draw_face(canvas.add_axes(place), thumbnail, crop)
        left_in += face_in * ratio + _GAP_IN
    if with_face:
        _draw_region_legend(canvas, words)
    return canvas


def face_square(thumbnail: Thumbnail) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the part to show: a square around the face, within the picture.

    Without a face it is the whole picture.
    """
    height, width = thumbnail.image.shape[:2]
    if thumbnail.landmarks is None:
        return 0, 0, width, height
    low, high = thumbnail.landmarks.min(axis=0), thumbnail.landmarks.max(axis=0)
    side = int(min(1.3 * float((high - low).max()), height, width))
    left, top = (
        int(np.clip((low[axis] + high[axis] - side) / 2, 0, room - side)) for axis, room in ((0, width), (1, height))
    )
    return left, top, left + side, top + side


def shown_thumbnails(thumbnails: Sequence[Thumbnail]) -> list[Thumbnail]:
    """Return those that are drawn: up to three that show the face, evenly spread, or of all when none does."""
    chosen = [thumbnail for thumbnail in thumbnails if thumbnail.landmarks is not None] or list(thumbnails)
    places = np.unique(np.linspace(0, len(chosen) - 1, min(FACES_SHOWN, len(chosen))).round().astype(int))
    return [chosen[place] for place in places]


def _draw_face(axes: Axes, thumbnail: Thumbnail, crop: tuple[int, int, int, int]) -> None:
    """Draw one frame with its cells and its time."""
    left, top, right, bottom = crop
    axes.imshow(thumbnail.image[top:bottom, left:right], interpolation="none", extent=(left, right, bottom, top))
    if thumbnail.landmarks is not None:
        outlines = [thumbnail.landmarks[cell.outline] for cell in CELLS]
        colours = [REGION_COLOURS[cell.region] for cell in CELLS]
        axes.add_collection(PolyCollection(outlines, facecolors=colours, edgecolors="none", alpha=0.38))
        axes.add_collection(PolyCollection(outlines, facecolors="none", edgecolors="white", linewidths=0.7))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    axes.text(
        0.03, 0.03, f"{thumbnail.time_s:.1f} s", transform=axes.transAxes, fontsize=SMALL_PT, color="white",
        bbox={"facecolor": "black", "alpha": 0.55, "linewidth": 0, "pad": 2},
    )  # fmt: skip


def _draw_region_legend(canvas: Canvas, words: Words) -> None:
    """Draw the six regions' names and colours in two lines along the lower edge."""
    handles = [Rectangle((0, 0), 1, 1, facecolor=REGION_COLOURS[region], alpha=0.75) for region in REGIONS]
    canvas.legend(
        handles, [region_title(region, words) for region in REGIONS], loc="lower center", ncols=3, fontsize=SMALL_PT,
        frameon=False, labelcolor=INK, handlelength=1.0, handleheight=0.8, columnspacing=1.6, borderpad=0.1,
    )  # fmt: skip
