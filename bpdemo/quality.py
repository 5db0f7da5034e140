"""What is asked before anything is told of a clip: every `Check` keeps what was measured, its bounds and the answer.

A heart rate is told when the evidence (`evidence`) says that the rhythm is a pulse more likely than not, its rate is
certain, and neither the light around the head nor the encoder may have made it. Pressures are read when the evidence is
strong, and the pulse's shape is clear. All is measured before any normalisation.

The thresholds are ours, chosen on rendered clips; `docs/controls.md` tries them on others (`benchmarks/controls`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpdemo.beats import MIN_BEATS, MeanBeats
from bpdemo.capture import CaptureReport
from bpdemo.clip_report import ClipReport
from bpdemo.errors import Reason
from bpdemo.evidence import QUESTIONS, Evidence, weigh
from bpdemo.face import FaceReport
from bpdemo.pulse import Pulse
from bpdemo.reasons import reason
from bpdemo.spectrum import HEART_RATE_BPM
from bpdemo.stmap import MIN_WINDOW_S, RATE_HZ

MIN_SEEN = 0.1  # share of the key frames with a face below which there is none
MIN_MEASURED = 0.8  # share of a window's columns in which at least half of the cells must be seen
MIN_FRAME_RATE_HZ = 14.5
MIN_LUMA = 40.0  # of 255
MAX_LUMA = 235.0
MAX_CLIPPED = 0.25
MAX_MOTION_PER_SECOND = 0.35  # face widths
MAX_TURN_DEGREES = 45.0
MIN_FACE_PIXELS = 72.0

MIN_PROBABILITY = 0.5  # of a pulse: below it no heart rate is told
MIN_READING_PROBABILITY = 0.7
# Ends of the band in which rates are looked for: one that is found there may lie beyond.
CERTAIN_RATE_BPM = (HEART_RATE_BPM[0] + 1, HEART_RATE_BPM[1] - 1)
MAX_RIVAL_DB = 0.0
MAX_LIGHT_SHARE = 0.5
PULSE_AMPLITUDE = (0.0003, 0.03)
# A pulse may be there, but its shape is what carries the pressure, and noise buries the shape first.
MIN_READING_SNR_DB = 2.0
CLEAR_SNR_DB = 4.0  # fewer bits will do above it
# With fewer bits for each pixel of each frame an encoder makes rhythms of its own: its key frames beat as hearts do.
# Pixels beyond 640 x 480 do not count, as larger pictures need hardly more bits for the same colours.
MIN_BITS_PER_PIXEL = 0.12
_MOST_PIXELS = 640 * 480
CLEAR_BITS_PER_PIXEL = 0.2  # below these only a clear pulse is read
# The same for a pulse that beats as often as key frames come, told or read: each is coded anew, a little otherwise.
MIN_BITS_IN_STEP, CLEAR_BITS_IN_STEP = 0.4, 0.8
_KEY_FRAME_MULTIPLES = (0.5, 1, 2, 3)  # half, as every other one may be coded alike
_KEY_FRAME_BPM = 4.0  # closer rates cannot be told apart in a window of 10 s


@dataclass(frozen=True)
class Check:
    """One question put to a clip or a window, and its answer.

    Attributes:
        name: what was measured; a unit is part of it.
        value: as measured; infinity where nothing limits it.
        low, high: the least and the most that passes.
        reason: code of the reason that a failure leads to.
    """

    name: str
    value: float
    low: float
    high: float
    reason: str

    @property
    def passed(self) -> bool:
        """Whether the value lies within the bounds, ends included."""
        return self.low <= self.value <= self.high


def check_capture(report: CaptureReport) -> tuple[Check, ...]:
    """Return the checks of a file and of how the face was seen, in a clip or a window of it."""
    return (*check_file(report.file), *check_face(report.face))


def check_file(file: ClipReport) -> tuple[Check, ...]:
    """Return the checks of a clip as a whole."""
    return (
        _at_least("duration_s", file.longest_stretch_s, MIN_WINDOW_S, "too_short"),
        _at_least("frame_rate_hz", file.frame_rate_hz, MIN_FRAME_RATE_HZ, "frame_rate_low"),
    )


def check_face(face: FaceReport) -> tuple[Check, ...]:
    """Return the checks of how the face was seen; what is measured on it is left out where none was found."""
    found = face.seen >= MIN_SEEN
    seen = _at_least("face_seen", face.seen, MIN_MEASURED, "face_lost" if found else "no_face")
    if not found or face.luma is None or face.clipped is None:
        return (seen,)
    nearer = "too_dark" if face.luma < (MIN_LUMA + MAX_LUMA) / 2 else "too_bright"
    return (
        seen,
        Check("luma", face.luma, MIN_LUMA, MAX_LUMA, nearer),
        _at_most("clipped", face.clipped, MAX_CLIPPED, "too_bright"),
        _at_least("face_width_pixels", face.width_pixels, MIN_FACE_PIXELS, "face_too_small"),
        _at_most("head_turn_degrees", face.turn_degrees, MAX_TURN_DEGREES, "face_turned"),
        _at_most("motion_per_second", face.motion_per_second, MAX_MOTION_PER_SECOND, "too_much_motion"),
    )


def check_window_rate(frame_rate_hz: float) -> Check:
    """Return the check of the frame rate within a window, which may differ from the clip's."""
    return _at_least("window_frame_rate_hz", frame_rate_hz, MIN_FRAME_RATE_HZ, "frame_rate_low")


