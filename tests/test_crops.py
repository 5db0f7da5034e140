"""crops.py: a clip's face, cut out of each frame, at an even rate by the frames' true times, a window at a time."""

import tracemalloc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from bpdemo.capture import read_capture
from bpdemo.clip_report import Frame
from bpdemo.crops import CropForm, cut_windows, read_crops
from bpdemo.face import FaceTrack
from bpdemo.regions import CELLS
from bpdemo.stmap import place_windows, resample
from bpdemo.synthesis.scenes import Scene, irregular_times, render_clip

FIXED = CropForm(side=32, rate_hz=30.0, width=1.0, height=1.0, follows=False)
FOLLOWS = replace(FIXED, follows=True)
PULSE_HZ, DEPTH = 1.5, 0.04
DURATION_S = 4.0


def track_of(centres, times_s=(0.0,), width=40.0):
    """Return where a face is, [frames, 2] pixels."""
    return FaceTrack([*times_s], [np.array(centre, np.float32) for centre in centres], [times_s[0]], [width], [0.0])


def frames_of(picture, times_s):
    return (Frame(time_s, picture) for time_s in times_s)


def ramp(height=100, width=200):
    """Return a picture in which red says the column and green the row."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.arange(width), np.arange(height)[:, None]
    return picture


@pytest.fixture(scope="module", params=["even", "irregular"])
def painted_clip(request, tmp_path_factory):
    """A clip of a face whose skin darkens and brightens as a sine, and its capture."""
    times_s = np.arange(int(DURATION_S * 30)) / 30
    if request.param == "irregular":
        times_s = np.array(irregular_times(DURATION_S, 30.0, dropped=0.1, seed=3))
    colours = np.array([150.0, 110.0, 90.0]) * (1 - DEPTH * np.sin(2 * np.pi * PULSE_HZ * times_s)[:, None, None])
    still = {"width": 240, "height": 180, "face_width": 0.6, "motion": 0.0, "drift": 0.0, "noise": 1.0}
    path = tmp_path_factory.mktemp("painted") / "clip.mkv"
    render_clip(path, Scene(**still, codec="ffv1", times_s=times_s, colours=np.repeat(colours, len(CELLS), axis=1)))
    return path, read_capture(path)


@pytest.mark.parametrize("rate_hz", [25.0, 30.0])
@pytest.mark.parametrize("follows", [False, True])
def test_skin_has_its_colours_at_the_true_times(painted_clip, rate_hz, follows):
    path, capture = painted_clip
    form = CropForm(side=32, rate_hz=rate_hz, width=0.6, height=0.6, follows=follows)
    place = 0.73, 3.6
    (crops,) = read_crops(path, capture.track, form, [place])
    assert (crops.dtype, crops.shape) == (np.uint8, (int((place[1] - place[0]) * rate_hz), 32, 32, 3))
    colour = crops.mean(axis=(1, 2))
    np.testing.assert_allclose(colour.mean(axis=0) / colour.mean(), np.array([150, 110, 90]) * 3 / 350, atol=0.08)
    green = colour[:, 1] / colour[:, 1].mean() - 1
    time_s = place[0] + np.arange(len(crops)) / rate_hz
    angle = 2 * np.pi * PULSE_HZ * time_s
    sine, cosine, _ = np.linalg.lstsq(
        np.stack([np.sin(angle), np.cos(angle), np.ones_like(angle)], 1), green, rcond=None
    )[0]
    assert -sine == pytest.approx(DEPTH, rel=0.25)
    assert np.arctan2(-cosine, -sine) / (2 * np.pi * PULSE_HZ) == pytest.approx(0, abs=0.0005)  # seconds


def test_they_lie_where_the_maps_columns_do():
    times_s = np.arange(0, 12, 0.04)
    for start_s, end_s in ((0.0, 11.93), (1.21, 11.21), (0.5, 3.0)):
        columns_s = resample(times_s, np.ones((len(times_s), 1, 3)), start_s, end_s).time_s
        np.testing.assert_array_equal(FIXED.grid_s(start_s, end_s), columns_s)


def test_between_two_frames_they_are_blended():
    levels = ((0.1, 20), (0.3, 100), (0.5, 101))
    frames = (Frame(time_s, np.full((50, 50, 3), level, np.uint8)) for time_s, level in levels)
    form = replace(FIXED, rate_hz=20.0)
    (crops,) = cut_windows(frames, track_of([(25, 25)]), form, [(0.0, 0.65)])
    # Less than a level is in the mean.
    expected = [20, 20, 20, 40, 60, 80, 100, 100.25, 100.5, 100.75, 101, 101, 101]
    np.testing.assert_allclose(crops.mean(axis=(1, 2, 3)), expected, atol=0.01)
    assert np.ptp(crops, axis=(1, 2, 3)).max() == 1


def test_a_fixed_box_stays_and_one_that_follows_comes_after():
    times_s = np.arange(90) / 30
    moved = track_of([(60 + 60 * time_s / 3, 50) for time_s in times_s], times_s)
    (stays,), (goes,) = (
        cut_windows(frames_of(ramp(), times_s), moved, form, [(0.0, 3.0)]) for form in (FIXED, FOLLOWS)
    )
    np.testing.assert_array_equal(stays, np.broadcast_to(stays[:1], stays.shape))
    assert stays[0, ..., 0].mean() == pytest.approx(60, abs=1)
    at = goes[..., 0].mean(axis=(1, 2))
    assert at[0] == pytest.approx(60, abs=1)
    assert at[-1] == pytest.approx(60 + 20 * (times_s[-1] - 0.3), abs=1)  # 9 frames late: 0.9 / (1 - 0.9)
    np.testing.assert_array_equal(np.ptp(goes[..., 0], axis=(1, 2)), np.ptp(goes[0, ..., 0]))


def test_it_follows_as_fast_at_any_frame_rate():
    places = []
    for rate_hz in (15, 30, 60):
        times_s = np.arange(2 * rate_hz) / rate_hz
        track = track_of([(60 if time_s < 1 else 100, 50) for time_s in times_s], times_s)
        (crops,) = cut_windows(frames_of(ramp(), times_s), track, FOLLOWS, [(0.0, 2.0)])
        places.append(crops[40, ..., 0].mean())
    assert np.ptp(places) < 3
    assert 80 < np.mean(places) < 95


def test_a_box_waits_where_the_face_was_lost_and_before_it_is_first_seen():
    times_s = np.arange(120) / 30
    seen = [time_s for time_s in times_s if 1 <= time_s < 2 or time_s >= 3]
    track = track_of([(60 + 20 * time_s, 50) for time_s in seen], seen)
    (crops,) = cut_windows(frames_of(ramp(), times_s), track, FOLLOWS, [(0.0, 4.0)])
    at = crops[..., 0].mean(axis=(1, 2))
    assert np.ptp(at[:31]) == np.ptp(at[60:90]) == 0
    assert at[0] == pytest.approx(80, abs=1)
    assert 90 < at[60] < 100


def test_a_box_ends_at_the_picture_or_repeats_its_edge():
    """The face is at the left edge: a third of its box, 10 of 40 columns, is outside."""
    track = track_of([(10, 50)])
    (ends,), (repeats,) = (
        cut_windows(frames_of(ramp(), (0.0, 1.0)), track, form, [(0.0, 1.0)]) for form in (FIXED, FOLLOWS)
    )
    red = ends[0, 0, :, 0]
    assert red.max() == 29
    np.testing.assert_allclose(red, np.linspace(0, 29, 32), atol=1)
    assert (repeats[0, 0, :8, 0] == 0).all()
    assert repeats[0, 0, 9:, 0].min() > 0
    assert repeats[..., 0].max() == 29


def test_a_box_outside_of_the_picture_is_its_edge():
    for form in (FIXED, FOLLOWS):
        (crops,) = cut_windows(frames_of(ramp(), (0.0, 1.0)), track_of([(400, -300)]), form, [(0.0, 0.5)])
        assert (crops[..., 0] == 199).all()
        assert (crops[..., 1] == 0).all()


@pytest.mark.parametrize("missing_s", [0.5, 4.0])
def test_no_window_takes_anything_from_beyond_a_break(missing_s):
    first_s = np.arange(150) / 30
    second_s = first_s[-1] + missing_s + first_s
    frames = [Frame(time_s, np.full((50, 50, 3), 50, np.uint8)) for time_s in first_s]
    frames += [Frame(time_s, np.full((50, 50, 3), 200, np.uint8)) for time_s in second_s]
    places = [(0.01, 5.01), (second_s[0] - 0.01, second_s[0] + 4.99)]
    before, after = cut_windows(frames, track_of([(25, 25)]), FIXED, places)
    assert (before == 50).all()
    assert (after == 200).all()


def test_of_a_minute_only_the_open_windows_are_kept():
    places = place_windows(60.0)
    assert len(places) == 10
    window = len(FIXED.grid_s(*places[0])) * FIXED.side**2 * 3
    frames = frames_of(ramp(), np.arange(1800) / 30)
    given = []
    tracemalloc.start()
    try:
        for crops in cut_windows(frames, track_of([(60, 50)]), FIXED, places):
            assert crops.nbytes == window
            assert all(one() is None for one in given), "what was given away is kept"
            given.append(weakref.ref(crops))
            del crops
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(given) == 10
    assert peak < 4.5 * window  # four are open where windows of 15 s begin every 5 s


def test_the_clip_is_read_no_further_than_its_last_window():
    read = []
    frames = (read.append(frame) or frame for frame in frames_of(ramp(), np.arange(900) / 30))
    assert len([*cut_windows(frames, track_of([(60, 50)]), FIXED, [(0.0, 2.0), (1.0, 3.0)])]) == 2
    assert len(read) <= 91


def test_without_a_face_or_a_frame_there_are_no_crops():
    with pytest.raises(ValueError, match="no face"):
        next(cut_windows(frames_of(ramp(), [0.0]), FaceTrack(), FIXED, [(0.0, 1.0)]))
    with pytest.raises(ValueError, match="no frame"):
        next(cut_windows(frames_of(ramp(), [0.0]), track_of([(60, 50)]), FIXED, [(5.0, 6.0)]))
