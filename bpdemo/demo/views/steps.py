"""The steps behind a result, each with a line of explanation and its picture."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bpdemo import figures
from bpdemo.beats import average_regions
from bpdemo.clip import CaptureReport
from bpdemo.demo.texts import Words
from bpdemo.demo.views.checks import checks_table
from bpdemo.demo.views.html import percent, picture, section, table
from bpdemo.demo.views.map_view import map_view
from bpdemo.errors import Reason
from bpdemo.estimate import Estimate
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS


def draw(estimate: Estimate, words: Words) -> dict[str, Figure]:
    """Draw the figures that an estimate has the data for, by name, in the order of the steps."""
    window = estimate.best_window
    drawn: dict[str, Figure] = {}
    if estimate.thumbnails:
        drawn["cells"] = figures.draw_cells(estimate.thumbnails, words.figures)
    if window is not None and window.stmap.mask.any():
        drawn["stmap"] = figures.draw_stmap(window.stmap, words.figures)
    if window is not None and window.slices is not None and window.slices.measured:
        drawn["slices"] = figures.draw_slices(window.slices, window.stmap.scale, words.figures)
    if window is not None and window.pulse is not None:
        drawn["pulse"] = figures.draw_pulse(window.pulse, window.heart_rate, words.figures)
    if len(estimate.windows) > 1:
        drawn["windows"] = figures.draw_windows(estimate.windows, words.figures)
    return drawn


def steps(estimate: Estimate, drawn: Mapping[str, Figure], words: Words) -> str:
    """Return the steps behind the result.

    Args:
        estimate: of the clip.
        drawn: by `draw`.
        words: to say it in.
    """
    window = estimate.best_window
    parts = []
    if "cells" in drawn:
        with_face = any(thumbnail.landmarks is not None for thumbnail in estimate.thumbnails)
        key = "cells" if with_face else "cells_without_face"
        parts.append(_step(key, _pictured(drawn, "cells", _tell_frames(estimate, words)), words))
    if "stmap" in drawn:
        parts.append(_step("stmap", map_view(window, drawn["stmap"], estimate.thumbnails, words), words))
    if "slices" in drawn:
        whole = 100 * window.stmap.scale * average_regions(window.slices)[-1][CHANNELS.index("T")]
        alt = words("steps.slices_alt", beats=len(window.slices.rises_s), height=np.ptp(whole))
        parts.append(_step("slices", _pictured(drawn, "slices", alt), words))
    if "pulse" in drawn:
        pulse = window.pulse
        kind = "pulse_alt" if window.heart_rate else "no_pulse_alt"
        seconds = pulse.time_s[-1] - pulse.time_s[0]
        alt = words(f"steps.{kind}", beats=len(pulse.beats_s), seconds=seconds, heart_rate=pulse.heart_rate_bpm)
        parts.append(
            _step(
                "pulse",
                _pictured(drawn, "pulse", alt) + checks_table(pulse, CaptureReport.from_dict(estimate.capture), words),
                words,
            )
        )
    if "windows" in drawn:
        alt = words(
            "steps.windows_alt",
            count=len(estimate.windows),
            seconds=estimate.windows[-1].end_s,
            refused=sum(bool(window.reasons) for window in estimate.windows),
        )
        parts.append(_step("windows", _pictured(drawn, "windows", alt), words))
    if estimate.capture is not None:
        caption = words.get("steps.capture")[0]
        report = table(capture_rows(estimate.capture, words), caption, show_caption=False)
        parts.append(_step("capture", _notes(estimate.notes, words) + report, words))
    if not parts:
        return ""
    return f"<h2 class='bp-title'>{words('steps.title')}</h2><div class='bp-steps'>{''.join(parts)}</div>"


def capture_rows(capture: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """Return the capture report as (title, text) rows; what was not measured is left out."""

    def value(kind: str, **parts: Any) -> str:
        return words(f"steps.capture_values.{kind}", **parts)

    face = capture["face"]
    size = value("picture", width=capture["width"], height=capture["height"])
    if capture["rotation_degrees"]:
        size = value("turned", picture=size, degrees=capture["rotation_degrees"])
    container, megabytes = capture["container"].split(",")[0], capture["file_bytes"] / 1e6
    rows = {
        "picture": size,
        "duration": value("duration", value=capture["duration_s"]),
        "frames": f"{capture['frames']}",
        "frame_rate": value("frame_rate", value=capture["frame_rate_hz"]),
        "jitter": value("jitter", value=capture["jitter_ms"]),
        "gap": value("milliseconds", value=1000 * capture["longest_gap_s"]),
        "bit_rate": value("bit_rate", value=capture["bit_rate_kbps"]),
        "key_frames": value("duration", value=capture["key_frame_interval_s"] or capture["duration_s"]),
        "file": value("file", codec=capture["codec"], container=container, megabytes=megabytes),
        "seen": value("seen", value=percent(face["seen"])),
    }
    if face["seen"]:
        rows |= {
            "faces": f"{face['faces']}",
            "face_width": value("pixels", value=face["width_pixels"]),
            "turn": value("turn", value=face["turn_degrees"]),
            "motion": value("motion", value=100 * face["motion_per_second"]),
            "luma": value("luma", value=face["luma"]),
            "clipped": value("clipped", value=100 * face["clipped"]),
        }
    if capture["frames_dropped"]:
        rows["dropped"] = f"{capture['frames_dropped']}"
    return [(words(f"steps.capture_rows.{key}"), text) for key, text in rows.items()]


def _tell_frames(estimate: Estimate, words: Words) -> str:
    """Return what the frames show, for whoever cannot see them."""
    shown = figures.shown_thumbnails(estimate.thumbnails)
    key = "cells_alt" if shown[0].landmarks is not None else "frames_alt"
    times = ", ".join(f"{thumbnail.time_s:.1f}" for thumbnail in shown)
    return words(f"steps.{key}", count=len(shown), cells=len(CELLS), times=times)


def _notes(notes: Sequence[Reason], words: Words) -> str:
    said = [words.reason(note) for note in notes]
    items = "".join(f"<li>{escape(note.message)} {escape(note.remedy)}</li>" for note in said)
    return f"<div class='bp-notes'><b>{words('steps.notes')}</b><ul>{items}</ul></div>" if items else ""


def _pictured(drawn: Mapping[str, Figure], name: str, alt: str) -> str:
    return picture(figures.to_svg(drawn[name], name), alt)


def _step(key: str, body: str, words: Words) -> str:
    title, line = words.get(f"steps.{key}")
    return section(title, line, body)
