"""Is there a pulse worth reading? The verdict, with a named reason and what to do about it.

A capture is judged on what was measured before any normalisation. A photograph, a wall or a screen shows *something*
periodic to anyone who looks for the largest peak of a spectrum; six independent questions keep it from being read: does
one rate stand out (SNR), do both colour projections agree at that rate as they do for blood, do the regions of the face
beat together, do both halves of the window beat at the same rate, is it a change of colour and not of brightness alone,
and is it in the skin alone. What was compressed so much that the encoder may beat is read only if the pulse is clear
and out of step with the key frames, or not at all.

The thresholds are ours, chosen on rendered clips; `docs/controls.md` tries them on others (`benchmarks/controls`).
"""

import math
from dataclasses import dataclass

import numpy as np

from bpdemo.clip import CaptureReport
from bpdemo.errors import Reason
from bpdemo.face import FaceReport
from bpdemo.pulse import Pulse
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
# Above this SNR halves may differ, as a heart may speed up, colours need only not oppose each other, as codecs blur
# them first, and fewer bits will do.
CLEAR_SNR_DB = 4.0
MAX_LIGHT_SHARE = 0.5
PULSE_AMPLITUDE = (0.0003, 0.03)
# A pulse may be there, but its shape is what carries the pressure, and noise buries the shape first.
MIN_READING_SNR_DB = 2.0
# With fewer bits for each pixel of each frame an encoder makes rhythms of its own: its key frames beat as hearts do.
# Pixels beyond 640 x 480 count no more, as larger pictures need hardly more bits for the same colours.
MIN_BITS_PER_PIXEL = 0.12
_MOST_PIXELS = 640 * 480
CLEAR_BITS_PER_PIXEL = 0.2  # below these only a clear pulse is read
# The same for a pulse that beats as often as key frames come: each is coded anew, and a little otherwise.
MIN_BITS_IN_STEP, CLEAR_BITS_IN_STEP = 0.4, 0.8
_KEY_FRAME_MULTIPLES = (0.5, 1, 2, 3)  # half, as every other one may be coded alike
_KEY_FRAME_BPM = 4.0  # as near as that is not told apart in a window of 10 s

_REASONS = {
    "no_face": (
        "No face was found in the clip.",
        "Face the camera, upright and lit from the front, with the whole face in the picture.",
    ),
    "face_lost": (
        "The face was out of sight for too much of the clip.",
        "Keep the whole face in the picture, and nothing in front of it, for 15 seconds.",
    ),
    "too_short": (
        f"The clip is shorter than {MIN_WINDOW_S:g} seconds.",
        "Record 15 seconds.",
    ),
    "frame_rate_low": (
        "The clip has too few frames a second to follow a pulse.",
        "Record at 30 frames a second; more light lets a camera run faster.",
    ),
    "too_dark": (
        "The face is too dark.",
        "Turn on more light, or face a window.",
    ),
    "too_bright": (
        "The face is overexposed, which cuts the pulse off.",
        "Move out of the direct light, or lower the camera's exposure.",
    ),
    "too_much_motion": (
        "The head moved too much.",
        "Rest the camera and your head against something, and do not speak.",
    ),
    "face_turned": (
        "The face is turned away from the camera.",
        "Look straight at the camera.",
    ),
    "face_too_small": (
        "The face is too small in the picture.",
        "Move closer, until the face fills about half of the picture's height.",
    ),
    "no_pulse": (
        "The skin shows no pulse.",
        "Film a living face, held still and evenly lit, in the camera's best quality; pictures have no pulse.",
    ),
    "light_flicker": (
        "What surrounds the head changes colour as the skin does, so this may be the light's rhythm and not a pulse.",
        "Use daylight or another lamp, and keep screens away from the face.",
    ),
    "weak_pulse": (
        "A pulse can be seen, but it is too noisy to read its shape.",
        "Sit still in even daylight, closer to the camera, and record in the camera's best quality.",
    ),
    "too_compressed": (
        "The clip is compressed so much that its rhythm may be the encoder's and not a pulse.",
        "Use the camera's own file, not one that was sent by a messenger, and record in the camera's best quality.",
    ),
    "several_faces": (
        "More than one face is in the picture; the largest was followed.",
        "Record one person alone.",
    ),
    "clip_cut": (
        "The clip is long; only its beginning was read: a minute at most, or less of pictures larger than 1080p.",
        "Nothing needs to be done; 15 seconds are enough.",
    ),
    "size_changed": (
        "The pictures change their size within the clip; it was read up to there.",
        "Do not turn the camera while it records.",
    ),
    "damaged": (
        "Part of the file could not be decoded and was left out.",
        "Copy or record the clip again if the reading matters.",
    ),
}


@dataclass(frozen=True)
class Check:
    """One question put to a pulse, with what was measured and what it must lie between, ends included."""

    code: str
    value: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def passed(self) -> bool:
        """Whether the answer is yes."""
        return self.low <= self.value <= self.high


def reason(code: str) -> Reason:
    """Return the reason with this code, with its sentence and its remedy.

    Raises:
        KeyError: for a code that does not exist.
    """
    return Reason(code, *_REASONS[code])


