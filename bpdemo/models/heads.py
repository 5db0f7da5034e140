"""What every model answers with: the paper's classifier over ranges and calculator of the value inside each.

After Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963): the *classifier* gives the range a pressure lies
in, and the *calculator* - fed with the features and with the classifier's result - the value inside each range. How
both are combined is not published; ours is the expected value, the sum of probability times in-range value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

TINY_PROBABILITY = 1e-12
"""Stands in for 0 where a probability is a weight or is put into a logarithm."""


@dataclass(frozen=True)
class ValuePrediction:
    """One pressure of a batch, of a model that has no ranges: `value` is [B] mmHg."""

    value: Tensor


@dataclass(frozen=True)
class RangePrediction(ValuePrediction):
    """One pressure of a batch, R ranges; the value is the sum over ranges of probability times in-range value.

    Attributes:
        logits: [B, R] unnormalised log-probabilities of the ranges.
        probability: [B, R] their softmax.
        in_range: [B, R] mmHg; column r lies inside range r.
    """

    logits: Tensor
    probability: Tensor
    in_range: Tensor


@dataclass(frozen=True)
class Prediction:
    """Both pressures of a batch, and the shape of the finger's beat [B, S] of a model that recovers it."""

    systolic: ValuePrediction
    diastolic: ValuePrediction
    shape: Tensor | None = None


class RangeHead(nn.Module):
    """Classifier over ranges, and calculator of the value inside each range, of one pressure."""

    low: Tensor
    width: Tensor

    def __init__(self, features: int, edges: Sequence[float], dropout: float = 0.0) -> None:
        super().__init__()
        ranges = len(edges) - 1
        self.classifier = nn.Linear(features, ranges)
        self.calculator = nn.Sequential(
            nn.Linear(features + ranges, features // 2),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features // 2, ranges),
        )
        # Constants of the configuration: they are kept out of the saved tensors. Widths are computed before they are
        # tensors: arithmetic on meta tensors makes torch load its compiler, which takes longer than all else.
        self.register_buffer("low", torch.tensor(edges[:-1]), persistent=False)
        widths = [high - low for low, high in pairwise(edges)]
        self.register_buffer("width", torch.tensor(widths), persistent=False)

    def forward(self, features: Tensor) -> RangePrediction:
        """Return the prediction from features [B, F]."""
        logits = self.classifier(features)
        probability = logits.softmax(dim=-1)
        inside = torch.sigmoid(self.calculator(torch.cat((features, probability), dim=-1)))
        in_range = self.low + self.width * inside
        return RangePrediction((probability * in_range).sum(dim=-1), logits, probability, in_range)


def range_of(pressure: Tensor, edges: Sequence[float]) -> Tensor:
    """Return the index of the range `[low, high)` of each pressure, of the end range when outside all; int64."""
    inner = torch.tensor(edges[1:-1], dtype=pressure.dtype, device=pressure.device)
    return torch.bucketize(pressure.contiguous(), inner, right=True)


def read_across(lstm: nn.LSTM, x: Tensor, measured: Tensor) -> Tensor:
    """Return the mean of a BiLSTM's states over the measured parts: x [B, N, E], bool [B, N] -> [B, 2 * hidden]."""
    # Measured parts are moved to the front, so that the LSTM runs over them alone.
    order = torch.argsort((~measured).to(torch.uint8), dim=1, stable=True)
    x = torch.gather(x, 1, order.unsqueeze(-1).expand_as(x))
    lengths = measured.sum(dim=1).clamp(min=1)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    states, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    return states.sum(dim=1) / lengths.unsqueeze(1)


def combine(predictions: Sequence[Prediction]) -> Prediction:
    """Return the average of several networks' predictions of one batch; in-range values are weighted by probability.

    Lakshminarayanan, Pritzel, Blundell: *Simple and scalable predictive uncertainty estimation using deep ensembles*,
    2017.
    """
    if len(predictions) == 1:
        return predictions[0]
    shapes = [one.shape for one in predictions if one.shape is not None]
    return Prediction(
        _average([one.systolic for one in predictions]),
        _average([one.diastolic for one in predictions]),
        torch.stack(shapes).mean(dim=0) if shapes else None,
    )


def mix(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Return the sum of some range probabilities, and the in-range values weighted by them, [B, R] each.

    A part is such a pair, too, or one [R] for the whole batch. Where no part has any weight, the first one's values
    stand.
    """
    first = TINY_PROBABILITY * parts[0][1]
    probability = sum((share for share, _ in parts), torch.zeros(()))
    values = sum((share * value for share, value in parts), first)
    return probability, values / (probability + TINY_PROBABILITY)


def _average(each: Sequence[ValuePrediction]) -> ValuePrediction:
    value = torch.stack([one.value for one in each]).mean(dim=0)
    ranges = [one for one in each if isinstance(one, RangePrediction)]
    if not ranges:
        return ValuePrediction(value)
    probability, in_range = mix([(one.probability / len(ranges), one.in_range) for one in ranges])
    return RangePrediction(value, probability.clamp(min=TINY_PROBABILITY).log(), probability, in_range)
