"""What was measured of clip and pulse, in words and rows of words."""

from bpdemo.capture import CaptureReport
from bpdemo.estimate import Estimate
from bpdemo.pulse import Pulse
from bpdemo.wording.numbers import percent


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
        ("Face seen", f"in {percent(face.seen)} of the sampled frames"),
    ]
    if face.seen:
        rows += [
            ("Faces at most", f"{face.faces}"),
            ("Face width", f"{face.width_pixels:.0f} pixels"),
            ("Head turn", f"{face.turn_degrees:.0f}°"),
            ("Head motion", f"{100 * face.motion_per_second:.1f} % of its width per second"),
        ]
    if face.luma is not None:
        rows.append(("Brightness of the skin", f"{face.luma:.0f} of 255"))
    if face.clipped is not None:
        rows.append(("Clipped skin pixels", f"{100 * face.clipped:.1f} %"))
    if file.frames_dropped:
        rows.append(("Frames without a usable time", f"{file.frames_dropped}"))
    return rows