def judge_capture(capture: CaptureReport, face: FaceReport, luma: float, clipped: float) -> list[Reason]:
    """Judge what concerns the whole clip.

    Args:
        capture: timing of the clip.
        face: how the face was seen.
        luma: median brightness of the skin cells, 0 to 255; NaN without a face.
        clipped: median share of the skin's pixels with a clipped channel, 0 to 1; NaN without a face.

    Returns:
        Reasons to refuse, the most basic one first; empty when the clip may be read.
    """
    if face.seen < MIN_SEEN:
        return [reason("no_face")]
    failed = {
        "too_short": capture.duration_s < MIN_WINDOW_S,
        "face_lost": face.seen < MIN_MEASURED,
        "frame_rate_low": capture.frame_rate_hz < MIN_FRAME_RATE_HZ,
        "too_dark": luma < MIN_LUMA,
        "too_bright": luma > MAX_LUMA or clipped > MAX_CLIPPED,
        "face_too_small": face.width_pixels < MIN_FACE_PIXELS,
        "face_turned": face.turn_degrees > MAX_TURN_DEGREES,
        "too_much_motion": face.motion_per_second > MAX_MOTION_PER_SECOND,
    }
    return [reason(code) for code, has_failed in failed.items() if has_failed]


def bits_per_pixel(capture: CaptureReport) -> float:
    """Return how many bits of picture data there are for each pixel of each frame; infinity when not known."""
    pixels = min(capture.width * capture.height, _MOST_PIXELS) * capture.frame_rate_hz
    return 1000 * capture.bit_rate_kbps / pixels if pixels and capture.bit_rate_kbps else math.inf


def judge_window(mask: np.ndarray, pulse: Pulse | None, capture: CaptureReport) -> list[Reason]:
    """Judge one window.

    Args:
        mask: [cells, columns] bool, True where the STMap was measured.
        pulse: what was measured in this window.
        capture: how the clip is coded.

    Returns:
        Reasons to refuse it; empty when it may be read.
    """
    if pulse is None or (mask.mean(axis=0) >= 0.5).mean() < MIN_MEASURED:
        return [reason("face_lost")]
    if not has_pulse(pulse):
        return [reason("no_pulse")]
    light, shape = check_reading(pulse)
    if not light.passed:
        return [reason("light_flicker")]
    if not shape.passed:
        return [reason("weak_pulse")]
    if not check_coding(pulse, capture).passed:
        return [reason("too_compressed")]
    return []


def has_pulse(pulse: Pulse) -> bool:
    """Return whether what was measured is a pulse at all, however noisy."""
    return all(check.passed for check in check_pulse(pulse))


def check_pulse(pulse: Pulse) -> tuple[Check, ...]:
    """Ask what tells a pulse from anything else that swings.

    Returns:
        `rate`: SNR in dB; `colours`: agreement of both colour projections, -1 to 1; `regions`: phase locking of the
        regions, 0 to 1; `halves`: how far the heart rates of both halves and of the whole are apart, share of the
        latter; `brightness`: how much more the skin's brightness swings than the pulse wave; `amplitude`: relative
        change of the skin's colour.
    """
    # Halves may well agree on another rate than the whole: on twice the rate at which key frames come, say.
    rates = (*pulse.half_rates_bpm, pulse.heart_rate_bpm)
    clear = pulse.snr_db >= CLEAR_SNR_DB
    return (
        Check("rate", pulse.snr_db, MIN_PULSE_SNR_DB),
        Check("colours", pulse.colour_agreement, 0.0 if clear else MIN_COLOUR_AGREEMENT),
        Check("regions", pulse.region_agreement, MIN_REGION_AGREEMENT),
        Check("halves", (max(rates) - min(rates)) / pulse.heart_rate_bpm, high=math.inf if clear else MAX_HALVES_APART),
        Check("brightness", pulse.brightness_ratio, high=MAX_BRIGHTNESS_RATIO),
        Check("amplitude", pulse.amplitude, *PULSE_AMPLITUDE),
    )


def check_reading(pulse: Pulse) -> tuple[Check, Check]:
    """Ask what else a pulse needs before pressures are read from it.

    Returns:
        `light`: share of the wave that is in the light around the head as well, 0 to 1; `shape`: SNR in dB.
    """
    return (
        Check("light", pulse.light_share, high=MAX_LIGHT_SHARE),
        Check("shape", pulse.snr_db, MIN_READING_SNR_DB),
    )


def check_coding(pulse: Pulse, capture: CaptureReport) -> Check:
    """Ask whether the pulse may be the encoder's: `bits` for each pixel of each frame, infinity when not known."""
    if beats_with_key_frames(pulse.heart_rate_bpm, capture.key_frame_interval_s):
        least, least_unclear = MIN_BITS_IN_STEP, CLEAR_BITS_IN_STEP
    else:
        least, least_unclear = MIN_BITS_PER_PIXEL, CLEAR_BITS_PER_PIXEL
    return Check("bits", bits_per_pixel(capture), least if pulse.snr_db >= CLEAR_SNR_DB else least_unclear)


def beats_with_key_frames(heart_rate_bpm: float, interval_s: float | None) -> bool:
    """Return whether a heart rate is that of key frames (interval in seconds, None for none), its multiple or half."""
    if interval_s is None:
        return False
    return any(abs(heart_rate_bpm - 60 * times / interval_s) <= _KEY_FRAME_BPM for times in _KEY_FRAME_MULTIPLES)


def notes(capture: CaptureReport, face: FaceReport) -> list[Reason]:
    """Return what is worth saying of a clip without refusing it."""
    said = {
        "several_faces": face.faces > 1,
        "clip_cut": capture.cut_at_s is not None,
        "size_changed": capture.size_changed_at_s is not None,
        "damaged": capture.damaged,
    }
    return [reason(code) for code, applies in said.items() if applies]
