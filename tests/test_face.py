"""face.py: the right face is found where it is, followed, lost and counted."""

import subprocess
import sys

import numpy as np
import pytest

from bpdemo import face as face_module
from bpdemo.clip import Clip
from bpdemo.clip_report import Frame
from bpdemo.errors import BpdemoError
from bpdemo.face import KEY_FRAMES_HZ, LANDMARKS, FaceTracker
from bpdemo.pulse import measure_pulse
from bpdemo.regions import read_traces
from bpdemo.stmap import resample
from bpdemo.synthesis.portrait import load_portrait
from bpdemo.synthesis.scenes import Scene, render_frames

WIDTH, HEIGHT = 640, 480
QUIET = {"motion": 0.0, "drift": 0.0, "noise": 0.5, "width": WIDTH, "height": HEIGHT}


def portrait_image(**scene):
    """Return one picture of the portrait in the middle, and where its landmarks are."""
    scene = Scene(**{**QUIET, "duration_s": 0.04, **scene})
    portrait = load_portrait(scene.face_width * scene.height)
    landmarks = portrait.landmarks - portrait.face_centre + (scene.width / 2, scene.height / 2)
    return next(render_frames(scene)).copy(), landmarks


def follow(images, interval_s=1 / KEY_FRAMES_HZ, **options):
    """Follow the face through pictures, each a key frame unless said; return the tracked frames and the report."""
    with FaceTracker(**options) as tracker:
        tracked = list(tracker.follow(Frame(number * interval_s, image) for number, image in enumerate(images)))
        return tracked, tracker.report


def distance(landmarks, expected):
    """Return the median distance of landmarks from where they should be, in pixels."""
    return float(np.median(np.linalg.norm(landmarks - expected, axis=1)))


@pytest.fixture(scope="module")
def portrait():
    """One picture of the portrait, and its landmarks."""
    return portrait_image()


@pytest.fixture(scope="module")
def empty():
    """A picture without a face."""
    return np.full((HEIGHT, WIDTH, 3), 150, np.uint8)


@pytest.fixture(scope="module")
def two_faces():
    """A picture with a large face in the middle and a smaller one to the right, and the large one's landmarks."""
    return portrait_image(second_face=0.5)


def test_landmarks_lie_on_the_face(portrait):
    image, landmarks = portrait
    (tracked,), report = follow([image])
    assert tracked.landmarks.shape == (LANDMARKS, 2)
    assert tracked.landmarks.dtype == np.float32
    assert distance(tracked.landmarks, landmarks) < 3
    assert (report.key_frames, report.seen, report.faces) == (1, 1.0, 1)
    assert report.width_pixels == pytest.approx(0.4 * HEIGHT, rel=0.05)
    assert report.turn_degrees < 10


@pytest.mark.parametrize("scale", [0.5, 2])
def test_landmarks_are_in_pixels_of_the_frame_at_any_size(scale):
    image, landmarks = portrait_image(width=int(WIDTH * scale), height=int(HEIGHT * scale))
    (tracked,), _ = follow([image])
    assert distance(tracked.landmarks, landmarks) < 3 * scale + 1


def test_landmarks_are_not_carried_across_a_pause(short_clip):
    with Clip(short_clip.path) as clip:
        frames = list(clip.frames())[:40]
    before = frames[:20]  # the last key frame is the 16th
    elsewhere = [Frame(frame.time_s + 1, np.roll(frame.image, 30, axis=1)) for frame in frames[20:]]
    for_themselves = []
    for part in (before, elsewhere):
        with FaceTracker() as tracker:
            for_themselves += tracker.follow(part)
    with FaceTracker() as tracker:
        together = list(tracker.follow(before + elsewhere))
    for one, other in zip(together, for_themselves, strict=True):
        assert distance(one.landmarks, other.landmarks) < 1


def test_every_frame_comes_out_once_and_in_order(short_clip):
    with Clip(short_clip.path) as clip, FaceTracker() as tracker:
        tracked = list(tracker.follow(clip.frames()))
    np.testing.assert_allclose([item.frame.time_s for item in tracked], short_clip.scene.frame_times_s(), atol=1e-3)
    assert all(item.landmarks is not None for item in tracked)
    # A few key frames a second, not one a frame.
    assert tracker.report.key_frames == pytest.approx(3 * KEY_FRAMES_HZ, abs=1)
    assert tracker.report.seen == 1


def most_waiting(frames):
    """Return how many frames wait at most while a face is followed."""
    given, most = 0, 0

    def counted():
        nonlocal given
        for frame in frames:
            given += 1
            yield frame

    with FaceTracker() as tracker:
        for taken, _ in enumerate(tracker.follow(counted()), 1):
            most = max(most, given - taken)
    return most


def test_only_a_few_frames_wait(short_clip, portrait):
    with Clip(short_clip.path) as clip:
        assert most_waiting(clip.frames()) <= 30 / KEY_FRAMES_HZ + 1
    assert most_waiting(Frame(number / 240, portrait[0]) for number in range(100)) <= 30, "of a fast camera too"


