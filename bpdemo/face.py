"""Frames become landmarks: MediaPipe's face mesh follows one face through the clip.

Landmarks are found on *key frames*, `KEY_FRAMES_HZ` a second: finding them takes as long as decoding seven frames. In
between they are carried along with the head's picture (`motion`), which also makes them tremble less. The largest face
is followed and others are counted.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Self

import numpy as np

from bpdemo.assets import asset_folder
from bpdemo.clip_report import Frame
from bpdemo.errors import BpdemoError
from bpdemo.motion import carry_landmarks
from bpdemo.yuv import YuvImage, shrink

LANDMARKS = 478
KEY_FRAMES_HZ = 2.0
COUNT_EVERY_S = 3.0  # how often the whole picture is searched for further faces
MAX_FACES = 4
_MOST_WAITING = 30  # frames in memory for the next key frame; fast cameras get key frames more often
MODEL = asset_folder("weights") / "face_landmarker.task"
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

_SEARCH_SIDE = 640  # of the longer side; more pixels add time, not accuracy, as the detector works on 128 x 128
_CROP_FACES = 2.0  # face heights: side of the square in which a followed face is looked for
_JUMP_FACES = 0.6  # face widths; a face further away than this from where the followed one was is somebody else's
_LEFT_TEMPLE, _RIGHT_TEMPLE, _FOREHEAD_TOP, _CHIN_TIP, _NOSE_TIP = 454, 234, 10, 152, 1


@dataclass(frozen=True)
class TrackedFrame:
    """A frame with the landmarks of the followed face, [478, 2] float32, x and y in pixels; None without a face."""

    frame: Frame
    landmarks: np.ndarray | None


@dataclass
class FaceReport:
    """How the face was seen in a clip or a window of it.

    Attributes:
        key_frames: frames on which landmarks were looked for.
        seen: share of key frames with the followed face, 0 to 1.
        faces: most faces seen at once, in the whole clip.
        width_pixels: median width of the followed face between its temples.
        turn_degrees: median head turn, left or right, 0 to 90, by where the nose tip lies between the temples (ours).
        motion_per_second: median speed of the face's centre from frame to frame, in face widths a second.
        luma: median brightness of the skin cells, 0 to 255 (BT.601); None without a face.
        clipped: median share of the skin's pixels with a clipped channel, 0 to 1; None without a face.
    """

    key_frames: int = 0
    seen: float = 0.0
    faces: int = 0
    width_pixels: float = 0.0
    turn_degrees: float = 0.0
    motion_per_second: float = 0.0
    luma: float | None = None
    clipped: float | None = None


@dataclass
class FaceTrack:
    """What a report is made from, of any stretch of a clip.

    Attributes:
        times_s, centres: of each frame with the face; a centre is [2] pixels.
        key_times_s, widths, turns: of each key frame; NaN where the face was not found.
        faces: most faces seen at once.
    """

    times_s: list[float] = field(default_factory=list)
    centres: list[np.ndarray] = field(default_factory=list)
    key_times_s: list[float] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    faces: int = 0

    def report(self, start_s: float = 0.0, end_s: float = np.inf) -> FaceReport:
        """Return how the face was seen from one time up to another; brightness is not known here."""
        key_frames = slice(*np.searchsorted(self.key_times_s, (start_s, end_s)))
        widths = np.array(self.widths[key_frames])
        found = np.isfinite(widths)
        report = FaceReport(key_frames=len(widths), faces=self.faces)
        if not found.any():
            return report
        report.seen = float(found.mean())
        report.width_pixels = float(np.median(widths[found]))
        report.turn_degrees = float(np.median(np.array(self.turns[key_frames])[found]))
        frames = slice(*np.searchsorted(self.times_s, (start_s, end_s)))
        times_s = self.times_s[frames]
        if len(times_s) > 1:
            steps = np.linalg.norm(np.diff(self.centres[frames], axis=0), axis=1)
            report.motion_per_second = float(np.median(steps / np.diff(times_s) / report.width_pixels))
        return report


@cache
def model_bytes() -> bytes:
    """Return the landmark model, its checksum verified once.

    Raises:
        BpdemoError: `landmark_model_damaged`.
    """
    data = MODEL.read_bytes() if MODEL.is_file() else b""
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        raise BpdemoError(
            "landmark_model_damaged",
            f"The face landmark model {MODEL.name} is missing or not the one this version was built with.",
            "Fetch the repository again, with its weights folder.",
        )
    return data


class FaceTracker:
    """Follows the largest face through one clip. Use as a context manager, once for each clip.

    Raises:
        BpdemoError: `landmark_model_damaged` when the bundled model is not what it should be.
    """

    def __init__(self, *, key_frames_hz: float = KEY_FRAMES_HZ) -> None:
        from mediapipe.tasks.python import BaseOptions, vision  # heavy: only when a clip is read

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model_bytes()), num_faces=MAX_FACES
        )
        self._landmarker = vision.FaceLandmarker.create_from_options(options)
        self._interval_s = 1 / key_frames_hz
        self.track = FaceTrack()
        self._last: np.ndarray | None = None
        self._counted_s = -np.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._landmarker.close()

    def follow(self, frames: Iterable[Frame]) -> Iterator[TrackedFrame]:
        """Yield every frame with its landmarks, in order; at most the frames of one key interval wait in memory."""
        for tracked in self._between_key_frames(frames):
            if tracked.landmarks is not None:
                self.track.times_s.append(tracked.frame.time_s)
                self.track.centres.append(tracked.landmarks.mean(axis=0))
            yield tracked

    def _between_key_frames(self, frames: Iterable[Frame]) -> Iterator[TrackedFrame]:
        """Find landmarks on key frames and fill in the others."""
        waiting: list[Frame] = []
        before: TrackedFrame | None = None
        for frame in frames:
            if before is not None:
                paused_s = frame.time_s - (waiting[-1] if waiting else before.frame).time_s
                resized = frame.pixels.shape != before.frame.pixels.shape
                if resized or paused_s >= self._interval_s - 1e-6:
                    # After a pause the head may lie elsewhere; in a picture of another size, anywhere.
                    yield from _carry_on(before, waiting)
                    waiting, before, self._last = [], None, None if resized else self._last
            waiting.append(frame)
            due = before is None or frame.time_s - before.frame.time_s >= self._interval_s - 1e-6
            if due or len(waiting) == _MOST_WAITING:
                after = TrackedFrame(frame, self._find(frame))
                yield from _fill_in(before, waiting, after)
                waiting, before = [], after
        if before is not None:
            yield from _carry_on(before, waiting)

    @property
    def report(self) -> FaceReport:
        """How the face was seen so far."""
        return self.track.report()

    def _find(self, frame: Frame) -> np.ndarray | None:
        """Return the followed face's landmarks on a key frame, or None, and note how it was seen."""
        self.track.key_times_s.append(frame.time_s)
        landmarks = None
        if self._last is not None:
            landmarks = self._choose(self._search_near(frame.pixels, self._last))
        if landmarks is None or frame.time_s - self._counted_s >= COUNT_EVERY_S:
            everywhere = self._detect(frame.pixels, 0, 0)
            self.track.faces = max(self.track.faces, len(everywhere))
            self._counted_s = frame.time_s
            landmarks = self._choose(everywhere) if landmarks is None else landmarks
        if landmarks is None:
            self.track.widths.append(np.nan)
            self.track.turns.append(np.nan)
            return None
        self._last = landmarks
        self.track.widths.append(_face_width(landmarks))
        self.track.turns.append(_turn_degrees(landmarks))
        return landmarks

    def _choose(self, faces: list[np.ndarray]) -> np.ndarray | None:
        """Return the face that is followed: the largest at first, later the one where it was."""
        if not faces:
            return None
        if self._last is None:
            return max(faces, key=_face_width)
        centre, width = self._last.mean(axis=0), _face_width(self._last)
        nearest = min(faces, key=lambda face: np.linalg.norm(face.mean(axis=0) - centre))
        # A face may come back where it was, but nobody else's may silently take its place.
        return nearest if np.linalg.norm(nearest.mean(axis=0) - centre) <= _JUMP_FACES * width else None

    def _search_near(self, pixels: np.ndarray | YuvImage, last: np.ndarray) -> list[np.ndarray]:
        """Look for faces in a square around the last place of the followed one."""
        centre, half = last.mean(axis=0), _CROP_FACES / 2 * _face_height(last)
        height, width = pixels.shape[:2]
        left, top = (int(max(c - half, 0)) for c in centre)
        right, bottom = (int(min(c + half, side)) for c, side in zip(centre, (width, height), strict=True))
        if right - left < 32 or bottom - top < 32:
            return []
        return self._detect(pixels[top:bottom, left:right], left, top)

    def _detect(self, image: np.ndarray | YuvImage, left: int, top: int) -> list[np.ndarray]:
        """Return the landmarks [478, 2] of each face in a part of a frame, in pixels of the whole frame."""
        import mediapipe as mp

        height, width = image.shape[:2]
        small = shrink(image, _SEARCH_SIDE / max(height, width))
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=small)
        return [
            np.array([(left + point.x * width, top + point.y * height) for point in face], dtype=np.float32)
            for face in self._landmarker.detect(picture).face_landmarks
        ]


