"""Results of which everything is known, without a clip and without a network."""

from dataclasses import fields, replace
from functools import cache

import numpy as np

from bpdemo.beats import PHASES
from bpdemo.capture import CaptureReport, Thumbnail
from bpdemo.clip_report import ClipReport
from bpdemo.cuff import Adjusted, Calibration, CuffReading
from bpdemo.errors import Reason
from bpdemo.estimate import Baseline, Estimate, HeartRate, MovedBy, PressureEstimate, RangeEstimate
from bpdemo.face import FaceReport
from bpdemo.quality import check_capture, check_file, check_pulse, check_reading, weigh_pulse
from bpdemo.reasons import like_average
from bpdemo.regions import CANONICAL_XY_CM, CELLS, REGIONS, CellTraces
from bpdemo.weights.config import WeightsConfig
from bpdemo.weights.store import WeightsSummary
from bpdemo.window import WindowEstimate, read_window
from tests.support.small_weights import small_config

CONFIG = WeightsConfig.model_validate(small_config())
_SCORES = {"mae": 13.9, "baseline_mae": 15.6, "r": 0.42, "coverage": 0.91}
_VALIDATION = {"people": 50, "qualities": {"standard": {"systolic": _SCORES, "diastolic": _SCORES}}}
VALIDATED = CONFIG.model_copy(update={"validation": type(CONFIG.validation).model_validate(_VALIDATION)})
WEIGHTS = WeightsSummary("small", None, "beats", 1, CONFIG.provenance)
HEART_RATE_BPM = 72.0
SYSTOLIC = PressureEstimate(
    118.4,
    (90.2, 146.6),
    0.9,
    (RangeEstimate(80.0, 110.0, 0.4, 100.0), RangeEstimate(110.0, 140.0, 0.6, 126.0)),
    Baseline(128.0, 15.5),
)
DIASTOLIC = PressureEstimate(
    70.4,
    (52.4, 88.4),
    0.9,
    (RangeEstimate(40.0, 70.0, 0.55, 62.0), RangeEstimate(70.0, 110.0, 0.45, 80.0)),
    Baseline(71.0, 8.5),
)
FILE = ClipReport(
    container="mov,mp4",
    codec="h264",
    width=640,
    height=480,
    rotation_degrees=0,
    file_bytes=2_000_000,
    frames=450,
    duration_s=15.0,
    frame_rate_hz=30.0,
    longest_gap_s=0.033,
    bit_rate_kbps=4600.0,
    key_frame_interval_s=5.0,
)
FACE = FaceReport(
    key_frames=90,
    seen=1.0,
    faces=1,
    width_pixels=190.0,
    turn_degrees=2.0,
    motion_per_second=0.02,
    luma=150.0,
    clipped=0.001,
)
CAPTURE = CaptureReport(FILE, FACE)
READING = Estimate(
    "clip.mp4",
    "reading",
    systolic=SYSTOLIC,
    diastolic=DIASTOLIC,
    heart_rate=HeartRate(61.26, 7.5, (59.26, 63.26)),
    checks=check_file(FILE),
    capture=CAPTURE,
    weights=WEIGHTS,
)
REFUSED = Estimate(
    "clip.mp4",
    "refused",
    reasons=(Reason("no_pulse", "No pulse.", "More light."),),
    checks=check_capture(CAPTURE),
    capture=CAPTURE,
    weights=WEIGHTS,
)
ADJUSTED = Adjusted(130.0, 80.0, Calibration(CuffReading(130.0, 80.0), 118.4, 70.4, entered_s=1.7e9), age_s=300.0)


@cache
def make_window(silent_row=None, hidden_row=None):
    """A window of a face that pulses at 72 bpm, but for one cell that does not and one that is never seen."""
    time_s = np.arange(450) / 30
    colours = np.full((450, len(CELLS), 3), 150.0)
    colours *= 1 - 0.005 * np.sin(2 * np.pi * HEART_RATE_BPM / 60 * time_s)[:, None, None] * np.array((0.3, 0.8, 0.5))
    noise = np.random.default_rng(0).normal(0, 0.1, colours.shape)
    if silent_row is not None:
        colours[:, silent_row] = 150.0
    colours += noise
    if hidden_row is not None:
        colours[:, hidden_row] = np.nan
    traces = CellTraces(time_s, colours, np.full(colours.shape[:2], 100), np.full((450, 3), np.nan), np.zeros(450))
    window = read_window(traces, 0.0, 15.0, CAPTURE)
    parts = {field.name: getattr(window, field.name) for field in fields(window)}
    return WindowEstimate(**parts, systolic=SYSTOLIC, diastolic=DIASTOLIC)


def with_insight(estimate, scatter=5.0):
    """The reading as weights of a known scatter give it, with thresholds of 110 and 70 and what moved it."""
    regions, phases = dict.fromkeys(REGIONS, 0.1), dict.fromkeys(PHASES, 0.0) | {"diastolic_runoff": 0.5}
    moved = [MovedBy(regions | {"forehead": by}, phases) for by in (-1.26, 0.02)]
    systolic, diastolic = (
        replace(pressure, threshold=threshold, scatter=scatter, moved_by=by)
        for pressure, threshold, by in zip((SYSTOLIC, DIASTOLIC), (110.0, 70.0), moved, strict=True)
    )
    note = like_average(systolic, diastolic)
    return replace(estimate, systolic=systolic, diastolic=diastolic, notes=(note,) if note else ())


def judge_again(window, file=FILE, **pulse):
    """The window with another pulse, judged by it."""
    pulse = replace(window.pulse, **pulse)
    before, after = (
        (*check_pulse(one, weigh_pulse(one), file), *check_reading(one, weigh_pulse(one), file))
        for one in (window.pulse, pulse)
    )
    replaced = {check.name for check in (*before, *after)}
    kept = tuple(check for check in window.checks if check.name not in replaced)
    return replace(window, pulse=pulse, evidence=weigh_pulse(pulse), checks=(*kept, *after))


def make_thumbnails():
    """Three grey pictures with a face in the middle, its landmarks those of the canonical face."""
    landmarks = np.zeros((478, 2), np.float32)
    low = CANONICAL_XY_CM.min(axis=0)
    landmarks[: len(CANONICAL_XY_CM)] = (CANONICAL_XY_CM - low) * (8, -8) + (90, 260)
    landmarks[len(CANONICAL_XY_CM) :] = landmarks[0]
    image = np.full((360, 480, 3), 120, np.uint8)
    return tuple(Thumbnail(7.0 * number, image, landmarks) for number in range(3))


def make_reading(**window):
    """A reading with every picture."""
    return replace(READING, windows=(make_window(**window),), thumbnails=make_thumbnails())
