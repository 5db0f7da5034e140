"""The loss: which range, where inside it, and the value both make together. Parts and weights are ours."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from bpdemo.models.config import NetworkConfig
from bpdemo.models.heads import Prediction, RangePrediction, ValuePrediction, range_of

_IN_RANGE = 0.3  # weight of the true range's own value, which is all that teaches the calculator of rare ranges
_UNIT_MMHG = 10.0  # distances are taken in tens of mmHg, the size of a range


def blood_pressure_loss(prediction: Prediction, pressures: Tensor, config: NetworkConfig) -> Tensor:
    """Return the loss of both pressures together, a scalar; without ranges it is that of the value alone.

    Pressures, [B, 2] mmHg, count as the nearest edge where they lie outside the ranges of `config`.
    """
    systolic = _pressure_loss(prediction.systolic, pressures[:, 0], config.systolic_edges)
    return systolic + _pressure_loss(prediction.diastolic, pressures[:, 1], config.diastolic_edges)


def shape_loss(shape: Tensor, known: Tensor) -> Tensor:
    """Return how far the shape of the beat is off, a scalar: both [B, S]; what is not known, NaN, counts as right."""
    return torch.where(known.isfinite(), shape - known, 0.0).square().sum(dim=1).mean()


def _pressure_loss(prediction: ValuePrediction, pressure: Tensor, edges: Sequence[float]) -> Tensor:
    target = pressure.clamp(edges[0], edges[-1]) / _UNIT_MMHG
    of_value = F.smooth_l1_loss(prediction.value / _UNIT_MMHG, target)
    if not isinstance(prediction, RangePrediction):
        return of_value
    index = range_of(pressure, edges)
    inside = prediction.in_range.gather(1, index.unsqueeze(1)).squeeze(1)
    return (
        F.cross_entropy(prediction.logits, index) + of_value + _IN_RANGE * F.smooth_l1_loss(inside / _UNIT_MMHG, target)
    )
