"""Spectra of pulse waves that gradients pass through, as label-free losses compare them; waves are [..., T]."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from bpdemo.spectrum import RELEVANT_BPM

_TINY = 1e-12
_SOFT_LENGTH = 8  # times zero-padded for a soft rate
_SOFT_POWER = 4  # of the power: the highest peak outweighs the rest, and yet every bin has a gradient


def normalised_power(waves: Tensor, rate_hz: float, band_bpm: tuple[float, float] | None = RELEVANT_BPM) -> Tensor:
    """Return how the power of waves is spread over the bins of a band, [..., bins] of sum 1; of None, over all bins.

    A wave that does not move has 0 everywhere. Means are removed wave by wave.
    """
    power = _power(waves, waves.shape[-1])
    if band_bpm is not None:
        power = power[..., _inside(waves.shape[-1], rate_hz, band_bpm)]
    return power / power.sum(dim=-1, keepdim=True).clamp(min=_TINY)


def soft_rate_hz(waves: Tensor, rate_hz: float, band_bpm: tuple[float, float]) -> Tensor:
    """Return the frequency of the highest peak in a band, [...], as a mean that has a gradient (ours)."""
    length = _SOFT_LENGTH * waves.shape[-1]
    inside = _inside(length, rate_hz, band_bpm)
    power = _power(waves, length)[..., inside]
    weight = (power / power.amax(dim=-1, keepdim=True).clamp(min=_TINY)) ** _SOFT_POWER
    return (weight * _bins_hz(length, rate_hz, waves.device)[inside]).sum(dim=-1) / weight.sum(dim=-1).clamp(min=_TINY)


def distances(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean squared difference of every spectrum [N, bins] to every other [M, bins]: [N, M]."""
    return (one[:, None] - other[None]).square().mean(dim=-1)


def cut(waves: Tensor, count: int, length: int, rng: np.random.Generator) -> Tensor:
    """Return `count` windows from random starts of each of waves [B, W, T]: [B, W * count, length]."""
    batch, number, total = waves.shape
    starts = torch.from_numpy(rng.integers(total - length + 1, size=(batch, number, count))).to(waves.device)
    places = starts[..., None] + torch.arange(length, device=waves.device)
    return waves[:, :, None].expand(-1, -1, count, -1).gather(3, places).flatten(1, 2)


def _power(waves: Tensor, length: int) -> Tensor:
    waves = waves.float()  # there is no transform of what mixed precision gives
    waves = F.pad(waves - waves.mean(dim=-1, keepdim=True), (0, length - waves.shape[-1]))
    return torch.view_as_real(torch.fft.rfft(waves)).square().sum(dim=-1)


def _bins_hz(length: int, rate_hz: float, device: torch.device) -> Tensor:
    return torch.arange(length // 2 + 1, device=device) * (rate_hz / length)


def _inside(length: int, rate_hz: float, band_bpm: tuple[float, float]) -> Tensor:
    bins = _bins_hz(length, rate_hz, torch.device("cpu"))
    return (bins >= band_bpm[0] / 60) & (bins <= band_bpm[1] / 60)
