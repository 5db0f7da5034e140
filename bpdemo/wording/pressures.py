"""The pressures of an estimate in words: intervals, probabilities, what moved them, what they are worth."""

from bpdemo.estimate import Estimate, MovedBy, PressureEstimate
from bpdemo.regions import region_title
from bpdemo.weights.config import WeightsConfig
from bpdemo.wording.numbers import percent

GUESS = "A network's guess, not a measurement: only a cuff measures blood pressure."
_CAPTURE = "standard"  # the captures that the sentence on the evidence speaks of


def intervals(systolic: PressureEstimate, diastolic: PressureEstimate) -> str:
    """Return both intervals in mmHg, as in "90 to 147 / 52 to 88"."""
    return " / ".join(f"{low:.0f} to {high:.0f}" for low, high in (systolic.interval, diastolic.interval))


def at_least(systolic: PressureEstimate, diastolic: PressureEstimate) -> str:
    """Return how probable the thresholds and more are; empty where the ranges do not tell."""
    both = (("systolic", systolic.at_least), ("diastolic", diastolic.at_least))
    told = [f"{name} {above.value:.0f} or more {percent(above.probability)}" for name, above in both if above]
    return f"Probability of {', '.join(told)}." if told else ""


def describe(name: str, pressure: PressureEstimate) -> str:
    """Return what the figure of a pressure shows, in words."""
    likeliest = pressure.likeliest_range
    low, high = pressure.interval
    ranges = (
        f"{likeliest.low:.0f} to {likeliest.high:.0f} mmHg is most likely, {percent(likeliest.probability)}; "
        if likeliest
        else ""
    )
    return (
        f"{name}: {ranges}the reading is {pressure.value:.0f}, its interval {low:.0f} to {high:.0f}, "
        f"the average person's {pressure.baseline.value:.0f}."
    )


def moved_by(estimate: Estimate) -> dict[str, MovedBy]:
    """Return what moved each pressure, by its name; empty where that is not known."""
    pressures = {"systolic": estimate.systolic, "diastolic": estimate.diastolic}
    return {name: one.moved_by for name, one in pressures.items() if one is not None and one.moved_by is not None}


def moved_lines(estimate: Estimate) -> list[str]:
    """Return for each pressure what moved it most, in words; nothing of what rounds to 0."""
    lines = []
    for name, moved in moved_by(estimate).items():
        part, by = max({**moved.regions, **moved.phases}.items(), key=lambda item: abs(item[1]))
        if size := round(abs(by), 1):
            way = "lower" if by < 0 else "higher"
            lines.append(f"Without the {region_title(part)} the {name} value would be {size} mmHg {way}.")
    return lines


def evidence_sentence(config: WeightsConfig) -> str:
    """Return what the weights' own figures say, with the baseline beside it."""
    systolic, diastolic = config.training.systolic, config.training.diastolic
    means = f"{systolic.mean:.0f} / {diastolic.mean:.0f}"
    scores = config.validation.qualities.get(_CAPTURE)
    if scores is None:
        errors = f"{systolic.mean_absolute_error:.1f} / {diastolic.mean_absolute_error:.1f}"
        return f"Always answering the average person, {means}, errs by {errors} mmHg."
    return (
        f"On {config.validation.people} unseen people (finger pulses rendered into maps, not filmed) it errs by "
        f"{scores.systolic.mae:.1f} / {scores.diastolic.mae:.1f} mmHg; always answering the average person, {means}, "
        f"by {scores.systolic.baseline_mae:.1f} / {scores.diastolic.baseline_mae:.1f}."
    )
