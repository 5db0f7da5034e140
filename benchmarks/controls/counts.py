"""From measures to counts: what is read, what would be read at other thresholds, and the tables."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from benchmarks.controls.measure import Measured
from benchmarks.controls.scenes import GOOD, LESS_GOOD, NEGATIVES
from bpdemo import quality

_CONFIDENCE = 0.95
_TOO_LITTLE_LIGHT = 55.0  # luma of the face below which the page's recorder asks for more light: no good capture
_SHOWN_DB = (-4.0, -2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
_DIM = "the same, in too little light"


@dataclass(frozen=True)
class Question:
    """One question of the verdict that has a threshold.

    Attributes:
        names: of the checks it stands for (`quality.check_pulse`, `quality.check_reading`).
        title: in tables and figure, with the unit.
        threshold: in use; for colours, halves and bits that of a pulse that is not clear, as clear ones are asked less.
        at_least: whether a pulse has to reach it; otherwise it must not exceed it.
        grid: thresholds to try.
    """

    names: tuple[str, ...]
    title: str
    threshold: float
    at_least: bool
    grid: np.ndarray


_SHARES, _COSINES = np.arange(0, 1.001, 0.01), np.arange(-1, 1.001, 0.02)
QUESTIONS = (
    Question(("snr_for_shape_db", "snr_db"), "SNR, dB", quality.MIN_READING_SNR_DB, True, np.arange(-8, 16.01, 0.25)),
    Question(
        ("region_agreement",), "agreement of regions", quality.MIN_REGION_AGREEMENT, True, np.arange(0, 1.001, 0.01)
    ),
    Question(
        ("colour_agreement",), "agreement of colours", quality.MIN_COLOUR_AGREEMENT, True, np.arange(-1, 1.001, 0.02)
    ),
    Question(("half_rates_apart",), "halves apart", quality.MAX_HALVES_APART, False, _SHARES),
    Question(("light_share",), "share of the light", quality.MAX_LIGHT_SHARE, False, _SHARES),
    Question(("bits_per_pixel",), "bits a pixel", quality.CLEAR_BITS_PER_PIXEL, True, np.arange(0, 0.4001, 0.005)),
    Question(("brightness_ratio",), "brightness / wave", quality.MAX_BRIGHTNESS_RATIO, False, np.arange(0, 10.01, 0.1)),
)


@dataclass(frozen=True)
class Curve:
    """What another threshold would do to one question, on one half; shares, 0 to 1, one for each of the grid.

    Attributes:
        read: negatives that would give a reading, every other question asked as it is.
        read_alone: negatives that would, were this the only question put to the pulse.
        refused: good captures that would be refused, every other question asked as it is.
    """

    read: np.ndarray
    read_alone: np.ndarray
    refused: np.ndarray


def kind_of(one: Measured) -> str:
    """Return what a clip is counted as: a good capture in too little light is none."""
    luma = one.scene["luma"]
    return _DIM if one.kind in GOOD and luma is not None and luma < _TOO_LITTLE_LIGHT else one.kind


def judge(one: Measured) -> list[str]:
    """Judge a clip by what was measured and by the thresholds of today; codes of the reasons to refuse it."""
    if one.capture_reasons or one.pulse is None:
        return one.capture_reasons or ["face_lost"]
    return [check.reason for check in checks_of(one).values() if not check.passed][:1]


def shows_rate(one: Measured) -> bool:
    """Return whether a heart rate would be shown."""
    pulse = one.to_pulse()
    return pulse is not None and all(check.passed for check in quality.check_pulse(pulse))


def draw_curve(measured: Sequence[Measured], question: Question) -> Curve:
    """Count over the grid of one question."""
    negatives = [one for one in measured if kind_of(one) in NEGATIVES]
    good = [one for one in measured if kind_of(one) in GOOD]
    return Curve(
        read=_share_passing(negatives, question, lambda one: _passes_others(one, question)),
        read_alone=_share_passing(negatives, question, lambda one: not one.capture_reasons),
        refused=1 - _share_passing(good, question, lambda one: _passes_others(one, question)),
    )


def _share_passing(clips: Sequence[Measured], question: Question, admitted: Callable[[Measured], bool]) -> np.ndarray:
    """Return for each threshold of the grid the share of clips that are admitted and pass the question."""
    values = np.array([_value(one, question) for one in clips if one.pulse is not None and admitted(one)])
    passes = values >= question.grid[:, None] if question.at_least else values <= question.grid[:, None]
    return passes.sum(axis=1) / max(len(clips), 1)


def checks_of(one: Measured) -> dict[str, quality.Check]:
    """Return every question put to a clip in which a face was seen, by its name."""
    pulse = one.to_pulse()
    checks = (*quality.check_pulse(pulse), *quality.check_reading(pulse, one.to_report()))
    return {check.name: check for check in checks}


def _value(one: Measured, question: Question) -> float:
    return checks_of(one)[question.names[0]].value


def _passes_others(one: Measured, question: Question) -> bool:
    checks = checks_of(one)
    return not one.capture_reasons and all(check.passed for name, check in checks.items() if name not in question.names)


def upper_bound(hits: int, of: int) -> float:
    """Return the one-sided upper 95 % bound of a share (Clopper and Pearson, 1934); 3 / n for 0 of n."""
    return float(binomtest(hits, of, alternative="less").proportion_ci(_CONFIDENCE, method="exact").high)


def lower_bound(hits: int, of: int) -> float:
    """Return the one-sided lower 95 % bound of a share."""
    return float(binomtest(hits, of, alternative="greater").proportion_ci(_CONFIDENCE, method="exact").low)


def kinds_table(measured: Sequence[Measured]) -> str:
    """Return one line for each kind: clips, readings, heart rates, their error, and why the others were refused."""
    lines = [
        "| what is filmed | clips | readings | heart rates | median (largest) error, bpm | refused as |",
        "|---|---|---|---|---|---|",
    ]
    for kind in (*NEGATIVES, *GOOD, _DIM, *LESS_GOOD):
        of_kind = [one for one in measured if kind_of(one) == kind]
        if not of_kind:
            continue
        shown = [one for one in of_kind if shows_rate(one)]
        errors = [abs(one.pulse["heart_rate_bpm"] - one.heart_rate_bpm) for one in shown if one.heart_rate_bpm]
        error = f"{np.median(errors):.2f} ({max(errors):.2f})" if errors else ""
        reasons = Counter(codes[0] for one in of_kind if (codes := judge(one)))
        why = ", ".join(f"{count} `{code}`" for code, count in reasons.most_common())
        lines.append(f"| {kind} | {len(of_kind)} | {len(of_kind) - reasons.total()} | {len(shown)} | {error} | {why} |")
    return "\n".join(lines)


def sums(measured: Sequence[Measured]) -> str:
    """Return both sums of a half in a sentence each, with their bounds."""
    sentences = []
    for what, kinds, verb in (("inputs without a pulse", NEGATIVES, "give"), ("good captures", GOOD, "give")):
        of_kinds = [one for one in measured if kind_of(one) in kinds]
        if not of_kinds:
            continue
        read = sum(not judge(one) for one in of_kinds)
        bound = (
            f"at most {100 * upper_bound(read, len(of_kinds)):.1f} %"
            if kinds is NEGATIVES
            else f"at least {100 * lower_bound(read, len(of_kinds)):.1f} %"
        )
        sentences.append(
            f"{read} of {len(of_kinds)} {what} {verb} a reading ({100 * read / len(of_kinds):.1f} %; with 95 % "
            f"confidence {bound})."
        )
    return " ".join(sentences)


def threshold_table(halves: dict[str, Sequence[Measured]]) -> str:
    """Return what SNR thresholds around the one in use do, on each half that was measured."""
    question = QUESTIONS[0]
    curves = {name: draw_curve(half, question) for name, half in halves.items() if half}
    columns = [
        f"{name}: {what}" for name in curves for what in ("negatives read", "the same by SNR alone", "good refused")
    ]
    lines = [f"| SNR, dB, at least | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for threshold in _SHOWN_DB:
        at = int(np.argmin(np.abs(question.grid - threshold)))
        shares = [part[at] for curve in curves.values() for part in (curve.read, curve.read_alone, curve.refused)]
        mark = "**" if math.isclose(threshold, question.threshold) else ""
        lines.append(f"| {mark}{threshold:g}{mark} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")
    return "\n".join(lines)


def groups_table(measured: Sequence[Measured]) -> str:
    """Return how many good captures are read, by codec, frame rate, pulse, light and tone of the skin."""
    good = [one for one in measured if kind_of(one) in GOOD]
    groups: dict[str, list[Measured]] = {}
    for one in good:
        scene = one.scene
        names = [f"codec {scene['codec']}", f"{scene['frame_rate_hz']:g} frames a second"]
        names.append(f"pulse {'under' if scene['pulse_strength'] < 0.009 else 'from'} 0.9 %")
        names.append(f"heart rate {'under' if one.heart_rate_bpm < 88 else 'from'} 88 bpm")
        if scene["tone"] is None:
            names.append("the portrait's own skin")
        else:
            names.append(f"skin: {('lightest', 'middle', 'darkest')[min(int(3 * scene['tone']), 2)]} third")
        for name in names:
            groups.setdefault(name, []).append(one)
    lines = ["| good captures | clips | readings |", "|---|---|---|"]
    for name in sorted(groups):
        read = sum(not judge(one) for one in groups[name])
        lines.append(f"| {name} | {len(groups[name])} | {read} ({100 * read / len(groups[name]):.0f} %) |")
    return "\n".join(lines)
