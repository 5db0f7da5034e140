"""A clip as frames: the face, cut out and brought to an even rate, for models that read pictures and no map.

```
capture (first pass: where the face is) -> second pass, which only decodes -> box of each frame, at crop size
    -> blended in time onto the grid of each window -> one window after another
```

Two passes, because a window is known only when the clip has been seen, and a minute of pictures would fill memory. Of
the second pass what is kept are the windows that are open at the same time, at crop size.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from bpdemo.capture import open_clip
from bpdemo.clip_report import Frame
from bpdemo.face import FaceTrack
from bpdemo.sources import ClipSource
from bpdemo.stmap import MAX_GAP_S
from bpdemo.system.prefetch import prefetch
from bpdemo.yuv import YuvImage

_FRAMES_AHEAD = 4  # to decode while others are cut
_KEPT, _KEPT_HZ = 0.9, 30.0  # share of the box's old place on each frame of 30 a second (Sun & Li, TPAMI 2024)


@dataclass(frozen=True)
class CropForm:
    """How the face is cut out of a clip's frames.

    Attributes:
        side: pixels of the square that the box is brought to.
        rate_hz: frames a second, at true times.
        width, height: of the box, in face widths (temple to temple, `face.FaceTrack.widths`).
        follows: whether the box goes with the face; otherwise it stays where the face was first seen.
    """

    side: int
    rate_hz: float
    width: float
    height: float
    follows: bool

    def grid_s(self, start_s: float, end_s: float) -> np.ndarray:
        """Return the times of a window's crops, [T] seconds: laid as a map's columns are (`stmap.resample`)."""
        return start_s + np.arange(int((end_s - start_s) * self.rate_hz + 1e-6)) / self.rate_hz


def read_crops(
    source: ClipSource, track: FaceTrack, form: CropForm, places: Sequence[tuple[float, float]]
) -> Iterator[np.ndarray]:
    """Yield the crops of each window of a clip, uint8 [T, side, side, 3] R, G, B, at `CropForm.grid_s`.

    Args:
        source: the clip.
        track: where the face is in it, of its `capture.Capture`.
        form: of the crops.
        places: (start_s, end_s) of the windows in order, as `window.window_places` gives them: none across a break.

    Raises:
        ClipError: the file cannot be read as a clip.
        ValueError: the clip shows no face, or a window holds no frame.
    """
    if not places:
        return
    with open_clip(source) as clip, prefetch(clip.frames(), _FRAMES_AHEAD) as frames:
        yield from cut_windows(frames, track, form, places)


def cut_windows(
    frames: Iterable[Frame], track: FaceTrack, form: CropForm, places: Sequence[tuple[float, float]]
) -> Iterator[np.ndarray]:
    """Yield the crops of each window of these frames, which come in order; the rest is as `read_crops` has it."""
    box = _Box(track, form)
    waiting, opened = deque(places), deque[_Window]()
    for frame in frames:
        while waiting and waiting[0][0] - MAX_GAP_S <= frame.time_s:
            opened.append(_Window(form.grid_s(*waiting.popleft()), form.side))
        if opened:
            _add(opened, frame.time_s, box.cut(frame))
        while opened and opened[0].is_full:
            yield opened.popleft().crops  # no name for it: whoever took it may let it go
        if not opened and not waiting:
            return
    opened.extend(_Window(form.grid_s(*place), form.side) for place in waiting)
    while opened:
        opened[0].end()
        yield opened.popleft().crops


class _Window:
    """The crops of one window while its frames come by.

    Between two frames they are blended by their true times; before the first and after the last, that one is held.
    Frames further from the window than a map would bridge are no part of it: they may be of another recording.
    """

    def __init__(self, grid_s: np.ndarray, side: int) -> None:
        self.crops = np.empty((len(grid_s), side, side, 3), np.uint8)
        self._grid_s, self._filled, self._dither = grid_s, 0, _dither(side)
        self._before: tuple[float, np.ndarray] | None = None

    @property
    def is_full(self) -> bool:
        return self._filled == len(self.crops)

    def add(self, time_s: float, crop: np.ndarray) -> None:
        if self.is_full:
            return
        if time_s > self._grid_s[-1] + MAX_GAP_S:
            self.end()
            return
        while not self.is_full and self._grid_s[self._filled] <= time_s:
            self._put(slice(self._filled, self._filled + 1), self._blend(self._grid_s[self._filled], time_s, crop))
        self._before = time_s, crop

    def end(self) -> None:
        """Hold the last frame to the end."""
        if self._before is None:
            raise ValueError("a window holds no frame")
        self._put(slice(self._filled, len(self.crops)), self._before[1])
        self._before = None

    def _put(self, places: slice, crop: np.ndarray) -> None:
        self.crops[places] = crop + self._dither  # what is cut off makes it an integer
        self._filled = places.stop

    def _blend(self, grid_s: float, time_s: float, crop: np.ndarray) -> np.ndarray:
        if self._before is None:
            return crop
        before_s, before = self._before
        return before + np.float32((grid_s - before_s) / (time_s - before_s)) * (crop - before)


def _add(windows: Iterable[_Window], time_s: float, crop: np.ndarray) -> None:
    for window in windows:
        window.add(time_s, crop)


@cache
def _dither(side: int) -> np.ndarray:
    """Return what is added to each pixel before its fraction is cut off, [side, side, 1], evenly spread over 0 to 1.

    A pulse is less than a level from frame to frame. Rounded, a blend of two frames would mostly be the nearer of them,
    and the pulse would come early or late; so, their mean over the face is kept. Plastic-number sequence (M. Roberts).
    """
    row, column = np.mgrid[:side, :side]
    return ((0.5 + 0.7548776662 * column + 0.5698402910 * row) % 1).astype(np.float32)[..., None]


class _Box:
    """Where the face is cut out, frame by frame: of one size, the face's where it was first seen."""

    def __init__(self, track: FaceTrack, form: CropForm) -> None:
        if not track.centres:
            raise ValueError("the clip shows no face")
        self._form, self._times_s = form, np.array(track.times_s)
        self._centres = _followed(track) if form.follows else np.array(track.centres[:1], float)
        width = next(width for width in track.widths if np.isfinite(width))
        # Of whole pixels, so that a box that moves does not change its size.
        self._width, self._height = (max(round(width * faces), 1) for faces in (form.width, form.height))

    def cut(self, frame: Frame) -> np.ndarray:
        """Return a frame's crop, float32 [side, side, 3], 0 to 255."""
        # Where the face is lost the box waits, and before the face is first seen it is where that will be.
        seen = int(np.searchsorted(self._times_s, frame.time_s, side="right")) - 1
        centre = self._centres[np.clip(seen, 0, len(self._centres) - 1)]
        left, top = round(centre[0] - self._width / 2), round(centre[1] - self._height / 2)
        box = left, top, left + self._width, top + self._height
        picture = _part(frame.pixels, *box, repeat=self._form.follows)
        size = self._form.side, self._form.side
        return cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _followed(track: FaceTrack) -> np.ndarray:
    """Return where a box is that follows the face with a lag, on each frame with the face: [frames, 2] pixels.

    The lag is that of 30 frames a second at any rate (ours): a box that follows faster would follow the face's noise.
    """
    kept = _KEPT ** (_KEPT_HZ * np.diff(track.times_s))
    followed = [np.asarray(track.centres[0], float)]
    for share, centre in zip(kept, track.centres[1:], strict=True):
        followed.append(share * followed[-1] + (1 - share) * centre)
    return np.array(followed)


def _part(pixels: np.ndarray | YuvImage, left: int, top: int, right: int, bottom: int, *, repeat: bool) -> np.ndarray:
    """Return what of a box lies in the picture, a pixel at least; with the edges repeated outside of it, or without."""
    height, width = pixels.shape[:2]
    columns = slice(min(max(left, 0), width - 1), max(min(right, width), 1))
    rows = slice(min(max(top, 0), height - 1), max(min(bottom, height), 1))
    part = pixels[rows, columns]
    if not repeat:
        return part
    above, below = max(rows.start - top, 0), max(bottom - rows.stop, 0)
    before, behind = max(columns.start - left, 0), max(right - columns.stop, 0)
    return cv2.copyMakeBorder(part, above, below, before, behind, cv2.BORDER_REPLICATE)
