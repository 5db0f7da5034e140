"""The weights of `bpdemo/evidence.json`: a logistic regression on the choice half, tried on kinds of clips left out.

A clip counts as one with a pulse where its rate was found, within 3 beats a minute; where another rhythm was stronger,
that rhythm is none. Both classes weigh the same. Weights may not turn against what their question asks: what a small
set of renderings might suggest beyond that would not hold elsewhere.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from benchmarks.controls.measure import Measured
from bpdemo.evidence import Question

RIGHT_BPM = 3.0
_RIDGE = 0.002  # on weights of answers in units of their standard deviation
# Name, lowest, highest, by logarithm, whether high answers speak for a pulse.
_ASKED = (
    ("snr_db", -6.0, 8.0, False, True),
    ("others_snr_db", -6.0, 8.0, False, True),
    ("region_agreement", 0.5, 1.0, False, True),
    ("colour_agreement", -1.0, 1.0, False, True),
    ("brightness_ratio", 1.0, 20.0, True, False),
    ("light_share", 0.0, 1.0, False, False),
    ("surround_share", 0.0, 1.0, False, False),
    ("head_swing", 0.002, 0.02, True, False),
)


def has_found_pulse(one: Measured) -> bool:
    """Return whether the strongest rhythm of a clip is its pulse."""
    assert one.pulse is not None
    return one.heart_rate_bpm is not None and abs(one.pulse["heart_rate_bpm"] - one.heart_rate_bpm) <= RIGHT_BPM


def fit_questions(measured: Sequence[Measured], names: Sequence[str]) -> tuple[tuple[Question, ...], float]:
    """Return the questions of these names with their weights, and the offset."""
    pulses = np.array([has_found_pulse(one) for one in measured])
    asked = [ask for ask in _ASKED if ask[0] in names]
    blank = [
        Question(name, low, high, log, math.sqrt(low * high) if log else 0.0, 1.0) for name, low, high, log, _ in asked
    ]
    neutral = [_neutral(question, measured, pulses) for question in blank]
    questions = [
        Question(one.name, one.low, one.high, one.log, round(at, 4), 1.0)
        for one, at in zip(blank, neutral, strict=True)
    ]
    answers = np.array([[one.log_odds(each.pulse[one.name]) for one in questions] for each in measured])
    share = np.where(pulses, 0.5 / pulses.sum(), 0.5 / (~pulses).sum())
    spread = answers.std(axis=0) + 1e-9
    signs = np.where(pulses, 1.0, -1.0)

    def loss(weights: np.ndarray) -> float:
        odds = answers / spread @ weights[:-1] + weights[-1]
        return float(share @ np.logaddexp(0, -signs * odds) + _RIDGE * (weights[:-1] ** 2).sum())

    bounds = [(0, None) if rises else (None, 0) for *_, rises in asked]
    found = minimize(loss, np.zeros(len(asked) + 1), method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    weights = found[:-1] / spread
    fitted = (
        Question(one.name, one.low, one.high, one.log, one.neutral, round(float(weight), 4))
        for one, weight in zip(questions, weights, strict=True)
    )
    return tuple(fitted), round(float(found[-1]), 4)


def log_odds(one: Measured, questions: Sequence[Question], offset: float) -> float:
    """Return the log odds of a pulse in a clip."""
    assert one.pulse is not None
    return offset + sum(question.log_odds(one.pulse[question.name]) for question in questions)


def leave_kinds_out(measured: Sequence[Measured], names: Sequence[str]) -> np.ndarray:
    """Return the log odds of each clip by weights fitted without clips of its kind, [clips]."""
    kinds = np.array([one.kind for one in measured])
    odds = np.empty(len(measured))
    for kind in set(kinds):
        fitted = fit_questions([one for one in measured if one.kind != kind], names)
        odds[kinds == kind] = [log_odds(one, *fitted) for one in measured if one.kind == kind]
    return odds


def log_loss(measured: Sequence[Measured], odds: np.ndarray) -> float:
    """Return the mean log loss of log odds [clips], both classes weighing the same."""
    pulses = np.array([has_found_pulse(one) for one in measured])
    losses = np.logaddexp(0, np.where(pulses, -odds, odds))
    return float((losses[pulses].mean() + losses[~pulses].mean()) / 2)


def ablation_table(measured: Sequence[Measured], names: Sequence[str]) -> str:
    """Return one line for each question: its weight, and the log loss on kinds left out without it and by it alone."""
    everything = [name for name, *_ in _ASKED]
    weights = {question.name: question for question in fit_questions(measured, names)[0]}
    lines = [
        f"All of them: log loss {log_loss(measured, leave_kinds_out(measured, names)):.4f} on kinds left out.",
        "",
        "| question | neutral | weight | log loss without | alone |",
        "|---|---|---|---|---|",
    ]
    for name in everything:
        others = [each for each in names if each != name] if name in names else [*names, name]
        without = log_loss(measured, leave_kinds_out(measured, others))
        alone = log_loss(measured, leave_kinds_out(measured, [name]))
        if name in weights:
            lines.append(
                f"| {name} | {weights[name].neutral:g} | {weights[name].weight:.2f} | {without:.4f} | {alone:.3f} |"
            )
        else:
            lines.append(f"| ({name}, not asked) | | | with it {without:.4f} | {alone:.3f} |")
    return "\n".join(lines)


def _neutral(question: Question, measured: Sequence[Measured], pulses: np.ndarray) -> float:
    """Return the middle between the mean answers with and without a pulse."""
    answers = [one.pulse[question.name] for one in measured]
    known = np.isfinite(answers)
    scaled = np.array([question.scaled(answer) for answer in answers])
    middle = float((scaled[known & pulses].mean() + scaled[known & ~pulses].mean()) / 2)
    return math.exp(middle) if question.log else middle
