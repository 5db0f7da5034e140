"""The tab Live, with a made-up engine: what it shows, that it lets the camera go, and the way to a recording."""

import pytest

from tests.support.serve_app import ROOT

MADE_UP = {"live/engine.js": (ROOT / "tests/support/made_up_engine.js").read_text()}
WATCH = """
  window.scene = null;
  window.tracks = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
"""
PREVIEW = """([startS, bpm]) => live.dispatchEvent(new CustomEvent("preview", { detail: {
  startS, columns: 300, map: new Int8Array(9000), wave: new Float32Array(300), seenS: 10,
  state: bpm ? "pulse" : "none", bpm,
} }))"""
TRACKS = "tracks.map(({ readyState }) => readyState)"


@pytest.fixture
def page(open_page):
    page = open_page(before=WATCH, instead=MADE_UP)
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#live [data-do=start]").click()
    page.locator("#live .bp-rec[data-state=preview]").wait_for()
    return page


def drawn(page):
    """Return how the course is drawn, as a PNG."""
    page.wait_for_timeout(100)
    return page.evaluate("document.querySelector('#live [data-live=course]').toDataURL()")


def test_heart_rate_and_its_course_are_shown(page):
    number = page.locator("#live .bp-live-rate .bp-number")
    page.evaluate(PREVIEW, [0, None])
    assert number.inner_text() == "–"
    before = drawn(page)
    for second in range(30):
        page.evaluate(PREVIEW, [second, 72 + second / 10])
    assert number.inner_text() == "75"
    assert drawn(page) != before
    assert page.locator("#result").is_hidden(), "it has the whole width"


def test_recording_goes_on_with_the_open_camera(page):
    page.locator("#live [data-do=record]").click()
    page.locator("#recorder .bp-rec[data-state=preview]").wait_for()
    assert page.locator("#recorder video").is_visible()
    assert page.evaluate(TRACKS) == ["live"], "nobody was asked again"
    assert page.evaluate("document.querySelector('#recorder video').srcObject.getTracks()[0] === tracks[0]")
    page.locator("#recorder [data-do=stop]").click()
    assert page.evaluate(TRACKS) == ["ended"]


def test_another_tab_lets_the_camera_go(page):
    page.get_by_role("tab", name="Upload a clip").click()
    page.wait_for_function(f"{TRACKS}.join() === 'ended'")
    page.locator("#result").wait_for(state="visible")


def test_on_a_phone_face_rate_and_trace_are_in_sight_together(open_page):
    page = open_page(width=390, height=844, before=WATCH, instead=MADE_UP, has_touch=True, is_mobile=True)
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#live [data-do=start]").click()
    page.locator("#live .bp-rec[data-state=preview]").wait_for()
    page.evaluate("document.querySelector('#live .bp-rec').style.setProperty('--shape', '3 / 4')")
    page.evaluate(PREVIEW, [0, 72])
    for part in (".bp-rec-stage", ".bp-live-rate", ".bp-live-trace", "[data-do=record]"):
        box = page.locator(f"#live {part}").bounding_box()
        assert box["y"] > -1, part
        assert box["y"] + box["height"] < 845, part
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
