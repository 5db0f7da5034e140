"""A reading beside what was told: from the clip alone, from the words alone, from both."""

from bpdemo.demo.views.templating import render
from bpdemo.errors import Reason
from bpdemo.estimate import Estimate
from bpdemo.told import WAYS, ValueInterval


def beside(estimate: Estimate, wrong: Reason | None = None) -> str:
    """Return the card below a reading; empty where nothing was told, and without a reading.

    `wrong` is why what was told could not be used.
    """
    told = estimate.told
    if estimate.status != "reading" or not (told or wrong):
        return ""
    reasons = [wrong] if wrong else []
    return render("told", told=told, rows=told_rows(estimate), reasons=[*reasons, *(told.notes if told else ())])


def told_rows(estimate: Estimate) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return rows: what a pressure comes from, and for each pressure its value with interval, and how that compares."""
    pressures = estimate.told.pressures.values() if estimate.told else ()
    if not pressures:
        return []
    rows = [
        (words.capitalize(), [(_value(getattr(one, way)), one.narrowing(way)) for one in pressures])
        for way, words in WAYS.items()
    ]
    return [*rows, ("From neither: the people it was fitted on", [(_value(one.neither), "") for one in pressures])]


def _value(found: ValueInterval) -> str:
    low, high = found.interval
    return f"{found.value:.0f} ({low:.0f} to {high:.0f})"
