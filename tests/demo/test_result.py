"""What the page says of a result: words, numbers and pictures, and nothing that was not measured."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bpdemo.demo.downloads import files
from bpdemo.demo.views.result import draw_pressure, empty_glance, glance, working_glance
from bpdemo.demo.views.steps import capture_rows, draw, steps
from bpdemo.errors import ClipError, Reason
from bpdemo.estimate import Estimate
from bpdemo.quality import reason
from tests.support.made_up_results import (
    CAPTURE,
    CONFIG,
    READING,
    REFUSED,
    WEIGHTS,
    WORDS,
    make_reading,
    make_thumbnails,
    make_window,
)


def headings(html):
    return [int(level) for level in re.findall(r"<h(\d)", html)]


def test_a_reading_shows_values_intervals_heart_rate_and_what_it_is_not():
    html = glance(READING, CONFIG, WORDS, draw_pressure(READING, WORDS))
    for said in (
        "118<i>/</i>70",
        "90 to 147 / 52 to 88",
        "90 % interval",
        "61.3",
        "SNR 7.5 dB",
        "not a medical device",
    ):
        assert said in html
    assert "(128 / 71)" in html  # the training mean stands beside it
    assert "<svg" in html
    assert "only a cuff measures" in html


def test_the_bars_are_told_in_words_too():
    html = glance(READING, CONFIG, WORDS, draw_pressure(READING, WORDS))
    label = re.search(r"role='img' aria-label='([^']*)'", html).group(1)
    for said in (
        "110 to 140 mmHg is most likely, 60 %",
        "40 to 70 mmHg",
        "reading is 118",
        "90 to 147",
        "training mean 71",
    ):
        assert said in label


def test_a_verdict_is_told_by_word_and_shape():
    shapes = {}
    for status, estimate in (("reading", READING), ("refused", REFUSED), ("error", replace(REFUSED, status="error"))):
        html = glance(estimate, CONFIG, WORDS)
        shapes[status] = re.search(r"<svg class='bp-icon'.*?</svg>", html).group(0)
        assert WORDS(f"glance.{status}") in html
    assert len(set(shapes.values())) == 3


def test_a_refusal_shows_what_was_seen_and_what_to_change_and_no_pressure():
    html = glance(replace(REFUSED, thumbnails=make_thumbnails()), CONFIG, WORDS)
    for said in ("No pulse.", "More light.", "What was seen", "What to change", "Record or drop another one"):
        assert said in html
    assert "mmHg" not in html
    assert re.search(r"<img [^>]*alt='A frame of the clip, 7.0 s after its start'", html)


@pytest.mark.parametrize(
    ("code", "face", "said"),
    [
        ("too_dark", {"luma": 24.4}, "brightness is 24 of 255; at least 40"),
        ("too_bright", {"luma": 244.0}, "brightness is 244 of 255; at most 235"),
        ("too_bright", {"clipped": 0.4}, "40 % of the skin&#x27;s pixels are cut off at full brightness; at most 25 %"),
        ("face_too_small", {"width_pixels": 50.0}, "50 pixels wide; at least 72"),
        ("face_turned", {"turn_degrees": 60.0}, "turned by 60°; at most 45°"),
        ("too_much_motion", {"motion_per_second": 0.5}, "50 % of its width a second; at most 35 %"),
        ("face_lost", {"seen": 0.5}, "seen on 50 % of the frames looked at; 80 %"),
    ],
)
def test_a_refusal_names_the_number_behind_it_and_its_limit(code, face, said):
    capture = {**CAPTURE, "face": {**CAPTURE["face"], **face}}
    assert said in glance(replace(REFUSED, reasons=(reason(code),), capture=capture), CONFIG, WORDS)


def test_no_pulse_names_the_questions_that_failed_and_only_those():
    pulse = replace(make_window().pulse, region_agreement=0.31, colour_agreement=-0.2)
    refused = replace(REFUSED, windows=(replace(make_window(), pulse=pulse, reasons=REFUSED.reasons),))
    html = glance(refused, CONFIG, WORDS)
    assert "do not beat together: 0.31, needed at least 0.70" in html
    assert "colour projections do not agree as blood makes them: -0.20" in html
    assert "No rate stands out" not in html


FEW_BITS = CAPTURE | {"bit_rate_kbps": 900.0}  # of 640 x 480 at 30 frames a second


def test_too_few_bits_are_told_beside_what_this_pulse_needs():
    """The window's pulse is clear, at 72 bpm."""
    refused = replace(REFUSED, windows=(make_window(),), capture=FEW_BITS, reasons=(reason("too_compressed"),))
    assert "has 0.10 bits for each pixel of a frame; at least 0.12 are needed" in glance(refused, CONFIG, WORDS)
    in_step = replace(refused, capture=FEW_BITS | {"key_frame_interval_s": 60 / 72})
    assert "at least 0.4 are needed" in glance(in_step, CONFIG, WORDS)


def test_a_refusal_keeps_the_heart_rate_that_was_found():
    refused = replace(READING, status="refused", systolic=None, diastolic=None, reasons=(Reason("a", "b", "c"),))
    assert "61.3" in glance(refused, CONFIG, WORDS)


