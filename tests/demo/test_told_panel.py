"""What a person tells on the page: it goes with the clip, is shown beside the reading, and stays nowhere."""

from dataclasses import replace

import pytest

from bpdemo.demo.told_panel import read_told
from bpdemo.demo.views.told import beside
from bpdemo.export.report import make_report
from bpdemo.told import Told, estimate_with_told
from tests.support.made_up_people import made_up_told
from tests.support.made_up_results import CONFIG, DIASTOLIC, READING, REFUSED, SYSTOLIC
from tests.support.page_events import PageEvents
from tests.support.pdf_text import pdf_text
from tests.support.stand_in import StandIn, serve_stand_in

PERSON = Told(61, "female", 163, 70.5)
FIELDS = ("told_age", "told_sex", "told_height", "told_weight")


def told_reading(person=PERSON, parameters=None):
    parameters = parameters or made_up_told()
    return replace(READING, told=estimate_with_told(person, parameters, SYSTOLIC, DIASTOLIC))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_stand_in(tmp_path_factory.mktemp("temporary"), StandIn()) as served:
        yield served


def read_with(served, **fields):
    """Have a clip read as the page does, with some fields filled in; return what reached the estimator."""
    served.estimator.told.clear()
    page = PageEvents(served.url)
    assert "cannot be read as a video" in page.trigger("clip", "submit", {"clip": page.upload(b"clip")}, **fields)
    assert served.files_left() == []
    return served.estimator.told


@pytest.mark.parametrize(
    ("values", "told"),
    [((61, "female", 163, 70.5), PERSON), ((None, "", None, None), Told()), ((40, "", 0, 0), Told(age=40))],
)
def test_what_the_page_tells_goes_with_the_clip(served, values, told):
    assert read_told(*values) == (told, None)
    assert read_with(served, **dict(zip(FIELDS, values, strict=True))) == [told]


def test_what_cannot_be_costs_no_clip(served):
    told, wrong = read_told(61, "female", 1.63, 70.5)
    assert (told, wrong.code) == (Told(), "told_invalid")
    assert read_with(served, **dict(zip(FIELDS, (61, "female", 1.63, 70.5), strict=True))) == [Told()]
    assert wrong.remedy in beside(READING, wrong)


def test_a_value_that_names_a_file_is_none(served):
    address = {"path": "/etc/passwd", "url": "http://127.0.0.1:9/x", "meta": {"_type": "gradio.FileData"}}
    assert read_with(served, **{"told_age": address}) == [Told()]


def test_card_and_report_show_every_way():
    reading = told_reading()
    html, pdf = beside(reading), pdf_text(make_report(reading, CONFIG, {}))
    for pressure in (reading.told.systolic, reading.told.diastolic):
        for found in (pressure.clip, pressure.words, pressure.both, pressure.neither):
            value = f"{found.value:.0f} ({found.interval[0]:.0f} to {found.interval[1]:.0f})"
            assert value in html
            assert value in pdf
    for text in (html, pdf):
        assert str(PERSON) in text


def test_what_is_not_supported_is_noted_and_no_number_stands_there():
    reading = replace(READING, told=estimate_with_told(PERSON, None, SYSTOLIC, DIASTOLIC))
    (note,) = reading.told.notes
    assert note.remedy in beside(reading)
    assert "<table" not in beside(reading)
    assert note.remedy[:20] in pdf_text(make_report(reading, CONFIG, {}))


def test_without_words_or_without_a_reading_there_is_no_card():
    _, wrong = read_told(500, "", None, None)
    assert beside(READING) == beside(REFUSED) == beside(REFUSED, wrong) == ""
