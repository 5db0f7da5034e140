"""`beats`: the window's mean beat -> the shape of the finger's beat -> ranges and the value inside each range.

Noise decides how much of a pulse's shape a camera shows, and people with known pressures are few. So everything passes
through a few numbers: the *shape*, what the network can tell of the beat that a sensor on the finger would show. Where
people's own contact beats are known, they teach it, rendering by rendering; pressures alone would teach much less. The
heads (`heads.py`) are those of Zhuang et al. 2022 (arXiv 2203.03634; Sensors 2023, 23(6), 2963), whose network reads
slices of the map; all else is ours.

```
values [B, N, 4, regions, points], weight [B, N, regions], rate_hz [B]
  -> mean          over regions and beats, by weight: one row a channel, in units of the height of T
  -> residual      three blocks of 1x5 convolutions along the beat, twice halved
                   with the heart rate, the channels' heights, and how far the N mean beats lie apart: the noise
  -> shape         [B, S]; the recovered beat of the finger is mean_beat + shape @ beat_basis
  -> two range heads, which read the shape and the heart rate
```

Rows of weight 0 and the scale of a map never reach the output: the network sees how the channels relate and what shape
the beat has, not how bright or how near the face was.
"""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.beats import BEFORE_UPSTROKE, MEAN_BEATS, POINTS, phase_points
from bpdemo.models.config import BeatsConfig
from bpdemo.models.heads import Prediction, RangeHead
from bpdemo.models.inputs import Inputs, draw_hidden
from bpdemo.models.pressure_model import Member
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS
from bpdemo.synthesis.pulses import BEAT_POINTS

_T = CHANNELS.index("T")
_TYPICAL_RATE_HZ = 1.2  # taken off the heart rate, so that it is about 0
_SMALL_POWER = 1e-4  # of a row of height 1: less is as good as nothing
_EPSILON = 1e-6


