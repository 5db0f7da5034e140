"""When each picture of a clip was filmed, in seconds from the first.

Timestamps are the file's own, but not all can be believed. Some containers number pictures in the order they are stored
in, which with B-frames is not the order they are shown in; recordings are joined, and their times start again; a stray
time stands alone. What can be read is read, and where times break, the clip falls into parts that stay apart.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import chain

import av
import numpy as np

LONGEST_PAUSE_S = 60.0  # times further apart are not of one clock
STEP_BACK_S = 0.5  # times that run back by less are repeated pictures, by more a new recording
SEAM_S = 0.5  # put between recordings, as nobody knows how long it was; no window fills such a gap in
PAUSE_S = 3.0  # without a picture: more than any window may miss, so windows are placed before and after
_REORDERED = 16  # pictures that may be stored before an earlier one (ITU-T H.264, max_num_reorder_frames)
_TYPICAL = 4  # median intervals; longer ones are gaps, and not counted as the clip's rate
_CAPTURE_RATE = "com.android.capture.fps"  # Android's MediaRecorder: frames a second that were filmed
_REAL_TIME_HZ = (14.5, 40.0)  # phones note such rates of plain clips, too, which run slower where it is dark

Timed = tuple[float, av.VideoFrame]


@dataclass
class Timeline:
    """What becomes of the times of one clip's pictures.

    Attributes:
        slowed: how many times slower the file plays than it was filmed (see `slow_motion`).
        reached_s: the latest time seen, by the file's clock.
        dropped: pictures left out, their time missing, repeated, backwards or a stray one.
        breaks_s: (from, to) where pictures are missing for `PAUSE_S` or times start again, between two pictures.
    """

    slowed: float = 1.0
    reached_s: float = 0.0
    dropped: int = 0
    breaks_s: list[tuple[float, float]] = field(default_factory=list)

    def follow(self, pictures: Iterable[av.VideoFrame], stored_order: Callable[[], bool]) -> Iterator[Timed]:
        """Yield the pictures that are kept at rising times from 0, each when the one after it is known.

        Args:
            pictures: in the order they are shown in, as decoders give them.
            stored_order: asked with the first picture: whether times may be those of the order they are stored in.
        """
        timed = self._timed(pictures)
        first = next(timed, None)
        if first is not None:
            timed = chain((first,), timed)
            yield from self._believed(_in_order(timed) if stored_order() else timed)

    def _timed(self, pictures: Iterable[av.VideoFrame]) -> Iterator[Timed]:
        """Yield pictures with their time by the file's clock, in seconds from the first one's."""
        origin = last = None
        for picture in pictures:
            ticks = picture.dts if picture.pts is None else picture.pts
            if ticks is None and last is not None and picture.duration:
                ticks = last + picture.duration
            if ticks is None or picture.time_base is None:
                self.dropped += 1
                continue
            origin, last = ticks if origin is None else origin, ticks
            # Whole numbers may be too large for a float.
            time_s = float((ticks - origin) * picture.time_base) / self.slowed
            self.reached_s = max(self.reached_s, time_s)
            yield time_s, picture

    def _believed(self, pictures: Iterable[Timed]) -> Iterator[Timed]:
        """Yield the pictures whose times can be believed, at their own time from 0."""
        before: float | None = None  # the last one kept, by the file's clock
        shift_s = last_s = 0.0
        waiting: Timed | None = None
        for coming in chain(pictures, (None,)):
            if waiting is not None:
                time_s, after = waiting[0], None if coming is None else coming[0]
                if not _is_believed(before, time_s, after):
                    self.dropped += 1
                else:
                    seam = before is None or not _follows(before, time_s)
                    if seam:
                        shift_s = (0.0 if before is None else last_s + SEAM_S) - time_s
                    shown_s = time_s + shift_s
                    if before is not None and (seam or shown_s - last_s >= PAUSE_S):
                        self.breaks_s.append((last_s, shown_s))
                    before, last_s = time_s, shown_s
                    yield shown_s, waiting[1]
            waiting = coming


def _in_order(pictures: Iterable[Timed]) -> Iterator[Timed]:
    """Yield pictures with their times put in order."""
    waiting: deque[av.VideoFrame] = deque()
    times: list[float] = []
    for time_s, picture in pictures:
        waiting.append(picture)
        if len(waiting) <= _REORDERED:
            heappush(times, time_s)
        else:
            yield heappushpop(times, time_s), waiting.popleft()
    yield from zip(sorted(times), waiting, strict=True)


def _follows(first_s: float, second_s: float) -> bool:
    return first_s < second_s <= first_s + LONGEST_PAUSE_S


def _is_believed(before: float | None, time_s: float, after: float | None) -> bool:
    """Return whether a picture's time fits the one kept before it, or begins a new part with the one after it."""
    if before is None:
        return after is None or _follows(time_s, after)
    if after is None:
        return _follows(before, time_s)
    resumed = _follows(before, after)
    if _follows(before, time_s):
        return not (resumed and after < time_s)  # otherwise it is too late, and the next one is not
    if resumed or 0 <= before - time_s < STEP_BACK_S:
        return False
    return _follows(time_s, after)


def slow_motion(container: av.container.InputContainer, stream: av.VideoStream) -> float:
    """Return how many times slower a clip is stored than it was filmed: above 1 slow motion, below 1 time lapse.

    Only what phones note in the file can tell.
    """
    try:
        filmed_hz, stored_hz = float(container.metadata[_CAPTURE_RATE]), float(stream.average_rate or 0)
    except (KeyError, ValueError):
        return 1.0
    if not (0 < filmed_hz < 1e5 and stored_hz > 0) or _REAL_TIME_HZ[0] <= filmed_hz <= _REAL_TIME_HZ[1]:
        return 1.0
    slower = filmed_hz / stored_hz
    if 1 / 1.5 < slower < 1.5:
        return 1.0
    whole = max(round(slower), 1)
    return float(whole) if abs(slower / whole - 1) < 0.02 else slower  # rates in headers are rounded


def pauses(times_s: np.ndarray) -> list[tuple[float, float]]:
    """Return the (from, to) without a picture for `PAUSE_S`, between pictures at these times [frames]."""
    long = np.flatnonzero(np.diff(times_s) >= PAUSE_S)
    return [(float(times_s[place]), float(times_s[place + 1])) for place in long]


def typical_intervals(intervals_s: np.ndarray) -> np.ndarray:
    """Return the intervals [n] between pictures without the gaps among them."""
    return intervals_s[intervals_s <= _TYPICAL * np.median(intervals_s)]


def frame_rate_hz(times_s: np.ndarray) -> float:
    """Return the rate of pictures at these times [frames], gaps left out; 0 for fewer than two."""
    return float(1 / typical_intervals(np.diff(times_s)).mean()) if len(times_s) > 1 else 0.0
