"""A clip on its way to the server: how much of it has been sent, cancelled, refused. The estimator is a stand-in."""

import re

import pytest

from tests.support.axe import findings
from tests.support.stand_in import StandIn, serve_stand_in
from tests.support.visitor import drop, wait_for_result

MB = 2**20
UNDER_WAY = re.compile(r"\b[1-9]\d? %")
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1}
# What the page shows of the sending, each time it changes.
WATCH = """() => {
  const sending = document.querySelector("#clip [data-sending]");
  const seen = (window.seen = []);
  const note = () => seen.push([sending.querySelector("b").textContent, sending.querySelector("progress").value]);
  new MutationObserver(note).observe(sending, { subtree: true, childList: true, characterData: true });
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Serve the stand-in in place of the app: `open_page` opens it."""
    with serve_stand_in(tmp_path_factory.mktemp("sending"), StandIn()) as served:
        served.url = served.url.rstrip("/")
        yield served


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * MB)
    return path


@pytest.fixture
def slow_down(open_page):
    """Return a function that has a page send so many bytes a second, -1 for as many as it can."""
    sessions = {}

    def slow_down_one(page, bytes_a_second):
        if page not in sessions:
            sessions[page] = page.context.new_cdp_session(page)
        sessions[page].send("Network.emulateNetworkConditions", SLOW | {"uploadThroughput": bytes_a_second})

    yield slow_down_one
    for page, session in sessions.items():
        slow_down_one(page, -1)
        session.detach()


def wait_until_nothing_is_left(app, page):
    for _ in range(100):
        if not app.files_left():
            return
        page.wait_for_timeout(50)
    raise AssertionError(app.files_left())


def test_the_share_that_is_sent_rises_to_all_of_it(open_page, slow_down, app, clip):
    page = open_page()
    page.get_by_role("tab", name="Upload a clip").click()
    page.locator("#clip [data-sending]").wait_for(state="attached")
    page.evaluate(WATCH)
    slow_down(page, 2 * MB)
    drop(page, clip)
    wait_for_result(page, "error")
    seen = page.evaluate("seen")
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert (shares[0], seen[-1]) == (0, ["100 %", 1])
    assert any(0 < share < 1 for share in shares)
    assert all(words == f"{int(100 * share)} %" for words, share in seen)
    assert app.estimator.seen[-1] == clip.read_bytes()
    assert page.locator("#clip [data-sending]").is_hidden()
    assert app.files_left() == []


def test_what_is_cancelled_on_its_way_is_not_read_and_leaves_nothing(open_page, slow_down, app, clip):
    app.estimator.seen.clear()
    page = open_page()
    slow_down(page, MB // 16)
    drop(page, clip)
    sending = page.locator("#clip [data-sending]")
    sending.get_by_text(UNDER_WAY).wait_for()
    assert findings(page, "#ways") == []
    assert sending.is_visible()
    sending.get_by_role("button", name="Cancel").click()
    assert sending.is_hidden()
    wait_until_nothing_is_left(app, page)
    slow_down(page, -1)
    drop(page, clip)
    wait_for_result(page, "error")
    assert len(app.estimator.seen) == 1


@pytest.mark.parametrize("size", [1000, 20 * MB], ids=["small", "large"])
def test_the_server_says_why_it_does_not_take_a_clip(open_page, app, monkeypatch, clip, size):
    clip.write_bytes(b"x" * size)
    monkeypatch.setattr(app.uploads, "bytes_left", lambda: 0)
    page = open_page(forgive=["Failed to load resource"])
    drop(page, clip)
    page.get_by_text("There is no room for another clip now").wait_for()
    assert page.locator("#clip [data-sending]").is_hidden()
    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch input[type=file]:enabled").set_input_files(clip)
    page.locator("#batch tbody td", has_text="There is no room for another clip now").wait_for()
    assert app.files_left() == []


def test_without_a_connection_the_page_says_so(open_page, app, clip):
    page = open_page(forgive=["Failed to load resource"])
    page.route("**/gradio_api/upload", lambda route: route.abort())
    drop(page, clip)
    page.get_by_text("Check the connection").wait_for()
    page.unroute_all()
    page.route("**/gradio_api/upload", lambda route: route.fulfill(body="<h1>Sign in</h1>", content_type="text/html"))
    drop(page, clip)
    page.get_by_text("Check the connection").wait_for()
    assert page.locator("#clip [data-sending]").is_hidden()


def test_a_batch_that_is_stopped_while_it_sends_leaves_nothing(open_page, slow_down, app, clip):
    app.estimator.seen.clear()
    page = open_page()
    slow_down(page, MB // 16)
    page.get_by_role("tab", name="Batch").click()
    page.locator("#batch input[type=file]:enabled").set_input_files(clip)
    page.locator("#batch tbody td", has_text=UNDER_WAY).wait_for()
    page.locator("[data-batch=stop]").click()
    page.locator("[data-batch=progress]", has_text="0 of 1, stopped").wait_for()
    page.locator("#batch tbody td", has_text="Stopped").wait_for()
    wait_until_nothing_is_left(app, page)
    assert app.estimator.seen == []
