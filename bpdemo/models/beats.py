"""The network: slices of an STMap -> residual features -> BiLSTM -> ranges and the value inside each range.

The layout follows Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963): a residual network reads slices of
the map, a BiLSTM runs across them, a *classifier* gives the range a pressure lies in and a *calculator* - fed with the
features and with the classifier's result - gives the value. Sizes, what a slice is (`slices.py`), range edges, the way
rows are averaged and the way ranges and values are combined are not published; those here are ours and travel with the
weights.

```
values [B, S, 4, regions, points], weight [B, S, regions], rate_hz [B]
  -> mean              over regions, by weight: one row a slice and channel; and over slices: one more, the whole map's
  -> standardise       by the height of the whole map's T: shapes and proportions are left
  -> residual          three blocks of 1x5 convolutions along the beat, twice halved; with the heart rate -> one vector
  -> BiLSTM            across the slices that were measured, the whole map's last; mean of its states -> features
  -> two range heads   logits -> probability p [B, R];  features and p -> in-range value v [B, R];  value = sum p * v
```

That is one member. The network is a few of them, fitted apart, whose probabilities are averaged (Lakshminarayanan,
Pritzel, Blundell: *Simple and scalable predictive uncertainty estimation using deep ensembles*, 2017). Where the mean
beat is unlike all that was met in training, the interval is made wider.

What a row of weight 0 holds never reaches the output, and neither does the scale of a map: the classifier sees how the
channels relate and what shape the beat has, not how bright or how near the face was.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.beats import POINTS
from bpdemo.errors import WeightsError
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS

SYSTOLIC_EDGES = (80.0, 100.0, 110.0, 120.0, 130.0, 140.0, 160.0, 180.0)
"""Edges of the systolic ranges in mmHg (ours): narrow where people are many."""
DIASTOLIC_EDGES = (40.0, 60.0, 70.0, 80.0, 90.0, 110.0)
"""Edges of the diastolic ranges in mmHg (ours)."""

MAX_SCALE = 2.0
"""However strange a beat, an interval is at most so many times wider than usual: by then it holds most pressures."""

_USUAL = 0.95  # share of the training set whose novelty is at most 1
_LEVELLED = 0.01
_RATE_HZ = 1.2  # taken off the heart rate, so that it is about 0
_EPSILON = 1e-6


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network and edges of its ranges. Everything here is ours; the paper names none of it.

    Attributes:
        systolic_edges: rising edges in mmHg; R + 1 edges make R ranges `[low, high)`.
        diastolic_edges: the same for the diastolic pressure.
        members: networks of one kind whose answers are averaged.
        stem_width: feature channels made of Y, U, V, T.
        width: feature channels of the residual blocks.
        hidden: size of the LSTM's state in each direction.
        dropout: share of features dropped in training, 0 to below 1.
    """

    systolic_edges: tuple[float, ...] = SYSTOLIC_EDGES
    diastolic_edges: tuple[float, ...] = DIASTOLIC_EDGES
    members: int = 3
    stem_width: int = 8
    width: int = 32
    hidden: int = 48
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """Refuse sizes and edges no network can be built from.

        Raises:
            WeightsError: `config_invalid`.
        """
        for name in ("members", "stem_width", "width", "hidden"):
            size = getattr(self, name)
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise _invalid(f"{name} must be a whole number of at least 1, not {size!r}.")
        if not _is_number(self.dropout) or not 0 <= self.dropout < 1:
            raise _invalid(f"dropout must be a number from 0 to below 1, not {self.dropout!r}.")
        for name in ("systolic_edges", "diastolic_edges"):
            edges = getattr(self, name)
            rising = isinstance(edges, tuple) and len(edges) >= 2 and all(map(_is_number, edges))
            if not rising or any(low >= high for low, high in pairwise(edges)):
                raise _invalid(f"{name} must be at least two rising numbers, not {edges!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_dict` reads it back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, config: Mapping[str, Any]) -> "NetworkConfig":
        """Read what `to_dict` wrote.

        Args:
            config: the `"network"` part of a weights folder's config.json.

        Raises:
            WeightsError: `config_invalid`, when a field is missing, unknown or impossible.
        """
        if not isinstance(config, Mapping):
            raise _invalid(f"network must be an object, not {type(config).__name__}.")
        names = {field.name for field in fields(cls)}
        if set(config) != names:
            raise _invalid(f"network must name exactly {sorted(names)}, not {sorted(map(str, config))}.")
        as_tuples = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
        return cls(**as_tuples)


@dataclass(frozen=True)
class RangePrediction:
    """One pressure of a batch, R ranges.

    Attributes:
        logits: [B, R] unnormalised log-probabilities of the ranges.
        probability: [B, R] their softmax.
        in_range: [B, R] mmHg; column r lies strictly inside range r.
        value: [B] mmHg; the sum over ranges of probability times in-range value.
        scale: [B], 1 to `MAX_SCALE`: how much wider than usual an interval around the value has to be.
    """

    logits: Tensor
    probability: Tensor
    in_range: Tensor
    value: Tensor
    scale: Tensor


@dataclass(frozen=True)
class Prediction:
    """Both pressures of a batch."""

    systolic: RangePrediction
    diastolic: RangePrediction


class BloodPressureNetwork(nn.Module):
    """Slices -> range probabilities and values of both pressures (see the module's text).

    Args:
        config: sizes and edges.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(Member(config) for _ in range(config.members))
        self.register_buffer("usual_beat", torch.zeros(POINTS))
        self.register_buffer("whitening", torch.zeros(POINTS, POINTS))
        self.register_buffer("usual_novelty", torch.ones(1))

    def remember(self, rows: Tensor, measured: Tensor) -> None:
        """Remember which beats were met in training, so that `novelty` can tell others from them.

        Args:
            rows: [maps, S + 1, 4, points] of `average_rows`.
            measured: bool [maps, S + 1].
        """
        rows = rows[measured[:, -1]]
        if len(rows) < POINTS:
            return  # too few to tell what is usual: nothing is unusual then
        beats = rows[:, -1, CHANNELS.index("T")]
        self.usual_beat.copy_(beats.mean(dim=0))
        covariance = torch.cov(beats.T)
        # A little of the mean variance is added everywhere: no direction may count endlessly for want of examples.
        covariance += _LEVELLED * covariance.diagonal().mean() * torch.eye(POINTS)
        values, vectors = torch.linalg.eigh(covariance)
        self.whitening.copy_(vectors / values.clamp(min=_EPSILON).sqrt())
        self.usual_novelty.fill_(1.0)
        self.usual_novelty.copy_(self.novelty(rows).quantile(_USUAL))

    def novelty(self, rows: Tensor) -> Tensor:
        """Return how unlike the training set each map's mean beat is: [B], the Mahalanobis distance of T's shape.

        1 is as far as all but a twentieth of the training set's are; 0 before `remember`.

        Args:
            rows: [B, S + 1, 4, points] of `average_rows`.
        """
        apart = (rows[:, -1, CHANNELS.index("T")] - self.usual_beat) @ self.whitening
        return apart.square().mean(dim=1).sqrt() / self.usual_novelty.clamp(min=_EPSILON)

    def forward(self, values: Tensor, weight: Tensor, rate_hz: Tensor) -> Prediction:
        """Estimate both pressures.

        Args:
            values: float [B, S, 4, regions, points], the slices (`slices.cut_slices`) of B maps; any number S.
            weight: float [B, S, regions], at least 0; what `values` holds where it is 0, NaN included, is without
                effect.
            rate_hz: float [B], heart rates.

        Returns:
            The prediction; finite for any input, however little of it was measured.

        Raises:
            ValueError: the shapes do not fit each other, the channels, the regions or the points of a slice.
        """
        batch, slices = values.shape[:2]
        expected = (batch, slices, len(CHANNELS), len(REGIONS), POINTS)
        if tuple(values.shape) != expected or tuple(weight.shape) != (batch, slices, len(REGIONS)):
            raise ValueError(f"expected slices {expected} and their weight, not {tuple(values.shape)}")
        if tuple(rate_hz.shape) != (batch,):
            raise ValueError(f"expected {batch} heart rates, not {tuple(rate_hz.shape)}")
        rows, measured = average_rows(values, weight)
        prediction = combine([member(rows, measured, rate_hz) for member in self.members])
        scale = self.novelty(rows).clamp(1.0, MAX_SCALE)
        return Prediction(replace(prediction.systolic, scale=scale), replace(prediction.diastolic, scale=scale))


class Member(nn.Module):
    """One network of the few.

    Args:
        config: sizes and edges.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, features = config.width, 2 * config.hidden
        self.stem = nn.Conv1d(len(CHANNELS), config.stem_width, 5, padding=2, bias=False)
        self.blocks = nn.Sequential(
            _Block(config.stem_width, width, 1), _Block(width, width, 2), _Block(width, width, 2)
        )
        self.embed = nn.Linear(width * (POINTS // 4) + 1, features)
        self.lstm = nn.LSTM(features, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.systolic = _RangeHead(features, config.systolic_edges, config.dropout)
        self.diastolic = _RangeHead(features, config.diastolic_edges, config.dropout)

    def forward(self, rows: Tensor, measured: Tensor, rate_hz: Tensor) -> Prediction:
        """Estimate both pressures: rows [B, S + 1, 4, points] and bool [B, S + 1] of `average_rows`, rate_hz [B]."""
        batch, slices = rows.shape[:2]
        x = self.blocks(self.stem(rows.flatten(0, 1))).flatten(1)
        rate = (rate_hz - _RATE_HZ).repeat_interleave(slices).unsqueeze(1)
        x = F.relu(self.embed(torch.cat((x, rate), dim=1))).view(batch, slices, -1)
        features = self._across_slices(x, measured)
        return Prediction(self.systolic(features), self.diastolic(features))

    def _across_slices(self, x: Tensor, measured: Tensor) -> Tensor:
        """Mean of the BiLSTM's states over the measured slices: [B, S, E], bool [B, S] -> [B, 2 * hidden]."""
        # Measured slices are moved to the front, so that the LSTM runs over them and over nothing else.
        order = torch.argsort((~measured).to(torch.uint8), dim=1, stable=True)
        x = torch.gather(x, 1, order.unsqueeze(-1).expand_as(x))
        lengths = measured.sum(dim=1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(x), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.dropout(states.sum(dim=1) / lengths.unsqueeze(1))


def average_rows(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Average slices over regions, add the average of all slices, and bring T to root mean square 1.

    Args:
        values: [B, S, 4, regions, points].
        weight: [B, S, regions].

    Returns:
        rows [B, S + 1, 4, points], the last of them the whole map's; bool [B, S + 1], which were measured.
    """
    w = weight[:, :, None, :, None]
    values = torch.where(w > 0, values, torch.zeros((), dtype=values.dtype, device=values.device)) * w
    weight = weight.sum(dim=2)
    sums = values.sum(dim=3)
    sums = torch.cat((sums, sums.sum(dim=1, keepdim=True)), dim=1)
    weight = torch.cat((weight, weight.sum(dim=1, keepdim=True)), dim=1)
    rows = sums / weight.clamp(min=_EPSILON)[..., None, None]
    height = rows[:, -1, CHANNELS.index("T")].square().mean(dim=-1).sqrt()
    return rows / height.clamp(min=_EPSILON)[:, None, None, None], weight > 0


def combine(predictions: Sequence[Prediction]) -> Prediction:
    """Average the answers of several members, the probabilities evenly, the in-range values by them.

    Args:
        predictions: for the same batch.
    """
    if len(predictions) == 1:
        return predictions[0]
    pressures = []
    for name in ("systolic", "diastolic"):
        each = [getattr(prediction, name) for prediction in predictions]
        probability = torch.stack([part.probability for part in each])
        mean = probability.mean(dim=0)
        share = probability + _EPSILON**2  # a range that all members rule out keeps a value inside it
        in_range = (share * torch.stack([part.in_range for part in each])).sum(dim=0) / share.sum(dim=0)
        values = torch.stack([part.value for part in each])
        pressures.append(
            RangePrediction(
                mean.clamp(min=_EPSILON**2).log(),
                mean,
                in_range,
                values.mean(dim=0),
                each[0].scale,
            )
        )
    return Prediction(*pressures)


class _Block(nn.Module):
    """Residual block along the beat (two convolutions of five points), with a stride."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.norm_in = nn.BatchNorm1d(width_in)
        self.first = nn.Conv1d(width_in, width, 5, stride=stride, padding=2, bias=False)
        self.norm_mid = nn.BatchNorm1d(width)
        self.second = nn.Conv1d(width, width, 5, padding=2, bias=False)
        self.skip = nn.Conv1d(width_in, width, stride, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.second(F.relu(self.norm_mid(self.first(F.relu(self.norm_in(x))))))


class _RangeHead(nn.Module):
    """Classifier over ranges, and calculator of the value inside each range."""

    def __init__(self, features: int, edges: Sequence[float], dropout: float) -> None:
        super().__init__()
        ranges = len(edges) - 1
        self.classifier = nn.Linear(features, ranges)
        self.calculator = nn.Sequential(
            nn.Linear(features + ranges, features // 2),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features // 2, ranges),
        )
        # Constants of the configuration, not parameters: they are kept out of the saved tensors.
        self.register_buffer("low", torch.tensor(edges[:-1]), persistent=False)
        # Widths are taken before they are tensors: arithmetic on the tensors without memory that weights are first laid
        # out in makes torch load its compiler, which takes longer than all else at the start.
        widths = [high - low for low, high in pairwise(edges)]
        self.register_buffer("width", torch.tensor(widths), persistent=False)

    def forward(self, features: Tensor) -> RangePrediction:
        logits = self.classifier(features)
        probability = logits.softmax(dim=-1)
        inside = torch.sigmoid(self.calculator(torch.cat((features, probability), dim=-1)))
        in_range = self.low + self.width * inside
        value = (probability * in_range).sum(dim=-1)
        return RangePrediction(logits, probability, in_range, value, torch.ones_like(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _invalid(what: str) -> WeightsError:
    return WeightsError(
        "config_invalid", f"The weights' network configuration cannot be used: {what}", "Use weights saved by bpdemo."
    )
