"""What is drawn of the live preview: made-up cells and previews of which every pixel's colour is known."""

import base64
import math

import numpy as np
import pytest

# Three rows, colours that tell their place, no gliding; 1 CSS pixel is one of the canvas.
PREPARE = """async () => {
  document.head.innerHTML = `<style>
    :root { --bp-accent: #f00; --bp-quiet: #888; }
    canvas { display: block; width: 382px; height: 100px; }
    [data-live=cells] { width: 320px; height: 240px; } .bp-live-map { height: 218px; }
  </style>`;
  document.body.innerHTML = `
    <template data-colours data-limit="0.5" data-regions='[["top", "#0f0", 2], ["below", "#00f", 1]]'></template>
    <div id="root"><video></video><canvas data-live="cells"></canvas><div data-live="readout"></div></div>`;
  const table = Array.from({ length: 256 }, (_, place) => [place, 0, 255 - place]);
  document.querySelector("template").content.append(JSON.stringify(table));
  Object.defineProperties(document.querySelector("video"), { videoWidth: { value: 640 }, videoHeight: { value: 480 } });
  const { showLive } = await import("/live/drawings/show.js");
  self.live = new EventTarget();
  self.end = showLive(document.querySelector("#root"), live);
  self.tell = (name, detail) => live.dispatchEvent(new CustomEvent(name, { detail }));
  self.frame = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  self.preview = ({ map, wave, ...rest }) => tell("preview", {
    startS: 0, state: "waiting", bpm: null, seenS: 15, columns: map.length / 3, ...rest,
    map: Int8Array.from(map), wave: Float32Array.from(wave ?? []),
  });
  await frame();
}"""
PIXELS = """async (name) => {
  await frame();
  const canvas = document.querySelector(name);
  if (!canvas?.width) return [0, 0, ""];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))];
}"""
CELLS, TRACE, MAP = "[data-live=cells]", ".bp-live-trace", ".bp-live-map"
LEFT, WIDTH = 74, 300  # of the columns, with room for names before them and 8 pixels behind
WIDE_S = 14.7
DARK = -64  # minus the scale's end


@pytest.fixture
def page(blank_page):
    blank_page.emulate_media(reduced_motion="reduce")
    blank_page.evaluate(PREPARE)
    yield blank_page
    blank_page.evaluate("end()")


def pixels(page, name):
    height, width, data = page.evaluate(PIXELS, name)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


def show(page, **preview):
    page.evaluate("preview => self.preview(preview)", preview)


def square(x, y, side=100):
    return [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]


def show_cells(page, outlines, values):
    page.evaluate(
        "([outlines, values]) => tell('cells', { outlines, values: values && new Float32Array(values) })",
        [outlines, values],
    )


def red(picture):
    """Return which pixels are of the wave's colour."""
    return (picture[..., 3] > 128) & (picture[..., 0] > 200) & (picture[..., 1] < 60)


def test_a_cell_glows_with_its_value_and_the_face_is_seen_through_it(page):
    cells = [square(20, 20), square(220, 20), square(420, 20), square(20, 320)]
    show_cells(page, cells, [0.5, -0.5, math.nan, 9.0])
    drawn = pixels(page, CELLS)
    bright, dark, unknown, off_scale = (drawn[y, x] for y, x in ((35, 35), (35, 135), (35, 235), (185, 35)))
    assert bright[:3].tolist() == pytest.approx([255, 0, 0], abs=3)
    assert dark[:3].tolist() == pytest.approx([0, 0, 255], abs=15)
    assert 230 > bright[3] > 3 * dark[3] > 0
    assert unknown[3] == 0
    assert off_scale.tolist() == bright.tolist()
    assert drawn[35, 85].tolist() == [0, 0, 0, 0], "between cells there is nothing"


@pytest.mark.parametrize(
    ("width", "height", "x", "y"), [(320, 240, 160, 120), (320, 480, 160, 240), (640, 240, 320, 120)]
)
def test_cells_lie_on_the_picture_that_covers_its_place(page, width, height, x, y):
    page.add_style_tag(content=f"[data-live=cells] {{ width: {width}px; height: {height}px; }}")
    side = 40
    show_cells(page, [square(320 - side / 2, 240 - side / 2, side)], [0.5])
    page.evaluate("frame()")
    drawn = pixels(page, CELLS)[..., 3] > 100
    assert drawn.shape == (height, width)
    down, across = np.nonzero(drawn)
    scale = max(width / 640, height / 480)
    assert (across.mean(), down.mean()) == pytest.approx((x, y), abs=1)
    assert np.ptp(across) + 1 == pytest.approx(scale * side, abs=2)


