"""What the browser draws of a result: its pictures' numbers, as JSON."""

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from bpdemo import figures
from bpdemo.beats import average_regions
from bpdemo.capture import Thumbnail
from bpdemo.demo.views.templating import jpeg_url
from bpdemo.estimate import Estimate, PressureEstimate
from bpdemo.figures.shown import SHOWN_LIMITS, STRENGTH_LIMIT, colour_table, pulse_strength, shown_beats, shown_map
from bpdemo.pulse import MethodPulse, Pulse
from bpdemo.regions import CELLS, region_title
from bpdemo.stmap import CHANNELS, RATE_HZ, STMap
from bpdemo.window import WindowEstimate

_FACE_PIXELS = (300, 400)
_FACE_SHARE = 1.6  # height of the piece of a picture that is shown, over that of the face in it
_PICTURE_PIXELS = 240
_BYTES_AT_LIMIT = 127 / 2  # bytes reach to twice the scale's end: traces may leave the colours
_NOT_MEASURED = -128
_SPECTRUM_BPM, _SPECTRUM_POINTS = (30.0, 300.0), 541


def shown_result(estimate: Estimate) -> dict[str, Any]:
    """Return what `browser/result.js` draws of an estimate; its typedef says what each part is."""
    window = estimate.best_window
    pulse = window.pulse if window else None
    return {
        "clip": estimate.clip,
        "status": estimate.status,
        "model": estimate.model,
        "method": estimate.method,
        "systolic": shown_pressure(estimate.systolic),
        "diastolic": shown_pressure(estimate.diastolic),
        "heart_rate": estimate.heart_rate and vars(estimate.heart_rate),
        "face": _face(estimate, window),
        "map": _map(window) if window is not None and window.stmap.mask.any() else None,
        "wave": _wave(pulse) if pulse else None,
        "methods": [_method(each) for each in pulse.methods] if pulse else [],
        "beats": _beats(pulse) if pulse and estimate.heart_rate else None,
        "spectrum": _spectrum(pulse) if pulse else None,
        "mean_beats": _mean_beats(window) if window else None,
        "course": _course(estimate.windows) if len(estimate.windows) > 1 else None,
        "pictures": [{"time_s": round(one.time_s, 2), "picture": _picture(one)} for one in estimate.thumbnails],
    }


def to_json(data: object) -> Markup:
    """Return data as JSON that may stand inside an element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))


def colours() -> list[list[int]]:
    """Return the colours of map and heat, dark to bright: 256 times R, G, B."""
    return colour_table().tolist()


def shown_pressure(pressure: PressureEstimate | None) -> dict[str, Any] | None:
    """Return a pressure as it is drawn, mmHg; None for none."""
    if pressure is None:
        return None
    return {
        "value": pressure.value,  # not rounded: the browser's whole numbers must be those of the result's words
        "interval": pressure.interval,
        "coverage": pressure.coverage,
        "baseline": pressure.baseline.value,
        "ranges": [[part.low, part.high, round(part.probability, 4)] for part in pressure.ranges],
    }


def _face(estimate: Estimate, window: WindowEstimate | None) -> dict[str, Any] | None:
    """Return the middle picture of those that show the face, with its cells; any picture where none does."""
    shown = figures.shown_thumbnails(estimate.thumbnails) if estimate.thumbnails else []
    if not shown:
        return None
    thumbnail = shown[len(shown) // 2]
    left, top, right, bottom = _face_box(thumbnail)
    image = Image.fromarray(thumbnail.image[top:bottom, left:right])
    image.thumbnail(_FACE_PIXELS)
    outlines = None
    if thumbnail.landmarks is not None:
        landmarks = ((thumbnail.landmarks - (left, top)) * image.width / (right - left)).round(1)
        outlines = [landmarks[cell.outline].tolist() for cell in CELLS]
    strength = _rounded(pulse_strength(window), 3) if window else [None] * len(CELLS)
    size = {"width": image.width, "height": image.height}
    return {
        "picture": jpeg_url(image),
        **size,
        "outlines": outlines,
        "strength": strength,
        "limit": STRENGTH_LIMIT,
    }


def _face_box(thumbnail: Thumbnail) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of an upright piece of a picture around the face; all of it without one."""
    height, width = thumbnail.image.shape[:2]
    if thumbnail.landmarks is None:
        return 0, 0, width, height
    low, high = thumbnail.landmarks.min(axis=0), thumbnail.landmarks.max(axis=0)
    across, down = _FACE_PIXELS
    tall = min(_FACE_SHARE * float(high[1] - low[1]), height, width * down / across)
    size = np.array((tall * across / down, tall))
    left, top = np.clip((low + high - size) / 2, 0, (width, height) - size).astype(int).tolist()
    return left, top, left + int(size[0]), top + int(size[1])


