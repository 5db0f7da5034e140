"""`beats`: mean beats -> residual features -> BiLSTM -> ranges and the value inside each range.

The layout follows Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963): a residual network reads parts of
the map, a BiLSTM runs across them, and the heads (`heads.py`) answer. The paper reads slices of the map; ours reads
mean beats of its regions (`bpdemo/beats.py`). Sizes, range edges and the way regions are averaged are not published;
those here are ours and travel with the weights.

```
values [B, N, 4, regions, points], weight [B, N, regions], rate_hz [B]
  -> mean              over regions, by weight: one row a beat and channel; and over beats: one more, the whole map's
  -> standardise       by the height of the whole map's T: shapes and proportions are left
  -> residual          three blocks of 1x5 convolutions along the beat, twice halved; with the heart rate -> one vector
  -> BiLSTM            across the beats that were measured, the whole map's last; mean of its states -> features
  -> two range heads
```

Rows of weight 0 and the scale of a map never reach the output: the classifier sees how the channels relate and what
shape the beat has, not how bright or how near the face was.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.models.config import BeatsConfig
from bpdemo.models.heads import Prediction, RangeHead, read_across
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import Member
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS

_T = CHANNELS.index("T")
_TYPICAL_RATE_HZ = 1.2  # taken off the heart rate, so that it is about 0
_EPSILON = 1e-6


class Network(Member):
    """Mean beats -> prediction (see the module's text)."""

    READS = "mean beats"
    ABOUT = (
        "The map itself does not enter the network. In each of "
        f"{len(REGIONS)} face regions the beats of each channel are laid over each other and averaged, which gives "
        f"{MEAN_BEATS} mean beats of {POINTS} points ([{MEAN_BEATS}, {len(CHANNELS)}, {len(REGIONS)}, {POINTS}]); "
        "these enter it. Residual blocks read each mean beat, and a BiLSTM reads across them."
    )

    reference_rows: Tensor

    def __init__(self, config: BeatsConfig) -> None:
        super().__init__()
        width, features = config.width, 2 * config.hidden
        self.stem = nn.Conv1d(len(CHANNELS), config.stem_width, 5, padding=2, bias=False)
        self.blocks = nn.Sequential(
            _Block(config.stem_width, width, 1), _Block(width, width, 2), _Block(width, width, 2)
        )
        self.embed = nn.Linear(width * (POINTS // 4) + 1, features)
        self.lstm = nn.LSTM(features, config.hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.systolic = RangeHead(features, config.systolic_edges, config.dropout)
        self.diastolic = RangeHead(features, config.diastolic_edges, config.dropout)
        # The training set's mean of the whole map's row: what a part of a beat is replaced by to leave it out.
        self.register_buffer("reference_rows", torch.zeros(len(CHANNELS), POINTS))

    @staticmethod
    def tensors(windows: Inputs) -> tuple[Tensor, Tensor, Tensor]:
        """Return values, weight and heart rates of some windows, as `forward` takes them."""
        return torch.from_numpy(windows.values), torch.from_numpy(windows.weight), torch.from_numpy(windows.rate_hz)

    @staticmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Return a batch with weight 0 where something is left out; something is left of every window.

        In most batches some mean beats are left out, as in a shorter clip; some regions are hidden, as by a hand or
        hair. What the heart did stays: no stretch in time, no change of sign.
        """
        values, weight, rate_hz = tensors
        batch, beats, regions = weight.shape
        kept = np.ones((batch, beats), bool)
        if rng.random() < 0.6:
            kept = rng.random((batch, beats)) < rng.uniform(0.5, 1.0)
            kept[np.arange(batch), rng.integers(beats, size=batch)] = True
        seen = rng.random((batch, regions)) >= rng.uniform(0, 0.3)
        seen[np.arange(batch), rng.integers(regions, size=batch)] = True
        return values, weight * torch.from_numpy(kept[:, :, None] & seen[:, None]).to(weight.device), rate_hz

    def fit_reference(self, batches: Iterable[Inputs]) -> None:
        """Set `reference_rows` to the mean over all windows in which anything was measured."""
        total, count = torch.zeros_like(self.reference_rows), 0
        for windows in batches:
            rows, measured = average_rows(*self.tensors(windows)[:2])
            total += rows[measured[:, -1], -1].sum(dim=0)
            count += int(measured[:, -1].sum())
        self.reference_rows.copy_(total / max(count, 1))

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
        x = self.blocks(self.stem(rows.flatten(0, 1))).flatten(1)
        rate = (rate_hz - _TYPICAL_RATE_HZ).repeat_interleave(rows.shape[1]).unsqueeze(1)
        x = F.relu(self.embed(torch.cat((x, rate), dim=1))).view(batch, rows.shape[1], -1)
        features = self.dropout(read_across(self.lstm, self.dropout(x), measured))
        return Prediction(self.systolic(features), self.diastolic(features))


def average_rows(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return beats averaged over regions, the average of all beats behind them, and which were measured.

    Rows [B, N + 1, 4, points], the last of them the whole map's, scaled so that its T has root mean square 1; bool
    [B, N + 1]. Arguments are those of `Network.forward`.
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
