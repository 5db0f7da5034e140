"""What the page says of a result: words, numbers and figures, and nothing that was not measured."""

import html as markup
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from bpdemo.demo.downloads import download_links

from bpdemo import evidence
from bpdemo.demo.views.result import no_result, result
from bpdemo.demo.views.steps import steps
from bpdemo.errors import ClipError, Reason
from bpdemo.estimate import Estimate
from bpdemo.export.figures import draw_figures
from bpdemo.quality import check_capture
from bpdemo.reasons import reason
from bpdemo.wording.checks import WORDINGS
from bpdemo.wording.evidence import QUESTIONS, evidence_rows
from tests.support.made_up_results import (
    CAPTURE,
    CONFIG,
    FACE,
    FILE,
    READING,
    REFUSED,
    WEIGHTS,
    judge_again,
    make_reading,
    make_thumbnails,
    make_window,
    with_insight,
)


def show_steps(estimate):
    return steps(estimate, draw_figures(estimate))


def headings(html):
    return [int(level) for level in re.findall(r"<h(\d)", html)]


def labels(html):
    return [markup.unescape(label) for label in re.findall(r'role="img" aria-label="([^"]*)"', html)]


def test_a_reading_shows_values_intervals_heart_rate_and_what_it_is_not():
    html = result(READING, CONFIG)
    for part in (
        "118<i>/</i>70",
        "90 to 147 / 52 to 88",
        "90 % interval",
        "61.3",
        "SNR 7.5 dB",
        "not a medical device",
    ):
        assert part in html
    assert "(128 / 71)" in html  # the training mean stands beside it
    assert "<svg" in html
    assert "only a cuff measures" in html


def test_the_bars_are_described_in_words_too():
    [label] = labels(result(READING, CONFIG))
    for part in (
        "110 to 140 mmHg is most likely, 60 %",
        "40 to 70 mmHg",
        "reading is 118",
        "90 to 147",
        "training mean 71",
    ):
        assert part in label


def test_a_reading_says_how_probable_much_is_and_whether_it_is_more_than_the_mean():
    plain, html = result(READING, CONFIG), markup.unescape(result(with_insight(READING), CONFIG))
    for part in ("systolic 110 or more 60 %", "diastolic 70 or more 45 %"):
        assert part in html
        assert part not in plain
    # 118.4 lies 9.6 from its mean and 70.4 lies 0.6 from its own; 1.96 scatters are 9.8, and then 8.
    assert "guessing 128/71" in html
    assert "guessing 71" in result(with_insight(READING, scatter=8 / 1.96), CONFIG)
    assert not any("guessing" in result(each, CONFIG) for each in (READING, with_insight(READING, scatter=0.1)))


def test_what_moved_a_reading_is_drawn_and_the_most_said_in_words():
    html = show_steps(with_insight(make_reading()))
    assert any("What leaving out each region" in label for label in labels(html))
    assert "Without the forehead the systolic value would be 1.3 mmHg lower." in html
    assert "Without the diastolic runoff the diastolic value would be 0.5 mmHg higher." in html
    assert "guessing" not in html, "it stands beside the value"
    assert "What moved" not in show_steps(make_reading())


def test_a_verdict_is_given_by_word_and_shape():
    shapes, words = set(), set()
    pulse = replace(REFUSED, heart_rate=READING.heart_rate)
    for estimate in (READING, pulse, REFUSED, replace(REFUSED, status="error")):
        html = result(estimate, CONFIG)
        shape, word = re.search(r'(<svg class="bp-icon".*?</svg>)([^<]+)</h2>', html, re.DOTALL).groups()
        shapes.add(shape)
        words.add(word)
        assert f'data-status="{estimate.status}"' in html
    assert len(shapes) == len(words) == 4


def test_a_refusal_shows_what_was_seen_and_what_to_change_and_no_pressure():
    html = result(replace(REFUSED, thumbnails=make_thumbnails()), CONFIG)
    for part in ("No pulse.", "More light.", "What was seen", "What to change", "Record or drop another one"):
        assert part in html
    assert "mmHg" not in html
    assert re.search(r'<img [^>]*alt="A frame of the clip, 7.0 s after its start"', html)


