"""Cross-validation: every person is answered by networks that were fitted without that person, several times over."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from bpdemo.data.registry import split_by_person
from bpdemo.models.beats import NetworkConfig
from bpdemo.training.dataset import SliceSet
from bpdemo.training.files import replace_file
from bpdemo.training.fit import Recipe, fit, processes
from bpdemo.training.predictions import Predictions, join_predictions, predict

_WORTH_A_POOL = 1000  # maps; fewer are fitted before other processes have started


def cross_validate(
    slices: SliceSet,
    tests: SliceSet,
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    run: Path,
    device: torch.device,
    *,
    title: str = "folds",
    pressures: np.ndarray | None = None,
    fit_seed: int | None = None,
) -> Predictions:
    """Predict every person with networks that were fitted without that person.

    On a CPU as many folds are fitted at a time as there are processors, each on one.

    Args:
        slices: of training renderings.
        tests: of evaluation renderings of the same people, in the same order.
        config: of the network.
        recipe: of the fit; `repetitions` of `folds` splits, drawn with seed, seed + 1, ...
        seed: fixes splits and fits.
        run: folder that keeps finished folds and checkpoints.
        device: where to compute.
        title: of the progress bar, and of the files in `run`.
        pressures: float32 [people, 2], what to fit instead of the people's own pressures: the control with permuted
            labels.
        fit_seed: fixes the fits; None takes `seed`.

    Returns:
        The answers for all of `tests`, split by split.
    """
    run.mkdir(parents=True, exist_ok=True)
    learned = slices if pressures is None else _relabelled(slices, pressures)
    same = (learned, tests, config, recipe, device)
    work = [
        (
            *same,
            (seed if fit_seed is None else fit_seed) + split,
            split,
            fold,
            *sides,
            run / f"{title}_{split}_{fold}.npz",
        )
        for split in range(recipe.repetitions)
        for fold, sides in enumerate(split_by_person(slices.people, recipe.folds, seed + split))
    ]
    todo = [job for job in work if not job[-1].is_file()]
    together = processes(device)
    together.wait_for_everyone()  # before a fold is finished, all have seen which are
    with tqdm(total=len(work), initial=len(work) - len(todo), desc=title, unit="fold") as bar:
        for _ in share_out(_predict_fold, todo, device, len(slices.person)):
            bar.update()
    return join_predictions([Predictions.load(job[-1]) for job in work])


def share_out(do: Callable[[tuple], None], jobs: Sequence[tuple], device: torch.device, maps: int) -> Iterator[None]:
    """Do several fits: on a CPU as many at a time as there are processors, each on one; else one after the other.

    Args:
        do: the fit; what it finds it writes to a file.
        jobs: what each is given.
        device: where to compute.
        maps: how many each fit is about.

    Yields:
        After every job.
    """
    workers = min(os.cpu_count() or 1, len(jobs)) if processes(device).num_processes == 1 else 1
    if device.type == "cpu" and workers > 1 and maps >= _WORTH_A_POOL:
        with ProcessPoolExecutor(workers, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
            yield from pool.map(do, jobs)
    else:
        yield from map(do, jobs)


def _predict_fold(job: tuple) -> None:
    """Fit on the people of one fold's training side, and write what comes out for its test people."""
    slices, tests, config, recipe, device, seed, split, fold, train_people, test_people, done = job
    of = tests.of_people(test_people)
    checkpoint = done.with_suffix(".pt")
    network = fit(slices, train_people, config, recipe, seed, device, checkpoint=checkpoint, title=None)
    value, probability, scale = predict(network, tests, of, device)
    # A person's maps may have pressures of their own; each person counts once all the same.
    mean = np.mean([slices.truth[slices.of_people([person])].mean(axis=0) for person in train_people], axis=0)
    answers = Predictions(
        tests.person[of],
        tests.quality[of],
        tests.truth[of].astype(np.float64),
        np.full(len(of), split),
        np.full(len(of), fold),
        np.broadcast_to(mean.astype(np.float64), value.shape),
        value,
        scale,
        probability,
    )
    together = processes(device)
    if together.is_main_process:
        replace_file(done, answers.save)
        checkpoint.unlink(missing_ok=True)
    together.wait_for_everyone()


def _relabelled(slices: SliceSet, pressures: np.ndarray) -> SliceSet:
    """The same slices with other pressures for each person."""
    return replace(slices, own_pressures=pressures[slices.person].astype(np.float32))