def _map(window: WindowEstimate) -> dict[str, Any]:
    stmap, shown = window.stmap, shown_map(window.stmap)
    follows = follow(stmap, window.pulse)
    return {
        "start_s": round(float(stmap.time_s[0]), 3),
        "rate_hz": RATE_HZ,
        "columns": len(stmap.time_s),
        "limits": SHOWN_LIMITS,
        "rows": [
            {
                "region": region_title(region),
                "colour": figures.REGION_COLOURS[region],
                "words": _describe(row, stmap, follows[row]),
            }
            for row, region in enumerate(stmap.regions)
        ],
        "channels": _bytes(shown.filtered),
        "raw": _bytes(shown.unfiltered),
    }


def _bytes(percent: np.ndarray) -> dict[str, str]:
    """Return each channel of [channels, cells, columns] % as bytes in base 64."""
    coded = {}
    for channel, values in zip(CHANNELS, percent, strict=True):
        scaled = np.clip(np.nan_to_num(values) / SHOWN_LIMITS[channel] * _BYTES_AT_LIMIT, -127, 127).round()
        signed = np.where(np.isfinite(values), scaled, _NOT_MEASURED).astype(np.int8)
        coded[channel] = base64.b64encode(signed.tobytes()).decode()
    return coded


def _wave(pulse: Pulse) -> dict[str, Any]:
    return {
        "start_s": round(float(pulse.time_s[0]), 3),
        "rate_hz": RATE_HZ,
        "values": _rounded(100 * pulse.wave, 4),
        "beats_s": _rounded(pulse.beats_s, 3),
    }


def _method(method: MethodPulse) -> dict[str, Any]:
    return {
        "name": method.name,
        "rate_bpm": method.heart_rate_bpm,
        "snr_db": method.snr_db,
        "values": _rounded(100 * method.wave, 4),
    }


def _beats(pulse: Pulse) -> dict[str, Any] | None:
    shown = shown_beats(pulse)
    if shown is None:
        return None
    return {
        "time_s": _rounded(shown.time_s, 3),
        "each": [_rounded(beat, 4) for beat in shown.beats],
        "mean": _rounded(shown.mean, 4),
        "upstrokes_s": _rounded(shown.upstrokes_s, 3),
    }


def _spectrum(pulse: Pulse) -> dict[str, Any]:
    rate_bpm = np.linspace(*_SPECTRUM_BPM, _SPECTRUM_POINTS)
    power = np.interp(rate_bpm, 60 * pulse.frequency_hz, pulse.power)
    return {"rate_bpm": rate_bpm.tolist(), "power": _rounded(power, 4)}


def _mean_beats(window: WindowEstimate) -> dict[str, Any] | None:
    if window.beats is None or not window.beats.measured:
        return None
    percent = 100 * window.stmap.scale * average_regions(window.beats)
    rows = {name: [_rounded(beat, 4) for beat in percent[:, CHANNELS.index(name)]] for name in ("T", "Y")}
    return {"time_s": _rounded(window.beats.time_s, 3), **rows}


def _course(windows: Sequence[WindowEstimate]) -> dict[str, Any]:
    names = ("heart_rate", "systolic", "diastolic")
    values = {name: [getattr(getattr(window, name), "value", math.nan) for window in windows] for name in names}
    middle_s = np.array([(window.start_s + window.end_s) / 2 for window in windows])
    return {"time_s": _rounded(middle_s, 1)} | {name: _rounded(np.array(each), 1) for name, each in values.items()}


def _picture(thumbnail: Thumbnail) -> str:
    image = Image.fromarray(thumbnail.image)
    image.thumbnail((_PICTURE_PIXELS, _PICTURE_PIXELS))
    return jpeg_url(image)


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
    name = f"Row {row + 1}: {region_title(region)}, cell {number} of {count}"
    if math.isfinite(followed):
        return f"{name}; correlation with the pulse {followed:.2f}"
    return name if stmap.mask[row].any() else f"{name}; not in sight"


def _rounded(values: np.ndarray, digits: int) -> list[float | None]:
    return [round(value, digits) if math.isfinite(value) else None for value in values.tolist()]
