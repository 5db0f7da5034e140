"""The model card: what config.json and the results file say, in at most 9,000 characters. No figure typed by hand."""

from operator import itemgetter

from bpdemo.models import find_model
from bpdemo.regions import CELLS
from bpdemo.reporting import tables
from bpdemo.reporting.plots import pictures
from bpdemo.stmap import CHANNELS
from bpdemo.training.results import FILMED, PRESSURES, Results
from bpdemo.weights.config import WeightsConfig

CLEAR_GAIN_MMHG = 0.5
"""Less than folds and renderings scatter by is not called a gain (ours)."""

_CARD = """\
---
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

# {name}

Blood pressure from a short video of a face, for the research demo bpdemo. {statement} **Research use only; not a \
medical device.**

## What it is

bpdemo turns a clip into a spatial-temporal map (STMap, version {stmap_version}): the colour of {cells} cells of skin \
over time, in {channels} channels. {about} For each pressure a classifier over ranges and a calculator of the value \
inside each range give one value: the sum of probability times in-range value. \
{averaged}The answer is drawn to the training people's own pressures as far as that made it err less on people set \
aside in training.

The design follows Zhuang et al. (cited below); sizes, range edges and training are this project's own. \
`bpdemo estimate CLIP --weights FOLDER` reads a clip.

## Figures on people unseen in training

{people} people of {dataset}, {folds}. {measured}; every prediction is by a network that was not fitted on that \
person. Figures in mmHg, with 95 % intervals over people in brackets. *Training mean* is the MAE of always answering \
the mean pressure of the same folds' training people. *Coverage* is how often the {coverage} interval holds the cuff \
pressure.

{figures}

{verdict}{capture}

{models}{errors}{intervals}{other_data}## Limits

- **Research use only; not a medical device.** A reading is no basis for a decision about anybody's health.
{seen}
- Errors grow towards rare pressures, where answers are drawn to the middle.
- The people are those of the data named here, met in few places with few sensors. Other ages, places, skin tones and \
cameras may give other figures.
- One person's change from day to day was neither trained nor tested.
- A clip must show a pulse: the demo refuses clips that do not. Do not use these weights without that check.

## Training data

{data}: {citation} {training_people} people ({left_out} left out: no whole beat, or no clip that could be read), \
{maps} maps.{clips}

{pressures}

## How these weights were made

They were fitted by the same recipe on all {training_people} people, so the figures above are about the recipe and not \
about these very tensors.

Command, as it was at commit `{commit}`: `{command}`; seed {seed}, {date}.

## Citation

```bibtex
@misc{{zhuang2022remote,
  title  = {{Remote blood pressure measurement via spatiotemporal mapping of a short-time facial video}},
  author = {{Zhuang, Jialiang and Li, Bin and Zhang, Yun and Chen, Yuheng and Zheng, Xiujuan}},
  year   = {{2022}}, eprint = {{2203.03634}}, archivePrefix = {{arXiv}},
  note   = {{Journal form: Remote Blood Pressure Estimation via the Spatiotemporal Mapping of Facial Videos,
            Sensors 2023, 23(6), 2963}}
}}
```
"""

_SEEN_PULSES = """\
- The network has seen finger pulses rendered into face maps, and no video of a face. How well it does on real faces \
is not known."""
_SEEN_CLIPS = """\
- Figures called *filmed* were measured on clips of people the network was not fitted on. Clips that the demo refuses \
are in none of the figures."""
_CAPTURE = """ *Standard* capture means that the mean beat over 15 s has a standard error of 5 to 7 % of its height, \
as in real clips of ordinary quality; *strong* about 3 %, *poor* about 12 %."""


