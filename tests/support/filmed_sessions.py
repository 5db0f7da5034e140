"""Rendered faces as the pictures of a data set's sessions."""

from collections.abc import Iterator
from functools import cache

import cv2

from bpdemo.synthesis.scenes import Scene, render_frames
from tests.support.small_faces_sets import FRAME_RATE_HZ, Session

_FACES = 4  # renderings; a session has one of them, whoever it is of


def film(session: Session) -> list[bytes]:
    """A face whose pulse has the session's rate, as JPEG pictures."""
    seed = int(session.person[1:]) % _FACES
    return _render(seed, session.rate_bpm, session.seconds)


@cache
def _render(seed: int, rate_bpm: float, seconds: float) -> list[bytes]:
    scene = Scene(
        seed=seed,
        duration_s=seconds,
        frame_rate_hz=FRAME_RATE_HZ,
        width=240,
        height=180,
        face_width=0.5,
        heart_rate_bpm=rate_bpm,
        pulse_strength=0.012,
        noise=1.0,
    )
    return list(_encode(scene))


def _encode(scene: Scene) -> Iterator[bytes]:
    for picture in render_frames(scene):
        yield cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 97])[1].tobytes()