def check_mask(mask: np.ndarray) -> Check:
    """Return the check of how much of a window was measured, mask bool [cells, columns]."""
    return _at_least("measured", float((mask.mean(axis=0) >= 0.5).mean()), MIN_MEASURED, "face_lost")


def weigh_pulse(pulse: Pulse) -> Evidence:
    """Return what speaks for a pulse and against it."""
    return weigh({question.name: getattr(pulse, question.name) for question in QUESTIONS})


def check_pulse(pulse: Pulse, evidence: Evidence, file: ClipReport | None) -> tuple[Check, ...]:
    """Return the checks before a heart rate is told; without a file its coding is left out."""
    # In a window too short for a reading, rates of noise lie closer to each other than it can resolve.
    short = len(pulse.time_s) < MIN_WINDOW_S * RATE_HZ
    probability = MIN_READING_PROBABILITY if short else MIN_PROBABILITY
    return (
        *(() if file is None else _check_key_frames(pulse, file)),
        *(
            ()
            if math.isnan(pulse.light_share)
            else (_at_most("light_share", pulse.light_share, MAX_LIGHT_SHARE, "light_flicker"),)
        ),
        _at_least("pulse_probability", evidence.probability, probability, "no_pulse"),
        Check("amplitude", pulse.amplitude, *PULSE_AMPLITUDE, "no_pulse"),
        Check("heart_rate_bpm", pulse.heart_rate_bpm, *CERTAIN_RATE_BPM, "rate_uncertain"),
        _at_most("rival_db", pulse.rival_db, MAX_RIVAL_DB, "rate_uncertain"),
    )


def check_reading(pulse: Pulse, evidence: Evidence, file: ClipReport | None) -> tuple[Check, ...]:
    """Return the further checks before pressures are read; without a file its coding is left out."""
    # What is no pulse is not for want of bits, unless there are too few for any.
    probable = evidence.probability >= MIN_PROBABILITY
    least_bits = CLEAR_BITS_PER_PIXEL if probable and pulse.snr_db < CLEAR_SNR_DB else MIN_BITS_PER_PIXEL
    bits = () if file is None else (_at_least("bits_per_pixel", bits_per_pixel(file), least_bits, "too_compressed"),)
    return (
        *bits,
        _at_least("pulse_probability_for_reading", evidence.probability, MIN_READING_PROBABILITY, "weak_pulse"),
        _at_least("snr_for_shape_db", pulse.snr_db, MIN_READING_SNR_DB, "weak_pulse"),
    )


def check_beats(beats: MeanBeats) -> Check:
    """Return the check of how many beats were seen whole."""
    return _at_least("whole_beats", len(beats.beats_s) if beats.measured else 0, MIN_BEATS, "weak_pulse")


def reasons_of_capture(checks: Sequence[Check]) -> tuple[Reason, ...]:
    """Return the reasons to refuse a clip, the most basic first; without a face, that alone."""
    codes = dict.fromkeys(check.reason for check in checks if not check.passed)
    return (reason("no_face"),) if "no_face" in codes else tuple(reason(code) for code in codes)


def notes(report: CaptureReport) -> tuple[Reason, ...]:
    """Return what is worth noting about a clip without refusing it."""
    applies = {
        "several_faces": report.face.faces > 1,
        "clip_cut": report.file.cut_at_s is not None,
        "interrupted": bool(report.file.breaks_s),
        "slow_motion": report.file.slowed != 1,
        "size_changed": report.file.size_changed_at_s is not None,
        "damaged": report.file.damaged,
    }
    return tuple(reason(code) for code, true in applies.items() if true)


def bits_per_pixel(file: ClipReport) -> float:
    """Return how many bits of picture data there are for each pixel of each frame; infinity when not known."""
    pixels = min(file.width * file.height, _MOST_PIXELS) * file.frame_rate_hz
    return 1000 * file.bit_rate_kbps / pixels if pixels and file.bit_rate_kbps else math.inf


def beats_with_key_frames(heart_rate_bpm: float, interval_s: float | None) -> bool:
    """Return whether a heart rate is that of key frames (interval in seconds, None for none), a multiple or half."""
    return interval_s is not None and any(
        abs(heart_rate_bpm - 60 * times / interval_s) <= _KEY_FRAME_BPM for times in _KEY_FRAME_MULTIPLES
    )


def _check_key_frames(pulse: Pulse, file: ClipReport) -> tuple[Check, ...]:
    """Ask whether a pulse in step with the key frames is the encoder's; nothing is asked of one that is not."""
    if not beats_with_key_frames(pulse.heart_rate_bpm, file.key_frame_interval_s):
        return ()
    least = MIN_BITS_IN_STEP if pulse.snr_db >= CLEAR_SNR_DB else CLEAR_BITS_IN_STEP
    return (_at_least("bits_per_pixel_in_step", bits_per_pixel(file), least, "too_compressed"),)


def _at_least(name: str, value: float, low: float, code: str) -> Check:
    return Check(name, value, low, math.inf, code)


def _at_most(name: str, value: float, high: float, code: str) -> Check:
    return Check(name, value, -math.inf, high, code)
