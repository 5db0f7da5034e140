"""The model card: what config.json and the results file say, in words, tables and pictures. No figure typed by hand."""

from collections.abc import Mapping
from typing import Any

from bpdemo.reporting import tables
from bpdemo.reporting.objections import against_baseline, objections, tried_across
from bpdemo.reporting.plots import pictures
from bpdemo.reporting.yardsticks import published_table, targets_table
from bpdemo.training.dataset import FILMED
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import HELPED, WORSE

PICTURES = "evidence"
"""Folder of the pictures, beside the card."""

_FRONT_MATTER = """---
license: apache-2.0
language: en
library_name: bpdemo
pipeline_tag: video-classification
tags:
- blood-pressure
- remote-photoplethysmography
- rppg
- stmap
- research
---
"""

_LIMITS = """- **Research use only; not a medical device.** A reading is no basis for a decision about anybody's health.
{seen}
- Errors grow towards rare pressures, where predictions are drawn to the middle.
- The people are those of the data named above, met in few places with few sensors; other ages, other places and other
  sensors may give other figures.
- Pulse shape tells something about pressure across people. One person's change from day to day was neither trained nor
  tested.
- A clip must show a pulse: the demo refuses clips that do not. These weights must not be used without that check."""

_SEEN_PULSES = """\
- The network has seen finger pulses rendered into face maps, and no video of a face. How well it does on real faces
  is not known; the figures were measured on rendered maps of people it was not fitted on."""
_SEEN_CLIPS = """\
- The figures called filmed were measured on clips of people the network was not fitted on; other cameras, other light
  and other faces may give other figures. Clips that the demo refuses are in none of the figures."""

_STANDARD = """
Standard capture means that the mean beat over 15 s has a standard error of 5 to 7 % of its height; strong about 3 %,
poor about 12 %. Real clips of ordinary quality have 5 to 7 %.
"""


