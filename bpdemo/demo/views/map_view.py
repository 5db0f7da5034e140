"""The map to explore: choose a row and see where it sits on the face, and its trace.

All rows are in the HTML and `map_view.js` marks the chosen one, so the server keeps nothing of the clip for it.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from bpdemo import figures
from bpdemo.capture import Thumbnail
from bpdemo.demo.views.templating import jpeg_url, render, svg
from bpdemo.pulse import Pulse
from bpdemo.regions import CELLS, region_title
from bpdemo.stmap import CHANNELS, STMap
from bpdemo.window import WindowEstimate

SCRIPT = Path(__file__).with_name("map_view.js").read_text(encoding="utf-8")
_FACE_PIXELS = 240
_TRACE = (450, 100)  # units of the trace's picture
_HIGHEST = 99.8  # percentile of all rows' changes that the trace's picture reaches


def map_view(window: WindowEstimate, drawn: Figure, thumbnails: Sequence[Thumbnail]) -> str:
    """Return the map with a slider for its rows, the face with its cells, and every row's trace.

    `drawn` is the map by `figures.draw_stmap`; the face is the middle one of the thumbnails that show it, if any do.
    """
    stmap, pulse = window.stmap, window.pulse
    followed = follow(stmap, pulse)
    percent = 100 * stmap.scale * np.where(stmap.mask, stmap.values[CHANNELS.index("T")], np.nan)
    limit = max(float(np.nanpercentile(np.abs(percent), _HIGHEST)), 0.1)  # one scale for all traces
    with_face = [thumbnail for thumbnail in thumbnails if thumbnail.landmarks is not None]
    width, height = _TRACE
    return render(
        "map_view",
        chosen=int(np.nanargmax(followed)) if np.isfinite(followed).any() else int(stmap.mask.any(axis=1).argmax()),
        picture=svg(drawn, "stmap"),
        measured=stmap.mask.mean(),
        channel_boxes=figures.channel_boxes(drawn).values(),
        descriptions=[_describe(row, stmap, followed[row]) for row in range(len(followed))],
        traces=[
            (figures.REGION_COLOURS[region], _path(trace, limit))
            for region, trace in zip(stmap.regions, percent, strict=True)
        ],
        face=_draw_face(with_face[len(with_face) // 2]) if with_face else None,
        face_trace=_path(100 * pulse.wave, limit) if pulse is not None else "",
        limit=limit,
        trace_width=width,
        trace_height=height,
        start_s=float(stmap.time_s[0]),
        seconds=float(stmap.time_s[-1] - stmap.time_s[0]),
    )


def follow(stmap: STMap, pulse: Pulse | None) -> np.ndarray:
    """Return the correlation of each row's T with the pulse of the whole face: [cells], NaN where unknown."""
    found = np.full(len(stmap.cells), np.nan)
    if pulse is None:
        return found
    columns = min(len(pulse.wave), stmap.mask.shape[1])
    for row, (trace, mask) in enumerate(zip(stmap.values[CHANNELS.index("T")], stmap.mask, strict=True)):
        there = mask[:columns]
        if there.any() and np.ptp(trace[:columns][there]) > 0:
            found[row] = np.corrcoef(trace[:columns][there], pulse.wave[:columns][there])[0, 1]
    return found


def _describe(row: int, stmap: STMap, followed: float) -> str:
    """Return a row's name and how it follows the pulse."""
    region = stmap.regions[row]
    number, count = 1 + stmap.regions[:row].count(region), stmap.regions.count(region)
    name = f"{region_title(region)}, cell {number} of {count}. Row {row + 1}."
    if np.isfinite(followed):
        return f"{name} It follows the pulse of the whole face with r = {followed:.2f}."
    if stmap.mask[row].any():
        return f"{name} No pulse of the whole face to compare it with."
    return f"{name} It was not measured: the cell was hidden or turned away."


def _draw_face(thumbnail: Thumbnail) -> dict[str, object]:
    """Return a picture of the face and the SVG points of each cell on it."""
    left, top, right, bottom = figures.face_square(thumbnail)
    image = Image.fromarray(thumbnail.image[top:bottom, left:right])
    image.thumbnail((_FACE_PIXELS, _FACE_PIXELS))
    assert thumbnail.landmarks is not None
    landmarks = (thumbnail.landmarks - (left, top)) * image.width / (right - left)
    outlines = [" ".join(f"{x:.1f},{y:.1f}" for x, y in landmarks[cell.outline]) for cell in CELLS]
    return {"address": jpeg_url(image), "width": image.width, "height": image.height, "outlines": outlines}


def _path(trace: np.ndarray, limit: float) -> str:
    """Return the SVG path of a trace, broken where it was not measured."""
    width, height = _TRACE
    step = width / max(len(trace) - 1, 1)
    parts = []
    for known, group in groupby(range(len(trace)), lambda column: bool(np.isfinite(trace[column]))):
        if known:
            points = [f"{column * step:.0f} {-trace[column] / limit * height / 2:.1f}" for column in group]
            parts.append(f"M{'L'.join(points)}")
    return "".join(parts)
