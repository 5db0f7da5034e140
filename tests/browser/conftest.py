"""Debian's Chromium at the page, with cameras that film rendered clips."""

import shutil
from functools import partial
from pathlib import Path

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
ALLOWED = "--use-fake-ui-for-media-stream"  # every page may use the camera
# What each camera films, over and over: a clip or what is rendered for one, for how many seconds, and how bright.
FILMS = {
    "face": (EXAMPLES / "face_72_bpm.mp4", 15, 1.0),
    "dark": (EXAMPLES / "face_72_bpm.mp4", 1, 0.15),
    "wall": (EXAMPLES / "wall.mp4", 1, 1.0),
    "photograph": (EXAMPLES / "photograph.mp4", 15, 1.0),
    "slow": (EXAMPLES / "face_58_bpm.webm", 15, 1.0),
    "fast": (Scene(seed=903, heart_rate_bpm=110, duration_s=12, pulse_strength=0.01), 12, 1.0),
}
# The player asks for a picture-in-picture Chromium has not; Gradio says so on every page with a video.
HARMLESS = ("Method not implemented",)


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


@pytest.fixture(scope="module")
def launch(films):
    """Return a Chromium with a camera - of `FILMS`, or None - where pages may use it or not; one of each is started."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium", pytrace=False)
    started = {}

    def start(camera, allowed):
        if (camera, allowed) not in started:
            device = ["--use-fake-device-for-media-stream" + ("" if camera else "=device-count=0")]
            film = [f"--use-file-for-fake-video-capture={films(camera)}"] if camera else []
            flags = [*FLAGS, *device, *film, *([ALLOWED] if allowed else [])]
            started[camera, allowed] = playwright.chromium.launch(executable_path=chromium, args=flags)
        return started[camera, allowed]

    with sync_playwright() as playwright:
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

    page = launch(None, False).new_page()
    page.route(BLANK + "/**", serve)
    page.goto(BLANK)
    yield page
    page.close()


def serve_script(script, route):
    route.fulfill(body=script, content_type="text/javascript")


@pytest.fixture
def open_page(app, launch):
    """Open the page; whatever it complains about, or fetches from elsewhere, fails the test at its end."""
    complaints, contexts, forgiven = [], [], [*HARMLESS]

    def note_console(message):
        # A slow browser may still ask for a piece of the clip when it has been deleted.
        if "403" in message.text and "/file=" in message.location.get("url", ""):
            return
        if message.type in ("error", "warning") and not message.text.startswith(tuple(forgiven)):
            complaints.append(f"console {message.type}: {message.text}")

    def note_request(request):
        if not request.url.startswith((app.url, "data:", "blob:")):
            complaints.append(f"fetched from elsewhere: {request.url}")

    def open_one(
        width=1280,
        height=800,
        theme="light",
        camera="face",
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
        permissions = ["camera"] if allowed else []
        size = {"width": width, "height": height}
        contexts.append(launch(camera, allowed).new_context(viewport=size, permissions=permissions, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(before)
        for name, script in (instead or {}).items():
            page.route(f"**/page/{name}", partial(serve_script, script))
        page.on("console", note_console)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", note_request)
        page.goto(f"{app.url}/?__theme={theme}")
        page.locator("#result [data-status=empty]").wait_for()
        page.locator("#recorder [data-state=idle]").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
