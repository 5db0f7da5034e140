"""`contrast-phys`: a pulse without labels, as waves of one clip are alike in rhythm and those of two clips are not.

Contrast-Phys+ (Sun and Li, arXiv 2309.06924; IEEE TPAMI 2024), its network a modified PhysNet:

```
crops [B, 3, T, 128, 128]   each channel of a clip with mean 0 and standard deviation 1
  -> encoder   3-D convolutions, four times pooled in space and twice in time   [B, 64, T / 4, 8, 8]
  -> decoder   twice doubled in time                                            [B, 64, T, 8, 8]
  -> block     averaged to 2 x 2 places, one number each                        4 waves, and their mean: the pulse
```

The loss draws `WINDOWS` windows of half the length from each wave. Their spectra are to be alike within a clip and to
differ between clips; where a contact pulse is known, it counts as waves of its clip. The loss lies about zero whatever
the quality; `spectrum.irrelevant_power` tells more.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, LRScheduler

from bpdemo.models.config import ContrastPhysConfig
from bpdemo.models.pulse_network import CropForm, PulseNetwork
from bpdemo.models.spectra import cut, distances, normalised_power

WINDOWS = 4
"""Drawn from each wave."""

_BOX = 1.65  # face widths: theirs is 1.8 times the height of the landmarks from brow to chin
_LEARNING_RATE = 1e-5
_EPSILON = 1e-6


class Network(PulseNetwork):
    """Crops -> pulse (see the module's text)."""

    ABOUT = (
        "Crops of the face that follow it, 128 x 128 at 30 frames a second. A 3-D convolutional network finds a wave "
        "in each quarter of the crop; their mean is the pulse. It was taught that waves of one clip share their rhythm "
        "and those of two clips do not, with contact pulses where there were any."
    )
    FORM = CropForm(side=128, rate_hz=30.0, width=_BOX, height=_BOX, follows=True)
    FRAMES = 300
    CLIPS = 2
    EPOCHS = 30
    STEPS = 6

    def __init__(self, config: ContrastPhysConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = nn.Sequential(
            *_layer(3, width // 2, (1, 5, 5)),
            nn.AvgPool3d((1, 2, 2)),
            *_pair(width // 2, width),
            nn.AvgPool3d(2),
            *_pair(width, width),
            nn.AvgPool3d(2),
            *_pair(width, width),
            nn.AvgPool3d((1, 2, 2)),
            *_pair(width, width),
        )
        self.first = nn.Sequential(*_layer(width, width, (3, 1, 1)))
        self.second = nn.Sequential(*_layer(width, width, (3, 1, 1)))
        self.wave = nn.Conv3d(width, 1, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return the pulse waves [B, T] of crops (see `PulseNetwork`)."""
        return self.waves(crops)[:, -1]

    def waves(self, crops: Tensor) -> Tensor:
        """Return the waves of all places and, last, their mean: [B, places + 1, T]."""
        frames = crops.shape[2]
        spread, mean = torch.std_mean(crops, dim=(2, 3, 4), keepdim=True)
        x = self.encoder((crops - mean) / spread.clamp(min=_EPSILON))
        x = self.first(_double(x, frames // 2))
        x = self.second(_double(x, frames))
        places = self.config.places
        waves = self.wave(F.adaptive_avg_pool3d(x, (frames, places, places))).flatten(3).squeeze(1).transpose(1, 2)
        return torch.cat((waves, waves.mean(dim=1, keepdim=True)), dim=1)

    def loss(self, crops: Tensor, contact: Tensor, rng: np.random.Generator) -> Tensor:
        """Return the contrast of the clips' waves, and that with the contact pulses that are known."""
        waves = self.waves(crops)
        found = _spectra(waves, self.FORM.rate_hz, rng)
        known = contact.isfinite().all(dim=1)
        total = contrast(found)
        if known.any():
            filled = torch.where(known[:, None], contact, torch.zeros_like(contact))
            labels = _spectra(filled[:, None].expand(-1, waves.shape[1], -1), self.FORM.rate_hz, rng)
            total = total + contrast_with_labels(found, labels, known)
        return total

    def optimizer(self) -> tuple[Optimizer, LRScheduler]:
        """Return AdamW at a constant rate."""
        optimizer = torch.optim.AdamW(self.parameters(), _LEARNING_RATE)
        return optimizer, ConstantLR(optimizer, factor=1.0, total_iters=0)

    @staticmethod
    def map_loss(read: Callable[[float | None], Tensor], rate_hz: float | None, rng: np.random.Generator) -> Tensor:
        """Return the contrast of waves read from maps, a scalar: regions take the place of the block's places (ours).

        Args:
            read: gives the waves [B, W, T] of B windows of different people; see `training.map_waves`.
            rate_hz: of the waves; None where T is one beat: its harmonics are compared, all but the mean.
            rng: everything that is drawn.
        """
        waves = read(None)
        waves = torch.cat((waves, waves.mean(dim=1, keepdim=True)), dim=1)
        if rate_hz is None:
            return contrast(normalised_power(waves, 1.0, None)[..., 1:])
        return contrast(_spectra(waves, rate_hz, rng))


def contrast(spectra: Tensor) -> Tensor:
    """Return the distance of spectra [clips, N, bins] within clips less that between clips, a scalar."""
    clips, number, bins = spectra.shape
    sums, sizes = spectra.sum(dim=1), spectra.square().sum(dim=(1, 2))
    # Of all ordered pairs of n points the squared distances add up to 2 n sum |x|^2 - 2 |sum x|^2.
    within = (2 * number * sizes - 2 * sums.square().sum(dim=1)).sum()
    between = 2 * clips * number * sizes.sum() - 2 * sums.sum(dim=0).square().sum() - within
    return (within / (number - 1) - between / ((clips - 1) * number)) / (clips * number * bins)


def contrast_with_labels(spectra: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Return the distance of spectra to those of their own clip's label less that to other clips' labels, a scalar.

    Spectra and labels [clips, N, bins]; a label has a say, in both terms, only where it is `known`, bool [clips].
    """
    clips, number = spectra.shape[:2]
    apart = distances(spectra.flatten(0, 1), labels.flatten(0, 1))
    apart = apart.reshape(clips, number, clips, number).mean(dim=(1, 3))  # [clip, whose label]
    flags, own = known.to(apart.dtype), torch.eye(clips, device=apart.device)
    within = (apart * own).sum(dim=0)
    between = (apart * (1 - own)).sum(dim=0) / (clips - 1)
    return ((within - between) * flags).sum() / flags.sum().clamp(min=1)


def _spectra(waves: Tensor, rate_hz: float, rng: np.random.Generator) -> Tensor:
    """Return the spectra of windows drawn from waves [B, W, T]: [B, W * `WINDOWS`, bins]."""
    return normalised_power(cut(waves, WINDOWS, waves.shape[-1] // 2, rng), rate_hz)


def _double(x: Tensor, frames: int) -> Tensor:
    """Return features at twice their rate; the last is repeated where the encoder lost an odd frame."""
    x = F.interpolate(x, scale_factor=(2, 1, 1))
    return F.pad(x, (0, 0, 0, 0, 0, frames - x.shape[2]), mode="replicate")


def _layer(width_in: int, width: int, kernel: tuple[int, int, int]) -> list[nn.Module]:
    return [nn.Conv3d(width_in, width, kernel, padding="same"), nn.BatchNorm3d(width), nn.ELU()]


def _pair(width_in: int, width: int) -> list[nn.Module]:
    return _layer(width_in, width, (3, 3, 3)) + _layer(width, width, (3, 3, 3))
