"""The map to explore: choose a row and see where it sits on the face, and its trace.

Everything that can be chosen is in the HTML; `map_view.js` only marks what is chosen. So nothing of the clip has to be
kept on the server for it.
"""

import io
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from bpdemo import figures
from bpdemo.capture import Thumbnail
from bpdemo.demo.downloads import data_url
from bpdemo.demo.texts import Words
from bpdemo.demo.views.html import attribute, picture
from bpdemo.estimate import WindowEstimate
from bpdemo.pulse import Pulse
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS, STMap

SCRIPT = Path(__file__).with_name("map_view.js").read_text(encoding="utf-8")
"""For the element that the view is shown in."""

_FACE_PIXELS = 240
_TRACE = (450, 100)  # units of the trace's picture
_TICK_S = 5.0
_HIGHEST = 99.8  # percentile of all rows' changes that the trace's picture reaches


def map_view(window: WindowEstimate, drawn: Figure, thumbnails: Sequence[Thumbnail], words: Words) -> str:
    """Return the map with a slider for its rows, the face with its cells, and every row's trace.

    Args:
        window: whose map it is.
        drawn: the map, by `figures.draw_stmap`.
        thumbnails: of the clip; the middle one that shows the face is used, and no face is shown without one.
        words: to say it in.
    """
    stmap = window.stmap
    followed = follow(stmap, window.pulse)
    told = [_tell(row, stmap, followed[row], words) for row in range(len(stmap.cells))]
    chosen = int(np.nanargmax(followed)) if np.isfinite(followed).any() else int(stmap.mask.any(axis=1).argmax())
    with_face = [thumbnail for thumbnail in thumbnails if thumbnail.landmarks is not None]
    face = _face(with_face[len(with_face) // 2], words) if with_face else ""
    alt = words(
        "steps.stmap_alt",
        cells=len(stmap.cells),
        seconds=stmap.time_s[-1] - stmap.time_s[0],
        measured=f"{100 * stmap.mask.mean():.0f} %",
    )
    slider = (
        f"<label class='bp-row-choose'><b>{words('steps.row_choose')}</b>"
        f"<input type='range' min='1' max='{len(stmap.cells)}' value='{chosen + 1}' data-rows='{_lines(told)}'>"
        f"</label><p class='bp-quiet bp-small'>{words('steps.row_hint')}</p>"
    )
    return (
        f"<div class='bp-map' data-map data-chosen='{chosen}'>"
        f"<div class='bp-map-picture'>{picture(figures.to_svg(drawn, 'stmap'), alt)}{_hit_areas(drawn)}</div>"
        f"{slider}<div class='bp-row'>{face}<output data-told aria-live='off'>{escape(told[chosen])}</output>"
        f"<div class='bp-row-traces'>{_traces(stmap, window.pulse, words)}</div></div></div>"
    )


def follow(stmap: STMap, pulse: Pulse | None) -> np.ndarray:
    """Return how far each row's T follows the pulse of the whole face: correlation [cells], NaN where unknown."""
    found = np.full(len(stmap.cells), np.nan)
    if pulse is None:
        return found
    columns = min(len(pulse.wave), stmap.mask.shape[1])
    for row, (trace, mask) in enumerate(zip(stmap.values[CHANNELS.index("T")], stmap.mask, strict=True)):
        there = mask[:columns]
        if there.any() and np.ptp(trace[:columns][there]) > 0:
            found[row] = np.corrcoef(trace[:columns][there], pulse.wave[:columns][there])[0, 1]
    return found


def _tell(row: int, stmap: STMap, followed: float, words: Words) -> str:
    """Return a row's name and what is to be known of it."""
    region = stmap.regions[row]
    name = words(
        "steps.row_name",
        region=figures.region_title(region, words.figures),
        number=1 + sum(other == region for other in stmap.regions[:row]),
        count=stmap.regions.count(region),
    )
    kind = "row_r" if np.isfinite(followed) else "row_no_r" if stmap.mask[row].any() else "row_unmeasured"
    return f"{name}. {words(f'steps.{kind}', row=row + 1, r=followed)}"


def _hit_areas(drawn: Figure) -> str:
    """Return what lies over the channels of the picture: an area to click in, and the mark of the chosen row."""
    areas = "".join(
        f"<div class='bp-rows' style='left:{100 * left:.3f}%;top:{100 * top:.3f}%;width:{100 * width:.3f}%;"
        f"height:{100 * height:.3f}%'><i></i></div>"
        for left, top, width, height in figures.channel_boxes(drawn).values()
    )
    return f"<div aria-hidden='true'>{areas}</div>"


def _face(thumbnail: Thumbnail, words: Words) -> str:
    """Return a face with the outlines of its cells, one for each row."""
    left, top, right, bottom = figures.face_square(thumbnail)
    image = Image.fromarray(thumbnail.image[top:bottom, left:right])
    image.thumbnail((_FACE_PIXELS, _FACE_PIXELS))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    corner, scale = np.array((left, top)), image.width / (right - left)
    cells = "".join(
        f"<polygon data-row='{row}' points='{_points(scale * (thumbnail.landmarks[cell.outline] - corner))}'/>"
        for row, cell in enumerate(CELLS)
    )
    return (
        f"<svg class='bp-row-face' viewBox='0 0 {image.width} {image.height}' role='img' "
        f"aria-label='{attribute(words('steps.row_face_alt'))}'>"
        f"<image href='{data_url(buffer.getvalue(), 'image/jpeg')}' width='{image.width}' height='{image.height}'/>"
        f"{cells}</svg>"
    )


def _traces(stmap: STMap, pulse: Pulse | None, words: Words) -> str:
    """Return the trace of every row, T in % of the cell's colour, over that of the whole face; one scale for all."""
    percent = 100 * stmap.scale * np.where(stmap.mask, stmap.values[CHANNELS.index("T")], np.nan)
    limit = max(float(np.nanpercentile(np.abs(percent), _HIGHEST)), 0.1)
    width, height = _TRACE
    lines = ""
    if pulse is not None:
        lines = f"<path class='bp-row-mean' d='{_path(100 * pulse.wave, len(pulse.wave), limit)}'/>"
    for row, (trace, region) in enumerate(zip(percent, stmap.regions, strict=True)):
        colour = figures.REGION_COLOURS[region]
        lines += f"<path data-row='{row}' stroke='{colour}' d='{_path(trace, len(trace), limit)}'/>"
    end_s = float(stmap.time_s[-1] - stmap.time_s[0])
    ticks = "".join(
        f"<span style='left:{100 * tick_s / end_s:.1f}%'>{stmap.time_s[0] + tick_s:.0f} s</span>"
        for tick_s in np.arange(0, end_s, _TICK_S)
    )
    return (
        f"<p class='bp-small bp-quiet'>{words('steps.row_trace', limit=limit)}</p>"
        f"<svg class='bp-row-trace' viewBox='0 {-height / 2} {width} {height}' preserveAspectRatio='none' role='img' "
        f"aria-label='{attribute(words('steps.row_trace_alt', seconds=end_s))}'>{lines}</svg>"
        f"<div class='bp-row-time' aria-hidden='true'>{ticks}</div>"
    )


def _path(trace: np.ndarray, columns: int, limit: float) -> str:
    """Return the path of a trace, broken where it was not measured."""
    width, height = _TRACE
    step = width / max(columns - 1, 1)
    parts = []
    for known, group in groupby(range(columns), lambda column: bool(np.isfinite(trace[column]))):
        if known:
            points = [f"{column * step:.0f} {-trace[column] / limit * height / 2:.1f}" for column in group]
            parts.append(f"M{'L'.join(points)}")
    return "".join(parts)


def _points(corners: np.ndarray) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _lines(texts: Sequence[str]) -> str:
    """Return texts as one attribute; none of them holds a line break."""
    return attribute("\n".join(texts))
