"""What does the pulse need of a browser's recording? Heart rate and SNR for each codec and bit rate Chromium offers.

    python -m experiments.bit_rate [--scene strong|standard|dim ...] [--rates MBIT ...]

Renders a face, films it with Chromium's fake camera - without loss: raw frames at 640 x 480 - records it with the
page's own code (`bpdemo/demo/browser/recorder/clip.js`), and reads the recording up to the verdict as the demo does.
Each line of the table is one recording of 12 s; the first line of a scene is the rendered clip without loss. Needs
Debian's `chromium`, 300 MB in the temporary folder, and an idle machine: a browser that is short of time leaves
out frames. `docs/recorder.md` says what followed. Last run: November 2026.
"""

import argparse
import base64
import math
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import av
from playwright.sync_api import Browser, Page, sync_playwright

from bpdemo.capture import read_capture
from bpdemo.stmap import place_windows
from bpdemo.synthesis.scenes import Scene, render_clip
from bpdemo.window import read_window

SCENES = {
    "strong": Scene(seed=1, heart_rate_bpm=72, pulse_strength=0.011, noise=1.5),
    "standard": Scene(seed=31, heart_rate_bpm=66, pulse_strength=0.007, noise=2.0, motion=0.02),
    "dim": Scene(seed=32, heart_rate_bpm=84, pulse_strength=0.009, noise=2.0, brightness=0.5, motion=0.02),
}
TYPES = {
    "VP8 webm": "video/webm;codecs=vp8",
    "VP9 webm": "video/webm;codecs=vp9",
    "H.264 mp4": "video/mp4;codecs=avc1",
    "AV1 webm": "video/webm;codecs=av1",
}
RATES_MBIT = (0.5, 1.0, 2.5, 4.0, 8.0, 16.0)
SECONDS = 12.0
_CLIP = Path(__file__).parents[1] / "bpdemo" / "demo" / "browser" / "recorder" / "clip.js"
_ORIGIN = "http://localhost:9"  # a secure address that nothing needs to answer: the page is made up here
_FLAGS = ("--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
_COLUMNS = ("scene", "recorded as", "asked, Mbit/s", "got, Mbit/s", "MB in 15 s", "frames/s", "off by, bpm", "SNR, dB")
_RECORD = """async ([type, bitsPerSecond, seconds]) => {
  const video = { width: 640, height: 480, frameRate: 30 };
  const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  const file = await recordClip(stream, { type, bitsPerSecond, seconds }).done;
  stream.getTracks().forEach((track) => track.stop());
  const address = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(file);
  });
  return [file.name, address.split(",")[1]];
}"""


@dataclass(frozen=True)
class Line:
    """What one clip gave."""

    rate_kbps: float
    frame_rate_hz: float
    heart_rate_bpm: float
    snr_db: float
    verdict: str


def read(path: Path) -> Line:
    """Return what the first window of a clip gives, and the verdict on it."""
    capture = read_capture(path)
    file = capture.report.file
    window = read_window(capture.traces, *place_windows(min(file.duration_s, SECONDS))[0], capture.report)
    verdict = window.reasons[0].code if window.reasons else "reading"
    rate_bpm, snr_db = (window.pulse.heart_rate_bpm, window.pulse.snr_db) if window.pulse else (math.nan, math.nan)
    return Line(file.bit_rate_kbps, file.frame_rate_hz, rate_bpm, snr_db, verdict)


def film(page: Page, folder: Path, type_name: str, rate_mbit: float) -> Path | None:
    """Record the fake camera; None when this browser does not offer the type."""
    if not page.evaluate("type => MediaRecorder.isTypeSupported(type)", TYPES[type_name]):
        return None
    name, content = page.evaluate(_RECORD, [TYPES[type_name], rate_mbit * 1e6, SECONDS])
    path = folder / name
    path.write_bytes(base64.b64decode(content))
    return path


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scene", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--rates", nargs="+", type=float, default=RATES_MBIT)
    options = parser.parse_args()
    print("| " + " | ".join((*_COLUMNS, "verdict")) + " |\n" + "|---" * (len(_COLUMNS) + 1) + "|", flush=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        for name in options.scene:
            scene = replace(SCENES[name], duration_s=SECONDS + 2, codec="ffv1")
            lossless, camera = folder / "scene.mkv", folder / "scene.y4m"
            render_clip(lossless, scene)
            show(name, "rendered, no loss", None, read(lossless), scene)
            write_raw(lossless, camera)
            # A new browser for each scene: the camera's file is one of its flags, and its film starts with the camera.
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=[*_FLAGS, f"--use-file-for-fake-video-capture={camera}"]
            )
            page = open_page(browser)
            for type_name in TYPES:
                for rate_mbit in options.rates:
                    clip = film(page, folder, type_name, rate_mbit)
                    if clip is not None:
                        show(name, type_name, rate_mbit, read(clip), scene)
            browser.close()


def open_page(browser: Browser) -> Page:
    """Open an empty page that may use the camera and knows the recorder's `recordClip`."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.route(_ORIGIN + "/**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(_ORIGIN)
    page.add_script_tag(type="module", content=_CLIP.read_text(encoding="utf-8") + "self.recordClip = recordClip;")
    page.wait_for_function("self.recordClip")
    return page


def write_raw(clip: Path, path: Path) -> None:
    """Write a clip's frames as YUV4MPEG2, without any coding, for the fake camera."""
    with av.open(str(clip)) as source, open(path, "wb") as out:
        out.write(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420mpeg2\n")
        for frame in source.decode(video=0):
            out.write(b"FRAME\n" + frame.reformat(format="yuv420p").to_ndarray().tobytes())


def show(scene_name: str, recorded: str, asked_mbit: float | None, line: Line, scene: Scene) -> None:
    """Print one line of the table."""
    asked = "" if asked_mbit is None else f"{asked_mbit:g}"
    got_mbit = line.rate_kbps / 1000
    true_bpm = scene.heart_rate_bpm or math.nan
    cells = (
        scene_name,
        recorded,
        asked,
        f"{got_mbit:.1f}",
        f"{got_mbit * 15 / 8:.1f}",
        f"{line.frame_rate_hz:.1f}",
        f"{abs(line.heart_rate_bpm - true_bpm):.1f}",
        f"{line.snr_db:.1f}",
        line.verdict.replace("_", " "),
    )
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
