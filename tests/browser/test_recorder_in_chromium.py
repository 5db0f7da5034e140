"""The guided recorder as a person uses it, and as whatever can go wrong with a camera.

The camera is Chromium's; what the live engine sees in it is made up (`made_up_engine.js`), unless a test says so.
"""

import base64
import io
import json
import re
from functools import partial

import av
import numpy as np
import pytest

from tests.browser.conftest import PATTERN
from tests.support.axe import barriers
from tests.support.serve_app import ROOT

FILMED_BPM = 72
MADE_UP = {"live/engine.js": (ROOT / "tests/support/made_up_engine.js").read_text()}
# Remembers every camera track, copies included, every file made, and every state, to ask about later.
WATCH = """
  window.tracks = [];
  window.wishes = [];
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => {
    window.wishes.push(wish);
    const stream = await open({ ...wish, video: true });
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
# A browser in which a recording ends when a test says so (`end_recording`), whatever was asked for.
SHORT = """
  window.setTimeout = ((real) => (deed, ms, ...rest) => {
    if (ms % 1000 !== 400) return real(deed, ms, ...rest);
    window.recordedMs = ms;
    window.endRecording = () => real(deed, 300);
  })(window.setTimeout);
"""
STILL = "window.scene = null;"  # looks come when a test makes them
TWO_CAMERAS = """
  const cameras = { desk: ["Webcam", "user"], obs: ["OBS Virtual Camera", undefined], back: ["Back", "environment"] };
  window.found = ["desk", "obs"];
  let used = "desk";
  navigator.mediaDevices.enumerateDevices = async () => [
    ...window.found.map((deviceId) => ({ kind: "videoinput", deviceId, label: cameras[deviceId][0] })),
    { kind: "audioinput", deviceId: "microphone", label: "Microphone" },
  ];
  const openOne = navigator.mediaDevices.getUserMedia;
  navigator.mediaDevices.getUserMedia = (wish) => {
    const facing = wish.video.facingMode?.ideal;
    used = wish.video.deviceId?.exact ?? window.found.find((name) => cameras[name][1] === facing) ?? "desk";
    return openOne(wish);
  };
  const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () {
    return { ...settings.call(this), deviceId: used, facingMode: cameras[used][1] };
  };
  Object.defineProperty(MediaStreamTrack.prototype, "label", { get: () => cameras[used][0] });
