"""Is there a pulse worth reading? Every question is a `Check` that keeps what was measured, its bounds and the answer.

The largest peak of a spectrum makes *something* periodic of a photograph, a wall or a screen too. Six questions keep it
from being read: does one rate stand out (SNR), do both colour projections agree at that rate as they do for blood, do
the regions of the face beat together, do both halves of the window beat at the same rate, is it a change of colour and
not of brightness alone, and is it as large as a pulse. Then: is it in the skin alone, is its shape clear, could it be
the encoder's. All is measured before any normalisation.

The thresholds are ours, chosen on rendered clips; `docs/controls.md` tries them on others (`benchmarks/controls`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bpdemo.beats import MIN_BEATS, MeanBeats
from bpdemo.capture import CaptureReport
from bpdemo.clip import ClipReport
from bpdemo.errors import Reason
from bpdemo.pulse import Pulse
from bpdemo.reasons import reason
from bpdemo.stmap import MIN_WINDOW_S

MIN_SEEN = 0.1  # share of the key frames with a face below which there is none
MIN_MEASURED = 0.8  # share of a window's columns in which at least half of the cells must be seen
MIN_FRAME_RATE_HZ = 14.5
MIN_LUMA = 40.0  # of 255
MAX_LUMA = 235.0
MAX_CLIPPED = 0.25
MAX_MOTION_PER_SECOND = 0.35  # face widths
MAX_TURN_DEGREES = 45.0
MIN_FACE_PIXELS = 72.0

# Below these there is no pulse to speak of, and no heart rate is given.
MIN_PULSE_SNR_DB = 0.0
MIN_REGION_AGREEMENT = 0.7
MIN_COLOUR_AGREEMENT = 0.3
MAX_HALVES_APART = 0.15  # of the heart rate
MAX_BRIGHTNESS_RATIO = 3.0
# Above this SNR halves may differ (a heart may speed up), colours need only not oppose each other (codecs blur them
# first), and fewer bits will do.
CLEAR_SNR_DB = 4.0
MAX_LIGHT_SHARE = 0.5
PULSE_AMPLITUDE = (0.0003, 0.03)
# A pulse may be there, but its shape is what carries the pressure, and noise buries the shape first.
MIN_READING_SNR_DB = 2.0
# With fewer bits for each pixel of each frame an encoder makes rhythms of its own: its key frames beat as hearts do.
# Pixels beyond 640 x 480 do not count, as larger pictures need hardly more bits for the same colours.
MIN_BITS_PER_PIXEL = 0.12
_MOST_PIXELS = 640 * 480
CLEAR_BITS_PER_PIXEL = 0.2  # below these only a clear pulse is read
# The same for a pulse that beats as often as key frames come: each is coded anew, and a little otherwise.
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
    """Return the checks of a whole clip; what is measured on a face is left out where none was found."""
    file, face = report.file, report.face
    found = face.seen >= MIN_SEEN
    checks = (
        _at_least("duration_s", file.longest_stretch_s, MIN_WINDOW_S, "too_short"),
        _at_least("face_seen", face.seen, MIN_MEASURED, "face_lost" if found else "no_face"),
        _at_least("frame_rate_hz", file.frame_rate_hz, MIN_FRAME_RATE_HZ, "frame_rate_low"),
    )
    if not found or face.luma is None or face.clipped is None:
        return checks
    return (
        *checks,
        Check("luma", face.luma, MIN_LUMA, MAX_LUMA, "too_dark" if face.luma < MIN_LUMA else "too_bright"),
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


def check_pulse(pulse: Pulse) -> tuple[Check, ...]:
    """Return the checks that distinguish a pulse from anything else that swings; a pulse passes all of them."""
    # Halves may agree on another rate than the whole: on twice the rate at which key frames come, say.
    rates = (*pulse.half_rates_bpm, pulse.heart_rate_bpm)
    clear = pulse.snr_db >= CLEAR_SNR_DB
    apart = (max(rates) - min(rates)) / pulse.heart_rate_bpm
    return (
        _at_least("snr_db", pulse.snr_db, MIN_PULSE_SNR_DB, "no_pulse"),
        _at_least("colour_agreement", pulse.colour_agreement, 0.0 if clear else MIN_COLOUR_AGREEMENT, "no_pulse"),
        _at_least("region_agreement", pulse.region_agreement, MIN_REGION_AGREEMENT, "no_pulse"),
        _at_most("half_rates_apart", apart, math.inf if clear else MAX_HALVES_APART, "no_pulse"),
        _at_most("brightness_ratio", pulse.brightness_ratio, MAX_BRIGHTNESS_RATIO, "no_pulse"),
        Check("amplitude", pulse.amplitude, *PULSE_AMPLITUDE, "no_pulse"),
    )


def check_reading(pulse: Pulse, file: ClipReport | None) -> tuple[Check, ...]:
    """Return the further checks before pressures are read from a pulse; without a file its coding is left out."""
    return (
        _at_most("light_share", pulse.light_share, MAX_LIGHT_SHARE, "light_flicker"),
        _at_least("snr_for_shape_db", pulse.snr_db, MIN_READING_SNR_DB, "weak_pulse"),
        *(() if file is None else (_check_coding(pulse, file),)),
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


def _check_coding(pulse: Pulse, file: ClipReport) -> Check:
    """Ask whether the pulse may be the encoder's."""
    if beats_with_key_frames(pulse.heart_rate_bpm, file.key_frame_interval_s):
        least, least_unclear = MIN_BITS_IN_STEP, CLEAR_BITS_IN_STEP
    else:
        least, least_unclear = MIN_BITS_PER_PIXEL, CLEAR_BITS_PER_PIXEL
    least = least if pulse.snr_db >= CLEAR_SNR_DB else least_unclear
    return _at_least("bits_per_pixel", bits_per_pixel(file), least, "too_compressed")


def _at_least(name: str, value: float, low: float, code: str) -> Check:
    return Check(name, value, low, math.inf, code)


def _at_most(name: str, value: float, high: float, code: str) -> Check:
    return Check(name, value, -math.inf, high, code)
