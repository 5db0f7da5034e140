"""The README's section on how good it is, from the same results file as the model card."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpdemo.reporting import tables
from bpdemo.reporting.objections import against_baseline, tried_across
from bpdemo.reporting.plots import pictures
from bpdemo.reporting.tables import gain, reference, share
from bpdemo.reporting.yardsticks import targets_table
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import CONTACT, NETWORK, RECOVERED, TRAITS

BEGIN, END = "<!-- evidence: begin -->", "<!-- evidence: end -->"
_PICTURES = ("models.png", "ranges.png")
_WIDTH = 120


def write_section(results: Mapping[str, Any], pictures_at: str = "weights/evidence") -> str:
    """Write the section, without its heading and markers.

    Args:
        results: of `evidence.gather`, from cross-validation.
        pictures_at: folder of the pictures, as the README names it.

    Returns:
        Markdown.
    """
    at = results["reference"]
    repeated = f", {results['splits']} times" if results["splits"] > 1 else ""
    drawn = {picture.name: picture for picture in pictures(results)}
    shown = "\n\n".join(f"![{drawn[name].alt}]({pictures_at}/{name})" for name in _PICTURES if name in drawn)
    parts = [
        f"In mmHg, on finger pulses rendered into maps, folds by person{repeated}, {results['people']} people of "
        f"{results['dataset']}; every prediction is by a network that was not fitted on that person. *Training mean* "
        "is what always answering the average would cost; in brackets, 95 % intervals over people.",
        _by_quality(results),
        against_baseline(results),
        _intervals(results),
        f"At {at} capture, beside simpler models on the same folds and the same maps, and beside negative controls "
        f"that must fall to the training mean:\n\n{_models(results)}",
        _said_of_models(results),
        shown,
        _other_data(results),
        f"What was aimed at, and what was reached:\n\n{targets_table(results)}",
        "The [model card](weights/README.md) has all of it: by range, Bland-Altman, calibration, each repetition, what "
        "was tried, the verdicts of the standards, and the objections of critics with the figures that answer them. "
        "`make evidence` writes it and this section again from `weights/evidence.json`.",
    ]
    return "\n\n".join(_wrap(block) for part in parts for block in part.split("\n\n") if block)


def replace_section(text: str, section: str) -> str:
    """Return a README with the part between the markers replaced.

    Args:
        text: the README.
        section: what goes between `BEGIN` and `END`.

    Raises:
        ValueError: not one of each marker, in this order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"there must be one {BEGIN} and behind it one {END}")
    return f"{before}{BEGIN}\n{section.strip()}\n{END}{after}"


def update(readme: str | Path, results: Mapping[str, Any]) -> None:
    """Write the section anew in a README file."""
    readme = Path(readme)
    text = readme.read_text(encoding="utf-8")
    readme.write_text(replace_section(text, write_section(results)), encoding="utf-8")


def _wrap(block: str) -> str:
    """Break a paragraph into lines as long as the README's others; tables and pictures stay as they are."""
    if block.startswith(("|", "![")):
        return block
    return textwrap.fill(block, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _by_quality(results: Mapping[str, Any]) -> str:
    columns = ["capture"]
    for pressure in PRESSURES:
        columns += [f"{pressure} MAE", "training mean", "r"]
    rows = []
    for quality, figures in results["qualities"].items():
        row = [quality]
        for of in (figures[pressure] for pressure in PRESSURES):
            row += [tables.with_interval(of, "mae"), f"{of['baseline_mae']:.1f}", f"{of['r']:.2f}"]
        rows.append(row)
    return tables.table(columns, rows)


def _intervals(results: Mapping[str, Any]) -> str:
    figures = [reference(results)[pressure] for pressure in PRESSURES]
    widths = " and ".join(f"+-{of['interval']:.0f}" for of in figures)
    held = " and ".join(share(of["coverage"]) for of in figures)
    promised = share(results["intervals"]["coverage"])
    mean = " on average" if results["intervals"]["scaled"] else ""
    return f"The {promised} intervals are {widths} mmHg wide{mean} and hold {held} of the cuff pressures."


def _models(results: Mapping[str, Any]) -> str:
    at = results["reference"]
    columns = ["model"]
    for pressure in PRESSURES:
        columns += [f"{pressure} MAE", "r"]
    rows = [(f"**{NETWORK}**", results["qualities"][at])]
    rows += [(name, of[at]) for name, of in results["models"].items() if at in of]
    rows += [(f"control: {name}", of[at]) for name, of in results["controls"].items() if at in of]
    written = []
    for name, figures in rows:
        row = [name]
        for of in (figures[pressure] for pressure in PRESSURES):
            row += [f"{of['mae']:.1f}", f"{of['r']:.2f}" if of["gain"] != 0 else ""]
        written.append(row)
    return tables.table(columns, written)


def _said_of_models(results: Mapping[str, Any]) -> str:
    """How far ahead the network is of the three that matter, person by person."""
    sentences = []
    for name, what in (
        (RECOVERED, "support vector regression on the beat recovered from the same maps"),
        (TRAITS, "age, sex and body mass index, without any video"),
        (CONTACT, "the finger's own beat (the ceiling)"),
    ):
        at = results["models"].get(name, {}).get(results["reference"])
        if at:
            ahead = " / ".join(gain(at[pressure]["network"]) for pressure in PRESSURES)
            sentences.append(f"against {what}: {ahead}")
    if not sentences:
        return ""
    return f"How far the network is ahead (below 0: behind), systolic / diastolic, {'; '.join(sentences)}."


def _other_data(results: Mapping[str, Any]) -> str:
    sentences = []
    for name, variants in (results.get("other_data") or {}).items():
        of = next(iter(variants.values()))
        said = "; ".join(
            f"{pressure} MAE {figures['mae']:.1f} against {figures['baseline_mae']:.1f} for the training mean and "
            f"{figures['own_mean_mae']:.1f} for this group's own mean, r {figures['r']:.2f}, coverage "
            f"{share(figures['coverage'])}"
            for pressure, figures in reference(of).items()
        )
        sentences.append(
            f"On other people and another sensor ({name}, {of['people']} people, not used in training), at "
            f"{of['reference']} capture: {said}."
        )
    return "\n\n".join([*sentences, tried_across(results)]).strip()