class Network(Member):
    """Mean beats -> prediction (see the module's text)."""

    ABOUT = (
        "The map itself does not enter the network. In each of "
        f"{len(REGIONS)} face regions the beats of each channel are laid over each other and averaged, which gives "
        f"{MEAN_BEATS} mean beats of {POINTS} points ([{MEAN_BEATS}, {len(CHANNELS)}, {len(REGIONS)}, {POINTS}]); "
        "these enter it. Residual blocks read their mean and recover the shape of the beat a finger would show, a few "
        "numbers learned from people's contact beats; all else is read from these."
    )

    beat_mean: Tensor
    beat_basis: Tensor
    reference_rows: Tensor

    def __init__(self, config: BeatsConfig) -> None:
        super().__init__(config)
        width, hidden, channels = config.width, config.hidden, len(CHANNELS)
        self.stem = nn.Conv1d(channels, width, 5, padding=2, bias=False)
        self.blocks = nn.Sequential(_Block(width, 1), _Block(width, 2), _Block(width, 2))
        self.embed = nn.Linear(width * (POINTS // 4), hidden)
        self.weigh = nn.Linear(hidden + 1 + 2 * channels, hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.shape = nn.Linear(hidden, config.shape)
        self.direct = nn.Linear(channels * POINTS + 1, config.shape)  # what is plain to see needs no depth
        self.features = nn.Linear(config.shape + 1, config.features)
        self.systolic = RangeHead(config.features, config.systolic_edges)
        self.diastolic = RangeHead(config.features, config.diastolic_edges)
        # Of the people fitted on: their mean contact beat, what a unit of each number of the shape adds to it, and the
        # mean row of their windows, by which a part of a beat is replaced to leave it out.
        self.register_buffer("beat_mean", torch.zeros(BEAT_POINTS))
        self.register_buffer("beat_basis", torch.zeros(config.shape, BEAT_POINTS))
        self.register_buffer("reference_rows", torch.zeros(channels, POINTS))

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
        kept, seen = draw_hidden(batch, beats, regions, rng)
        return values, weight * torch.from_numpy(kept[:, :, None] & seen[:, None]).to(weight.device), rate_hz

    def fit_reference(self, batches: Iterable[Inputs], contact: np.ndarray) -> None:
        """Set the mean row of the windows, and mean and basis of the contact beats, by principal components.

        In units of the first component's standard deviation, which the shape's numbers are in, too. Without two known
        beats the basis stays 0: the network is then free in what its shape is.
        """
        total, count = torch.zeros_like(self.reference_rows), 0
        for windows in batches:
            rows, measured = average_rows(*self.tensors(windows)[:2])
            total += rows[measured[:, -1], -1].sum(dim=0)
            count += int(measured[:, -1].sum())
        self.reference_rows.copy_(total / max(count, 1))
        known = contact[np.isfinite(contact).all(axis=1)]
        if len(known) < 2:
            return
        mean = known.mean(axis=0)
        _, sizes, components = np.linalg.svd(known - mean, full_matrices=False)
        unit = sizes[0] / np.sqrt(len(known) - 1)
        found = min(len(components), len(self.beat_basis))
        self.beat_mean.copy_(torch.from_numpy(mean))
        self.beat_basis[:found] = torch.from_numpy(components[:found] * unit)

    def pulse_features(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, None]:
        """Return what the residual blocks make of each region's mean beat, over one period: [B, F, regions, 10]."""
        values, weight, _ = tensors
        batch, regions = weight.shape[0], weight.shape[2]
        own, measured = average_rows(
            values.permute(0, 3, 1, 2, 4).flatten(0, 1).unsqueeze(3), weight.transpose(1, 2).flatten(0, 1).unsqueeze(2)
        )
        whole = average_rows(values, weight)[0][:, -1].repeat_interleave(regions, dim=0)
        x = self.blocks(self.stem(torch.where(measured[:, -1, None, None], own[:, -1], whole)))
        period = round(x.shape[-1] / (1 + BEFORE_UPSTROKE))
        return x[..., :period].unflatten(0, (batch, regions)).transpose(1, 2), None

    def without_region(self, tensors: tuple[Tensor, ...], region: str) -> tuple[Tensor, ...] | None:
        """Return a window of which a region has no weight; None where it had none, and where no other has."""
        values, weight, rate_hz = tensors
        others = weight.clone()
        others[..., REGIONS.index(region)] = 0
        return None if torch.equal(others, weight) or not others.any() else (values, others, rate_hz)

    def without_phase(self, tensors: tuple[Tensor, ...], phase: str) -> tuple[Tensor, ...] | None:
        """Return a window whose mean row is the training people's in a phase, in this window's height.

        All its rows are moved alike, so that they lie as far apart as before: how noisy they are is no part of a phase.
        None where nothing was measured.
        """
        values, weight, rate_hz = tensors
        if not weight.any():
            return None
        rows, _, height = _average(values, weight)
        points = torch.from_numpy(phase_points(phase)).to(values.device)
        moved = (height[:, None, None] * self.reference_rows - rows[:, -1]) * points
        return values + moved[:, None, :, None], weight, rate_hz

    def shape_of(self, contact: Tensor) -> Tensor:
        """Return the shape that contact beats [B, points] have, [B, S]; NaN where a beat or the basis is not known."""
        power = self.beat_basis.square().sum(dim=1)
        return (contact - self.beat_mean) @ self.beat_basis.T / power

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
        row, rate = rows[:, -1], (rate_hz - _TYPICAL_RATE_HZ).unsqueeze(1)
        parts = measured[:, :-1, None]
        apart = ((rows[:, :-1] - row[:, None]).square().mean(dim=-1) * parts).sum(dim=1)
        noise = apart / parts.sum(dim=1).clamp(min=1)
        sizes = torch.cat((row.square().mean(dim=-1), noise), dim=1)
        x = F.relu(self.embed(self.dropout(self.blocks(self.stem(row)).flatten(1))))
        x = F.relu(self.weigh(torch.cat((x, rate, (sizes + _SMALL_POWER).log()), dim=1)))
        shape = self.direct(torch.cat((row.flatten(1), rate), dim=1)) + self.shape(self.dropout(x))
        features = F.relu(self.features(torch.cat((shape, rate), dim=1)))
        return Prediction(self.systolic(features), self.diastolic(features), shape)


def average_rows(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return beats averaged over regions, the average of all beats behind them, and which were measured.

    Rows [B, N + 1, 4, points], the last of them the whole map's, scaled so that its T has root mean square 1; bool
    [B, N + 1]. Arguments are those of `Network.forward`.
    """
    rows, measured, height = _average(values, weight)
    return rows / height.clamp(min=_EPSILON)[:, None, None, None], measured


def _average(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `average_rows` does, but in the map's unit, and the height [B] that it divides by."""
    w = weight[:, :, None, :, None]
    values = torch.where(w > 0, values, torch.zeros((), dtype=values.dtype, device=values.device)) * w
    weight = weight.sum(dim=2)
    sums = values.sum(dim=3)
    sums = torch.cat((sums, sums.sum(dim=1, keepdim=True)), dim=1)
    weight = torch.cat((weight, weight.sum(dim=1, keepdim=True)), dim=1)
    rows = sums / weight.clamp(min=_EPSILON)[..., None, None]
    return rows, weight > 0, rows[:, -1, _T].square().mean(dim=-1).sqrt()


class _Block(nn.Module):
    """Residual block along the beat (two convolutions of five points), with a stride."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.norm_in = nn.BatchNorm1d(width)
        self.first = nn.Conv1d(width, width, 5, stride=stride, padding=2, bias=False)
        self.norm_mid = nn.BatchNorm1d(width)
        self.second = nn.Conv1d(width, width, 5, padding=2, bias=False)
        self.skip = nn.Conv1d(width, width, stride, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.skip(x) + self.second(F.relu(self.norm_mid(self.first(F.relu(self.norm_in(x))))))
