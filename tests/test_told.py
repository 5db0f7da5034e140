"""What a person tells stands beside a reading and never in it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bpdemo import BloodPressureEstimator
from bpdemo.cli.summary import summary
from bpdemo.estimate_json import json_schema
from bpdemo.models.told import predict
from bpdemo.told import WAYS, Told, ToldError, ToldPressure, ValueInterval, estimate_with_told
from tests.support.made_up_people import made_up_told
from tests.support.made_up_results import DIASTOLIC, SYSTOLIC

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FACE, WALL = EXAMPLES / "face_58_bpm.webm", EXAMPLES / "wall.mp4"
PERSON = Told(age=61, sex="female", height_cm=163, weight_kg=70.5)
PARAMETERS = made_up_told()


@pytest.fixture(scope="module")
def estimator(small_weights):
    """One whose weights know what traits say."""
    loaded = BloodPressureEstimator.from_pretrained(small_weights, device="cpu").weights
    return BloodPressureEstimator(replace(loaded, config=loaded.config.model_copy(update={"told": PARAMETERS})))


@pytest.fixture(scope="module")
def reading(estimator):
    return estimator.estimate(FACE, told=PERSON)


@pytest.mark.parametrize(
    "told",
    [
        PERSON,
        Told(),
        Told(age=1),
        Told(age=120),
        Told(height_cm=50, weight_kg=10),
        Told(height_cm=250.0, weight_kg=400.0),
        Told(sex="male"),
    ],
)
def test_what_a_person_can_be_is_taken(told):
    told.check()


@pytest.mark.parametrize(
    "told",
    [
        Told(age=0),
        Told(age=121),
        Told(age=-5),
        Told(age=math.nan),
        Told(age=math.inf),
        Told(age="54"),
        Told(age=True),
        Told(sex="woman"),
        Told(sex=""),
        Told(sex=1),
        Told(height_cm=1.7),
        Told(height_cm=251),
        Told(weight_kg=9.9),
        Told(weight_kg=401),
        Told(weight_kg=[70]),
    ],
)
def test_what_nobody_can_be_is_told_so(told):
    with pytest.raises(ToldError) as caught:
        told.check()
    assert caught.value.code == "told_invalid"
    assert caught.value.reason.message.endswith(".")
    assert caught.value.reason.remedy.endswith(".")


def test_only_what_was_told_is_said_again():
    assert str(PERSON) == "age 61, female, 163 cm, 70.5 kg"
    assert str(Told(sex="male", weight_kg=80)) == "male, 80 kg"
    assert not Told()
    assert Told(age=40)
    assert Told(sex="male").traits[1] == 0
    assert PERSON.traits == (61, 1, 163, 70.5)


def test_each_way_is_what_the_model_says_of_it():
    found = estimate_with_told(PERSON, PARAMETERS, SYSTOLIC, DIASTOLIC)
    assert (found.systolic.clip.value, found.systolic.clip.interval) == (SYSTOLIC.value, SYSTOLIC.interval)
    answer = (SYSTOLIC.value, DIASTOLIC.value)
    expected = {
        "words": predict(PARAMETERS, PERSON.traits),
        "both": predict(PARAMETERS, PERSON.traits, answer),
        "neither": predict(PARAMETERS, [math.nan] * 4),
    }
    for way, (value, half_width) in expected.items():
        for number, pressure in enumerate((found.systolic, found.diastolic)):
            assert getattr(pressure, way).value == pytest.approx(value[number])
            assert getattr(pressure, way).width == pytest.approx(2 * half_width[number])
    assert found.systolic.both.width < found.systolic.words.width < found.systolic.neither.width


@pytest.mark.parametrize(
    ("age", "is_outside"), [(PARAMETERS.ages[0], False), (PARAMETERS.ages[1] + 0.1, True), (5, True)]
)
def test_an_age_nobody_in_the_training_had_is_noted(age, is_outside):
    found = estimate_with_told(Told(age=age), PARAMETERS, SYSTOLIC, DIASTOLIC)
    assert [note.code for note in found.notes] == ["age_outside_training"] * is_outside
    assert found.systolic is not None


def test_weights_that_know_nothing_of_traits_say_so():
    found = estimate_with_told(PERSON, None, SYSTOLIC, DIASTOLIC)
    assert (found.person, found.systolic, found.diastolic) == (PERSON, None, None)
    assert [note.code for note in found.notes] == ["told_not_supported"]


def test_a_reading_has_it_beside_its_own_pressures(estimator, reading):
    plain = estimator.estimate(FACE)
    assert plain.told is None
    assert replace(reading, told=None).to_dict() == plain.to_dict()
    assert "told" not in plain.to_dict()
    assert reading.told.systolic.clip.value == reading.systolic.value
    assert reading.told.diastolic.clip.interval == reading.diastolic.interval


def test_the_json_form_carries_it_and_its_schema_says_so(reading):
    form = json.loads(json.dumps(reading.to_dict(), allow_nan=False))
    Draft202012Validator(json_schema()).validate(form)
    assert form["told"]["person"] == {"age": 61, "sex": "female", "height_cm": 163, "weight_kg": 70.5}
    assert form["told"]["notes"] == []
    assert form["told"]["systolic"].keys() == {"clip", "words", "both", "neither"}
    assert form["told"]["systolic"]["clip"]["value"] == form["systolic"]["value"]
    unsupported = replace(reading, told=estimate_with_told(Told(age=30), None, SYSTOLIC, DIASTOLIC)).to_dict()
    Draft202012Validator(json_schema()).validate(unsupported)
    assert unsupported["told"].keys() == {"person", "notes"}
    assert unsupported["told"]["person"] == {"age": 30}


def test_without_a_reading_words_alone_are_none(estimator):
    refused = estimator.estimate(WALL, told=PERSON)
    assert (refused.status, refused.told) == ("refused", None)
    assert "told" not in refused.to_dict()


def test_what_cannot_be_is_an_error_before_the_clip_is_opened(estimator):
    with pytest.raises(ToldError):
        estimator.estimate("nowhere.mp4", told=Told(age=500))
    (answer,) = estimator.answer_many(["nowhere.mp4"], processes=1, told=Told(age=500))
    assert (answer.status, answer.reasons[0].code) == ("error", "told_invalid")


def test_the_command_line_prints_three_lines_a_pressure(reading):
    lines = summary(reading).splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("told"))
    assert str(PERSON) in lines[first]
    told = lines[first + 1 : first + 7]
    for pressure, three in ((reading.told.systolic, told[:3]), (reading.told.diastolic, told[3:])):
        for way, line in zip(WAYS, three, strict=True):
            assert f" {getattr(pressure, way).value:.0f} mmHg" in line
            assert line.endswith(pressure.narrowing(way))
    assert "told" not in summary(replace(reading, told=None)).split()


def test_the_command_line_says_how_probable_much_is(reading):
    above = reading.systolic.at_least
    systolic = next(line for line in summary(reading).splitlines() if line.strip().startswith("systolic"))
    assert f"140 or more {100 * above.probability:.0f} %" in systolic
    untold = replace(reading, systolic=replace(reading.systolic, threshold=None))
    assert summary(untold).count(" or more ") == summary(reading).count(" or more ") - 1 == 1


@pytest.mark.parametrize(
    ("interval", "words"),
    [((100.0, 140.0), "20 mmHg narrower"), ((80.0, 141.0), "1 mmHg wider"), ((100.0, 160.3), "as wide")],
)
def test_an_interval_is_compared_with_the_peoples_own_spread(interval, words):
    around = ValueInterval(120.0, (90.0, 150.0))
    found = ToldPressure(clip=around, words=ValueInterval(120.0, interval), both=around, neither=around)
    assert found.narrowing("words") == words


@pytest.mark.slow
def test_it_goes_along_to_other_processes(small_weights):
    estimator = BloodPressureEstimator.from_pretrained(small_weights, device="cpu")
    answers = list(estimator.answer_many([FACE, WALL], processes=2, told=PERSON))
    assert answers[0].told.person == PERSON
    assert [note.code for note in answers[0].told.notes] == ["told_not_supported"]
