"""The rows of a table: each pressure from the clip alone, from what was told alone, and from both."""

from bpdemo.estimate import Estimate
from bpdemo.told import WAYS, ValueInterval


def told_rows(estimate: Estimate) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return rows: what a pressure comes from, and for each pressure its value with interval, and how that compares."""
    pressures = estimate.told.pressures.values() if estimate.told else ()
    if not pressures:
        return []
    rows = [
        (words.capitalize(), [(_value(getattr(one, way)), one.narrowing(way)) for one in pressures])
        for way, words in WAYS.items()
    ]
    return [*rows, ("Training mean, for comparison", [(_value(one.neither), "") for one in pressures])]


def _value(found: ValueInterval) -> str:
    low, high = found.interval
    return f"{found.value:.0f} ({low:.0f} to {high:.0f})"
