"""What the guided recorder's own scripts see in pictures of which everything is known."""

import base64

import cv2
import numpy as np
import pytest

from bpdemo.demo.recorder import SCRIPTS, face_detector
from bpdemo.regions import CELLS
from bpdemo.synthesis.portrait import load_portrait
from bpdemo.synthesis.scenes import Scene, render_frames

ORIGIN = "http://localhost:9"
LOOK = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  self.video = Object.assign(canvas, { videoWidth: image.width, videoHeight: image.height });
  self.watcher ??= new Watcher(video, await loadDetector(async () => self.served));
  self.watcher.video = video;
  const look = await self.watcher.look();
  return { ...look, ...judge(look), recording: judgeRecording(look, self.luma ??= look.light.luma) };
}"""


@pytest.fixture(scope="module")
def scripts(launch):
    """Return a function that opens a page with the recorder's checks, which returns one that looks at a picture."""
    pages = []

    def open_page():
        page = launch("wall", True).new_page()
        pages.append(page)
        page.route(ORIGIN + "/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto(ORIGIN)
        for script in ("checks.js", "looks.js"):
            page.add_script_tag(path=SCRIPTS / script)
        page.evaluate("served => { self.served = served; }", face_detector(None))

        def look(picture):
            content = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
            return page.evaluate(LOOK, "data:image/png;base64," + base64.b64encode(content).decode())

        return look

    yield open_page
    for page in pages:
        page.close()


def render(*, across=0.0, down=0.0, side_light=False, **scene):
    """Render one picture, moved by parts of its height, or with the light at one side."""
    scene = Scene(**{"seed": 5, "duration_s": 1 / 30, "motion": 0.0} | scene)
    picture = next(render_frames(scene))
    move = np.array([[1, 0, across * scene.height], [0, 1, down * scene.height]])
    picture = cv2.warpAffine(picture, move, (scene.width, scene.height), borderMode=cv2.BORDER_REPLICATE)
    if side_light:
        light = 0.3 + 0.7 / (1 + np.exp(-(np.arange(scene.width) - scene.width / 2) / 20))
        picture = (picture * light[None, :, None]).astype(np.uint8)
    return picture


@pytest.mark.parametrize(
    ("picture", "instruction"),
    [
        ({}, "ready"),
        ({"width": 360, "height": 640, "face_width": 0.22}, "ready"),
        ({"width": 1280, "height": 720}, "ready"),
        ({"subject": "wall"}, "no_face"),
        ({"subject": "wall", "brightness": 0.05}, "dark_no_face"),
        ({"face_width": 0.2}, "closer"),
        ({"face_width": 0.68}, "back"),
        ({"across": 0.2}, "move_right"),  # at the picture's right is the person's left
        ({"across": -0.2}, "move_left"),
        ({"down": 0.22}, "move_up"),
        ({"down": -0.2}, "move_down"),
        ({"brightness": 0.2}, "dark"),
        ({"side_light": True}, "uneven"),
        ({"brightness": 2.0}, "bright"),
    ],
)
def test_the_most_important_thing_is_said(scripts, picture, instruction):
    assert scripts()(render(**picture))["instruction"] == instruction


def test_the_face_is_found_where_it_was_rendered(scripts):
    look = scripts()
    portrait = load_portrait(0.4 * 480)
    for across in (0.0, 0.1):
        face = look(render(face_width=0.4, across=across))["face"]
        assert face["x"] == pytest.approx(across, abs=0.02)
        assert face["y"] == pytest.approx(0, abs=0.03)
        assert face["width"] == pytest.approx(portrait.face_width / 480, rel=0.1)
        right_eye, left_eye, *_ = face["points"]
        assert right_eye[0] < face["x"] < left_eye[0], "the person's right eye is at the picture's left"


def test_a_face_that_moves_is_told_to_hold_still_and_one_that_stays_is_not(scripts):
    still, moving = scripts(), scripts()
    for seed in range(5):
        stays = still(render(seed=seed))
        moves = moving(render(seed=seed, across=0.05 * (-1) ** seed))
    assert (stays["instruction"], stays["recording"]) == ("ready", "hold")
    assert (moves["instruction"], moves["recording"]) == ("moving", "moving")


def test_while_recording_it_says_what_changes_and_no_more(scripts):
    look = scripts()
    hints = [look(render(**change))["recording"] for change in ({}, {"brightness": 0.7}, {}, {"across": 0.3})]
    assert hints == ["hold", "light_changed", "hold", "left"]
    assert look(render(subject="wall"))["recording"] == "left"


def test_dark_skin_in_good_light_is_bright_enough(scripts):
    colours = np.tile((96.0, 66.0, 52.0), (1, len(CELLS), 1))
    assert scripts()(render(colours=colours))["instruction"] == "ready"
