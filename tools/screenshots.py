"""Make the README's pictures of the page, in `docs/`: `python tools/screenshots.py [NAME...]`.

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

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs"
START_S = 120
WAIT_MS = 300_000  # for a result, on a busy machine


@dataclass(frozen=True)
class Picture:
    """One picture: which example is read, and on what screen it is seen.

    Attributes:
        name: of the file.
        example: number of the example on the page.
        width, height: of the screen in pixels.
        scale: pixels of the picture to one of the screen.
        theme: `light` or `dark`.
        at: what is scrolled to the upper edge; nothing where empty.
    """

    name: str
    example: int
    width: int = 1280
    height: int = 1150
    scale: float = 1.5
    theme: str = "light"
    at: str = ""


PICTURES = (
    Picture("page", 0),
    Picture("refusal", 2, scale=1),
    Picture("phone", 0, width=390, height=844, scale=2, at="#result"),
)


def main() -> None:
    """Make all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args().names
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    wanted = [picture for picture in PICTURES if picture.name in names or not names]
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
    page.goto(f"{url}/?__theme={picture.theme}")
    page.locator(f"[data-example='{picture.example}']").click()
    page.locator("#files a").first.wait_for()
    settle(page, picture.at)
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path)
    page.close()
    return path


def settle(page: Page, at: str) -> None:
    """Bring the part to be seen to the upper edge, and let everything come to rest."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(1500)  # the page itself scrolls smoothly to a new result
    page.evaluate("at => at ? document.querySelector(at).scrollIntoView() : window.scrollTo(0, 0)", at)
    page.wait_for_timeout(700)


if __name__ == "__main__":
    main()
