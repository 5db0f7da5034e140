"""The page in Debian's Firefox, once through: an example, a clip, and what the camera shows.

Playwright drives it by WebDriver BiDi, which Firefox itself speaks, so that `open_page` watches it as it does Chromium.
"""

import shutil

import pytest

from tests.support.serve_app import EXAMPLES
from tests.support.visitor import FACE_58, FACE_72, choose_example, drop, wait_for_result

pytestmark = pytest.mark.real_time

START_CAMERA, PREVIEW, VIDEO = (f"#recorder {part}" for part in ("[data-do=start]", "[data-state=preview]", "video"))

PREFS = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}


@pytest.fixture(scope="module")
def launch(playwright):
    """In place of Chromium: Firefox, whose camera films moving colours and is open to every page."""
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if firefox is None:
        pytest.fail("This test needs Firefox: apt-get install firefox-esr", pytrace=False)
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=firefox, firefox_user_prefs=PREFS)
    yield lambda camera: browser
    browser.close()


@pytest.fixture
def page(open_page):
    return open_page(allowed=False)  # by `PREFS`, it need not be


def heart_rate(page):
    """Wait for a reading; return its beats a minute."""
    return int(wait_for_result(page, "reading").locator(".bp-rate .bp-number").inner_text())


def test_an_example_and_a_clip_are_read(page, app):
    choose_example(page, FACE_58)
    assert heart_rate(page) == pytest.approx(58, abs=1)
    drop(page, EXAMPLES / FACE_72)
    assert heart_rate(page) == pytest.approx(72, abs=1)
    for _ in range(40):
        if not app.files_left():
            break
        page.wait_for_timeout(250)
    assert app.files_left() == []


def test_the_camera_is_seen(page):
    page.locator(START_CAMERA).click()
    page.locator(PREVIEW).wait_for()
    page.wait_for_function("name => document.querySelector(name).currentTime > 0.5", arg=VIDEO)
