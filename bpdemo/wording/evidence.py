"""The evidence for a pulse in words: what was asked, what was measured, and how much it counts."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bpdemo.evidence import Evidence
from bpdemo.wording.numbers import percent

_LEAST_FACTOR = 1.05  # less is no evidence


@dataclass(frozen=True)
class EvidenceRow:
    """One answer in words.

    Attributes:
        question: that was asked.
        measured: the answer.
        verdict: by how much it makes a pulse likelier or less likely, as odds.
        bar: -1, against a pulse, to 1, for one; the strongest answer has the longest.
    """

    question: str
    measured: str
    verdict: str
    bar: float


_decibels, _of_one = "{:.1f} dB".format, "{:.2f} of 1".format

QUESTIONS: dict[str, tuple[str, Callable[[float], str]]] = {
    "snr_db": ("Does one rate stand out from the noise (SNR)?", _decibels),
    "others_snr_db": ("Does another pulse method show it (SNR)?", _decibels),
    "region_agreement": ("Do the regions of the face beat together?", _of_one),
    "colour_agreement": ("Do the colours change the way blood changes them?", _of_one),
    "brightness_ratio": ("Does brightness change more than blood makes it?", "{:.1f} times the colour".format),
    "light_share": ("Does the light around the head change colour in step?", percent),
    "surround_share": ("Does the light around the head change brightness in step?", percent),
    "head_swing": ("Does the head move at this rate?", lambda share: f"{100 * share:.1f} % of its width"),
}


def evidence_rows(evidence: Evidence) -> list[EvidenceRow]:
    """Return a row for each answer, the one that counts most first."""
    answers = sorted(evidence.answers, key=lambda answer: -abs(answer.log_odds))
    longest = max((abs(answer.log_odds) for answer in answers), default=0.0) or 1.0
    rows = []
    for answer in answers:
        question, number = QUESTIONS[answer.name]
        measured = "not known" if math.isnan(answer.value) else number(answer.value)
        rows.append(EvidenceRow(question, measured, _verdict(answer.log_odds), answer.log_odds / longest))
    return rows


def _verdict(log_odds: float) -> str:
    factor = math.exp(abs(log_odds))
    if factor < _LEAST_FACTOR:
        return "no effect"
    return f"for, {factor:.1f} x" if log_odds > 0 else f"against, {factor:.1f} x"
