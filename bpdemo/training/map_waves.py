"""Waves read from maps by a part of a network, and the label-free loss of a method on them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.distributed as distributed
from torch import Tensor, nn
from torch.distributed.nn.functional import all_gather

from bpdemo.errors import BpdemoError
from bpdemo.models import MODELS, Model
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import Member


class MapWaves(nn.Module):
    """Windows -> loss: a member's `pulse_features`, a linear read-out that makes a wave of them, a method's `map_loss`.

    The read-out is thrown away after pretraining.

    Attributes:
        rate_hz: of the waves; None where one is a single beat.
    """

    def __init__(self, member: Member, method: Model) -> None:
        """Try the method on windows in which nothing was measured.

        Raises:
            BpdemoError: `model_not_pretrainable`; `method_not_for_maps`; a code of the method's own.
        """
        super().__init__()
        self.member, self.method = member, method
        if not hasattr(method.network, "map_loss"):
            others = ", ".join(name for name, model in MODELS.items() if model.gives == "pulse")
            raise BpdemoError(
                "method_not_for_maps",
                f"The method {method.name} has no loss on maps.",
                f"Use one that finds the pulse alone: {others}.",
            )
        self.eval()  # means and deviations of what was measured are for what was measured
        features, self.rate_hz = member.pulse_features(member.tensors(Inputs.empty(2, with_maps=True)))
        self.read_out = nn.Linear(features.shape[1], 1)
        self.loss_here(Inputs.empty(2, with_maps=True), np.random.default_rng(0)).backward()
        # What has no part in it is left as it is, and out of what is saved.
        for parameter in self.parameters():
            parameter.requires_grad_(parameter.grad is not None)
            parameter.grad = None
        self.train()

    def forward(self, windows: Inputs, rng: np.random.Generator) -> Tensor:
        """Return the method's loss of the waves of windows of different people, a scalar.

        Where several processes have as many windows each, it is the loss of all of them together, and the mean over
        processes of its gradients is its gradient.
        """
        return self._loss(windows, rng, _gather)

    def loss_here(self, windows: Inputs, rng: np.random.Generator) -> Tensor:
        """Return the same of this process's windows alone."""
        return self._loss(windows, rng, lambda waves: waves)

    def _loss(self, windows: Inputs, rng: np.random.Generator, gather: Callable[[Tensor], Tensor]) -> Tensor:
        def read(ratio: float | None) -> Tensor:
            return gather(self.waves(windows if ratio is None else resample(windows, ratio)))

        loss: Tensor = self.method.network.map_loss(read, self.rate_hz, rng)
        return loss

    def waves(self, windows: Inputs) -> Tensor:
        """Return the waves [B, W, T] of windows."""
        device = self.read_out.weight.device
        features, _ = self.member.pulse_features(tuple(tensor.to(device) for tensor in self.member.tensors(windows)))
        wave: Tensor = self.read_out(features.permute(0, 2, 3, 1)).squeeze(-1)
        return wave.float()

    def taught(self) -> dict[str, Tensor]:
        """Return the tensors of the member's modules that are taught, by their names in the member."""
        modules = {
            name.rpartition(".")[0] for name, parameter in self.member.named_parameters() if parameter.requires_grad
        }
        return {name: tensor for name, tensor in self.member.state_dict().items() if name.rpartition(".")[0] in modules}


def resample(windows: Inputs, ratio: float) -> Inputs:
    """Return windows whose every rate is `ratio` times as high: column j is what was between columns at j x ratio.

    Faster ones have fewer columns, slower ones show the beginning only.

    Raises:
        ValueError: the windows carry no maps.
    """
    if windows.stmap is None or windows.mask is None:
        raise ValueError("the windows carry no maps")
    last = windows.mask.shape[-1] - 1
    at = np.arange(min(last, int(last / ratio)) + 1) * ratio
    before = np.minimum(at.astype(int), last)
    after, share = np.minimum(before + 1, last), (at - before).astype(np.float32)
    stmap = np.where(windows.mask[:, None], windows.stmap, 0).astype(np.float32)
    return replace(
        windows,
        stmap=(1 - share) * stmap[..., before] + share * stmap[..., after],
        mask=windows.mask[..., before] & windows.mask[..., after],
    )


def trim(windows: Inputs) -> Inputs:
    """Return windows without the columns behind the end of the shortest."""
    if windows.stmap is None or windows.mask is None:
        return windows
    measured = np.any(windows.mask, axis=1)
    ends = measured.shape[1] - measured[:, ::-1].argmax(axis=1)
    end = int(ends[measured.any(axis=1)].min(initial=measured.shape[1]))
    return replace(windows, stmap=windows.stmap[..., :end], mask=windows.mask[..., :end])


def _gather(waves: Tensor) -> Tensor:
    """Return the waves of all processes in the order of the windows drawn; gradients pass through them."""
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return waves
    gathered: Any = all_gather(waves.contiguous())
    return torch.stack(gathered, dim=1).flatten(0, 1)  # process i of n has every n-th window from i
