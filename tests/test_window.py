"""One way through a window: what is measured, averaged and judged belongs together."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.capture import CaptureReport
from bpdemo.clip_report import ClipReport
from bpdemo.face import FaceReport
from bpdemo.quality import check_face
from bpdemo.self_check import made_up_face
from bpdemo.stmap import build_stmap, resample
from bpdemo.window import read_window, window_places

FILE = ClipReport("mp4", "h264", 640, 480, 0, 9_000_000, 300, 10.0, 30.0)
FACE = FaceReport(20, 1.0, 1, 180.0, 3.0, 0.02, 120.0, 0.0)
REPORT = CaptureReport(FILE, FACE)


def failed(window):
    return [check.name for check in window.checks if not check.passed]


def test_a_face_with_a_pulse_is_a_reading_whose_parts_belong_together():
    traces = made_up_face(rate_hz=1.1)
    window = read_window(traces, 0.0, 10.0, REPORT)
    assert (window.status, window.reasons, failed(window)) == ("reading", (), [])
    assert window.heart_rate.value == pytest.approx(66, abs=1)
    assert window.beats.rate_hz == window.pulse.rate_hz == pytest.approx(window.heart_rate.value / 60)
    assert set(window.beats.beats_s) <= set(window.pulse.beats_s)
    np.testing.assert_allclose(np.diff(window.pulse.beats_s), 1 / 1.1, atol=0.05)
    resampled = resample(traces.time_s, traces.colours, 0.0, 10.0)
    np.testing.assert_array_equal(window.stmap.values, build_stmap(resampled).values)
    np.testing.assert_array_equal(window.stmap.time_s, window.pulse.time_s)


def test_noise_is_refused_with_the_checks_that_failed():
    traces = made_up_face()
    noise = np.random.default_rng(1).normal(0, 1, traces.colours.shape)
    window = read_window(replace(traces, colours=130 + noise), 0.0, 10.0, REPORT)
    assert [reason.code for reason in window.reasons] == ["no_pulse"]
    assert window.heart_rate is None
    assert "pulse_probability" in failed(window)
    assert window.evidence.probability < 0.5
    assert len(window.checks) > len(failed(window))


def test_without_a_report_nothing_is_asked_of_coding_and_face():
    with_report = {check.name for check in read_window(made_up_face(), 0, 10, REPORT).checks}
    without = {check.name for check in read_window(made_up_face(), 0, 10).checks}
    assert with_report - without == {
        "bits_per_pixel",
        "window_frame_rate_hz",
        *(check.name for check in check_face(FACE)),
    }


def test_reasons_to_refuse_the_clip_are_the_windows_too_but_its_pulse_stays():
    dark = CaptureReport(FILE, replace(FACE, luma=20.0))
    window = read_window(made_up_face(), 0, 10, dark)
    assert [reason.code for reason in window.reasons] == ["too_dark"]
    assert window.heart_rate.value == pytest.approx(72, abs=1)


def test_no_cell_seen_is_a_face_lost():
    traces = made_up_face()
    window = read_window(replace(traces, colours=np.full_like(traces.colours, np.nan)), 0, 10)
    assert [reason.code for reason in window.reasons] == ["face_lost"]
    assert window.pulse is window.beats is window.heart_rate is None


def test_three_seconds_have_no_heart_rate():
    window = read_window(made_up_face(), 0, 3)
    assert window.heart_rate is None
    assert np.isfinite(window.pulse.wave).all()


def test_colour_in_the_light_around_the_head_is_no_pulse():
    traces = made_up_face()
    lit = traces.colours[:, 0] * 0.8
    window = read_window(replace(traces, surround=lit), 0, 10)
    assert [reason.code for reason in window.reasons] == ["light_flicker"]


def test_a_clip_too_short_for_a_reading_is_one_window_and_one_without_a_face_none():
    assert window_places(CaptureReport(replace(FILE, duration_s=3.0), FACE)) == [(0.0, 3.0)]
    assert len(window_places(CaptureReport(replace(FILE, duration_s=45.0), FACE))) == 7
    assert window_places(CaptureReport(FILE, replace(FACE, seen=0.0))) == []
    assert window_places(CaptureReport(replace(FILE, duration_s=0.0), FACE)) == []


def places(duration_s, *breaks_s):
    return window_places(CaptureReport(replace(FILE, duration_s=duration_s, breaks_s=breaks_s), FACE))


def test_no_window_goes_across_a_break():
    assert places(39.0, (14.0, 38.97)) == [(0, 14)]
    assert places(29.0, (3.0, 18.0)) == [(18, 29)]
    assert places(45.0, (12.0, 12.5)) == [(0, 12), *((start, start + 15) for start in np.linspace(12.5, 30, 5))]
    assert places(16.5, (7.0, 7.5)) == [(7.5, 16.5)], "the longest, where none is long enough"


def test_a_window_of_too_few_frames_is_refused_though_the_clip_is_not():
    traces = made_up_face(rate_hz=1.1)
    known = {name: value[::5] for name, value in vars(traces).items() if value is not None}
    slow = replace(traces, **known)
    window = read_window(slow, 0.0, 10.0, REPORT)
    assert [reason.code for reason in window.reasons] == ["frame_rate_low"]
    assert failed(window)[0] == "window_frame_rate_hz"


def test_the_heads_place_is_measured_in_face_widths_and_gaps_are_bridged():
    traces = made_up_face()
    place = np.full((300, 2), 320.0)
    place[:, 0] += 0.01 * FACE.width_pixels * np.sin(2 * np.pi * 1.2 * traces.time_s)
    place[140:144] = np.nan
    swinging = read_window(replace(traces, position=place), 0, 10, REPORT)
    assert swinging.pulse.head_swing == pytest.approx(0.01, rel=0.1)
    still = read_window(replace(traces, position=np.full((300, 2), 320.0)), 0, 10, REPORT)
    assert still.evidence.probability > read_window(traces, 0, 10, REPORT).evidence.probability
    assert still.evidence.probability > swinging.evidence.probability
    for unknown in (None, np.full((300, 2), np.nan)):
        assert np.isnan(read_window(replace(traces, position=unknown), 0, 10, REPORT).pulse.head_swing)


def test_a_rate_beyond_the_band_is_not_given():
    window = read_window(made_up_face(rate_hz=205 / 60), 0, 10, REPORT)
    assert [reason.code for reason in window.reasons] == ["rate_uncertain"]
    assert (window.has_pulse, window.heart_rate) == (False, None)


def test_a_pulse_in_step_with_key_frames_of_few_bits_is_not_given():
    file = replace(FILE, bit_rate_kbps=1500.0, key_frame_interval_s=60 / 72)
    window = read_window(made_up_face(), 0, 10, CaptureReport(file, FACE))
    assert [reason.code for reason in window.reasons] == ["too_compressed"]
    assert window.heart_rate is None
    assert read_window(made_up_face(rate_hz=1.5), 0, 10, CaptureReport(file, FACE)).heart_rate is not None
