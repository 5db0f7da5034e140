"""The whole way, from a clip to an estimate."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bpdemo import BloodPressureEstimator
from bpdemo.attribution import LeftOut
from bpdemo.beats import PHASES, average_beats
from bpdemo.errors import BpdemoError, ClipError, WeightsError
from bpdemo.estimate import MovedBy
from bpdemo.estimator import map_clip
from bpdemo.models.heads import RangePrediction
from bpdemo.pulse_methods import METHODS
from bpdemo.regions import REGIONS
from bpdemo.weights.config import Scatter
from bpdemo.weights.store import embedded_folder
from bpdemo.whole_clip import mean_pressure
from tests.support.made_up_results import SYSTOLIC

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TRUTHS = {clip["file"]: clip for clip in json.loads((EXAMPLES / "examples.json").read_text())["clips"]}


@pytest.fixture(scope="module")
def estimator(small_weights):
    return BloodPressureEstimator.from_pretrained(small_weights, device="cpu")


@pytest.fixture(scope="module")
def estimates(estimator):
    return {name: estimator.estimate(EXAMPLES / name) for name in TRUTHS}


@pytest.mark.parametrize("name", TRUTHS)
def test_every_example_gives_what_is_said_of_it(estimates, name):
    estimate, truth = estimates[name], TRUTHS[name]
    assert estimate.status == truth["expected"]
    if truth["has_pulse"]:
        assert estimate.heart_rate.value == pytest.approx(truth["heart_rate_bpm"], abs=1)
    else:
        assert estimate.heart_rate is None
    if truth["expected"] == "reading":
        assert estimate.systolic.baseline.value == 127.5
    else:
        assert estimate.reasons
        assert estimate.systolic is estimate.diastolic is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pulse_clip", "pulse_clip_24", "pulse_clip_60", "vfr_clip"])
def test_rendered_pulse_is_read_at_every_frame_rate(estimator, request, name):
    clip = request.getfixturevalue(name)
    estimate = estimator.estimate(clip.path)
    assert estimate.status == "reading"
    assert estimate.heart_rate.value == pytest.approx(clip.scene.heart_rate_bpm, abs=1)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("still_clip", "no_pulse"),
        ("wall_clip", "no_face"),
        ("dark_clip", "too_dark"),
        ("short_clip", "too_short"),
        ("away_clip", "face_lost"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(estimator, request, name, code):
    clip = request.getfixturevalue(name)
    estimate = estimator.estimate(clip.path)
    assert estimate.status == "refused"
    assert estimate.reasons[0].code == code
    assert estimate.systolic is None
    # A pulse too dark to read may still have a rate; what has none must not show one.
    assert estimate.heart_rate is None or clip.truth["has_pulse"]


def test_the_pulse_is_found_by_the_method_asked_for(estimator, estimates):
    found = {name: estimator.estimate(EXAMPLES / "face_72_bpm.mp4", method=name) for name in METHODS if name != "pos"}
    for name, estimate in {**found, "pos": estimates["face_72_bpm.mp4"]}.items():
        assert estimate.method == estimate.windows[0].pulse.method == name
        assert estimate.heart_rate.value == pytest.approx(72, abs=1)
        assert [each.name for each in estimate.windows[0].pulse.methods] == [*METHODS]


def test_breathing_and_variability_are_asked_of_any_clip_with_a_pulse(estimates):
    face, wall = estimates["face_72_bpm.mp4"], estimates["wall.mp4"]
    assert face.heart_rate_variability.reason.code == "too_short_for_variability"
    assert face.respiration.reason.code == "too_short_for_respiration"
    assert wall.heart_rate_variability is wall.respiration is None


def test_an_unknown_method_is_an_error_before_the_clip_is_opened(estimator):
    with pytest.raises(BpdemoError) as caught:
        estimator.estimate("nowhere.mp4", method="magic")
    assert caught.value.code == "method_unknown"
    (answer,) = estimator.answer_many(["nowhere.mp4"], processes=1, method="magic")
    assert (answer.status, answer.reasons[0].code) == ("error", "method_unknown")


def test_value_is_the_mean_over_ranges_and_interval_is_conformal(estimates):
    systolic = estimates["face_72_bpm.mp4"].systolic
    assert systolic.value == pytest.approx(sum(part.probability * part.value for part in systolic.ranges), abs=1e-3)
    assert systolic.interval == pytest.approx((systolic.value - 31.5, systolic.value + 31.5))
    assert [part.low for part in systolic.ranges] == [80, 100, 110, 120, 130, 140, 160]


def test_json_form_knows_the_path_as_it_was_given_and_no_other(estimates):
    for name, estimate in estimates.items():
        form = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
        assert form.pop("path") == str(EXAMPLES / name)
        assert str(EXAMPLES) not in json.dumps(form)
        assert (form["clip"], form["method"], form["model"]) == (name, "pos", "beats")


@pytest.mark.slow
def test_many_clips_are_read_in_processes_as_one_by_one(estimator, estimates, text_file):
    names = ["wall.mp4", "face_58_bpm.webm"]
    answers = list(estimator.answer_many([EXAMPLES / names[0], text_file, EXAMPLES / names[1]], processes=2))
    assert [answer.clip for answer in answers] == [names[0], text_file.name, names[1]]
    assert answers[1].reasons[0].code == "not_a_video"
    for name, answer in zip(names, (answers[0], answers[2]), strict=True):
        assert answer.to_dict() == estimates[name].to_dict()


@pytest.mark.slow
def test_a_clip_read_in_a_process_of_its_own_gives_the_same(estimator, estimates, text_file):
    isolated = BloodPressureEstimator(estimator.weights, isolate=True)
    steps = []
    answer = isolated.answer(EXAMPLES / "face_58_bpm.webm", lambda _, step: steps.append(step))
    assert answer.to_dict() == estimates["face_58_bpm.webm"].to_dict()
    assert [step for step in steps if step != "face"] == ["map", "network", "done"]
    assert isolated.answer(text_file).reasons[0].code == "not_a_video"
    mapped = map_clip(EXAMPLES / "face_58_bpm.webm", isolate=True)
    np.testing.assert_array_equal(mapped.values, answer.windows[0].stmap.values)


def test_what_nobody_foresaw_harms_no_other_clip(estimator, estimates, monkeypatch):
    read = estimator.estimate

    def fail_at_walls(path, progress=None, **options):
        if "wall" in str(path):
            raise RuntimeError("a fault of ours")
        return read(path, progress, **options)

    monkeypatch.setattr(estimator, "estimate", fail_at_walls)
    wall, face = estimator.answer_many([EXAMPLES / "wall.mp4", EXAMPLES / "face_58_bpm.webm"], processes=1)
    assert (wall.status, wall.reasons[0].code) == ("error", "unexpected")
    assert face.to_dict() == estimates["face_58_bpm.webm"].to_dict()


def test_progress_moves_forward_to_the_end(estimator):
    seen = []
    estimator.estimate(EXAMPLES / "face_58_bpm.webm", lambda share, step: seen.append((share, step)))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(set(shares)) > 10
    assert list(dict.fromkeys(step for _, step in seen)) == ["face", "map", "network", "done"]


def test_windows_carry_map_and_pulse(estimates):
    window = estimates["face_72_bpm.mp4"].best_window
    assert window.status == "reading"
    assert window.stmap.values.shape[2] == 450
    assert np.isfinite(window.pulse.wave).all()
    assert len(window.pulse.beats_s) == pytest.approx(18, abs=1)
    assert len(window.beats.beats_s) == pytest.approx(17, abs=1)
    assert window.beats.weight.all()
    assert all(check.passed for check in (*window.checks, *estimates["face_72_bpm.mp4"].checks))


def test_a_refusal_names_every_check_that_failed(estimates):
    assert estimates["face_72_bpm.mp4"].failed_checks == ()
    assert "face_seen" in [check.name for check in estimates["wall.mp4"].failed_checks]
    failed = {check.reason for check in estimates["photograph.mp4"].failed_checks}
    assert "no_pulse" in failed


def test_without_whole_beats_there_is_no_reading(estimator, monkeypatch):
    def average_none(stmap, pulse):
        beats = average_beats(stmap, pulse)
        return replace(beats, values=0 * beats.values, weight=0 * beats.weight, beats_s=beats.beats_s[:0])

    monkeypatch.setattr("bpdemo.window.average_beats", average_none)
    estimate = estimator.estimate(EXAMPLES / "face_72_bpm.mp4")
    assert estimate.status == "refused"
    assert [reason.code for reason in estimate.reasons] == ["weak_pulse"]
    assert [check.name for check in estimate.failed_checks] == ["whole_beats"]
    assert estimate.systolic is None
    assert estimate.heart_rate.value == pytest.approx(72, abs=1)


def test_an_interval_is_as_wide_as_the_weights_say(estimator):
    ranges = torch.tensor([[0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3]])
    prediction = RangePrediction(torch.tensor([120.0]), ranges.log(), ranges, 100 * ranges)
    config = estimator.weights.config
    config = config.model_copy(update={"intervals": config.intervals.model_copy(update={"systolic": 20.0})})
    asked = BloodPressureEstimator(replace(estimator.weights, config=config))
    assert asked._pressure("systolic", prediction, LeftOut((), ())).interval == pytest.approx((100, 140))


def test_a_reading_says_what_moved_it_and_whether_it_is_more_than_the_mean(estimator, estimates):
    plain = estimates["face_72_bpm.mp4"]
    above = sum(part.probability for part in plain.systolic.ranges if part.low >= 140)
    assert (plain.systolic.at_least.value, plain.diastolic.at_least.value) == (140, 90)
    assert plain.systolic.at_least.probability == pytest.approx(above)
    assert plain.systolic.differs_from_average is None
    assert list(plain.systolic.moved_by.regions) == list(REGIONS)
    assert list(plain.diastolic.moved_by.phases) == list(PHASES)
    distance = abs(plain.systolic.value - 127.5)
    for scatter, differs in ((distance / 1.95, False), (distance / 1.97, True)):
        known = Scatter(systolic=scatter, diastolic=0.0)
        config = estimator.weights.config.model_copy(update={"scatter": known})
        estimate = BloodPressureEstimator(replace(estimator.weights, config=config)).estimate(
            EXAMPLES / "face_72_bpm.mp4"
        )
        assert (estimate.systolic.differs_from_average, estimate.diastolic.differs_from_average) == (differs, True)
        assert ("like_average" in [note.code for note in estimate.notes]) == (not differs)


def test_windows_are_averaged_in_what_moved_them_too():
    moved = [MovedBy({"chin": by}, {}) for by in (1.0, 3.0)]
    assert mean_pressure([replace(SYSTOLIC, moved_by=each) for each in moved]).moved_by.regions == {"chin": 2.0}


def test_bad_input_is_a_typed_error_and_an_answer(estimator, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(ClipError) as caught:
        estimator.estimate(text)
    answer = estimator.answer(text)
    assert answer.status == "error"
    assert answer.reasons == (caught.value.reason,)
    assert answer.to_dict()["reasons"][0]["code"] == "not_a_video"
    assert answer.to_dict()["weights"]["name"] == "small"
    assert answer.to_dict()["capture"] is None


def test_weights_that_are_not_there_are_an_error():
    with pytest.raises(WeightsError):
        BloodPressureEstimator.from_pretrained("no/such/folder")


@pytest.mark.parametrize(
    ("name", "systolic", "diastolic"), [("face_72_bpm.mp4", 120.1, 69.9), ("face_58_bpm.webm", 119.1, 68.6)]
)
def test_the_shipped_weights_read_the_examples_as_ever(name, systolic, diastolic):
    """What these weights answer here is pinned, as close as other processors' arithmetic allows."""
    estimate = BloodPressureEstimator.from_pretrained(embedded_folder(), device="cpu").estimate(EXAMPLES / name)
    assert estimate.systolic.value == pytest.approx(systolic, abs=0.3)
    assert estimate.diastolic.value == pytest.approx(diastolic, abs=0.3)
    assert estimate.heart_rate.value == pytest.approx(TRUTHS[name]["heart_rate_bpm"], abs=0.3)
