"""`yue`: a pulse without labels, from clips whose frequency is known to differ.

Yue, Shi, Ding (arXiv 2210.15401; IEEE TPAMI 2023).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from bpdemo.errors import DataError
from bpdemo.models.spectra import normalised_power, soft_rate_hz

PIECE_S = 5.0
RATIOS = 4
"""Negatives of each clip, each at another rate."""

_SLOWER, _FASTER = (0.3, 0.8), (1.2, 1.7)
_RATE_BPM = (40.0, 180.0)
_TEMPERATURE = 0.08


class Network:
    """Losses on maps."""

    @staticmethod
    def map_loss(read: Callable[[float | None], Tensor], rate_hz: float | None, rng: np.random.Generator) -> Tensor:
        """Return agreement, contrast and ratio consistency of waves read from maps, a scalar.

        The positives are the waves of two halves of the regions in one piece of the window, neighbours its other
        pieces, negatives the same windows with their columns resampled, which needs no learned augmentation (ours).

        Args:
            read: gives the waves [B, W, T] of B windows of different people; see `training.map_waves`.
            rate_hz: of the waves.
            rng: everything that is drawn.

        Raises:
            DataError: `method_needs_time`, where the waves are single beats, which have no rate.
        """
        if rate_hz is None:
            raise DataError(
                "method_needs_time",
                "This method compares heart rates, and the model reads single beats, which have none.",
                "Use the method contrast-phys, or a model that reads the map.",
            )
        waves = read(None)
        length = round(PIECE_S * rate_hz)
        order, half = rng.permutation(waves.shape[1]), waves.shape[1] // 2
        pieces = [slice(start, start + length) for start in range(0, waves.shape[2] - length + 1, length)]
        at = pieces.pop(int(rng.integers(len(pieces))))
        positives = [waves[:, some, at].mean(dim=1) for some in (order[:half], order[half:])]
        neighbours = [waves[:, :, piece].mean(dim=1) for piece in pieces]
        ratios = draw_ratios(RATIOS, rng)
        negatives = [read(ratio)[..., :length].mean(dim=1) for ratio in ratios]
        return losses(positives, neighbours, negatives, torch.tensor(ratios, device=waves.device), rate_hz)


def draw_ratios(count: int, rng: np.random.Generator) -> list[float]:
    """Return ratios of rates, each slower or faster by the toss of a coin."""
    return [float(rng.uniform(*(_SLOWER if rng.random() < 0.5 else _FASTER))) for _ in range(count)]


def losses(
    positives: Sequence[Tensor],
    neighbours: Sequence[Tensor],
    negatives: Sequence[Tensor],
    ratios: Tensor,
    rate_hz: float,
) -> Tensor:
    """Return agreement, contrast and ratio consistency together, a scalar, of waves [B, T]; ratios [K] or [K, B]."""
    spectra = [[normalised_power(wave, rate_hz, None) for wave in kind] for kind in (positives, neighbours, negatives)]
    return (
        agreement(*spectra[:2]) + contrast(spectra[0], spectra[2]) + consistency(positives, negatives, ratios, rate_hz)
    )


def agreement(positives: Sequence[Tensor], neighbours: Sequence[Tensor]) -> Tensor:
    """Return the mean squared difference between the spectra [B, bins] of positives and neighbours, a scalar."""
    pairs = [_apart(one, other).mean() for one in positives for other in neighbours]
    return torch.stack(pairs).mean()


def contrast(positives: Sequence[Tensor], negatives: Sequence[Tensor]) -> Tensor:
    """Return how near the spectra [B, bins] of two positives are, beside how near they are to negatives, a scalar."""
    one, other = positives
    near = (_apart(one, other) / _TEMPERATURE).exp()
    far = torch.stack([(_apart(each, negative) / _TEMPERATURE).exp() for each in positives for negative in negatives])
    return torch.log10(1 + near / far.sum(dim=0)).mean()


def consistency(positives: Sequence[Tensor], negatives: Sequence[Tensor], ratios: Tensor, rate_hz: float) -> Tensor:
    """Return how far the rates of negatives over that of the positive are from the ratios, a scalar with a gradient.

    The original takes its rates from arrays that no gradient passes through; these are `soft_rate_hz` (ours). Where a
    negative's rate would leave the band, nothing is asked of it.
    """
    of_positive = soft_rate_hz(positives[0], rate_hz, _RATE_BPM)
    found = torch.stack([soft_rate_hz(negative, rate_hz, _RATE_BPM) for negative in negatives]) / of_positive
    ratios = ratios.reshape(len(negatives), -1).expand_as(found)
    wanted = (ratios * of_positive).detach() * 60
    inside = ((wanted >= _RATE_BPM[0]) & (wanted <= _RATE_BPM[1])).to(found.dtype)
    return ((found - ratios).abs() * inside).sum() / inside.sum().clamp(min=1)


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).square().mean(dim=-1)
