"""A label-free method teaches a network the pulse on maps: the fit of `MapWaves`, by its loss. Sizes of it are ours."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from bpdemo.models import Model
from bpdemo.models.pressure_model import Member
from bpdemo.training.dataset import Dataset
from bpdemo.training.loop import Loop, distributed_state
from bpdemo.training.map_waves import MapWaves, trim


@dataclass(frozen=True)
class PretrainRecipe:
    """How a part of a model is pretrained."""

    qualities: tuple[str, ...] = ("strong", "standard", "standard", "poor")  # a person is rendered in, `cycles` times
    cycles: int = 6
    epochs: int = 10  # passes over as many windows as there are
    batch: int = 16  # windows in a step, each of another person
    learning_rate: float = 2e-3  # peak of the one-cycle schedule
    weight_decay: float = 0.01  # of AdamW
    set_aside: int = 5  # parts of the people, one of which is set aside for the figures

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON gives it back."""
        return asdict(self) | {"qualities": list(self.qualities)}


def teach(
    waves: MapWaves,
    dataset: Dataset,
    windows: np.ndarray,
    recipe: PretrainRecipe,
    seed: int,
    device: torch.device,
    title: str | None,
    state: Mapping[str, Any] | None = None,
    save: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:
    """Fit waves in place on some windows, int [n]; from `state` on when there is one, which `save` was given before."""
    people, processes = len(np.unique(dataset.person[windows])), distributed_state(device).num_processes
    batch = min(recipe.batch, people)
    batch -= batch % processes  # all have as many, so that one loss is made of them
    steps = max(1, len(windows) // max(batch, 1))

    def optimize() -> tuple[Optimizer, LRScheduler]:
        taught = [parameter for parameter in waves.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(taught, weight_decay=recipe.weight_decay)
        return optimizer, OneCycleLR(optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps)

    def loss(model: nn.Module, rng: np.random.Generator, share: slice) -> Tensor:
        inputs = trim(dataset.inputs(draw(dataset, windows, batch, rng)))
        own = {name: array[share] for name, array in vars(inputs).items() if array is not None}
        found: Tensor = model(replace(inputs, **own), rng)
        return found

    Loop(recipe.epochs, steps, batch, seed, device, title).run(waves, optimize, loss, state, save)
    distributed_state(device).wait_for_everyone()


def teach_member(
    member: Member,
    method: Model,
    dataset: Dataset,
    windows: np.ndarray,
    seed: int,
    device: torch.device,
    title: str | None,
) -> None:
    """Teach a member in place what a method has to teach on some windows, int [n]; pressures are not read."""
    torch.manual_seed(seed)
    teach(MapWaves(member, method), dataset, windows[dataset.measured[windows]], PretrainRecipe(), seed, device, title)
    member.requires_grad_(True)


def draw(dataset: Dataset, windows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return one window each of `count` people, or of all where there are fewer, int [n]."""
    whose = dataset.person[windows]
    people = np.unique(whose)
    chosen = rng.choice(people, min(count, len(people)), replace=False)
    return np.array([rng.choice(windows[whose == one]) for one in chosen])
