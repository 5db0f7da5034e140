"""Small parts of the live engine, on numbers of which everything is known."""

import numpy as np
import pytest

RATE = """async ([times, counts, now]) => {
  const { FrameRate } = await import("/live/frame_rate.js");
  const rate = new FrameRate();
  times.forEach((atMs, place) => rate.add(atMs, counts[place]));
  return { recent: rate.recentHz(now), ...rate.total() };
}"""
LIGHT = """async ([width, height, bytes]) => {
  const { measureOval } = await import("/live/face/light.js");
  return measureOval({ width, height, data: Uint8ClampedArray.from(bytes) });
}"""

# A camera that films a grey wall and stops; without the app's own addresses the engine goes on by the picture's light.
STOP = """async () => {
  const { startLive } = await import("/live/engine.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  let pictures = 0;
  const film = setInterval(() => {
    context.fillStyle = `rgb(100 100 ${pictures++})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (pictures === 60) clearInterval(film);
  }, 33);
  const video = document.createElement("video");
  Object.assign(video, { srcObject: canvas.captureStream(), muted: true });
  await video.play();
  const live = startLive(video);
  const looks = [];
  live.addEventListener("look", ({ detail }) => looks.push(detail));
  for (let turn = 0; turn < 100 && (looks.length < 8 || looks.at(-1).rateHz > 0); turn++) {
    await new Promise((done) => setTimeout(done, 50));
  }
  live.end();
  return looks;
}"""


def measure_rate(page, times_ms, counts, now_ms=None):
    return page.evaluate(RATE, [list(times_ms), list(counts), times_ms[-1] if now_ms is None else now_ms])


@pytest.mark.parametrize("rate_hz", [11, 30, 60])
def test_the_rate_is_that_of_the_pictures_that_came(blank_page, rate_hz):
    times_ms = [1000 * number / rate_hz for number in range(3 * rate_hz)]
    seen = measure_rate(blank_page, times_ms, range(len(times_ms)))
    assert seen["recent"] == pytest.approx(rate_hz, rel=0.01)
    assert seen["rateHz"] == pytest.approx(rate_hz, rel=0.01)
    assert seen["dropped"] == 0


def test_pictures_a_busy_page_did_not_hear_of_count_and_those_that_never_came_are_dropped(blank_page):
    counts = [number for number in range(90) if number % 3]  # every third was shown, but nobody was told
    unheard = measure_rate(blank_page, [1000 * number / 30 for number in counts], counts)
    assert unheard["recent"] == pytest.approx(30, rel=0.03)
    assert unheard["dropped"] == 0
    times_ms = [1000 * number / 30 for number in range(90) if number not in (20, 50, 51)]
    assert measure_rate(blank_page, times_ms, range(len(times_ms)))["dropped"] == 3


def test_a_camera_that_stops_has_no_rate(blank_page):
    times_ms = [1000 * number / 30 for number in range(60)]
    rates = [measure_rate(blank_page, times_ms, range(60), times_ms[-1] + late)["recent"] for late in (0, 500, 1500)]
    assert rates[0] > 29 > 21 > rates[1] > rates[2] == 0


def test_looks_go_on_and_tell_that_no_picture_comes(blank_page):
    looks = blank_page.evaluate(STOP)
    times = [look["timeS"] for look in looks]
    assert (np.diff(times) > 0).all()
    assert max(look["rateHz"] for look in looks) > 15
    assert looks[-1]["rateHz"] == 0


def test_light_is_measured_in_the_middle(blank_page):
    picture = np.zeros((96, 128, 4), np.uint8)
    picture[24:72, 40:88] = (200, 100, 50, 255)
    light = blank_page.evaluate(LIGHT, [128, 96, picture.ravel().tolist()])
    assert light["luma"] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=0.01)
    assert light["halves"] == pytest.approx(1, abs=0.01)
    assert light["clipped"] == 0
    picture[:, 64:] //= 2
    picture[:, :64, 0] = 252
    light = blank_page.evaluate(LIGHT, [128, 96, picture.ravel().tolist()])
    dark, bright = (0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in ((100, 50, 25), (252, 100, 50)))
    assert light["halves"] == pytest.approx(dark / bright, abs=0.01)
    assert light["clipped"] == pytest.approx(0.5, abs=0.08)
