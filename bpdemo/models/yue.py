"""`yue`: a pulse without labels, from clips whose frequency is known to differ.

Frequency-inspired self-supervision (Yue, Shi, Ding, arXiv 2210.15401; IEEE TPAMI 2023):

```
crops [B, 3, T, 64, 64]    by ImageNet's means and deviations
  -> encoder    a 3-D residual network of ten layers that keeps all sizes          [B, 64, T, 64, 64]
  -> experts    one reads each quarter of the picture, and gives a wave            [B, 4, T]
  -> gate       how much each of them counts at every moment; their sum, smoothed  [B, T]
```

Training cuts a clip into pieces of 5 s. One, turned or mirrored in two ways, gives the positives; the others are its
neighbours, at about the same rate; and a second network, `augment`, makes of it negatives of other rates by given
ratios. Spectra of positives and neighbours are to agree, those of the two positives to be nearer to each other than to
the negatives', and rates to differ by the ratios.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, MultiStepLR

from bpdemo.errors import DataError
from bpdemo.models.config import YueConfig
from bpdemo.models.pulse_network import CropForm, PulseNetwork
from bpdemo.models.spectra import normalised_power, soft_rate_hz

PIECE_S = 5.0
RATIOS = 4
"""Negatives of each clip, each at another rate."""

_SLOWER, _FASTER = (0.3, 0.8), (1.2, 1.7)
_RATE_BPM = (40.0, 180.0)
_TEMPERATURE = 0.08
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of R, G, B
_LEARNING_RATE = 1e-5
_SCALES = (1, 2, 4)
_TURNS = 6
_TILES = 2  # of either side of the picture, one an expert


class Network(PulseNetwork):
    """Crops -> pulse (see the module's text)."""

    ABOUT = (
        "Crops of the face that follow it, 64 x 64 at 30 frames a second. A 3-D residual network reads them, an expert "
        "finds a wave in each quarter, and a gate weighs these from moment to moment. It was taught without labels, by "
        "clips of known ratios of rates."
    )
    FORM = CropForm(side=64, rate_hz=30.0, width=1.5, height=1.5, follows=True)  # theirs came cut out: ours
    FRAMES = 450  # three pieces: windows are no longer; theirs are four
    CLIPS = 4
    EPOCHS = 100

    def __init__(self, config: YueConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.augment = _Augment(width)
        self.encoder = nn.Sequential(
            nn.Conv3d(3, width, 7, padding=3, bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            _Block(width, width),
            _Block(width, 2 * width),
            _Block(2 * width, 2 * width),
            _Block(2 * width, width),
        )
        self.experts = nn.ModuleList(_Expert(width) for _ in range(_TILES**2))
        self.gate = nn.Sequential(_conv(width), nn.ReLU(), _conv(width), nn.ReLU())
        self.gate_out = nn.Conv1d(width, _TILES**2, 3, padding=1)
        self.smooth = nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return the pulse waves [B, T] of crops (see `PulseNetwork`); the picture may have any even side."""
        return self.read(_normalise(crops))

    def read(self, clips: Tensor) -> Tensor:
        """Return the pulse waves [B, T] of clips [B, 3, T, side, side] in ImageNet's units."""
        x = self.encoder(clips)
        tiles = [tile for row in x.chunk(_TILES, dim=3) for tile in row.chunk(_TILES, dim=4)]
        waves = torch.cat([expert(tile) for expert, tile in zip(self.experts, tiles, strict=True)], dim=1)
        share = self.gate_out(self.gate(x).mean(dim=(3, 4))).softmax(dim=1)
        wave: Tensor = self.smooth((waves * share).sum(dim=1, keepdim=True)).squeeze(1)
        return wave

    def loss(self, crops: Tensor, contact: Tensor, rng: np.random.Generator) -> Tensor:  # noqa: ARG002 - label-free
        """Return reconstruction, agreement, contrast and ratio consistency together."""
        pieces = list(_normalise(crops).split(round(PIECE_S * self.FORM.rate_hz), dim=2))
        clip = pieces.pop(int(rng.integers(len(pieces))))
        ratios = torch.tensor(draw_ratios(RATIOS * len(clip), rng), device=clip.device).reshape(RATIOS, -1)
        negatives = [self.augment(clip, ratio) for ratio in ratios]
        rebuilt = torch.stack([F.mse_loss(negative, clip) for negative in negatives]).mean()
        positives = [self.read(turn(clip, int(rng.integers(_TURNS)))) for _ in range(2)]
        neighbours = [self.read(piece) for piece in pieces]
        waves = [self.read(negative) for negative in negatives]
        return rebuilt + losses(positives, neighbours, waves, ratios, self.FORM.rate_hz)

    def optimizer(self) -> tuple[Optimizer, LRScheduler]:
        """Return Adamax, its rate halved at half time."""
        optimizer = torch.optim.Adamax(self.parameters(), _LEARNING_RATE)
        return optimizer, MultiStepLR(optimizer, [self.EPOCHS // 2], gamma=0.5)

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


def turn(clips: Tensor, way: int) -> Tensor:
    """Return clips mirrored along either axis of the picture (0, 1), or turned by so many quarters (2 to 5)."""
    return clips.flip(-1 - way) if way < 2 else clips.rot90(way - 2, (-2, -1))


def _normalise(crops: Tensor) -> Tensor:
    """Return crops in ImageNet's units. The original gives blue the constants of red."""
    mean, deviation = (crops.new_tensor(each)[:, None, None, None] for each in (_MEAN, _DEVIATION))
    return (crops - mean) / deviation


class _Augment(nn.Module):
    """The learned augmentation: a clip [B, 3, T, H, W] and ratios [B] -> the clip at other rates."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(_Residual(width, nn.LeakyReLU(0.1)) for _ in range(2)))
        self.paces = nn.ModuleList(_Pace(width) for _ in _SCALES)
        self.last = nn.Sequential(nn.Conv3d(len(_SCALES) * width, 3, 1), nn.PReLU())

    def forward(self, clips: Tensor, ratio: Tensor) -> Tensor:
        x = self.blocks(F.leaky_relu(self.first(clips), 0.1))
        scaled = []
        for scale, pace in zip(_SCALES, self.paces, strict=True):
            small = x if scale == 1 else F.interpolate(x, scale_factor=(1, 1 / scale, 1 / scale))
            scaled.append(F.interpolate(small * pace(small, ratio), size=x.shape[2:]))
        negative: Tensor = self.last(torch.cat(scaled, dim=1))
        return negative


class _Pace(nn.Module):
    """Features [B, F, T, H, W] and ratios [B] -> what the features are multiplied by in time, [B, 1, T, 1, 1]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.row = nn.Conv1d(width, 1, 3, padding=1)
        self.first, self.second = (nn.Conv1d(2, 2, 3, padding=1) for _ in range(2))
        self.lstm = nn.LSTM(2, 1, batch_first=True)

    def forward(self, x: Tensor, ratio: Tensor) -> Tensor:
        row = self.row(x.mean(dim=(3, 4)))
        rows = torch.cat((row, ratio.to(row.dtype)[:, None, None].expand_as(row)), dim=1)
        rows = F.relu(rows + self.second(F.relu(self.first(rows))))
        pace: Tensor = self.lstm(rows.transpose(1, 2))[0]
        return pace.transpose(1, 2)[..., None, None]


class _Expert(nn.Module):
    """A tile of features [B, F, T, h, w] -> a wave [B, 1, T]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before = nn.Sequential(_conv(width), nn.ReLU(), _Residual(width, nn.ReLU()))
        self.attended = _conv(width)
        self.attend = nn.Sequential(
            nn.Conv2d(width, width // 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width // 2, 1, 3, padding=1),
            nn.Sigmoid(),
        )
        self.after = _Residual(width, nn.ReLU())
        self.wave = nn.Conv1d(width, 1, 3, padding=1)

    def forward(self, tile: Tensor) -> Tensor:
        x = self.before(tile)
        y = self.attended(x)
        x = self.after(x + y * self.attend(y.mean(dim=2))[:, :, None])
        wave: Tensor = self.wave(x.mean(dim=(3, 4)))
        return wave


class _Residual(nn.Module):
    """Two convolutions and what entered them, without norms."""

    def __init__(self, width: int, activation: nn.Module) -> None:
        super().__init__()
        self.first, self.second, self.activation = _conv(width), _conv(width), activation

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(x + self.second(self.activation(self.first(x))))
        return y


class _Block(nn.Module):
    """Residual block of the encoder, with norms."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.Conv3d(width_in, width, 3, padding=1, bias=False),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.Conv3d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm3d(width),
        )
        self.skip: nn.Module = nn.Identity()
        if width != width_in:
            self.skip = nn.Sequential(nn.Conv3d(width_in, width, 1, bias=False), nn.BatchNorm3d(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.inside(x) + self.skip(x))


def _conv(width: int) -> nn.Conv3d:
    return nn.Conv3d(width, width, 3, padding=1)


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).square().mean(dim=-1)