def test_without_a_face_there_are_no_cells(page):
    show_cells(page, [square(20, 20)], [0.5])
    assert pixels(page, CELLS).any()
    show_cells(page, None, None)
    assert not pixels(page, CELLS).any()


@pytest.mark.parametrize(("amplitude", "share"), [(0.01, 0.02), (0.25, 0.5), (0.5, 1), (0.6, 0.6), (1.5, 0.75)])
def test_the_wave_has_a_scale_of_steps_and_what_has_no_pulse_stays_flat(page, amplitude, share):
    wave = amplitude * np.sin(2 * np.pi * np.arange(300) / 30)
    show(page, map=[DARK] * 900, wave=wave.tolist())
    down, across = np.nonzero(red(pixels(page, TRACE)))
    assert np.ptp(down) == pytest.approx(94 * share, abs=5)
    assert across.min() == pytest.approx(LEFT, abs=2)
    assert across.max() == pytest.approx(LEFT + WIDTH * 10 / WIDE_S, abs=4)


def test_before_there_is_a_wave_none_is_drawn(page):
    show(page, map=[DARK] * 180, seenS=2)
    drawn = pixels(page, TRACE)
    assert drawn.any(), "seconds to go"
    assert not red(drawn).any()


@pytest.mark.parametrize(
    ("start_s", "columns", "stripe", "low_s"), [(2, 150, 60, 2), (0, 450, 449, 0.3), (20, 450, 400, 20.3)]
)
def test_a_stripe_of_the_map_is_where_its_moment_is(page, start_s, columns, stripe, low_s):
    rows = np.full((3, columns), DARK)
    rows[:, stripe] = 64
    rows[2] = DARK
    show(page, map=rows.ravel().tolist(), startS=start_s)
    drawn = pixels(page, MAP)
    box = drawn[:200, LEFT : LEFT + WIDTH].astype(int)
    there = start_s + (stripe + 0.5) / 30
    expected = (there - low_s) / WIDE_S * WIDTH
    for row in (20, 80):
        assert (box[row, :, 0] * (box[row, :, 3] == 255)).argmax() == pytest.approx(expected, abs=1.5)
    end = (start_s + columns / 30 - low_s) / WIDE_S * WIDTH
    assert (box[20, : int(end) - 1, 3] == 255).all()
    assert box[170, : int(end) - 1, 0].max() < 20, "the last row has no stripe"
    assert (box[20, int(end) + 2 :, 3] < 40).all(), "what is to come is empty"


def test_what_was_not_measured_has_no_colour(page):
    rows = np.full((3, 300), DARK)
    rows[1, 100:200] = -128
    show(page, map=rows.ravel().tolist())
    box = pixels(page, MAP)[:200, LEFT:, 3]
    middle = int(150 / 30 / WIDE_S * WIDTH)
    assert box[20, middle] == box[170, middle] == 255
    assert box[100, middle] < 40


@pytest.mark.parametrize(
    ("state", "bpm", "number"), [("waiting", None, "–"), ("none", None, "–"), ("pulse", 72.4, "72")]
)
def test_a_number_is_shown_for_a_pulse_only(page, state, bpm, number):
    show(page, map=[DARK] * 900, state=state, bpm=bpm, seenS=10 if bpm else 5.5)
    assert page.locator(".bp-live-rate .bp-number").inner_text() == number
    words = page.locator(".bp-live-rate .bp-small").inner_text()
    assert ("3 s" in words) == (state == "waiting"), "seconds to go"


def test_it_is_told_at_once_and_then_seldom(page):
    told = page.evaluate("""() => {
      const heard = document.querySelector("[role=status]");
      const told = [];
      for (let s = 0; s < 90; s += 0.25) {
        const state = s < 8 ? "waiting" : s < 12 ? "none" : "pulse";
        preview({ map: [0, 0, 0], startS: s, state, bpm: state === "pulse" ? s : null });
        if (heard.textContent !== told.at(-1)?.text) told.push({ s, text: heard.textContent });
      }
      return told.map(({ s }) => s);
    }""")
    assert told == [0, 8, 12, 42, 72]


