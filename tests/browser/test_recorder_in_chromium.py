"""The guided recorder as a person uses it, and as whatever can go wrong with a camera."""

import base64
import io
import re

import av
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.real_time
FILMED_BPM = 72
# Remembers every camera track, copies included, and every file made, to ask about later.
WATCH = """
  window.tracks = [];
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => {
    window.asked = wish;
    const stream = await open(wish);
    window.tracks.push(...stream.getTracks());
    return stream;
  };
  for (const kind of [MediaStream, MediaStreamTrack]) {
    const copy = kind.prototype.clone;
    kind.prototype.clone = function () {
      const made = copy.call(this);
      window.tracks.push(...(made.getTracks?.() ?? [made]));
      return made;
    };
  }
  window.File = class extends File {
    constructor(...parts) { super(...parts); window.made = this; }
  };
"""
# A browser in which every recording ends after a second: for tests of what comes before or after it.
SHORT = """
  const begin = MediaRecorder.prototype.start;
  MediaRecorder.prototype.start = function (...options) {
    begin.apply(this, options);
    setTimeout(() => this.state === "recording" && this.stop(), 1000);
  };
"""
IN_BASE_64 = """async () => {
  const bytes = new Uint8Array(await window.made.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_for(page, state, problem=None):
    problem_part = f"[data-problem={problem}]" if problem else ""
    # Once a clip is sent its result takes the recorder's place.
    seen = "attached" if state in ("sent", "uploading") else "visible"
    page.locator(f".bp-rec[data-state={state}]{problem_part}").wait_for(state=seen)


def start_camera(page):
    press(page, "Start camera")
    wait_for(page, "preview")


def wait_for_instruction(page, text):
    """Wait until the recorder gives an instruction that holds a text."""
    page.locator(".bp-rec-say", has_text=text).wait_for()


def heard(page):
    return page.locator(".bp-rec [role=status]").inner_text()


def camera_is_off(page):
    page.wait_for_function("window.tracks.length > 0 && window.tracks.every((track) => track.readyState === 'ended')")
    return True


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim()")


def barriers(page):
    """Return what axe finds serious about the recorder as it is."""
    rules = Axe().run(page, context="#ways").response["violations"]
    return [rule["id"] for rule in rules if rule["impact"] in ("serious", "critical")]


def no_wider_than(page, width):
    return page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_recording_gives_the_rendered_heart_rate_and_another_can_follow(open_page, app):
    page = open_page(before=WATCH)
    start_camera(page)
    asked = page.evaluate("window.asked")
    assert asked["audio"] is False
    assert asked["video"]["frameRate"] == {"ideal": 30}
    assert re.search(r"\d+ x \d+ at \d+ frames a second", page.locator(".bp-rec").inner_text())
    wait_for_instruction(page, "Good")
    assert page.locator("[data-check=face][data-passed=true]").count() == 1
    press(page, "Record 15 seconds")
    wait_for(page, "countdown")
    wait_for(page, "recording")
    assert page.locator(".bp-rec-clock").inner_text() in ("0:15", "0:14")
    wait_for(page, "sent")
    assert camera_is_off(page)
    page.locator("#result [data-status=reading]").wait_for()
    text = page.locator("#result section").first.inner_text()
    assert float(re.search(r"([\d.]+)\s*bpm", text).group(1)) == pytest.approx(FILMED_BPM, abs=2)
    clip = av.open(io.BytesIO(base64.b64decode(page.evaluate(IN_BASE_64))))
    frames = list(clip.decode(video=0))
    assert float(frames[-1].pts * frames[-1].time_base) >= 15
    assert not clip.streams.audio
    press(page, "Record or upload")
    press(page, "Record again")
    wait_for(page, "preview")
    assert app.files_left() == []


def test_what_is_recorded_is_not_mirrored(open_page, launch, films):
    page = open_page(before=WATCH + SHORT)
    start_camera(page)
    assert "matrix(-1" in page.locator(".bp-rec video").evaluate("video => getComputedStyle(video).transform")
    press(page, "Record 15 seconds")
    wait_for(page, "sent")
    recorded = first_picture(io.BytesIO(base64.b64decode(page.evaluate(IN_BASE_64))))
    filmed = first_picture(films("face").open("rb"))
    assert alike(recorded, filmed) > 0.9 > alike(recorded[:, ::-1], filmed)


def first_picture(file):
    with av.open(file) as clip:
        return next(clip.decode(video=0)).reformat(64, 48, "gray").to_ndarray().astype(float)


def alike(picture, other):
    return np.corrcoef(picture.ravel(), other.ravel())[0, 1]


def test_a_path_that_is_no_upload_is_refused_in_plain_words(open_page):
    page = open_page(before=SHORT)
    page.route("**/gradio_api/upload*", lambda route: route.fulfill(json=["/etc/hostname"]))
    start_camera(page)
    press(page, "Record 15 seconds")
    page.locator("#result [data-status=error]").wait_for()
    assert "neither an upload nor an example" in page.locator("#result").inner_text()
    press(page, "Record again")
    wait_for(page, "preview")


@pytest.mark.parametrize(("camera", "problem"), [("face", "denied"), (None, "no_camera")])
def test_without_a_camera_the_other_way_in_is_shown(open_page, camera, problem):
    page = open_page(camera=camera, allowed=camera is None, width=360, height=780)
    press(page, "Start camera")
    wait_for(page, "error", problem)
    assert "upload" in page.locator(".bp-rec-card").inner_text()
    assert no_wider_than(page, 360)
    assert barriers(page) == []
    press(page, "Try again")
    wait_for(page, "error", problem)
    press(page, "Upload a clip instead")
    page.locator("#clip").wait_for()
    page.get_by_role("tab", name="Record", exact=True).click()
    wait_for(page, "error", problem)


@pytest.mark.parametrize(
    ("before", "problem"),
    [
        ("Object.defineProperty(Navigator.prototype, 'mediaDevices', {get: () => undefined});"
         "Object.defineProperty(window, 'isSecureContext', {get: () => false});", "insecure"),
        ("Object.defineProperty(Navigator.prototype, 'mediaDevices', {get: () => undefined});", "too_old"),
        ("delete window.MediaRecorder;", "too_old"),
        ("navigator.mediaDevices.getUserMedia = () => Promise.reject({name: 'NotReadableError'});", "busy"),
        ("MediaRecorder.prototype.start = () => { throw new DOMException('', 'NotSupportedError'); };", "no_record"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(open_page, before, problem):
    page = open_page(before=before)
    press(page, "Start camera")
    if problem == "no_record":
        wait_for(page, "preview")
        press(page, "Record 15 seconds")
    wait_for(page, "error", problem)
    title = page.locator(".bp-rec-card h2").inner_text()
    assert title in heard(page)
    assert len(page.locator(".bp-rec-card p").inner_text()) > 30
    assert page.get_by_role("button", name="Upload a clip instead").is_visible()


def test_nothing_is_sent_and_the_camera_goes_off_when_it_is_cancelled(open_page, app):
    page = open_page(before=WATCH)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    for state in ("countdown", "recording"):
        start_camera(page)
        press(page, "Record 15 seconds")
        wait_for(page, state)
        press(page, "Cancel")
        wait_for(page, "idle")
        assert camera_is_off(page)
        assert "Nothing was sent" in page.locator(".bp-rec-card").inner_text()
    assert sent == []
    assert app.files_left() == []


def test_the_camera_may_go_away_or_be_left_behind(open_page):
    page = open_page(before=WATCH)
    start_camera(page)
    press(page, "Record 15 seconds")
    wait_for(page, "recording")
    page.evaluate("window.tracks.at(-1).dispatchEvent(new Event('ended'))")
    wait_for(page, "error", "lost")
    press(page, "Try again")
    wait_for(page, "preview")
    page.get_by_role("tab", name="Upload a clip").click()
    assert camera_is_off(page)
    page.get_by_role("tab", name="Record", exact=True).click()
    wait_for(page, "idle")


def test_a_preview_out_of_sight_gives_the_camera_back(open_page):
    page = open_page(
        before=WATCH + "setTimeout = ((real) => (deed, ms) => real(deed, ms === 30000 ? 100 : ms))(setTimeout);"
    )
    start_camera(page)
    page.evaluate(
        """Object.defineProperty(document, 'hidden', {get: () => true});
        document.dispatchEvent(new Event('visibilitychange'))"""
    )
    wait_for(page, "idle")
    assert camera_is_off(page)


def test_a_recording_that_could_not_be_sent_can_be_sent_again(open_page):
    page = open_page(before=SHORT, forgive=("Failed to load resource",))
    page.route("**/gradio_api/upload*", lambda route: route.abort(), times=1)
    start_camera(page)
    press(page, "Record 15 seconds")
    wait_for(page, "error", "upload_failed")
    press(page, "Send again")
    wait_for(page, "sent")
    page.locator("#result [data-status=refused]").wait_for()


@pytest.mark.parametrize(
    ("camera", "instruction", "failed"), [("dark", "More light", "light"), ("wall", "Put your face", "face")]
)
def test_the_picture_tells_what_to_change(open_page, camera, instruction, failed):
    page = open_page(camera=camera, theme="dark")
    start_camera(page)
    wait_for_instruction(page, instruction)
    assert page.locator(f"[data-check={failed}][data-passed=false]").count() == 1
    page.wait_for_function(
        "text => document.querySelector('.bp-rec [role=status]').textContent.includes(text)", arg=instruction
    )
    assert page.get_by_role("button", name="Record 15 seconds").is_enabled(), "the server has the last word"
    assert barriers(page) == []


def test_the_camera_is_held_while_recording_and_freed_afterwards(open_page):
    held = """
      let now = {
        exposureMode: "continuous", exposureTime: 200, whiteBalanceMode: "continuous", colorTemperature: 4500,
      };
      window.wishes = [];
      Object.assign(MediaStreamTrack.prototype, {
        getCapabilities: () => ({ exposureMode: ["manual", "continuous"], whiteBalanceMode: ["manual", "continuous"] }),
        applyConstraints: async ({ advanced: [wish] }) => { window.wishes.push(wish); now = { ...now, ...wish }; },
      });
      const settings = MediaStreamTrack.prototype.getSettings;
      MediaStreamTrack.prototype.getSettings = function () { return { ...settings.call(this), ...now }; };
    """
    page = open_page(before=WATCH + SHORT + held)
    start_camera(page)
    assert page.evaluate("window.wishes") == []
    press(page, "Record 15 seconds")
    wait_for(page, "recording")
    assert "exposure, white balance" in page.locator("[data-part=facts]").inner_text()
    assert page.evaluate("window.wishes.at(-1)") == {
        "exposureMode": "manual", "exposureTime": 200, "whiteBalanceMode": "manual", "colorTemperature": 4500,
    }  # fmt: skip
    wait_for(page, "sent")
    assert camera_is_off(page)
    assert page.evaluate("window.wishes.at(-1)") == {"exposureMode": "continuous", "whiteBalanceMode": "continuous"}


def test_a_camera_that_cannot_be_held_says_so_and_all_goes_by_keyboard_on_a_phone(open_page):
    page = open_page(before=WATCH, width=360, height=780, theme="dark", reduced_motion="reduce")
    assert no_wider_than(page, 360)
    page.get_by_role("button", name="Start camera").focus()
    page.keyboard.press("Enter")
    wait_for(page, "preview")
    assert focused(page) == "Record 15 seconds"
    assert no_wider_than(page, 360)
    page.keyboard.press("Enter")
    wait_for(page, "countdown")
    assert focused(page) == "Cancel"
    assert "three seconds" in heard(page)
    wait_for(page, "recording")
    assert focused(page) == "Cancel"
    assert "keep the light as it is" in page.locator("[data-part=facts]").inner_text()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    wait_for(page, "idle")
    assert focused(page) == "Start camera"
    assert camera_is_off(page)
