"""The page as a person uses it: film, drop, look, take away."""

import json
import re

import pytest

from tests.support.serve_app import EXAMPLES

pytestmark = pytest.mark.real_time
FACE, WALL = EXAMPLES / "face_58_bpm.webm", EXAMPLES / "wall.mp4"
FILMED_BPM = 72


def drop(page, clip):
    page.get_by_role("tab", name="Upload a clip").click()
    page.get_by_label("Upload file").click()
    page.locator("input[type=file]").set_input_files(clip)


def result(page, status):
    """Wait for the result; return what it says."""
    page.locator("#result [data-status=reading], #result [data-status=refused], #result [data-status=error]").wait_for()
    card = page.locator("#result section")
    assert card.get_attribute("data-status") == status, card.inner_text()
    return card.inner_text()


def all_there(page):
    """Wait until the pictures and the downloads, which come last, are there."""
    page.locator("#files a").first.wait_for()


def heart_rate(text):
    return float(re.search(r"([\d.]+)\s*bpm", text).group(1))


def test_film_with_the_camera_and_get_a_reading(open_page, app):
    page = open_page()
    page.get_by_role("tab", name="Upload a clip").click()
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_label("start recording").click()
    page.wait_for_timeout(11_000)
    page.get_by_label("start recording").click()
    text = result(page, "reading")
    assert heart_rate(text) == pytest.approx(FILMED_BPM, abs=2)
    assert re.search(r"\d+/\d+\s*mmHg", text)
    assert "not a medical device" in text
    all_there(page)
    assert re.search(r"vp[89] in (matroska|webm)", page.locator("#steps").inner_text()), "as the browser recorded it"
    assert app.files_left() == []


def test_drop_a_clip_see_every_step_and_take_it_away(open_page, app):
    page = open_page()
    drop(page, FACE)
    text = result(page, "reading")
    assert heart_rate(text) == pytest.approx(58, abs=1)
    box = page.locator("#result section").bounding_box()
    assert box["y"] + 200 < 800, "the values must be in view without scrolling"
    all_there(page)
    for step in ("Skin cells on the face", "Spatial-temporal map", "Mean beats", "Pulse wave", "Capture report"):
        assert page.locator("#steps h3", has_text=step).count() == 1
    assert page.locator("#steps figure svg").count() == 5
    assert page.locator("#result figure svg").count() == 1
    with page.expect_download() as download:
        page.locator("#files a", has_text="JSON").click()
    form = json.loads(download.value.path().read_text())
    assert form["schema"] == "bpdemo.estimate/2"
    assert f"{form['heart_rate']['value']:.1f}" in text
    assert download.value.suggested_filename == "face_58_bpm.json"
    assert page.locator("#files a").count() == 5
    assert app.files_left() == []
    # The page is ready for the next clip.
    drop(page, WALL)
    page.locator("#result [data-status=refused]").wait_for()
    assert "No face" in result(page, "refused")
    assert page.locator("#steps h3", has_text="Pulse wave").count() == 0


def test_what_is_no_clip_is_explained(open_page, app, text_file):
    page = open_page()
    drop(page, text_file)
    text = result(page, "error")
    assert "cannot be read as a video" in text
    assert "What to change" in text
    all_there(page)
    assert page.locator("[data-testid=toast-body]:visible").count() == 0
    assert app.files_left() == []


def test_an_example_is_one_click_and_tells_its_truth(open_page):
    page = open_page(theme="dark")
    page.get_by_role("button", name="photograph").click()
    text = result(page, "refused")
    assert "The skin shows no pulse" in text
    assert "rendered without a pulse" in text
    all_there(page)
    colour = page.locator("#steps figure svg").first.evaluate("part => getComputedStyle(part).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 180, "ink must be light on dark"


def test_cancel_ends_the_reading_and_deletes_the_clip(open_page, app):
    page = open_page()
    drop(page, FACE)
    page.locator("#cancel").click()
    page.get_by_text("Cancelled").wait_for()
    assert page.get_by_text("Click to Access Webcam").is_visible()
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


@pytest.mark.parametrize("width", [360])
def test_on_a_phone_everything_fits_and_the_result_comes_into_view(open_page, width):
    page = open_page(width=width, height=780)
    drop(page, WALL)
    result(page, "refused")
    all_there(page)
    page.wait_for_timeout(800)  # the page scrolls smoothly
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    top = page.locator("#result section").bounding_box()["y"]
    assert 0 <= top < 200