def _fill_in(before: TrackedFrame | None, frames: list[Frame], after: TrackedFrame) -> Iterator[TrackedFrame]:
    """Yield the frames after one key frame up to and with the next.

    Landmarks are carried from the one to the other; where they end up off its own, the error is spread evenly over
    time. Frames in between have none where either key frame has none.
    """
    if before is None or before.landmarks is None or after.landmarks is None:
        yield from (TrackedFrame(frame, None) for frame in frames[:-1])
    elif len(frames) > 1:
        carried = _carried(before, frames)
        missed = after.landmarks - carried[-1]
        for frame, landmarks in zip(frames[:-1], carried[:-1], strict=True):
            share = (frame.time_s - before.frame.time_s) / (after.frame.time_s - before.frame.time_s)
            yield TrackedFrame(frame, (landmarks + share * missed).astype(np.float32))
    yield after


def _carry_on(before: TrackedFrame, frames: list[Frame]) -> Iterator[TrackedFrame]:
    """Yield the frames after the last key frame, its landmarks carried along; none where it has none."""
    if before.landmarks is None:
        yield from (TrackedFrame(frame, None) for frame in frames)
    else:
        yield from map(TrackedFrame, frames, _carried(before, frames).astype(np.float32))


def _carried(key_frame: TrackedFrame, frames: list[Frame]) -> np.ndarray:
    """Return the landmarks of a key frame carried to the frames after it, [frames, 478, 2]."""
    assert key_frame.landmarks is not None
    images = [key_frame.frame.pixels, *(frame.pixels for frame in frames)]
    return carry_landmarks(images, key_frame.landmarks)[1:]


def _face_width(landmarks: np.ndarray) -> float:
    """Return the distance between the temples in pixels, or for a turned head 0.7 of its height."""
    width = float(np.linalg.norm(landmarks[_LEFT_TEMPLE] - landmarks[_RIGHT_TEMPLE]))
    return max(width, 0.7 * _face_height(landmarks))


def _face_height(landmarks: np.ndarray) -> float:
    """Return the distance from hairline to chin in pixels."""
    return float(np.linalg.norm(landmarks[_FOREHEAD_TOP] - landmarks[_CHIN_TIP]))


def _turn_degrees(landmarks: np.ndarray) -> float:
    """Return the head's turn, 0 (facing the camera) to 90 degrees, either way."""
    across = landmarks[_LEFT_TEMPLE] - landmarks[_RIGHT_TEMPLE]
    place = float((landmarks[_NOSE_TIP] - landmarks[_RIGHT_TEMPLE]) @ across / max(across @ across, 1e-6))
    return float(np.degrees(np.arcsin(np.clip(abs(2 * place - 1), 0, 1))))
