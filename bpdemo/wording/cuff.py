"""What is told of a reading that was moved by the user's own cuff reading."""

from bpdemo.cuff import Adjusted


def adjusted_by(adjusted: Adjusted) -> str:
    """Return by how much a reading is adjusted, and since when."""
    minutes = round(adjusted.age_s / 60)
    entered = f"{minutes} min ago" if minutes else "just now"
    systolic, diastolic = adjusted.calibration.offset
    return f"{systolic:+.0f} / {diastolic:+.0f} mmHg, from the cuff reading you entered {entered}"


def adjusted_limits(adjusted: Adjusted) -> str:
    """Return what is not known of an adjusted reading."""
    is_itself = "This is your cuff reading itself: the difference is zero by construction."
    return is_itself if adjusted.is_itself else "No interval is known for it."
