"""One pass over a clip gives its colours, its report and a few pictures."""

import numpy as np
import pytest

from bpdemo.capture import MAX_THUMBNAILS, THUMBNAIL_HEIGHT, read_capture
from bpdemo.clip import Clip
from bpdemo.errors import ClipError
from bpdemo.face import FaceTracker
from bpdemo.regions import CELLS, read_traces


@pytest.fixture(scope="module")
def capture(pulse_clip):
    return read_capture(pulse_clip.path)


def test_colours_are_those_of_the_steps_one_after_another(capture, pulse_clip):
    """Steps run in threads of their own; what comes out must not depend on it."""
    with Clip(pulse_clip.path) as clip, FaceTracker() as tracker:
        traces = read_traces(tracker.follow(clip.frames()))
    for name, values in vars(traces).items():
        np.testing.assert_array_equal(getattr(capture.traces, name), values)


def test_the_report_tells_file_and_face(capture, pulse_clip):
    file, face = capture.report.file, capture.report.face
    assert (file.frames, file.codec) == (pulse_clip.truth["frames"], "h264")
    assert file.duration_s == pytest.approx(15.0, abs=0.05)
    assert capture.traces.colours.shape == (file.frames, len(CELLS), 3)
    assert (face.seen, face.faces) == (1.0, 1)
    assert face.luma == pytest.approx(np.nanmedian(capture.traces.luma))
    assert 0 <= face.clipped < 0.05


def test_thumbnails_are_spread_over_the_clip_small_and_marked(capture):
    thumbnails = capture.thumbnails
    assert 4 <= len(thumbnails) <= MAX_THUMBNAILS
    assert thumbnails[0].time_s == 0
    steps = np.diff([thumbnail.time_s for thumbnail in thumbnails])
    assert steps.min() == pytest.approx(steps.max(), abs=0.1)
    assert thumbnails[-1].time_s > 10
    for thumbnail in thumbnails:
        height, width = thumbnail.image.shape[:2]
        assert height <= THUMBNAIL_HEIGHT
        assert (thumbnail.landmarks.min(axis=0) > 0).all()
        assert (thumbnail.landmarks.max(axis=0) < (width, height)).all()


def test_without_a_face_there_is_no_brightness(wall_clip):
    capture = read_capture(wall_clip.path)
    assert capture.report.face.seen == 0
    assert capture.report.face.luma is capture.report.face.clipped is None
    assert np.isnan(capture.traces.colours).all()
    assert all(thumbnail.landmarks is None for thumbnail in capture.thumbnails)


def test_progress_rises_to_the_end_of_the_file(pulse_clip):
    seen = []
    read_capture(pulse_clip.path, lambda share, step: seen.append((share, step)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert {step for _, step in seen} == {"face"}


def test_what_progress_raises_ends_the_reading(pulse_clip):
    class LeftError(Exception):
        pass

    def leave(_share, _step):
        raise LeftError

    with pytest.raises(LeftError):
        read_capture(pulse_clip.path, leave)


def test_what_is_no_clip_is_an_error(text_file):
    with pytest.raises(ClipError) as raised:
        read_capture(text_file)
    assert raised.value.code == "not_a_video"
