"""What the page says of a result: words and numbers, and nothing that was not measured."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpdemo.demo.files import kinds_of
from bpdemo.demo.reader import OtherReading
from bpdemo.demo.sealed import unseal
from bpdemo.demo.server.queue import QUEUE_FULL
from bpdemo.demo.views.result import no_result, result
from bpdemo.errors import ClipError, Reason
from bpdemo.estimate import Estimate
from bpdemo.quality import check_capture
from bpdemo.reasons import like_average, reason
from bpdemo.told import Told, estimate_with_told
from bpdemo.wording.pressures import GUESS, evidence_sentence
from tests.support.made_up_people import made_up_told
from tests.support.made_up_results import (
    CAPTURE,
    CONFIG,
    DIASTOLIC,
    FACE,
    FILE,
    READING,
    REFUSED,
    SYSTOLIC,
    VALIDATED,
    WEIGHTS,
    judge_again,
    make_reading,
    make_thumbnails,
    make_window,
    with_insight,
)
from tests.support.parsed_html import Parsed

ERROR = Estimate.from_error("clip.mp4", ClipError("a", "No clip.", "Take another."), WEIGHTS)
PULSE_ALONE = replace(REFUSED, heart_rate=READING.heart_rate)
FEW_BITS = replace(FILE, bit_rate_kbps=900.0)  # of 640 x 480 at 30 frames a second
EXAMPLE = SimpleNamespace(path=Path("/somewhere/face.mp4"), truth="rendered with 72 bpm & no pressure.")


def show(estimate, config=CONFIG, *rest, **more):
    return Parsed(result(estimate, config, *rest, **more))


def failed(estimate):
    """Question, measured and needed of each row of the table of failed checks."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', result(estimate, CONFIG))
    return [tuple(Parsed(cell).words for cell in row) for row in rows]


def test_a_reading_shows_values_intervals_average_person_and_heart_rate():
    words = show(READING).words
    for part in ("118 / 70 mmHg", "90 to 147 / 52 to 88", "90 % interval", "128/71", "61 bpm", "SNR 8 dB"):
        assert part in words.replace("118/70", "118 / 70")
    assert evidence_sentence(CONFIG) in words
    assert "mmHg" in evidence_sentence(VALIDATED)
    assert evidence_sentence(VALIDATED) in show(READING, VALIDATED).words


def test_the_picture_of_the_ranges_is_described_in_words():
    label = show(READING).label_of("ranges")
    for part in ("110 to 140 mmHg", "60 %", "40 to 70 mmHg", "55 %", "118", "90 to 147", "70", "52 to 88", "128", "71"):
        assert part in label
    more = show(with_insight(READING)).label_of("ranges")
    for part in ("110 or more 60 %", "70 or more 45 %"):
        assert part in more
        assert part not in label


def test_a_reading_no_further_from_the_average_than_chance_says_so():
    # 118.4 lies 9.6 from its mean and 70.4 lies 0.6 from its own; 1.96 scatters are 9.8, and then 8.
    for scatter in (5.0, 8 / 1.96):
        estimate = with_insight(READING, scatter)
        assert like_average(estimate.systolic, estimate.diastolic).message in show(estimate).words
    clear = with_insight(READING, scatter=0.1)
    assert like_average(clear.systolic, clear.diastolic) is None
    assert GUESS in show(clear).words


def test_a_verdict_is_given_by_word_and_shape():
    shapes, words = set(), set()
    for estimate in (READING, PULSE_ALONE, REFUSED, ERROR):
        html = result(estimate, CONFIG)
        shape, word = re.search(r'(<svg class="bp-icon".*?</svg>)([^<]+)</h2>', html, re.DOTALL).groups()
        shapes.add(shape)
        words.add(word)
        parsed = Parsed(html)
        assert parsed.all("data-status") == [estimate.status] == [parsed.data["status"]]
        assert parsed.all("data-level") == [estimate.level]
    assert len(shapes) == len(words) == 4


@pytest.mark.parametrize("estimate", [REFUSED, PULSE_ALONE, ERROR], ids=["nothing", "pulse", "error"])
def test_what_is_no_reading_shows_reason_and_remedy_and_no_pressure(estimate):
    words = show(replace(estimate, thumbnails=make_thumbnails())).words
    assert estimate.reasons[0].message in words
    assert estimate.reasons[0].remedy in words
    assert "mmHg" not in words
    assert ("61 bpm" in words) == (estimate is PULSE_ALONE)


