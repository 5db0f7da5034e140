"""Is a map drawn for training the map of the clip? Cell colours filmed through several codecs, bit rates and movements.

    python -m benchmarks.agreement [--seed S] [--captures N] [--jobs J]

The colours of strong captures (`agreement.draw_colours`) are painted on the portrait, 640 x 480 for 10 s, written and
read as the demo reads clips, and their map is laid over the map of the colours themselves. Each figure is the median
over the captures; those of cells are the median over the cells first. SNR is the pulse's, in the colours and in the
clip.
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.pulse import measure_pulse
from bpdemo.stmap import build_stmap
from bpdemo.synthesis.encode import CODECS
from experiments.agreement import DARK_SKIN, LIGHT_SKIN, compare_maps, draw_colours, film

_DURATION_S = 10.0
_PICTURE = {"width": 640, "height": 480, "face_width": 0.5, "noise": 1.5}
_SWAY = 0.01  # face widths, standard deviation: a person who sits and looks at the camera


@dataclass(frozen=True)
class Filming:
    """One row: codec, bit rate asked for in kbit/s (None for the codec's usual quality), movement and skin."""

    codec: str
    bit_rate_kbps: float | None = None
    motion: float = 0.0
    light: tuple[float, float] = LIGHT_SKIN


FILMINGS = [
    Filming("ffv1"),
    Filming("ffv1", motion=_SWAY),
    *(Filming("h264", rate, motion) for rate in (16000, 8000, 4000, 2000, 1000) for motion in (0.0, _SWAY)),
    *(Filming("vp8", rate, motion) for rate in (None, 2500) for motion in (0.0, _SWAY)),
    *(Filming("vp9", rate, motion) for rate in (16000, 4000) for motion in (0.0, _SWAY)),
    Filming("mjpeg"),
    Filming("h264", 16000, light=DARK_SKIN),
    Filming("h264", 4000, light=DARK_SKIN),
]


def try_one(task: tuple[Filming, int]) -> np.ndarray:
    """Film one capture; return bit rate, correlations and amplitudes of cells, and the figures of the whole face."""
    how, seed = task
    time_s, colours, onsets_s = draw_colours(seed, _DURATION_S + 0.2, light=how.light)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{CODECS[how.codec].suffix}"
        scene = {"codec": how.codec, "bit_rate_kbps": how.bit_rate_kbps, "motion": how.motion, "seed": seed}
        capture = film(path, time_s, colours, **_PICTURE, **scene)
    ways = (time_s, colours), (capture.time_s, capture.colours)
    found = compare_maps(*(build_stmap(*way, 0.0, _DURATION_S) for way in ways), onsets_s)
    snr = [measure_pulse(*way, 0.0, _DURATION_S).snr_db for way in ways]
    return np.array(
        [
            capture.report.bit_rate_kbps,
            *np.nanmedian(found.correlation, axis=1),
            *np.nanmedian(found.amplitude, axis=1),
            found.face_correlation[3],
            1000 * found.delay_s[3],
            100 * found.beat_difference,
            *snr,
        ]
    )


def main() -> None:
    """Print one line for each way of filming, as a Markdown table."""
    parser = argparse.ArgumentParser(description="Agreement of drawn and filmed maps")
    parser.add_argument("--seed", type=int, default=0, help="of the first capture")
    parser.add_argument("--captures", type=int, default=3, help="for each way of filming")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    print("| codec | Mbit/s | head | skin | r of cells: Y U V T | amplitude of cells: Y U V T ", end="")
    print("| r of the face's T | delay | mean beat, off by | SNR, dB |\n|" + "---|" * 10)
    seeds = range(arguments.seed, arguments.seed + arguments.captures)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = pool.map(try_one, [(how, seed) for how in FILMINGS for seed in seeds])
        for how in FILMINGS:
            rate, *cells, face, delay_ms, beat, drawn_db, filmed_db = np.median([next(results) for _ in seeds], axis=0)
            correlation, amplitude = (" ".join(f"{value:.2f}" for value in part) for part in (cells[:4], cells[4:]))
            head, skin = "moving" if how.motion else "still", "light" if how.light == LIGHT_SKIN else "dark"
            print(f"| {how.codec} | {rate / 1000:.1f} | {head} | {skin} | {correlation} | {amplitude} ", end="")
            print(f"| {face:.3f} | {delay_ms:.0f} ms | {beat:.1f} % | {drawn_db:.1f} to {filmed_db:.1f} |", flush=True)


if __name__ == "__main__":
    main()
