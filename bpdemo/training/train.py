"""From data sets to a weights folder: the recipe cross-validated, fitted on everybody, and saved with its evidence."""

import datetime
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from accelerate.utils import broadcast_object_list

from bpdemo import beats, stmap
from bpdemo.data.registry import cite, load_people
from bpdemo.models.config import NetworkConfig
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.report import save_evidence
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.system.files import write_file
from bpdemo.training import cross_validation
from bpdemo.training.baselines import TRAINING_RENDERINGS, predict_with_baselines
from bpdemo.training.dataset import Cohort, Dataset, prepare, subsample
from bpdemo.training.evaluate import EVALUATION_SEED, external_validation
from bpdemo.training.fit import Recipe, distributed_state, fit
from bpdemo.training.folds import make_folds
from bpdemo.training.results import FILMED, PRESSURES, Results
from bpdemo.training.scoring import About, summarise
from bpdemo.weights.config import (
    Figures,
    Provenance,
    QualityFigures,
    TrainedPressure,
    Training,
    Validation,
    WeightsConfig,
)
from bpdemo.weights.store import Weights, pick_device, save_weights

RECIPE = Recipe()
NETWORK = NetworkConfig()

_STATEMENTS = {  # by whether windows were rendered and whether clips were used
    (True, False): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise; no face video with measured pressures was used.",
    (True, True): "Trained on finger pulses of real people with cuff pressures, rendered into face maps with camera "
    "noise, and on face clips of other people with cuff pressures.",
    (False, True): "Trained on face clips of real people with cuff pressures.",
}


@dataclass(frozen=True)
class Material:
    """What a run fits and scores."""

    cohort: Cohort
    dataset: Dataset  # to fit on
    tests: Dataset  # other renderings of the same people, to score on


def train(
    data: Mapping[str, str | Path],
    output: str | Path,
    *,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    unseen: Mapping[str, str | Path] | None = None,
    recipe: Recipe = RECIPE,
    network: NetworkConfig = NETWORK,
) -> WeightsConfig:
    """Cross-validate the recipe by person, fit it on everybody, save weights with their evidence; return their config.

    Pulse recordings are rendered, clips are taken as they were filmed; one run may use both. Data sets are name ->
    folder; the finished weights are scored on the `unseen` ones. The seed fixes renderings, splits and fits. A run of
    the same recipe, data and seed goes on where it stopped in the folder `run`, by default `<output>.run`.

    Raises:
        DataError: the data cannot be used.
        WeightsError: no such device, or the weights cannot be written.
    """
    picked = pick_device(device)
    load_people(unseen or {})  # what is wrong with them is reported before an hour of work, not behind it
    output = Path(output)
    material = prepare_material(data, recipe, seed)
    state = distributed_state(picked)
    with state.main_process_first():
        folder = open_run(run or output.with_name(f"{output.name}.run"), material, recipe, network, seed)
    results = run_experiment(material, network, recipe, seed, folder, picked)
    everybody = range(len(material.dataset.people))
    fitted = fit(
        material.dataset, everybody, network, recipe, seed, picked, checkpoint=folder / "all.pt", title="fit on all"
    )
    config = _describe(material, network, recipe, results, _provenance(data, unseen or {}, seed, results))
    if state.is_main_process:
        if unseen:
            other = external_validation(Weights(config.name, None, output, config, fitted), unseen)
            results = results.model_copy(update={"other_data": other})
        save_weights(output, fitted, config, write_card(config, results))
        save_evidence(results, output)
    state.wait_for_everyone()
    return config


def cross_validate(
    data: Mapping[str, str | Path],
    *,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    recipe: Recipe = RECIPE,
    network: NetworkConfig = NETWORK,
) -> Results:
    """Return the scores of the recipe on the folds of some data sets; no weights are kept.

    Arguments and errors are those of `train`, but for `run`: None keeps no checkpoints, and several processes without a
    folder must be on one machine.
    """
    picked = pick_device(device)
    state = distributed_state(picked)
    material = prepare_material(data, recipe, seed)
    with TemporaryDirectory() as nowhere:
        # Each of several processes has made a folder; all work in the main one's.
        folder = Path(broadcast_object_list([str(run or nowhere)])[0])
        with state.main_process_first():
            open_run(folder, material, recipe, network, seed)
        results = run_experiment(material, network, recipe, seed, folder, picked)
        state.wait_for_everyone()  # before the folder is gone
    return results