@pytest.mark.parametrize(
    ("code", "file", "face", "measured", "needed"),
    [
        ("too_dark", {}, {"luma": 24.4}, "24 of 255", "40 to 235"),
        ("too_bright", {}, {"luma": 244.0}, "244 of 255", "40 to 235"),
        ("too_bright", {}, {"clipped": 0.4}, "40 % overexposed", "at most 25 %"),
        ("face_too_small", {}, {"width_pixels": 50.0}, "50 pixels", "at least 72"),
        ("face_turned", {}, {"turn_degrees": 60.0}, "60°", "at most 45°"),
        ("too_much_motion", {}, {"motion_per_second": 0.5}, "50 % of its width per second", "at most 35 %"),
        ("face_lost", {}, {"seen": 0.5}, "50 %", "at least 80 %"),
        ("no_face", {}, {"seen": 0.0}, "0 %", "at least 80 %"),
        ("too_short", {"duration_s": 4.0}, {}, "4.0 s", "at least 9.5 s"),
        ("frame_rate_low", {"frame_rate_hz": 12.0}, {}, "12.0 per second", "at least 14.5"),
    ],
)
def test_a_refusal_shows_the_number_behind_it_and_its_limit(code, file, face, measured, needed):
    capture = replace(CAPTURE, file=replace(FILE, **file), face=replace(FACE, **face))
    refused = replace(REFUSED, reasons=(reason(code),), capture=capture, checks=check_capture(capture))
    assert [row[1:] for row in failed(refused)] == [(measured, needed)]


def test_only_questions_that_failed_are_shown():
    window = judge_again(make_window(), snr_db=-6.0, others_snr_db=-6.0, region_agreement=0.3, amplitude=0.0001)
    rows = failed(replace(REFUSED, windows=(window,)))
    assert (f"{int(100 * window.evidence.probability)} %", "at least 50 %") in [row[1:] for row in rows]
    assert ("0.01 %", "0.03 % to 3 %") in [row[1:] for row in rows]
    assert len(rows) == sum(not check.passed and check.reason != "weak_pulse" for check in window.checks)
    assert failed(READING) == failed(ERROR) == []


@pytest.mark.parametrize(
    ("pulse", "measured", "most"),
    [({"heart_rate_bpm": 200.0}, "200.0 bpm", " 199.0"), ({"rival_db": 2.3}, "2.3 dB", "at most 0.0 dB")],
)
def test_an_uncertain_rate_shows_what_makes_it_so(pulse, measured, most):
    window = judge_again(make_window(), **pulse)
    needed = {row[1]: row[2] for row in failed(replace(REFUSED, windows=(window,)))}
    assert needed[measured].endswith(most)


def test_too_few_bits_are_shown_beside_what_this_pulse_needs():
    """The window's pulse is clear, at 72 bpm."""
    for file, needed in ((FEW_BITS, "0.12"), (replace(FEW_BITS, key_frame_interval_s=60 / 72), "0.40")):
        refused = replace(REFUSED, windows=(judge_again(make_window(), file),), reasons=(reason("too_compressed"),))
        assert ("0.10 bits per pixel", f"at least {needed}") in [row[1:] for row in failed(refused)]


def test_what_can_be_mended_comes_first():
    face = replace(FACE, luma=24.0)
    window = judge_again(make_window(), FEW_BITS, snr_db=-1.0)
    checks = check_capture(replace(CAPTURE, face=face))
    measured = [row[1] for row in failed(replace(REFUSED, windows=(window,), checks=checks))]
    assert {"24 of 255", "0.10 bits per pixel"} <= set(measured[: measured.index("-1.0 dB")])


def test_an_example_is_shown_with_what_is_true_of_it_and_can_be_read_again():
    for estimate in (READING, REFUSED):
        shown = show(estimate, example=(2, EXAMPLE))
        assert EXAMPLE.truth in shown.words
        assert (shown.data["example"], shown.data["number"]) == ("face.mp4", 2)
        assert not shown.all("data-again")
        assert len(show(estimate, example=(2, EXAMPLE), was_ready=True).all("data-again")) == 1
    own = show(READING, key="a key")
    assert (own.data["example"], own.data["number"], own.data["key"]) == (None, None, "a key")