@pytest.mark.parametrize(
    ("code", "file", "face", "measured", "needed"),
    [
        ("too_dark", {}, {"luma": 24.4}, "24 of 255", "at least 40"),
        ("too_bright", {}, {"luma": 244.0}, "244 of 255", "at most 235"),
        ("too_bright", {}, {"clipped": 0.4}, "40 % of the skin's pixels", "at most 25 %"),
        ("face_too_small", {}, {"width_pixels": 50.0}, "50 pixels wide", "at least 72"),
        ("face_turned", {}, {"turn_degrees": 60.0}, "turned by 60°", "at most 45°"),
        ("too_much_motion", {}, {"motion_per_second": 0.5}, "50 % of its width per second", "at most 35 %"),
        ("face_lost", {}, {"seen": 0.5}, "seen in 50 % of the sampled frames", "at least 80 %"),
        ("no_face", {}, {"seen": 0.0}, "seen in 0 % of the sampled frames", "at least 80 %"),
        ("too_short", {"duration_s": 4.0}, {}, "lasts 4.0 s", "at least 9.5 s"),
        ("frame_rate_low", {"frame_rate_hz": 12.0}, {}, "12.0 frames per second", "at least 14.5"),
    ],
)
def test_a_refusal_names_the_number_behind_it_and_its_limit(code, file, face, measured, needed):
    capture = replace(CAPTURE, file=replace(FILE, **file), face=replace(FACE, **face))
    refused = replace(REFUSED, reasons=(reason(code),), capture=capture, checks=check_capture(capture))
    sentences = re.findall(r"<li>([^<]*)</li>", markup.unescape(result(refused, CONFIG)))
    assert measured in sentences[0]
    assert needed in sentences[0]
    assert len(sentences) == 2, "the only other one is the remedy"


def test_no_pulse_names_the_questions_that_failed_and_only_those():
    window = judge_again(make_window(), snr_db=-6.0, others_snr_db=-6.0, region_agreement=0.3, amplitude=0.0001)
    html = result(replace(REFUSED, windows=(replace(window, reasons=REFUSED.reasons),)), CONFIG)
    probability = int(100 * window.evidence.probability)
    assert f"probability of a pulse is {probability} %; at least 50 % is needed for a heart rate" in html
    assert "changes by 0.01 %; a pulse changes it by at least 0.03 %" in html
    assert "Half or twice" not in html


@pytest.mark.parametrize(
    ("pulse", "measured"),
    [
        ({"heart_rate_bpm": 200.0}, "200.0 bpm, the end of the search range; it must be at most 199.0"),
        ({"rival_db": 2.3}, "stronger by 2.3 dB and may be the true one; at most 0.0 dB is allowed"),
    ],
)
def test_an_uncertain_rate_says_what_makes_it_so(pulse, measured):
    window = judge_again(make_window(), **pulse)
    assert measured in result(replace(REFUSED, windows=(window,), reasons=(reason("rate_uncertain"),)), CONFIG)


FEW_BITS = replace(FILE, bit_rate_kbps=900.0)  # of 640 x 480 at 30 frames a second


def test_too_few_bits_are_shown_beside_what_this_pulse_needs():
    """The window's pulse is clear, at 72 bpm."""
    in_step = replace(FEW_BITS, key_frame_interval_s=60 / 72)
    for file, needed in ((FEW_BITS, "0.12"), (in_step, "0.40")):
        window = judge_again(make_window(), file)
        refused = replace(REFUSED, windows=(window,), reasons=(reason("too_compressed"),))
        assert f"0.10 bits per pixel of each frame; at least {needed} are" in result(refused, CONFIG)


def test_what_a_cause_explains_is_told_after_what_can_be_changed():
    window = judge_again(make_window(), FEW_BITS, snr_db=-1.0)
    refused = replace(REFUSED, windows=(window,), reasons=(reason("too_compressed"),))
    html = result(refused, CONFIG)
    told = [html.index(part) for part in ("has 0.10 bits", "camera&#39;s original file", "pulse&#39;s SNR is -1.0 dB")]
    assert told == sorted(told)
    assert "Film a living face" not in html


def test_a_refusal_keeps_the_heart_rate_that_was_found():
    refused = replace(READING, status="refused", systolic=None, diastolic=None, reasons=(Reason("a", "b", "c"),))
    html = result(refused, CONFIG)
    for part in ("A pulse, but no pressures", "61.3", "<b>59.3 to 63.3</b>"):
        assert part in html
    assert "No reading" in result(replace(refused, heart_rate=None), CONFIG)


def test_every_step_is_shown_with_its_figure_and_headings_are_in_order():
    estimate = make_reading()
    html = show_steps(estimate)
    for title in ("Skin cells on the face", "Spatial-temporal map", "Mean beats", "Pulse wave", "Capture report"):
        assert title in html
    assert len(re.findall(r'<figure[^>]* role="img" aria-label="[^"]+">', html)) == 4
    for order in (headings(html), headings(result(REFUSED, CONFIG)), headings(result(estimate, CONFIG))):
        assert order[0] == 2
        assert all(after <= before + 1 for before, after in pairwise(order))


def test_figures_are_described_in_words():
    estimate = make_reading()
    found = labels(show_steps(estimate))
    beats = len(estimate.best_window.pulse.beats_s)
    assert any(f"{beats} beats in 15 seconds" in label and "peak at 72" in label for label in found)
    assert any("30 skin cells" in label and "0.0, 7.0, 14.0 s" in label for label in found)
    assert any("30 rows in six regions over 15.0 seconds; 100 % of it" in label for label in found)


