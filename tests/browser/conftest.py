"""Debian's Chromium at the page, with a camera that films a rendered clip."""

import shutil
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from serve_app import EXAMPLES, serve_app

FILMED = EXAMPLES / "face_72_bpm.mp4"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
# The player asks for a picture-in-picture Chromium has not; Gradio says so on every page with a video.
HARMLESS = ("Method not implemented",)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with serve_app(tmp_path_factory.mktemp("browser")) as served:
        yield served


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A motion JPEG of the clip that the fake camera films, over and over."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with av.open(str(FILMED)) as source, av.open(str(path), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=30, options={"qmin": "2", "qmax": "2", "strict": "unofficial"})
        stream.width, stream.height, stream.pix_fmt = 480, 360, "yuvj420p"
        for number, frame in enumerate(source.decode(video=0)):
            picture = frame.reformat(480, 360, "yuvj420p")
            picture.pts, picture.time_base = number, Fraction(1, 30)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def browser(camera):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        )
        yield started
        started.close()


@pytest.fixture
def open_page(app, browser):
    """Open the page; whatever it complains about, or fetches from elsewhere, fails the test at its end."""
    complaints, contexts = [], []

    def note_console(message):
        # A slow browser may still ask for a piece of the clip when it has been deleted.
        if "403" in message.text and "/file=" in message.location.get("url", ""):
            return
        if message.type == "error" or (message.type == "warning" and not message.text.startswith(HARMLESS)):
            complaints.append(f"console {message.type}: {message.text}")

    def note_request(request):
        if not request.url.startswith((app.url, "data:", "blob:")):
            complaints.append(f"fetched from elsewhere: {request.url}")

    def open_one(width=1280, height=800, theme="light"):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, permissions=["camera"]))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("console", note_console)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", note_request)
        page.goto(f"{app.url}/?__theme={theme}")
        page.locator("#glance [data-status=empty]").wait_for()
        page.get_by_label("Upload file").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
