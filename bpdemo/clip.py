"""A clip file becomes timed frames, one after another, and a capture report.

Time comes from each frame's own timestamp (`timing`), never from a header: browser recordings have no duration, phones
vary their frame interval, and headers lie. Only one frame at a time is kept in memory, and sixteen where times must be
put in order. The decoder gets an open file and admits only self-contained formats, so a playlist that names other files
or network addresses is no clip here.

A small file may unfold into huge or endless pictures. What is decoded is therefore bounded, by counts rather than by a
clock, so that a clip reads the same on every machine.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self

import av
import numpy as np
from av.stream import Disposition

from bpdemo.errors import ClipError
from bpdemo.formats import CODECS, FORMATS, FRIENDLY, HEAD_BYTES, SOUND, name_other_format
from bpdemo.timing import Timeline, frame_rate_hz, slow_motion, typical_intervals
from bpdemo.yuv import YuvImage, orientation, upright_image

MAX_PIXELS = 4096 * 2304  # 4K in either of its usual widths
SIDES = (16, 8192)  # pixels; a face needs more than the least, and nothing films the most
MAX_DURATION_S = 300.0  # a longer clip is read for its first five minutes
MAX_FRAME_RATE_HZ = 240.0  # the fastest phones record; pictures that follow each other faster are passed over
MAX_PIXELS_PER_S = 60 * MAX_PIXELS  # what may wait for landmarks is half a second of this
MAX_FRAMES = int(MAX_DURATION_S) * 60  # at 240 a second, those of 75 s
MAX_PIXELS_READ = int(MAX_DURATION_S) * 30 * 1920 * 1080  # five minutes of 1080p at 30 frames a second, or one of 4K
MAX_PACKETS = 4 * MAX_FRAMES  # a picture comes in one or two; more of them hold none
MAX_STREAMS = 32  # pictures, sound, and what phones write of place and movement

# A picture of up to 8K is still decoded, so that its size can be reported; no memory is taken for a larger one.
_LIMITS = {"codec_whitelist": ",".join((*CODECS, *SOUND)), "max_pixels": str(4 * MAX_PIXELS)}
_OPENING = _LIMITS | {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "none",  # the open file is read through Python; nothing else may be opened
    "max_streams": str(MAX_STREAMS),
}


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


class Clip:
    """An open clip: iterate over `frames()` once, then read `report`. Use as a context manager.

    Args:
        path: a file in one of the self-contained formats PyAV decodes (mp4, mov, webm, mkv, avi, ...).

    Raises:
        ClipError: with code `not_found`, `not_a_file`, `not_readable`, `empty_file`, `not_a_video`,
            `format_unsupported`, `no_video`, `codec_unsupported`, `frame_too_large` or `frame_too_small`.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._file, size = _open_file(path)
        try:
            self._container = av.open(self._file, "r", options=_OPENING, metadata_errors="replace")
            self._stream = _video_stream(self._container)
        except BaseException as error:
            self._file.seek(0)
            head = self._file.read(HEAD_BYTES)
            self._file.close()
            if isinstance(error, (av.FFmpegError, ValueError, OSError, EOFError)):
                raise _unreadable(head) from None
            raise
        self._picture_bytes = 0
        self._reordered = False  # times of packets ran back, as they do where pictures are stored in another order
        self._exhausted = False
        codec = self._stream.codec_context
        codec.thread_type = "AUTO"
        codec.options = dict(_LIMITS)
        self.report = ClipReport(self._container.format.name, codec.name, codec.width, codec.height, 0, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()
        self._file.close()

    @property
    def share_read(self) -> float:
        """How much of the file has been read, 0 to 1; headers cannot be trusted with progress."""
        return min(1.0, self._file.tell() / self.report.file_bytes)

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in order and complete `report` at the end.

        At most `MAX_DURATION_S`, `MAX_FRAMES` pictures and `MAX_PIXELS_READ` pixels are read. Reading also ends where
        the pictures change their size, as when a camera is turned.

        Raises:
            ClipError: `no_frames` when no picture can be decoded, `frame_too_large` or `frame_too_small` by the first.
        """
        report = self.report
        report.slowed = slow_motion(self._container, self._stream)
        timeline = Timeline(report.slowed)
        times: list[float] = []
        key_times: list[float] = []
        size, too_soon = None, 0
        try:
            for time_s, picture in timeline.follow(self._pictures(), self._may_be_in_stored_order):
                if time_s >= MAX_DURATION_S:
                    report.cut_at_s = MAX_DURATION_S
                    break
                if size is None:
                    _check_size(picture.width, picture.height)
                    size, (turns, mirrored) = (picture.width, picture.height), orientation(picture)
                    report.rotation_degrees = 90 * turns
                    # A tenth is allowed for timestamps that are rounded to milliseconds.
                    least_s = 0.9 / min(MAX_FRAME_RATE_HZ, MAX_PIXELS_PER_S / (picture.width * picture.height))
                if times and time_s < times[-1] + least_s:
                    too_soon += 1
                    continue
                if (picture.width, picture.height) != size:
                    report.size_changed_at_s = time_s
                    break
                try:
                    pixels = upright_image(picture, turns, mirrored)
                except (av.FFmpegError, ValueError):
                    report.damaged = True
                    continue
                report.height, report.width = pixels.shape[:2]
                report.frames += 1
                times.append(time_s)
                if picture.key_frame:
                    key_times.append(time_s)
                yield Frame(time_s, pixels)
        finally:
            report.frames_dropped = timeline.dropped + too_soon
            _measure_timing(report, timeline, np.array(times), np.array(key_times), self._picture_bytes)
        if self._exhausted:
            report.cut_at_s = times[-1] if times else 0.0
        whole = report.cut_at_s is None and report.size_changed_at_s is None
        promised_s = min(self._promised_s() / report.slowed, MAX_DURATION_S)
        if whole and max(report.duration_s, timeline.reached_s) < 0.8 * promised_s:
            report.damaged = True
        if not times:
            raise ClipError(
                "no_frames",
                "The file holds no picture that can be decoded.",
                f"Record it again, or convert it to a plain {FRIENDLY} file.",
            )

    def _may_be_in_stored_order(self) -> bool:
        """Return whether pictures were decoded in another order than stored, and no time so far tells of it."""
        return bool(self._stream.codec_context.has_b_frames) and not self._reordered

    def _promised_s(self) -> float:
        """Return how long the header says that the pictures last; 0 when it does not.

        It is never used as a time, but pictures that end far before it mean a damaged file.
        """
        stream = self._stream
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if len(self._container.streams) > 1:
            return 0.0  # sound or subtitles may be longer
        return (self._container.duration or 0) / av.time_base

    def _pictures(self) -> Iterator[av.VideoFrame]:
        """Yield every picture that can be decoded, up to the bounds; damage is noted in the report and passed over."""
        count = pixels = 0
        latest: int | None = None
        for packet in self._packets():
            if packet.pts is not None:
                self._reordered |= latest is not None and packet.pts < latest
                latest = packet.pts
            self._picture_bytes += packet.size
            try:
                pictures = packet.decode()
            except (av.FFmpegError, EOFError):
                self.report.damaged = True
                continue
            for picture in pictures:
                count, pixels = count + 1, pixels + picture.width * picture.height
                if count > MAX_FRAMES or pixels > MAX_PIXELS_READ:
                    self._exhausted = True
                    return
                self.report.damaged |= bool(picture.is_corrupt)
                yield picture

    def _packets(self) -> Iterator[av.Packet]:
        """Yield the video stream's packets up to the end of the file or of its readable part."""
        try:
            for number, packet in enumerate(self._container.demux(self._stream)):
                if number >= MAX_PACKETS:
                    self.report.damaged = True
                    return
                yield packet
        except (av.FFmpegError, OSError):
            self.report.damaged = True


def _open_file(path: str | os.PathLike) -> tuple[BinaryIO, int]:
    """Open a regular file that is not empty; return it with its size in bytes."""
    try:
        # Checked before opening: opening a named pipe would wait for its writer for ever.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ClipError("not_a_file", "This is a folder or a device, not a video file.", "Name one video file.")
        file = open(path, "rb")  # noqa: SIM115 - closed by Clip.close
    except (OSError, ValueError, TypeError) as error:
        if isinstance(error, PermissionError):
            raise ClipError(
                "not_readable", "This file may not be read.", "Check its permissions and try again."
            ) from None
        raise ClipError("not_found", "There is no such file.", f"Name an {FRIENDLY} file on this machine.") from None
    if status.st_size:
        return file, status.st_size
    file.close()
    raise ClipError("empty_file", "The file is empty.", "Record or copy the clip again.")


def _unreadable(head: bytes) -> ClipError:
    """Return the error of a file that cannot be opened as a clip and begins like this."""
    name = name_other_format(head)
    if name is None:
        remedy = f"Use a complete {FRIENDLY} file; if it was copied or downloaded, do that again."
        return ClipError("not_a_video", "This file cannot be read as a video.", remedy)
    remedy = f"Convert the clip to a plain {FRIENDLY} file, in high quality."
    return ClipError("format_unsupported", f"Files of this format are not read here ({name}).", remedy)


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """Return the first video stream that is no cover picture, its codec and its size checked."""
    videos = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not videos:
        raise ClipError(
            "no_video", "The file has no video in it, only sound or data.", "Choose a file that shows a face."
        )
    codec = videos[0].codec_context
    if codec is None or codec.name not in CODECS:
        name = "an unknown way" if codec is None else codec.name
        raise ClipError(
            "codec_unsupported",
            f"The pictures are coded in a way that is not read here ({name}).",
            f"Convert the clip to a plain {FRIENDLY} file, in high quality.",
        )
    _check_size(codec.width, codec.height)
    return videos[0]


def _check_size(width: int, height: int) -> None:
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


def _measure_timing(
    report: ClipReport, timeline: Timeline, times_s: np.ndarray, key_times_s: np.ndarray, picture_bytes: int
) -> None:
    """Fill the report's timing from the times of all frames and of key frames."""
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
        (min(last_s + interval_s, next_s), next_s) for last_s, next_s in timeline.breaks_s if next_s <= times_s[-1]
    )
    if len(key_times_s) > 1:
        report.key_frame_interval_s = float(np.median(np.diff(key_times_s)))
