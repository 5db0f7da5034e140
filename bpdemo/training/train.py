"""From data sets to a weights folder: the recipe cross-validated, fitted on everybody, and saved with its evidence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from accelerate.utils import broadcast_object_list

from bpdemo import beats, stmap
from bpdemo.data.person import Person
from bpdemo.data.registry import load_people
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.report import save_evidence
from bpdemo.synthesis.maps import QUALITIES
from bpdemo.system.files import write_file
from bpdemo.training import cross_validation
from bpdemo.training.baselines import TRAINING_RENDERINGS, predict_with_baselines
from bpdemo.training.cohort import Cohort, prepare
from bpdemo.training.cost import measure_cost
from bpdemo.training.dataset import Dataset, subsample
from bpdemo.training.description import describe, provenance
from bpdemo.training.evaluate import EVALUATION_SEED, external_validation
from bpdemo.training.fit import fit
from bpdemo.training.folds import make_folds
from bpdemo.training.intervals import COVERAGE, half_widths
from bpdemo.training.levels import add_filmed
from bpdemo.training.loop import distributed_state
from bpdemo.training.recipe import Recipe, recipe_of
from bpdemo.training.results import BOTH, Results
from bpdemo.training.scoring import About, summarise
from bpdemo.training.told import answers_with_told, fit_told_of
from bpdemo.weights.config import Intervals, WeightsConfig
from bpdemo.weights.folder import pick_device
from bpdemo.weights.start import Start, load_start
from bpdemo.weights.store import Weights, save_weights


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
    maps: Sequence[str | Path] = (),
    model: str = DEFAULT_MODEL,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    unseen: Mapping[str, str | Path] | None = None,
    recipe: Recipe | None = None,
    network: NetworkConfig | None = None,
    start: str | Path | None = None,
) -> WeightsConfig:
    """Cross-validate the recipe by person, fit it on everybody, save weights with their evidence; return their config.

    Pulse recordings are rendered, clips are taken as they were filmed; one run may use both. Data sets are name ->
    folder, `maps` are of clips (`bpdemo extract`); the finished weights are scored on the `unseen` ones. `model` is a
    key of `bpdemo.models.MODELS`; recipe and sizes are its own where none are given. The seed fixes renderings, splits
    and fits; they begin at `start`, a folder of `bpdemo pretrain` that saw none of these people. A run of the same
    recipe, data and seed goes on where it stopped in the folder `run`, by default `<output>.run`.

    Raises:
        DataError: the data cannot be used.
        WeightsError: no such device or model, or the weights cannot be written.
    """
    picked = pick_device(device)
    recipe, network = recipe or recipe_of(model), network or find_model(model).config()
    others = load_people(unseen or {})  # what is wrong with them is reported before an hour of work, not behind it
    output = Path(output)
    begin = open_start(start, model, network, others)
    material = prepare_material(data, recipe, seed, maps, model, begin)
    state = distributed_state(picked)
    with state.main_process_first():
        folder = open_run(run or output.with_name(f"{output.name}.run"), material, recipe, network, seed, model, begin)
    results = run_experiment(material, network, recipe, seed, folder, picked, model, begin)
    everybody = range(len(material.dataset.people))
    how = (network, recipe, seed, picked)
    checkpoint = folder / "all.pt"
    fitted = fit(material.dataset, everybody, *how, model=model, checkpoint=checkpoint, title="fit on all", start=begin)
    origin = provenance(data, maps, unseen or {}, material.cohort, model, network, recipe, seed, results, begin)
    told = fit_told_of(fitted.set_aside, material.dataset.people, everybody)
    config = describe(material.cohort, material.dataset, model, network, recipe, results, origin, told, begin)
    if state.is_main_process:
        if unseen:
            other = external_validation(Weights(config.name, None, output, config, fitted.model), unseen)
            results = results.model_copy(update={"other_data": other})
        save_weights(output, fitted.model, config, write_card(config, results))
        save_evidence(results, output)
    state.wait_for_everyone()
    return config


def cross_validate(
    data: Mapping[str, str | Path],
    *,
    maps: Sequence[str | Path] = (),
    model: str = DEFAULT_MODEL,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    recipe: Recipe | None = None,
    network: NetworkConfig | None = None,
    start: str | Path | None = None,
) -> Results:
    """Return the scores of the recipe on the folds of some data sets and maps; no weights are kept.

    Arguments and errors are those of `train`, but for `run`: None keeps no checkpoints, and several processes without a
    folder must be on one machine.
    """
    picked = pick_device(device)
    recipe, network = recipe or recipe_of(model), network or find_model(model).config()
    begin = open_start(start, model, network)
    material = prepare_material(data, recipe, seed, maps, model, begin)
    with shared_folder(run, picked) as folder:
        with distributed_state(picked).main_process_first():
            open_run(folder, material, recipe, network, seed, model, begin)
        return run_experiment(material, network, recipe, seed, folder, picked, model, begin)


def open_start(
    start: str | Path | None, model: str, network: NetworkConfig, tested: Sequence[Person] = ()
) -> Start | None:
    """Return where fits of a model in these sizes begin, None where nothing is named.

    Raises:
        WeightsError: `start_missing`, `start_invalid` or `start_differs`.
        DataError: `people_seen`, where it saw some of those who are tested.
    """
    if start is None:
        return None
    begin = load_start(start)
    begin.check(model, network)
    begin.check_unseen(person.name for person in tested)
    return begin


@contextmanager
def shared_folder(run: str | Path | None, device: torch.device) -> Iterator[Path]:
    """Give all processes one folder to work in: `run`, or a temporary one."""
    state = distributed_state(device)
    with TemporaryDirectory() as nowhere:
        # Each of several processes has made a folder; all work in the main one's.
        yield Path(broadcast_object_list([str(run or nowhere)])[0])
        state.wait_for_everyone()  # before the folder is gone


def prepare_material(
    data: Mapping[str, str | Path],
    recipe: Recipe,
    seed: int,
    maps: Sequence[str | Path] = (),
    model: str = DEFAULT_MODEL,
    start: Start | None = None,
) -> Material:
    """Return what to fit a model on and to score: data sets loaded, recordings rendered, clips and maps read.

    Raises:
        DataError: the data cannot be used; `people_seen`, where the start saw some of them.
    """
    cohort = prepare(data, maps, model=find_model(model))
    if start is not None:
        start.check_unseen(person.name for person in cohort.people)
    return Material(
        cohort,
        cohort.render(recipe.qualities * recipe.cycles, seed, "training"),
        cohort.render(tuple(QUALITIES) * recipe.test_renderings, seed + EVALUATION_SEED, "evaluation"),
    )


def run_experiment(
    material: Material,
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    run: Path,
    device: torch.device,
    model: str = DEFAULT_MODEL,
    start: Start | None = None,
) -> Results:
    """Return the scores of the network and of simpler models, cross-validated on the same folds.

    The folder `run` keeps finished folds and checkpoints.
    """
    dataset, tests, cohort = material.dataset, material.tests, material.cohort
    folds = make_folds(dataset.people, recipe.folds, recipe.repetitions, seed)
    network = cross_validation.cross_validate(
        dataset, tests, folds, config, recipe, run, device, model=model, start=start
    )
    parameters, milliseconds = measure_cost(find_model(model).build(config))
    about = About(
        dataset=cohort.name,
        model=model,
        start=start.config.method if start else recipe.pretrain,
        parameters=parameters,
        milliseconds=milliseconds,
        left_out=cohort.left_out,
        renderings=recipe.test_renderings if cohort.recorded else 0,
        folds=recipe.folds,
        seeds=sorted({fold.seed for fold in folds}),
        edges=(config.systolic_edges, config.diastolic_edges),
        clips=cohort.clips,
        windows=cohort.windows,
    )
    models = predict_with_baselines(subsample(dataset, TRAINING_RENDERINGS), tests, folds)
    both = answers_with_told(network)
    if len(both.person):
        models[BOTH] = both
    results = add_filmed(summarise(network, about, models=models), network, tests, about.edges)
    if len(both.person):
        systolic, diastolic = half_widths(both, results.reference).round(2).tolist()
        told = Intervals(coverage=COVERAGE, systolic=systolic, diastolic=diastolic)
        results = results.model_copy(update={"told_intervals": told})
    return results


def open_run(
    run: str | Path,
    material: Material,
    recipe: Recipe,
    network: NetworkConfig,
    seed: int,
    model: str = DEFAULT_MODEL,
    start: Start | None = None,
) -> Path:
    """Return the folder of a run; what a stopped run of the same settings left in it is kept, all else cleared away."""
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    settings = {
        "recipe": recipe.to_json(),
        "model": model,
        "network": asdict(network),
        "seed": seed,
        "stmap": stmap.specification(),
        "beats": beats.specification(),
        "people": [person.name for person in material.dataset.people],
        "pressures": material.dataset.pressures.tolist(),
        "windows": len(material.dataset.person),
        "start": start and start.identity,
    }
    content = json.dumps(settings).encode()
    marker = run / "settings.json"
    if not (marker.is_file() and marker.read_bytes() == content):
        for file in (*run.glob("*.npz"), *run.glob("*.pt")):
            file.unlink()
        write_file(marker, content)
    return run