def test_a_picture_that_changes_its_size_is_searched_anew(portrait):
    image, landmarks = portrait
    smaller, fewer = portrait_image(width=WIDTH // 2, height=HEIGHT // 2)
    tracked, report = follow([image] * 9 + [smaller] * 9, interval_s=1 / 30)
    assert len(tracked) == 18
    for item in tracked:
        expected = landmarks if item.frame.image.shape == image.shape else fewer
        assert distance(item.landmarks, expected) < 3
    assert (report.key_frames, report.seen) == (2, 1)


def test_a_moving_face_is_followed_between_key_frames(portrait):
    image, landmarks = portrait
    shifts = np.arange(31) * 3  # 3 pixels a frame at 30 frames a second: 0.47 face widths a second
    tracked, report = follow([np.roll(image, shift, axis=1) for shift in shifts], interval_s=1 / 30)
    for item, shift in zip(tracked, shifts, strict=True):
        assert distance(item.landmarks, landmarks + np.array([shift, 0])) < 4
    assert report.motion_per_second == pytest.approx(90 / report.width_pixels, rel=0.1)


def test_a_still_face_does_not_move(portrait):
    image, _ = portrait
    _, report = follow([image] * 4)
    assert report.motion_per_second < 0.01


def test_no_face(empty, wall_clip):
    tracked, report = follow([empty] * 3)
    assert [item.landmarks for item in tracked] == [None] * 3
    assert (report.key_frames, report.seen, report.faces, report.width_pixels) == (3, 0.0, 0, 0.0)
    with Clip(wall_clip.path) as clip, FaceTracker() as tracker:
        assert all(item.landmarks is None for item in tracker.follow(clip.frames()))
        assert (tracker.report.seen, tracker.report.faces) == (0, 0)


def test_no_frames():
    tracked, report = follow([])
    assert tracked == []
    assert (report.key_frames, report.seen) == (0, 0)


def test_the_largest_of_several_faces_is_followed(two_faces):
    image, landmarks = two_faces
    tracked, report = follow([image] * 3)
    assert report.faces == 2
    for item in tracked:
        assert distance(item.landmarks, landmarks) < 3


def test_nobody_else_takes_the_place_of_a_face_that_left(two_faces, empty):
    image, landmarks = two_faces
    only_small = image.copy()
    only_small[:, :490] = empty[:, :490]
    (alone,), _ = follow([only_small])
    assert alone.landmarks is not None, "the smaller face can be found by itself"
    tracked, report = follow([image, only_small, only_small, image])
    assert [item.landmarks is not None for item in tracked] == [True, False, False, True]
    assert distance(tracked[3].landmarks, landmarks) < 3
    assert report.seen == 0.5


def test_frames_beside_a_lost_face_have_no_landmarks(portrait, empty):
    image, _ = portrait
    # Every fifth frame is a key frame: 0, 5, 10, 15, 20.
    images = [image] * 10 + [empty] + [image] * 10
    tracked, report = follow(images, interval_s=1 / 30, key_frames_hz=6.0)
    seen = [item.landmarks is not None for item in tracked]
    assert seen == [True] * 6 + [False] * 9 + [True] * 6
    assert report.seen == pytest.approx(4 / 5)


def test_a_face_that_leaves_and_comes_back(away_clip):
    with Clip(away_clip.path) as clip, FaceTracker() as tracker:
        tracked = list(tracker.follow(clip.frames()))
    seen = np.array([item.landmarks is not None for item in tracked])
    time_s = np.array([item.frame.time_s for item in tracked])
    assert seen[time_s < 2.3].all()
    assert not seen[(time_s > 3) & (time_s < 7)].any()
    assert seen[time_s > 7.9].all()
    assert tracker.report.seen == pytest.approx(seen.mean(), abs=0.05)


@pytest.mark.exhaustive
def test_landmarks_on_some_frames_serve_as_well_as_on_all(pulse_clip):
    def read(key_frames_hz):
        with Clip(pulse_clip.path) as clip, FaceTracker(key_frames_hz=key_frames_hz) as tracker:
            frames = (frame for frame in clip.frames() if frame.time_s < 10)
            traces = read_traces(tracker.follow(frames))
        pulse = measure_pulse(resample(traces.time_s, traces.colours, 0.0, 10.0))
        return traces.colours, pulse, tracker.report.key_frames

    every, pulse_of_every, every_count = read(1000.0)
    some, pulse_of_some, some_count = read(face_module.KEY_FRAMES_HZ)
    assert every_count == len(every) == len(some) > 4 * some_count
    green = np.nanmean(every[..., 1])
    assert np.std(np.nanmean(some - every, axis=1)) < 0.002 * green
    # The cells' average weighs quiet cells most, and these agree; what counts is the pulse.
    assert pulse_of_some.snr_db > pulse_of_every.snr_db - 1
    assert pulse_of_some.heart_rate_bpm == pytest.approx(pulse_clip.scene.heart_rate_bpm, abs=1.5)


def test_a_damaged_model_is_named(tmp_path, monkeypatch):
    for number, data in enumerate((None, b"not a model")):
        model = tmp_path / f"model{number}.task"
        if data is not None:
            model.write_bytes(data)
        monkeypatch.setattr(face_module, "MODEL", model)
        face_module.model_bytes.cache_clear()
        with pytest.raises(BpdemoError) as caught:
            FaceTracker()
        assert caught.value.code == "landmark_model_damaged"
    monkeypatch.undo()
    face_module.model_bytes.cache_clear()


def test_importing_does_not_load_mediapipe():
    code = "import sys, bpdemo.face, bpdemo.regions; sys.exit('mediapipe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
