"""Is it a heartbeat? Several questions, weighed together as evidence for a pulse: one probability.

The strongest rhythm of a window may be a heart's; it may be chance's, as noise has a strongest rhythm, too; or it may
be somebody else's: a lamp's, a shaking hand's, an encoder's. No question tells them apart on every clip, so none
decides alone. Each answer adds to the log odds of a pulse, or takes from them:

    log odds = offset + sum of weight x (answer - neutral)          probability = 1 / (1 + exp(-log odds))

An answer counts within its limits only, so that no single one can outweigh all the others, and one that could not be
measured counts as neutral. Weights are those of a logistic regression on rendered clips of faces and of everything else
that swings (`benchmarks/controls/fit.py`), none of them against what its question asks. All of it is ours.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Question:
    """One question of `evidence.json`.

    Attributes:
        name: of the answer, an attribute of `pulse.Pulse`; a unit is part of it.
        low, high: limits within which an answer counts.
        log: whether it counts by its natural logarithm.
        neutral: the answer that speaks neither for a pulse nor against one.
        weight: what a step of 1 from there adds to the log odds; below 0 where small answers speak for a pulse.
    """

    name: str
    low: float
    high: float
    log: bool
    neutral: float
    weight: float

    def scaled(self, answer: float) -> float:
        """Return an answer within its limits, as it counts; the neutral one for NaN."""
        within = min(max(self.neutral if math.isnan(answer) else answer, self.low), self.high)
        return math.log(within) if self.log else within

    def log_odds(self, answer: float) -> float:
        """Return what an answer adds to the log odds of a pulse."""
        return self.weight * (self.scaled(answer) - self.scaled(self.neutral))


@dataclass(frozen=True)
class Answer:
    """The answer to one question: its name, what was measured, and what that adds to the log odds of a pulse."""

    name: str
    value: float
    log_odds: float


@dataclass(frozen=True)
class Evidence:
    """What speaks for a pulse and against it.

    Attributes:
        probability: of a pulse, 0 to 1, where clips with and without one are equally many.
        answers: in the order of the questions.
    """

    probability: float
    answers: tuple[Answer, ...]


def load_questions() -> tuple[tuple[Question, ...], float]:
    """Return the questions and the offset of `evidence.json`."""
    table = json.loads(resources.files("bpdemo").joinpath("evidence.json").read_text())
    return tuple(Question(**question) for question in table["questions"]), table["offset"]


QUESTIONS, OFFSET = load_questions()


def weigh(answers: Mapping[str, float]) -> Evidence:
    """Return the evidence of the answers to all `QUESTIONS`, by name; NaN for what could not be measured."""
    given = tuple(Answer(one.name, answers[one.name], one.log_odds(answers[one.name])) for one in QUESTIONS)
    odds = OFFSET + sum(answer.log_odds for answer in given)
    return Evidence(1 / (1 + math.exp(-odds)), given)
