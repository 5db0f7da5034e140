"""What the browser measured while it recorded: shown beside the result, and never part of what is read or kept."""

from dataclasses import dataclass, fields

from bpdemo.estimate import Estimate
from bpdemo.quality import MIN_FRAME_RATE_HZ

# The most of each that can be true; whatever lies beyond, or below 0, was made up.
_MOST = {"rate_hz": 240.0, "dropped": 100_000, "luma": 255.0, "sway": 10.0, "bpm": 300.0}


@dataclass(frozen=True)
class CameraNote:
    """What the browser saw during a recording; None for what it could not tell.

    Attributes:
        rate_hz: frames a second that the camera gave.
        dropped: frames of the camera's that did not reach the browser's measurements.
        luma: mean brightness of the face, 0 to 255.
        sway: how far the face was from its mean place, in face widths.
        bpm: the heart rate of the live preview.
    """

    rate_hz: float | None = None
    dropped: float | None = None
    luma: float | None = None
    sway: float | None = None
    bpm: float | None = None


def read_note(sent: object) -> CameraNote | None:
    """Return the note in what a client sent; None where there is none, or anything in it cannot be true."""
    if not isinstance(sent, dict):
        return None
    note = CameraNote(**{field.name: sent.get(field.name) for field in fields(CameraNote)})
    return note if all(_can_be(value, _MOST[name]) for name, value in vars(note).items()) else None


def note_words(note: CameraNote | None, estimate: Estimate) -> str:
    """Return a note as a sentence beside a result, and what it says of a refusal; empty where it says nothing.

    The preview's heart rate weighs less than the server's checks do: it is told beside a heart rate only.
    """
    if note is None:
        return ""
    codes = {reason.code for reason in estimate.reasons}
    seen = []
    if note.rate_hz is not None:
        dropped = "" if note.dropped is None else f", {f'{note.dropped:.0f}' if note.dropped else 'none'} dropped"
        seen.append(f"{note.rate_hz:.1f} frames a second{dropped}")
    if note.luma is not None and codes & {"too_dark", "too_bright"}:
        seen.append(f"a face brightness of {note.luma:.0f} of 255")
    if note.sway is not None and "too_much_motion" in codes:
        seen.append(f"a face that swayed by {100 * note.sway:.0f} % of its width")
    if note.bpm is not None and estimate.heart_rate:
        seen.append(f"{note.bpm:.0f} bpm")
    if not seen:
        return ""
    words = f"Your browser saw {', and '.join(seen)} while it recorded."
    if note.rate_hz is None or "frame_rate_low" not in codes:
        return words
    if note.rate_hz < MIN_FRAME_RATE_HZ:
        return f"{words} The camera was too slow, not the upload."
    return f"{words} The camera was fast enough: frames were lost while they were recorded, as on a busy computer."


def _can_be(value: object, most: float) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value is None
    return 0 <= value <= most  # which no NaN is
