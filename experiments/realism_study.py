"""Real clips beside renderings: figures, a statement and a picture. See `experiments.realism`.

    python -m benchmarks.realism --data ppg_bp=DIR CLIP... [--skin CLIP...] [--json FILE] [--figure FILE]

A clip whose pulse the demo would accept is compared in full. One of a face without a usable pulse, or of a patch of
skin, tells of noise only. A clip that is too dark, too bright, too shaky or shows no face is named and left out. Faces
appear in no output: what is shown is maps.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from bpdemo.capture import read_capture
from bpdemo.clip import Clip
from bpdemo.data.registry import load_people
from bpdemo.errors import BpdemoError
from bpdemo.pulse import measure_pulse
from bpdemo.quality import MAX_LUMA, MIN_LUMA, has_pulse, judge_capture
from bpdemo.regions import CELLS
from bpdemo.reporting.tables import table
from bpdemo.stmap import LUMA, MIN_WINDOW_S, WINDOW_S, STMap, build_stmap
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.synthesis.pulses import beats_of
from experiments.realism import (
    RENDERED_FROM_S,
    Statistics,
    measure_capture,
    measure_renderings,
    nearest_quality,
    render_capture,
    summarise,
)
from experiments.realism_figure import draw_realism
from experiments.realism_table import realism_section

_LEAST_S = 6.0  # a shorter clip tells too little, of noise too
_BLOCKS = (6, 5)  # across and down: as many as a face has cells
_UNSTEADY = 0.05  # whole pictures that change by more from one to the next show no camera noise
_DPI = 200


@dataclass(frozen=True)
class RealClip:
    """A clip: `time_s` [frames], `colours` [frames, cells, 3], where its window ends, and if its pulse is usable."""

    time_s: np.ndarray
    colours: np.ndarray
    end_s: float
    with_pulse: bool

    def measure(self) -> Statistics:
        """Read the figures."""
        return measure_capture(self.time_s, self.colours, 0.0, self.end_s, with_pulse=self.with_pulse)


class LeftOutError(Exception):
    """A clip that tells nothing, and why."""


def read_face(path: str) -> RealClip:
    """Read a clip of a face."""
    capture = read_capture(path)
    reasons = judge_capture(capture.report, capture.face, capture.luma, capture.clipped)
    against = [reason.code for reason in reasons if reason.code != "too_short"]
    end_s = min(capture.report.duration_s, WINDOW_S)
    if against or end_s < _LEAST_S:
        raise LeftOutError(", ".join(against or ["too_short"]))
    pulse = measure_pulse(capture.time_s, capture.colours, 0.0, end_s, capture.surround)
    usable = end_s >= MIN_WINDOW_S and pulse is not None and has_pulse(pulse)
    return RealClip(capture.time_s, capture.colours, end_s, usable)


def read_skin(path: str) -> RealClip:
    """Read a clip of nothing but skin; blocks of its picture stand in for cells."""
    times, blocks = [], []
    with Clip(path) as clip:
        for frame in clip.frames():
            times.append(frame.time_s)
            blocks.append(cv2.resize(frame.image.astype(np.float32), _BLOCKS, interpolation=cv2.INTER_AREA))
        duration_s = clip.report.duration_s
    colours = np.array(blocks).reshape(-1, len(CELLS), 3)
    luma = colours.mean(axis=1) @ LUMA
    jump = float(np.median(np.abs(np.diff(luma))) / luma.mean())
    against = {
        f"too_dark ({luma.mean():.0f} of 255)": luma.mean() < MIN_LUMA,
        f"too_bright ({luma.mean():.0f} of 255)": luma.mean() > MAX_LUMA,
        f"brightness jumps by {100 * jump:.0f} % from frame to frame": jump > _UNSTEADY,
        "too_short": duration_s < _LEAST_S,
    }
    if any(against.values()):
        raise LeftOutError(", ".join(why for why, applies in against.items() if applies))
    return RealClip(np.array(times), colours, min(duration_s, WINDOW_S), with_pulse=False)


def read_all(paths: Sequence[str], read: Callable[[str], RealClip]) -> dict[str, RealClip]:
    """Read clips that tell something, by the names of their files; say why the others do not."""
    clips = {}
    for path in paths:
        try:
            clips[Path(path).stem] = read(path)
        except (LeftOutError, BpdemoError) as error:
            print(f"{Path(path).name} is left out: {getattr(error, 'code', error)}", file=sys.stderr)
    return clips


def show_maps(
    clips: Mapping[str, RealClip],
    real: Mapping[str, Statistics],
    rendered: Mapping[str, Sequence[Statistics]],
    people: Sequence[Sequence[np.ndarray]],
    seed: int,
) -> dict[str, STMap]:
    """Return the map of the first clip with a pulse, and a typical one of the quality that is nearest to it."""
    name = next(name for name, clip in clips.items() if clip.with_pulse)
    clip, quality = clips[name], nearest_quality(real[name], rendered)
    errors = [each.figures["beat_error_T"] for each in rendered[quality]]
    typical = int(np.argsort(errors)[len(errors) // 2])
    capture = render_capture(people, QUALITIES[quality], typical, len(errors), seed)
    return {
        f"Real: T of {name.replace('_', ' ')}": build_stmap(clip.time_s, clip.colours, 0.0, clip.end_s),
        f"Rendered: T, {quality} quality": build_stmap(*capture, RENDERED_FROM_S, RENDERED_FROM_S + clip.end_s),
    }


def main() -> None:
    """Print the table and what it says."""
    parser = argparse.ArgumentParser(description="Real clips beside renderings")
    parser.add_argument("clips", nargs="*", metavar="CLIP", help="of faces")
    parser.add_argument("--skin", action="append", default=[], metavar="CLIP", help="of nothing but skin; repeatable")
    parser.add_argument("--data", required=True, metavar="NAME=DIR", help="whose pulses to render, as ppg_bp=DIR")
    parser.add_argument("--count", type=int, default=40, help="renderings of each quality")
    parser.add_argument("--seed", type=int, default=0, help="of the renderings")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--figure", type=Path, help="where to draw them, PNG; needs a clip with a pulse")
    arguments = parser.parse_args()
    data, _, folder = arguments.data.partition("=")
    people = [beats for person in load_people({data: folder}) if (beats := beats_of(person))]
    clips = read_all(arguments.clips, read_face) | read_all(arguments.skin, read_skin)
    if not clips:
        parser.error("no clip is left")
    real = {name: clip.measure() for name, clip in clips.items()}
    # The longer a window, the better its mean beat: both sides are given the same.
    duration_s = min((clip.end_s for clip in clips.values() if clip.with_pulse), default=WINDOW_S)
    rendered = {
        name: measure_renderings(people, quality, duration_s, count=arguments.count, seed=arguments.seed)
        for name, quality in QUALITIES.items()
    }
    section = realism_section(real, rendered, duration_s)
    print(f"{section['statement']}\n\n{table(section['columns'], section['rows'])}")
    if arguments.json:
        figures = {
            "duration_s": round(duration_s, 3),
            "real": {name: known(each.figures) for name, each in real.items()},
            "rendered": {
                name: {key: known(of) for key, of in summarise(all_of).items()} for name, all_of in rendered.items()
            },
            "section": section,
        }
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.figure:
        if not any(clip.with_pulse for clip in clips.values()):
            parser.error("the picture needs a clip with a pulse")
        figure = draw_realism(real, rendered, show_maps(clips, real, rendered, people, arguments.seed))
        figure.savefig(arguments.figure, dpi=_DPI, facecolor="white", metadata={"Software": None})


def known(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the figures that could be told, rounded."""
    return {name: round(value, 4) for name, value in figures.items() if np.isfinite(value)}


if __name__ == "__main__":
    main()
