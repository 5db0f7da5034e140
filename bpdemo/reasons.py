"""Why a clip is refused, or what is worth noting about one: code, sentence and remedy of each reason."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bpdemo.errors import Reason
from bpdemo.stmap import MIN_WINDOW_S

if TYPE_CHECKING:
    from bpdemo.estimate import PressureEstimate

_REASONS = {  # in the order in which they are told: what can be mended comes first
    "too_short": (f"The clip holds less than {MIN_WINDOW_S:g} seconds at a stretch.", "Record 15 seconds in one go."),
    "frame_rate_low": (
        "The clip has too few frames a second to follow a pulse.",
        "Record at 30 frames a second; more light lets a camera run faster.",
    ),
    "too_compressed": (
        "The clip is compressed so much that its rhythm may be the encoder's and not a pulse.",
        "Use the camera's own file, not one that was sent by a messenger, and record in the camera's best quality.",
    ),
    "too_dark": ("The face is too dark.", "Turn on more light, or face a window."),
    "too_bright": (
        "The face is overexposed, which cuts the pulse off.",
        "Move out of the direct light, or lower the camera's exposure.",
    ),
    "light_flicker": (
        "What surrounds the head changes colour as the skin does, so this may be the light's rhythm and not a pulse.",
        "Use daylight or another lamp, and keep screens away from the face.",
    ),
    "no_face": (
        "No face was found in the clip.",
        "Face the camera, upright and lit from the front, with the whole face in the picture.",
    ),
    "face_lost": (
        "The face was out of sight for too much of the clip.",
        "Keep the whole face in the picture, and nothing in front of it, for 15 seconds.",
    ),
    "face_too_small": (
        "The face is too small in the picture.",
        "Move closer, until the face fills about half of the picture's height.",
    ),
    "face_turned": ("The face is turned away from the camera.", "Look straight at the camera."),
    "too_much_motion": (
        "The head moved too much.",
        "Rest the camera and your head against something, and do not speak.",
    ),
    "rates_differ": (
        "Parts of the clip show heart rates that contradict each other.",
        "Sit still in even light for the whole clip; 15 seconds are enough.",
    ),
    "network_disagrees": (
        "The network that was asked for the pulse names another heart rate than the map shows.",
        "Leave the method out, or name weights that were trained on more faces.",
    ),
    "rate_uncertain": (
        "There is a rhythm, but whether the heart beats as often, half or twice as often cannot be told.",
        "Sit still in even light; rates below 41 and above 199 beats a minute are not read.",
    ),
    "weak_pulse": (
        "A pulse can be seen, but it is too noisy to read its shape.",
        "Sit still in even daylight, closer to the camera, and record in the camera's best quality.",
    ),
    "no_pulse": (
        "The skin shows no pulse.",
        "Film a living face, held still and evenly lit, in the camera's best quality; pictures have no pulse.",
    ),
    "too_short_for_variability": (
        "The clip is shorter than 60 seconds, too short for heart-rate variability.",
        "Record a minute or more for it.",
    ),
    "beats_uncertain": (
        "The beats are too uncertain for heart-rate variability.",
        "Sit still in even daylight, closer to the camera, and record in the camera's best quality.",
    ),
    "too_short_for_respiration": (
        "The clip is shorter than 30 seconds, too short for breathing.",
        "Record half a minute or more for it.",
    ),
    "breathing_unclear": (
        "Height, baseline and intervals of the pulse do not agree on one breathing rate.",
        "Sit still, breathe evenly and do not speak.",
    ),
    "several_faces": ("More than one face is in the picture; the largest was followed.", "Record one person alone."),
    "clip_cut": (
        "The clip is long; only its beginning was read: five minutes at most, or less of large or fast pictures.",
        "Nothing needs to be done; 15 seconds are enough.",
    ),
    "interrupted": (
        "The recording is interrupted: its times start again or leap, or pictures are missing for seconds. Each part "
        "was read by itself.",
        "Nothing needs to be done if a part lasts 15 seconds; otherwise record in one go.",
    ),
    "slow_motion": (
        "The file says that it plays slower or faster than it was filmed; it was read at the speed it was filmed.",
        "Record at normal speed if the heart rate cannot be right.",
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
        f"{which} is within the noise of guessing {means}, the training mean: readings of one person differ as much.",
        "Take it for no more than that mean: only what lies further off says anything of the person.",
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
