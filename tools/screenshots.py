"""Make the pictures of the page, for the README and beside links to it: `python tools/screenshots.py [NAME...]`.

Starts the app, does in Chromium what a visitor would, and pictures what is then on the screen.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

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


def main() -> None:
    """Make all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
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


if __name__ == "__main__":
    main()
