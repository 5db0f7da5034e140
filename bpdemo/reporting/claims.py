"""What the figures say, in sentences. Words that depend on a figure are chosen by it, so none can outlive it."""

from collections.abc import Callable, Mapping

from bpdemo.reporting import tables
from bpdemo.training.results import BOTH, PRESSURES, TRAITS, NetworkScores, Results
from bpdemo.training.scores import Comparison, Interval, Scores

CLEAR_GAIN_MMHG = 0.5
"""Less than folds and renderings scatter by is not called a gain (ours)."""


def compare_with_baseline(results: Results) -> str:
    """Return what the network is worth beside the training mean, at the reference quality."""
    sentences = []
    for pressure in PRESSURES:
        figures = results.network[pressure]
        ends = figures.bootstrap and figures.bootstrap.gain
        sentence = f"The {pressure} value is {figures.gain:.1f} mmHg nearer to the cuff than the training mean is"
        if figures.gain < CLEAR_GAIN_MMHG:
            sentence = f"The {pressure} value is hardly or not at all better than always answering the mean"
        elif figures.falls:
            sentence += ", which may be chance"
        interval = "95 % interval {:+.1f} to {:+.1f}".format(*ends) if ends else "too few people for an interval"
        sentences.append(f"{sentence} ({interval}).")
    return " ".join([*sentences, meets_standard(results)])


def meets_standard(results: Results) -> str:
    """Return whether the network meets the limits of ISO 81060-2."""
    met = [pressure for pressure, figures in results.network.items() if figures.verdicts.aami]
    if not met:
        return "Neither meets the limits of ISO 81060-2 for a cuff."
    return f"The numerical limits of ISO 81060-2 are met for: {', '.join(met)}."


def describe_controls(results: Results) -> str:
    """Return whether the negative controls fall to the training mean, as they must; empty without any."""
    controls = {
        f"{results.title(name)} ({pressure}: {each.gain:+.1f} mmHg)": each.falls
        for name, by_pressure in tables.scores_at(results.controls, results.reference).items()
        for pressure, each in by_pressure.items()
    }
    if not controls:
        return ""
    standing = [name for name, falls in controls.items() if not falls]
    end = f"; **these do not**: {', '.join(standing)}" if standing else ", as they must"
    return (
        f"Of {len(controls)} negative controls, with the pulse destroyed or the labels permuted, "
        f"{len(controls) - len(standing)} fall to the training mean{end}."
    )


def beside(results: Results, name: str) -> str:
    """Return whether the network is nearer to the cuff than another model at the reference quality; empty without."""
    scores = results.models.get(name, {}).get(results.reference)
    if scores is None:
        return ""
    return _compared({pressure: each.network for pressure, each in scores.items()})


def add_words(results: Results) -> str:
    """Return what clip and told traits together gain over either alone; empty where nothing is told."""
    both = results.models.get(BOTH, {}).get(results.reference)
    words = results.models.get(TRAITS, {}).get(results.reference)
    if both is None or words is None:
        return ""
    over_words = _compared({pressure: each.both for pressure, each in words.items()})
    over_clip = _compared({pressure: _reversed(each.network) for pressure, each in both.items()})
    if not over_words or not over_clip:
        return ""
    return f"Clip and told traits together are {over_words} than told traits alone; {over_clip} than the clip alone."


def worth_on_strangers(results: Results) -> str:
    """Return what the clip alone is worth on people of other data: one sentence for each set that nobody trained on."""
    strangers = {name: each for name, each in results.other_data.items() if not each.seen_in_training}
    if not strangers:
        return "**What the clip alone is worth on strangers has not been measured.**"
    sentences = []
    for name, scored in strangers.items():
        network = scored.network
        sentences.append(
            f"**On {scored.people} strangers ({name}) the clip alone errs by {_pair(network, tables.mae)} mmHg "
            f"(systolic / diastolic)**; always answering the training mean errs by {_fixed(network, 'baseline_mae')}, "
            f"always answering these people's own mean by {_fixed(network, 'own_mean_mae')}; r is "
            f"{_pair(network, tables.correlation)}, and of 10 mmHg between two readings {_pair(network, _real)} are "
            "between the cuffs."
        )
    return " ".join(sentences)


def take_at_word(results: Results) -> str:
    """Return how far differences of readings are real, and how far readings spread, at the reference quality."""
    network = results.network
    return (
        f"A reading 10 mmHg further from the mean is really {_pair(network, _real)} mmHg further (systolic / "
        f"diastolic). Readings have a standard deviation of {_fixed(network, 'sd_answers')} mmHg, the cuff's pressures "
        f"of {_fixed(network, 'sd_truth')}."
    )