def test_nothing_grows_and_nothing_is_drawn_oftener_than_the_screen(page):
    counted = page.evaluate("""async () => {
      const canvases = () => [...document.querySelectorAll("canvas")].map(({ width, height }) => [width, height]);
      const make = document.createElement;
      const clear = CanvasRenderingContext2D.prototype.clearRect;
      const count = { made: 0, drawn: 0, frames: 0 };
      document.createElement = function (...what) { count.made++; return make.apply(this, what); };
      CanvasRenderingContext2D.prototype.clearRect = function (...box) { count.drawn++; clear.apply(this, box); };
      let counting = true;
      requestAnimationFrame(function next() { count.frames++; if (counting) requestAnimationFrame(next); });
      const square = [[20, 20], [90, 20], [90, 90]];
      const map = new Array(1350).fill(10);
      const [before, nodes] = [canvases(), document.querySelectorAll("*").length];
      for (let turn = 0; turn < 3000; turn++) {
        tell("cells", { outlines: [square], values: new Float32Array([turn / 3000]) });
        if (turn % 5 === 0) preview({ map, startS: turn / 20, wave: [0, 1], state: "pulse", bpm: 70 });
        if (turn % 100 === 0) await new Promise(requestAnimationFrame);
      }
      await frame();
      counting = false;
      document.createElement = make;
      CanvasRenderingContext2D.prototype.clearRect = clear;
      const grown = document.querySelectorAll("*").length - nodes;
      return { ...count, grown, same: JSON.stringify(before) === JSON.stringify(canvases()) };
    }""")
    assert counted["made"] == counted["grown"] == 0
    assert counted["same"]
    assert 30 <= counted["drawn"] <= 3 * (counted["frames"] + 1)


def test_once_ended_it_is_as_before_and_stays_so(page):
    show_cells(page, [square(20, 20)], [0.5])
    show(page, map=[DARK] * 900, wave=[0.2] * 300)
    page.evaluate("async () => { await frame(); end(); }")
    assert (
        page.evaluate("""async () => {
      const clear = CanvasRenderingContext2D.prototype.clearRect;
      let drawn = 0;
      CanvasRenderingContext2D.prototype.clearRect = function (...box) { drawn++; clear.apply(this, box); };
      tell("cells", { outlines: [[[20, 20], [90, 20], [90, 90]]], values: new Float32Array([0.5]) });
      preview({ map: [0, 0, 0], wave: [0.2] });
      await frame();
      CanvasRenderingContext2D.prototype.clearRect = clear;
      return drawn;
    }""")
        == 0
    )
    assert not pixels(page, CELLS).any()
    assert page.locator("[data-live=readout] > *").count() == 0


COURSE = """async ([rates, startS]) => {
  const { Course, drawCourse } = await import("/live/drawings/course.js");
  document.body.innerHTML = "<canvas id=course style='height: 100px'></canvas>";
  const course = new Course();
  rates.forEach((bpm, place) => course.add(startS + place, bpm));
  const picture = drawCourse(document.querySelector("canvas"), course);
  await frame();
  picture.end();
  return { first: course.firstS, last: course.lastS, kept: course.rates.length, range: course.range() };
}"""


def test_the_course_has_gaps_where_there_was_no_pulse(page):
    rates = [60] * 20 + [None] * 20 + [90] * 20
    assert page.evaluate(COURSE, [rates, 4]) == {"first": 4, "last": 63, "kept": 3600, "range": [50, 100]}
    drawn = red(pixels(page, "#course"))
    seconds = np.unique((np.nonzero(drawn)[1] - LEFT) / WIDTH * 60)
    assert seconds.min() < 1
    assert not ((seconds > 20.5) & (seconds < 39.5)).any()
    down = [np.nonzero(drawn[:, LEFT + WIDTH * second // 60])[0].mean() for second in (10, 50)]
    assert down[0] - down[1] == pytest.approx((100 - 18 - 12) * 30 / 50, abs=2), "30 bpm of 50"


def test_the_course_keeps_an_hour(page):
    course = page.evaluate(COURSE, [[50] * 900 + [70 + place % 2 for place in range(3600)], 0])
    assert (course["first"], course["last"], course["kept"]) == (900, 4499, 3600)
    assert course["range"] == [50, 100], "the fifty is forgotten"
