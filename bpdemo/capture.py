"""One pass over a clip: decode, track and average; colours are kept, pictures are not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bpdemo.clip import Clip
from bpdemo.clip_report import ClipReport
from bpdemo.face import FaceReport, FaceTrack, FaceTracker, TrackedFrame
from bpdemo.pictures import PictureClip
from bpdemo.regions import LUMA, CellTraces, read_traces
from bpdemo.sources import ClipSource, Pictures, TimedVideo
from bpdemo.system.prefetch import prefetch
from bpdemo.yuv import shrink

Progress = Callable[[float, str], None]
"""Called with the share of the work done, 0 to 1, and the step: `face`, `map`, `network`, at last `done`."""

MAX_THUMBNAILS = 8
THUMBNAIL_HEIGHT = 360
_FRAMES_AHEAD = 8  # frames between two steps: enough to go on decoding while landmarks are found


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of the clip: time in seconds, image [height, width, 3] uint8 RGB, landmarks [478, 2] or None."""

    time_s: float
    image: np.ndarray
    landmarks: np.ndarray | None


@dataclass(frozen=True)
class CaptureReport:
    """What is known of a capture besides its colours: the file with its timing, and how the face was seen."""

    file: ClipReport
    face: FaceReport


@dataclass(frozen=True)
class Capture:
    """A clip after the one pass over its frames: colours, and up to `MAX_THUMBNAILS` evenly spread small pictures.

    Attributes:
        report: of the whole clip.
        track: the face over time.
    """

    report: CaptureReport
    traces: CellTraces
    thumbnails: tuple[Thumbnail, ...]
    track: FaceTrack

    def report_between(self, start_s: float, end_s: float) -> CaptureReport:
        """Return the report with how the face was seen from one time up to another: what a window is judged by."""
        return replace(self.report, face=_report_face(self.track, self.traces, start_s, end_s))


def read_capture(source: ClipSource, progress: Progress | None = None) -> Capture:
    """Return a clip's capture; no frame outlives it but a few thumbnails.

    Raises:
        ClipError: the file cannot be read as a clip.
    """
    with (
        open_clip(source) as clip,
        prefetch(clip.frames(), _FRAMES_AHEAD) as frames,  # decodes while the landmark model is made ready
        FaceTracker() as tracker,
        prefetch(tracker.follow(frames), _FRAMES_AHEAD) as tracked,
    ):
        thumbnails = _Thumbnails()
        if progress is not None:
            tracked = _report_progress(tracked, clip, progress)
        traces = read_traces(thumbnails.watch(tracked))
        face = _report_face(tracker.track, traces)
        return Capture(CaptureReport(clip.report, face), traces, tuple(thumbnails.kept), tracker.track)


def open_clip(source: ClipSource) -> Clip | PictureClip:
    """Return a clip, opened: a video file, or pictures in a folder or a zip archive; raises as either of them."""
    match source:
        case Pictures():
            return PictureClip(source)
        case TimedVideo():
            return Clip(source.path, source.times_s)
        case _:
            return Clip(source)


class _Thumbnails:
    """A few evenly spread frames of a clip of unknown length: when full, every other one goes."""

    def __init__(self) -> None:
        self.kept: list[Thumbnail] = []
        self._every_s = 0.5

    def watch(self, tracked_frames: Iterable[TrackedFrame]) -> Iterator[TrackedFrame]:
        """Pass frames on, keeping one now and then."""
        for tracked in tracked_frames:
            if not self.kept or tracked.frame.time_s >= self.kept[-1].time_s + self._every_s:
                self.kept.append(_shrink(tracked))
                if len(self.kept) > MAX_THUMBNAILS:
                    self.kept = self.kept[::2]
                    self._every_s *= 2
            yield tracked


def _shrink(tracked: TrackedFrame) -> Thumbnail:
    """Return a thumbnail of a frame, its landmarks to scale."""
    pixels, landmarks = tracked.frame.pixels, tracked.landmarks
    scale = min(1.0, THUMBNAIL_HEIGHT / pixels.shape[0])
    landmarks = None if landmarks is None else landmarks * np.float32(scale)
    return Thumbnail(tracked.frame.time_s, shrink(pixels, scale), landmarks)


def _report_progress(
    frames: Iterable[TrackedFrame], clip: Clip | PictureClip, progress: Progress
) -> Iterator[TrackedFrame]:
    """Pass frames on and report progress, a few times a second of clip."""
    for number, tracked in enumerate(frames):
        if number % 10 == 0:
            progress(clip.share_read, "face")
        yield tracked


def _report_face(track: FaceTrack, traces: CellTraces, start_s: float = 0.0, end_s: float = np.inf) -> FaceReport:
    """Return how the face was seen from one time up to another, with its brightness."""
    frames = slice(*np.searchsorted(traces.time_s, (start_s, end_s)))
    luma = traces.colours[frames] @ LUMA
    return replace(track.report(start_s, end_s), luma=_median(luma), clipped=_median(traces.clipped[frames]))


def _median(values: np.ndarray) -> float | None:
    """Return the median of the entries that are not NaN; None when there are none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None
