"""The result as a person meets it: at a glance, explored, adjusted by a cuff, taken away, on any screen."""

import io
import json
import re
import zipfile

import numpy as np
import pytest

FACE_72, FACE_58, PHOTOGRAPH, WALL = range(4)  # the examples, in their order
PRESSURE = re.compile(r"(\d+)/(\d+)\s*mmHg")


def choose_example(page, number):
    # What an earlier clip left on the page is not waited for.
    page.evaluate("document.querySelectorAll('#result [data-status], #files a').forEach(e => (e.dataset.old = ''))")
    page.locator(f"[data-example='{number}']").click()
    # Working, or already done: a slow browser may miss what a quick clip shows in between.
    page.locator("#result [data-status]:not([data-status=empty], [data-old])").first.wait_for()


def wait_for_all(page, status):
    """Wait for the result and everything below it; return what it says."""
    page.locator(f"#result [data-status={status}]:not([data-old])").wait_for()
    page.locator("#files a:not([data-old])").first.wait_for()
    return page.locator("#result").inner_text()


def pressures(text):
    return [(int(systolic), int(diastolic)) for systolic, diastolic in PRESSURE.findall(text)]


def enter_cuff(page, systolic, diastolic):
    for name, value in (("systolic", systolic), ("diastolic", diastolic)):
        page.locator(f"#cuff-{name} input").fill(value)
    page.locator("#cuff-use").click()


def download(page, title):
    with page.expect_download() as taken:
        page.locator("#files a", has_text=title).click()
    return taken.value.suggested_filename, taken.value.path().read_bytes()


def test_progress_moves_and_the_first_result_needs_no_scrolling(open_page):
    page = open_page(width=1280, height=800)
    choose_example(page, FACE_58)
    shares = page.evaluate(
        """async () => {
          const seen = [];
          while (!document.querySelector("#result [data-status=reading]")) {
            const bar = document.querySelector("#result [role=progressbar]");
            if (bar) seen.push(Number(bar.getAttribute("aria-valuenow")));
            await new Promise((done) => setTimeout(done, 50));
          }
          return seen;
        }"""
    )
    assert len(set(shares)) > 5
    assert shares == sorted(shares)
    page.wait_for_timeout(800)  # the page scrolls smoothly, where it has to
    for part in (".bp-verdict", ".bp-number >> nth=0", ".bp-under >> nth=0", ".bp-second", ".bp-figure"):
        box = page.locator(f"#result {part}").first.bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= 800, part
    assert page.locator("#result .bp-icon").count() == 1


def test_a_row_of_the_map_is_chosen_by_click_and_by_key_and_everything_is_taken_away(open_page, app):
    page = open_page()
    choose_example(page, FACE_58)
    wait_for_all(page, "reading")
    slider, shown = page.get_by_label("Choose a row"), page.locator("[data-description]")
    slider.focus()
    page.keyboard.press("Home")
    assert shown.inner_text().startswith("forehead, cell 1 of 9. Row 1.")
    page.keyboard.press("ArrowRight")
    assert "Row 2." in shown.inner_text()
    assert slider.get_attribute("aria-valuetext") == shown.inner_text()
    area = page.locator(".bp-rows").first
    box = area.bounding_box()
    area.click(position={"x": box["width"] / 3, "y": box["height"] * 15.5 / 30})
    assert shown.inner_text().startswith("left cheek, cell 4 of 5. Row 16.")
    assert slider.input_value() == "16"
    for part in (".bp-row-face polygon", ".bp-row-trace path[data-row]"):
        assert page.locator(f"{part}.bp-chosen").get_attribute("data-row") == "15", part
    assert page.locator(".bp-row-trace path[data-row]:visible").count() == 1
    box, mark = area.bounding_box(), page.locator(".bp-rows i").first.bounding_box()  # the click scrolled
    assert (mark["y"] - box["y"]) / box["height"] == pytest.approx(15 / 30, abs=0.01)

    name, content = download(page, "PDF")
    assert (name, content[:4]) == ("face_58_bpm.pdf", b"%PDF")
    assert len(re.findall(rb"/Type /Page\b(?!s)", content)) == 1
    form = json.loads(download(page, "JSON")[1])
    assert form["heart_rate"]["value"] == pytest.approx(58, abs=1)
    with np.load(io.BytesIO(download(page, "STMap")[1])) as saved:
        assert saved["stmap"].shape == (4, 30, 450)
    assert download(page, "CSV")[1].startswith(b"time_s,wave,beat")
    with zipfile.ZipFile(io.BytesIO(download(page, "Figures")[1])) as archive:
        assert set(archive.namelist()) == {
            f"{name}.png" for name in ("cells", "stmap", "beats", "pulse", "ranges", "moved")
        }
    assert app.files_left() == []


