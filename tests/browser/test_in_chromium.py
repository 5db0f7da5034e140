"""The page as a person uses it: drop, look, take away."""

import io
import json
import re
import zipfile

import numpy as np
import pytest

from tests.support.serve_app import EXAMPLES
from tests.support.visitor import choose_example, download, drop, wait_for_result

pytestmark = pytest.mark.real_time
FACE, WALL = EXAMPLES / "face_58_bpm.webm", EXAMPLES / "wall.mp4"


def numbers(result, part):
    return [int(number) for number in re.findall(r"\d+", result.locator(f"{part} .bp-number").inner_text())]


def test_drop_a_clip_see_every_step_and_take_it_away(open_page, app):
    page = open_page()
    drop(page, FACE)
    result = wait_for_result(page, "reading")
    assert app.files_left() == []
    systolic, diastolic = numbers(result, ".bp-pressure")
    [heart_rate] = numbers(result, ".bp-rate")
    assert heart_rate == pytest.approx(58, abs=1)
    for number in range(1, 6):
        assert result.locator("figcaption b", has_text=str(number)).count() == 1

    name, content = download(page, "json")
    form = json.loads(content)
    assert name == "face_58_bpm.json"
    assert [round(form[pressure]["value"]) for pressure in ("systolic", "diastolic")] == [systolic, diastolic]
    assert round(form["heart_rate"]["value"]) == heart_rate
    name, content = download(page, "pdf")
    assert (name, content[:4]) == ("face_58_bpm.pdf", b"%PDF")
    with np.load(io.BytesIO(download(page, "npz")[1])) as saved:
        assert saved["stmap"].shape == (4, 30, 450)
    assert download(page, "csv")[1].startswith(b"time_s,wave,beat")
    with zipfile.ZipFile(io.BytesIO(download(page, "figures")[1])) as archive:
        assert {"cells.png", "stmap.png", "beats.png", "pulse.png", "ranges.png"} <= set(archive.namelist())
    assert app.files_left() == []
    # The page is ready for the next clip.
    drop(page, WALL)
    result = wait_for_result(page, "refused")
    assert "No face" in result.inner_text()
    assert result.locator("canvas[data-picture=map]").count() == 0


def test_what_is_no_clip_is_explained(open_page, app, text_file):
    page = open_page()
    drop(page, text_file)
    assert "cannot be read as a video" in wait_for_result(page, "error").inner_text()
    assert page.locator("[data-testid=toast-body]:visible").count() == 0
    assert app.files_left() == []


def test_cancel_ends_the_reading_and_deletes_the_clip(open_page, app):
    page = open_page()
    drop(page, FACE)
    page.locator("#cancel").click()
    page.get_by_text("Cancelled").wait_for()
    assert page.locator("#input").is_visible(), "ready for the next clip"
    page.wait_for_timeout(500)
    assert app.files_left() == []


def test_a_page_that_is_closed_takes_its_clip_along(open_page, app):
    page = open_page()
    drop(page, FACE)
    page.locator("#cancel").wait_for()
    page.close()
    other = open_page()
    for _ in range(40):
        if not app.files_left():
            break
        other.wait_for_timeout(250)
    assert app.files_left() == []
    assert other.locator("#result [data-status=empty]").count() == 1, "another page must see nothing of it"


def test_two_pages_at_once_do_not_see_each_other(open_page):
    one, other = open_page(), open_page()
    choose_example(one, "face_72_bpm.mp4")
    drop(other, WALL)
    assert "No face" in wait_for_result(other, "refused").inner_text()
    assert "No face" not in wait_for_result(one, "reading").inner_text()
    assert download(one, "json")[0] == "face_72_bpm.json"
    assert download(other, "json")[0] == "wall.json"
