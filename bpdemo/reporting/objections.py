"""What a critic of blood pressure from video objects, and the figure that answers. Words are chosen by the figures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bpdemo.reporting.tables import fell, gain, reference, share
from bpdemo.training.dataset import FILMED
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import CONTACT, HEART_RATE, HELPED, RECOVERED, TRAITS, WORSE

Figures = Mapping[str, Any]

CLEAR_GAIN_MMHG = 0.5
"""Less than folds and renderings scatter by is not called a gain."""
_NOT_MEASURED = "Not measured for these weights."
_TOO_FEW = "There are too few people to tell."


def against_baseline(results: Figures) -> str:
    """Say in words what the network is worth beside the training mean, at the reference quality."""
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        low, high = of["bootstrap"]["gain"]
        said = f"The {pressure} value is {of['gain']:.1f} mmHg nearer to the cuff than the training mean is"
        if of["gain"] < CLEAR_GAIN_MMHG:
            said = f"The {pressure} value is hardly or not at all better than always answering the mean"
        elif low <= 0:
            said += ", which may be chance"
        sentences.append(f"{said} (95 % interval {low:+.1f} to {high:+.1f}).")
    passed = [pressure for pressure in PRESSURES if reference(results)[pressure]["verdicts"]["aami"]]
    if not passed:
        sentences.append("Neither is near what a cuff offers.")
    return " ".join(sentences)


def objections(results: Figures) -> str:
    """Return the objections of critics, each with its answer in figures, as a Markdown list.

    Args:
        results: of `evidence.gather`, from cross-validation.
    """
    answers = (
        ("The same people are in training and test.", _leakage(results)),
        ("A pooled MAE hides that rare pressures are missed.", _pooled(results)),
        ("One pulse shape goes with many pressures.", _multi_valued(results)),
        ("Age, sex and build alone would do as well.", _beside(results, TRAITS)),
        ("It is only the heart rate.", _beside(results, HEART_RATE)),
        ("A plain model on the same pulse would do as well.", _beside(results, RECOVERED)),
        ("A finger sensor would do better.", _beside(results, CONTACT)),
        ("It reads something else than the pulse, or the folds leak.", _controls(results)),
        ("On other people, with another sensor, nothing is left.", _elsewhere(results)),
        ("Rendered maps are not faces.", _rendered(results)),
        ("Looked at often enough, any folds give a good figure.", _looks(results)),
        ("The folds are small, and one split may be lucky.", _folds(results)),
        ("The probabilities mean nothing.", _probabilities(results)),
        ("An interval that holds 90 % of all may hold few of the rare.", _intervals(results)),
        ("That is no blood pressure monitor.", _standards(results)),
    )
    return "\n".join(f"- *{objection}* {answer}" for objection, answer in answers)


def _leakage(results: Figures) -> str:
    folds = results.get("folds", len(reference(results)["systolic"]["r_of_folds"][0]))
    return (
        f"{results['people']} people, {folds} folds by person, {results['splits']} times: people who are both trained "
        "and tested on in any of them: 0. The code refuses such a split (`datasets.check_apart`) and such predictions "
        "(`evidence.gather`). Whom the shipped weights have seen is in config.json under `training.names`, and "
        "`evaluate` counts how many of those it is given are among them."
    )


def _pooled(results: Figures) -> str:
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        told = [row for row in of["ranges"] if row["mae"] is not None]
        if not told:
            return _TOO_FEW
        worst = max(told, key=lambda row: row["mae"])
        loses = [row for row in told if row["mae"] > row["baseline_mae"]]
        sentences.append(
            f"{pressure.capitalize()}: {of['mae']:.1f} over all, {worst['mae']:.1f} at {worst['from']:.0f} to "
            f"{worst['to']:.0f} mmHg ({worst['people']} people, answered {abs(worst['mean_error']):.0f} too "
            f"{'low' if worst['mean_error'] < 0 else 'high'} on average); in {len(loses)} of {len(told)} ranges the "
            "training mean is nearer."
        )
    return " ".join(sentences)


def _multi_valued(results: Figures) -> str:
    sentences = []
    for pressure in PRESSURES:
        spread = reference(results)[pressure]["bland_altman"]["spread"]
        if spread["same_answer"] is not None:
            sentences.append(
                f"people given nearly the same {pressure} answer have cuff pressures with a standard deviation of "
                f"{spread['same_answer']:.1f} mmHg ({spread['all']:.1f} over all people)"
            )
    if not sentences:
        return _NOT_MEASURED
    return (
        f"So it is: {'; '.join(sentences)}. That is why there are range probabilities and an interval beside the value."
    )


def _beside(results: Figures, name: str) -> str:
    """Say how the network stands to one model."""
    at = results["models"].get(name, {}).get(results["reference"])
    if not at:
        return _NOT_MEASURED
    sentences = []
    for pressure in PRESSURES:
        beside = at[pressure]["network"]
        low, high = beside["gain_interval"]
        words = (
            "as near as the network" if low <= 0 <= high else "further off" if low > 0 else "nearer than the network"
        )
        sentences.append(
            f"{pressure} {beside['mae']:.1f} mmHg, the network {beside['network_mae']:.1f}: {words}, as far as these "
            f"people can tell ({gain(beside)})"
        )
    return f"The model called *{name}*: {'; '.join(sentences)}."


def _controls(results: Figures) -> str:
    if not results["controls"]:
        return _NOT_MEASURED
    at = results["reference"]
    standing = [
        f"{name} ({pressure}: {of['gain']:+.1f} mmHg)"
        for name, qualities in results["controls"].items()
        for pressure, of in qualities[at].items()
        if not fell(of)
    ]
    count = len(results["controls"]) * len(PRESSURES)
    most = max(of["gain"] for qualities in results["controls"].values() for of in qualities[at].values())
    if standing:
        fallen = f"{count - len(standing)} of {count} negative controls fall to the training mean"
        return f"{fallen}, and **these do not**: {', '.join(standing)}."
    names = ", ".join(results["controls"])
    return (
        f"All negative controls ({names}) fall to the training mean on both pressures; the best of them is "
        f"{most:+.1f} mmHg beside it."
    )


def _elsewhere(results: Figures) -> str:
    if not results.get("other_data"):
        return _NOT_MEASURED
    sentences = []
    for name, variants in results["other_data"].items():
        shipped = next(iter(variants.values()))
        for pressure in PRESSURES:
            of = reference(shipped)[pressure]
            level, rank = of["mae"] < of["baseline_mae"], of["bootstrap"]["r"][0] > 0
            words = (
                "the ranking of people carries over"
                if rank
                else "only the group's level carries over, not who has the higher pressure"
                if level
                else "nothing carries over"
            )
            sentences.append(
                f"{name} ({shipped['people']} people), {pressure}: MAE {of['mae']:.1f}, training mean "
                f"{of['baseline_mae']:.1f}, own mean {of['own_mean_mae']:.1f}, r {of['r']:.2f}, coverage "
                f"{share(of['coverage'])}: {words}"
            )
    return f"{'; '.join(sentences)}. {tried_across(results)}".strip()


def tried_across(results: Figures) -> str:
    """Say in a sentence for each other data set what helped there; nothing where nothing was tried."""
    sentences = []
    for name, of in (results.get("across") or {}).get("data", {}).items():
        judged = [row for row in of["rows"] if "verdict" in row]
        verdicts = {
            verdict: _name_those(judged, lambda row, pressure, verdict=verdict: row["verdict"][pressure] == verdict)
            for verdict in (HELPED, WORSE)
        }
        ranked = _name_those(
            judged,
            lambda row, pressure, at=of["reference"]: row["qualities"][at][pressure]["bootstrap"]["r"][0] > 0,
        )
        sentences.append(
            f"Of {len(judged)} things tried to do better on {name}, beyond chance {verdicts[HELPED] or 'nothing'} "
            f"helped, and {verdicts[WORSE] or 'nothing'} made it worse. The ranking of people, r, is above 0 beyond "
            f"chance with {ranked or 'none of them'}."
        )
    return " ".join(sentences)


def _name_those(rows: Sequence[Figures], holds: Callable[[Figures, str], bool]) -> str:
    """Name the rows and pressures of which something holds; an empty string for none."""
    pressures = {row["what"]: [pressure for pressure in PRESSURES if holds(row, pressure)] for row in rows}
    return ", ".join(f"*{what}* ({' and '.join(of)})" for what, of in pressures.items() if of)


def _rendered(results: Figures) -> str:
    if FILMED in results["qualities"]:
        of = results["qualities"][FILMED]
        said = ", ".join(f"{pressure} {of[pressure]['mae']:.1f}" for pressure in PRESSURES)
        return f"Some of these figures are of filmed faces: MAE {said} mmHg on {of['systolic']['people']} people."
    compared = " How alike rendered and real maps are is shown above." if results.get("realism") else ""
    return (
        "They are not: 0 faces with a known pressure are in training or test, and every figure here is of rendered "
        f"maps.{compared} How well the weights do on real faces is not known."
    )


def _looks(results: Figures) -> str:
    tried = results.get("tried")
    count = (
        f"{len(tried)} things were tried and are listed above, in order" if tried else "What was tried was not counted"
    )
    return f"{count}; the settings were chosen with an eye on these people, so expect a little less elsewhere."


def _folds(results: Figures) -> str:
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        maes = [each["mae"] for each in of["repetitions"]]
        folds = [r for split in of["r_of_folds"] for r in split]
        sentences.append(
            f"{pressure}: MAE {min(maes):.1f} to {max(maes):.1f} over {len(maes)} splits, r {min(folds):.2f} to "
            f"{max(folds):.2f} over {len(folds)} folds"
        )
    return f"{'; '.join(sentences)}. Hence the intervals over people, and other people may scatter as much."


def _probabilities(results: Figures) -> str:
    if "calibration_error" not in reference(results)["systolic"]:
        return _NOT_MEASURED
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        better = of["range_accuracy"] > of["commonest_range"]["accuracy"]
        words = "against" if better else "no more often than"
        sentences.append(
            f"{pressure}: calibration error {of['calibration_error']:.3f}; the likeliest range is right for "
            f"{share(of['range_accuracy'])}, {words} always naming the commonest "
            f"({share(of['commonest_range']['accuracy'])})"
        )
    return f"{'; '.join(sentences)}."


def _intervals(results: Figures) -> str:
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        told = [row for row in of["ranges"] if row["mae"] is not None]
        if not told:
            return _TOO_FEW
        least = min(told, key=lambda row: row["coverage"])
        text = (
            f"{pressure}: {share(of['coverage'])} inside +- {of['interval']:.0f} mmHg over all, "
            f"{share(least['coverage'])} at {least['from']:.0f} to {least['to']:.0f} mmHg"
        )
        if "baseline_interval" in of:
            text += f" (around the training mean the same promise costs +- {of['baseline_interval']:.0f})"
        sentences.append(text)
    return f"{'; '.join(sentences)}. The promise is about people like these, all pressures together."


def _standards(results: Figures) -> str:
    sentences = []
    for pressure in PRESSURES:
        of = reference(results)[pressure]
        verdicts = of["verdicts"]
        sentences.append(
            f"{pressure}: mean error {of['mean_error']:+.1f}, SD {of['sd_error']:.1f} mmHg (ISO 81060-2 asks for 5 "
            f"and 8: {'passed' if verdicts['aami'] else 'not passed'}), BHS grade {verdicts['bhs']}, IEEE 1708 grade "
            f"{verdicts['ieee_1708']}"
        )
    return (
        f"{'; '.join(sentences)}. The numerical limits alone are applied; nothing here was run as those standards ask."
    )