def prepare_material(data: Mapping[str, str | Path], recipe: Recipe, seed: int) -> Material:
    """Return what to fit and to score: data sets loaded, recordings rendered, clips read.

    Raises:
        DataError: the data cannot be used.
    """
    cohort = prepare(data)
    return Material(
        cohort,
        cohort.render(recipe.qualities * recipe.cycles, seed, "training"),
        cohort.render(tuple(QUALITIES) * recipe.test_renderings, seed + EVALUATION_SEED, "evaluation"),
    )


def run_experiment(
    material: Material, config: NetworkConfig, recipe: Recipe, seed: int, run: Path, device: torch.device
) -> Results:
    """Return the scores of the network and of simpler models, cross-validated on the same folds.

    The folder `run` keeps finished folds and checkpoints.
    """
    dataset, tests, cohort = material.dataset, material.tests, material.cohort
    folds = make_folds(dataset.people, recipe.folds, recipe.repetitions, seed)
    network = cross_validation.cross_validate(dataset, tests, folds, config, recipe, run, device)
    about = About(
        dataset=cohort.name,
        left_out=cohort.left_out,
        renderings=recipe.test_renderings if cohort.recorded else 0,
        folds=recipe.folds,
        seeds=sorted({fold.seed for fold in folds}),
        edges=(config.systolic_edges, config.diastolic_edges),
        clips=cohort.clips,
    )
    models = predict_with_baselines(subsample(dataset, TRAINING_RENDERINGS), tests, folds)
    return summarise(network, about, models=models)


def open_run(run: str | Path, material: Material, recipe: Recipe, network: NetworkConfig, seed: int) -> Path:
    """Return the folder of a run; what a stopped run of the same settings left in it is kept, all else cleared away."""
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    settings = {
        "recipe": recipe.to_json(),
        "network": asdict(network),
        "seed": seed,
        "stmap": stmap.specification(),
        "beats": beats.specification(),
        "people": [person.name for person in material.dataset.people],
        "pressures": material.dataset.pressures.tolist(),
        "windows": len(material.dataset.person),
    }
    content = json.dumps(settings).encode()
    marker = run / "settings.json"
    if not (marker.is_file() and marker.read_bytes() == content):
        for file in (*run.glob("*.npz"), *run.glob("*.pt")):
            file.unlink()
        write_file(marker, content)
    return run


def _describe(
    material: Material, network: NetworkConfig, recipe: Recipe, results: Results, provenance: Provenance
) -> WeightsConfig:
    """The content of config.json."""
    dataset, cohort = material.dataset, material.cohort
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
        name="bpdemo-small",
        model="beats",
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
        ),
        intervals=results.intervals,
        validation=Validation(
            protocol=f"{recipe.folds} folds by person{repeated}; the shipped weights are the same recipe fitted on all "
            "people; the settings of the recipe were chosen by hand with an eye on these folds",
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


def _provenance(
    data: Mapping[str, str | Path], unseen: Mapping[str, str | Path], seed: int, results: Results
) -> Provenance:
    """Where the weights come from, with the command to get them again."""
    sets = [*(f"--data {name}=DIR" for name in data), *(f"--unseen {name}=DIR" for name in unseen)]
    return Provenance(
        data=", ".join(data),
        citation=cite(data),
        commit=_commit(),
        command=f"bpdemo train {' '.join(sets)} --seed {seed} --output weights",
        seed=seed,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        statement=_STATEMENTS["standard" in results.qualities, FILMED in results.qualities],
    )


def _commit() -> str:
    """The commit this code is at, or "unknown" outside a repository."""
    command = ["git", "rev-parse", "HEAD"]
    answer = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"
