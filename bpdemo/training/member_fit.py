"""The fit of one member of a model: its epochs, and what a checkpoint holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from bpdemo.errors import DataError
from bpdemo.models.config import NetworkConfig
from bpdemo.models.pressure_model import Member
from bpdemo.training.dataset import Dataset
from bpdemo.training.recipe import Recipe


@dataclass(frozen=True)
class MemberFit:
    """Everything that is the same for all epochs of a member."""

    dataset: Dataset
    config: NetworkConfig
    recipe: Recipe
    windows: np.ndarray  # int [n], of those learned from
    chances: np.ndarray  # float64 [n], of each to be drawn; sum 1
    shapes: Tensor | None  # [people, S] what `Member.shape_of` gives of everybody in the data set
    seed: int
    device: torch.device
    title: str | None

    def run(self, member: Member, state: dict[str, Any] | None, save: Callable[[dict[str, Any]], None]) -> None:
        """Fit a member in place, from `state` on when there is one; `save` is given the state after each epoch.

        Raises:
            DataError: `too_many_processes`.
        """
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
        optimizer = torch.optim.AdamW(member.to(device).parameters(), weight_decay=self.recipe.weight_decay)
        steps = max(1, len(self.windows) // self.recipe.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.recipe.learning_rate, total_steps=self.recipe.epochs * steps
        )
        model, optimizer = accelerator.prepare(member, optimizer)
        parts = {"member": member, "optimizer": optimizer, "schedule": schedule}
        first = _resume(state, parts, rng, device) if state else 0
        if index:  # dropout differs between processes, and the state kept is the main one's
            torch.manual_seed(int(np.random.default_rng([self.seed, index, first]).integers(2**63)))
        show = self.title is not None and accelerator.is_main_process
        with tqdm(total=self.recipe.epochs, initial=first, desc=self.title, unit="epoch", disable=not show) as bar:
            for epoch in range(first, self.recipe.epochs):
                model.train()
                for _ in range(steps):
                    drawn = rng.choice(self.windows, self.recipe.batch, p=self.chances)
                    tensors = member.augment(member.tensors(self.dataset.inputs(drawn)), rng)
                    loss = self._loss(model, member, tensors, drawn, slice(index, None, processes))
                    optimizer.zero_grad()
                    accelerator.backward(loss)
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    schedule.step()
                bar.update()
                bar.set_postfix(loss=f"{accelerator.reduce(loss.detach(), 'mean').item():.3f}")
                if accelerator.is_main_process:
                    save(_state(parts, rng, device, epoch + 1))

    def _loss(
        self, model: nn.Module, member: Member, tensors: tuple[Tensor, ...], drawn: np.ndarray, share: slice
    ) -> Tensor:
        """Loss of the model, a member wrapped for several processes, on this one's share of the windows drawn.

        It is weighted so that its mean over processes is the loss of all windows, whose gradient is what they average.
        """
        device = next(member.parameters()).device
        prediction = model(*(tensor[share].to(device) for tensor in tensors))
        truth = torch.from_numpy(self.dataset.truth[drawn[share]]).to(device)
        shapes = None if self.shapes is None else self.shapes[self.dataset.person[drawn[share]]].to(device)
        return member.loss(prediction, truth, shapes) * (len(truth) * share.step / len(drawn))


def _state(parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device, epoch: int) -> dict[str, Any]:
    """What a checkpoint holds of a member's fit."""
    state = {name: part.state_dict() for name, part in parts.items()}
    if device.type == "cuda":  # dropout draws there
        state["cuda_rng"] = torch.cuda.get_rng_state(device)
    return state | {
        "epoch": epoch,
        "rng": rng.bit_generator.state,
        "torch_rng": torch.get_rng_state(),
    }


def _resume(state: Mapping[str, Any], parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device) -> int:
    """Load a checkpoint into the parts of a fit; returns the epochs behind it."""
    for name, part in parts.items():
        part.load_state_dict(state[name])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch_rng"])
    if device.type == "cuda" and "cuda_rng" in state:  # not where the fit was begun on a CPU
        torch.cuda.set_rng_state(state["cuda_rng"], device)
    return state["epoch"]
