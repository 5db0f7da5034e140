"""A protocol run: weights that were trained elsewhere asked about everybody, or a model fitted fold by fold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bpdemo.data.person import data_set_of
from bpdemo.errors import DataError
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.training.baselines import TRAINING_RENDERINGS, predict_with_baselines
from bpdemo.training.cohort import Cohort, prepare
from bpdemo.training.cross_validation import cross_validate
from bpdemo.training.dataset import Dataset, subsample
from bpdemo.training.evaluate import predict, score_weights
from bpdemo.training.folds import deal_folds
from bpdemo.training.levels import add_filmed
from bpdemo.training.loop import distributed_state
from bpdemo.training.predictions import average_clips
from bpdemo.training.protocols import Protocol, describe_run
from bpdemo.training.recipe import Recipe, recipe_of
from bpdemo.training.results import Results
from bpdemo.training.scoring import About, summarise
from bpdemo.training.train import Material, open_run, open_start, shared_folder
from bpdemo.weights.folder import pick_device
from bpdemo.weights.store import Weights


def evaluate_elsewhere(
    protocol: Protocol, weights: Weights, data: Mapping[str, str | Path], maps: Sequence[str | Path] = ()
) -> Results:
    """Return the scores of saved weights on everybody in the protocol's data set, beside what the paper reports.

    Data sets are name -> folder; of them and of the maps, only the protocol's own is looked at.

    Raises:
        DataError: from loading; `protocol_data`, when the protocol's data set is not there.
    """
    cohort, tests = _prepare(protocol, data, maps, weights.config.model)
    windows = predict(weights, tests)
    results = score_weights(weights, cohort, tests, windows)
    names = [sorted(person.name for person in tests.people)]
    network = weights.config.network
    edges = (network.systolic_edges, network.diastolic_edges)
    run = describe_run(protocol, weights.config.model, windows, names, edges)
    return results.model_copy(update={"protocol": run}).rounded()


def evaluate_folds(
    protocol: Protocol,
    data: Mapping[str, str | Path],
    maps: Sequence[str | Path] = (),
    *,
    model: str = DEFAULT_MODEL,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    recipe: Recipe | None = None,
    network: NetworkConfig | None = None,
    start: str | Path | None = None,
) -> Results:
    """Return the scores of a model on the protocol's folds, beside what the paper reports; no weights are kept.

    Everybody is answered by a network fitted on the other folds. As in `evaluate`, a clip counts once. `model` is a key
    of `bpdemo.models.MODELS`, recipe and sizes are its own where none are given; the seed is of the fits, as the folds
    are fixed; they begin at `start`, a folder of `bpdemo pretrain`; `run` keeps checkpoints.

    Raises:
        DataError: as `evaluate_elsewhere`; `too_few_people`, fewer than folds; `people_seen`, by the start.
        WeightsError: no such device or model.
    """
    picked = pick_device(device)
    recipe, network = recipe or recipe_of(model), network or find_model(model).config()
    begin = open_start(start, model, network)
    cohort, dataset = _prepare(protocol, data, maps, model)
    if begin is not None:
        begin.check_unseen(person.name for person in dataset.people)
    recipe = replace(recipe, folds=protocol.folds or recipe.folds, repetitions=1)
    folds = deal_folds(dataset.people, recipe.folds, seed)
    with shared_folder(run, picked) as folder:
        with distributed_state(picked).main_process_first():
            open_run(folder, Material(cohort, dataset, dataset), recipe, network, seed, model, begin)
        how = (network, recipe, folder, picked)
        windows = cross_validate(dataset, dataset, folds, *how, model=model, title=protocol.name, start=begin)
    beside = predict_with_baselines(subsample(dataset, TRAINING_RENDERINGS), dataset, folds)
    about = About(
        dataset=cohort.name,
        model=model,
        left_out=cohort.left_out,
        edges=(network.systolic_edges, network.diastolic_edges),
        folds=recipe.folds,
        seeds=[seed],
        clips=cohort.clips,
        windows=cohort.windows,
    )
    models = {name: average_clips(answers) for name, answers in beside.items()}
    results = add_filmed(summarise(average_clips(windows), about, models=models), windows, dataset, about.edges)
    names = [[dataset.people[one].name for one in fold.test] for fold in folds]
    described = describe_run(protocol, model, windows, names, about.edges)
    return results.model_copy(update={"protocol": described}).rounded()


def _prepare(
    protocol: Protocol, data: Mapping[str, str | Path], maps: Sequence[str | Path], model: str
) -> tuple[Cohort, Dataset]:
    """Return the people of the protocol's data set who were filmed, and their windows."""
    found: set[str] = set()

    def wanted(person: str) -> bool:
        found.add(data_set_of(person))
        return data_set_of(person) == protocol.data_set

    try:
        cohort = prepare(data, maps, wanted, model=find_model(model))
    except DataError as error:
        if error.code != "no_clips" or protocol.data_set in found:
            raise
    else:
        if cohort.filmed:
            return cohort, cohort.filmed.dataset
    there = ", ".join(sorted(found)) or "nothing"
    raise DataError(
        "protocol_data",
        f"The protocol {protocol.name} needs clips of {protocol.data_set}; there is {there}.",
        f"Name maps that `bpdemo extract --data {protocol.data_set}=DIR` wrote.",
    )
