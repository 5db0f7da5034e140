"""The skin cells on the face."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bpdemo.capture import Thumbnail
from bpdemo.figures.shown import COLOURS, STRENGTH_LIMIT
from bpdemo.figures.style import INK, NARROW_IN, REGION_COLOURS, SMALL_PT, new_figure
from bpdemo.regions import CELLS, REGIONS, region_title

FACES_SHOWN = 3
_LEGEND_IN = 0.45
_KEY_IN = 0.26
_GAP_IN = 0.04


def draw_cells(thumbnails: Sequence[Thumbnail], strength: np.ndarray | None = None) -> Figure:
    """Return the skin cells on the first, the middle and the last frame that show the face; else bare frames.

    With `shown.pulse_strength` [cells] the cells are as bright as their pulse is strong, their outlines the region's.
    """
    shown = shown_thumbnails(thumbnails)
    with_face = shown[0].landmarks is not None
    crops = [face_square(thumbnail) for thumbnail in shown]
    ratios = np.array([(right - left) / (bottom - top) for left, top, right, bottom in crops])
    gaps_in = _GAP_IN * (len(shown) - 1)
    face_in = min(2.1, 3.6 / ratios.sum(), (NARROW_IN - gaps_in) / ratios.sum())
    with_key = with_face and strength is not None
    height_in = face_in + 0.03 + (_LEGEND_IN if with_face else 0.0) + (_KEY_IN if with_key else 0.0)
    figure = new_figure(height_in, NARROW_IN)
    left_in = (NARROW_IN - face_in * ratios.sum() - gaps_in) / 2
    for thumbnail, crop, ratio in zip(shown, crops, ratios, strict=True):
        place = (left_in / NARROW_IN, 1 - face_in / height_in, face_in * ratio / NARROW_IN, face_in / height_in)
        _draw_face(figure.add_axes(place), thumbnail, crop, strength)
        left_in += face_in * ratio + _GAP_IN
    if with_face:
        handles = [Rectangle((0, 0), 1, 1, facecolor=REGION_COLOURS[region], alpha=0.75) for region in REGIONS]
        figure.legend(
            handles, [region_title(region) for region in REGIONS], loc="lower center", ncols=3, fontsize=SMALL_PT,
            frameon=False, labelcolor=INK, handlelength=1.0, handleheight=0.8, columnspacing=1.6, borderpad=0.1,
        )  # fmt: skip
    if with_key:
        _draw_key(figure, (_LEGEND_IN + 0.5 * _KEY_IN) / height_in)
    return figure


def face_square(thumbnail: Thumbnail) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a square around the face, within the picture; without a face, of all of it."""
    height, width = thumbnail.image.shape[:2]
    if thumbnail.landmarks is None:
        return 0, 0, width, height
    low, high = thumbnail.landmarks.min(axis=0), thumbnail.landmarks.max(axis=0)
    side = int(min(1.3 * float((high - low).max()), height, width))
    left, top = np.clip((low + high - side) / 2, 0, (width - side, height - side)).astype(int).tolist()
    return left, top, left + side, top + side


def shown_thumbnails(thumbnails: Sequence[Thumbnail]) -> list[Thumbnail]:
    """Return those to draw: up to three that show the face, evenly spread, or of all when none does."""
    chosen = [thumbnail for thumbnail in thumbnails if thumbnail.landmarks is not None] or list(thumbnails)
    places = np.unique(np.linspace(0, len(chosen) - 1, min(FACES_SHOWN, len(chosen))).round().astype(int))
    return [chosen[place] for place in places]


def _draw_face(axes: Axes, thumbnail: Thumbnail, crop: tuple[int, int, int, int], strength: np.ndarray | None) -> None:
    """Draw one frame with its cells and its time."""
    left, top, right, bottom = crop
    axes.imshow(thumbnail.image[top:bottom, left:right], interpolation="none", extent=(left, right, bottom, top))
    if thumbnail.landmarks is not None:
        outlines = [thumbnail.landmarks[cell.outline] for cell in CELLS]
        regions = [REGION_COLOURS[cell.region] for cell in CELLS]
        if strength is None:
            axes.add_collection(PolyCollection(outlines, facecolors=regions, edgecolors="none", alpha=0.38))
            axes.add_collection(PolyCollection(outlines, facecolors="none", edgecolors="white", linewidths=0.7))
        else:
            heat = COLOURS(np.nan_to_num(strength) / STRENGTH_LIMIT)
            heat[:, 3] = np.where(np.isfinite(strength), 0.62, 0)
            axes.add_collection(PolyCollection(outlines, facecolors=heat, edgecolors=regions, linewidths=0.8))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    axes.text(
        0.03, 0.03, f"{thumbnail.time_s:.1f} s", transform=axes.transAxes, fontsize=SMALL_PT, color="white",
        bbox={"facecolor": "black", "alpha": 0.55, "linewidth": 0, "pad": 2},
    )  # fmt: skip


def _draw_key(figure: Figure, middle: float) -> None:
    """Draw the legend of the heat at a height, as a share of the figure's."""
    height = 0.07 / figure.get_figheight()
    bar = figure.add_axes((0.5, middle - height / 2, 0.25, height))
    bar.imshow(np.linspace(0, 1, 256)[None], cmap=COLOURS, aspect="auto")
    bar.set_axis_off()
    for x, side, text in ((0.48, "right", "pulse strength  0"), (0.77, "left", f"{STRENGTH_LIMIT:g} %")):
        figure.text(x, middle, text, fontsize=SMALL_PT, color=INK, ha=side, va="center_baseline")
