"""One window of a clip, from cell colours to the verdict, for demo, training and evaluation alike."""

from dataclasses import dataclass
from typing import Literal

from bpdemo.beats import MeanBeats, average_beats
from bpdemo.capture import Capture, CaptureReport
from bpdemo.errors import Reason
from bpdemo.estimate import HeartRate, PressureEstimate
from bpdemo.pulse import Pulse, measure_pulse
from bpdemo.quality import (
    Check,
    check_beats,
    check_capture,
    check_mask,
    check_pulse,
    check_reading,
    check_window_rate,
    reasons_of_capture,
)
from bpdemo.reasons import reason
from bpdemo.regions import CellTraces
from bpdemo.stmap import RATE_HZ, STMap, build_stmap, place_windows, resample
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
        checks: every question put to it, with the answers.
        reasons: why no pressure is read from it; empty for a reading.
        has_pulse: whether the periodic change is a pulse, however noisy, and long enough to have a rate.
    """

    start_s: float
    end_s: float
    stmap: STMap
    pulse: Pulse | None
    beats: MeanBeats | None
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
        return HeartRate(self.pulse.heart_rate_bpm, self.pulse.snr_db) if self.pulse and self.has_pulse else None


@dataclass(frozen=True)
class WindowEstimate(Window):
    """A window with the pressures that were read from it; None where it was refused."""

    systolic: PressureEstimate | None = None
    diastolic: PressureEstimate | None = None


def read_window(traces: CellTraces, start_s: float, end_s: float, report: CaptureReport | None = None) -> Window:
    """Return one window, at most 15 s: mapped, its pulse measured, its beats averaged, judged.

    With a report, reasons to refuse the clip are the window's too; without, the checks of the file are left out.

    Raises:
        ValueError: the window holds no column.
    """
    resampled = resample(traces.time_s, traces.colours, start_s, end_s)
    surround = resample(traces.time_s, traces.surround[:, None], start_s, end_s)
    stmap = build_stmap(resampled)
    pulse = measure_pulse(resampled, surround)
    measured = check_mask(resampled.mask)
    refused = () if report is None else reasons_of_capture(check_capture(report))
    if pulse is None:
        return Window(start_s, end_s, stmap, None, None, (measured,), refused or (reason("face_lost"),), False)
    beats = average_beats(stmap, pulse)
    evidence = check_pulse(pulse)
    within_s = traces.time_s[(traces.time_s >= start_s) & (traces.time_s < end_s)]
    rate = () if report is None or refused else (check_window_rate(frame_rate_hz(within_s)),)
    checks = (*rate, measured, *evidence, *check_reading(pulse, report.file if report else None), check_beats(beats))
    failed = next((check for check in checks if not check.passed), None)
    return Window(
        start_s=start_s,
        end_s=end_s,
        stmap=stmap,
        pulse=pulse,
        beats=beats,
        checks=checks,
        reasons=refused or (() if failed is None else (reason(failed.reason),)),
        has_pulse=end_s - start_s >= MIN_HEART_RATE_WINDOW_S and all(check.passed for check in evidence),
    )


def window_places(report: CaptureReport) -> list[tuple[float, float]]:
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
        for start_s, stop_s in place_windows(end_s - begin_s)
    ] or [(first_s, last_s)]


def read_windows(capture: Capture) -> list[Window]:
    """Return all windows of a clip, in order; none where no face was seen or there is no column to make."""
    return [read_window(capture.traces, *place, capture.report) for place in window_places(capture.report)]