def write_card(config: WeightsConfig, results: Results) -> str:
    """Return the model card of a weights folder: Markdown with the Hub's YAML front matter.

    The pictures it shows are those of `save_evidence`.
    """
    training, provenance = config.training, config.provenance
    repeated = f", repeated with {results.splits} splits" if results.splits > 1 else ""
    clips, members = training.clips, config.network.members
    return _CARD.format(
        name=config.name,
        statement=provenance.statement,
        stmap_version=config.stmap_version,
        cells=len(CELLS),
        channels=len(CHANNELS),
        about=find_model(config.model).network.ABOUT,
        averaged=f"{members} such networks, each fitted without a part of the people, are averaged. " * (members > 1),
        people=results.people,
        dataset=results.dataset,
        folds=f"{results.folds} folds by person{repeated}",
        measured=_measured_on(results),
        coverage=tables.share(results.intervals.coverage),
        figures=tables.figures_table(results),
        verdict=compare_with_baseline(results),
        capture="" if results.reference == FILMED else _CAPTURE,
        models=_section("Beside simpler models", _models(results)),
        errors=_section("Where it errs", _shown(results, "ranges.png", "bland_altman.png")),
        intervals=_section("Range probabilities and intervals", _rarest(results) + _shown(results, "reliability.png")),
        other_data=_section("Other people, another sensor", _other_data(results)),
        seen=_SEEN_CLIPS if FILMED in results.qualities else _SEEN_PULSES,
        data=provenance.data,
        citation=f"{provenance.citation.rstrip('.')}.",
        training_people=training.people,
        left_out=training.left_out,
        maps=training.maps,
        clips=f" Clips read: {clips.read}; refused: {sum(clips.refused.values())}." if clips else "",
        pressures=tables.table(
            ("", "mean, mmHg", "SD, mmHg"),
            [
                ("systolic", f"{training.systolic.mean:.1f}", f"{training.systolic.std:.1f}"),
                ("diastolic", f"{training.diastolic.mean:.1f}", f"{training.diastolic.std:.1f}"),
            ],
        ),
        command=provenance.command,
        commit=provenance.commit,
        seed=provenance.seed,
        date=provenance.date,
    )


def compare_with_baseline(results: Results) -> str:
    """Return in words what the network is worth beside the training mean, at the reference quality."""
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
    if not any(figures.verdicts.aami for figures in results.network.values()):
        sentences.append("Neither meets the limits of ISO 81060-2 for a cuff.")
    return " ".join(sentences)


def describe_controls(results: Results) -> str:
    """Return in words whether the negative controls fall to the training mean, as they must; empty without any."""
    controls = {
        f"{name} ({pressure}: {each.gain:+.1f} mmHg)": each.falls
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


def _measured_on(results: Results) -> str:
    rendered = f"Each is rendered {results.renderings} times in each capture quality"
    if FILMED not in results.qualities:
        return rendered
    filmed = "Clips count as they were filmed, window by window"
    return f"{rendered}, or filmed. {filmed}" if len(results.qualities) > 1 else filmed


def _models(results: Results) -> str:
    if not results.models:
        return ""
    return (
        f"At {results.reference} quality, on the same people, folds and maps. *Network nearer by* compares person by "
        "person (below 0: the other model is nearer). The contact beat is read from the finger itself, which no camera "
        f"can.\n\n{tables.models_table(results, results.reference)}\n\n{describe_controls(results)}\n\n"
        f"{_shown(results, 'models.png')}"
    )


def _rarest(results: Results) -> str:
    """Where the intervals hold least: their promise is about all pressures together."""
    parts = []
    for pressure in PRESSURES:
        held = [(row.coverage, row) for row in results.network[pressure].ranges if row.coverage is not None]
        if held:
            share, row = min(held, key=itemgetter(0))
            parts.append(f"{tables.share(share)} of {pressure} {row.low:.0f} to {row.high:.0f} mmHg")
    return f"Intervals hold over all pressures together, but only {' and '.join(parts)}.\n\n" if parts else ""


def _other_data(results: Results) -> str:
    if not results.other_data:
        return ""
    return (
        "Data not used in training. *Own mean* is the MAE of always answering the mean of these very people: an MAE "
        "above it means that at best the group's level carries over, not who has the higher pressure.\n\n"
        f"{tables.other_data_table(results, variants=False)}"
    )


def _shown(results: Results, *names: str) -> str:
    return "\n\n".join(picture.markdown for picture in pictures(results) if picture.name in names)


def _section(title: str, text: str) -> str:
    return f"### {title}\n\n{text.strip()}\n\n" if text else ""