def answers(html):
    """Question of a check -> measured and needed, and the answer."""
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td>(yes|no)</td></tr>', html)
    return {question: (measured, answer) for question, measured, answer in rows}


def test_every_check_is_answered_beside_what_is_needed():
    estimate = make_reading()
    clear = answers(show_steps(estimate))
    asked = (*estimate.checks, *estimate.windows[0].checks)
    assert list(clear) == [WORDINGS[check.name].question for check in (*estimate.windows[0].checks, *estimate.checks)]
    assert {answer for _, answer in clear.values()} == {"yes"}
    not_asked_here = {"bits_per_pixel_in_step", "light_share"}
    assert {check.name for check in asked} | not_asked_here == set(WORDINGS), "each can be put into words"

    window = judge_again(make_window(), snr_db=1.0, rival_db=3.0, amplitude=0.1)
    doubtful = list(answers(show_steps(replace(estimate, windows=(window,)))).values())
    for measured in ("1.0 dB (at least 2.0 dB)", "3.0 dB (at most 0.0 dB)", "10 % (0.03 % to 3 %)"):
        assert (measured, "no") in doubtful
    assert sum(answer == "no" for _, answer in doubtful) == 3
    few = replace(estimate, windows=(judge_again(window, FEW_BITS),))
    assert ("0.10 bits per pixel (at least 0.20)", "no") in answers(show_steps(few)).values()


def test_what_speaks_for_a_pulse_and_against_it_is_shown_the_strongest_first():
    window = judge_again(make_window(), region_agreement=0.3, light_share=0.9, head_swing=np.nan)
    html = show_steps(replace(REFUSED, windows=(window,)))
    assert f"Probability of a pulse: {int(100 * window.evidence.probability)} %" in html
    rows = evidence_rows(window.evidence)
    assert [row.question for row in rows] == re.findall(
        r'<th scope="row">([^<]*)</th><td>[^<]*</td><td>[^<]*<svg', html
    )
    assert len(rows) == len(QUESTIONS) == len(evidence.QUESTIONS)
    sizes = [abs(row.bar) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1
    verdicts = {row.measured: row.verdict for row in rows}
    assert verdicts["not known"] == "no effect"
    for answer, row in zip(sorted(window.evidence.answers, key=lambda one: -abs(one.log_odds)), rows, strict=True):
        if row.verdict != "no effect":
            side, factor = re.fullmatch(r"(for|against), ([\d.]+) x", row.verdict).groups()
            assert (1 if side == "for" else -1) * np.log(float(factor)) == pytest.approx(answer.log_odds, abs=0.05)
            assert np.sign(row.bar) == np.sign(answer.log_odds)


def test_the_steps_show_the_mean_beats_that_were_read_and_none_where_there_are_none():
    window = make_window()
    nothing = replace(window.beats, weight=np.zeros_like(window.beats.weight))
    for beats, count in ((window.beats, 1), (nothing, 0), (None, 0)):
        html = show_steps(replace(READING, windows=(replace(window, beats=beats),)))
        assert html.count("laid over each other") == count


def test_windows_of_a_longer_clip_are_shown_over_time():
    window = make_window()
    refused = replace(window, start_s=15.0, end_s=30.0, systolic=None, diastolic=None, reasons=(reason("no_pulse"),))
    found = labels(show_steps(replace(READING, windows=(window, refused))))
    assert any("Heart rate and pressures of 2 windows over 30 seconds; 1 of them refused" in label for label in found)


def test_a_clip_that_was_not_opened_has_no_steps():
    assert show_steps(Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS)) == ""


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", 'a"onload="x', '"><img src=x>'])
def test_what_comes_from_elsewhere_cannot_become_markup(text):
    error = Estimate.from_error(f"{text}.mp4", ClipError("a", text, text), WEIGHTS)
    noted = replace(
        READING,
        notes=(Reason("b", text, text),),
        capture=replace(CAPTURE, file=replace(FILE, codec=text, container=text)),
    )
    for html in (result(error, CONFIG, truth=text), download_links(error, {}, b"%PDF"), steps(noted, {})):
        for found in ("<script", "<img", "'onload='", '"onload="'):
            assert found not in html


def test_without_a_result_the_page_says_what_is_going_on():
    shown = {"empty": "empty", "working": "working", "cancelled": "empty", "busy": "error", "failed": "error"}
    for state, status in shown.items():
        assert f'data-status="{status}"' in no_result(state)
    for html in (no_result("empty"), no_result("working")):
        assert "STMap" in html
        assert html.count("bp-sketch") == 5
