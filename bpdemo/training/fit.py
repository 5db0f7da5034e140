"""Fit a model on the windows of some people, and find on people set aside how much of its answers is worth keeping.

The people are parted. Every member of the model sets one part aside and learns from the others. Those set aside are
then answered by the member that did not learn from them: *cross-fitting*. From these answers comes the share of the
distance from the training mean that is kept (`models/pressure_model.py`). Test people have a say in nothing. Ours
throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bpdemo.data.splits import split_by_person
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.heads import range_of
from bpdemo.models.pressure_model import PressureModel
from bpdemo.training.checkpoint import load_checkpoint, save_checkpoint
from bpdemo.training.dataset import Dataset, contact_beats
from bpdemo.training.loop import distributed_state
from bpdemo.training.member_fit import MemberFit
from bpdemo.training.predictions import Predictions, ask, concat_predictions
from bpdemo.training.pulse_fit import fit_pulse, pulse_windows, with_contact
from bpdemo.training.recipe import Recipe
from bpdemo.training.teach import teach_member
from bpdemo.weights.start import Start

_TINY = 1e-9


@dataclass(frozen=True)
class Fitted:
    """A fitted model, and what its members answered for the people they had set aside.

    Attributes:
        model: in evaluation mode.
        set_aside: of windows the demo would give a reading for, drawn to the mean as the model's answers are; `fold` is
            the part, `baseline` the mean of those learned from. With fewer members than parts, not everybody is in it.
    """

    model: PressureModel
    set_aside: Predictions


def fit(
    dataset: Dataset,
    people: Sequence[int],
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    *,
    model: str = DEFAULT_MODEL,
    checkpoint: Path | None = None,
    title: str | None = "fit",
    start: Start | None = None,
) -> Fitted:
    """Return a model fitted on the windows of some people, on `device`, and its answers for people set aside.

    Several processes (`accelerate launch`, `torchrun`) share every batch: what one draws, they draw, and each takes its
    part of it. On CUDA it computes in mixed precision.

    Nobody else's windows are touched. The seed fixes initial weights, order and augmentation; where there is a `start`,
    it has the part of every member's initial weights that it holds, and nothing is pretrained here. The checkpoint is
    written after each epoch; when it is there, the fit goes on from it. Without a title no progress is shown.

    Raises:
        DataError: `too_few_people`, fewer than two; `too_many_processes`, more than windows in a batch; of a model that
            reads frames, `no_contact_pulse` or `too_few_clips`.
        WeightsError: `model_unknown`.
    """
    torch.manual_seed(seed)
    fitted = find_model(model).build(config)
    windows = dataset.windows_of(people)
    contact = contact_beats(dataset.people)
    for member in fitted.members:
        if start is not None:
            start.put_into(member)
        member.fit_reference(dataset.batches(windows), contact[list(people)])
    finished, pulse_state, state = 0, None, None
    if (saved := load_checkpoint(checkpoint)) is not None:
        fitted.load_state_dict(saved["network"])
        finished, pulse_state, state = saved["finished"], saved["pulse"], saved["member"]
    parts = max(2, min(recipe.set_aside, len(people)))
    splits = [
        tuple([people[i] for i in side] for side in sides)
        for sides in split_by_person([dataset.people[person] for person in people], parts, seed)
    ]
    for number in range(finished, config.members):

        def save(finished: int, pulse: dict[str, Any] | None, member: dict[str, Any] | None) -> None:
            if checkpoint is not None and distributed_state(device).is_main_process:
                parts = {"network": fitted.state_dict(), "finished": finished, "pulse": pulse, "member": member}
                save_checkpoint(checkpoint, parts)

        learning, _ = splits[number % parts]
        member, own_seed = fitted.members[number], seed + 1000 * number
        shown = None if title is None else f"{title}, member {number + 1}/{config.members}"
        if recipe.pretrain is not None and start is None and state is None:
            of_learning = dataset.windows_of(learning)
            pretrain_title = None if shown is None else f"{shown}, pretrain"
            method = find_model(recipe.pretrain)
            teach_member(member, method, dataset, of_learning, own_seed, device, pretrain_title)
        if member.pulse is not None and state is None:
            frames = with_contact(pulse_windows(dataset, dataset.windows_of(learning)))
            told, epochs = np.ones(len(frames.crop), bool), member.pulse.EPOCHS
            how = (epochs, own_seed, device, None if shown is None else f"{shown}, pulse", pulse_state)
            fit_pulse(member.pulse, frames, told, *how, partial(save, number, member=None))
            member.train()  # which holds the pulse's network still, before several processes agree on what is learned
        MemberFit(
            dataset,
            config,
            recipe,
            *draw_chances(dataset, learning, config),
            member.shape_of(torch.from_numpy(contact)),
            own_seed,
            device,
            shown,
        ).run(member, state, partial(save, number, None))
        pulse_state = state = None
        save(number + 1, None, None)
    fitted.to(device).eval()
    set_aside = []
    for number, (member, (learning, aside)) in enumerate(zip(fitted.members, splits, strict=False)):
        windows, mean = dataset.windows_of(aside), dataset.truth_of(learning).mean(axis=0)
        # How far to trust an answer is learned where answers are given; where there are none such, from all.
        readable = windows[dataset.readable[windows]]
        windows = readable if len(readable) else windows
        set_aside.append(ask(member, dataset, windows, device).beside(dataset, windows, mean, fold=number))
    answers, truth = concat_predictions(set_aside), dataset.truth_of(people)
    mean = truth.mean(axis=0)
    kept = share_to_keep(answers, mean)
    fitted.fit_shrinkage(truth, kept)
    return Fitted(fitted, replace(answers, value=mean + kept * (answers.value - mean)))


def draw_chances(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows of some people, int [n], and the chance of each to be drawn, float64 [n] of sum 1.

    It lies halfway between drawing all people alike and drawing all systolic ranges of `config` alike, however many
    windows a person has: the oversampling of rare pressures, whose rule the paper does not give.
    """
    index = range_of(torch.from_numpy(dataset.pressures[:, 0]), config.systolic_edges).numpy()
    sizes = np.bincount(index[list(people)], minlength=len(config.systolic_edges) - 1)
    windows = dataset.windows_of(people)
    whose = dataset.person[windows]
    chances = 1 / (np.sqrt(sizes[index[whose]]) * np.bincount(whose)[whose])
    return windows, chances / chances.sum()


def share_to_keep(answers: Predictions, mean: np.ndarray) -> np.ndarray:
    """Return the share [2] of the distance from the mean [2] mmHg that answers should keep, 0 to 1.

    It is the least-squares slope of truth - mean on answer - mean; everybody counts alike, whatever number of answers.
    """
    weight = (1 / np.bincount(answers.person)[answers.person])[:, None]
    answer, truth = answers.value - mean, answers.truth - mean
    slope = (weight * answer * truth).sum(axis=0) / np.maximum((weight * answer**2).sum(axis=0), _TINY)
    return np.clip(slope, 0.0, 1.0)