def write_card(config: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Write the model card of a weights folder; the pictures it shows are those of `evidence_figures.draw_all`.

    Args:
        config: the content of its config.json, as `fit.train` makes it.
        results: of `evidence.gather`, from the cross-validation of the same recipe.

    Returns:
        Markdown with the Hub's YAML front matter.
    """
    parts = (_about(config), evidence(results), _how_made(config, results))
    return f"{_FRONT_MATTER}\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def evidence(results: Mapping[str, Any]) -> str:
    """Return the sections on how good it is: tables, pictures and the answers to objections.

    Args:
        results: of `evidence.gather`.
    """
    drawn = {
        picture.name: f"![{picture.alt}]({PICTURES}/{picture.name})\n\n{picture.caption}"
        for picture in pictures(results)
    }
    at = results["reference"]
    sections = [
        _figures(results),
        f"### Targets of the project\n\n{targets_table(results)}" if at != FILMED else "",
        "### What others report\n\nOther data, other splits: no race, only a sense of scale.\n\n"
        f"{published_table(results)}",
        _models(results, drawn.get("models.png", "")),
        _controls(results),
        "### Where it errs\n\n"
        f"At {at} quality, by the range of the cuff pressure; figures of fewer than three people are not told.\n\n"
        f"{tables.ranges_table(results)}\n\n{drawn['ranges.png']}",
        _variants(results, "oversampling", "Oversampling", drawn.get("oversampling.png", "")),
        "### Agreement with the cuff, and the standards\n\n"
        f"{tables.agreement_table(results)}\n\nThe verdicts apply the numerical limits alone; nothing was run as the "
        f"standards ask.\n\n{drawn['bland_altman.png']}",
        _probabilities(results, drawn.get("reliability.png", "")),
        _intervals(results, drawn["intervals.png"]),
        _other_data(results),
        _across(results),
        _statement(results, "out_of_distribution", "Pulses unlike those of training"),
        _statement(results, "realism", "Rendered and real maps"),
        _variants(results, "loss", "Parts of the loss", ""),
        f"### What was tried, in order\n\n{tables.tried_table(results['tried'])}" if results.get("tried") else "",
        f"### Objections, and the figures that answer\n\n{objections(results)}",
    ]
    return "\n\n".join(section for section in sections if section)


def _about(config: Mapping[str, Any]) -> str:
    provenance = config["provenance"]
    return f"""
# {config["name"]}

Blood pressure from the spatial-temporal map (STMap, version {config["stmap"]["version"]}) of a short face clip, for the
research demo bpdemo. {provenance["statement"]} **Research use only; not a medical device.**

The network follows Zhuang, Li, Zhang, Chen, Zheng: *Remote blood pressure measurement via spatiotemporal mapping of
a short-time facial video* (arXiv 2203.03634; Sensors 2023, 23(6), 2963): residual features of slices of the map,
a BiLSTM across slices, for each pressure a classifier over ranges and a calculator of the value inside each range.
What a slice is (beats laid over each other; {config["slices"]["slices"]} of them), sizes, range edges and training
are this project's own. Layout of map and slices: `stmap` and `slices` in config.json.
"""


def _figures(results: Mapping[str, Any]) -> str:
    at, promised = results["reference"], tables.share(results["intervals"]["coverage"])
    folds = f"{results['folds']} folds by person" if "folds" in results else "folds by person"
    times = f", repeated with {results['splits']} splits" if results["splits"] > 1 else ""
    return f"""
## Figures on people unseen in training

{results["people"]} people, {folds}{times}. {_made(results)}; every prediction is by a network that was not fitted on
that person. Figures in mmHg, in brackets 95 % intervals over people. "Training mean" is the MAE of always answering the
mean pressure of the same folds' training people. Coverage is how often the {promised} interval holds the cuff pressure;
each fold's interval comes from the other folds' errors at {at} quality.

{tables.figures_table(results)}

{against_baseline(results)}
{_STANDARD if at != FILMED else ""}
Each repetition of the folds, at {at} quality (a fold is small; expect other people to scatter as much):

{tables.repetitions_table(results)}
""".strip()


def _made(results: Mapping[str, Any]) -> str:
    """Say what the figures were measured on."""
    rendered = f"Each person is rendered {results.get('renderings', 0)} times in each capture quality"
    if FILMED not in results["qualities"]:
        return rendered
    filmed = "Clips count as they were filmed, window by window"
    return f"{rendered}, or filmed. {filmed}" if len(results["qualities"]) > 1 else filmed


def _models(results: Mapping[str, Any], picture: str) -> str:
    if not results["models"]:
        return ""
    by_pressure = "\n\n".join(
        tables.models_table(results["models"], pressure, results["qualities"], results["reference"])
        for pressure in PRESSURES
    )
    return f"""
### Beside simpler models

On the same people, folds and maps. The last column is how far the network is ahead, person by person, on the splits
both were fitted on (below 0: the other model is nearer); the contact beat is read from the finger itself, which no
camera can.

{by_pressure}

{picture}
""".strip()


def _controls(results: Mapping[str, Any]) -> str:
    if not results["controls"]:
        return ""
    return (
        "### Negative controls\n\nWhat must not work: with the pulse destroyed or the labels permuted, nothing may be "
        f"left but the training mean.\n\n{tables.controls_table(results)}"
    )


def _probabilities(results: Mapping[str, Any], picture: str) -> str:
    if not picture:
        return ""
    return (
        "### Range probabilities\n\nCalibration error of the likeliest range (torchmetrics, l1, ten bins); right: it "
        f"holds the cuff pressure.\n\n{tables.probabilities_table(results)}\n\n{picture}"
    )


def _intervals(results: Mapping[str, Any], picture: str) -> str:
    return (
        "### Intervals\n\nSplit-conformal; half-widths in mmHg. A third is told of where the network says how wide an "
        f"interval should be.\n\n{tables.intervals_table(results)}\n\n{picture}"
    )


def _other_data(results: Mapping[str, Any]) -> str:
    if not results.get("other_data"):
        return ""
    parts = [
        f"{name}, {next(iter(variants.values()))['people']} people:\n\n{tables.other_data_table(variants)}"
        for name, variants in results["other_data"].items()
    ]
    return (
        "### Other people, another sensor\n\nNot used in training. *Own mean* is the MAE of always answering the mean "
        "of these very people.\n\n" + "\n\n".join(parts)
    )


def _across(results: Mapping[str, Any]) -> str:
    if not results.get("across"):
        return ""
    across = results["across"]
    parts = []
    for name, of in across["data"].items():
        chance = " and ".join(f"{pressure} {of['chance'][pressure]:.1f}" for pressure in PRESSURES)
        parts.append(f"{name}; by their seeds alone, fits differ by up to {chance} mmHg:\n\n{tables.across_table(of)}")
    upright = ", ".join(f"{name} {tables.share(part)}" for name, part in across["upright"].items() if part is not None)
    polarity = f" Share of people whose recordings rise faster than they fall, as upright ones do: {upright}."
    return (
        "### What helped across data sets\n\nThe recipe fitted once more on all people of the training data, one thing "
        "changed, and scored on the same maps of the same other people as the weights; settings were chosen before any "
        f"of it was scored. {across['statement']}{polarity if upright else ''} *{HELPED}* and *{WORSE}* are said of "
        "what is larger than any difference between fits of other seeds and of one sign in 95 % of resamplings of the "
        f"people. MAE is mostly about the level of the group, r about who in it has the higher pressure.\n\n"
        f"{tried_across(results)}\n\n" + "\n\n".join(parts)
    )


def _variants(results: Mapping[str, Any], key: str, title: str, picture: str) -> str:
    if not results.get(key):
        return ""
    said = tables.variants_table(results[key], with_ends=key == "oversampling")
    first = next(iter(results[key]))
    return f"### {title}\n\nThe first, *{first}*, is what the weights were fitted with.\n\n{said}\n\n{picture}".strip()


def _statement(results: Mapping[str, Any], key: str, title: str) -> str:
    """A section whose words and table come with the results."""
    if not results.get(key):
        return ""
    of = results[key]
    rows = tables.table(of["columns"], of["rows"]) if of.get("rows") else ""
    return f"### {title}\n\n{of['statement']}\n\n{rows}".strip()


def _how_made(config: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    training, provenance, intervals = config["training"], config["provenance"], config["intervals"]
    unit = "times the network's own scale" if results["intervals"].get("scaled") else "mmHg"
    seen = _SEEN_CLIPS if FILMED in results["qualities"] else _SEEN_PULSES
    rows = [
        (pressure, f"{of['mean']:.1f} mmHg", f"{of['std']:.1f} mmHg", of["outside_ranges"])
        for pressure, of in ((pressure, training[pressure]) for pressure in PRESSURES)
    ]
    made = [("command", f"`{provenance['command']}`"), ("commit", f"`{provenance['commit']}`")]
    made += [("seed", provenance["seed"]), ("date", provenance["date"])]
    return f"""
## The weights here

They were fitted afterwards, by the same recipe, on all {training["people"]} people, so the figures are about the recipe
and not about these very tensors. The intervals shipped with them: systolic +- {intervals["systolic"]}, diastolic +-
{intervals["diastolic"]} {unit} ({tables.share(intervals["coverage"])}, split-conformal on the same errors).

## Training data

{provenance["data"]}: {provenance["citation"]}. {training["people"]} people (left out for want of a whole beat or of a
clip that could be read: {training["left_out"]}), {training["maps"]} maps.{_refused(training)}

{tables.table(("", "mean", "SD", "outside the ranges (clamped)"), rows)}

## Limits

{_LIMITS.format(seen=seen)}

## How these weights came about

{tables.table(("", ""), made)}
"""


def _refused(training: Mapping[str, Any]) -> str:
    """Say how many clips were read and how many not."""
    if "clips" not in training:
        return ""
    clips = training["clips"]
    reasons = ", ".join(f"{code} {count}" for code, count in clips["refused"].items()) or "none"
    return f" Clips read: {clips['read']}; refused: {reasons}."