def test_a_cuff_reading_adjusts_later_readings_until_it_is_removed(open_page):
    page = open_page()
    choose_example(page, FACE_72)
    [raw] = pressures(wait_for_all(page, "reading"))
    page.get_by_role("button", name="calibrate with your cuff").click()
    enter_cuff(page, "80", "120")
    page.locator("#cuff-message [role=alert]").wait_for()
    assert "diastolic value must be below" in page.locator("#cuff-message").inner_text()
    enter_cuff(page, "131", "")
    page.get_by_text("Both cuff values are needed").wait_for()
    enter_cuff(page, "131", "77")
    page.locator("#cuff-message [role=status]").wait_for()
    assert pressures(page.locator("#result").inner_text()) == [raw, (131, 77)]

    choose_example(page, FACE_58)
    text = wait_for_all(page, "reading")
    later, adjusted = pressures(text)
    assert "Adjusted by your own cuff reading" in text
    for now, before, cuff, moved in zip(later, raw, (131, 77), adjusted, strict=True):
        assert abs(moved - (now + cuff - before)) <= 1  # each is rounded
    form = json.loads(download(page, "JSON")[1])
    own = form["adjusted_by_own_cuff_reading"]
    assert round(form["systolic"]["value"]) == later[0], "the form's own value stays raw"
    assert round(own["systolic"]["value"]) == adjusted[0]

    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("Removed.").wait_for()
    assert pressures(page.locator("#result").inner_text()) == [later]
    page.reload()
    page.locator("#result [data-status=empty]").wait_for()
    assert not page.locator("#cuff").is_visible()


def test_two_pages_at_once_do_not_see_each_other(open_page):
    one, other = open_page(), open_page()
    choose_example(one, FACE_72)
    choose_example(other, WALL)
    assert "No face was found" in wait_for_all(other, "refused")
    text = wait_for_all(one, "reading")
    one.get_by_role("button", name="calibrate with your cuff").click()
    enter_cuff(one, "131", "77")
    one.get_by_text("In use:").wait_for()
    assert "No face" not in text
    assert other.locator("#result [data-status=refused]").count() == 1
    assert not other.locator("#cuff").is_visible()
    choose_example(other, FACE_58)
    assert len(pressures(wait_for_all(other, "reading"))) == 1
    assert download(one, "JSON")[0] == "face_72_bpm.json"
    assert download(other, "JSON")[0] == "face_58_bpm.json"


def test_a_refusal_on_a_phone_in_the_dark_says_why_and_shows_what_was_seen(open_page):
    width = 390
    page = open_page(width=width, height=844, theme="dark")
    choose_example(page, PHOTOGRAPH)
    text = wait_for_all(page, "refused")
    for sentence in ("No reading", "What was seen", "The skin shows no pulse", "needed at least", "What to change"):
        assert sentence in text
    assert "mmHg" not in text
    assert page.locator("#result img").get_attribute("alt").startswith("A frame of the clip")
    for title in ("Skin cells", "Spatial-temporal map", "Pulse wave", "Capture report"):
        assert page.locator("#steps h3", has_text=title).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert -50 < page.locator("#result section").bounding_box()["y"] < 500, "it comes into view"
    for part in ("#result .bp-icon", "#steps figure svg", "#steps output"):
        colour = page.locator(part).first.evaluate("part => getComputedStyle(part).color")
        assert min(int(number) for number in re.findall(r"\d+", colour)[:3]) > 180, f"{part}: ink must be light on dark"
    name, content = download(page, "PDF")
    assert (name, content[:4]) == ("photograph.pdf", b"%PDF")