def share_kept(results: Results) -> str:
    """Return how far answers are drawn to the training people; empty where that is not known."""
    if not results.kept:
        return ""
    shares = " and ".join(f"{tables.share(share)} ({pressure})" for pressure, share in results.kept.items())
    return (
        f"Of the way from the training people's mean to what the network answers, {shares} is kept: so much held for "
        "people set aside in training (median over folds)."
    )


def rare_pressures(results: Results) -> str:
    """Return how far answers are off in the outermost ranges, and where the training mean would be nearer."""
    parts = []
    for pressure in PRESSURES:
        shown = [row for row in results.network[pressure].ranges if row.mae is not None]
        if not shown:
            continue
        lost = sum((row.mae or 0) > (row.baseline_mae or 0) for row in shown)
        parts.append(
            f"From {shown[-1].low:.0f} mmHg on, {pressure} answers are off by {shown[-1].mean_error:+.0f} mmHg, up to "
            f"{shown[0].high:.0f} by {shown[0].mean_error:+.0f}; in {lost} of {len(shown)} ranges the training mean "
            "is nearer."
        )
    return " ".join(parts)


def rarest_held(results: Results) -> str:
    """Return in which range of each pressure the intervals hold least."""
    parts = []
    for pressure in PRESSURES:
        held = [(row.coverage, row) for row in results.network[pressure].ranges if row.coverage is not None]
        if held:
            share, row = min(held, key=lambda each: each[0])
            parts.append(f"{tables.share(share)} of {pressure} {row.low:.0f} to {row.high:.0f} mmHg")
    return f"they hold {' and '.join(parts)}" if parts else "by range, people are too few to tell"


def other_intervals(results: Results) -> str:
    """Return how wide intervals are with told traits, and how far captures of one person scatter, where it is known."""
    parts = []
    if results.told_intervals is not None:
        widths = " / ".join(tables.half_width(getattr(results.told_intervals, pressure)) for pressure in PRESSURES)
        parts.append(f"With age, sex, height and weight told they are {widths} (systolic / diastolic).")
    if results.scatter is not None:
        scatter = " / ".join(f"{getattr(results.scatter, pressure):.1f}" for pressure in PRESSURES)
        parts.append(f"Answers to several captures of one person scatter by {scatter} mmHg (standard deviation).")
    return " ".join(parts)


def same_answer(results: Results) -> str:
    """Return how far cuff pressures of people with nearly the same answer differ; empty of too few."""
    parts = []
    for pressure in PRESSURES:
        spread = results.network[pressure].bland_altman.spread
        if spread.same_answer is not None:
            parts.append(f"{pressure} {spread.same_answer:.1f} mmHg, against {spread.all:.1f} over all")
    if not parts:
        return ""
    return f"Standard deviation of cuff pressures of people given nearly the same answer: {'; '.join(parts)}."


def likeliest_range(results: Results) -> str:
    """Return how often the likeliest range is right beside the commonest; empty without range probabilities."""
    parts = [
        f"{pressure} {tables.share(each.range_accuracy)}, beside {tables.share(each.commonest_range.accuracy)}"
        for pressure, each in results.network.items()
        if each.commonest_range is not None
    ]
    return f"The likeliest range is right beside always the commonest: {'; '.join(parts)}." if parts else ""


def _compared(by_pressure: dict[str, Comparison | None]) -> str:
    found = [(pressure, each) for pressure, each in by_pressure.items() if each is not None]
    return " and ".join(f"{pressure} {_nearer(each.gain, each.gain_interval)}" for pressure, each in found)


def _nearer(gain: float, interval: Interval | None) -> str:
    """Whether errors are smaller by a gain beyond chance, with the figures behind it."""
    if interval is None:
        words = "too few to compare"
    elif interval[0] > 0:
        words = "nearer"
    else:
        words = "further off" if interval[1] < 0 else "no nearer beyond chance"
    return f"{words} ({tables.signed(gain, interval)})"


def _reversed(compared: Comparison | None) -> Comparison | None:
    """The same with the sides changed."""
    if compared is None:
        return None
    interval = compared.gain_interval and (-compared.gain_interval[1], -compared.gain_interval[0])
    return compared.model_copy(update={"gain": -compared.gain, "gain_interval": interval})


def _pair(network: Mapping[str, NetworkScores], text: Callable[[Scores], str]) -> str:
    """Return what is said of systolic and of diastolic pressure."""
    return " / ".join(text(network[pressure]) for pressure in PRESSURES)


def _fixed(network: Mapping[str, NetworkScores], figure: str) -> str:
    """Return a figure of both pressures, mmHg."""
    return _pair(network, lambda scores: f"{getattr(scores, figure):.1f}")


def _real(scores: Scores) -> str:
    """By how much cuffs differ where readings differ by 10 mmHg."""
    return tables.TOO_FEW if scores.calibration_slope is None else f"{10 * scores.calibration_slope:.1f}"
