"""What every network that finds the pulse in a clip's frames must do, and in which form it reads them."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from bpdemo.crops import CropForm


class PulseNetwork(nn.Module, ABC):
    """Frames -> pulse wave; made of the model's sizes.

    Attributes:
        ABOUT: what enters it and what it believes, in words, for the model card.
        FORM: the crops that it reads.
        FRAMES: of a stretch that is learned from; stretches are drawn from windows of up to 15 s.
        CLIPS: of a step: windows of so many different clips. No two of a batch are of one clip.
        EPOCHS: of its published schedule.
        STEPS: passes over all windows in an epoch.
    """

    ABOUT: ClassVar[str]
    FORM: ClassVar[CropForm]
    FRAMES: ClassVar[int]
    CLIPS: ClassVar[int]
    EPOCHS: ClassVar[int]
    STEPS: ClassVar[int] = 1

    @abstractmethod
    def forward(self, crops: Tensor) -> Tensor:
        """Return the pulse waves [B, T], of no unit, of crops float [B, 3, T, side, side], R, G, B from 0 to 1.

        T is anything from `FRAMES` up to 15 s; what it must be a multiple of is met inside.
        """

    @abstractmethod
    def loss(self, crops: Tensor, contact: Tensor, rng: np.random.Generator) -> Tensor:
        """Return what a step minimises, a scalar.

        Args:
            crops: float [B, 3, `FRAMES`, side, side], of B different clips.
            contact: float [B, `FRAMES`], the contact pulse at the same times, of any unit; NaN throughout where a clip
                has none, or where the network is to learn without it.
            rng: everything that is drawn.
        """

    @abstractmethod
    def optimizer(self) -> tuple[Optimizer, LRScheduler]:
        """Return the published optimizer of all parameters, and its schedule: one step after each epoch."""


def as_pictures(crops: np.ndarray) -> Tensor:
    """Return crops uint8 [B, T, side, side, 3] as `PulseNetwork.forward` takes them."""
    return torch.from_numpy(crops).permute(0, 4, 1, 2, 3).float() / 255
