"""The network: mean beats -> residual features -> BiLSTM -> ranges and the value inside each range.

The layout follows Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963): a residual network reads parts of
the map, a BiLSTM runs across them, a *classifier* gives the range a pressure lies in and a *calculator* - fed with the
features and with the classifier's result - gives the value. The paper reads slices of the map; ours reads mean beats of
its regions (`bpdemo/beats.py`). Sizes, range edges, the way regions are averaged and the way ranges and values are
combined are not published; those here are ours and travel with the weights.

```
values [B, N, 4, regions, points], weight [B, N, regions], rate_hz [B]
  -> mean              over regions, by weight: one row a beat and channel; and over beats: one more, the whole map's
  -> standardise       by the height of the whole map's T: shapes and proportions are left
  -> residual          three blocks of 1x5 convolutions along the beat, twice halved; with the heart rate -> one vector
  -> BiLSTM            across the beats that were measured, the whole map's last; mean of its states -> features
  -> two range heads   logits -> probability p [B, R];  features and p -> in-range value v [B, R];  value = sum p * v
```

That is one member. The network is a few of them, fitted apart, whose probabilities are averaged (Lakshminarayanan,
Pritzel, Blundell: *Simple and scalable predictive uncertainty estimation using deep ensembles*, 2017). Where the mean
beat is far from those of the training set, the interval is made wider.

Rows of weight 0 and the scale of a map never reach the output: the classifier sees how the channels relate and what
shape the beat has, not how bright or how near the face was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.beats import POINTS
from bpdemo.models.config import NetworkConfig
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS

MAX_SCALE = 2.0
"""An interval is at most this many times wider than usual: by then it holds most pressures."""

_T = CHANNELS.index("T")
_REFERENCE_QUANTILE = 0.95  # share of the training set whose distance is at most 1
_SHRINKAGE = 0.01
_TYPICAL_RATE_HZ = 1.2  # taken off the heart rate, so that it is about 0
_EPSILON = 1e-6


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
    """Mean beats -> range probabilities and values of both pressures (see the module's text)."""

    reference_beat: Tensor
    whitening: Tensor
    reference_distance: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(Member(config) for _ in range(config.members))
        self.register_buffer("reference_beat", torch.zeros(POINTS))
        self.register_buffer("whitening", torch.zeros(POINTS, POINTS))
        self.register_buffer("reference_distance", torch.ones(1))

    def fit_reference(self, rows: Tensor, measured: Tensor) -> None:
        """Fit the distribution of the training set's beats, rows and mask of `average_rows`, for `mahalanobis`."""
        rows = rows[measured[:, -1]]
        if len(rows) < POINTS:
            return  # too few for a covariance: every distance stays 0
        beats = rows[:, -1, _T]
        self.reference_beat.copy_(beats.mean(dim=0))
        covariance = torch.cov(beats.T)
        # Shrunk towards the mean variance: no direction may count endlessly for want of examples.
        covariance += _SHRINKAGE * covariance.diagonal().mean() * torch.eye(POINTS)
        values, vectors = torch.linalg.eigh(covariance)
        self.whitening.copy_(vectors / values.clamp(min=_EPSILON).sqrt())
        self.reference_distance.fill_(1.0)
        self.reference_distance.copy_(self.mahalanobis(rows).quantile(_REFERENCE_QUANTILE))

    def mahalanobis(self, rows: Tensor) -> Tensor:
        """Return the Mahalanobis distance [B] of each map's mean beat from the training set's, rows of `average_rows`.

        95 % of the training set are within 1; 0 before `fit_reference`.
        """
        whitened = (rows[:, -1, _T] - self.reference_beat) @ self.whitening
        return whitened.square().mean(dim=1).sqrt() / self.reference_distance.clamp(min=_EPSILON)

    def forward(self, values: Tensor, weight: Tensor, rate_hz: Tensor) -> Prediction:
        """Return the prediction of both pressures; finite for any input, however little of it was measured.

        Args:
            values: float [B, N, 4, regions, points], the mean beats of B maps; any number N.
            weight: float [B, N, regions], at least 0; where it is 0, `values`, NaN included, has no effect.
            rate_hz: float [B], heart rates.

        Raises:
            ValueError: the shapes do not fit each other, the channels, the regions or the points of a beat.
        """
        batch, beats = values.shape[:2]
        expected = (batch, beats, len(CHANNELS), len(REGIONS), POINTS)
        if tuple(values.shape) != expected or tuple(weight.shape) != (batch, beats, len(REGIONS)):
            raise ValueError(f"expected beats {expected} and their weight, not {tuple(values.shape)}")
        if tuple(rate_hz.shape) != (batch,):
            raise ValueError(f"expected {batch} heart rates, not {tuple(rate_hz.shape)}")
        rows, measured = average_rows(values, weight)
        prediction = combine([member(rows, measured, rate_hz) for member in self.members])
        scale = self.mahalanobis(rows).clamp(1.0, MAX_SCALE)
        return Prediction(replace(prediction.systolic, scale=scale), replace(prediction.diastolic, scale=scale))


class Member(nn.Module):
    """One network of the few."""

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
        """Return one member's prediction from rows and mask of `average_rows` and heart rates [B]."""
        batch, beats = rows.shape[:2]
        x = self.blocks(self.stem(rows.flatten(0, 1))).flatten(1)
        rate = (rate_hz - _TYPICAL_RATE_HZ).repeat_interleave(beats).unsqueeze(1)
        x = F.relu(self.embed(torch.cat((x, rate), dim=1))).view(batch, beats, -1)
        features = self._across_beats(x, measured)
        return Prediction(self.systolic(features), self.diastolic(features))

    def _across_beats(self, x: Tensor, measured: Tensor) -> Tensor:
        """Mean of the BiLSTM's states over the measured beats: [B, N, E], bool [B, N] -> [B, 2 * hidden]."""
        # Measured beats are moved to the front, so that the LSTM runs over them alone.
        order = torch.argsort((~measured).to(torch.uint8), dim=1, stable=True)
        x = torch.gather(x, 1, order.unsqueeze(-1).expand_as(x))
        lengths = measured.sum(dim=1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(x), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.dropout(states.sum(dim=1) / lengths.unsqueeze(1))


def average_rows(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return beats averaged over regions, the average of all beats behind them, and which were measured.

    Rows [B, N + 1, 4, points], the last of them the whole map's, scaled so that its T has root mean square 1; bool
    [B, N + 1]. Arguments are those of `BloodPressureNetwork.forward`.
    """
    w = weight[:, :, None, :, None]
    values = torch.where(w > 0, values, torch.zeros((), dtype=values.dtype, device=values.device)) * w
    weight = weight.sum(dim=2)
    sums = values.sum(dim=3)
    sums = torch.cat((sums, sums.sum(dim=1, keepdim=True)), dim=1)
    weight = torch.cat((weight, weight.sum(dim=1, keepdim=True)), dim=1)
    rows = sums / weight.clamp(min=_EPSILON)[..., None, None]
    height = rows[:, -1, _T].square().mean(dim=-1).sqrt()
    return rows / height.clamp(min=_EPSILON)[:, None, None, None], weight > 0


def combine(predictions: Sequence[Prediction]) -> Prediction:
    """Return the average of several members' predictions of one batch; in-range values are weighted by probability."""
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
        logits = mean.clamp(min=_EPSILON**2).log()
        pressures.append(RangePrediction(logits, mean, in_range, values.mean(dim=0), each[0].scale))
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

    low: Tensor
    width: Tensor

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
        # Constants of the configuration: they are kept out of the saved tensors. Widths are computed before they are
        # tensors: arithmetic on meta tensors makes torch load its compiler, which takes longer than all else.
        self.register_buffer("low", torch.tensor(edges[:-1]), persistent=False)
        widths = [high - low for low, high in pairwise(edges)]
        self.register_buffer("width", torch.tensor(widths), persistent=False)

    def forward(self, features: Tensor) -> RangePrediction:
        logits = self.classifier(features)
        probability = logits.softmax(dim=-1)
        inside = torch.sigmoid(self.calculator(torch.cat((features, probability), dim=-1)))
        in_range = self.low + self.width * inside
        value = (probability * in_range).sum(dim=-1)
        return RangePrediction(logits, probability, in_range, value, torch.ones_like(value))