"""
IN_BASE_64 = """async () => {
  const bytes = new Uint8Array(await window.made.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


@pytest.fixture
def open_made_up(open_page):
    """Open the page, with an engine whose looks are made up."""

    def open_one(before="", instead=None, **options):
        return open_page(before=WATCH + before, instead=MADE_UP | (instead or {}), **options)

    return open_one


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_for(page, state, problem=None):
    problem_part = f"[data-problem={problem}]" if problem else ""
    # Once a clip is sent its result takes the recorder's place.
    seen = "attached" if state in ("sent", "uploading") else "visible"
    page.locator(f"#recorder [data-state={state}]{problem_part}").wait_for(state=seen)


def wait_until_refused(page):
    """Wait until a clip that is far too short was sent and read; until then it lies on the server."""
    wait_for(page, "sent")
    page.locator("#result [data-status=refused]").wait_for()


def state(page):
    return page.locator("#recorder .bp-rec").get_attribute("data-state")


def start_camera(page):
    press(page, "Start camera")
    page.locator("#recorder .bp-rec:not([data-state=idle], [data-state=asking])").wait_for(state="attached")


def look(page, seconds, **scene):
    """Have the engine see something for some seconds, ten looks each, at once."""
    page.evaluate(
        "([looks, scene]) => { for (let at = 0; at < looks; at++) window.live.look(scene); }",
        [round(10 * seconds), scene],
    )


def record(page):
    """Have the engine see for long enough what makes a recording start, also after one that was spoilt."""
    look(page, 6)
    wait_for(page, "recording")


def end_recording(page):
    """End what is recorded in a moment, when there are pictures in it; needs `SHORT`."""
    wait_for(page, "recording")
    page.wait_for_function("window.endRecording")
    page.evaluate("endRecording()")


def hide(page, hidden=True):
    page.evaluate(
        """hidden => {
        Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""",
        hidden,
    )


def said(page):
    return page.locator("#recorder .bp-rec-say").inner_text()


def heard(page):
    return page.locator("#recorder [data-part=live]").inner_text()


def facts(page):
    return page.locator("#recorder [data-part=facts]").inner_text()


def wait_until_heard(page, text):
    page.wait_for_function(
        "text => document.querySelector('#recorder [data-part=live]').textContent.includes(text)", arg=text
    )


def camera_is_off(page):
    page.wait_for_function("window.tracks.length > 0 && window.tracks.every((track) => track.readyState === 'ended')")
    return True


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim()")


def no_wider_than(page, width):
    return page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.real_time
def test_a_recording_gives_the_rendered_heart_rate_and_another_can_follow(open_made_up, app):
    page = open_made_up(camera="face")
    start_camera(page)
    asked = page.evaluate("window.wishes[0]")
    assert asked["audio"] is False
    assert asked["video"]["frameRate"] == {"ideal": 30}
    wait_for(page, "recording")
    assert page.locator("#recorder .bp-rec-clock").inner_text() in ("0:15", "0:14")
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
    wait_for(page, "recording")
    assert app.files_left() == []


def test_what_is_recorded_is_not_mirrored(open_made_up, films):
    page = open_made_up(SHORT, camera="moment")
    start_camera(page)
    assert "matrix(-1" in page.locator("#recorder .bp-rec video").evaluate("video => getComputedStyle(video).transform")
    end_recording(page)
    wait_until_refused(page)
    recorded = first_picture(io.BytesIO(base64.b64decode(page.evaluate(IN_BASE_64))))
    filmed = first_picture(films("moment").open("rb"))
    assert alike(recorded, filmed) > 0.9 > alike(recorded[:, ::-1], filmed)


def first_picture(file):
    with av.open(file) as clip:
        return next(clip.decode(video=0)).reformat(64, 48, "gray").to_ndarray().astype(float)


def alike(picture, other):
    return np.corrcoef(picture.ravel(), other.ravel())[0, 1]


def test_it_starts_by_itself_when_all_has_been_well_for_a_while(open_made_up):
    page = open_made_up(STILL)
    start_camera(page)
    look(page, 2, light={"luma": 40})
    assert (state(page), said(page)) == ("preview", "More light: face a window or lamp")
    assert page.locator("#recorder [data-check=light][data-passed=false]").count() == 1
    look(page, 1)
    assert state(page) == "steady"
    look(page, 0.6, face={"x": 0.3, "y": 0, "width": 0.4})
    assert (state(page), said(page)) == ("preview", "Move a little to your right")
    look(page, 0.5)
    look(page, 1.4)
    assert state(page) == "steady", "time counts anew"
    assert said(page) == "Good. Hold still: it starts by itself"
    look(page, 0.2)
    wait_for(page, "recording")
    assert page.evaluate("window.live.calls") == [["begin", {"isRecording": True}]]
    press(page, "Cancel")


def test_a_note_of_what_was_measured_goes_along(open_made_up, app):
    page = open_made_up(SHORT)
    with page.expect_request(
        lambda request: "/queue/join" in request.url and "clip" in (request.post_data or "")
    ) as asked:
        start_camera(page)
        end_recording(page)
    sent = json.loads(asked.value.post_data)["event_data"]
    assert sent["note"] == {"rate_hz": 29.5, "dropped": 1, "luma": 120, "sway": 0.01, "bpm": 71}
    assert sent["clip"].endswith((".webm", ".mp4"))
    assert len(sent["key"]) > 10
    wait_until_refused(page)
    assert page.evaluate("window.live.isEnded")
    assert app.files_left() == []


@pytest.mark.parametrize(
    ("scene", "cause", "words"),
    [
        ({"face": None}, "face_lost", "your face was out of sight"),
        ({"light": {"luma": 80}}, "light_changed", "the light changed"),
        ({"rateHz": 9}, "too_slow", "too slow"),
    ],
)
def test_a_recording_that_is_spoilt_ends_early_says_why_and_begins_again(open_made_up, app, scene, cause, words):
    page = open_made_up(STILL)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    start_camera(page)
    record(page)
    look(page, 1)
    assert state(page) == "recording"
    look(page, 1, **scene)
    page.locator(f"#recorder .bp-rec[data-state=preview][data-stopped={cause}]").wait_for()
    shown = page.locator("#recorder [data-part=stopped]")
    assert words in shown.inner_text()
    assert words in heard(page)
    assert page.evaluate("window.tracks.at(-1).readyState") == "live"
    look(page, 2)
    assert state(page) == "preview", "one has to learn why"
    record(page)
    assert not shown.is_visible()
    press(page, "Cancel")
    assert sent == []
    assert app.files_left() == []


def test_why_a_recording_ended_is_shown_for_a_while(open_made_up):
    page = open_made_up(STILL)
    start_camera(page)
    record(page)
    stopped = page.locator("#recorder .bp-rec[data-stopped=face_lost]")
    look(page, 5, face=None)
    stopped.wait_for()
    look(page, 3, face=None)
    stopped.wait_for(state="detached")
    assert said(page) == "Put your face in the oval"
    assert page.locator("#recorder [data-part=stopped]").inner_text() == ""


def test_movement_ends_no_recording(open_made_up):
    page = open_made_up(STILL)
    start_camera(page)
    record(page)
    look(page, 2, sway=0.1)
    assert said(page) == "Hold still"
    look(page, 2, face={"x": 0.4, "y": 0, "width": 0.4})
    assert "Back into the oval" in said(page)
    look(page, 2)
    assert "breathe as usual" in said(page)
    assert state(page) == "recording"


def test_the_button_records_at_once_whatever_is_seen(open_made_up):
    page = open_made_up("window.scene = { face: null, rateHz: 9, light: { luma: 20 } };" + SHORT)
    start_camera(page)
    page.locator("#recorder .bp-rec-say", has_text="Too dark").wait_for()
    press(page, "Record 15 seconds")
    end_recording(page)
    page.locator("#result [data-status=refused]").wait_for()  # the server has the last word


FIRST_CLOCK = """() => {
  const root = document.querySelector("#recorder .bp-rec");
  return root.dataset.state === "recording" && root.querySelector(".bp-rec-clock").textContent;
}"""


@pytest.mark.parametrize(("seconds", "clock"), [(15, "0:15"), (30, "0:30"), (60, "1:00")])
def test_a_recording_is_as_long_as_was_chosen(open_made_up, seconds, clock):
    page = open_made_up(SHORT + STILL)
    lengths = page.get_by_role("radiogroup", name="Length").or_(page.get_by_role("group", name="Length"))
    lengths.get_by_role("radio", name=f"{seconds} s").check()
    assert f"{seconds} seconds" in page.locator("#recorder .bp-rec-card h2").inner_text()
    start_camera(page)
    press(page, f"Record {seconds} seconds")
    assert page.wait_for_function(FIRST_CLOCK).json_value() == clock
    assert f"{seconds} seconds" in heard(page)
    end_recording(page)
    wait_until_refused(page)
    assert page.evaluate("window.recordedMs") == 1000 * seconds + 400


def test_the_longest_recording_may_be_sent(blank_page):
    most_bytes, limit = blank_page.evaluate("""async () => {
      const { BITS_PER_SECOND } = await import("/recorder/clip.js");
      const { MAX_CLIP_BYTES } = await import("/unzip.js");
      return [(60.4 * BITS_PER_SECOND) / 8, MAX_CLIP_BYTES];
    }""")
    assert most_bytes < limit


def test_how_much_is_sent_is_shown_and_it_can_be_cancelled(open_made_up):
    sending = """export const send = (file, { onProgress, signal }) => new Promise((done, fail) => {
      onProgress(0.427);
      signal.addEventListener("abort", () => { window.aborted = true; fail(signal.reason); });
    });"""
    page = open_made_up(SHORT, instead={"send.js": sending}, width=390, height=844)
    start_camera(page)
    end_recording(page)
    wait_for(page, "uploading")
    assert camera_is_off(page)
    assert "42 %" in page.locator("#recorder .bp-rec-card").inner_text()
    assert page.locator("#recorder progress").get_attribute("value") == "0.427"
    assert barriers(page, "#ways") == []
    press(page, "Cancel")
    wait_for(page, "idle")
    assert page.evaluate("window.aborted")
    assert "Nothing was sent" in page.locator("#recorder .bp-rec-card").inner_text()
    assert page.locator("#result [data-status=empty]").is_visible()


def test_a_recording_that_could_not_be_sent_can_be_sent_again(open_made_up):
    page = open_made_up(SHORT, forgive=("Failed to load resource",))
    page.route("**/gradio_api/upload*", lambda route: route.abort(), times=1)
    start_camera(page)
    end_recording(page)
    wait_for(page, "error", "upload_failed")
    press(page, "Send again")
    wait_until_refused(page)


def test_a_path_that_is_no_upload_is_refused_in_plain_words(open_made_up):
    page = open_made_up(SHORT)
    page.route("**/gradio_api/upload*", lambda route: route.fulfill(json=["/etc/hostname"]))
    start_camera(page)
    end_recording(page)
    page.locator("#result [data-status=error]").wait_for()
    assert "neither an upload nor an example" in page.locator("#result").inner_text()
    press(page, "Record again")
    wait_for(page, "recording")


def test_one_chooses_a_camera_and_learns_that_it_is_virtual(open_made_up):
    page = open_made_up(TWO_CAMERAS + STILL)
    start_camera(page)
    look(page, 0.2, rateHz=27.4)
    assert "27 frames a second" in facts(page), "as measured, not as the camera says"
    assert "virtual" not in facts(page)
    menu = page.get_by_role("combobox", name="Camera")
    menu.wait_for()
    assert menu.locator("option").all_inner_texts() == ["Webcam", "OBS Virtual Camera (virtual)"]
    menu.focus()
    menu.select_option("obs")
    page.wait_for_function("window.wishes.length === 2")
    page.wait_for_function("window.tracks[0].readyState === 'ended' && window.tracks[1]?.readyState === 'live'")
    page.wait_for_function("!window.live.isEnded")
    assert page.evaluate("window.wishes[1].video.deviceId") == {"exact": "obs"}
    look(page, 0.2)
    assert "virtual camera" in facts(page)
    assert menu.input_value() == "obs"
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.evaluate("window.found = ['desk']; navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    menu.wait_for(state="hidden")
    assert barriers(page, "#ways") == []


def test_on_a_phone_the_camera_can_be_turned(open_made_up):
    page = open_made_up(
        TWO_CAMERAS + "window.found = ['desk', 'back'];", width=390, height=844, has_touch=True, is_mobile=True
    )
    mirrored = "getComputedStyle(document.querySelector('{}')).transform.startsWith('matrix(-1')"
    start_camera(page)
    for facing, is_mirrored in (("user", True), ("environment", False), ("user", True)):
        page.locator(f"#recorder .bp-rec[data-facing={facing}]").wait_for()
        for part in ("#recorder .bp-rec video", "#recorder .bp-rec [data-live=cells]"):
            assert page.evaluate(mirrored.format(part)) is is_mirrored, (facing, part)
        assert no_wider_than(page, 390)
        press(page, "Turn camera")


@pytest.mark.parametrize(("camera", "problem"), [(PATTERN, "denied"), (None, "no_camera")])
def test_without_a_camera_the_other_way_in_is_shown(open_page, camera, problem):
    page = open_page(camera=camera, allowed=camera is None, width=360, height=780)
    press(page, "Start camera")
    wait_for(page, "error", problem)
    assert "upload" in page.locator("#recorder .bp-rec-card").inner_text()
    assert no_wider_than(page, 360)
    assert barriers(page, "#ways") == []
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
    page = open_page(before=before, instead=MADE_UP)
    press(page, "Start camera")
    wait_for(page, "error", problem)
    title = page.locator("#recorder .bp-rec-card h2").inner_text()
    assert title in heard(page)
    assert len(page.locator("#recorder .bp-rec-card p").inner_text()) > 30
    assert page.get_by_role("button", name="Upload a clip instead").is_visible()


def test_a_browser_that_cannot_look_for_faces_checks_the_light_and_records_by_the_button(open_page):
    page = open_page(before=WATCH + SHORT + "delete window.WebAssembly;")
    start_camera(page)
    page.locator("#recorder .bp-rec-say", has_text="Fill the oval, then press Record").wait_for()
    assert "cannot look for faces" in facts(page)
    assert page.locator("#recorder [data-check=light][data-passed=true]").count() == 1
    assert page.locator("#recorder [data-check=face][data-passed=null]").count() == 1
    page.wait_for_timeout(2000)
    assert state(page) == "preview", "it does not start by itself"
    press(page, "Record 15 seconds")
    end_recording(page)
    wait_until_refused(page)


def test_nothing_is_sent_and_the_camera_goes_off_when_it_is_cancelled(open_made_up, app):
    page = open_made_up(STILL)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "/upload" in request.url else None)
    for how in (partial(press, page, "Cancel"), partial(page.keyboard.press, "Escape")):
        start_camera(page)
        record(page)
        how()
        wait_for(page, "idle")
        assert camera_is_off(page)
        assert page.evaluate("window.live.isEnded")
        assert "Nothing was sent" in page.locator("#recorder .bp-rec-card").inner_text()
    assert sent == []
    assert app.files_left() == []


def test_the_camera_may_go_away_or_be_left_behind(open_made_up):
    page = open_made_up(STILL)
    start_camera(page)
    record(page)
    page.evaluate("window.tracks.at(-1).dispatchEvent(new Event('ended'))")
    wait_for(page, "error", "lost")
    press(page, "Try again")
    wait_for(page, "preview")
    record(page)
    page.get_by_role("tab", name="Upload a clip").click()
    assert camera_is_off(page)
    page.get_by_role("tab", name="Record", exact=True).click()
    wait_for(page, "idle")


def test_out_of_sight_a_recording_ends_and_the_camera_is_given_back_in_the_end(open_made_up):
    soon = "setTimeout = ((real) => (deed, ms) => real(deed, ms === 30000 ? 300 : ms))(setTimeout);"
    page = open_made_up(STILL + soon)
    start_camera(page)
    record(page)
    hide(page)
    page.locator("#recorder .bp-rec[data-state=preview][data-stopped=hidden]").wait_for()
    assert page.evaluate("window.live.isPaused")
    hide(page, False)
    assert not page.evaluate("window.live.isPaused")
    record(page)
    hide(page)
    wait_for(page, "idle")
    assert camera_is_off(page)
    assert "out of sight" in page.locator("#recorder .bp-rec-card").inner_text()


HELD = """
  let now = {
    exposureMode: "continuous", exposureTime: 200, whiteBalanceMode: "continuous", colorTemperature: 4500,
  };
  window.held = [];
  Object.assign(MediaStreamTrack.prototype, {
    getCapabilities: () => ({ exposureMode: ["manual", "continuous"], whiteBalanceMode: ["manual", "continuous"] }),
    applyConstraints: async ({ advanced: [wish] }) => { window.held.push(wish); now = { ...now, ...wish }; },
  });
  const own = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () { return { ...own.call(this), ...now }; };
"""
NOT_HELD = "MediaStreamTrack.prototype.getCapabilities = () => ({});"
FREED = {"exposureMode": "continuous", "whiteBalanceMode": "continuous"}


def test_the_camera_is_held_while_recording_and_freed_afterwards(open_made_up):
    page = open_made_up(SHORT + HELD + STILL)
    start_camera(page)
    look(page, 1)
    assert page.evaluate("window.held") == []
    look(page, 1)
    assert state(page) == "steady"
    page.wait_for_function("window.held.length === 2")
    assert page.evaluate("window.held.at(-1)") == {
        "exposureMode": "manual", "exposureTime": 200, "whiteBalanceMode": "manual", "colorTemperature": 4500,
    }  # fmt: skip
    look(page, 2)
    wait_for(page, "recording")
    look(page, 0.1)
    assert "exposure, white balance" in facts(page)
    end_recording(page)
    wait_until_refused(page)
    assert camera_is_off(page)
    assert page.evaluate("window.held.at(-1)") == FREED


def test_a_camera_that_changes_when_it_is_held_is_left_to_itself(open_made_up):
    page = open_made_up(HELD + STILL)
    start_camera(page)
    look(page, 2)
    page.wait_for_function("window.held.length === 2")
    look(page, 0.2)
    look(page, 0.6, light={"luma": 80})
    page.wait_for_function("window.held.length === 3")
    assert page.evaluate("window.held.at(-1)") == FREED
    assert "stays automatic" in facts(page)
    look(page, 2, light={"luma": 80})
    wait_for(page, "recording")
    assert page.evaluate("window.held.length") == 3
    press(page, "Cancel")


def test_all_goes_by_keyboard_on_a_phone(open_made_up):
    page = open_made_up(STILL + NOT_HELD, width=360, height=780, theme="dark", reduced_motion="reduce")
    assert no_wider_than(page, 360)
    assert barriers(page, "#ways") == []
    page.get_by_role("button", name="Start camera").focus()
    page.keyboard.press("Enter")
    wait_for(page, "preview")
    assert focused(page) == "Record 15 seconds"
    look(page, 2, face=None)
    wait_until_heard(page, "Put your face")
    assert no_wider_than(page, 360)
    assert barriers(page, "#ways") == []
    page.keyboard.press("Enter")
    wait_for(page, "recording")
    assert focused(page) == "Cancel"
    assert "15 seconds" in heard(page)
    look(page, 1)
    assert "keep the light as it is" in facts(page)
    assert barriers(page, "#ways") == []
    look(page, 1, face=None)
    wait_for(page, "preview")
    assert focused(page) == "Record 15 seconds"
    assert barriers(page, "#ways") == []
    page.keyboard.press("Enter")
    wait_for(page, "recording")
    page.keyboard.press("Escape")
    wait_for(page, "idle")
    assert focused(page) == "Start camera"
    assert camera_is_off(page)
