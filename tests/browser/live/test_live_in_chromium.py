"""The live preview at rendered faces whose pulse is known, beside what the server makes of the same clips."""

import base64

import numpy as np
import pytest

from benchmarks.films import RATE_HZ as FILM_RATE_HZ
from bpdemo.capture import read_capture
from bpdemo.clip import Clip
from bpdemo.face import FaceTracker
from bpdemo.figures.shown import SHOWN_LIMITS, shown_map
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS, RATE_HZ
from bpdemo.window import read_window
from tests.browser.conftest import FILMS
from tests.support.axe import findings

pytestmark = pytest.mark.real_time
# Keeps what the engine tells last, where the cells were of late, and how fast the film ran of late.
WATCH = """async () => {
  const { Live } = await import(new URL("page/live/engine.js", document.baseURI));
  const { tell, take } = Live.prototype;
  self.live = { previews: 0, outlines: [], frames: [] };
  Live.prototype.take = function (atMs, count) {
    self.live.frames = [...self.live.frames.filter((frame) => atMs - frame.atMs < 15_000), { atMs, count }];
    return take.call(this, atMs, count);
  };
  Live.prototype.tell = function (name, detail) {
    self.live[name] = detail;
    if (name === "preview") self.live.previews++;
    if (name === "cells" && detail.outlines) self.live.outlines = [...self.live.outlines.slice(-90), detail.outlines];
    return tell.call(this, name, detail);
  };
}"""
# A camera that Chromium makes of a file falls behind on a busy machine, and what it films is as much slower: then there
# is nothing to see yet.
SEEN = f"""() => {{
  const [first, last] = [self.live.frames[0], self.live.frames.at(-1)];
  const ranAtHz = last && (1000 * (last.count - first.count)) / (last.atMs - first.atMs);
  if (!self.live.preview || !(ranAtHz > 0.97 * {FILM_RATE_HZ})) return null;
  const {{ map, wave, ...rest }} = self.live.preview;
  return {{ ...rest, wave: [...wave], map: btoa(String.fromCharCode(...new Uint8Array(map.buffer))) }};
}}"""


def look_live(open_page, camera, **options):
    """Open the Live tab with a camera."""
    page = open_page(camera=camera, **options)
    page.evaluate(WATCH)
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#live [data-do=start]").click()
    return page


def wait_for_preview(page, condition):
    """Return the preview for which a condition holds, of a film that ran as fast as it was filmed."""
    return page.wait_for_function(f"((preview) => preview && {condition} && preview)(({SEEN})())").json_value()


@pytest.mark.parametrize(("camera", "bpm"), [("slow", 58), ("fast", 110)])
def test_the_live_heart_rate_is_the_rendered_one(open_page, camera, bpm):
    seen = wait_for_preview(look_live(open_page, camera), "preview.state === 'pulse'")
    assert seen["bpm"] == pytest.approx(bpm, abs=3)


def test_cells_and_map_are_the_servers(open_page):
    page = look_live(open_page, "face")
    seen = wait_for_preview(page, "preview.state === 'pulse' && preview.seenS > 12")
    assert seen["bpm"] == pytest.approx(72, abs=3)
    clip, *_ = FILMS["face"]

    outlines = page.evaluate("self.live.outlines")
    assert findings(page) == []
    with Clip(clip) as source, FaceTracker() as tracker:
        tracked = [(frame.landmarks, frame.frame.pixels.shape) for frame in tracker.follow(source.frames())][:450]
    scale = 480 / tracked[0][1][1]
    for row, cell in enumerate(CELLS):
        live = np.median([each[row] for each in outlines], axis=0).mean(axis=0)
        server = scale * np.median([landmarks[cell.outline] for landmarks, _ in tracked], axis=0).mean(axis=0)
        width = scale * np.median([np.ptp(landmarks[:, 0]) for landmarks, _ in tracked])
        assert np.linalg.norm(live - server) < 0.03 * width, cell.name

    window = read_window(read_capture(clip).traces, 0, 15)
    server_map = shown_map(window.stmap).filtered[CHANNELS.index("T")]
    unit = 2 * SHOWN_LIMITS["T"] / 127
    bytes_ = np.frombuffer(base64.b64decode(seen["map"]), np.int8).reshape(len(CELLS), seen["columns"])
    live_map = unit * np.where(bytes_ == -128, 0, bytes_.astype(float))
    live = beat_of_rows(live_map, np.array(seen["wave"]), seen["bpm"] / 60)
    server = beat_of_rows(np.nan_to_num(server_map), 100 * window.pulse.wave, window.pulse.rate_hz)
    clear = np.abs(server) > 0.5 * np.median(np.abs(server))
    assert clear.sum() > 15
    assert (np.cos(np.angle(live[clear] / server[clear])) > 0).all()
    assert np.median(np.abs(live[clear]) / np.abs(server[clear])) == pytest.approx(1, abs=0.45)
    # Both look at other seconds of the film, so a cell may be off by its noise; all of them together are not.
    together = np.vdot(server, live) / np.linalg.norm(server) ** 2
    assert np.angle(together) == pytest.approx(0, abs=0.2)
    assert np.abs(together) == pytest.approx(1, abs=0.2)
    assert np.abs(together) * np.linalg.norm(server) / np.linalg.norm(live) > 0.85


def beat_of_rows(rows, wave, rate_hz):
    """Return each row's complex amplitude at the heart rate, its phase that to the wave's."""
    turn = np.hanning(len(wave)) * np.exp(-2j * np.pi * rate_hz * np.arange(len(wave)) / RATE_HZ)
    of_wave = wave @ turn
    return rows @ turn / turn.__abs__().sum() * 2 * np.abs(of_wave) / of_wave


def test_a_photograph_has_no_pulse_and_what_is_no_longer_filmed_is_not_shown(open_page):
    page = look_live(open_page, "photograph")
    page.wait_for_function("self.live.preview && self.live.preview.state !== 'waiting'")
    page.wait_for_timeout(4000)
    assert page.evaluate("[self.live.preview.state, self.live.preview.bpm]") == ["none", None]
    page.locator("#live video").evaluate("video => video.pause()")
    page.get_by_text("Heart rate after 8 s of face").wait_for()
    assert page.evaluate("[self.live.preview.state, self.live.preview.columns]") == ["waiting", 0]


def test_without_webassembly_the_plain_way_stays(open_page):
    page = look_live(open_page, "face", before="delete window.WebAssembly;")
    page.wait_for_function("self.live.look?.light.luma > 60")
    assert page.evaluate("'face' in self.live.look && self.live.look.face === undefined")
    assert page.evaluate("self.live.previews") == 0
