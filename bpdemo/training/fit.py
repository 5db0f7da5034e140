"""Fit the network on the windows of some people.

Every member of the network sets other people aside and keeps the weights that do best on those, so no member is fitted
longer than it can generalise, and yet everybody is learned from. Test people have a say in nothing. Ours throughout.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from bpdemo.data.splits import split_by_person
from bpdemo.errors import DataError
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.beats import BloodPressureNetwork, average_rows
from bpdemo.models.config import NetworkConfig
from bpdemo.system.files import write_file
from bpdemo.training.dataset import Dataset
from bpdemo.training.losses import LossWeights, blood_pressure_loss, range_of


@dataclass(frozen=True)
class Recipe:
    """Everything a fit depends on besides data and seed."""

    qualities: tuple[str, ...] = ("strong", "standard", "standard", "poor")  # a person is rendered in, `cycles` times
    cycles: int = 6
    epochs: int = 8  # passes over as many windows as there are, at most
    patience: int = 3  # epochs without a better loss on the people set aside, after which a member is done
    set_aside: int = 8  # one in so many people is set aside by each member; another one by the next
    batch: int = 32  # windows in a step
    learning_rate: float = 2e-3  # peak of the one-cycle schedule
    weight_decay: float = 0.05  # of AdamW
    average_decay: float = 0.99  # of the running average of the weights, which is what is kept
    loss: LossWeights = field(default_factory=LossWeights)
    folds: int = 5  # splits by person for the evidence
    repetitions: int = 2  # times the folds are drawn anew
    test_renderings: int = 4  # of a person in each quality, others than training's, that answers are scored on

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON gives it back."""
        return asdict(self) | {"qualities": list(self.qualities)}


@dataclass(frozen=True)
class Sampling:
    """What the batches of a fit are drawn from."""

    windows: np.ndarray  # int [n], indices of the windows
    chances: np.ndarray  # float64 [n], of each to be drawn; sum 1
    importance: np.ndarray | None = None  # float64 [n], how much each one's errors count, mean 1 over draws


Sampler = Callable[[Dataset, Sequence[int], NetworkConfig], Sampling]


