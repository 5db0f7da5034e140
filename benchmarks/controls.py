"""Negative and positive controls: what must never give a reading, and what should.

    python -m benchmarks.controls [--clips N] [--seed S] [--jobs J]

Renders N clips of each kind - photographs held to the camera, shaken, flickering, on a screen, badly compressed, lit
by a lamp whose colour swings as blood does, and empty walls; and faces with a pulse - reads each as the demo does, up
to the verdict, and prints how many would give a reading, how many show a heart rate, and how far that is off. The
thresholds of `quality` were chosen on clips drawn with other seeds (below 1000).
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from bpdemo.capture import read_capture
from bpdemo.pulse import measure_pulse
from bpdemo.quality import has_pulse, judge_capture, judge_window
from bpdemo.stmap import build_stmap, place_windows
from bpdemo.training.render_clips import Scene, render_clip
from bpdemo.training.write_clip import CODECS

_DURATION_S = 12.0
_FACE_KINDS = ("face", "face, weak pulse", "face, moving", "face, browser recording")


def draw_scene(kind: str, seed: int) -> Scene:
    """Return a scene of this kind with everything else drawn at random."""
    rng = np.random.default_rng(seed)
    rate_hz = rng.uniform(0.8, 2.2)
    scene = Scene(
        seed=seed,
        duration_s=_DURATION_S,
        width=480,
        height=360,
        heart_rate_bpm=None,
        noise=rng.uniform(0.5, 4.0),
        motion=rng.uniform(0.005, 0.03),
        brightness=rng.uniform(0.5, 1.0),
        frame_rate_hz=float(rng.choice([24, 25, 30, 30, 60])),
        codec=str(rng.choice(["h264", "h264", "vp8", "vp9", "mjpeg"])),
    )
    swing = rng.uniform(0.003, 0.01)

    def blood_coloured(time_s: np.ndarray) -> np.ndarray:
        return 1 - swing * np.sin(2 * np.pi * rate_hz * time_s)[:, None] * np.array([0.33, 0.77, 0.53])

    changes = {
        "photograph": {},
        "photograph, hand shake": {
            "tremor": rng.uniform(0.004, 0.02),
            "tremor_hz": rate_hz,
            "gloss": rng.uniform(0, 12),
        },
        "photograph, flicker": {"flicker": rng.uniform(0.003, 0.03), "flicker_hz": rate_hz},
        "photograph, white balance": {"white_balance": rng.uniform(0.001, 0.008), "white_balance_hz": rate_hz},
        "photograph on a screen": {
            "bands": rng.uniform(0.01, 0.06),
            "bands_hz": rate_hz,
            "white_balance": rng.uniform(0, 0.003),
            "white_balance_hz": rate_hz,
        },
        "photograph, bad codec": {
            "codec": "h264",
            "bit_rate_kbps": rng.uniform(60, 300),
            "key_frame_s": rng.uniform(0.6, 1.4),
        },
        "photograph, coloured lamp": {"light": blood_coloured},
        "wall": {"subject": "wall", "flicker": rng.uniform(0, 0.02), "flicker_hz": rate_hz},
    }
    face = {"heart_rate_bpm": rng.uniform(46, 130), "pulse_strength": rng.uniform(0.006, 0.013)}
    changes |= {
        "face": face,
        "face, weak pulse": face | {"pulse_strength": rng.uniform(0.002, 0.005)},
        "face, moving": face | {"motion": rng.uniform(0.04, 0.1), "tremor": 0.008, "tremor_hz": rate_hz},
        "face, browser recording": face | {"codec": "vp8", "bit_rate_kbps": rng.uniform(600, 2500)},
    }
    return replace(scene, **changes[kind])


def try_one(task: tuple[str, int]) -> tuple[str, bool, float | None, float | None]:
    """Render and read one clip; return its kind, whether it would be read, and the heart rate found and rendered."""
    kind, seed = task
    scene = draw_scene(kind, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{CODECS[scene.codec].suffix}"
        render_clip(path, scene)
        capture = read_capture(path)
    reasons = judge_capture(capture.report, capture.face, capture.luma, capture.clipped)
    windows = place_windows(capture.report.duration_s)
    if not capture.face.seen or not windows:
        return kind, False, None, scene.heart_rate_bpm
    stmap = build_stmap(capture.time_s, capture.colours, *windows[0])
    pulse = measure_pulse(capture.time_s, capture.colours, *windows[0], capture.surround)
    read = not reasons and not judge_window(stmap.mask, pulse)
    found = pulse.heart_rate_bpm if pulse is not None and has_pulse(pulse) else None
    return kind, read, found, scene.heart_rate_bpm


def main() -> None:
    """Print one line for each kind of clip, and both sums."""
    parser = argparse.ArgumentParser(description="Negative and positive controls")
    parser.add_argument("--clips", type=int, default=10, help="clips of each kind")
    parser.add_argument("--seed", type=int, default=1000, help="of the first clip")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    kinds = [
        "photograph",
        "photograph, hand shake",
        "photograph, flicker",
        "photograph, white balance",
        "photograph on a screen",
        "photograph, bad codec",
        "photograph, coloured lamp",
        "wall",
        *_FACE_KINDS,
    ]
    tasks = [
        (kind, arguments.seed + 1000 * number + clip)
        for number, kind in enumerate(kinds)
        for clip in range(arguments.clips)
    ]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(try_one, tasks))
    print("| what is filmed | clips | readings | heart rates | median (largest) error, bpm |\n|---|---|---|---|---|")
    for kind in kinds:
        of_kind = [result for result in results if result[0] == kind]
        found = [result for result in of_kind if result[2] is not None]
        errors = [abs(result[2] - result[3]) for result in found if result[3] is not None]
        error = f"{np.median(errors):.2f} ({max(errors):.2f})" if errors else ""
        print(f"| {kind} | {len(of_kind)} | {sum(result[1] for result in of_kind)} | {len(found)} | {error} |")


if __name__ == "__main__":
    main()
