"""The network: slices of an STMap -> residual features -> BiLSTM -> ranges and the value inside each range.

The layout follows Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963): a residual network reads slices of
the map, a BiLSTM runs across them, a *classifier* gives the range a pressure lies in and a *calculator* - fed with the
features and with the classifier's result - gives the value. Sizes, slice length and hop, range edges, the way rows are
averaged and the way ranges and values are combined are not published; those here are ours and travel with the weights.

```
values [B, 4, cells, columns], mask [B, cells, columns]
  -> standardise       masked entries to 0, each row centred, each channel of the map to unit root mean square
  -> slices            [B, S, 4, cells, length]
  -> map residual      1x5 and 3x5 convolutions over cells x every second column, then the mean over measured cells
  -> time residual     1x5 convolutions along the columns, twice halved; mean and deviation over what is left of them
  -> BiLSTM            across the slices that hold enough signal; mean over them -> features [B, 2 * hidden]
  -> two range heads   logits -> probability p [B, R];  features and p -> in-range value v [B, R];  value = sum p * v
```

What a masked entry holds never reaches the output, and neither does a constant added to a row or the scale of a
channel: the classifier sees shapes and proportions, not how bright or how near the face was.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.errors import WeightsError

SYSTOLIC_EDGES = (80.0, 100.0, 110.0, 120.0, 130.0, 140.0, 160.0, 180.0)
"""Edges of the systolic ranges in mmHg (ours): narrow where people are many."""
DIASTOLIC_EDGES = (40.0, 60.0, 70.0, 80.0, 90.0, 110.0)
"""Edges of the diastolic ranges in mmHg (ours)."""

_CHANNELS = 4  # Y, U, V, T
_MIN_MEASURED = 2 / 3  # of a slice's columns; below, the slice says more about the gap than about the pulse
_EPSILON = 1e-6


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network and edges of its ranges. Everything here is ours; the paper names none of it.

    Attributes:
        cells: rows of the map the weights were trained on.
        slice_length: columns of a slice (90 columns are 3 s at 30 Hz: two to five beats).
        slice_hop: columns from one slice's start to the next one's.
        systolic_edges: rising edges in mmHg; R + 1 edges make R ranges `[low, high)`.
        diastolic_edges: the same for the diastolic pressure.
        map_width: feature channels while cells are still apart.
        time_width: feature channels after the first halving of time; twice as many after the second.
        hidden: size of the LSTM's state in each direction.
        dropout: share of features dropped in training, 0 to below 1.
    """

    cells: int
    slice_length: int = 90
    slice_hop: int = 60
    systolic_edges: tuple[float, ...] = SYSTOLIC_EDGES
    diastolic_edges: tuple[float, ...] = DIASTOLIC_EDGES
    map_width: int = 8
    time_width: int = 32
    hidden: int = 48
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """Refuse sizes and edges no network can be built from.

        Raises:
            WeightsError: `config_invalid`.
        """
        for name in ("cells", "slice_length", "slice_hop", "map_width", "time_width", "hidden"):
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
    """

    logits: Tensor
    probability: Tensor
    in_range: Tensor
    value: Tensor


@dataclass(frozen=True)
class Prediction:
    """Both pressures of a batch."""

    systolic: RangePrediction
    diastolic: RangePrediction


class BloodPressureNetwork(nn.Module):
    """STMap -> range probabilities and values of both pressures (see the module's text).

    Args:
        config: sizes and edges.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.map_stem = nn.Conv2d(_CHANNELS, config.map_width, (1, 5), (1, 2), padding=(0, 2), bias=False)
        self.map_block = _MapBlock(config.map_width)
        wide = 2 * config.time_width
        self.time_blocks = nn.Sequential(
            _TimeBlock(config.map_width, config.time_width),
            _TimeBlock(config.time_width, wide),
        )
        self.lstm = nn.LSTM(2 * wide, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.systolic = _RangeHead(2 * config.hidden, config.systolic_edges, config.dropout)
        self.diastolic = _RangeHead(2 * config.hidden, config.diastolic_edges, config.dropout)

    def forward(self, values: Tensor, mask: Tensor) -> Prediction:
        """Estimate both pressures.

        Args:
            values: float [B, 4, cells, columns], the maps (Y, U, V, T); any number of columns from one slice on, so
                maps of different lengths share a batch by masking their ends.
            mask: bool [B, cells, columns], True where measured. What `values` holds elsewhere, NaN included, is
                without effect.

        Returns:
            The prediction; finite for any input, however little of it was measured.

        Raises:
            ValueError: the shapes do not fit each other, the configured cells or the slice length.
        """
        cells, length = self.config.cells, self.config.slice_length
        expected = (values.shape[0], cells, values.shape[-1])
        if values.ndim != 4 or values.shape[1:3] != (_CHANNELS, cells) or tuple(mask.shape) != expected:
            raise ValueError(f"expected [B, {_CHANNELS}, {cells}, columns] and its mask, not {tuple(values.shape)}")
        if values.shape[-1] < length:
            raise ValueError(f"a map needs at least {length} columns, not {values.shape[-1]}")
        x = _standardise(values, mask)
        # [B, ..., cells, columns] -> [B, S, ..., cells, length]; stmap.cut_slices, for tensors.
        x = x.unfold(-1, length, self.config.slice_hop).permute(0, 3, 1, 2, 4)
        m = mask.unfold(-1, length, self.config.slice_hop).permute(0, 2, 1, 3)
        batch, slices = x.shape[:2]
        embedded = self._embed(x.flatten(0, 1), m.flatten(0, 1).unsqueeze(1).to(x.dtype)).view(batch, slices, -1)
        features = self._across_slices(embedded, m.any(dim=2).float().mean(dim=-1) >= _MIN_MEASURED)
        return Prediction(self.systolic(features), self.diastolic(features))

    def _embed(self, x: Tensor, m: Tensor) -> Tensor:
        """One vector per slice: x [n, 4, cells, length], m [n, 1, cells, length] -> [n, 4 * time_width]."""
        # Every second column carries on: a skin pulse ends far below the 7.5 Hz they can hold.
        m = m[..., ::2]
        x = self.map_block(self.map_stem(x) * m, m)
        # The mean is taken before any further non-linearity: noise of single cells averages out, the pulse stays.
        x = x.sum(dim=2) / m.sum(dim=2).clamp(min=1)
        x = self.time_blocks(x)
        return torch.cat((x.mean(dim=-1), (x.var(dim=-1, unbiased=False) + _EPSILON).sqrt()), dim=-1)

    def _across_slices(self, embedded: Tensor, valid: Tensor) -> Tensor:
        """Mean of the BiLSTM's states over the valid slices: [B, S, E], bool [B, S] -> [B, 2 * hidden]."""
        # Valid slices are moved to the front, so that the LSTM runs over them and over nothing else.
        order = torch.argsort((~valid).to(torch.uint8), dim=1, stable=True)
        embedded = torch.gather(embedded, 1, order.unsqueeze(-1).expand_as(embedded))
        lengths = valid.sum(dim=1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(embedded), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return self.dropout(states.sum(dim=1) / lengths.unsqueeze(1))


class _MapBlock(nn.Module):
    """Residual block over cells x columns (1x5, then 3x5); masked entries stay 0."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_in = nn.BatchNorm2d(width)
        self.along = nn.Conv2d(width, width, (1, 5), padding=(0, 2), bias=False)
        self.norm_mid = nn.BatchNorm2d(width)
        self.across = nn.Conv2d(width, width, (3, 5), padding=(1, 2), bias=False)

    def forward(self, x: Tensor, m: Tensor) -> Tensor:
        y = self.along(F.relu(self.norm_in(x)) * m)
        y = self.across(F.relu(self.norm_mid(y)) * m)
        return x + y * m


class _TimeBlock(nn.Module):
    """Residual block along the columns (two 1x5 convolutions) that halves their number."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.norm_in = nn.BatchNorm1d(width_in)
        self.first = nn.Conv1d(width_in, width, 5, stride=2, padding=2, bias=False)
        self.norm_mid = nn.BatchNorm1d(width)
        self.second = nn.Conv1d(width, width, 5, padding=2, bias=False)
        self.skip = nn.Conv1d(width_in, width, 2, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, x.shape[-1] % 2))  # an odd number of columns halves upwards on both paths
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
        self.register_buffer("width", torch.tensor(edges[1:]) - torch.tensor(edges[:-1]), persistent=False)

    def forward(self, features: Tensor) -> RangePrediction:
        logits = self.classifier(features)
        probability = logits.softmax(dim=-1)
        inside = torch.sigmoid(self.calculator(torch.cat((features, probability), dim=-1)))
        in_range = self.low + self.width * inside
        return RangePrediction(logits, probability, in_range, (probability * in_range).sum(dim=-1))


def _standardise(values: Tensor, mask: Tensor) -> Tensor:
    """Masked entries 0, each measured row of mean 0, each channel of a map of root mean square 1."""
    m = mask.unsqueeze(1)
    x = torch.where(m, values, torch.zeros((), dtype=values.dtype, device=values.device))
    mean = x.sum(dim=-1, keepdim=True) / m.sum(dim=-1, keepdim=True).clamp(min=1)
    x = (x - mean) * m
    square = (x**2).sum(dim=(-2, -1), keepdim=True) / m.sum(dim=(-2, -1), keepdim=True).clamp(min=1)
    return x / (square + _EPSILON**2).sqrt()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _invalid(what: str) -> WeightsError:
    return WeightsError(
        "config_invalid", f"The weights' network configuration cannot be used: {what}", "Use weights saved by bpdemo."
    )
