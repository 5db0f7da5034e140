"""A cuff reading moves later readings by one offset, and nothing else; what no cuff shows is refused."""

import json
from dataclasses import replace

import pytest

from bpdemo.cuff import Calibration, CuffReading, read_cuff
from bpdemo.errors import BpdemoError
from tests.support.made_up_results import READING, REFUSED


def reading(systolic, diastolic, model="beats"):
    return replace(
        READING,
        systolic=replace(READING.systolic, value=systolic),
        diastolic=replace(READING.diastolic, value=diastolic),
        weights=replace(READING.weights, model=model),
    )


def calibrated(cuff_systolic=130.0, cuff_diastolic=75.0, systolic=118.0, diastolic=70.0, model="beats"):
    return Calibration(CuffReading(cuff_systolic, cuff_diastolic), systolic, diastolic, 1.7e9, model)


def test_a_later_reading_is_moved_by_the_difference_and_the_raw_one_stays():
    later = reading(121.0, 68.0)
    adjusted = calibrated().adjust(later)
    assert (adjusted.systolic, adjusted.diastolic) == (133.0, 73.0)
    assert adjusted.calibration.offset == (12.0, 5.0)
    assert (later.systolic.value, later.diastolic.value) == (121.0, 68.0)
    form = json.loads(json.dumps(adjusted.to_dict(), allow_nan=False))
    assert form["systolic"] == {"value": 133.0, "unit": "mmHg"}
    assert form["cuff"] == {"systolic": 130.0, "diastolic": 75.0}
    assert form["cuff_entered"] == "2023-11-14T22:13:20+00:00"


def test_values_that_make_no_sense_are_not_told():
    adjusted = calibrated(100.0, 90.0, systolic=140.0, diastolic=60.0).adjust(reading(110.0, 75.0))
    assert not adjusted.plausible
    assert not {"systolic", "diastolic"} & adjusted.to_dict().keys()


def test_only_a_reading_by_the_same_model_is_adjusted():
    assert calibrated().adjust(REFUSED) is None
    assert calibrated().adjust(reading(118.0, 70.0, model="paper")) is None
    assert calibrated(model="paper").adjust(reading(118.0, 70.0, model="paper")).systolic == 130.0


@pytest.mark.parametrize("values", [(120, 80), (120.5, 79.5), (60, 30), (260, 160)])
def test_what_a_cuff_shows_is_taken(values):
    assert read_cuff(*values) == CuffReading(*map(float, values))


@pytest.mark.parametrize(
    "values",
    [
        (None, 80), (120, None), (float("nan"), 80), (120, float("inf")), ("120", 80), ([120], 80), (80, 120),
        (100, 100), (59.9, 40), (261, 80), (120, 29), (220, 161), (120, -5),
    ],
    ids=repr,
)  # fmt: skip
def test_what_no_cuff_shows_is_refused(values):
    with pytest.raises(BpdemoError) as caught:
        read_cuff(*values)
    assert caught.value.code == "cuff_invalid"