def test_every_step_is_shown_with_its_picture_and_headings_are_in_order():
    estimate = make_reading()
    html = steps(estimate, draw(estimate, WORDS), WORDS)
    for title in ("Skin cells on the face", "Spatial-temporal map", "Slices", "Pulse wave", "Capture report"):
        assert html.count(f"{title}") >= 1
    assert len(re.findall(r"<figure[^>]* role='img' aria-label='[^']+'>", html)) == 4
    for order in (headings(html), headings(glance(REFUSED, CONFIG, WORDS)), headings(glance(estimate, CONFIG, WORDS))):
        assert order[0] == 2
        assert all(after <= before + 1 for before, after in pairwise(order))


def test_pictures_are_told_in_words():
    estimate = make_reading()
    html = steps(estimate, draw(estimate, WORDS), WORDS)
    labels = re.findall(r"role='img' aria-label='([^']*)'", html)
    beats = len(estimate.best_window.pulse.beats_s)
    assert any(f"{beats} beats in 15 seconds" in label and "peak at 72" in label for label in labels)
    assert any("30 skin cells" in label and "0.0, 7.0, 14.0 s" in label for label in labels)
    assert any("30 rows in six regions over 15.0 seconds; 100 % of it" in label for label in labels)


def test_the_questions_put_to_the_pulse_are_answered_beside_what_is_needed():
    estimate = make_reading()
    clear = steps(estimate, draw(estimate, WORDS), WORDS)
    assert clear.count("<td>yes</td>") == 9
    assert "may differ: the pulse is clear" in clear
    pulse = replace(estimate.windows[0].pulse, snr_db=1.0, half_rates_bpm=(60.0, 90.0), light_share=0.8)
    estimate = replace(estimate, windows=(replace(estimate.windows[0], pulse=pulse),))
    doubtful = steps(estimate, draw(estimate, WORDS), WORDS)
    for said in ("1.0 dB (at least 2.0 dB)", "42 % apart (at most 15 %)", "80 % shared (at most 50 %)"):
        row = re.search(rf"<td>{re.escape(said)}</td><td>(\w+)</td>", doubtful)
        assert row.group(1) == "no", said
    assert doubtful.count("<td>no</td>") == 3
    few = replace(estimate, capture=FEW_BITS)
    assert "<td>0.10 bits a pixel (at least 0.20)</td><td>no</td>" in steps(few, draw(few, WORDS), WORDS)


def test_the_steps_show_the_slices_that_were_read_and_none_where_there_are_none():
    window = make_window()
    nothing = replace(window.slices, weight=np.zeros_like(window.slices.weight))
    for cut, count in ((window.slices, 1), (nothing, 0), (None, 0)):
        estimate = replace(READING, windows=(replace(window, slices=cut),))
        html = steps(estimate, draw(estimate, WORDS), WORDS)
        assert html.count("laid over each other") == count


def test_a_clip_that_was_not_opened_has_no_steps():
    assert steps(Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS), {}, WORDS) == ""


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", '"><img src=x>'])
def test_what_comes_from_elsewhere_cannot_become_markup(text):
    error = Estimate.from_error(f"{text}.mp4", ClipError("a", text, text), WEIGHTS)
    noted = replace(READING, notes=(Reason("b", text, text),))
    for html in (
        glance(error, CONFIG, WORDS, truth=text),
        files(error, {}, b"%PDF", WORDS),
        steps(noted, {}, WORDS),
    ):
        assert "<script" not in html
        assert "<img" not in html
        assert "'onload='" not in html


def test_figures_of_the_weights_stand_beside_their_baseline():
    found = {"mae": 13.9, "baseline_mae": 15.6, "r": 0.42, "coverage": 0.91}
    quality = {"systolic": found, "diastolic": found}
    html = glance(READING, {**CONFIG, "validation": {"people": 50, "qualities": {"standard": quality}}}, WORDS)
    assert "50 people" in html
    assert "13.9 / 13.9" in html
    assert "15.6 / 15.6" in html


@pytest.mark.parametrize("validation", [{}, {"qualities": 3}, {"qualities": {"standard": {}}}, {"people": "x"}])
def test_weights_with_other_figures_are_shown_without_them(validation):
    assert "15.5 / 8.5" in glance(READING, {**CONFIG, "validation": validation}, WORDS)


def test_the_capture_report_leaves_out_what_was_not_measured():
    capture = {**CAPTURE, "rotation_degrees": 90, "face": {"key_frames": 2, "seen": 0.0, "faces": 0}}
    rows = dict(capture_rows(capture, WORDS))
    assert rows["Picture"] == "640 x 480 pixels, turned 90°"
    assert rows["Longest gap"] == "33 ms"
    assert rows["Key frames, one every"] == "5.0 s"
    assert dict(capture_rows({**capture, "key_frame_interval_s": None}, WORDS))["Key frames, one every"] == "15.0 s"
    assert "Brightness of the skin" not in rows
    assert not any("nan" in text for text in rows.values())


def test_before_a_result_the_page_says_what_will_come():
    for html, state in ((empty_glance(WORDS), "empty"), (working_glance(WORDS), "working")):
        assert f"data-status='{state}'" in html
        assert "STMap" in html
