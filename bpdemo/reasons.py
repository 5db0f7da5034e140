"""Why a clip is refused, or what is worth noting about one: code, sentence and remedy of each reason."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bpdemo.errors import Reason
from bpdemo.stmap import MIN_WINDOW_S

if TYPE_CHECKING:
    from bpdemo.estimate import PressureEstimate

_REASONS = {  # in the order in which they are told: what can be mended comes first
    "too_short": (
        f"The clip is too short: a reading needs {MIN_WINDOW_S:g} seconds without a gap.",
        "Record 15 seconds in one go.",
    ),
    "frame_rate_low": (
        "The clip has too few frames per second to follow a pulse.",
        "Record at 30 frames per second; in dim light a camera slows down, so add light.",
    ),
    "too_compressed": (
        "The clip is compressed so heavily that a rhythm in it may come from the encoder, not from a pulse.",
        "Use the camera's original file, not one sent through a messenger, and record at the best quality.",
    ),
    "too_dark": ("The face is too dark.", "Turn on more light, or face a window."),
    "too_bright": (
        "The face is overexposed, which wipes out the pulse.",
        "Move out of direct light, or lower the camera's exposure.",
    ),
    "light_flicker": (
        "The background changes colour in step with the skin, so the rhythm may come from the light, not from a pulse.",
        "Use daylight or another lamp, and keep screens away from the face.",
    ),
    "no_face": (
        "No face was found in the clip.",
        "Face the camera, upright and lit from the front, with the whole face in the picture.",
    ),
    "face_lost": (
        "The face was out of sight for too long.",
        "Keep the whole face in the picture, with nothing in front of it, for 15 seconds.",
    ),
    "face_too_small": (
        "The face is too small in the picture.",
        "Move closer, until the face fills about half the height of the picture.",
    ),
    "face_turned": ("The face is turned away from the camera.", "Look straight at the camera."),
    "too_much_motion": (
        "The head moved too much.",
        "Steady the camera, rest your head against something, and do not speak.",
    ),
    "rates_differ": (
        "Different parts of the clip give different heart rates.",
        "Sit still in even light for the whole clip; 15 seconds are enough.",
    ),
    "network_disagrees": (
        "The pulse network and the map give different heart rates.",
        "Leave the method out, or use weights trained on more faces.",
    ),
    "rate_uncertain": (
        "There is a rhythm, but the heart rate behind it is uncertain.",
        "Sit still in even light. Only rates from 41 to 199 beats per minute are read.",
    ),
    "weak_pulse": (
        "There is a pulse, but it is too noisy to read its shape.",
        "Sit still in even daylight, closer to the camera, and record at the best quality.",
    ),
    "no_pulse": (
        "The skin shows no pulse.",
        "Film a living face, held still and evenly lit, at the best quality. Photographs have no pulse.",
    ),
    "too_short_for_variability": (
        "Heart-rate variability needs at least 60 seconds.",
        "Record a minute or more.",
    ),
    "beats_uncertain": (
        "The beats are not clear enough for heart-rate variability.",
        "Sit still in even daylight, closer to the camera, and record at the best quality.",
    ),
    "too_short_for_respiration": (
        "A breathing rate needs at least 30 seconds.",
        "Record half a minute or more.",
    ),
    "breathing_unclear": (
        "Height, baseline and intervals of the pulse do not agree on one breathing rate.",
        "Sit still, breathe evenly and do not speak.",
    ),
    "several_faces": (
        "There is more than one face in the picture; the largest was followed.",
        "Film one person alone.",
    ),
    "clip_cut": (
        "Only the start of this long clip was read: five minutes at most, less of large or fast pictures.",
        "Nothing to do; 15 seconds are enough.",
    ),
    "interrupted": (
        "The recording has gaps or jumps in time; each part was read by itself.",
        "Nothing to do if one part lasts 15 seconds; otherwise record in one go.",
    ),
    "slow_motion": (
        "The file plays slower or faster than it was filmed; it was read at the speed of filming.",
        "If the heart rate looks wrong, record at normal speed.",
    ),
    "size_changed": (
        "The picture size changes within the clip; it was read up to there.",
        "Do not turn the camera while it records.",
    ),
    "damaged": (
        "Part of the file is damaged and was left out.",
        "If the reading matters, copy or record the clip again.",
    ),
}
_OF_THE_PULSE = ("rates_differ", "network_disagrees", "rate_uncertain", "weak_pulse", "no_pulse")


def reason(code: str) -> Reason:
    """Return the reason with this code."""
    return Reason(code, *_REASONS[code])


def like_average(systolic: "PressureEstimate", diastolic: "PressureEstimate") -> Reason | None:
    """Return the note `like_average` on what could as well be the training mean; None where neither pressure could."""
    both = {"systolic": systolic, "diastolic": diastolic}
    alike = {name: pressure for name, pressure in both.items() if pressure.differs_from_average is False}
    if not alike:
        return None
    which = "This reading" if len(alike) == len(both) else f"The {''.join(alike)} pressure"
    means = "/".join(f"{pressure.baseline.value:.0f}" for pressure in alike.values())
    return Reason(
        "like_average",
        f"{which} could as well be the average person's {means}: readings of one person differ by as much.",
        "Take it for that average and no more.",
    )


def can_be_mended(code: str) -> bool:
    """Return whether a reason lies in the recording: in its file, light, face or movement, not in the pulse alone."""
    return code not in _OF_THE_PULSE


def place_in_order(code: str) -> int:
    """Return the place of a reason among those given, the lowest first: file, light, face, movement, then pulse."""
    return list(_REASONS).index(code)


def explain(codes: Iterable[str]) -> tuple[Reason, ...]:
    """Return reasons in order, each once: without a face that alone, and none of the pulse where others explain it."""
    found = sorted(set(codes), key=place_in_order)
    if "no_face" in found:
        found = ["no_face"]
    mendable = [code for code in found if can_be_mended(code)]
    return tuple(reason(code) for code in mendable or found)
