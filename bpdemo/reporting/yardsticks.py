"""What the figures are held against: this project's targets, and what others report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bpdemo.reporting.tables import reference, table, with_interval
from bpdemo.training.model_names import RECOVERED

_LABEL = {
    "mae": "MAE, mmHg",
    "r": "r",
    "coverage": "coverage of the interval",
    "calibration_error": "calibration error",
}
_DIGITS = {"mae": 2, "r": 2, "coverage": 3, "calibration_error": 3}


@dataclass(frozen=True)
class Target:
    """A figure at standard capture, 5-fold by person.

    Attributes:
        pressure: which.
        figure: key of the results.
        least: the worst that will do.
        aim: what is wanted; None where `least` is all.
        most: for a figure that must not be above this either; None otherwise.
    """

    pressure: str
    figure: str
    least: float
    aim: float | None = None
    most: float | None = None


TARGETS = (
    Target("systolic", "mae", 13.8, 12.9),
    Target("systolic", "r", 0.48, 0.56),
    Target("diastolic", "mae", 8.4, 7.8),
    Target("diastolic", "r", 0.30, 0.44),
    Target("systolic", "coverage", 0.88, most=0.92),
    Target("diastolic", "coverage", 0.88, most=0.92),
    Target("systolic", "calibration_error", 0.08, 0.04),
    Target("diastolic", "calibration_error", 0.08, 0.04),
)
_SMALLER_IS_BETTER = ("mae", "calibration_error")

PUBLISHED = (
    ("MMSE-HR, Zhuang et al., the method's authors", "12.35 / 9.5", "faces; their split"),
    ("MMSE-HR, Hwang and Lee", "10.19 / 7.09", "faces; best epoch picked on the test fold, extreme windows dropped"),
    ("MCD-rPPG, 600 people, split by person", "13.2 to 14.0 / 7.4 to 8.6", "faces; the models read no pulse"),
    ("PulseDB, contact PPG, calibration-free", "14.0 / 8.5", "15 to 25 / 7 to 10 on other data sets"),
    ("PPG-BP, 219 people, support vector regression on the contact beat", "12.95 / 7.8", "10 folds by person"),
)
"""Whose, systolic / diastolic MAE in mmHg, and what to know about it."""


def judge(target: Target, value: float) -> str:
    """Say whether a figure reaches its target, and by how much it misses."""
    digits = _DIGITS[target.figure]
    if target.most is not None and value > target.most:
        return f"missed: {value - target.most:.{digits}f} above {target.most:g}"
    sign = -1 if target.figure in _SMALLER_IS_BETTER else 1
    if sign * value < sign * target.least:
        return f"missed by {abs(value - target.least):.{digits}f}"
    if target.aim is None or sign * value >= sign * target.aim:
        return "reached" if target.aim is None else "aim reached"
    return f"reached; {abs(value - target.aim):.{digits}f} short of the aim"


def targets_table(results: Mapping[str, Any]) -> str:
    """Return targets, what was reached, and the verdict on each; of results at standard capture."""
    rows = []
    for target in TARGETS:
        of = reference(results)[target.pressure]
        if target.figure not in of:
            continue
        digits = _DIGITS[target.figure]
        known = target.figure in of["bootstrap"]
        reached = with_interval(of, target.figure, digits) if known else f"{of[target.figure]:.{digits}f}"
        least = f"{target.least:g}" if target.most is None else f"{target.least:g} to {target.most:g}"
        aim = "" if target.aim is None else f"{target.aim:g}"
        rows.append(
            (f"{target.pressure} {_LABEL[target.figure]}", reached, least, aim, judge(target, of[target.figure]))
        )
    beside = results["models"].get(RECOVERED, {}).get(results["reference"])
    if beside:
        ahead = {pressure: of["network"] for pressure, of in beside.items()}
        said = " / ".join(f"{of['gain']:+.1f}" for of in ahead.values())
        better = [of["gain"] > 0 for of in ahead.values()]
        verdict = "aim reached" if all(better) else "missed on one" if any(better) else "missed on both"
        clear = [pressure for pressure, of in ahead.items() if of["gain_interval"][0] > 0]
        verdict += f"; beyond doubt (95 %) on {' and '.join(clear) or 'neither'}"
        what = "nearer than support vector regression on the recovered beat, mmHg, systolic / diastolic"
        rows.append((what, said, "not worse", "better on both", verdict))
    return table(("target, standard capture", "reached", "at least", "aim", "verdict"), rows)


def published_table(results: Mapping[str, Any]) -> str:
    """Return what others report, with these figures on top."""
    figures = reference(results)
    ours = " / ".join(f"{figures[pressure]['mae']:.1f}" for pressure in ("systolic", "diastolic"))
    about = f"finger pulses rendered into maps, {results['reference']} capture, {results['people']} people"
    rows = [("these weights' recipe", ours, about), *PUBLISHED]
    return table(("whose", "systolic / diastolic MAE, mmHg", "what to know"), rows)
