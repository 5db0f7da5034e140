"""The loop of every fit: epochs of steps, each of one loss; its processes, and what a checkpoint holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from bpdemo.errors import DataError

Loss = Callable[[nn.Module, np.random.Generator, slice], Tensor]
"""What a step minimises, of the module as it is wrapped for several processes: only calls of it share gradients.

All of them draw the same from the generator; each takes its share, a slice, of the windows drawn. The gradient is that
of the mean over processes.
"""


@dataclass(frozen=True)
class Loop:
    """How something is fitted.

    Attributes:
        epochs: in all.
        steps: of an epoch.
        batch: windows of a step, or clips: what processes share.
        seed: fixes everything that is drawn.
        device: "cuda" computes in mixed precision.
        title: of the progress that is shown; None shows none.
        schedule: whether the learning rate changes after each step or after each epoch.
        max_norm: of the gradient, which is cut to it; None leaves it as it is.
    """

    epochs: int
    steps: int
    batch: int
    seed: int
    device: torch.device
    title: str | None
    schedule: Literal["step", "epoch"] = "step"
    max_norm: float | None = 1.0

    def run(
        self,
        module: nn.Module,
        optimize: Callable[[], tuple[Optimizer, LRScheduler]],
        loss: Loss,
        state: Mapping[str, Any] | None,
        save: Callable[[dict[str, Any]], None],
    ) -> None:
        """Fit a module in place, from `state` on when there is one; `save` is given the state after each epoch.

        `optimize` is called once, when the module is on its device.

        Raises:
            DataError: `too_many_processes`.
        """
        accelerator = Accelerator(
            cpu=self.device.type == "cpu", mixed_precision="bf16" if self.device.type == "cuda" else "no"
        )
        device = accelerator.device
        processes, index = accelerator.num_processes, accelerator.process_index
        if processes > self.batch:
            raise DataError(
                "too_many_processes",
                f"{processes} processes cannot share batches of {self.batch} windows.",
                f"Start at most {self.batch}.",
            )
        rng = np.random.default_rng([self.seed, 0])  # the same in all processes: together they see what one would
        torch.manual_seed(self.seed)
        module.to(device)
        optimizer, schedule = optimize()
        model, prepared = accelerator.prepare(module, optimizer)
        parts = {"module": module, "optimizer": prepared, "schedule": schedule}
        first = resume(state, parts, rng, device) if state else 0
        if index:  # dropout differs between processes, and the state kept is the main one's
            torch.manual_seed(int(np.random.default_rng([self.seed, index, first]).integers(2**63)))
        show = self.title is not None and accelerator.is_main_process
        with tqdm(total=self.epochs, initial=first, desc=self.title, unit="epoch", disable=not show) as bar:
            for epoch in range(first, self.epochs):
                model.train()
                for _ in range(self.steps):
                    found = loss(model, rng, slice(index, None, processes))
                    prepared.zero_grad()
                    accelerator.backward(found)
                    if self.max_norm is not None:
                        accelerator.clip_grad_norm_(model.parameters(), self.max_norm)
                    prepared.step()
                    if self.schedule == "step":
                        schedule.step()
                if self.schedule == "epoch":
                    schedule.step()
                bar.update()
                bar.set_postfix(loss=f"{accelerator.reduce(found.detach(), 'mean').item():.3f}")
                if accelerator.is_main_process:
                    save(state_of(parts, rng, device, epoch + 1))


def state_of(parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device, epoch: int) -> dict[str, Any]:
    """Return what a checkpoint holds of a fit after so many epochs."""
    state = {name: part.state_dict() for name, part in parts.items()}
    if device.type == "cuda":  # dropout draws there
        state["cuda_rng"] = torch.cuda.get_rng_state(device)
    return state | {
        "epoch": epoch,
        "rng": rng.bit_generator.state,
        "torch_rng": torch.get_rng_state(),
    }


def resume(state: Mapping[str, Any], parts: Mapping[str, Any], rng: np.random.Generator, device: torch.device) -> int:
    """Load a checkpoint into the parts of a fit; return the epochs behind it."""
    for name, part in parts.items():
        part.load_state_dict(state[name])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch_rng"])
    if device.type == "cuda" and "cuda_rng" in state:  # not where the fit was begun on a CPU
        torch.cuda.set_rng_state(state["cuda_rng"], device)
    return int(state["epoch"])


def distributed_state(device: torch.device) -> PartialState:
    """Return the processes that share the work, one where none were launched; only the main one writes files."""
    return PartialState(cpu=device.type == "cpu")