def sample_root(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> Sampling:
    """Return a sampling halfway between drawing all people alike and drawing all systolic ranges of `config` alike."""
    return sample_by_odds(dataset, people, range_sizes(dataset, people, config) ** -0.5)


def sample_by_odds(dataset: Dataset, people: Sequence[int], odds: np.ndarray) -> Sampling:
    """Return a sampling of some people's windows by each person's odds [everybody], however many windows there are."""
    windows = dataset.windows_of(people)
    whose = dataset.person[windows]
    chances = odds[whose] / np.bincount(whose)[whose]
    return Sampling(windows, chances / chances.sum())


def range_sizes(dataset: Dataset, people: Sequence[int], config: NetworkConfig) -> np.ndarray:
    """Return for everybody in the data set how many of `people` share the systolic range, at least 1: float64."""
    ranges = range_of(torch.from_numpy(dataset.pressures[:, 0]), config.systolic_edges).numpy()
    sizes = np.bincount(ranges[list(people)], minlength=len(config.systolic_edges) - 1)
    return np.maximum(sizes, 1)[ranges].astype(float)


def fit(
    dataset: Dataset,
    people: Sequence[int],
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    *,
    model: str = DEFAULT_MODEL,
    sampler: Sampler = sample_root,
    checkpoint: Path | None = None,
    title: str | None = "fit",
) -> BloodPressureNetwork:
    """Return a network fitted on the windows of some people, on `device`, in evaluation mode.

    Of each member it holds the running average of the weights, as it was when it did best on the people set aside.
    Several processes (`accelerate launch`, `torchrun`) share every batch: what one draws, they draw, and each takes its
    part of it. On CUDA it computes in mixed precision.

    Nobody else's windows are touched. The seed fixes initial weights, order and augmentation. The checkpoint is written
    after each epoch; when it is there, the fit goes on from it. Without a title no progress is shown.

    Raises:
        DataError: `too_few_people`, fewer than two; `too_many_processes`, more than windows in a batch.
        WeightsError: `model_unknown`.
    """
    torch.manual_seed(seed)
    network = find_model(model)(config)
    network.fit_reference(*average_rows(*_inputs(dataset, dataset.windows_of(people))[:2]))
    finished, state = 0, None
    if checkpoint is not None and checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True, map_location="cpu")  # every part moves its own to the device
        network.load_state_dict(saved["network"])
        finished, state = saved["finished"], saved["member"]
    parts = max(2, min(recipe.set_aside, len(people)))
    splits = list(split_by_person([dataset.people[person] for person in people], parts, seed))
    for number in range(finished, config.members):

        def save(state: dict[str, Any] | None, finished: int = number) -> None:
            if checkpoint is not None and distributed_state(device).is_main_process:
                content = io.BytesIO()
                torch.save({"network": network.state_dict(), "finished": finished, "member": state}, content)
                write_file(checkpoint, content.getvalue())

        learning, aside = ([people[i] for i in side] for side in splits[number % parts])
        _MemberFit(
            dataset,
            config,
            recipe,
            sampler(dataset, learning, config),
            max(1, len(dataset.windows_of(learning)) // recipe.batch),
            dataset.windows_of(aside),
            seed + 1000 * number,
            device,
            None if title is None else f"{title}, member {number + 1}/{config.members}",
        ).run(network.members[number], state, save)
        state = None
        save(None, number + 1)
    return network.to(device).eval()


def distributed_state(device: torch.device) -> PartialState:
    """Return the processes that share the work, one where none were launched; only the main one writes files."""
    return PartialState(cpu=device.type == "cpu")


def augment(weight: Tensor, rng: np.random.Generator) -> Tensor:
    """Return the weight [B, S, regions] of a batch, 0 for what is left out; something is left of every window.

    In most batches some mean beats are left out, as in a shorter clip; some regions are hidden, as by a hand or hair.
    What the heart did stays: no stretch in time, no change of sign.
    """
    batch, beats, regions = weight.shape
    kept = np.ones((batch, beats), bool)
    if rng.random() < 0.6:
        kept = rng.random((batch, beats)) < rng.uniform(0.5, 1.0)
        kept[np.arange(batch), rng.integers(beats, size=batch)] = True
    shown = rng.random((batch, regions)) >= rng.uniform(0, 0.3)
    shown[np.arange(batch), rng.integers(regions, size=batch)] = True
    return weight * torch.from_numpy(kept[:, :, None] & shown[:, None]).to(weight.device)


def validation_loss(member: nn.Module, dataset: Dataset, windows: np.ndarray, device: torch.device) -> float:
    """Return how far a member is off on some windows: root mean square error of both pressures added, mmHg."""
    values, weight, rate_hz = _inputs(dataset, windows)
    member.eval()
    with torch.inference_mode():
        rows, measured = average_rows(values.to(device), weight.to(device))
        prediction = member(rows, measured, rate_hz.to(device))
    value = torch.stack((prediction.systolic.value, prediction.diastolic.value), dim=1).float().cpu().numpy()
    member.train()
    return float(np.sqrt(((value - dataset.truth[windows]) ** 2).mean(axis=0)).sum())


@dataclass(frozen=True)
class _MemberFit:
    """The fit of one member: everything that is the same for all its epochs."""

    dataset: Dataset
    config: NetworkConfig
    recipe: Recipe
    sampling: Sampling
    steps: int  # in an epoch
    aside: np.ndarray  # windows of the people set aside
    seed: int
    device: torch.device
    title: str | None

    def run(self, member: nn.Module, state: dict[str, Any] | None, save: Callable[[dict[str, Any]], None]) -> None:
        """Fit a member in place, from `state` on when there is one; `save` is given the state after each epoch."""
        accelerator = Accelerator(
            cpu=self.device.type == "cpu", mixed_precision="bf16" if self.device.type == "cuda" else "no"
        )
        device = accelerator.device
        processes, index = accelerator.num_processes, accelerator.process_index
        if processes > self.recipe.batch:
            raise DataError(
                "too_many_processes",
                f"{processes} processes cannot share batches of {self.recipe.batch} windows.",
                f"Start at most {self.recipe.batch}.",
            )
        rng = np.random.default_rng([self.seed, 0])  # the same in all processes: together they see what one would
        torch.manual_seed(self.seed)
        best = deepcopy(member.to(device))
        moving = AveragedModel(member, multi_avg_fn=get_ema_multi_avg_fn(self.recipe.average_decay), use_buffers=True)
        optimizer = torch.optim.AdamW(member.parameters(), weight_decay=self.recipe.weight_decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.recipe.learning_rate, total_steps=self.recipe.epochs * self.steps
        )
        model, optimizer = accelerator.prepare(member, optimizer)
        parts = {"member": member, "moving": moving, "optimizer": optimizer, "schedule": schedule, "best": best}
        first, lowest, waited = _resume(state, parts, rng, device) if state else (0, np.inf, 0)
        if index:  # dropout differs between processes, and the state kept is the main one's
            torch.manual_seed(int(np.random.default_rng([self.seed, index, first]).integers(2**63)))
        show = self.title is not None and accelerator.is_main_process
        with tqdm(total=self.recipe.epochs, initial=first, desc=self.title, unit="epoch", disable=not show) as bar:
            for epoch in range(first, self.recipe.epochs):
                if waited >= self.recipe.patience:
                    break
                model.train()
                for _ in range(self.steps):
                    drawn = rng.choice(len(self.sampling.windows), self.recipe.batch, p=self.sampling.chances)
                    loss = self._loss(model, drawn, device, rng, slice(index, None, processes))
                    optimizer.zero_grad()
                    accelerator.backward(loss)
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    schedule.step()
                    moving.update_parameters(member)
                # Running averages differ a little between processes; all must stop after the same epoch.
                found = validation_loss(moving.module, self.dataset, self.aside, device)
                aside_loss = broadcast_object_list([found])[0]
                waited += 1
                if aside_loss < lowest:
                    lowest, waited = aside_loss, 0
                    best.load_state_dict(moving.module.state_dict())
                bar.update()
                last = accelerator.reduce(loss.detach(), "mean").item()
                bar.set_postfix(loss=f"{last:.3f}", aside=f"{aside_loss:.3f}")
                if accelerator.is_main_process:
                    save(_state(parts, rng, device, epoch + 1, lowest, waited))
        member.load_state_dict(best.state_dict())

    def _loss(
        self, model: nn.Module, drawn: np.ndarray, device: torch.device, rng: np.random.Generator, share: slice
    ) -> Tensor:
        """Loss of the model on this process's share of the windows that were drawn, augmented.

        It is weighted so that its mean over processes is the loss of all windows, whose gradient is what they average.
        """
        weight = augment(torch.from_numpy(self.dataset.weight[self.sampling.windows[drawn]]), rng)[share]
        own, importance = drawn[share], self.sampling.importance
        values, _, rate_hz = _inputs(self.dataset, self.sampling.windows[own])
        rows, measured = average_rows(values.to(device), weight.to(device))
        loss = blood_pressure_loss(
            model(rows, measured, rate_hz.to(device)),
            torch.from_numpy(self.dataset.truth[self.sampling.windows[own]]).to(device),
            self.config,
            self.recipe.loss,
            importance=None if importance is None else torch.from_numpy(importance[own]).float().to(device),
        )
        return loss * (len(own) * share.step / len(drawn))


def _inputs(dataset: Dataset, windows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    arrays = dataset.values[windows], dataset.weight[windows], dataset.rate_hz[windows]
    return torch.from_numpy(arrays[0]), torch.from_numpy(arrays[1]), torch.from_numpy(arrays[2])


def _state(
    parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device, epoch: int, lowest: float, waited: int
) -> dict[str, Any]:
    """What a checkpoint holds of a member's fit."""
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
