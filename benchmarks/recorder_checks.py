"""How often does the guided recorder say the right thing? Its checks in Chromium, on rendered pictures.

    python -m benchmarks.recorder_checks [--pictures N] [--seed S]

Renders N pictures of each kind with everything else drawn at random, lets the recorder's own scripts
(`bpdemo/demo/recorder`) look at each as they look at a camera's picture, and prints how often the instruction is the
right one, what else was said, and how long a look takes. All faces are of one portrait, its skin as photographed or
painted darker: this tells about sizes, places and light, and little about people.
"""

import argparse
import base64
import shutil
from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from playwright.sync_api import Page, sync_playwright

from bpdemo.demo.recorder import SCRIPTS, face_detector
from bpdemo.regions import CELLS
from bpdemo.synthesis.scenes import Scene, render_frames

DARK_SKIN_RGB = (104.0, 72.0, 56.0)
_ORIGIN = "http://localhost:9"  # nothing answers there: the page is made up here
_LOOK = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  Object.assign(canvas, { videoWidth: image.width, videoHeight: image.height });
  self.detector ??= await loadDetector(async () => self.served);
  const start = performance.now();
  const look = await new Watcher(canvas, self.detector).look();
  return [judge(look).instruction, performance.now() - start];
}"""

Draw = Callable[[np.random.Generator, int], np.ndarray]


def face(rng: np.random.Generator, seed: int, *, width: tuple = (0.3, 0.5), brightness: tuple = (0.6, 1.1), **scene):
    """Render one picture of a face: [480, 640, 3] uint8."""
    picked = Scene(
        seed=seed, duration_s=1 / 30, face_width=rng.uniform(*width), brightness=rng.uniform(*brightness), **scene
    )
    return next(render_frames(picked))


def dark_skin(rng: np.random.Generator, seed: int) -> np.ndarray:
    """Render a face whose skin is painted dark, in good light."""
    colours = np.tile(np.array(DARK_SKIN_RGB) * rng.uniform(0.85, 1.15), (1, len(CELLS), 1))
    return face(rng, seed, brightness=(0.8, 1.1), colours=colours)


def aside(rng: np.random.Generator, seed: int, across: float, down: float) -> np.ndarray:
    """Render a face that is beside the oval: away from the middle by 0.18 to 0.3 of the picture's height."""
    way = 480 * rng.uniform(0.18, 0.3)
    move = np.array([[1, 0, across * way], [0, 1, down * way]])
    return cv2.warpAffine(face(rng, seed, width=(0.28, 0.4)), move, (640, 480), borderMode=cv2.BORDER_REPLICATE)


def lit_from_one_side(rng: np.random.Generator, seed: int) -> np.ndarray:
    """Render a face whose one half gets 25 to 45 % of the other's light."""
    fall = 1 / (1 + np.exp(-(np.arange(640) - 320) / 12 * rng.choice([-1, 1])))
    weak = rng.uniform(0.25, 0.45)
    return (face(rng, seed, brightness=(0.9, 1.1)) * (weak + (1 - weak) * fall)[None, :, None]).astype(np.uint8)


def wall(rng: np.random.Generator, seed: int) -> np.ndarray:
    """Render an empty wall in good light."""
    return next(render_frames(Scene(seed=seed, subject="wall", duration_s=1 / 30, brightness=rng.uniform(0.6, 1.1))))


KINDS: dict[str, tuple[Draw, set[str]]] = {
    "face in the oval, good light": (face, {"ready"}),
    "the same, dark skin": (dark_skin, {"ready"}),
    "wall": (wall, {"no_face"}),
    "face too far": (lambda rng, seed: face(rng, seed, width=(0.12, 0.22)), {"closer"}),
    "face too near": (lambda rng, seed: face(rng, seed, width=(0.6, 0.75)), {"back"}),
    "face at the person's left": (lambda rng, seed: aside(rng, seed, 1, 0), {"move_right"}),
    "face at the person's right": (lambda rng, seed: aside(rng, seed, -1, 0), {"move_left"}),
    "face too low": (lambda rng, seed: aside(rng, seed, 0, 1), {"move_up"}),
    "face too high": (lambda rng, seed: aside(rng, seed, 0, -1), {"move_down"}),
    "face in the dark": (lambda rng, seed: face(rng, seed, brightness=(0.06, 0.22)), {"dark", "dark_no_face"}),
    "no light": (lambda rng, seed: face(rng, seed, brightness=(0.0, 0.01)), {"dark_no_face"}),
    "light from one side": (lit_from_one_side, {"uneven"}),
    "glaring light": (lambda rng, seed: face(rng, seed, brightness=(1.7, 2.2)), {"bright"}),
}


def open_page(browser) -> Page:
    """Open an empty page with the recorder's checks in it."""
    page = browser.new_page()
    page.route(_ORIGIN + "/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(_ORIGIN)
    for script in ("checks.js", "looks.js"):
        page.add_script_tag(path=SCRIPTS / script)
    page.evaluate("served => { self.served = served; }", face_detector(None))
    return page


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    times_ms = []
    print("| what is filmed | right | what else was said |\n|---|---|---|", flush=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = open_page(browser)
        for kind, (draw, right) in KINDS.items():
            heard: Counter[str] = Counter()
            for number in range(options.pictures):
                seed = options.seed + number
                instruction, took_ms = page.evaluate(_LOOK, as_address(draw(np.random.default_rng(seed), seed)))
                heard[instruction] += 1
                times_ms.append(took_ms)
            wrong = ", ".join(f"{count} x {code}" for code, count in heard.most_common() if code not in right)
            print(f"| {kind} | {sum(heard[code] for code in right)} of {options.pictures} | {wrong} |", flush=True)
        browser.close()
    print(
        f"\nA look takes {np.median(times_ms):.0f} ms (median; nine in ten under {np.percentile(times_ms, 90):.0f} ms)."
    )


def as_address(picture: np.ndarray) -> str:
    """Return a picture [height, width, 3] R, G, B as a PNG in a `data:` address."""
    content = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    return "data:image/png;base64," + base64.b64encode(content).decode()


if __name__ == "__main__":
    main()
