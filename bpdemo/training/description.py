"""What config.json of trained weights says of them: people, recipe, figures, and where they come from."""

import datetime
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo import beats, stmap
from bpdemo.data.person import data_set_of
from bpdemo.data.registry import cite
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.told import ToldParameters
from bpdemo.training.cohort import Cohort
from bpdemo.training.dataset import Dataset
from bpdemo.training.recipe import Recipe, recipe_of
from bpdemo.training.results import FILMED, PRESSURES, Results
from bpdemo.training.told import with_half_widths
from bpdemo.weights.config import (
    Figures,
    Intervals,
    Provenance,
    QualityFigures,
    TrainedPressure,
    Training,
    TrainingStart,
    Validation,
    WeightsConfig,
)
from bpdemo.weights.start import Start

_STATEMENTS = {  # by whether windows were rendered and whether clips were used
    (True, False): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise; no face video with measured pressures was used.",
    (True, True): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise, and on face clips of other people with cuff pressures.",
    (False, True): "Trained on face clips of real people with cuff pressures.",
}


def describe(
    cohort: Cohort,
    dataset: Dataset,
    model: str,
    network: NetworkConfig,
    recipe: Recipe,
    results: Results,
    provenance: Provenance,
    told: ToldParameters | None = None,
    start: Start | None = None,
) -> WeightsConfig:
    """Return the content of config.json of weights fitted on a cohort's windows."""
    systolic, diastolic = (
        TrainedPressure(
            mean=round(float(values.mean()), 2),
            std=round(float(values.std()), 2),
            mean_absolute_error=results.network[pressure].baseline_mae,
        )
        for pressure, values in zip(PRESSURES, dataset.pressures.T.astype(float), strict=True)
    )
    repeated = f", {results.splits} times" if results.splits > 1 else ""
    return WeightsConfig(
        name="-".join(filter(None, ("bpdemo", model, find_model(model).name_of(network)))),
        model=model,
        stmap=stmap.specification(),
        beats=beats.specification(),
        network=network,
        training=Training(
            people=len(dataset.people),
            left_out=cohort.left_out,
            maps=len(dataset.person),
            systolic=systolic,
            diastolic=diastolic,
            recipe=recipe.to_json(),
            clips=cohort.clips,
            names=[person.name for person in dataset.people],
            start=None
            if start is None
            else TrainingStart(
                method=start.config.method,
                data=start.config.data,
                names=start.config.names,
                windows=start.config.windows,
            ),
        ),
        intervals=results.intervals,
        scatter=results.scatter,
        told=_with_intervals(told, results.told_intervals),
        validation=Validation(
            protocol=f"{recipe.folds} folds by person{repeated}; the shipped weights are the same recipe fitted on all "
            "people; settings were chosen on the training people of the first fold, whose test people alone had no say "
            "in anything",
            people=results.people,
            renderings=results.renderings,
            qualities={
                quality: QualityFigures(
                    **{
                        pressure: Figures(**scores.model_dump(include=set(Figures.model_fields), exclude_unset=True))
                        for pressure, scores in by_pressure.items()
                    }
                )
                for quality, by_pressure in results.qualities.items()
            },
        ),
        provenance=provenance,
    )


def _with_intervals(told: ToldParameters | None, intervals: Intervals | None) -> ToldParameters | None:
    """Give the model of what people tell the intervals that were found on people unseen."""
    if told is None or intervals is None:
        return told
    return with_half_widths(told, np.array([intervals.systolic, intervals.diastolic]))


def provenance(
    data: Mapping[str, str | Path],
    maps: Sequence[str | Path],
    unseen: Mapping[str, str | Path],
    cohort: Cohort,
    model: str,
    network: NetworkConfig,
    recipe: Recipe,
    seed: int,
    results: Results,
    start: Start | None = None,
) -> Provenance:
    """Return where weights come from, with the command to get them again."""
    options = [
        *_sources(data, maps),
        *(f"--unseen {name}=DIR" for name in unseen),
        *_of_model(model, network),
        *([] if start is None else ["--start START"]),
        *([f"--pretrain {recipe.pretrain or 'none'}"] if recipe.pretrain != recipe_of(model).pretrain else []),
    ]
    folder = "weights" if model == DEFAULT_MODEL else f"weights/{model}"
    return Provenance(
        data=", ".join(cohort.data_sets),
        citation=cite(data, [name for name in cohort.data_sets if name not in data]),
        commit=_commit(),
        command=f"bpdemo train {' '.join(options)} --seed {seed} --output {folder}",
        seed=seed,
        date=_today(),
        statement=_STATEMENTS["standard" in results.qualities, FILMED in results.qualities],
    )


def pulse_provenance(
    data: Mapping[str, str | Path],
    maps: Sequence[str | Path],
    people: Sequence[str],
    model: str,
    network: Any,
    labels: float,
    seed: int,
) -> Provenance:
    """Return where weights of a network come from that finds the pulse in frames of some people, by name."""
    sets = list(dict.fromkeys(map(data_set_of, people)))
    told = (
        f"the contact pulse of {100 * labels:.0f} % of the people was told" if labels else "no contact pulse was told"
    )
    options = [*_sources(data, maps), *_of_model(model, network), *([f"--labels {labels:g}"] if labels else [])]
    return Provenance(
        data=", ".join(sets),
        citation=cite(data, [name for name in sets if name not in data]),
        commit=_commit(),
        command=f"bpdemo train {' '.join(options)} --seed {seed} --output weights/{model}",
        seed=seed,
        date=_today(),
        statement=f"Trained on frames of faces; {told}. It finds a pulse and gives no pressure.",
    )


def _sources(data: Mapping[str, str | Path], maps: Sequence[str | Path]) -> list[str]:
    """The options that name data sets and maps, without anybody's own paths."""
    return [
        *(f"--data {name}=DIR" for name in data),
        *(f"--maps {'MAPS' if Path(source).exists() else source}" for source in maps),
    ]


def _of_model(model: str, network: Any) -> list[str]:
    """The options that name a model and its size, where these are not the default."""
    size = find_model(model).name_of(network)
    return [*([] if model == DEFAULT_MODEL else [f"--model {model}"]), *([f"--size {size}"] if size else [])]


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _commit() -> str:
    """The commit this code is at, or "unknown" outside a repository."""
    command = ["git", "rev-parse", "HEAD"]
    answer = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"
