"""Results of which everything is known, without a clip and without a network."""

from dataclasses import replace
from functools import cache

import numpy as np

from bpdemo.beats import cut_slices
from bpdemo.capture import Thumbnail
from bpdemo.demo.texts import Languages
from bpdemo.errors import Reason
from bpdemo.estimate import Baseline, Estimate, HeartRate, PressureEstimate, RangeEstimate, WindowEstimate
from bpdemo.pulse import measure_pulse
from bpdemo.regions import CANONICAL_XY_CM, CELLS
from bpdemo.stmap import build_stmap
from tests.support.small_weights import small_config

WORDS = Languages().english
CONFIG = small_config()
WEIGHTS = {"name": "small", "revision": None, "stmap_version": 1, "provenance": CONFIG["provenance"]}
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
CAPTURE = {
    "container": "mov,mp4",
    "codec": "h264",
    "width": 640,
    "height": 480,
    "rotation_degrees": 0,
    "file_bytes": 2_000_000,
    "frames": 450,
    "duration_s": 15.0,
    "frame_rate_hz": 30.0,
    "jitter_ms": 0.0,
    "longest_gap_s": 0.033,
    "bit_rate_kbps": 4600.0,
    "key_frame_interval_s": 5.0,
    "frames_dropped": 0,
    "damaged": False,
    "cut_at_s": None,
    "face": {
        "key_frames": 90,
        "seen": 1.0,
        "faces": 1,
        "width_pixels": 190.0,
        "turn_degrees": 2.0,
        "motion_per_second": 0.02,
        "luma": 150.0,
        "clipped": 0.001,
    },
}
READING = Estimate(
    "clip.mp4",
    "reading",
    systolic=SYSTOLIC,
    diastolic=DIASTOLIC,
    heart_rate=HeartRate(61.26, 7.5),
    capture=CAPTURE,
    weights=WEIGHTS,
)
REFUSED = Estimate(
    "clip.mp4",
    "refused",
    reasons=(Reason("no_pulse", "No pulse.", "More light."),),
    capture=CAPTURE,
    weights=WEIGHTS,
)


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
    stmap = build_stmap(time_s, colours)
    pulse = measure_pulse(time_s, colours, 0.0, 15.0)
    heart_rate = HeartRate(pulse.heart_rate_bpm, pulse.snr_db)
    return WindowEstimate(0.0, 15.0, (), SYSTOLIC, DIASTOLIC, heart_rate, stmap, pulse, cut_slices(stmap))


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
