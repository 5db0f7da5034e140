"""The loss: which range, where inside it, and the value both make together. Parts and weights are ours."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from bpdemo.models.beats import NetworkConfig, Prediction, RangePrediction


@dataclass(frozen=True)
class LossWeights:
    """Share of each part of the loss."""

    ranges: float = 1.0  # cross-entropy of the range probabilities
    in_range: float = 0.3  # distance of the true range's own value from the pressure
    value: float = 1.0  # distance of the expected value from the pressure
    neighbours: float = 0.2  # share of a label that goes to the ranges beside it: a cuff is not exact to the mmHg


_UNIT_MMHG = 10.0  # distances are taken in tens of mmHg, the size of a range
_WEIGHTS = LossWeights()


def blood_pressure_loss(
    prediction: Prediction,
    pressures: Tensor,
    config: NetworkConfig,
    weights: LossWeights = _WEIGHTS,
    *,
    importance: Tensor | None = None,
) -> Tensor:
    """Return the loss of both pressures together, a scalar.

    Pressures, [B, 2] mmHg, count as the nearest edge where they lie outside the ranges of `config`. `importance`, [B],
    is how much each window counts.
    """
    systolic = _pressure_loss(prediction.systolic, pressures[:, 0], config.systolic_edges, weights)
    diastolic = _pressure_loss(prediction.diastolic, pressures[:, 1], config.diastolic_edges, weights)
    each = systolic + diastolic
    return each.mean() if importance is None else (each * importance).mean()


def range_of(pressure: Tensor, edges: Sequence[float]) -> Tensor:
    """Return the index of the range `[low, high)` of each pressure, of the end range when outside all; int64."""
    inner = torch.tensor(edges[1:-1], dtype=pressure.dtype, device=pressure.device)
    return torch.bucketize(pressure.contiguous(), inner, right=True)


def _pressure_loss(
    prediction: RangePrediction, pressure: Tensor, edges: Sequence[float], weights: LossWeights
) -> Tensor:
    """Loss of one pressure, window by window: [B]."""
    target = pressure.clamp(edges[0], edges[-1])
    index = range_of(pressure, edges)
    label = _soft_label(index, len(edges) - 1, weights.neighbours)
    ranges = -(label * prediction.logits.log_softmax(dim=-1)).sum(dim=-1)
    inside = prediction.in_range.gather(1, index.unsqueeze(1)).squeeze(1)
    return (
        weights.ranges * ranges
        + weights.in_range * F.smooth_l1_loss(inside / _UNIT_MMHG, target / _UNIT_MMHG, reduction="none")
        + weights.value * F.smooth_l1_loss(prediction.value / _UNIT_MMHG, target / _UNIT_MMHG, reduction="none")
    )


def _soft_label(index: Tensor, ranges: int, neighbours: float) -> Tensor:
    """[B, R] with most weight on the range itself and the rest on the one or two beside it."""
    distance = (torch.arange(ranges, device=index.device) - index.unsqueeze(1)).abs()
    beside = (distance == 1).float()
    return (distance == 0) * (1 - neighbours) + neighbours * beside / beside.sum(dim=1, keepdim=True).clamp(min=1)
