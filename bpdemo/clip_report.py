"""What a clip gives: frames with their times, and a report of what its file holds. What is read of one is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpdemo.errors import ClipError
from bpdemo.timing import frame_rate_hz, typical_intervals
from bpdemo.yuv import YuvImage

MAX_PIXELS = 4096 * 2304  # 4K in either of its usual widths
SIDES = (16, 8192)  # pixels; a face needs more than the least, and nothing films the most
MAX_DURATION_S = 300.0  # a longer clip is read for its first five minutes
MAX_FRAME_RATE_HZ = 240.0  # the fastest phones record; pictures that follow each other faster are passed over
MAX_PIXELS_PER_S = 60 * MAX_PIXELS  # what may wait for landmarks is half a second of this
MAX_FRAMES = int(MAX_DURATION_S) * 60  # at 240 a second, those of 75 s
MAX_PIXELS_READ = int(MAX_DURATION_S) * 30 * 1920 * 1080  # five minutes of 1080p at 30 frames a second, or one of 4K
MAX_PACKETS = 4 * MAX_FRAMES  # a picture comes in one or two; more of them hold none
MAX_STREAMS = 32  # pictures, sound, and what phones write of place and movement


@dataclass(frozen=True)
class Frame:
    """One decoded picture.

    Attributes:
        time_s: seconds since the clip's first frame.
        pixels: [height, width, 3] uint8 R, G, B, upright: an array, or what becomes one where it is sliced.
    """

    time_s: float
    pixels: np.ndarray | YuvImage

    @property
    def image(self) -> np.ndarray:
        """The whole picture as an array."""
        return np.asarray(self.pixels)


@dataclass
class ClipReport:
    """What the file holds, measured while it was read.

    Attributes:
        container: format as FFmpeg names it, e.g. "mov,mp4,m4a,3gp,3g2,mj2".
        codec: e.g. "h264".
        width, height: pixels, after rotation.
        rotation_degrees: rotation the file asked for, counter-clockwise: 0, 90, 180 or 270; mirroring comes after it.
        frames: how many were read.
        duration_s: from the first frame to the end of the last one.
        frame_rate_hz: measured, frames over the time they span, gaps left out; 0 for fewer than two.
        jitter_ms: standard deviation of the frame interval, gaps left out.
        longest_gap_s: longest frame interval.
        bit_rate_kbps: picture data read over the time that frames span, gaps left out, in 1000 bits a second.
        key_frame_interval_s: median time between pictures coded without others; None for fewer than two.
        frames_dropped: frames without a usable timestamp (missing, repeated, backwards, a stray one) or too soon after
            another.
        breaks_s: (from, to) without frames for 3 s, or between recordings that were joined; no window goes across.
        slowed: how many times slower the file plays than it was filmed, by what a phone wrote into it: above 1 slow
            motion, below 1 time lapse. All times here are as filmed.
        damaged: some of the picture data could not be decoded.
        cut_at_s: set when the clip was too long or too large to read all of it.
        size_changed_at_s: set when the pictures change their size; the clip was read up to there.
    """

    container: str
    codec: str
    width: int
    height: int
    rotation_degrees: int
    file_bytes: int
    frames: int = 0
    duration_s: float = 0.0
    frame_rate_hz: float = 0.0
    jitter_ms: float = 0.0
    longest_gap_s: float = 0.0
    bit_rate_kbps: float = 0.0
    key_frame_interval_s: float | None = None
    frames_dropped: int = 0
    breaks_s: tuple[tuple[float, float], ...] = ()
    slowed: float = 1.0
    damaged: bool = False
    cut_at_s: float | None = None
    size_changed_at_s: float | None = None

    @property
    def stretches_s(self) -> list[tuple[float, float]]:
        """(from, to) of the stretches between breaks, in order: one for most clips."""
        starts, ends = zip(*self.breaks_s, strict=True) if self.breaks_s else ((), ())
        return list(zip((0.0, *ends), (*starts, self.duration_s), strict=True))

    @property
    def longest_stretch_s(self) -> float:
        """How long the longest of them lasts."""
        return max(end - start for start, end in self.stretches_s)


def check_size(width: int, height: int) -> None:
    """Refuse pictures too large to be worth decoding or too small for a face. A size of 0 is not known yet."""
    if not width or not height:
        return
    if width * height > MAX_PIXELS or max(width, height) > SIDES[1]:
        code, what = "frame_too_large", "more than 4K"
    elif min(width, height) < SIDES[0]:
        code, what = "frame_too_small", "too small to show a face"
    else:
        return
    remedy = "Record at 640 x 480 to 1920 x 1080 pixels."
    raise ClipError(code, f"The picture is {width} x {height} pixels, {what}.", remedy)


def measure_timing(
    report: ClipReport,
    times_s: np.ndarray,
    picture_bytes: int,
    breaks_s: Sequence[tuple[float, float]],
    key_times_s: np.ndarray | None = None,
) -> None:
    """Fill a report's timing from the times of all frames, of breaks and of key frames."""
    if len(times_s) < 2:
        return
    intervals = np.diff(times_s)
    interval_s, typical = float(np.median(intervals)), typical_intervals(intervals)
    report.duration_s = float(times_s[-1] + interval_s)
    report.frame_rate_hz = frame_rate_hz(times_s)
    report.jitter_ms = float(1000 * typical.std())
    report.longest_gap_s = float(intervals.max())
    report.bit_rate_kbps = 8 * picture_bytes / (typical.sum() + interval_s) / 1000
    report.breaks_s = tuple(
        (min(last_s + interval_s, next_s), next_s) for last_s, next_s in breaks_s if next_s <= times_s[-1]
    )
    if key_times_s is not None and len(key_times_s) > 1:
        report.key_frame_interval_s = float(np.median(np.diff(key_times_s)))
