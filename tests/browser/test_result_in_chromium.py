"""A result as a person meets it: the strip at a glance, and one cursor through clip, map, wave and beats."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, FACE_72, PHOTOGRAPH, choose_example, drop, wait_for_result

PICTURES = ("face", "map", "beat", "ranges", "wave")
# How much of a map's cheeks, mouth and chin glows: share of its pixels.
GLOW = """() => {
  const canvas = document.createElement("canvas");
  const map = document.querySelector("#result canvas[data-picture=map]");
  [canvas.width, canvas.height] = [map.width, map.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(map, 0, 0);
  const [left, top] = [Math.round(80 * devicePixelRatio), Math.round(0.45 * map.height)];
  const { data } = context.getImageData(left, top, map.width - left - 10, map.height - top - 30);
  let bright = 0;
  for (let at = 0; at < data.length; at += 4) bright += data[at] > 180;
  return (4 * bright) / data.length;
}"""
PLAYER = "document.querySelector('#result .bp-clip video')"
COLUMNS_LEFT = 74  # where a map's columns begin


def time_of(page):
    """Return where the cursor stands, seconds."""
    return float(page.locator("#result [data-time]").input_value())


def read(page, file, status="reading"):
    choose_example(page, file)
    return wait_for_result(page, status)


def across(page, name, share):
    """Return a place in a picture with columns: so far across, and in the middle."""
    box = page.locator(f"#result canvas[data-picture={name}]").bounding_box()
    return box["x"] + COLUMNS_LEFT + share * (box["width"] - COLUMNS_LEFT - 8), box["y"] + box["height"] / 2


@pytest.mark.parametrize(("width", "height"), [(1280, 800)])
def test_all_pictures_of_a_reading_are_on_the_first_screen(open_page, width, height):
    page = open_page(width=width, height=height)
    result = read(page, FACE_72)
    for part in (".bp-verdict", ".bp-pressure", ".bp-rate", *(f"canvas[data-picture={name}]" for name in PICTURES)):
        box = result.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
    lefts = [result.locator(f"canvas[data-picture={name}]").bounding_box()["x"] for name in PICTURES[:4]]
    assert lefts == sorted(lefts), "skin, map, beat, pressure"
    assert page.locator("#input").is_hidden(), "the camera's place has given way"


def test_a_photograph_stays_dark_where_a_face_glows(open_page):
    page = open_page()
    read(page, FACE_72)
    face = page.evaluate(GLOW)
    result = read(page, PHOTOGRAPH, "refused")
    assert page.evaluate(GLOW) < 0.3 * face
    assert result.locator("canvas[data-picture=ranges], canvas[data-picture=beat]").count() == 0
    failed = result.locator(".bp-failed tbody tr")
    assert failed.count() >= 1
    assert "at least" in failed.first.inner_text()
    assert result.locator(".bp-words").inner_text().count("mmHg") == 0


def test_channels_are_switched(open_page):
    page = open_page()
    result = read(page, FACE_72)
    seen = [page.evaluate(GLOW)]
    for name in ("Y", "U", "raw"):
        result.locator(".bp-channels label", has_text=name).click()
        seen.append(page.evaluate(GLOW))
    assert len({round(glow, 3) for glow in seen}) == len(seen)


def test_one_cursor_moves_clip_map_wave_and_beats(open_page):
    page = open_page()
    read(page, FACE_72)
    page.wait_for_function(f"{PLAYER}.readyState >= 2")
    for name, share in (("map", 0.5), ("wave", 0.25)):
        page.mouse.click(*across(page, name, share))
        assert time_of(page) == pytest.approx(15 * share, abs=0.1), name
        page.wait_for_function(f"Math.abs({PLAYER}.currentTime - {time_of(page)}) < 0.05")
    page.mouse.move(*across(page, "map", 0.2))
    page.mouse.down()
    page.mouse.move(*across(page, "map", 0.8), steps=5)
    page.mouse.up()
    assert time_of(page) == pytest.approx(12, abs=0.1), "dragged"
    # In the beats the cursor moves within the beat it is in.
    beat = page.locator("#result canvas[data-picture=beat]").bounding_box()
    page.mouse.click(beat["x"] + 0.9 * beat["width"], beat["y"] + beat["height"] / 2)
    assert 0.1 < abs(time_of(page) - 12) < 1
    page.locator("#result [data-time]").fill("3")
    page.wait_for_function(f"Math.abs({PLAYER}.currentTime - 3) < 0.05")
    page.get_by_role("button", name="Play the clip").click()
    page.wait_for_function("Number(document.querySelector('#result [data-time]').value) > 3.5")
    page.get_by_role("button", name="Pause the clip").click()
    assert page.evaluate(f"{PLAYER}.currentTime") == pytest.approx(time_of(page), abs=0.1)


def test_a_cell_and_its_row_light_each_other(open_page):
    page = open_page()
    result = read(page, FACE_72)
    told = result.locator("[data-cursor]")
    x, _ = across(page, "map", 0.5)
    box = result.locator("canvas[data-picture=map]").bounding_box()
    page.mouse.move(x, box["y"] + 3)
    assert told.inner_text().startswith("Row 1: forehead")
    page.mouse.move(x, box["y"] + box["height"] - 24)
    assert told.inner_text().startswith("Row 30: chin")
    face = result.locator("canvas[data-picture=face]").bounding_box()
    page.mouse.move(face["x"] + face["width"] / 2, face["y"] + 0.31 * face["height"])
    assert "forehead" in told.inner_text()
    page.mouse.move(face["x"] + 2, face["y"] + 2)
    assert told.inner_text() == ""
    slider = page.get_by_role("slider", name="Row of the spatial-temporal map")
    slider.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert told.inner_text().startswith("Row 2: forehead")
    assert slider.get_attribute("aria-valuetext") == told.inner_text()
    page.keyboard.press("ArrowRight")
    assert time_of(page) == pytest.approx(0.1, abs=0.02)


def test_a_clip_the_browser_cannot_play_follows_in_pictures(open_page, tmp_path):
    page = open_page()
    clip = tmp_path / "face.avi"
    with av.open(str(EXAMPLES / FACE_58)) as source, av.open(str(clip), "w") as out:
        stream = out.add_stream("mjpeg", rate=30, options={"qmin": "2", "qmax": "3", "strict": "unofficial"})
        stream.width, stream.height, stream.pix_fmt = 480, 360, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == 300:
                break
            picture = frame.reformat(format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 30)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    drop(page, clip)
    result = wait_for_result(page)
    still = result.locator(".bp-clip img")
    still.wait_for()
    first = still.get_attribute("src")
    page.mouse.click(*across(page, "map", 0.9))
    assert still.get_attribute("src") != first


def test_an_own_clip_is_played_from_the_browsers_copy(open_page, app):
    page = open_page()
    drop(page, EXAMPLES / FACE_58)
    wait_for_result(page, "reading")
    assert app.files_left() == [], "the server has nothing of it any more"
    page.wait_for_function(f"{PLAYER}.readyState >= 2")
    assert page.evaluate(f"{PLAYER}.src").startswith("blob:")
    assert page.evaluate(f"{PLAYER}.duration") == pytest.approx(15, abs=0.2)


def test_a_refusal_on_a_phone_in_the_dark(open_page):
    width = 390
    page = open_page(width=width, height=844, theme="dark")
    result = read(page, PHOTOGRAPH, "refused")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert 0 <= result.bounding_box()["y"] < 300, "it is in view"
    order = [
        result.locator(part).bounding_box()["y"] for part in (".bp-words", "[data-picture=face]", "[data-picture=map]")
    ]
    assert order == sorted(order)
    colour = result.locator(".bp-icon").evaluate("part => getComputedStyle(part).color")
    assert min(int(number) for number in re.findall(r"\d+", colour)[:3]) > 180, "ink must be light on dark"


def test_steps_and_evidence_stand_below(open_page):
    page = open_page()
    read(page, FACE_58)
    steps = page.locator("#steps")
    for name in ("cells", "spectrum", "beats-T", "beats-Y"):
        canvas = steps.locator(f"canvas[data-picture={name}][data-drawn]")
        canvas.wait_for()
        drawn = canvas.evaluate(
            "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
        )
        assert drawn > 10, name
    page.get_by_role("tab", name="Evidence").click()
    evidence = page.locator("#evidence")
    for title in ("Is it a pulse?", "Checks", "Capture"):
        assert evidence.locator("h3", has_text=title).count() == 1
    answers = evidence.locator("section", has_text="Checks").locator("tbody tr td:last-child").all_inner_texts()
    assert set(answers) == {"yes"}


def test_memory_of_the_page_does_not_grow_with_readings(open_page):
    page = open_page()
    session = page.context.new_cdp_session(page)

    def heap_mb():
        session.send("HeapProfiler.collectGarbage")
        return page.evaluate("performance.memory.usedJSHeapSize") / 1e6

    def read_both():
        read(page, FACE_72)
        read(page, PHOTOGRAPH, "refused")

    for _ in range(2):
        read_both()
    before = heap_mb()
    for _ in range(5):
        read_both()
    assert np.isfinite(before)
    assert heap_mb() < before + 5
