"""Why a clip is refused, or what is worth noting about one: code, sentence and remedy of each reason."""

from bpdemo.errors import Reason
from bpdemo.stmap import MIN_WINDOW_S

_REASONS = {
    "no_face": (
        "No face was found in the clip.",
        "Face the camera, upright and lit from the front, with the whole face in the picture.",
    ),
    "face_lost": (
        "The face was out of sight for too much of the clip.",
        "Keep the whole face in the picture, and nothing in front of it, for 15 seconds.",
    ),
    "too_short": (f"The clip is shorter than {MIN_WINDOW_S:g} seconds.", "Record 15 seconds."),
    "frame_rate_low": (
        "The clip has too few frames a second to follow a pulse.",
        "Record at 30 frames a second; more light lets a camera run faster.",
    ),
    "too_dark": ("The face is too dark.", "Turn on more light, or face a window."),
    "too_bright": (
        "The face is overexposed, which cuts the pulse off.",
        "Move out of the direct light, or lower the camera's exposure.",
    ),
    "too_much_motion": (
        "The head moved too much.",
        "Rest the camera and your head against something, and do not speak.",
    ),
    "face_turned": ("The face is turned away from the camera.", "Look straight at the camera."),
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


def reason(code: str) -> Reason:
    """Return the reason with this code."""
    return Reason(code, *_REASONS[code])
