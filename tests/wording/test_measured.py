"""What is measured is put into words, and what is not known is no number."""

from dataclasses import replace

from bpdemo.wording.checks import check_rows
from bpdemo.wording.measured import capture_rows
from bpdemo.wording.numbers import percent_down
from tests.support.made_up_results import CAPTURE, FACE, FILE, judge_again, make_window


def test_a_probability_just_below_its_bound_does_not_read_as_if_it_met_it():
    assert [percent_down(probability) for probability in (0.4999, 0.5, 0.7499, 0.9999)] == [
        "49 %",
        "50 %",
        "74 %",
        "99 %",
    ]


def test_what_is_not_known_of_the_coding_is_no_number():
    window = judge_again(make_window(), replace(FILE, bit_rate_kbps=0.0))
    assert ("not known", "at least 0.12", "yes") in [row[1:] for row in check_rows(window.checks)]


def test_the_capture_report_leaves_out_what_was_not_measured():
    turned = replace(FILE, rotation_degrees=90)
    rows = dict(capture_rows(replace(CAPTURE, file=turned, face=type(FACE)(key_frames=2))))
    assert rows["Picture"] == "640 x 480 pixels, turned 90°"
    assert rows["Longest gap"] == "33 ms"
    assert rows["Key frames, one every"] == "5.0 s"
    without = replace(CAPTURE, file=replace(FILE, key_frame_interval_s=None))
    assert dict(capture_rows(without))["Key frames, one every"] == "15.0 s"
    assert "Brightness of the skin" not in rows
    assert not any("nan" in text.lower() or "none" in text.lower() for text in rows.values())
