"""The report is one A4 page that says what the page says."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bpdemo.demo.cuff import Calibration, CuffReading, Shown
from bpdemo.demo.views.report import draw_report, make_report
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.quality import reason
from tests.support.made_up_results import READING, REFUSED, WEIGHTS, WORDS, make_reading, make_thumbnails, make_window

MADE = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


def words_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text")))


@pytest.fixture(scope="module")
def reading():
    return make_reading()


def test_it_is_a_pdf_of_one_a4_page(reading):
    content = make_report(reading, WORDS)
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b(?!s)", content)) == 1
    box = [float(side) for side in re.search(rb"/MediaBox \[([^\]]*)\]", content).group(1).split()]
    assert [side / 72 * 25.4 for side in box[2:]] == pytest.approx([210, 297], abs=0.5)


def test_a_readings_report_has_values_intervals_capture_provenance_and_time(reading):
    said = words_of(draw_report(reading, WORDS, "The evidence.", made=MADE))
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
        "The evidence.",
        "Systolic: 118 mmHg, interval 90 to 147",
        "Pulse wave",
        "left cheek",
    ):
        assert part in said, part
    assert "Adjusted" not in said


def test_an_adjusted_reading_is_marked(reading):
    calibration = Calibration.of(CuffReading(130.0, 75.0), Shown.of(READING), WORDS)
    said = words_of(draw_report(reading, WORDS, adjusted=calibration.adjust(reading)))
    assert "118 / 70" in said
    assert re.search(r"Adjusted by the user's own cuff reading, mmHg: 130 / 75", said)
    assert "No interval is known" in said


def test_a_refusals_report_has_the_reasons_and_no_pressure():
    window = replace(make_window(), reasons=(reason("weak_pulse"),), systolic=None, diastolic=None)
    refused = replace(
        REFUSED,
        reasons=tuple(reason(code) for code in ("too_dark", "weak_pulse", "face_turned", "too_short")),
        windows=(window,),
        thumbnails=make_thumbnails(),
        heart_rate=window.heart_rate,
    )
    said = words_of(draw_report(refused, WORDS))
    assert "No reading" in said
    assert "The face is too dark. Turn on more light" in said
    assert "and 1 more" in said
    assert "72.0" in said
    assert "Systolic" not in said
    assert make_report(refused, WORDS).startswith(b"%PDF")
    alone = draw_report(replace(refused, reasons=(reason("too_short"),)), WORDS)
    assert "The clip lasts 15.0 s; 9.5 s are needed." in words_of(alone)


def test_a_clip_without_a_face_still_has_a_report():
    bare = tuple(replace(thumbnail, landmarks=None) for thumbnail in make_thumbnails())
    assert make_report(replace(REFUSED, thumbnails=bare), WORDS).startswith(b"%PDF")


def test_a_clip_that_was_not_opened_has_none():
    assert make_report(Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS), WORDS) is None


def test_nothing_runs_over_the_page(reading):
    long = replace(reading, clip=f"{'a_very_long_name' * 20}$x^2$.mp4")
    page = draw_report(long, WORDS, made=MADE)
    page.canvas.draw()
    width, height = page.bbox.size
    for text in page.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0, text.get_text()
        assert box.x1 <= width, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.y1 <= height, text.get_text()
