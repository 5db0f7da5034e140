"""The model card: what config.json says, in words and tables. Nothing in it is typed by hand."""

from collections.abc import Mapping
from typing import Any

from bpdemo.training.describe import reference_quality
from bpdemo.training.map_set import FILMED

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

_CLEAR_GAIN_MMHG = 0.5  # less than folds and renderings scatter by

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


def write_card(config: Mapping[str, Any]) -> str:
    """Write the model card of a weights folder.

    Args:
        config: the content of its config.json, as `fit.train` makes it.

    Returns:
        Markdown with the Hub's YAML front matter.
    """
    training, validation, provenance = config["training"], config["validation"], config["provenance"]
    intervals = config["intervals"]
    share = f"{100 * intervals['coverage']:.0f} %"
    stmap_version = config["stmap"]["version"]
    qualities = validation["qualities"]
    reference = reference_quality(qualities)
    slice_s = config["network"]["slice_length"] / config["stmap"]["rate_hz"]
    return f"""{_FRONT_MATTER}
# {config["name"]}

Blood pressure from the spatial-temporal map (STMap, version {stmap_version}) of a short face clip, for the
research demo bpdemo. {provenance["statement"]} **Research use only; not a medical device.**

The network follows Zhuang, Li, Zhang, Chen, Zheng: *Remote blood pressure measurement via spatiotemporal mapping of
a short-time facial video* (arXiv 2203.03634; Sensors 2023, 23(6), 2963): residual features of slices of the map
({slice_s:g} s), a BiLSTM across slices, for each pressure a classifier over ranges and a calculator of the value
inside each range. Sizes, range edges and training are this project's own. Layout of the map: `stmap` in config.json.

## Figures on people unseen in training

{validation["people"]} people, {validation["protocol"]}. {_made(validation)}; every prediction is by a network that was
not fitted on that person. Figures in mmHg. "Training mean" is the MAE of always answering the mean pressure of the same
folds' training people. Coverage is how often the {share} interval holds the cuff pressure; each fold's interval comes
from the other folds' errors at {reference} quality.

{_figures(qualities)}

{_against_baseline(qualities[reference])}

Correlation r fold by fold at {reference} quality: {_folds(validation["r_of_folds"])}. A fold is small; expect other
people to scatter as much.

The weights here were fitted afterwards, by the same recipe, on all {training["people"]} people, so the figures are
about the recipe and not about these very tensors. The intervals shipped with them: systolic +- {intervals["systolic"]}
mmHg, diastolic +- {intervals["diastolic"]} mmHg ({share}, split-conformal on the same errors).
{_STANDARD if reference != FILMED else ""}
## Training data

{provenance["data"]}: {provenance["citation"]}. {training["people"]} people (left out for want of a whole beat or of a
clip that could be read: {training["left_out"]}), {training["maps"]} maps.{_refused(training)}

| | mean | SD | outside the ranges (clamped) |
|---|---|---|---|
{_training_rows(training)}

## Limits

{_LIMITS.format(seen=_SEEN_CLIPS if FILMED in qualities else _SEEN_PULSES)}

## How these weights came about

| | |
|---|---|
| command | `{provenance["command"]}` |
| commit | `{provenance["commit"]}` |
| seed | {provenance["seed"]} |
| date | {provenance["date"]} |
"""


def _made(validation: Mapping[str, Any]) -> str:
    """Say what the figures were measured on."""
    rendered = f"Each person is rendered {validation['renderings']} times in each capture quality"
    if FILMED not in validation["qualities"]:
        return rendered
    filmed = "Clips count as they were filmed, window by window"
    return f"{rendered}, or filmed. {filmed}" if len(validation["qualities"]) > 1 else filmed


def _refused(training: Mapping[str, Any]) -> str:
    """Say how many clips were read and how many not."""
    if "clips" not in training:
        return ""
    clips = training["clips"]
    reasons = ", ".join(f"{code} {count}" for code, count in clips["refused"].items()) or "none"
    return f" Clips read: {clips['read']}; refused: {reasons}."


def _figures(qualities: Mapping[str, Any]) -> str:
    rows = [
        "| pressure | capture | MAE | training mean | RMSE | r | mean error ± SD | within 10 | coverage | interval ± |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for pressure in ("systolic", "diastolic"):
        for quality, figures in qualities.items():
            of = figures[pressure]
            rows.append(
                f"| {pressure} | {quality} | {of['mae']:.1f} | {of['baseline_mae']:.1f} | {of['rmse']:.1f} "
                f"| {of['r']:.2f} | {of['mean_error']:+.1f} ± {of['sd_error']:.1f} | {100 * of['within_10']:.0f} % "
                f"| {100 * of['coverage']:.0f} % | {of['interval']:.0f} |"
            )
    return "\n".join(rows)


def _against_baseline(standard: Mapping[str, Any]) -> str:
    """Say in words what the figures at standard quality amount to."""
    sentences = []
    for pressure in ("systolic", "diastolic"):
        gain = standard[pressure]["baseline_mae"] - standard[pressure]["mae"]
        if gain >= _CLEAR_GAIN_MMHG:
            sentences.append(f"The {pressure} value is {gain:.1f} mmHg nearer to the cuff than the training mean is.")
        else:
            sentences.append(f"The {pressure} value is hardly or not at all better than always answering the mean.")
    return " ".join(sentences) + " Neither is near what a cuff offers."


def _folds(r_of_folds: Mapping[str, list[float]]) -> str:
    return "; ".join(f"{pressure} {', '.join(f'{r:.2f}' for r in folds)}" for pressure, folds in r_of_folds.items())


def _training_rows(training: Mapping[str, Any]) -> str:
    return "\n".join(
        f"| {pressure} | {of['mean']:.1f} mmHg | {of['std']:.1f} mmHg | {of['outside_ranges']} |"
        for pressure, of in ((pressure, training[pressure]) for pressure in ("systolic", "diastolic"))
    )
