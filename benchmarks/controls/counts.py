"""From measures to counts: what is read, what would be read at other thresholds, and the tables."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from benchmarks.controls.fit import RIGHT_BPM
from benchmarks.controls.measure import Measured
from benchmarks.controls.scenes import GIVEN, GOOD, LESS_GOOD, NEGATIVES
from bpdemo import quality
from bpdemo.pulse import heart_rate_interval

_CONFIDENCE = 0.95
_TOO_LITTLE_LIGHT = 55.0  # luma of the face below which the page's recorder asks for more light: no good capture
_SHOWN_PROBABILITIES = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
_DIM = "the same, in too little light"
_RIGHT_READING_BPM = 2.0


@dataclass(frozen=True)
class Threshold:
    """One threshold of the verdict.

    Attributes:
        name: of the check it stands for (`quality.check_pulse`, `quality.check_reading`).
        title: in tables and figure, with the unit.
        value: in use; for bits that of a pulse that is not clear, as clear ones are asked less.
        at_least: whether a pulse has to reach it; otherwise it must not exceed it.
        grid: thresholds to try.
    """

    name: str
    title: str
    value: float
    at_least: bool
    grid: np.ndarray


_SHARES = np.arange(0, 1.001, 0.01)
THRESHOLDS = (
    Threshold(
        "pulse_probability_for_reading", "probability of a pulse", quality.MIN_READING_PROBABILITY, True, _SHARES
    ),
    Threshold("snr_for_shape_db", "SNR, dB", quality.MIN_READING_SNR_DB, True, np.arange(-8, 16.01, 0.25)),
    Threshold("light_share", "share of the light", quality.MAX_LIGHT_SHARE, False, _SHARES),
    Threshold("bits_per_pixel", "bits a pixel", quality.CLEAR_BITS_PER_PIXEL, True, np.arange(0, 0.4001, 0.005)),
    Threshold(
        "rival_db", "line at half or twice the rate, dB", quality.MAX_RIVAL_DB, False, np.arange(-20, 10.01, 0.5)
    ),
)


@dataclass(frozen=True)
class Curve:
    """What another threshold would do on one half; shares, 0 to 1, one for each of the grid.

    Attributes:
        read: negatives that would give a reading, every other threshold as it is.
        read_alone: negatives that would, were this the only one.
        refused: good captures that would be refused, every other threshold as it is.
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
    """Return whether a heart rate would be told."""
    return one.pulse is not None and all(check.passed for check in _checks_of_pulse(one))


def draw_curve(measured: Sequence[Measured], threshold: Threshold) -> Curve:
    """Count over the grid of one threshold."""
    negatives = [one for one in measured if kind_of(one) in NEGATIVES]
    good = [one for one in measured if kind_of(one) in GOOD]
    return Curve(
        read=_share_passing(negatives, threshold, lambda one: _passes_others(one, threshold)),
        read_alone=_share_passing(negatives, threshold, lambda one: not one.capture_reasons),
        refused=1 - _share_passing(good, threshold, lambda one: _passes_others(one, threshold)),
    )


def _share_passing(clips: Sequence[Measured], threshold: Threshold, admitted: Callable[[Measured], bool]) -> np.ndarray:
    """Return for each threshold of the grid the share of clips that are admitted and pass it."""
    values = np.array([_value(one, threshold) for one in clips if one.pulse is not None and admitted(one)])
    passes = values >= threshold.grid[:, None] if threshold.at_least else values <= threshold.grid[:, None]
    return passes.sum(axis=1) / max(len(clips), 1)


def checks_of(one: Measured) -> dict[str, quality.Check]:
    """Return every question put to a clip in which a face was seen, by its name."""
    pulse = one.to_pulse()
    assert pulse is not None
    for_reading = quality.check_reading(pulse, quality.weigh_pulse(pulse), one.to_report())
    return {check.name: check for check in (*_checks_of_pulse(one), *for_reading)}


def _checks_of_pulse(one: Measured) -> tuple[quality.Check, ...]:
    pulse = one.to_pulse()
    assert pulse is not None
    return quality.check_pulse(pulse, quality.weigh_pulse(pulse), one.to_report())


def _value(one: Measured, threshold: Threshold) -> float:
    return checks_of(one)[threshold.name].value


def _passes_others(one: Measured, threshold: Threshold) -> bool:
    # A probability that is asked for a heart rate first would hide what another one does for readings.
    moved = {threshold.name, "pulse_probability"} if "probability" in threshold.name else {threshold.name}
    checks = checks_of(one)
    return not one.capture_reasons and all(check.passed for name, check in checks.items() if name not in moved)


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
    for kind in (*NEGATIVES, GIVEN, *GOOD, _DIM, *LESS_GOOD):
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


def told_sentence(measured: Sequence[Measured]) -> str:
    """Return how many heart rates that are told are right, how many of the readings, and how many intervals hold."""
    told = [one for one in measured if shows_rate(one)]
    sentences = []
    for what, chosen, right_bpm in (
        ("heart rates told", told, RIGHT_BPM),
        ("readings", [one for one in told if not judge(one)], _RIGHT_READING_BPM),
    ):
        right = sum(
            one.heart_rate_bpm is not None and abs(one.pulse["heart_rate_bpm"] - one.heart_rate_bpm) <= right_bpm
            for one in chosen
        )
        share = 100 * right / max(len(chosen), 1)
        sentences.append(f"{right} of {len(chosen)} {what} lie within {right_bpm:g} bpm ({share:.1f} %).")
    held = 0
    for one in told:
        low, high = heart_rate_interval(one.to_pulse())
        held += one.heart_rate_bpm is not None and low <= one.heart_rate_bpm <= high
    sentences.append(f"{held} of {len(told)} intervals hold the true rate ({100 * held / max(len(told), 1):.1f} %).")
    return " ".join(sentences)


def threshold_table(halves: dict[str, Sequence[Measured]]) -> str:
    """Return what other probabilities asked for a reading do, on each half that was measured."""
    threshold = THRESHOLDS[0]
    curves = {name: draw_curve(half, threshold) for name, half in halves.items() if half}
    columns = [
        f"{name}: {what}" for name in curves for what in ("negatives read", "the same by it alone", "good refused")
    ]
    lines = [f"| probability, at least | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for probability in _SHOWN_PROBABILITIES:
        at = int(np.argmin(np.abs(threshold.grid - probability)))
        shares = [part[at] for curve in curves.values() for part in (curve.read, curve.read_alone, curve.refused)]
        mark = "**" if math.isclose(probability, threshold.value) else ""
        lines.append(f"| {mark}{probability:g}{mark} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")
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
