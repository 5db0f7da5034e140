"""Fit the network on the renderings of some people.

Every member of the network sets other people aside and keeps the weights that do best on those, so no member is fitted
longer than it can generalise, and yet everybody is learned from. Test people have a say in nothing. Ours throughout.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast_object_list
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from bpdemo.data.registry import split_by_person
from bpdemo.errors import DataError
from bpdemo.models.beats import BloodPressureNetwork, Member, NetworkConfig, average_rows
from bpdemo.training.dataset import SliceSet
from bpdemo.training.files import replace_file
from bpdemo.training.losses import LossWeights, blood_pressure_loss, range_of

OVERSAMPLING = ("root", "none", "density", "inverse", "loss")
"""Ways to make up for rare pressures (systolic ranges with few people); the first is the one shipped weights use.

`none` draws everybody alike; `inverse` draws every range alike; `root` lies halfway between the two; `density` draws
maps alike, but common ranges keep fewer renderings of a person; `loss` draws everybody alike and counts the errors of
rare ranges more, so that every range has the same say.
"""

_LEAST_SHARE = 0.25  # of a person's renderings that are kept in the commonest range by "density"


@dataclass(frozen=True)
class Recipe:
    """Everything a fit depends on besides data and seed.

    Attributes:
        qualities: capture qualities a person is rendered in for training, one cycle; repeated `cycles` times.
        cycles: see above.
        epochs: passes over as many maps as there are renderings, at most.
        patience: epochs without a better loss on the people set aside, after which a member is done.
        set_aside: one in so many people is set aside by each member; another one by the next.
        batch: maps in a step.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        average_decay: of the running average of the weights, which is what is kept.
        oversampling: one of `OVERSAMPLING`.
        loss: shares of its parts.
        folds: splits by person for the evidence.
        repetitions: times the folds are drawn anew.
        test_renderings: renderings of a person in each quality, other ones than training's, that answers are scored on.
    """

    qualities: tuple[str, ...] = ("strong", "standard", "standard", "poor")
    cycles: int = 6
    epochs: int = 8
    patience: int = 3
    set_aside: int = 8
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    average_decay: float = 0.99
    oversampling: str = OVERSAMPLING[0]
    loss: LossWeights = field(default_factory=LossWeights)
    folds: int = 5
    repetitions: int = 2
    test_renderings: int = 4

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON gives it back."""
        return asdict(self) | {"qualities": list(self.qualities)}


def fit(
    slices: SliceSet,
    people: Sequence[int],
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    *,
    checkpoint: Path | None = None,
    title: str | None = "fit",
) -> BloodPressureNetwork:
    """Fit one network on the renderings of some people.

    Started by `torchrun`, several processes share every batch; on CUDA it computes in mixed precision.

    Args:
        slices: of the renderings.
        people: indices of those to fit on; nobody else's maps are touched.
        config: of the network.
        recipe: of the fit.
        seed: fixes initial weights, order and augmentation.
        device: where to compute.
        checkpoint: file written after each epoch; when it is there, the fit goes on from it.
        title: of the progress bar; None shows none.

    Returns:
        The network on `device`, in evaluation mode: of each member the running average of the weights, as it was when
        it did best on the people it had set aside.

    Raises:
        DataError: `too_few_people`, fewer than two; `oversampling_unknown`.
    """
    torch.manual_seed(seed)
    network = BloodPressureNetwork(config)
    network.remember(*average_rows(*_inputs(slices, slices.of_people(people))[:2]))
    finished, state = 0, None
    if checkpoint is not None and checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True, map_location="cpu")  # every part moves its own to the device
        network.load_state_dict(saved["network"])
        finished, state = saved["finished"], saved["member"]
    aside = _set_aside(slices, people, recipe, config.members, seed)
    for number in range(finished, config.members):

        def save(member: dict | None, done: int) -> None:
            if checkpoint is not None and processes(device).is_main_process:
                content = {"network": network.state_dict(), "finished": done, "member": member}
                replace_file(checkpoint, lambda path: torch.save(content, path))

        name = None if title is None else f"{title}, member {number + 1}/{config.members}"
        job = _Job(slices, config, recipe, seed + 1000 * number, device, name)
        learning = [person for person in people if person not in set(aside[number])]
        job.run(network.members[number], learning, aside[number], state, lambda state, n=number: save(state, n))
        state = None
        save(None, number + 1)
    return network.to(device).eval()


