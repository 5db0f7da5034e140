"""The steps behind a result, each with a line of explanation and its figure."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from bpdemo import figures
from bpdemo.beats import average_regions
from bpdemo.capture import CaptureReport
from bpdemo.demo.views.checks import check_rows
from bpdemo.demo.views.evidence import evidence_rows
from bpdemo.demo.views.map_view import map_view
from bpdemo.demo.views.templating import percent, render, svg
from bpdemo.estimate import Estimate, MovedBy
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.pulse import Pulse
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS


def draw_figures(estimate: Estimate) -> dict[str, Figure]:
    """Return an estimate's figures, those it has data for: cells, stmap, beats, pulse, windows, ranges, moved."""
    window = estimate.best_window
    drawn: dict[str, Figure] = {}
    if estimate.thumbnails:
        strength = figures.pulse_strength(window) if window is not None else None
        drawn["cells"] = figures.draw_cells(estimate.thumbnails, strength)
    if window is not None and window.stmap.mask.any():
        drawn["stmap"] = figures.draw_stmap(window.stmap)
    if window is not None and window.beats is not None and window.beats.measured:
        drawn["beats"] = figures.draw_beats(window.beats, window.stmap.scale)
    if window is not None and window.pulse is not None:
        drawn["pulse"] = figures.draw_pulse(window.pulse, window.heart_rate)
    if len(estimate.windows) > 1:
        drawn["windows"] = figures.draw_windows(estimate.windows)
    if estimate.systolic is not None and estimate.diastolic is not None:
        drawn["ranges"] = figures.draw_ranges(estimate.systolic, estimate.diastolic)
    if moved := moved_by(estimate):
        drawn["moved"] = figures.draw_moved(moved)
    return drawn


def steps(estimate: Estimate, drawn: Mapping[str, Figure]) -> str:
    """Return the steps behind the result with their figures (by `draw_figures`); nothing for a clip not opened."""
    if estimate.capture is None:
        return ""
    window = estimate.best_window
    frames = figures.shown_thumbnails(estimate.thumbnails) if estimate.thumbnails else []
    explored, beat_height = "", 0.0
    if window is not None and "stmap" in drawn:
        explored = map_view(window, drawn["stmap"], estimate.thumbnails)
    if window is not None and window.beats is not None and "beats" in drawn:
        whole = average_regions(window.beats)[-1][CHANNELS.index("T")]
        beat_height = 100 * window.stmap.scale * float(np.ptp(whole))
    return render(
        "steps",
        estimate=estimate,
        reads_beats=find_model(estimate.model or DEFAULT_MODEL).reads == "mean beats",
        window=window,
        frames=frames,
        cells=len(CELLS),
        times=", ".join(f"{frame.time_s:.1f}" for frame in frames),
        map_view=explored,
        beat_height=beat_height,
        svgs={name: svg(figure, name) for name, figure in drawn.items() if name not in ("stmap", "ranges")},
        moved=moved_lines(estimate),
        whole_clip=whole_clip_lines(estimate),
        methods=method_rows(window.pulse) if window and window.pulse else [],
        evidence=evidence_rows(window.evidence) if window and window.evidence else [],
        window_checks=check_rows(window.checks) if window else [],
        capture_rows=capture_rows(estimate.capture),
        capture_checks=check_rows(estimate.checks),
    )


def moved_by(estimate: Estimate) -> dict[str, MovedBy]:
    """Return what moved each pressure, by its name; empty where that is not known."""
    pressures = {"systolic": estimate.systolic, "diastolic": estimate.diastolic}
    return {name: one.moved_by for name, one in pressures.items() if one is not None and one.moved_by is not None}


def moved_lines(estimate: Estimate) -> list[str]:
    """Return for each pressure what moved it most, in words; nothing of what rounds to 0."""
    lines = []
    for name, moved in moved_by(estimate).items():
        part, by = max({**moved.regions, **moved.phases}.items(), key=lambda item: abs(item[1]))
        if size := round(abs(by), 1):
            way = "lower" if by < 0 else "higher"
            lines.append(f"Without the {figures.region_title(part)} the {name} value would be {size} mmHg {way}.")
    return lines


def whole_clip_lines(estimate: Estimate) -> list[str]:
    """Return a line for each thing that was measured over the whole clip; none for what could not be."""
    measured = {"Heart-rate variability": estimate.heart_rate_variability, "Breathing": estimate.respiration}
    return [f"{name}: {value}" for name, value in measured.items() if value is not None and value.reason is None]


def method_rows(pulse: Pulse) -> list[tuple[str, str, str]]:
    """Return name, rate and SNR of each pulse method, with a mark at the one that was used."""
    return [
        (
            each.name.upper() + (" (used)" if each.name == pulse.method else ""),
            f"{each.heart_rate_bpm:.1f} bpm",
            f"{each.snr_db:.1f} dB",
        )
        for each in pulse.methods
    ]


def capture_rows(capture: CaptureReport) -> list[tuple[str, str]]:
    """Return the capture report as (title, text) rows; what was not measured is left out."""
    file, face = capture.file, capture.face
    turned = f", turned {file.rotation_degrees}°" if file.rotation_degrees else ""
    rows = [
        ("Picture", f"{file.width} x {file.height} pixels{turned}"),
        ("Duration", f"{file.duration_s:.1f} s"),
        ("Frames", f"{file.frames}"),
        ("Frame rate, measured", f"{file.frame_rate_hz:.1f} Hz"),
        ("Jitter of the interval", f"{file.jitter_ms:.1f} ms"),
        ("Longest gap", f"{1000 * file.longest_gap_s:.0f} ms"),
        ("Bit rate", f"{file.bit_rate_kbps:.0f} kbit/s"),
        ("Key frames, one every", f"{file.key_frame_interval_s or file.duration_s:.1f} s"),
        ("File", f"{file.codec} in {file.container.split(',')[0]}, {file.file_bytes / 1e6:.1f} MB"),
        ("Face seen", f"{percent(face.seen)} of the frames looked at"),
    ]
    if face.seen:
        rows += [
            ("Faces at most", f"{face.faces}"),
            ("Face width", f"{face.width_pixels:.0f} pixels"),
            ("Head turn", f"{face.turn_degrees:.0f}°"),
            ("Head motion", f"{100 * face.motion_per_second:.1f} % of the face's width a second"),
        ]
    if face.luma is not None:
        rows.append(("Brightness of the skin", f"{face.luma:.0f} of 255"))
    if face.clipped is not None:
        rows.append(("Clipped skin pixels", f"{100 * face.clipped:.1f} %"))
    if file.frames_dropped:
        rows.append(("Frames without a usable time", f"{file.frames_dropped}"))
    return rows
