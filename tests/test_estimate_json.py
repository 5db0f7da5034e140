"""The JSON form `bpdemo.estimate/2`: what it holds, what it leaves out, and that its schema says so."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from bpdemo.capture import CaptureReport
from bpdemo.clip_report import ClipReport
from bpdemo.errors import BpdemoError
from bpdemo.estimate import (
    Baseline,
    Estimate,
    HeartRateVariability,
    MovedBy,
    PressureEstimate,
    RangeEstimate,
    Respiration,
)
from bpdemo.estimate_json import json_schema, to_json
from bpdemo.evidence import load_questions
from bpdemo.face import FaceReport
from bpdemo.quality import check_capture
from bpdemo.reasons import like_average, reason
from bpdemo.self_check import made_up_face
from bpdemo.window import WindowEstimate, read_window

REPORT = CaptureReport(
    ClipReport("mov,mp4", "h264", 640, 480, 0, 9_000_000, 300, 10.0, 29.97002997, 0.12345, 0.0334, 4600.123),
    FaceReport(20, 1.0, 1, 180.04321, 3.0, 0.0212345, 119.96, 0.00012345),
)
PRESSURE = PressureEstimate(
    value=121.26,
    interval=(89.04, 153.48),
    coverage=0.9,
    ranges=(RangeEstimate(80, 120, 0.33333333, 101.11), RangeEstimate(120, 180, 0.66666667, 131.77)),
    baseline=Baseline(127.54, 16.26),
)


@pytest.fixture(scope="module")
def reading():
    window = WindowEstimate(
        **vars(read_window(made_up_face(), 0.0, 10.0, REPORT)), systolic=PRESSURE, diastolic=PRESSURE
    )
    return Estimate(
        clip="me.mp4",
        status="reading",
        systolic=PRESSURE,
        diastolic=PRESSURE,
        heart_rate=window.heart_rate,
        checks=check_capture(REPORT),
        windows=(window,),
        capture=REPORT,
        path="clips/me.mp4",
    )


def test_a_reading_carries_checks_beats_method_and_rounded_numbers(reading):
    form = json.loads(json.dumps(to_json(reading), allow_nan=False))
    assert (form["schema"], form["status"]) == ("bpdemo.estimate/2", "reading")
    assert (form["clip"], form["path"]) == ("me.mp4", "clips/me.mp4")
    assert (form["method"], form["model"], form["weights"]) == ("pos", None, None)
    assert form["systolic"] == {
        "value": 121.3,
        "unit": "mmHg",
        "interval": [89.0, 153.5],
        "coverage": 0.9,
        "ranges": [
            {"low": 80, "high": 120, "probability": 0.3333, "value": 101.1},
            {"low": 120, "high": 180, "probability": 0.6667, "value": 131.8},
        ],
        "baseline": {"value": 127.5, "mean_absolute_error": 16.3},
    }
    window = form["windows"][0]
    assert window["systolic"] == {"value": 121.3, "unit": "mmHg", "interval": [89.0, 153.5]}
    low, high = form["heart_rate"]["interval"]
    assert low < form["heart_rate"]["value"] < high < low + 2
    assert (form["level"], form["failed_checks"]) == ("reading", [])
    assert window["heart_rate"]["value"] == form["heart_rate"]["value"] == pytest.approx(72, abs=1)
    assert [each["name"] for each in window["methods"]] == ["green", "chrom", "pos"]
    assert all(each["heart_rate"] == pytest.approx(72, abs=1) and each["snr_db"] > 5 for each in window["methods"])
    assert len(window["beats_s"]) == pytest.approx(12, abs=1)
    assert form["capture"]["frame_rate_hz"] == 29.97
    assert form["capture"]["face"]["clipped"] == 0.0001
    assert form["capture"]["cut_at_s"] is None


ALIKE = replace(PRESSURE, scatter=3.3)  # 6.28 from the mean; 1.96 scatters are 6.47


def test_what_a_pressure_rests_on_is_there_where_it_is_known(reading):
    moved = MovedBy({"nose": -1.26, "chin": -0.04}, {})
    known = replace(PRESSURE, threshold=120.0, scatter=3.2, moved_by=moved)
    estimate = replace(reading, systolic=known, diastolic=replace(ALIKE, threshold=110.0))
    form = json.loads(json.dumps(to_json(estimate)))
    Draft202012Validator(json_schema()).validate(form)
    assert form["systolic"]["at_least"] == {"value": 120, "probability": 0.6667}
    assert form["systolic"]["differs_from_average"] is True
    assert form["systolic"]["moved_by"] == {"regions": {"nose": -1.3, "chin": 0.0}, "phases": {}}
    assert "-0.0" not in json.dumps(form["systolic"])
    assert form["diastolic"]["differs_from_average"] is False
    assert not {"at_least", "moved_by"} & form["diastolic"].keys()


@pytest.mark.parametrize(("threshold", "probability"), [(100, 0.9), (120, 0.7), (140, 0.4), (80, None), (130, None)])
def test_the_probability_of_much_is_that_of_the_ranges_from_there_on(threshold, probability):
    shares = zip((80, 100, 120, 140), (100, 120, 140, 180), (0.1, 0.2, 0.3, 0.4), strict=True)
    ranges = tuple(RangeEstimate(low, high, share, low + 5) for low, high, share in shares)
    found = replace(PRESSURE, ranges=ranges, threshold=float(threshold)).at_least
    assert (found and found.probability) == (probability and pytest.approx(probability))
    assert replace(PRESSURE, ranges=ranges).at_least is None


def test_a_note_names_the_pressures_that_might_as_well_be_the_mean():
    differs = replace(PRESSURE, scatter=3.2)
    assert like_average(differs, differs) is None
    assert like_average(PRESSURE, PRESSURE) is None
    for pair, named in (((ALIKE, ALIKE), "128/128"), ((ALIKE, differs), "systolic"), ((differs, ALIKE), "diastolic")):
        note = like_average(*pair)
        assert note.code == "like_average"
        assert named in note.message
        assert ("128/128" in note.message) == (named == "128/128")


def test_what_takes_a_whole_clip_is_there_with_a_value_or_a_reason(reading):
    assert not {"heart_rate_variability", "respiration"} & to_json(reading).keys()
    variability = HeartRateVariability(None, 31.26, 39.2, 22.61, 70)
    long = replace(reading, heart_rate_variability=variability, respiration=Respiration(14.96, 0.444))
    form = to_json(long)
    assert form["heart_rate_variability"] == {
        "sdnn_ms": 31.3,
        "rmssd_error_ms": 39.2,
        "sdnn_error_ms": 22.6,
        "intervals": 70,
    }
    assert form["respiration"] == {"value": 15.0, "error": 0.4, "unit": "breaths/min"}
    short = replace(reading, respiration=Respiration(reason=reason("too_short_for_respiration")))
    assert to_json(short)["respiration"]["reason"]["code"] == "too_short_for_respiration"
    for estimate in (long, short):
        Draft202012Validator(json_schema()).validate(to_json(estimate))


def test_checks_keep_value_bounds_and_answer(reading):
    form = to_json(reading)
    clip = {check["name"]: check for check in form["checks"]}
    window = {check["name"]: check for check in form["windows"][0]["checks"]}
    bounds = {"value": 119.96, "low": 40, "high": 235}
    assert clip["luma"] == {"name": "luma", **bounds, "passed": True, "reason": "too_dark"}, "the nearer side"
    assert clip["duration_s"].keys() == {"name", "value", "low", "passed", "reason"}
    assert window["rival_db"].keys() == {"name", "value", "high", "passed", "reason"}
    assert window["amplitude"]["low"] == 0.0003


def test_evidence_has_one_probability_and_what_each_answer_adds_to_it(reading):
    evidence = to_json(reading)["windows"][0]["evidence"]
    assert evidence["probability"] > 0.9
    odds = load_questions()[1] + sum(answer["log_odds"] for answer in evidence["answers"])
    assert 1 / (1 + np.exp(-odds)) == pytest.approx(evidence["probability"], abs=0.001)
    answers = {answer["name"]: answer for answer in evidence["answers"]}
    assert answers["region_agreement"]["value"] == pytest.approx(1, abs=0.01)
    assert answers["surround_share"] == {"name": "surround_share", "log_odds": 0}, "nothing was around this head"
    hidden = replace(reading.windows[0], pulse=None, evidence=None, beats=None, has_pulse=False)
    assert not {"evidence", "wave", "beats_s"} & to_json(replace(reading, windows=(hidden,)))["windows"][0].keys()


def test_the_wave_is_given_where_there_is_a_pulse_only(reading):
    window = reading.windows[0]
    form = to_json(reading)["windows"][0]["wave"]
    assert (form["rate_hz"], form["start_s"]) == (30, round(window.pulse.time_s[0], 3))
    assert form["values"] == pytest.approx(window.pulse.wave, abs=6e-7)
    assert all(value == round(value, 6) for value in form["values"])
    without = to_json(replace(reading, windows=(replace(window, has_pulse=False),)))["windows"][0]
    assert not {"wave", "beats_s", "heart_rate"} & without.keys()
    assert "evidence" in without


def test_what_is_unlimited_or_not_measured_is_absent(reading):
    file = replace(REPORT.file, bit_rate_kbps=0.0)
    report = CaptureReport(file, replace(REPORT.face, luma=None, clipped=None))
    window = WindowEstimate(**vars(read_window(made_up_face(), 0.0, 10.0, report)))
    form = to_json(replace(reading, systolic=None, heart_rate=None, windows=(window,), capture=report, path=None))
    assert not {"systolic", "heart_rate", "path"} & form.keys()
    assert "diastolic" in form
    assert not {"luma", "clipped"} & form["capture"]["face"].keys()
    bits = next(check for check in form["windows"][0]["checks"] if check["name"] == "bits_per_pixel")
    assert "value" not in bits


def test_an_error_has_the_form_of_an_estimate():
    error = BpdemoError("some_code", "Something was wrong.", "Do something else.")
    form = Estimate.from_error("clip.mp4", error).to_dict()
    assert form["status"] == "error"
    assert form["reasons"] == [{"code": "some_code", "message": "Something was wrong.", "remedy": "Do something else."}]
    assert form["capture"] is form["weights"] is form["model"] is None
    assert form["windows"] == form["checks"] == form["notes"] == []


def test_the_schema_describes_the_form(reading):
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    error = Estimate.from_error("clip.mp4", BpdemoError("code", "Sentence.", "Remedy."))
    for estimate in (reading, replace(reading, systolic=None, diastolic=None, windows=(), path=None), error):
        validator.validate(to_json(estimate))
    assert not validator.is_valid(to_json(reading) | {"status": "unknown"})
    assert not validator.is_valid(to_json(reading) | {"something": "else"})
    assert not validator.is_valid(to_json(reading) | {"heart_rate": None})
    for name in ("schema", "disclaimer", "checks"):
        assert not validator.is_valid({key: value for key, value in to_json(reading).items() if key != name})


def test_the_schema_in_the_package_is_that_of_the_types():
    """`python -m bpdemo.estimate_json > bpdemo/estimate.schema.json` writes it anew."""
    file = resources.files("bpdemo").joinpath("estimate.schema.json")
    assert json.loads(file.read_text(encoding="utf-8")) == json_schema()
