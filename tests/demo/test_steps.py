"""The tabs below a result: each step with what there is to show of it, and the evidence for a pulse."""

import re
from dataclasses import replace

import numpy as np
import pytest

from bpdemo import evidence as questions
from bpdemo.demo.views.steps import evidence, steps
from bpdemo.errors import ClipError, Reason
from bpdemo.estimate import Estimate, Respiration
from bpdemo.reasons import like_average, reason
from bpdemo.regions import region_title
from bpdemo.wording.checks import WORDINGS, check_rows
from bpdemo.wording.evidence import QUESTIONS, evidence_rows
from tests.support.made_up_results import (
    CAPTURE,
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
from tests.support.parsed_html import Parsed


def pictures(estimate):
    return Parsed(steps(estimate)).all("data-picture")


def rows(html):
    """The cells of each row of all tables."""
    return [
        [Parsed(cell).words for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    ]


def later(window, **changes):
    return replace(window, start_s=window.start_s + 15, end_s=window.end_s + 15, **changes)


def test_every_step_there_is_data_for_has_its_pictures_described_in_words():
    estimate = make_reading()
    assert pictures(estimate) == ["cells", "spectrum", "beats-T", "beats-Y"]
    parsed = Parsed(steps(estimate))
    assert all(parsed.label_of(name) for name in pictures(estimate))
    assert str(round(estimate.heart_rate.value)) in parsed.label_of("spectrum")
    assert pictures(replace(REFUSED, thumbnails=make_thumbnails())) == ["cells"]
    assert pictures(REFUSED) == []


@pytest.mark.parametrize("beats", [None, "nothing measured"])
def test_without_mean_beats_none_are_shown(beats):
    window = make_window()
    nothing = beats and replace(window.beats, weight=np.zeros_like(window.beats.weight))
    assert pictures(replace(READING, windows=(replace(window, beats=nothing),))) == ["spectrum"]


def test_what_moved_a_reading_is_shown_to_scale_of_the_most():
    html = steps(with_insight(make_reading()))
    moved = {row[0]: row[1:] for row in rows(html) if row[0] != "Without"}
    assert moved["Forehead"] == ["-1.3", "+0.0"]
    assert moved[region_title("diastolic_runoff").capitalize()] == ["+0.5", "+0.5"]
    bars = [float(bar) for bar in re.findall(r"M0 \.07H(-?[\d.]+)", html)]
    assert len(bars) == 2 * len(moved)
    assert max(map(abs, bars)) == 1
    assert f"{0.5 / 1.26:.3f}" in html
    assert "Without" not in steps(make_reading())


def test_windows_of_a_longer_clip_are_shown_over_time():
    window = make_window()
    refused = {"systolic": None, "diastolic": None, "reasons": (reason("no_pulse"),)}
    two = replace(READING, windows=(window, later(window)))
    assert pictures(two)[-3:] == ["course-heart_rate", "course-systolic", "course-diastolic"]
    one = replace(READING, windows=(window, later(window, **refused)))
    assert pictures(one)[-1:] == ["course-heart_rate"], "one pressure has no course"
    assert not [name for name in pictures(replace(READING, windows=(window,))) if name.startswith("course")]


def test_what_was_measured_over_the_whole_clip_is_told_and_what_was_not_is_not():
    assert "14 a minute" in Parsed(steps(replace(make_reading(), respiration=Respiration(14.2, 0.5)))).words
    unknown = Respiration(reason=Reason("a", "No breath.", "c"))
    assert "No breath." not in steps(replace(make_reading(), respiration=unknown))


def test_every_check_is_answered_beside_what_is_needed():
    estimate = make_reading()
    asked = (*estimate.checks, *estimate.windows[0].checks)
    shown = [tuple(row) for row in rows(evidence(estimate))]
    for row in check_rows(asked):
        assert row in shown
        assert row[-1] == "yes"
    assert {check.name for check in asked} | {"bits_per_pixel_in_step", "light_share"} == WORDINGS.keys()
    window = judge_again(make_window(), snr_db=1.0, rival_db=3.0, amplitude=0.1)
    failed = [row[1:] for row in rows(evidence(replace(estimate, windows=(window,)))) if row[-1] == "no"]
    assert sorted(failed) == [
        ["1.0 dB", "at least 2.0 dB", "no"],
        ["10 %", "0.03 % to 3 %", "no"],
        ["3.0 dB", "at most 0.0 dB", "no"],
    ]


def test_what_speaks_for_a_pulse_and_against_it_is_shown_the_strongest_first():
    window = judge_again(make_window(), region_agreement=0.3, light_share=0.9, head_swing=np.nan)
    html = evidence(replace(REFUSED, windows=(window,)))
    assert f"{int(100 * window.evidence.probability)} %" in Parsed(html).words
    expected = evidence_rows(window.evidence)
    asked = [row.question for row in expected]
    assert [row[0] for row in rows(html) if row[0] in asked] == asked
    assert len(expected) == len(QUESTIONS) == len(questions.QUESTIONS)
    sizes = [abs(row.bar) for row in expected]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1
    answers = sorted(window.evidence.answers, key=lambda one: -abs(one.log_odds))
    assert any(np.isnan(answer.value) and row.bar == 0 for answer, row in zip(answers, expected, strict=True))
    for answer, row in zip(answers, expected, strict=True):
        if found := re.fullmatch(r"(for|against), ([\d.]+) x", row.verdict):
            side, factor = found.groups()
            assert (1 if side == "for" else -1) * np.log(float(factor)) == pytest.approx(answer.log_odds, abs=0.05)
            assert np.sign(row.bar) == np.sign(answer.log_odds)
        else:
            assert abs(answer.log_odds) < 0.1


def test_capture_and_methods_and_notes_are_shown():
    noted = replace(make_reading(), notes=(Reason("b", "A note.", "What to do."),))
    html = evidence(noted)
    assert ["Picture", "640 x 480 pixels"] in rows(html)
    used = [row for row in rows(html) if row[0] == "POS (used)"]
    assert len(used) == 1
    assert used[0][1].startswith("72")
    assert "A note. What to do." in Parsed(html).words
    average = with_insight(make_reading())
    assert like_average(average.systolic, average.diastolic).message not in evidence(average), "it is in the result"


def test_a_clip_that_was_not_opened_has_neither():
    error = Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS)
    assert steps(error) == evidence(error) == ""


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", 'a"onload="x', '"><img src=x>'])
def test_what_comes_from_elsewhere_cannot_become_markup(text):
    def noted(words):
        file = replace(FILE, codec=words, container=words)
        return evidence(replace(READING, notes=(Reason("b", words, words),), capture=replace(CAPTURE, file=file)))

    shown = Parsed(noted(text))
    assert shown.elements == Parsed(noted("plain")).elements
    assert shown.words.count(text) == 4
