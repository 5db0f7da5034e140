"""The queue as visitors see it, and what the browser is kept from. The estimator is a stand-in that takes its time."""

import time

import httpx
import pytest

from bpdemo.demo.server.queue import CLIPS_AT_ONCE, QUEUE_LENGTH
from tests.browser.conftest import PATTERN
from tests.support import visitor
from tests.support.axe import findings
from tests.support.serve_app import EXAMPLES
from tests.support.stand_in import PATIENCE_S, SlowStandIn, serve_stand_in

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Serve the stand-in in place of the app: `open_page` opens it."""
    with serve_stand_in(tmp_path_factory.mktemp("waiting"), SlowStandIn()) as served:
        served.url = served.url.rstrip("/")
        yield served
        served.estimator.may_end.set()


@pytest.fixture(autouse=True)
def idle(app):
    app.estimator.may_end.clear()
    yield
    app.estimator.may_end.set()
    until_s = time.monotonic() + PATIENCE_S
    while app.files_left():  # who still waits is served before the next test begins
        assert time.monotonic() < until_s
        time.sleep(0.05)


def ask(app, count):
    """Send so many clips as a program does."""
    for _ in range(count):
        path = httpx.post(f"{app.url}/gradio_api/upload", files={"files": ("a.mp4", b"clip")}).json()[0]
        data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
        httpx.post(f"{app.url}/gradio_api/call/estimate", json=data).raise_for_status()


def drop(page):
    visitor.drop(page, EXAMPLES / "wall.mp4")


def wait_until(page, is_so):
    for _ in range(200):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError


def test_a_waiting_visitor_sees_the_place_in_the_queue_and_is_served(open_page, app):
    ask(app, CLIPS_AT_ONCE)
    page = open_page()
    drop(page)
    place = page.locator("#result .progress-text")
    wait_until(page, lambda: "queue: 1/1" in place.inner_text())
    text, tracker = place.bounding_box(), page.locator("#result [data-testid=status-tracker]").bounding_box()
    title = page.locator("#result h2").bounding_box()
    assert tracker["y"] <= text["y"], "the place must not be cut off"
    assert text["y"] + text["height"] <= tracker["y"] + tracker["height"]
    assert text["y"] < title["y"] + title["height"], "it stands beside the title"
    app.estimator.may_end.set()
    page.locator("#result [data-status=error]").wait_for()
    assert "cannot be read as a video" in page.locator("#result").inner_text()


def test_while_a_clip_is_read_nobody_is_kept_out(open_page):
    page = open_page()
    drop(page)
    page.locator("#result [role=progressbar]").wait_for()
    page.locator("#result video").wait_for()  # the clip itself, from the browser's copy
    assert findings(page) == []


def test_a_waiting_visitor_can_cancel(open_page, app):
    ask(app, CLIPS_AT_ONCE)
    page = open_page()
    drop(page)
    wait_until(page, lambda: "queue: 1/1" in page.locator("#result .progress-text").inner_text())
    page.locator("#cancel").click()
    page.get_by_text("Cancelled").first.wait_for()
    wait_until(page, lambda: len(app.files_left()) == CLIPS_AT_ONCE)
    page.locator("#clip").wait_for()  # ready for the next clip
    assert not page.locator("#cancel").is_visible()
    assert page.locator("[data-testid=toast-body]:visible").count() == 0
    drop(page)
    wait_until(page, lambda: "queue: 1/1" in page.locator("#result .progress-text").inner_text())
    app.estimator.may_end.set()
    page.locator("#result [data-status=error]").wait_for()


def test_one_too_many_is_told_so_and_what_to_do(open_page, app):
    ask(app, CLIPS_AT_ONCE)
    wait_until(page := open_page(forgive=["Failed to load resource"]), lambda: app.estimator.reading == CLIPS_AT_ONCE)
    ask(app, QUEUE_LENGTH)
    held = len(app.files_left())
    drop(page)
    page.get_by_text("Too many clips at once").wait_for()
    assert "Send it again in a minute" in page.locator("#result").inner_text()
    assert len(app.files_left()) == held
    page.locator("#clip").wait_for()  # ready for the next clip


def test_a_page_that_is_closed_while_it_waits_takes_its_clip_along(open_page, app):
    ask(app, CLIPS_AT_ONCE)
    other = open_page()
    wait_until(other, lambda: app.estimator.reading == CLIPS_AT_ONCE and len(app.files_left()) == CLIPS_AT_ONCE)
    page = open_page()
    drop(page)
    wait_until(page, lambda: "queue:" in page.locator("#result .progress-text").inner_text())
    assert len(app.files_left()) == CLIPS_AT_ONCE + 1
    page.close()
    wait_until(other, lambda: len(app.files_left()) == CLIPS_AT_ONCE)
    assert app.estimator.reading == CLIPS_AT_ONCE


def test_the_browser_itself_lets_nothing_be_sent_elsewhere(app, launch):
    context = launch(PATTERN).new_context()
    page = context.new_page()
    page.goto(app.url)
    page.locator("#result [data-status=empty]").wait_for()
    failed = "address => fetch(address).then(() => false, error => error.message.includes('Failed to fetch'))"
    blocked = """address => new Promise(done => {
      document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective), {once: true});
      new Image().src = address;
      setTimeout(() => done('nothing'), 3000);
    })"""
    # There is somebody at that address, who would be glad to have it.
    assert page.evaluate(failed, app.url.replace("127.0.0.1", "localhost") + "/config")
    assert page.evaluate(blocked, "http://localhost:9/face.png") == "img-src"
    context.close()
