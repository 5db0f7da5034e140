"""face/motion.js: landmarks go where the picture goes, as with motion.py, and nowhere when only the light changes."""

import numpy as np
import pytest

from bpdemo.motion import carry_landmarks
from tests.support.moved_face import SIDE, away, moved, portrait_in_picture
from tests.support.page_pictures import TO_PICTURE, packed

STILL = [1, 0, 0, 0]
FOLLOW = f"""async ({{ images, points }}) => {{
  {TO_PICTURE}
  const {{ Follower, apply, boxAround }} = await import("/live/face/motion.js");
  const follower = new Follower();
  const landmarks = new Float64Array(points);
  const carried = [];
  const steps = [];
  for (const packed of images) {{
    const image = toPicture(packed);
    const step = follower.next(image, boxAround(landmarks, image));
    if (step) apply(step, landmarks, landmarks);
    steps.push(step);
    carried.push([...landmarks]);
  }}
  return {{ carried, steps }};
}}"""


@pytest.fixture(scope="module")
def face():
    return portrait_in_picture()


@pytest.fixture
def follow(blank_page):
    """Return a function that gives landmarks carried through images, and each step."""

    def follow_images(images, landmarks):
        grey = [packed(image[..., 1]) for image in images]
        found = blank_page.evaluate(FOLLOW, {"images": grey, "points": landmarks.ravel().tolist()})
        return np.reshape(found["carried"], (len(images), *landmarks.shape)), found["steps"]

    return follow_images


def moving(face, end, images=6):
    """Return images that lead evenly to what `moved` makes of `end`, and where the landmarks are in each."""
    start = {"right": 0.0, "down": 0.0, "turn": 0.0, "zoom": 1.0}
    places = [
        {name: start[name] + share * (value - start[name]) for name, value in end.items()}
        for share in np.linspace(0, 1, images)
    ]
    return zip(*(moved(face, **place, seed=number) for number, place in enumerate(places)), strict=True)


@pytest.mark.parametrize(
    "end",
    [
        {"right": 4.0, "down": -3.0},
        {"turn": 2.0},
        {"zoom": 1.03},
        {"right": -3.0, "down": 2.0, "turn": -1.0, "zoom": 0.98},
        {"right": 14.0},
    ],
    ids=["shift", "turn", "zoom", "all", "fast"],
)
def test_landmarks_go_along(face, follow, end):
    images, expected = moving(face, end)
    carried, _ = follow(images, face[1])
    went = away(np.array([face[1]] * len(images)), expected)
    assert went[-1] > 1.5
    assert (away(carried, expected) < 0.05 + 0.04 * went).all()
    assert away(carried, carry_landmarks(images, face[1])).max() < 0.05 + 0.02 * went[-1]


def test_steps_are_as_exact_as_the_servers(face, follow):
    """One step, at the same place: only what the server rounds differs."""
    images, _ = moving(face, {"right": 0.7, "down": 0.4, "turn": 0.3, "zoom": 1.004}, images=2)
    assert away(follow(images, face[1])[0], carry_landmarks(images, face[1])).max() < 0.01


def test_a_jump_is_as_long_as_slopes_reach(face, follow):
    images, _ = moving(face, {"right": 12.0}, images=2)
    carried, _ = follow(images, face[1])
    expected = carry_landmarks(images, face[1])
    assert away(carried, expected)[1] < 0.2


def test_light_and_noise_move_landmarks_by_little(face, follow):
    gains = 0.95 + 0.01 * np.arange(6)
    images = [moved(face, gain=gain, seed=number)[0] for number, gain in enumerate(gains)]
    assert away(follow(images, face[1])[0], [face[1]] * 6).max() < 0.08


def test_a_still_picture_stays(face, follow):
    image, _ = moved(face)
    _, steps = follow([image] * 3, face[1])
    assert steps[0] is None
    np.testing.assert_allclose(steps[1:], [STILL] * 2, atol=1e-9)


@pytest.mark.parametrize("level", [0, 77])
def test_what_shows_nothing_moves_nothing(face, follow, level):
    _, steps = follow([np.full((SIDE, SIDE, 3), level, np.uint8)] * 2, face[1])
    np.testing.assert_allclose(steps[1], STILL, atol=1e-9)


def test_stripes_move_across_only(face, follow):
    """Nothing tells how far stripes go along their own direction."""
    x = np.arange(SIDE)
    images = [
        np.broadcast_to((128 + 60 * np.sin((x - shift) / 9))[None, :, None], (SIDE, SIDE, 3)) for shift in (0, 0.5)
    ]
    carried, _ = follow(images, face[1])
    np.testing.assert_allclose((carried[1] - carried[0]).mean(axis=0), [0.5, 0], atol=0.1)


@pytest.mark.parametrize("place", [(SIDE, 0), (0, -SIDE), (335, 0)], ids=["right", "above", "hardly seen"])
def test_a_face_outside_gives_nothing(face, follow, place):
    image, _ = moved(face)
    assert follow([image] * 2, face[1] + np.float32(place))[1] == [None, None]


def test_a_tiny_face_gives_nothing(face, follow):
    image, _ = moved(face)
    assert follow([image] * 2, face[1] / 100)[1] == [None, None]


def test_a_picture_of_another_size_begins_anew(face, follow):
    image, _ = moved(face)
    _, steps = follow([image, image[:-20], image[:-20]], face[1])
    assert steps[:2] == [None, None]
    np.testing.assert_allclose(steps[2], STILL, atol=1e-9)


def test_similarities_are_composed_inverted_and_applied(blank_page):
    first, second, points = [1.1, 0.2, 5, -3], [0.9, -0.1, -2, 7], [0.0, 0.0, 10.0, 0.0, 3.0, 8.0]
    both, back, into = blank_page.evaluate(
        """async ([first, second, points]) => {
          const { apply, compose, invert } = await import("/live/face/motion.js");
          const same = Float64Array.from(points);
          apply(compose(first, invert(first)), apply(second, same, same), same);
          return [apply(compose(first, second), points, []), apply(invert(first), points, []), [...same]];
        }""",
        [first, second, points],
    )

    def matrix(one):
        a, b, right, down = one
        return np.array([[a, -b, right], [b, a, down], [0, 0, 1]])

    homogeneous = np.column_stack([np.reshape(points, (-1, 2)), np.ones(3)])
    for found, expected in (
        (both, matrix(second) @ matrix(first)),
        (back, np.linalg.inv(matrix(first))),
        (into, matrix(second)),
    ):
        np.testing.assert_allclose(np.reshape(found, (-1, 2)), (homogeneous @ expected.T)[:, :2], atol=1e-9)
