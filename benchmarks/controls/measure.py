"""Clips are rendered and read one by one, and what was measured is kept: a run that is stopped goes on where it was."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from benchmarks.controls.scenes import KINDS, Drawn, Film, draw_scene, film
from bpdemo.capture import Capture, CaptureReport, read_capture
from bpdemo.clip_report import ClipReport
from bpdemo.errors import BpdemoError
from bpdemo.face import FaceReport
from bpdemo.pulse import Pulse
from bpdemo.quality import check_capture, reasons_of_capture
from bpdemo.stmap import RATE_HZ
from bpdemo.synthesis.encode import CODECS
from bpdemo.window import read_window, window_places

_SCALARS = tuple(field.name for field in fields(Pulse) if field.type is float)


@dataclass(frozen=True)
class Measured:
    """What one clip was and what was measured of it: enough to judge it again.

    Attributes:
        half, kind, number: which clip (`scenes.Film`).
        scene: what it was like: size, codec, frame rate, light, movement, noise, strength of the pulse, tone.
        heart_rate_bpm: rendered; None without a pulse.
        capture_reasons: codes of the reasons to refuse it as a whole, or of the error.
        pulse: the measures of `pulse.Pulse` that are single numbers; None without a face.
        capture: the capture report; None where the file could not be read.
        reasons: codes of all reasons; empty for a reading.
    """

    half: str
    kind: str
    number: int
    scene: dict
    heart_rate_bpm: float | None
    capture_reasons: list[str]
    pulse: dict | None
    capture: dict | None
    reasons: list[str]

    @property
    def film(self) -> Film:
        """The clip this was measured on."""
        return Film(self.half, self.kind, self.number)

    def to_report(self) -> ClipReport:
        """Return the report of a file that could be read."""
        return ClipReport(**self.capture)

    def to_pulse(self) -> Pulse | None:
        """Return the pulse with its measures and times, and without its curves."""
        if self.pulse is None:
            return None
        start_s, end_s = window_places(CaptureReport(self.to_report(), FaceReport(seen=1.0)))[0]
        curves = dict.fromkeys(("wave", "frequency_hz", "power", "beats_s", "region_waves"), np.zeros(0))
        return Pulse(time_s=np.arange(start_s, end_s - 1e-6, 1 / RATE_HZ), **curves, **self.pulse)


def measure_clip(clip: Film) -> Measured:
    """Render and read one clip."""
    return measure_scene(clip, draw_scene(clip.kind, clip.seed))


def measure_scene(clip: Film, drawn: Drawn) -> Measured:
    """Render a scene and read it as this clip."""
    cv2.setNumThreads(1)  # clips run side by side
    scene = drawn.scene
    about = {
        "width": scene.width,
        "codec": scene.codec,
        "plain_encoder": scene.plain_encoder,
        "key_frame_s": scene.key_frame_s,
        "bit_rate_kbps": scene.bit_rate_kbps,
        "frame_rate_hz": scene.frame_rate_hz,
        "brightness": scene.brightness,
        "motion": scene.motion,
        "recoil": scene.recoil,
        "recoil_shade": scene.recoil_shade,
        "noise": scene.noise,
        "black_level": scene.black_level,
        "chroma_lag_s": scene.chroma_lag_s,
        "pulse_strength": scene.pulse_strength if drawn.heart_rate_bpm else None,
        "tone": drawn.tone,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{CODECS[scene.codec].suffix}"
        film(path, clip.kind, scene)
        return measure_file(clip, path, about, drawn.heart_rate_bpm)


def measure_file(clip: Film, path: Path, about: dict, heart_rate_bpm: float | None) -> Measured:
    """Read a file as this clip, up to the verdict on its first window."""
    try:
        capture = read_capture(path)
    except BpdemoError as error:
        return Measured(**asdict(clip), scene=about, heart_rate_bpm=None, capture_reasons=[error.code], pulse=None,
                        capture=None, reasons=[error.code])  # fmt: skip
    return measure_capture(clip, capture, about, heart_rate_bpm)


def measure_capture(clip: Film, capture: Capture, about: dict, heart_rate_bpm: float | None) -> Measured:
    """Judge the first window of a capture."""
    file, face = capture.report.file, capture.report.face
    of_capture = [reason.code for reason in reasons_of_capture(check_capture(capture.report))]
    pulse, of_window = None, []
    for place in window_places(capture.report)[:1]:
        window = read_window(capture.traces, *place, capture.report)
        pulse = window.pulse
        of_window = [check.reason for check in window.checks if not check.passed][:1]
        if "face_lost" in of_window and "face_lost" not in of_capture:
            of_capture.append("face_lost")
    scalars = None if pulse is None else {name: round(float(getattr(pulse, name)), 5) for name in _SCALARS}
    about = about | {"luma": face.luma, "face_pixels": face.width_pixels}
    about = {name: round(float(value), 4) if isinstance(value, float) else value for name, value in about.items()}
    reasons = list(dict.fromkeys(of_capture + of_window))
    return Measured(**asdict(clip), scene=about, heart_rate_bpm=heart_rate_bpm, capture_reasons=of_capture,
                    pulse=scalars, capture=asdict(file), reasons=reasons)  # fmt: skip


def load_measured(path: Path) -> list[Measured]:
    """Return what a file holds, in the order of the clips; the last line may be cut short by a stop."""
    measured = {}
    lines = path.read_text().splitlines() if path.exists() else []
    for number, line in enumerate(lines):
        try:
            one = Measured(**json.loads(line))
        except json.JSONDecodeError:
            if number < len(lines) - 1:
                raise
            continue
        measured[one.film] = one
    return sorted(measured.values(), key=lambda one: (one.half, KINDS.index(one.kind), one.number))


def measure_all(
    clips: Iterable[Film], path: Path, jobs: int, measure: Callable[[Film], Measured] = measure_clip
) -> int:
    """Measure the clips that a file does not hold yet, and append each to it as soon as it is done.

    Args:
        clips: what to measure.
        path: JSON lines; made where there is none.
        jobs: processes.
        measure: what measures one clip.

    Returns:
        How many were measured.
    """
    known = load_measured(path)
    # Written anew, so that no half line is left to append to.
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in known))
    done = {one.film for one in known}
    missing = [clip for clip in clips if clip not in done]
    with path.open("a") as file:
        for one in _each(missing, jobs, measure):
            file.write(json.dumps(asdict(one)) + "\n")
            file.flush()
    return len(missing)


def _each(clips: list[Film], jobs: int, measure: Callable[[Film], Measured]) -> Iterator[Measured]:
    """Yield what was measured of each clip, as soon as it is done."""
    if jobs == 1:
        yield from map(measure, clips)
        return
    # Started anew: a process that is forked beside the threads of the face mesh may wait for ever.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for finished in as_completed([pool.submit(measure, clip) for clip in clips]):
            yield finished.result()
