"""Make the pictures of the page, for the README and beside links to it: `python tools/screenshots.py [NAME...]`.

Starts the app, does in Chromium what a visitor would, and pictures what is then on the screen. `live` is a moving
picture of a recording, with a rendered face before the camera; it wants a machine with nothing else to do.
"""

import argparse
import base64
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.films import write_film

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs"
START_S = 120
WAIT_MS = 300_000  # for a result, on a busy machine


@dataclass(frozen=True)
class Picture:
    """One picture: which example is read, and what is seen of it.

    Attributes:
        file: the picture.
        example: file of the example.
        width, height: of the screen in pixels.
        scale: pixels of the picture to one of the screen.
        part: what is pictured; the whole screen where empty.
        style: rules added to the page's own.
    """

    file: Path
    example: str = "face_72_bpm.mp4"
    width: int = 1280
    height: int = 800
    scale: float = 1.5
    part: str = ""
    style: str = ""


# Beside links only the pictures count: large, under the page's name.
_SHARED = """
  .bp-examples, .bp-words, .bp-header p, .bp-header nav { display: none !important; }
  .bp-clip, .bp-wave, .bp-under-strip, #behind, footer { display: none !important; }
  .bp-header h1 { font-size: 2.6rem !important; } .bp-header h1::after { content: ": blood pressure from a face clip"; }
  .bp-strip { grid-template-rows: 400px 0 !important; }
"""
PICTURES = {
    "strip": Picture(FOLDER / "strip.png", part="#result .bp-result"),
    "page": Picture(FOLDER / "page.png"),
    "refusal": Picture(FOLDER / "refusal.png", "photograph.mp4", scale=1),
    "phone": Picture(FOLDER / "phone.png", width=390, height=844, scale=2),
    "shared": Picture(
        ROOT / "bpdemo" / "demo" / "browser" / "shared.png", width=1280, height=672, scale=0.9375, style=_SHARED
    ),
}


_LIVE = FOLDER / "live.webp"
_LIVE_SIZE = (960, 440)
_LIVE_S, _LIVE_HZ = 11.5, 8  # from the first column on: so long that the heart rate is seen to come
_LIVE_STYLE = """
  .bp-header, .bp-examples, #told, #behind, footer, #ways > .tab-wrapper, .bp-rec-checks, .bp-rec-facts,
  .bp-rec-choices { display: none !important; }
  :is(.app, .bp-rec-stage) { max-width: none !important; } .bp-rec-buttons { flex-wrap: nowrap !important; }
"""


def main() -> None:
    """Make all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join([*PICTURES, "live"]))
    names = parser.parse_args().names
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    wanted = [picture for name, picture in PICTURES.items() if name in names or not names]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)}, stdout=sys.stderr
    )
    try:
        wait_for(url, app)
        FOLDER.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for picture in wanted:
                print(take(browser, url, picture).relative_to(ROOT))
            browser.close()
            if "live" in names or not names:
                print(film_live(playwright, chromium, url).relative_to(ROOT))
    finally:
        app.terminate()
        app.wait()


def wait_for(url: str, app: subprocess.Popen) -> None:
    """Wait until the app answers."""
    until = time.monotonic() + START_S
    while app.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(url)
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    sys.exit("The app did not start.")


def take(browser: Browser, url: str, picture: Picture) -> Path:
    """Read an example, take one picture and return its file."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height}, device_scale_factor=picture.scale
    )
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{url}/?__theme=light")
    page.locator(f"[data-example][data-file='{picture.example}']").click()
    page.locator("#result [data-drawn]").first.wait_for()
    settle(page)
    if picture.style:
        page.add_style_tag(content=picture.style)
        page.wait_for_timeout(700)
    if picture.part:
        page.locator(picture.part).screenshot(path=picture.file)
    else:
        page.screenshot(path=picture.file)
    page.close()
    with Image.open(picture.file) as drawn:
        drawn.convert("RGB").save(picture.file, optimize=True)
    return picture.file


def settle(page: Page) -> None:
    """Let everything come to rest, with the cursor in the middle of the clip."""
    page.mouse.move(0, 0)
    page.locator("#result [data-time]").fill("7.5")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.wait_for_timeout(1500)


def film_live(playwright: Playwright, chromium: str, url: str) -> Path:
    """Record a rendered face, make a moving picture of the screen meanwhile, and return its file."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "face.mjpeg"
        write_film(film, ROOT / "examples" / "face_72_bpm.mp4", 15)
        camera = [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ]
        flags = ["--no-sandbox", "--disable-gpu", *camera]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": _LIVE_SIZE[0], "height": _LIVE_SIZE[1]})
        page.goto(f"{url}/?__theme=light")
        page.locator(".bp-rec[data-state=idle]").first.wait_for()
        page.add_style_tag(content=_LIVE_STYLE)
        shown = screencast(page, _LIVE_S)
        browser.close()
    first, *rest = shown
    first.save(
        _LIVE,
        save_all=True,
        append_images=rest,
        duration=1000 // _LIVE_HZ,
        loop=0,
        quality=55,
        method=6,
        minimize_size=True,
    )
    return _LIVE


def screencast(page: Page, seconds: float) -> list[Image.Image]:
    """Start the camera and return what is on the screen from the map's first column on, at `_LIVE_HZ`."""
    client = page.context.new_cdp_session(page)
    taken: list[tuple[float, str]] = []

    def take_frame(frame: dict) -> None:
        taken.append((frame["metadata"]["timestamp"], frame["data"]))
        client.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    client.on("Page.screencastFrame", take_frame)
    page.locator("#recorder [data-do=start]").click()
    page.locator("#recorder .bp-live-map").wait_for()
    page.wait_for_function("document.querySelector('#recorder .bp-live-rate').textContent.includes(' in ')")
    client.send("Page.startScreencast", {"format": "jpeg", "quality": 95, "everyNthFrame": 2})
    page.wait_for_timeout(1000 * seconds)
    client.remove_listener("Page.screencastFrame", take_frame)
    client.send("Page.stopScreencast")
    shown = []
    place, start_s = 0, taken[0][0]
    for number in range(round(seconds * _LIVE_HZ)):
        while place + 1 < len(taken) and taken[place + 1][0] <= start_s + number / _LIVE_HZ:
            place += 1
        shown.append(Image.open(io.BytesIO(base64.b64decode(taken[place][1]))).convert("RGB"))
    return shown


if __name__ == "__main__":
    main()
