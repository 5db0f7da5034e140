"""Debian's Chromium at the page, with cameras that film rendered clips."""

import shutil
from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import sync_playwright

from benchmarks.films import write_film
from bpdemo.synthesis.scenes import Scene, render_clip
from tests.support.serve_app import EXAMPLES, ROOT

MODULES = ROOT / "bpdemo" / "demo" / "browser"
BLANK = "http://localhost:9"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATTERN = "pattern"  # a camera that shows what Chromium draws itself
# What other cameras film, over and over: a clip or what is rendered for one, for how many seconds, and how bright.
FILMS = {
    "face": (EXAMPLES / "face_72_bpm.mp4", 15, 1.0),
    "moment": (EXAMPLES / "face_72_bpm.mp4", 1, 1.0),
    "dark": (EXAMPLES / "face_72_bpm.mp4", 1, 0.15),
    "wall": (EXAMPLES / "wall.mp4", 1, 1.0),
    "photograph": (EXAMPLES / "photograph.mp4", 15, 1.0),
    "slow": (EXAMPLES / "face_58_bpm.webm", 15, 1.0),
    "fast": (Scene(seed=903, heart_rate_bpm=110, duration_s=12, pulse_strength=0.01), 12, 1.0),
}
# The player asks for a picture-in-picture Chromium has not; Gradio says so on every page with a video.
HARMLESS = ("Method not implemented",)
# Playwright sends one command that Firefox 153 does not know, about colours, and gives up when it is refused. This runs
# in its driver, and takes that one refusal for an answer.
LENIENT = """
const parse = JSON.parse;
JSON.parse = (...given) => {
  const answer = parse(...given);
  const refused = answer?.error === "unknown command" && answer.message === "emulation.setMediaFeaturesOverride";
  return refused ? { type: "success", id: answer.id, result: {} } : answer;
};
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Return the motion JPEG of one of `FILMS`, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("films")

    def film(name):
        path = folder / f"{name}.mjpeg"
        if not path.exists():
            clip, seconds, brightness = FILMS[name]
            if isinstance(clip, Scene):
                render_clip(folder / f"{name}.mp4", clip)
                clip = folder / f"{name}.mp4"
            write_film(path, clip, seconds, brightness)
        return path

    return film


# Until it ends, nothing else of its process may run an event loop: it ends with the browser tests, which is why their
# folder is a package.
@pytest.fixture(scope="package")
def playwright():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_OPTIONS", f"--import=data:text/javascript,{quote(LENIENT)}")
        with sync_playwright() as started:
            yield started


@pytest.fixture(scope="package")
def launch(playwright, films):
    """Return a Chromium with a camera - `PATTERN`, one of `FILMS`, or None; one of each is started."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium", pytrace=False)
    started = {}

    def start(camera):
        if camera not in started:
            device = "--use-fake-device-for-media-stream" + ("" if camera else "=device-count=0")
            film = [f"--use-file-for-fake-video-capture={films(camera)}"] if camera in FILMS else []
            started[camera] = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, device, *film])
        return started[camera]

    yield start
    for browser in started.values():
        browser.close()


@pytest.fixture(scope="module")
def blank_page(launch):
    """A page with nothing but a file input, which may import the page's own modules, as from "/session.js"."""

    def serve(route):
        script = MODULES / route.request.url.removeprefix(BLANK + "/")
        if script.is_file():
            route.fulfill(path=script, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><input type=file>", content_type="text/html")

    page = launch(PATTERN).new_page()
    page.route(BLANK + "/**", serve)
    page.goto(BLANK)
    yield page
    page.close()


def serve_script(script, route):
    route.fulfill(body=script, content_type="text/javascript")


@pytest.fixture(scope="package")
def unused():
    """Pages that no test uses at the moment, by their browser and what their context is like."""
    return defaultdict(list)


def put_away(page):
    """Have nothing of a page left but the browser's copies of the app's files."""
    page.unroute_all()
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.context.clear_cookies()
    page.goto("about:blank")
    page.mouse.move(0, 0)


@pytest.fixture
def open_page(app, launch, unused):
    """Open the page; whatever it complains about, or fetches from elsewhere, fails the test at its end.

    It is loaded anew for each test, but in a tab that was used before: that takes a third of the time.
    """
    complaints, forgiven = [], [*HARMLESS]

    def note_console(message):
        # A slow browser may still ask for a piece of the clip when it has been deleted.
        if "403" in message.text and "/file=" in message.location.get("url", ""):
            return
        if message.type in ("error", "warning") and not message.text.startswith(tuple(forgiven)):
            complaints.append(f"console {message.type}: {message.text}")

    def note_error(error):
        complaints.append(f"page error: {error}")

    def note_request(request):
        if not request.url.startswith((app.url, "data:", "blob:")):
            complaints.append(f"fetched from elsewhere: {request.url}")

    def take_page(camera, allowed, options):
        kind = (launch(camera), allowed, *sorted(options.items()))
        if not unused[kind]:
            context = kind[0].new_context(permissions=["camera"] if allowed else [], **options)
            unused[kind].append(context.new_page())
        page = unused[kind].pop()

        def give_back():
            if not page.is_closed():
                put_away(page)
                unused[kind].append(page)

        at_end.callback(give_back)
        return page

    def open_one(
        width=1280,
        height=800,
        theme="light",
        camera=PATTERN,
        allowed=True,
        before="",
        forgive=(),
        instead=None,
        **options,
    ):
        """Open one page. `before` is a script that runs first, `forgive` what the console may say, `instead` scripts in
        place of the page's own, by their names; the rest is for the browser's context.
        """
        forgiven.extend(forgive)
        page = take_page(camera, allowed, options)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(60_000)
        if before:
            at_end.enter_context(page.add_init_script(before))
        for name, script in (instead or {}).items():
            page.route(f"**/page/{name}", partial(serve_script, script))
        for event, note in (("console", note_console), ("pageerror", note_error), ("request", note_request)):
            page.on(event, note)
            at_end.callback(page.remove_listener, event, note)
        page.goto(f"{app.url}/?__theme={theme}")
        page.locator("#result [data-status=empty]").wait_for()
        page.locator("#recorder [data-state=idle]").wait_for()
        return page

    with ExitStack() as at_end:
        yield open_one
    assert complaints == []
