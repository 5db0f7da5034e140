"""The checks of a clip in words: the question, what was measured, what is needed, and the answer."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bpdemo.estimate import Estimate
from bpdemo.quality import Check
from bpdemo.wording.numbers import percent, percent_down


@dataclass(frozen=True)
class Wording:
    """How a check is put into words; in the templates stand `{value}` and, in `failure`, `{needed}`."""

    question: str  # *yes* means that the check passed
    failure: str
    number: Callable[[float], str]
    measured: str = "{value}"  # in the table


_whole, _tenths, _hundredths, _decibels = "{:.0f}".format, "{:.1f}".format, "{:.2f}".format, "{:.1f} dB".format

# By the check's name.
WORDINGS = {
    "face_seen": Wording(
        "Is the face in sight?", "The face was seen in {value} of the sampled frames; {needed} is needed.", percent
    ),
    "duration_s": Wording(
        "Is the clip long enough?", "The clip lasts {value} without a gap; {needed} are needed.", "{:.1f} s".format
    ),
    "frame_rate_hz": Wording(
        "Are there enough frames per second?",
        "The clip has {value} frames per second; {needed} are needed.",
        _tenths,
        "{value} per second",
    ),
    "window_frame_rate_hz": Wording(
        "Are there enough frames per second in this window?",
        "The window has {value} frames per second; {needed} are needed.",
        _tenths,
        "{value} per second",
    ),
    "luma": Wording(
        "Is the skin well lit?",
        "The skin's brightness is {value} of 255; it must be {needed}.",
        _whole,
        "{value} of 255",
    ),
    "clipped": Wording(
        "Is the skin free of overexposed spots?",
        "{value} of the skin's pixels are overexposed; {needed} is allowed.",
        percent,
        "{value} overexposed",
    ),
    "face_width_pixels": Wording(
        "Is the face large enough?",
        "The face is {value} pixels wide; {needed} are needed.",
        _whole,
        "{value} pixels",
    ),
    "head_turn_degrees": Wording(
        "Does the face look at the camera?",
        "The head is turned by {value}; {needed} is allowed.",
        "{:.0f}°".format,
    ),
    "motion_per_second": Wording(
        "Is the head still enough?",
        "The head moved by {value} of its width per second; {needed} is allowed.",
        percent,
        "{value} of its width per second",
    ),
    "measured": Wording(
        "Was the skin in sight throughout?",
        "The skin was in sight for {value} of the time; {needed} is needed.",
        percent,
    ),
    "pulse_probability": Wording(
        "Is a pulse more likely than not?",
        "The probability of a pulse is {value}; {needed} is needed for a heart rate.",
        percent_down,
    ),
    "amplitude": Wording(
        "Is the colour change the size a pulse makes?",
        "The skin's colour changes by {value}; a pulse changes it by {needed}.",
        lambda value: f"{100 * value:.2g} %",
    ),
    "light_share": Wording(
        "Is the rhythm in the skin, not in the light around it?",
        "{value} of the rhythm is in the light around the head as well; {needed} is allowed.",
        percent,
        "{value} shared",
    ),
    "heart_rate_bpm": Wording(
        "Is the rate well within the search range?",
        "The strongest rate is {value} bpm, the end of the search range; it must be {needed}.",
        _tenths,
        "{value} bpm",
    ),
    "rival_db": Wording(
        "Is it stronger than half and twice the rate?",
        "Half or twice the rate is stronger by {value} and may be the true one; {needed} is allowed.",
        _decibels,
    ),
    "pulse_probability_for_reading": Wording(
        "Is the pulse certain enough to read its shape?",
        "The probability of a pulse is {value}; {needed} is needed for pressures.",
        percent_down,
    ),
    "snr_for_shape_db": Wording(
        "Is the pulse clear enough to read its shape?", "The pulse's SNR is {value}; {needed} is needed.", _decibels
    ),
    "bits_per_pixel": Wording(
        "Is the clip compressed lightly enough?",
        "The file has {value} bits per pixel of each frame; {needed} are needed here.",
        _hundredths,
        "{value} bits per pixel",
    ),
    "bits_per_pixel_in_step": Wording(
        "Are there enough bits to trust a rate in step with the key frames?",
        "The rate is in step with the file's key frames, and there are {value} bits per pixel of each frame; {needed} "
        "are needed then.",
        _hundredths,
        "{value} bits per pixel",
    ),
    "whole_beats": Wording(
        "Are there enough whole beats to average?",
        "There are {value} whole beats; {needed} are needed.",
        _whole,
    ),
}


def check_rows(checks: Sequence[Check]) -> list[tuple[str, str, str, str]]:
    """Return question, what was measured, what is needed, and the answer of each check."""
    rows = []
    for check in checks:
        wording = WORDINGS[check.name]
        measured = "not known"
        if math.isfinite(check.value):
            measured = wording.measured.format(value=wording.number(check.value))
        rows.append((wording.question, measured, _needed(check, wording), "yes" if check.passed else "no"))
    return rows


def failed_rows(estimate: Estimate) -> list[tuple[str, str, str]]:
    """Return question, what was measured and what is needed of each failed check, what can be mended first."""
    return [row[:3] for row in check_rows(_failed(estimate))]


def failures(estimate: Estimate, code: str) -> list[str]:
    """Return a sentence for each failed check that led to a reason; none for a reason that lies in no number."""
    return [_failure(check) for check in _failed(estimate) if check.reason == code]


def other_failures(estimate: Estimate) -> list[str]:
    """Return a sentence for each further failed check, whose reason is none of those given: they explain it."""
    given = {reason.code for reason in estimate.reasons}
    return [_failure(check) for check in _failed(estimate) if check.reason not in given]


def _failed(estimate: Estimate) -> list[Check]:
    return [check for check in estimate.failed_checks if math.isfinite(check.value)]


def _failure(check: Check) -> str:
    wording = WORDINGS[check.name]
    is_low = check.value < check.low
    needed = f"at least {wording.number(check.low)}" if is_low else f"at most {wording.number(check.high)}"
    return wording.failure.format(value=wording.number(check.value), needed=needed)


def _needed(check: Check, wording: Wording) -> str:
    low, high = math.isfinite(check.low), math.isfinite(check.high)
    if low and high:
        return f"{wording.number(check.low)} to {wording.number(check.high)}"
    return f"at least {wording.number(check.low)}" if low else f"at most {wording.number(check.high)}"
