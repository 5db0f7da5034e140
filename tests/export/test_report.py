"""The report is one A4 page that says what the page says."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate, Respiration
from bpdemo.export.figures import draw_figures
from bpdemo.export.report import make_report
from bpdemo.quality import check_capture
from bpdemo.reasons import reason
from tests.support.made_up_results import (
    ADJUSTED,
    CAPTURE,
    CONFIG,
    FACE,
    FILE,
    REFUSED,
    VALIDATED,
    WEIGHTS,
    make_reading,
    make_thumbnails,
    make_window,
    with_insight,
)
from tests.support.pdf_text import pdf_text

pytestmark = pytest.mark.slow

MADE = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


def report(estimate, config=CONFIG, adjusted=None, made=None):
    return make_report(estimate, config, draw_figures(estimate), adjusted, made)


def words(estimate, config=CONFIG, adjusted=None, made=None):
    """The text of the report; drawing the figures, which hold none of it, would take most of the time."""
    return pdf_text(make_report(estimate, config, {}, adjusted, made))


def pages(content):
    return len(re.findall(rb"/Type /Page\b(?!s)", content))


@pytest.fixture(scope="module")
def reading():
    return make_reading()


def test_it_is_a_pdf_of_one_a4_page_with_its_figures(reading):
    content = report(reading)
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")
    assert pages(content) == 1
    assert len(re.findall(rb"/Subtype /Image", content)) == 4
    box = [float(side) for side in re.search(rb"/MediaBox \[([^\]]*)\]", content).group(1).split()]
    assert [side / 72 * 25.4 for side in box[2:]] == pytest.approx([210, 297], abs=0.5)


def test_a_readings_report_has_values_intervals_capture_provenance_and_time(reading):
    text = words(reading, made=MADE)
    for part in (
        "118 / 70",
        "90 % interval 90 to 147 / 52 to 88",
        "61.3",
        "SNR 7.5 dB",
        "128 / 71",
        "not a medical device",
        "2026-11-23 14:05 UTC",
        "clip.mp4",
        "640 x 480 pixels",
        "small, STMap version 1",
        "Always answering the average person",
    ):
        assert part in text, part
    assert "Adjusted" not in text


def test_it_says_what_the_reading_is_worth_and_what_moved_it(reading):
    content = report(with_insight(reading))
    assert pages(content) == 1
    text = pdf_text(content)
    for part in ("systolic 110 or more 60 %", "diastolic 70 or more 45 %", "128/71", "1.3 mmHg lower"):
        assert part in text


def test_an_adjusted_reading_is_marked(reading):
    text = words(reading, CONFIG, ADJUSTED)
    assert "118 / 70" in text
    assert "Adjusted by the user's own cuff reading, mmHg: 130 / 80" in text
    assert "No interval is known" in text


def test_a_refusals_report_has_the_reasons_and_no_pressure():
    window = replace(make_window(), reasons=(reason("weak_pulse"),), systolic=None, diastolic=None)
    refused = replace(
        REFUSED,
        reasons=tuple(reason(code) for code in ("too_dark", "weak_pulse", "face_turned", "too_short")),
        windows=(window,),
        thumbnails=make_thumbnails(),
        heart_rate=window.heart_rate,
        respiration=Respiration(15.2, 0.44),
    )
    text = words(refused)
    low, high = window.heart_rate.interval
    told = f"72.0 (interval {low:.1f} to {high:.1f}, SNR"
    probability = (
        f"Probability of a pulse: {int(100 * window.evidence.probability)} %; Breathing: 15 a minute (error 0.4)"
    )
    for part in (
        probability,
        "A pulse, but no pressures",
        "The face is too dark. Turn on more light",
        "and 1 more",
        told,
    ):
        assert part in text, part
    assert "Systolic" not in text
    assert "No reading" in words(replace(refused, heart_rate=None))


def test_a_refusals_report_has_the_numbers_behind_it():
    short = replace(CAPTURE, file=replace(FILE, duration_s=4.0))
    refused = replace(REFUSED, capture=short, checks=check_capture(short), reasons=(reason("too_short"),))
    assert "The clip lasts 4.0 s without a gap; at least 9.5 s are needed." in words(refused)


def test_a_clip_without_a_face_still_has_a_report():
    bare = tuple(replace(thumbnail, landmarks=None) for thumbnail in make_thumbnails())
    assert pages(report(replace(REFUSED, thumbnails=bare))) == 1


def test_the_longest_report_fits_its_page(reading):
    file = replace(FILE, rotation_degrees=90, frames_dropped=3, duration_s=4.0, frame_rate_hz=9.0)
    capture = replace(CAPTURE, file=file, face=replace(FACE, turn_degrees=80.0, clipped=0.9, luma=250.0))
    checks = check_capture(capture)
    reasons = tuple(reason(code) for code in ("too_bright", "light_flicker", "too_compressed", "too_short"))
    weights = replace(WEIGHTS, name="W" * 400)
    long = replace(with_insight(reading), clip="W" * 300, capture=capture, checks=checks, weights=weights)
    refused = replace(long, status="refused", reasons=reasons, systolic=None, diastolic=None)
    for estimate, adjusted in ((long, None), (long, ADJUSTED), (refused, None)):
        content = report(estimate, VALIDATED, adjusted)
        assert pages(content) == 1
        assert pdf_text(content).endswith("by 15.6 / 15.6.")


def test_a_clip_that_was_not_opened_has_none():
    assert report(Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS), CONFIG) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Übung $x^2$ Ω.mp4", "Übung $x^2$ Ω.mp4"),
        ("脈拍 \udcff\n.mp4", "Clip: ?? .mp4"),
        ("long_" * 99 + ".mp4", "long_lo..."),
    ],
)
def test_any_file_name_can_be_written(reading, caplog, name, shown):
    with caplog.at_level(logging.WARNING):
        content = make_report(replace(reading, clip=name), CONFIG, {})
    assert pages(content) == 1
    assert shown in pdf_text(content)
    assert not caplog.records, "no log holds a file's name"
