"""One pass over a clip: decode, track and average; colours remain, pictures do not."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bpdemo.clip import CaptureReport, Clip
from bpdemo.face import FaceReport, FaceTracker, TrackedFrame
from bpdemo.prefetch import ahead
from bpdemo.regions import read_colours
from bpdemo.stmap import LUMA
from bpdemo.yuv import shrink

Progress = Callable[[float, str], None]
"""Called with the share of the work done, 0 to 1, and the step: `face`, `map`, `network`, at last `done`."""

MAX_THUMBNAILS = 8
THUMBNAIL_HEIGHT = 360
_FRAMES_AHEAD = 8  # that may wait between two steps: enough to decode on while landmarks are found


@dataclass(frozen=True)
class Thumbnail:
    """A small picture of the clip: time in seconds, image [height, width, 3] uint8 RGB, landmarks [478, 2] or None."""

    time_s: float
    image: np.ndarray
    landmarks: np.ndarray | None


@dataclass(frozen=True)
class Capture:
    """A clip after the one pass over its frames: colours instead of pictures.

    Attributes:
        report: the file and its timing.
        face: how the face was seen.
        time_s: [frames] seconds.
        colours: [frames, cells, 3] mean R, G, B, 0 to 255; NaN where not seen.
        pixels: [frames, cells] int, how many pixels each mean colour was taken over.
        surround: [frames, 3] mean R, G, B around the head; NaN without a face or room around it.
        clipped: median share of the skin's pixels with a clipped channel; NaN without a face.
        thumbnails: up to `MAX_THUMBNAILS` small pictures, evenly spread.
    """

    report: CaptureReport
    face: FaceReport
    time_s: np.ndarray
    colours: np.ndarray
    pixels: np.ndarray
    surround: np.ndarray
    clipped: float
    thumbnails: tuple[Thumbnail, ...]

    @property
    def luma(self) -> float:
        """Median brightness of the skin, 0 to 255 (BT.601); NaN without a face."""
        return _median_of_known(self.colours @ LUMA)

    def to_dict(self) -> dict:
        """Return the capture report's JSON form."""
        face = self.face.to_dict()
        if self.face.seen:
            face |= {"luma": round(self.luma, 1), "clipped": round(self.clipped, 4)}
        return self.report.to_dict() | {"face": face}


def read_capture(path: str | os.PathLike, progress: Progress | None = None) -> Capture:
    """Decode, track and average a clip in one pass; no frame outlives it but a few thumbnails.

    Raises:
        ClipError: the file cannot be read as a clip.
    """
    with (
        Clip(path) as clip,
        ahead(clip.frames(), _FRAMES_AHEAD) as frames,  # decodes while the landmark model is made ready
        FaceTracker() as tracker,
        ahead(tracker.follow(frames), _FRAMES_AHEAD) as tracked,
    ):
        thumbnails = _Thumbnails()
        if progress is not None:
            tracked = _tell_progress(tracked, clip, progress)
        cell_colours = read_colours(thumbnails.watch(tracked))
        time_s, colours = cell_colours.stacked()
        clipped = _median_of_known(np.array(cell_colours.clipped))
        return Capture(
            report=clip.report,
            face=tracker.report,
            time_s=time_s,
            colours=colours,
            pixels=np.array(cell_colours.pixels),
            surround=np.array(cell_colours.surround),
            clipped=clipped,
            thumbnails=tuple(thumbnails.kept),
        )


class _Thumbnails:
    """Keeps a few evenly spread frames of a clip of unknown length: when full, every other one goes."""

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
    small = shrink(pixels, scale)
    return Thumbnail(tracked.frame.time_s, small, None if landmarks is None else landmarks * np.float32(scale))


def _tell_progress(frames: Iterable[TrackedFrame], clip: Clip, progress: Progress) -> Iterator[TrackedFrame]:
    """Pass frames on and tell how much of the file has been read, a few times a second of clip."""
    for number, tracked in enumerate(frames):
        if number % 10 == 0:
            progress(clip.share_read, "face")
        yield tracked


def _median_of_known(values: np.ndarray) -> float:
    """Return the median of the entries that are not NaN, or NaN when there are none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
