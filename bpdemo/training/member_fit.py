"""The fit of one member of a model: what it draws, and the loss of what is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from bpdemo.models.config import NetworkConfig
from bpdemo.models.pressure_model import Member
from bpdemo.training.dataset import Dataset
from bpdemo.training.loop import Loop
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
        recipe = self.recipe
        steps = max(1, len(self.windows) // recipe.batch)

        def optimize() -> tuple[Optimizer, LRScheduler]:
            optimizer = torch.optim.AdamW(member.parameters(), weight_decay=recipe.weight_decay)
            return optimizer, OneCycleLR(optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps)

        def loss(model: nn.Module, rng: np.random.Generator, share: slice) -> Tensor:
            drawn = rng.choice(self.windows, recipe.batch, p=self.chances)
            tensors = member.augment(member.tensors(self.dataset.inputs(drawn)), rng)
            return self._loss(model, member, tensors, drawn, share)

        loop = Loop(recipe.epochs, steps, recipe.batch, self.seed, self.device, self.title)
        loop.run(member, optimize, loss, state, save)

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
