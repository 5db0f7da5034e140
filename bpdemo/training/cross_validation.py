"""Cross-validation: every person is answered by networks that were fitted without that person, several times over."""

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from tqdm import tqdm

from bpdemo.models import DEFAULT_MODEL
from bpdemo.models.config import NetworkConfig
from bpdemo.system.files import write_file
from bpdemo.system.processes import cores, map_in_processes
from bpdemo.training.dataset import Dataset
from bpdemo.training.fit import fit
from bpdemo.training.folds import Fold
from bpdemo.training.loop import distributed_state
from bpdemo.training.predictions import Predictions, ask, concat_predictions
from bpdemo.training.recipe import Recipe
from bpdemo.training.told import add_told, fit_told_of
from bpdemo.weights.start import Start

Job = TypeVar("Job")

_work: Callable[[Any], None]  # in a process of `fit_all`
_WORTH_A_POOL = 1000  # windows; fewer are fitted before other processes have started


def cross_validate(
    dataset: Dataset,
    tests: Dataset,
    folds: Sequence[Fold],
    config: NetworkConfig,
    recipe: Recipe,
    run: Path,
    device: torch.device,
    *,
    model: str = DEFAULT_MODEL,
    title: str = "folds",
    start: Start | None = None,
) -> Predictions:
    """Return the answers for all of `tests`, fold by fold, of networks fitted on `dataset` without the person.

    Both hold the same people in the same order. On a CPU as many folds are fitted at a time as there are processors,
    each on one. The folds' seeds fix the fits, which begin at `start` where there is one. Finished folds and
    checkpoints are kept in `run`, in files that start with `title`.
    """
    run.mkdir(parents=True, exist_ok=True)
    work = partial(_fit_fold, dataset, tests, model, config, recipe, device, run, title, start)
    todo = [fold for fold in folds if not _answers_of(fold, run, title).is_file()]
    distributed_state(device).wait_for_everyone()  # before a fold is finished, all have seen which are
    with tqdm(total=len(folds), initial=len(folds) - len(todo), desc=title, unit="fold") as bar:
        for _ in fit_all(work, todo, device, len(dataset.person)):
            bar.update()
    return concat_predictions([Predictions.load(_answers_of(fold, run, title)) for fold in folds])


def fit_all(work: Callable[[Job], None], jobs: Sequence[Job], device: torch.device, windows: int) -> Iterator[None]:
    """Yield after every one of several fits: on a CPU as many at a time as there are processors, each on one.

    `work` does one fit, of about so many windows, and writes what it finds to a file.
    """
    alone = device.type != "cpu" or distributed_state(device).num_processes > 1
    if alone or cores() == 1 or len(jobs) < 2 or windows < _WORTH_A_POOL:
        yield from map(work, jobs)
    else:
        # The work holds the data set: it is sent once to each process, and not with each job.
        yield from map_in_processes(_work_in_process, jobs, prepare=_start_process, arguments=(work,))


def _start_process(work: Callable[[Any], None]) -> None:
    global _work
    torch.set_num_threads(1)
    _work = work


def _work_in_process(job: Any) -> None:
    _work(job)


def _fit_fold(
    dataset: Dataset,
    tests: Dataset,
    model: str,
    config: NetworkConfig,
    recipe: Recipe,
    device: torch.device,
    run: Path,
    title: str,
    start: Start | None,
    fold: Fold,
) -> None:
    """Fit on the people of a fold's training side, and write what comes out for its test people."""
    done = _answers_of(fold, run, title)
    checkpoint = done.with_suffix(".pt")
    how = (config, recipe, fold.seed, device)
    fitted = fit(dataset, fold.train, *how, model=model, checkpoint=checkpoint, title=None, start=start)
    windows = tests.windows_of(fold.test)
    mean = dataset.truth_of(fold.train).mean(axis=0)
    answers = ask(fitted.model, tests, windows, device).beside(tests, windows, mean, split=fold.split, fold=fold.number)
    answers = add_told(answers, fit_told_of(fitted.set_aside, dataset.people, fold.train), tests.people)
    state = distributed_state(device)
    if state.is_main_process:
        content = io.BytesIO()
        answers.save(content)
        write_file(done, content.getvalue())
        checkpoint.unlink(missing_ok=True)
    state.wait_for_everyone()


def _answers_of(fold: Fold, run: Path, title: str) -> Path:
    return run / f"{title}_{fold.split}_{fold.number}.npz"
