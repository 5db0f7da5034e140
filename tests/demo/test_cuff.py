"""A cuff reading moves later readings by one offset, and nothing else; what is no cuff reading is told so."""

import json
from dataclasses import replace

import pytest

from bpdemo.cuff import CuffReading
from bpdemo.demo.cuff import CalibrationError, calibrate, keep_numbers, read_cuff
from bpdemo.demo.views.result import result
from tests.support.made_up_results import CONFIG, READING, REFUSED, make_reading


def reading(systolic, diastolic):
    return replace(
        READING,
        systolic=replace(READING.systolic, value=systolic),
        diastolic=replace(READING.diastolic, value=diastolic),
    )


def calibrated(cuff_systolic, cuff_diastolic, systolic=118.4, diastolic=70.4, **options):
    shown = keep_numbers(reading(systolic, diastolic))
    return replace(calibrate(CuffReading(cuff_systolic, cuff_diastolic), shown), **options)


def test_a_later_reading_is_moved_by_the_difference_and_the_raw_one_stays():
    adjusted = calibrated(130.0, 75.0, systolic=118.0, diastolic=70.0).adjust(reading(121.0, 68.0))
    assert (adjusted.systolic, adjusted.diastolic) == (133.0, 73.0)
    assert adjusted.calibration.offset == (12.0, 5.0)


def test_both_are_shown_side_by_side_and_marked():
    later = reading(121.0, 68.0)
    calibration = calibrated(130.0, 75.0, systolic=118.0, diastolic=70.0)
    minutes_ago = replace(calibration, entered_s=calibration.entered_s - 12 * 60)
    html = result(later, CONFIG, adjusted=minutes_ago.adjust(later))
    for part in (
        "121<i>/</i>68",
        "133<i>/</i>73",
        "raw",
        "Adjusted by your own cuff reading",
        "+12 / +5 mmHg",
        "12 min ago",
    ):
        assert part in html
    assert "No interval is known" in html
    assert "<i>/</i>73" not in result(later, CONFIG), "without a calibration there is nothing to show"


def test_the_reading_it_was_compared_with_becomes_the_cuff_reading_and_says_why():
    calibration = calibrated(130.0, 75.0)
    html = result(READING, CONFIG, adjusted=calibration.adjust(READING, is_itself=True))
    assert "130<i>/</i>75" in html
    assert "by construction" in html


def test_values_that_make_no_sense_are_not_shown():
    adjusted = calibrated(100.0, 90.0, systolic=140.0, diastolic=60.0).adjust(reading(110.0, 75.0))
    assert not adjusted.plausible
    html = result(reading(110.0, 75.0), CONFIG, adjusted=adjusted)
    assert "Take a new cuff reading" in html
    assert "Adjusted by your own cuff reading</span>" not in html
    assert "systolic" not in adjusted.to_dict()


def test_what_is_no_reading_is_not_adjusted():
    assert calibrated(130.0, 75.0).adjust(REFUSED) is None


def test_a_reading_by_another_model_is_not_adjusted():
    other = replace(READING, weights=replace(READING.weights, model="paper"))
    assert calibrated(130.0, 75.0).adjust(other) is None
    assert calibrate(CuffReading(130.0, 75.0), keep_numbers(other)).adjust(other).systolic == 130.0


@pytest.mark.parametrize("values", [(120, 80), (120.5, 79.5), (60, 30), (260, 160)])
def test_what_a_cuff_shows_is_taken(values):
    assert read_cuff(*values) == CuffReading(*map(float, values))


@pytest.mark.parametrize(
    ("systolic", "diastolic", "code"),
    [
        (None, 80, "cuff_not_a_number"),
        (120, None, "cuff_not_a_number"),
        (float("nan"), 80, "cuff_not_a_number"),
        (120, float("inf"), "cuff_not_a_number"),
        ("120", 80, "cuff_not_a_number"),
        (True, 80, "cuff_not_a_number"),
        (80, 120, "cuff_order"),
        (100, 100, "cuff_order"),
        (59.9, 40, "cuff_systolic_out_of_range"),
        (261, 80, "cuff_systolic_out_of_range"),
        (120, 29, "cuff_diastolic_out_of_range"),
        (220, 161, "cuff_diastolic_out_of_range"),
        (120, -5, "cuff_diastolic_out_of_range"),
    ],
)
def test_what_no_cuff_shows_is_told_in_plain_words(systolic, diastolic, code):
    with pytest.raises(CalibrationError) as caught:
        read_cuff(systolic, diastolic)
    assert caught.value.code == code
    assert caught.value.reason.message.endswith(".")
    assert caught.value.reason.remedy.endswith(".")


def test_without_a_reading_there_is_nothing_to_compare_with():
    with pytest.raises(CalibrationError) as caught:
        calibrate(CuffReading(120.0, 80.0), keep_numbers(REFUSED))
    assert caught.value.code == "no_reading_to_calibrate"


def test_nothing_of_a_clip_is_kept_of_the_reading_on_the_page():
    kept = keep_numbers(replace(make_reading(), clip="a_persons_name.mp4", path="/a_persons_name.mp4")).estimate
    assert kept.thumbnails == ()
    assert kept.windows == ()
    assert kept.capture is None
    assert "a_persons_name" not in repr(kept) + json.dumps(kept.to_dict())
