"""A clip of several windows: each is judged by its own stretch, and those that agree decide."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.cli.summary import summary
from bpdemo.estimate import agreeing_windows, best_window
from bpdemo.estimator import BloodPressureEstimator, map_clip
from bpdemo.window import read_windows
from tests.support.made_up_capture import make_capture


@pytest.fixture(scope="module")
def estimator(small_weights):
    return BloodPressureEstimator.from_pretrained(small_weights, "cpu")


@pytest.fixture
def read(estimator, monkeypatch):
    """Return the estimate of a made-up capture."""

    def read_one(*arguments, **stretches):
        capture = make_capture(*arguments, **stretches)
        monkeypatch.setattr("bpdemo.estimator.read_capture", lambda *_: capture)
        return estimator.estimate("clip.mp4")

    return read_one


def codes(window):
    return [reason.code for reason in window.reasons]


@pytest.mark.parametrize(
    ("stretch", "code"),
    [("dark_s", "too_dark"), ("shaking_s", "too_much_motion"), ("away_s", "face_lost"), ("still_s", "no_pulse")],
)
def test_a_bad_stretch_refuses_itself_and_not_the_clip(read, stretch, code):
    """Most of the clip is bad, and by the clip as a whole it would be refused."""
    estimate = read(60, **{stretch: (0, 45)})
    by_start = {window.start_s: codes(window) for window in estimate.windows}
    assert by_start[0.0] == [{"face_lost": "no_face"}.get(code, code)]
    assert by_start[45.0] == []
    assert code in {code for found in by_start.values() for code in found}
    assert estimate.level == "reading"
    assert estimate.heart_rate.value == pytest.approx(72, abs=1)
    assert estimate.best_window.start_s == 45.0
    assert estimate.failed_checks == ()


def test_a_clip_of_bad_stretches_only_is_refused_for_what_can_be_mended(read):
    estimate = read(30, dark_s=(0, 30))
    assert codes(estimate) == ["too_dark"]
    assert [check.name for check in estimate.failed_checks][:1] == ["luma"]
    assert estimate.failed_checks[0].low == 40


def test_a_heart_that_speeds_up_is_one_course(read):
    estimate = read(60, rate_hz=lambda time_s: 1.0 + time_s / 120)
    rates = [window.heart_rate.value for window in estimate.windows]
    assert rates == sorted(rates)
    assert rates[-1] - rates[0] > 15
    assert len(agreeing_windows(estimate.windows)) == len(estimate.windows) == 10
    assert estimate.heart_rate.value == pytest.approx(np.median(rates))
    low, high = estimate.heart_rate.interval
    assert low < estimate.heart_rate.value < high < low + 2
    assert not estimate.notes


def test_a_rate_that_contradicts_most_is_left_out_and_noted(read):
    estimate = read(60, rate_hz=lambda time_s: np.where(time_s < 20, 2.0, 1.2))
    assert estimate.heart_rate.value == pytest.approx(72, abs=1)
    assert [note.code for note in estimate.notes] == ["rates_differ"]
    agreeing = agreeing_windows(estimate.windows)
    assert estimate.best_window in agreeing
    assert len(agreeing) < len(estimate.windows)
    read_ones = [window for window in agreeing if window.status == "reading"]
    assert estimate.systolic.value == pytest.approx(np.mean([window.systolic.value for window in read_ones]))


def test_rates_of_which_none_has_most_windows_are_not_given(read):
    estimate = read(30, rate_hz=lambda time_s: np.where(time_s < 15, 2.0, 1.2))
    rates = [window.heart_rate.value for window in estimate.windows if window.heart_rate]
    assert max(rates) > 1.5 * min(rates)
    assert (estimate.level, estimate.heart_rate, codes(estimate)) == ("nothing", None, ["rates_differ"])


def test_the_map_that_is_written_is_the_best_windows(monkeypatch):
    capture = make_capture(30, dark_s=(0, 15))
    monkeypatch.setattr("bpdemo.estimator.read_capture", lambda *_: capture)
    best = best_window(read_windows(capture))
    assert best.start_s == 15.0
    np.testing.assert_array_equal(map_clip("clip.mp4").values, best.stmap.values)


def test_of_a_clip_that_is_too_short_nothing_is_told_of_its_pulse(read):
    estimate = read(3)
    assert codes(estimate) == ["too_short"]
    assert [check.name for check in estimate.failed_checks] == ["duration_s"]
    assert not all(check.passed for check in estimate.windows[0].checks)


def test_the_command_line_tells_the_three_levels(read):
    reading = read(30)
    text = summary(reading)
    low, high = reading.heart_rate.interval
    assert f"72.0 bpm, interval {low:.1f} to {high:.1f}" in text
    assert "4: 4 read, 4 with a pulse" in text
    lines = summary(read(30, dark_s=(0, 30))).splitlines()
    assert any("of 255; it must be at least 40" in line for line in lines)
    pulse = replace(reading, status="refused", systolic=None, diastolic=None, reasons=reading.reasons)
    assert pulse.level == "pulse"
    assert "pulse only" in summary(pulse)