def test_what_was_told_stands_beside_a_reading():
    person = Told(61, "female", 163, 70.5)
    told = replace(READING, told=estimate_with_told(person, made_up_told(), SYSTOLIC, DIASTOLIC))
    words = show(told).words
    assert str(person) in words
    assert f"{told.told.systolic.both.value:.0f} (" in words
    wrong = Reason("told_invalid", "That cannot be.", "Tell it again.")
    assert wrong.remedy in show(READING, wrong=wrong).words
    assert str(person) not in show(READING).words


def test_what_other_models_make_of_it_goes_with_it():
    other = OtherReading("paper", replace(SYSTOLIC, value=125.0), DIASTOLIC)
    (model,) = show(READING, CONFIG, [other]).data["models"]
    assert (model["name"], model["systolic"]["value"], model["diastolic"]["value"]) == ("paper", 125.0, 70.4)
    assert show(READING).data["models"] == []


def test_the_package_is_the_estimate_and_files_are_offered_that_it_can_give():
    for estimate in (make_reading(), REFUSED, ERROR):
        shown = show(estimate)
        assert unseal(shown.data["package"]).to_dict() == estimate.to_dict()
        assert shown.all("data-file") == [kind for kind, _ in kinds_of(estimate)]


def test_two_results_on_one_page_do_not_share_their_controls():
    names = [set(show(make_reading()).all("name")) for _ in range(2)]
    assert names[0]
    assert not names[0] & names[1]


PICTURES = {
    "reading": (make_reading(), ["face", "map", "beat", "ranges", "clip", "wave"]),
    "no pulse": (
        replace(REFUSED, windows=(replace(make_window(), has_pulse=False),), thumbnails=make_thumbnails()),
        ["face", "map", "clip", "wave"],
    ),
    "no face": (
        replace(REFUSED, thumbnails=tuple(replace(one, landmarks=None) for one in make_thumbnails())),
        ["face", "clip"],
    ),
    "error": (ERROR, ["clip"]),
}


@pytest.mark.parametrize(("estimate", "pictures"), PICTURES.values(), ids=PICTURES)
def test_there_is_a_place_for_each_picture_there_is_data_for_and_words_for_it(estimate, pictures):
    shown = show(estimate)
    assert shown.all("data-picture") == pictures
    for name, attributes in shown.elements:
        assert name != "canvas" or attributes["aria-label"]


def test_headings_begin_below_the_pages_own():
    for html in (result(READING, CONFIG), result(ERROR, CONFIG), no_result("empty")):
        assert re.findall(r"<h(\d)", html)[0] == "2"


def test_where_a_clip_lies_is_not_told():
    assert "secret" not in result(replace(make_reading(), path="/secret/clip.mp4"), CONFIG)


@pytest.mark.parametrize(
    "text", ["</template><script>alert(1)</script>", "a'onload='x", 'a"onload="x', '"><img src=x>', "<!--", "&lt;b"]
)
def test_what_comes_from_elsewhere_cannot_become_markup(text):
    error = Estimate.from_error(f"{text}.mp4", ClipError("a", text, text), WEIGHTS)
    plain = [name for name, _ in show(ERROR, example=(0, EXAMPLE)).elements]
    shown = show(error, example=(0, SimpleNamespace(path=Path(text), truth=text)), key=text)
    assert [name for name, _ in shown.elements] == plain
    assert not [name for _, attributes in shown.elements for name in attributes if name.startswith("on")]
    assert (shown.data["clip"], shown.data["key"]) == (f"{text}.mp4", text)
    assert shown.words.count(text) == 3


def test_without_a_result_the_page_says_what_is_going_on():
    shown = {"empty": "empty", "working": "working", "cancelled": "empty", "busy": "error", "failed": "error"}
    for state, status in shown.items():
        assert Parsed(no_result(state)).all("data-status") == [status]
    assert QUEUE_FULL in Parsed(no_result("busy")).words
    for html in (no_result("empty"), no_result("working")):
        assert html.count("bp-sketch") == 5
