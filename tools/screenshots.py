"""Make the README's picture of the page, `docs/page.png`: `python tools/screenshots.py`.

Starts the app, reads the first example in Chromium as a visitor would, and takes one picture of what is then on the
screen.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "page.png"
SIZE = {"width": 1280, "height": 1150}
START_S = 120


def main() -> None:
    """Write the picture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    app = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)}, stdout=sys.stderr
    )
    try:
        wait_for(url, app)
        take(url, chromium)
    finally:
        app.terminate()
        app.wait()
    print(PICTURE.relative_to(ROOT))


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


def take(url: str, chromium: str) -> None:
    """Read the first example and take the picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, device_scale_factor=1.5)
        page.goto(f"{url}/?__theme=light")
        page.locator("[data-example='0']").click()
        page.locator("#files a").first.wait_for(timeout=120_000)
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        PICTURE.parent.mkdir(exist_ok=True)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
