"""motion.py: landmarks go where the picture goes, and nowhere when only the light changes."""

import av
import numpy as np
import pytest

from bpdemo.motion import carry_landmarks
from bpdemo.yuv import YuvImage, upright_image
from tests.support.moved_face import SIDE, away, moved, portrait_in_picture


@pytest.fixture(scope="module")
def face():
    return portrait_in_picture()


@pytest.mark.parametrize(
    "end",
    [
        {"right": 4.0, "down": -3.0},
        {"turn": 2.0},
        {"zoom": 1.03},
        {"right": -3.0, "down": 2.0, "turn": -1.0, "zoom": 0.98},
    ],
    ids=["shift", "turn", "zoom", "all"],
)
def test_landmarks_go_along(face, end):
    start = {"right": 0.0, "down": 0.0, "turn": 0.0, "zoom": 1.0}
    images, expected = [], []
    for number, share in enumerate(np.linspace(0, 1, 11)):
        place = {name: start[name] + share * (value - start[name]) for name, value in end.items()}
        image, landmarks = moved(face, **place, seed=number)
        images.append(image)
        expected.append(landmarks)
    carried = carry_landmarks(images, face[1])
    went = away(np.array([face[1]] * 11), expected)
    assert went[-1] > 1.5
    assert (away(carried, expected) < 0.1 + 0.06 * went).all()


def test_what_a_decoder_gives_is_followed_as_well(face):
    """Its luma is looked at as it is."""
    images, expected = zip(
        *(moved(face, right=number / 2, down=-number / 4, seed=number) for number in range(9)), strict=True
    )
    pictures = [av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p") for image in images]
    uprights = [upright_image(picture) for picture in pictures]
    assert all(isinstance(upright, YuvImage) for upright in uprights)
    assert away(carry_landmarks(uprights, face[1]), expected).max() < 0.3


def test_a_shake_is_followed(face):
    shakes = 3 * np.sin(2 * np.pi * 2 * np.arange(16) / 30)
    images, expected = zip(*(moved(face, right=shake, seed=number) for number, shake in enumerate(shakes)), strict=True)
    assert away(carry_landmarks(images, face[1]), expected).max() < 0.3


def test_light_moves_nothing(face):
    gains = 1 + 0.02 * np.arange(11)
    images = [moved(face, gain=gain / gains[-1], seed=number)[0] for number, gain in enumerate(gains)]
    assert away(carry_landmarks(images, face[1]), [face[1]] * 11).max() < 0.1


def test_noise_moves_landmarks_by_little(face):
    images = [moved(face, noise=4, seed=number)[0] for number in range(16)]
    assert away(carry_landmarks(images, face[1]), [face[1]] * 16).max() < 0.15


def test_what_shows_nothing_moves_nothing(face):
    _, landmarks = face
    for image in (np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE, 3), 128, np.uint8)):
        for places in (landmarks, landmarks + np.float32(SIDE), landmarks - np.float32(2 * SIDE), landmarks / 100):
            np.testing.assert_allclose(carry_landmarks([image] * 3, places), [places] * 3, atol=1e-6)


def test_one_image_leaves_them_where_they_are(face):
    picture, landmarks = face
    np.testing.assert_array_equal(carry_landmarks([picture.astype(np.uint8)], landmarks), landmarks[None])