def processes(device: torch.device) -> PartialState:
    """Return the processes that share the work; only the main one writes files. There is one where none were launched.

    Args:
        device: where to compute.
    """
    return PartialState(cpu=device.type == "cpu")


def augment(values: Tensor, weight: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Vary a batch without changing what the heart did: no stretch in time, no change of sign.

    In most batches some slices are left out, as in a shorter clip; some regions are hidden, as by a hand or by hair.

    Args:
        values: [B, S, 4, regions, points].
        weight: [B, S, regions].
        rng: draws all of it.

    Returns:
        values as they were, and their weight, 0 for what was left out; something is left of every map.
    """
    batch, slices, regions = weight.shape
    kept = np.ones((batch, slices), bool)
    if rng.random() < 0.6:
        kept = rng.random((batch, slices)) < rng.uniform(0.5, 1.0)
        kept[np.arange(batch), rng.integers(slices, size=batch)] = True
    shown = rng.random((batch, regions)) >= rng.uniform(0, 0.3)
    shown[np.arange(batch), rng.integers(regions, size=batch)] = True
    return values, weight * torch.from_numpy(kept[:, :, None] & shown[:, None]).to(weight.device)


def sampling(
    slices: SliceSet, people: Sequence[int], config: NetworkConfig, how: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say which maps are drawn, how often, and how much each counts.

    A person's maps share the person's chance, however many there are, but for "density".

    Args:
        slices: of the maps.
        people: whose maps.
        config: has the systolic ranges.
        how: one of `OVERSAMPLING`.

    Returns:
        Indices of maps, the chance of each to be drawn (sum 1), and how much its errors count (mean 1 over draws).

    Raises:
        DataError: `oversampling_unknown`.
    """
    if how not in OVERSAMPLING:
        raise DataError(
            "oversampling_unknown", f"{how!r} is no way of oversampling.", f"Choose one of {', '.join(OVERSAMPLING)}."
        )
    indices = slices.of_people(people)
    ranges = range_of(torch.from_numpy(slices.pressures[:, 0]), config.systolic_edges).numpy()
    crowd = np.bincount(ranges[list(people)], minlength=len(config.systolic_edges) - 1)[ranges].astype(float)
    whose = slices.person[indices]
    count = np.bincount(whose, minlength=len(slices.people))
    if how == "density":
        rarity = np.sqrt(crowd[list(people)].min() / np.maximum(crowd, 1))
        place = np.concatenate([np.arange(len(of)) for of in np.split(whose, np.flatnonzero(np.diff(whose)) + 1)])
        indices = indices[place < np.ceil(np.maximum(rarity, _LEAST_SHARE) * count)[whose]]
        return indices, np.full(len(indices), 1 / len(indices)), np.ones(len(indices))
    power = {"root": 0.5, "inverse": 1.0}.get(how, 0.0)
    chances = crowd[whose] ** -power / count[whose]
    chances /= chances.sum()
    importance = 1 / crowd[whose] if how == "loss" else np.ones(len(indices))
    return indices, chances, importance / (chances @ importance)


@dataclass(frozen=True)
class _Job:
    """The fit of one member: everything that is the same for all its epochs."""

    slices: SliceSet
    config: NetworkConfig
    recipe: Recipe
    seed: int
    device: torch.device
    title: str | None

    def run(
        self,
        member: Member,
        learning: Sequence[int],
        aside: Sequence[int],
        state: dict | None,
        save: Any,
    ) -> None:
        """Fit a member in place, from `state` on when there is one; `save` is given the state after each epoch."""
        accelerator = Accelerator(
            cpu=self.device.type == "cpu", mixed_precision="bf16" if self.device.type == "cuda" else "no"
        )
        device = accelerator.device
        # Every process draws its own part of a batch.
        rng = np.random.default_rng([self.seed, accelerator.process_index])
        torch.manual_seed(self.seed)
        indices, chances, importance = sampling(self.slices, learning, self.config, self.recipe.oversampling)
        # From all maps, not from those "density" keeps: every way of oversampling takes as many steps.
        steps = max(1, len(self.slices.of_people(learning)) // self.recipe.batch)
        best = deepcopy(member.to(device))
        moving = AveragedModel(member, multi_avg_fn=get_ema_multi_avg_fn(self.recipe.average_decay), use_buffers=True)
        optimizer = torch.optim.AdamW(member.parameters(), weight_decay=self.recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.recipe.learning_rate, total_steps=self.recipe.epochs * steps
        )
        model, optimizer = accelerator.prepare(member, optimizer)
        parts = {"member": member, "moving": moving, "optimizer": optimizer, "schedule": schedule, "best": best}
        first, lowest, waited = _resume(state, parts, rng, device) if state else (0, np.inf, 0)
        if state and not accelerator.is_main_process:  # the state kept is the main process's
            rng = np.random.default_rng([self.seed, accelerator.process_index, first])
        show = self.title is not None and accelerator.is_main_process
        with tqdm(total=self.recipe.epochs, initial=first, desc=self.title, unit="epoch", disable=not show) as bar:
            for epoch in range(first, self.recipe.epochs):
                if waited >= self.recipe.patience:
                    break
                model.train()
                for _ in range(steps):
                    drawn = rng.choice(len(indices), self.recipe.batch // accelerator.num_processes, p=chances)
                    loss = self._loss(model, indices[drawn], importance[drawn], device, rng)
                    optimizer.zero_grad()
                    accelerator.backward(loss)
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    schedule.step()
                    moving.update_parameters(member)
                # Running averages differ a little between processes; all must stop after the same epoch.
                aside_loss = broadcast_object_list([self._loss_aside(moving.module, aside, device)])[0]
                better = aside_loss < lowest
                lowest, waited = (aside_loss, 0) if better else (lowest, waited + 1)
                if better:
                    best.load_state_dict(moving.module.state_dict())
                bar.update()
                bar.set_postfix(loss=f"{loss.item():.3f}", aside=f"{aside_loss:.3f}")
                if accelerator.is_main_process:
                    save(_state(parts, rng, device, epoch + 1, lowest, waited))
        member.load_state_dict(best.state_dict())

    def _loss(
        self,
        model: torch.nn.Module,
        of: np.ndarray,
        importance: np.ndarray,
        device: torch.device,
        rng: np.random.Generator,
    ) -> Tensor:
        """Loss of the model on some maps, augmented."""
        values, weight, rate_hz = _inputs(self.slices, of)
        values, weight = augment(values, weight, rng)
        rows, measured = average_rows(values.to(device), weight.to(device))
        prediction = model(rows, measured, rate_hz.to(device))
        return blood_pressure_loss(
            prediction,
            torch.from_numpy(self.slices.truth[of]).to(device),
            self.config,
            self.recipe.loss,
            importance=torch.from_numpy(importance).float().to(device),
        )

    def _loss_aside(self, member: Member, aside: Sequence[int], device: torch.device) -> float:
        """How far the member is off, in mmHg of both pressures together, on people it is not fitted on."""
        of = self.slices.of_people(aside)
        values, weight, rate_hz = _inputs(self.slices, of)
        member.eval()
        with torch.inference_mode():
            rows, measured = average_rows(values.to(device), weight.to(device))
            prediction = member(rows, measured, rate_hz.to(device))
        value = torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).float().cpu().numpy()
        member.train()
        return float(np.sqrt(((value - self.slices.truth[of]) ** 2).mean(axis=0)).sum())


def _inputs(slices: SliceSet, of: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    return tuple(torch.from_numpy(array[of]) for array in (slices.values, slices.weight, slices.rate_hz))


def _set_aside(slices: SliceSet, people: Sequence[int], recipe: Recipe, members: int, seed: int) -> list[list[int]]:
    """For each member, the people it sets aside: different ones as long as there are enough."""
    parts = max(2, min(recipe.set_aside, len(people)))
    splits = list(split_by_person([slices.people[person] for person in people], parts, seed))
    return [[people[i] for i in splits[number % parts][1]] for number in range(members)]


def _state(
    parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device, epoch: int, lowest: float, waited: int
) -> dict[str, Any]:
    state = {name: part.state_dict() for name, part in parts.items()}
    if device.type == "cuda":  # dropout draws there
        state["cuda_rng"] = torch.cuda.get_rng_state(device)
    return state | {
        "epoch": epoch,
        "lowest": lowest,
        "waited": waited,
        "rng": rng.bit_generator.state,
        "torch_rng": torch.get_rng_state(),
    }


def _resume(
    state: Mapping[str, Any], parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device
) -> tuple[int, float, int]:
    """Load a checkpoint into the parts of a fit; returns the epochs behind it, the lowest loss, the epochs since."""
    for name, part in parts.items():
        part.load_state_dict(state[name])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch_rng"])
    if device.type == "cuda" and "cuda_rng" in state:  # not where the fit was begun on a CPU
        torch.cuda.set_rng_state(state["cuda_rng"], device)
    return state["epoch"], state["lowest"], state["waited"]
