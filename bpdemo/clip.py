"""A video file becomes timed frames, one after another, and a report of what it holds.

Time comes from each frame's own timestamp (`timing`), never from a header: browser recordings have no duration, phones
vary their frame interval, and headers lie. Only one frame at a time is kept in memory, and sixteen where times must be
put in order. The decoder gets an open file and admits only self-contained formats, so a playlist that names other files
or network addresses is no clip here.

A small file may unfold into huge or endless pictures. What is decoded is therefore bounded, by counts rather than by a
clock, so that a clip reads the same on every machine.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Self

import av
import numpy as np
from av.stream import Disposition

from bpdemo.clip_report import (
    MAX_DURATION_S,
    MAX_FRAME_RATE_HZ,
    MAX_FRAMES,
    MAX_PACKETS,
    MAX_PIXELS,
    MAX_PIXELS_PER_S,
    MAX_PIXELS_READ,
    MAX_STREAMS,
    ClipReport,
    Frame,
    check_size,
    measure_timing,
)
from bpdemo.errors import ClipError
from bpdemo.formats import CODECS, FORMATS, FRIENDLY, HEAD_BYTES, SOUND, name_other_format
from bpdemo.timing import Timeline, pauses, slow_motion
from bpdemo.yuv import orientation, upright_image

# A picture of up to 8K is still decoded, so that its size can be reported; no memory is taken for a larger one.
_LIMITS = {"codec_whitelist": ",".join((*CODECS, *SOUND)), "max_pixels": str(4 * MAX_PIXELS)}
_OPENING = _LIMITS | {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "none",  # the open file is read through Python; nothing else may be opened
    "max_streams": str(MAX_STREAMS),
}


class Clip:
    """An open clip: iterate over `frames()` once, then read `report`. Use as a context manager.

    Args:
        path: a file in one of the self-contained formats PyAV decodes (mp4, mov, webm, mkv, avi, ...).
        times_s: of its frames, rising, seconds, where they are known from elsewhere; it is read up to the last of them.

    Raises:
        ClipError: with code `not_found`, `not_a_file`, `not_readable`, `empty_file`, `not_a_video`,
            `format_unsupported`, `no_video`, `codec_unsupported`, `frame_too_large` or `frame_too_small`.
    """

    def __init__(self, path: str | os.PathLike, times_s: Sequence[float] | None = None) -> None:
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
        self._times_s = times_s
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
            for time_s, picture in self._timed(timeline):
                if time_s >= MAX_DURATION_S:
                    report.cut_at_s = MAX_DURATION_S
                    break
                if size is None:
                    check_size(picture.width, picture.height)
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
            breaks_s = timeline.breaks_s if self._times_s is None else pauses(np.array(times))
            measure_timing(report, np.array(times), self._picture_bytes, breaks_s, np.array(key_times))
        if self._exhausted:
            report.cut_at_s = times[-1] if times else 0.0
        whole = report.cut_at_s is None and report.size_changed_at_s is None
        promised_s = min(self.promised_s / report.slowed, MAX_DURATION_S)
        if whole and max(report.duration_s, timeline.reached_s) < 0.8 * promised_s:
            report.damaged = True
        if not times:
            raise ClipError(
                "no_frames",
                "No picture in the file can be decoded.",
                f"Record it again, or convert it to a plain {FRIENDLY} file.",
            )

    def _timed(self, timeline: Timeline) -> Iterator[tuple[float, av.VideoFrame]]:
        """Yield pictures with their times from 0: the file's own, or those that are known from elsewhere."""
        if self._times_s is None:
            return timeline.follow(self._pictures(), self._may_be_in_stored_order)
        return zip((time_s - self._times_s[0] for time_s in self._times_s), self._pictures(), strict=False)

    def _may_be_in_stored_order(self) -> bool:
        """Return whether pictures were decoded in another order than stored, and no time so far tells of it."""
        return bool(self._stream.codec_context.has_b_frames) and not self._reordered

    @property
    def promised_s(self) -> float:
        """How long the header says that the pictures last; 0 when it does not.

        It is never used as a time, but pictures that end far before it mean a damaged file.
        """
        if self._times_s is not None:
            return self._times_s[-1] - self._times_s[0]
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
                "not_readable", "You are not allowed to read this file.", "Check its permissions and try again."
            ) from None
        raise ClipError("not_found", "There is no such file.", "Check its name and folder.") from None
    if status.st_size:
        return file, status.st_size
    file.close()
    raise ClipError("empty_file", "The file is empty.", "Record or copy the clip again.")


def _unreadable(head: bytes) -> ClipError:
    """Return the error of a file that cannot be opened as a clip and begins like this."""
    name = name_other_format(head)
    if name is None:
        remedy = f"Use a complete {FRIENDLY} file; if it was copied or downloaded, do so again."
        return ClipError("not_a_video", "This file cannot be read as a video.", remedy)
    remedy = f"Convert the clip to a plain {FRIENDLY} file, in high quality."
    return ClipError("format_unsupported", f"This file format is not supported ({name}).", remedy)


def _video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """Return the first video stream that is no cover picture, its codec and its size checked."""
    videos = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not videos:
        raise ClipError("no_video", "The file holds sound or data but no video.", "Choose a file that shows a face.")
    codec = videos[0].codec_context
    if codec is None or codec.name not in CODECS:
        name = "an unknown way" if codec is None else codec.name
        raise ClipError(
            "codec_unsupported",
            f"The video codec is not supported ({name}).",
            f"Convert the clip to a plain {FRIENDLY} file, in high quality.",
        )
    check_size(codec.width, codec.height)
    return videos[0]
