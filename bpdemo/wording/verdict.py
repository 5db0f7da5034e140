"""The verdict on a clip in words: what came out of it, why, and what would have been needed."""

from bpdemo.errors import Reason
from bpdemo.estimate import Estimate
from bpdemo.wording.checks import failures, other_failures


def verdict(estimate: Estimate) -> str:
    """Return what came out of a clip, in two words or so."""
    if estimate.status == "error":
        return "cannot be read"
    return {"reading": "reading", "pulse": "pulse only", "nothing": "no reading"}[estimate.level]


def main_reason(estimate: Estimate) -> str:
    """Return why there is no reading, or what is most worth noting of one, in a sentence; empty where nothing is."""
    return next((reason.message for reason in (*estimate.reasons, *estimate.notes)), "")


def refusal_lines(estimate: Estimate) -> list[str]:
    """Return why there is no reading, line by line: reasons with what to do, each above what was measured and needed.

    What can be mended comes first. Lines that belong to the one above are indented by two spaces.
    """
    lines = []
    for reason in estimate.reasons:
        lines.append(reason_line(reason))
        lines += [f"  {sentence}" for sentence in failures(estimate, reason.code)]
    if others := other_failures(estimate):
        lines += ["This failed as well:", *(f"  {sentence}" for sentence in others)]
    return lines


def reason_line(reason: Reason) -> str:
    """Return a reason's sentence, remedy and code in one line."""
    return f"{reason.message} {reason.remedy} [{reason.code}]"
