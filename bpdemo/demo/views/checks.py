"""The questions put to a pulse, told in words: what was measured, what is needed, and the answer."""

import math

from bpdemo import quality
from bpdemo.clip import CaptureReport
from bpdemo.demo.texts import Words
from bpdemo.demo.views.html import percent, table
from bpdemo.pulse import Pulse
from bpdemo.quality import Check


def checks_table(pulse: Pulse, capture: CaptureReport, words: Words) -> str:
    """Return all questions as a table."""
    coding = quality.check_coding(pulse, capture)
    asked = (*quality.check_pulse(pulse), *quality.check_reading(pulse), coding)
    rows = [
        (
            words(f"checks.questions.{check.code}"),
            words("checks.measured", value=_measured(check, words), needed=_needed(check, words)),
            words("checks.passed" if check.passed else "checks.failed"),
        )
        for check in asked
    ]
    return table(rows, words("checks.caption"), words.get("checks.columns"))


def tell_failed(pulse: Pulse, words: Words) -> list[str]:
    """Return a sentence for each question whose answer says that there is no pulse."""
    return [
        words(f"checks.no_pulse.{check.code}", value=_number(check, check.value), needed=_needed(check, words))
        for check in quality.check_pulse(pulse)
        if not check.passed
    ]


def _needed(check: Check, words: Words) -> str:
    low, high = (_number(check, end) for end in (check.low, check.high))
    if math.isfinite(check.low) and math.isfinite(check.high):
        return words("checks.between", low=low, high=high)
    if math.isfinite(check.low):
        return words("checks.at_least", limit=low)
    return words("checks.at_most", limit=high) if math.isfinite(check.high) else words("checks.may_differ")


def _measured(check: Check, words: Words) -> str:
    told = {"halves": "checks.apart", "light": "checks.shared", "bits": "checks.bits"}.get(check.code)
    number = _number(check, check.value)
    return words(told, value=number) if told else number


def _number(check: Check, value: float) -> str:
    """Return a number in the unit its question is measured in."""
    if not math.isfinite(value):
        return ""
    if check.code in ("rate", "shape"):
        return f"{value:.1f} dB"
    if check.code == "amplitude":
        return f"{100 * value:.2g} %"
    return percent(value) if check.code in ("halves", "light") else f"{value:.2f}"
