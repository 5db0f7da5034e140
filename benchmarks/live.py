"""How live is the live preview, and at what cost? The real app, Debian's Chromium, rendered faces before its camera.

    python -m benchmarks.live [--minutes N] [--busy]        (one minute unless told; --busy keeps both cores busy)

For each face: how long after the camera is allowed the trace and the heart rate are there, how far the rate is from the
rendered one, frames and findings of landmarks a second, and the longest that the page's main thread was blocked. The
last face stays for `--minutes`, while memory is watched. Then each way a recording can be stopped: how long after the
picture changed. Needs Debian's `chromium` and a machine with nothing else to do.
"""

import argparse
import multiprocessing
import os
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.films import write_film
from benchmarks.load import served
from bpdemo.synthesis.scenes import Scene, render_clip

ROOT = Path(__file__).parents[1]
CAMERA = (Path(__file__).parent / "made_camera.js").read_text(encoding="utf-8")
FACES = {58: 901, 72: 902, 110: 903}  # beats a minute, and the seed of a rendered face
FILM_S = 20
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-ui-for-media-stream"]
STOPS = {"face_lost": "hide", "light_changed": "darken", "too_slow": "slow"}
WATCHED_S = 20
WAIT_MS = 120_000

# Notes when the camera is allowed, when the first trace and rate come, and how long the main thread is blocked.
_WATCH = """async () => {
  const { Live } = await import(new URL("page/live/engine.js", document.baseURI));
  const seen = (self.benchmark = { frames: 0, findings: 0, rates: [], blocked: [] });
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.blocked.push(entry.duration)))
    .observe({ entryTypes: ["longtask"] });
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish);
    seen.allowed = performance.now();
    return stream;
  };
  const hear = Live.prototype.hear;
  Live.prototype.hear = function (message) {
    if (message.seen) Object.assign(seen, { frames: seen.frames + 1, findings: message.seen.findings });
    if (message.preview) {
      const now = performance.now();
      if (message.preview.wave.length) seen.trace ??= now;
      if (message.preview.bpm) seen.rate ??= now;
      if (message.preview.bpm && seen.rates.length < 1000) seen.rates.push(message.preview.bpm);
    }
    return hear.call(this, message);
  };
}"""


@contextmanager
def busy_cores(are_busy: bool) -> Iterator[None]:
    """Keep every core busy until the block ends, if it is wanted."""
    cores = range(len(os.sched_getaffinity(0)) if are_busy else 0)
    busy = [multiprocessing.Process(target=_spin, daemon=True) for _ in cores]
    for process in busy:
        process.start()
    yield
    for process in busy:
        process.terminate()


def _spin() -> None:
    while True:
        pass


def film(folder: Path, rate_bpm: int, seed: int) -> Path:
    """Render a face of one heart rate, and return it as a film for Chromium's camera."""
    clip, path = folder / f"{rate_bpm}.mp4", folder / f"{rate_bpm}.mjpeg"
    render_clip(clip, Scene(seed=seed, heart_rate_bpm=rate_bpm, duration_s=FILM_S, pulse_strength=0.01))
    write_film(path, clip, FILM_S)
    return path


def open_page(browser: Browser, url: str, before: str = "") -> Page:
    """Open the page, watched."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT_MS)
    page.add_init_script(before)
    page.goto(url)
    page.locator(".bp-rec[data-state=idle]").first.wait_for()
    page.evaluate(_WATCH)
    return page


def watch_live(page: Page, seconds: float) -> dict:
    """Open the Live tab, look for some seconds, and return what was noted."""
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#live [data-do=start]").click()
    page.wait_for_function("self.benchmark.rate", timeout=WAIT_MS)
    start = page.evaluate("({...self.benchmark, rates: [], blocked: []})")
    page.evaluate("() => { self.benchmark.blocked.length = 0; self.benchmark.from = performance.now(); }")
    page.wait_for_timeout(1000 * seconds)
    end = page.evaluate("({...self.benchmark, seconds: (performance.now() - self.benchmark.from) / 1000})")
    return {
        "trace_s": (end["trace"] - end["allowed"]) / 1000,
        "rate_s": (end["rate"] - end["allowed"]) / 1000,
        "rates": end["rates"],
        "frames_hz": (end["frames"] - start["frames"]) / end["seconds"],
        "findings_hz": (end["findings"] - start["findings"]) / end["seconds"],
        "blocked_ms": max(end["blocked"], default=0),
    }


def memory(browser: Browser, page: Page) -> tuple[float, float]:
    """Return MB that scripts of the page hold after a collection, and that its renderers take."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("HeapProfiler.collectGarbage")
    cdp.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    cdp.detach()
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    renderers = [psutil.Process(one["id"]).memory_info().rss for one in processes if one["type"] == "renderer"]
    return metrics["JSHeapUsedSize"] / 2**20, sum(renderers) / 2**20


def launch(playwright: Playwright, *flags: str) -> Browser:
    """Start Chromium, whose pages may use its camera."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is needed: apt-get install chromium")
    return playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *flags])


def time_stops(browser: Browser, url: str) -> Iterator[tuple[str, float]]:
    """Yield each reason to stop a recording, and the seconds from the change of the picture until it is said."""
    for code, change in STOPS.items():
        page = open_page(browser, url, before=CAMERA)
        page.locator("#recorder [data-do=start]").click()
        page.locator("#recorder .bp-rec[data-state=recording]").wait_for()
        page.wait_for_timeout(3000)
        took_ms = page.evaluate(
            """([code, change]) => new Promise((done) => {
              const root = document.querySelector("#recorder .bp-rec");
              const from = performance.now();
              new MutationObserver(() => root.dataset.stopped === code && done(performance.now() - from))
                .observe(root, { attributes: true });
              self.camera[change]();
            })""",
            [code, change],
        )
        yield code, took_ms / 1000
        page.close()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--busy", action="store_true")
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores{', both kept busy' if options.busy else ''}\n")
    print("| bpm | trace after, s | rate after, s | off by, bpm | frames/s | findings/s | blocked at most, ms |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as app, sync_playwright() as playwright:
        with busy_cores(options.busy):
            for number, (rate, seed) in enumerate(FACES.items(), start=1):
                device = f"--use-file-for-fake-video-capture={film(Path(name), rate, seed)}"
                browser = launch(playwright, "--use-fake-device-for-media-stream", device)
                page = open_page(browser, app.url)
                seen = watch_live(page, WATCHED_S)
                off = statistics.median(seen["rates"]) - rate
                numbers = [seen["trace_s"], seen["rate_s"], off, seen["frames_hz"], seen["findings_hz"]]
                words = [f"{each:.1f}" for each in numbers] + [f"{seen['blocked_ms']:.0f}"]
                print("| " + " | ".join([str(rate), *words]) + " |", flush=True)
                if number == len(FACES):
                    before = memory(browser, page)
                    page.wait_for_timeout(60_000 * options.minutes)
                    after = memory(browser, page)
                    print("\n| | heap, MB | renderers, MB |\n|---|---|---|")
                    print(f"| at first | {before[0]:.1f} | {before[1]:.0f} |")
                    print(f"| {options.minutes:g} minutes later | {after[0]:.1f} | {after[1]:.0f} |", flush=True)
                browser.close()
        print("\n| stopped because | after, s |\n|---|---|")
        browser = launch(playwright)
        for code, seconds in time_stops(browser, app.url):
            print(f"| {code} | {seconds:.2f} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
