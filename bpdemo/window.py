"""One window of a clip, from cell colours to the verdict, for demo, training and evaluation alike."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdemo.beats import MeanBeats, average_beats
from bpdemo.capture import Capture, CaptureReport
from bpdemo.errors import Reason
from bpdemo.estimate import DEFAULT_METHOD, HeartRate, PressureEstimate
from bpdemo.evidence import Evidence
from bpdemo.pulse import Pulse, heart_rate_interval, measure_pulse
from bpdemo.quality import (
    Check,
    check_beats,
    check_face,
    check_file,
    check_mask,
    check_pulse,
    check_reading,
    check_window_rate,
    reasons_of_capture,
    weigh_pulse,
)
from bpdemo.reasons import reason
from bpdemo.regions import CellTraces
from bpdemo.stmap import RATE_HZ, STEP_S, STMap, build_stmap, place_windows, resample
from bpdemo.timing import frame_rate_hz

MIN_HEART_RATE_WINDOW_S = 5.0  # a shorter window holds too few beats to distinguish a pulse from chance


@dataclass(frozen=True)
class Window:
    """One window of a clip, at most 15 s.

    Attributes:
        start_s, end_s: where it lies in the clip.
        stmap: its map.
        pulse: the strongest periodic change in it, a pulse or not; None when no cell was measured, as are `beats`.
        beats: its mean beats.
        evidence: what speaks for a pulse and against it; None when no cell was measured.
        checks: every question put to it, with the answers.
        reasons: why no pressure is read from it; empty for a reading.
        has_pulse: whether the periodic change is a pulse, however noisy, and long enough to have a rate.
    """

    start_s: float
    end_s: float
    stmap: STMap
    pulse: Pulse | None
    beats: MeanBeats | None
    evidence: Evidence | None
    checks: tuple[Check, ...]
    reasons: tuple[Reason, ...]
    has_pulse: bool

    @property
    def status(self) -> Literal["reading", "refused"]:
        """Whether pressures are read from it."""
        return "refused" if self.reasons else "reading"

    @property
    def heart_rate(self) -> HeartRate | None:
        """Its heart rate; None where it shows no pulse."""
        if self.pulse is None or not self.has_pulse:
            return None
        return HeartRate(self.pulse.heart_rate_bpm, self.pulse.snr_db, heart_rate_interval(self.pulse))


@dataclass(frozen=True)
class WindowEstimate(Window):
    """A window with the pressures that were read from it; None where it was refused.

    `shape` [S] tells the shape of its beat, from a model that recovers one (`models.heads.Prediction`).
    """

    systolic: PressureEstimate | None = None
    diastolic: PressureEstimate | None = None
    shape: tuple[float, ...] | None = None


def read_window(
    traces: CellTraces,
    start_s: float,
    end_s: float,
    report: CaptureReport | None = None,
    method: str = DEFAULT_METHOD,
) -> Window:
    """Return one window, at most 15 s: mapped, its pulse measured, its beats averaged, judged.

    With a report - of the clip's file, and of the face in this window - what speaks against the capture is asked, too.
    The pulse is found by a method of `pulse_methods.METHODS`; the map's channel T is always POS.

    Raises:
        ValueError: the window holds no column.
        BpdemoError: `method_unknown`.
    """
    resampled = resample(traces.time_s, traces.colours, start_s, end_s)
    surround = resample(traces.time_s, traces.surround[:, None], start_s, end_s)
    stmap = build_stmap(resampled)
    file, face = (None, None) if report is None else (report.file, report.face)
    position = _head_position(traces, resampled.time_s, face.width_pixels) if face is not None else None
    pulse = measure_pulse(resampled, surround, position, method)
    of_file, of_face = ((), ()) if report is None else (check_file(report.file), check_face(report.face))
    seen = (*of_face, check_mask(resampled.mask))
    refused = reasons_of_capture((*of_file, *of_face))
    if pulse is None:
        return Window(start_s, end_s, stmap, None, None, None, seen, refused or (reason("face_lost"),), False)
    beats = average_beats(stmap, pulse)
    evidence = weigh_pulse(pulse)
    of_pulse = check_pulse(pulse, evidence, file)
    within_s = traces.time_s[(traces.time_s >= start_s) & (traces.time_s < end_s)]
    rate = () if report is None or refused else (check_window_rate(frame_rate_hz(within_s)),)
    checks = (*rate, *seen, *of_pulse, *check_reading(pulse, evidence, file), check_beats(beats))
    failed = next((check for check in checks if not check.passed), None)
    return Window(
        start_s=start_s,
        end_s=end_s,
        stmap=stmap,
        pulse=pulse,
        beats=beats,
        evidence=evidence,
        checks=checks,
        reasons=refused or (() if failed is None else (reason(failed.reason),)),
        has_pulse=end_s - start_s >= MIN_HEART_RATE_WINDOW_S and all(check.passed for check in of_pulse),
    )


def _head_position(traces: CellTraces, time_s: np.ndarray, width_pixels: float) -> np.ndarray | None:
    """Return the head's position at some times, [times, 2] in face widths; None where it is not known."""
    if traces.position is None or not width_pixels:
        return None
    seen = np.isfinite(traces.position).all(axis=1)
    if not seen.any():
        return None
    axes = [np.interp(time_s, traces.time_s[seen], axis[seen]) for axis in traces.position.T]
    return np.stack(axes, axis=1) / width_pixels


def window_places(report: CaptureReport, step_s: float = STEP_S) -> list[tuple[float, float]]:
    """Return the windows (start_s, end_s) of a clip, none across a break.

    Where no stretch between breaks is long enough for a reading, the longest is one window.
    """
    stretches = report.file.stretches_s
    first_s, last_s = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    if not report.face.seen or last_s - first_s < 1 / RATE_HZ:  # one column of a map, at least
        return []
    return [
        (begin_s + start_s, begin_s + stop_s)
        for begin_s, end_s in stretches
        for start_s, stop_s in place_windows(end_s - begin_s, step_s)
    ] or [(first_s, last_s)]


def read_windows(capture: Capture, step_s: float = STEP_S, method: str = DEFAULT_METHOD) -> list[Window]:
    """Return all windows of a clip, in order; none where no face was seen or there is no column to make."""
    places = window_places(capture.report, step_s)
    return [read_window(capture.traces, *place, capture.report_between(*place), method) for place in places]
