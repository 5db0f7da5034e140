"""`bbp`: the face's pulse wave and that of its most delayed region -> BBP-Net -> bounded pressures.

After Hwang & Lee (arXiv 2401.04560; Measurement 275, 2026, 121240), whose BBP-Net reads two waves of which the one lags
behind the other, 6 s of each at 100 Hz, and answers within bounds. Theirs come from another network (`drp_bbp.py`);
here both are cut out of the map, which is ours:

```
stmap [B, 4, cells, columns], mask [B, cells, columns]
  -> waves        T averaged over all measured cells, and over those of the region that lags most   [B, 2, columns]
  -> pieces       resampled to 100 Hz, half overlapping, 6 s each                                [B, 2, pieces, 600]
  -> BBP-Net      of each piece: two pressures
  -> mean         over pieces; the more of a piece was measured, the more it counts
```

The network has the published sizes. One thing differs: theirs scales waves by the mean and the deviation of the whole
batch, so that an answer depends on who else is asked about; here each wave is scaled by its own.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bpdemo.models import paper
from bpdemo.models.config import BbpConfig
from bpdemo.models.heads import Prediction, ValuePrediction
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import Member
from bpdemo.regions import CELLS, REGIONS, rows_of_region
from bpdemo.stmap import CHANNELS, RATE_HZ

SAMPLES = 600
"""Of a wave that BBP-Net reads: 6 s at 100 Hz."""
SYSTOLIC_MMHG, DIASTOLIC_MMHG = (85.0, 155.0), (45.0, 95.0)
"""What BBP-Net's answers lie within, as published."""

_T = CHANNELS.index("T")
_PIECE = round(6 * RATE_HZ)  # columns
_HOP = _PIECE // 2
_LONGEST_LAG = round(0.2 * RATE_HZ)  # columns; below half a beat at any heart rate up to 150 bpm
_ALIKE = 0.5  # correlation with the face's wave from which on a region's lag is believed
_MEASURED_COUNTS = 8  # power of a piece's measured share that it is weighted by: three quarters count a tenth
_EPSILON = 1e-6


class Network(Member):
    """Map -> prediction (see the module's text)."""

    ABOUT = (
        "Of the map, channel T alone enters: the mean pulse wave of the face, and that of the one region of "
        f"{len(REGIONS)} which lags furthest behind it. Both, with their first and second differences, are read by the "
        "network of Hwang and Lee in pieces of 6 s. Its answers cannot leave "
        f"{SYSTOLIC_MMHG[0]:.0f} to {SYSTOLIC_MMHG[1]:.0f} and {DIASTOLIC_MMHG[0]:.0f} to {DIASTOLIC_MMHG[1]:.0f} mmHg."
    )

    def __init__(self, config: BbpConfig) -> None:
        super().__init__(config)
        self.bbp = BbpNet(config.width, config.dropout)

    @staticmethod
    def tensors(windows: Inputs) -> tuple[Tensor, Tensor]:
        """Return map and mask of some windows, as `forward` takes them.

        Raises:
            ValueError: the windows carry no maps.
        """
        return paper.Network.tensors(windows)

    @staticmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Return a batch in which some cells and, mostly, stretches of time are hidden; something is left of all."""
        return paper.Network.augment(tensors, rng)

    def without_region(self, tensors: tuple[Tensor, ...], region: str) -> tuple[Tensor, ...] | None:
        """Return a window whose mask hides a region's cells; None where it hid them before, or now hides all."""
        stmap, mask = tensors
        others = mask.clone()
        others[:, rows_of_region(region)] = False
        return None if torch.equal(others, mask) or not others.any() else (stmap, others)

    def forward(self, stmap: Tensor, mask: Tensor) -> Prediction:
        """Return the prediction of both pressures; finite for any input, however little of it was measured.

        Args:
            stmap: float [B, 4, cells, columns], at least 6 s long.
            mask: bool [B, cells, columns]; where it is False, `stmap`, NaN included, has no effect.

        Raises:
            ValueError: the shapes do not fit each other, the channels, the cells or a piece.
        """
        batch, columns = len(stmap), stmap.shape[-1]
        expected = (batch, len(CHANNELS), len(CELLS), max(columns, _PIECE))
        if tuple(stmap.shape) != expected or tuple(mask.shape) != (batch, *expected[2:]):
            raise ValueError(f"expected maps {expected} and their mask, not {tuple(stmap.shape)}")
        waves = resample_waves(face_and_delayed(stmap[:, _T], mask), columns * SAMPLES // _PIECE)
        pieces = waves.unfold(-1, SAMPLES, SAMPLES * _HOP // _PIECE)
        weight = mask.any(dim=1).float().unfold(-1, _PIECE, _HOP).mean(dim=-1) ** _MEASURED_COUNTS + _EPSILON
        return average_pieces(self.bbp, pieces.transpose(1, 2), weight)


class BbpNet(nn.Module):
    """Two waves of 6 s -> pressures within bounds: BBP-Net as published; `width` 16 is its size."""

    def __init__(self, width: int = 16, dropout: float = 0.0) -> None:
        super().__init__()
        w = width
        self.stem = nn.Sequential(nn.Conv1d(6, w, 1), nn.Hardswish())
        self.backbone = nn.Sequential(
            _Block(w, 4 * w, 2 * w),
            nn.MaxPool1d(2),
            *(_Block(2 * w, 4 * w, 2 * w) for _ in range(3)),
            nn.MaxPool1d(2),
            _Block(2 * w, 8 * w, 4 * w),
            _Block(4 * w, 8 * w, 4 * w),
            nn.MaxPool1d(2),
            _Block(4 * w, 32 * w, 8 * w),
            nn.MaxPool1d(2),
            nn.Dropout(dropout),
        )
        self.systolic = _Regressor(8 * w, SYSTOLIC_MMHG)
        self.diastolic = _Regressor(8 * w, DIASTOLIC_MMHG)
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear):
                nn.init.kaiming_uniform_(module.weight)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, face: Tensor, delayed: Tensor) -> Prediction:
        """Return the prediction from two waves [B, `SAMPLES`], of any unit: of the face, and one that lags behind."""
        waves = [standardise(wave) for wave in (face, delayed)]
        x = torch.stack([part for wave in waves for part in (wave, _slope(wave), _slope(_slope(wave)))], dim=1)
        features = self.backbone(self.stem(x))
        return Prediction(ValuePrediction(self.systolic(features)), ValuePrediction(self.diastolic(features)))


def standardise(waves: Tensor) -> Tensor:
    """Return waves [..., samples] of mean 0 and standard deviation 1 each; 0 where a wave does not change."""
    waves = waves - waves.mean(dim=-1, keepdim=True)
    return waves / waves.square().mean(dim=-1, keepdim=True).sqrt().clamp(min=_EPSILON)


def resample_waves(waves: Tensor, samples: int) -> Tensor:
    """Return waves [..., columns] at more samples [..., samples] over the same time, by their Fourier series."""
    columns = waves.shape[-1]
    spectrum = torch.fft.rfft(waves)
    if columns % 2 == 0:
        spectrum[..., -1] /= 2  # the highest frequency stands for itself and its mirror image
    return torch.fft.irfft(spectrum, samples) * (samples / columns)


def average_pieces(network: BbpNet, pieces: Tensor, weight: Tensor) -> Prediction:
    """Return the prediction of windows [B] from pieces of their waves [B, P, 2, `SAMPLES`], averaged by weight [B, P].

    In training each window is read by one piece, drawn by weight: CPUs have no time for all. Ours: the paper scores
    each piece by itself.
    """
    if network.training:
        drawn = torch.multinomial(weight, 1)
        pieces = torch.take_along_dim(pieces, drawn[..., None, None], dim=1)
        weight = torch.ones_like(drawn, dtype=weight.dtype)
    prediction = network(*pieces.flatten(0, 1).unbind(dim=1))
    share = weight / weight.sum(dim=1, keepdim=True)

    def mean(each: ValuePrediction) -> ValuePrediction:
        return ValuePrediction((share * each.value.view_as(share)).sum(dim=1))

    return Prediction(mean(prediction.systolic), mean(prediction.diastolic))


def face_and_delayed(pulse: Tensor, mask: Tensor) -> Tensor:
    """Return the wave of the face and that of its most delayed region, [B, 2, columns]; 0 where nothing was measured.

    A region's lag is where its cross-correlation with the face's wave is highest within 0.2 s, refined by a parabola.
    Only regions that are alike enough to the face count; where there is none, the face stands for it. Ours.

    Args:
        pulse: float [B, cells, columns], channel T of the map.
        mask: bool [B, cells, columns], True where measured.
    """
    pulse = torch.where(mask, pulse, torch.zeros((), dtype=pulse.dtype, device=pulse.device))
    face = _mean(pulse, mask)
    rows = [rows_of_region(region) for region in REGIONS]
    # Sums, not a product of matrices: that would be rounded to half precision where the fit computes in it.
    regions = torch.stack([_mean(pulse[:, row], mask[:, row]) for row in rows], dim=1)
    lag, alike = _lags(face, regions)
    lag = lag.masked_fill(alike < _ALIKE, -torch.inf)
    latest = torch.take_along_dim(regions, lag.argmax(dim=1)[:, None, None], dim=1)[:, 0]
    none = torch.isinf(lag).all(dim=1, keepdim=True)
    return torch.stack((face, torch.where(none, face, latest)), dim=1)


def _mean(pulse: Tensor, mask: Tensor) -> Tensor:
    """Mean over measured cells, [B, columns]."""
    return pulse.sum(dim=1) / mask.sum(dim=1).clamp(min=1)


def _lags(face: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """How far regions [B, R, columns] lag behind a face [B, columns], in columns, and their correlation there."""
    shifted = F.pad(regions, (_LONGEST_LAG, _LONGEST_LAG)).unfold(-1, face.shape[-1], 1)  # [B, R, lags, columns]
    power = face.square().sum(dim=-1)[:, None] * regions.square().sum(dim=-1)
    across = (shifted * face[:, None, None]).sum(dim=-1) / power.sqrt().clamp(min=_EPSILON)[..., None]
    inner = across[..., 1:-1]
    best = inner.argmax(dim=-1, keepdim=True)
    before, there, after = (across.gather(-1, best + step).squeeze(-1) for step in range(3))
    bend = (2 * there - before - after).clamp(min=_EPSILON)
    vertex = ((after - before) / (2 * bend)).clamp(-0.5, 0.5)
    return best.squeeze(-1) + 1 - _LONGEST_LAG + vertex, there


def _slope(wave: Tensor) -> Tensor:
    """Differences from each sample to the next; the last is 0."""
    return F.pad(wave.diff(dim=-1), (0, 1))


class _Block(nn.Module):
    """Two depthwise convolutions of unlike reach, weighed against each other channel by channel; with a skip."""

    def __init__(self, width_in: int, inner: int, width: int) -> None:
        super().__init__()
        few = inner // 4
        self.widen = nn.Sequential(nn.Conv1d(width_in, inner, 1), nn.BatchNorm1d(inner), nn.ReLU())
        far = nn.Conv1d(inner, inner, 3, dilation=2, padding=2, groups=inner)
        near = nn.Conv1d(inner, inner, 5, padding=2, groups=inner)
        self.branches = nn.ModuleList(
            nn.Sequential(conv, nn.BatchNorm1d(inner), nn.Hardswish()) for conv in (far, near)
        )
        self.squeeze = nn.Sequential(nn.Linear(inner, few), nn.BatchNorm1d(few), nn.ReLU())
        self.weigh = nn.ModuleList(
            nn.Sequential(nn.Linear(few, inner), nn.BatchNorm1d(inner), nn.ReLU()) for _ in self.branches
        )
        self.narrow = nn.Sequential(nn.Conv1d(inner, width, 1), nn.BatchNorm1d(width))
        self.skip = nn.Sequential(nn.Conv1d(width_in, width, 1), nn.BatchNorm1d(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = self.widen(x)
        far, near = (branch(wide) for branch in self.branches)
        few = self.squeeze((far + near).mean(dim=-1))
        share = torch.stack([weigh(few) for weigh in self.weigh]).softmax(dim=0)[..., None]
        return self.narrow(share[0] * far + share[1] * near) + self.skip(x)


class _Regressor(nn.Module):
    """Features [B, C, samples] -> one pressure [B] within bounds, mmHg."""

    def __init__(self, width: int, bounds_mmhg: tuple[float, float]) -> None:
        super().__init__()
        few = width // 4
        self.low, self.high = bounds_mmhg
        self.channels = nn.Sequential(nn.Linear(width, few), nn.ReLU(), nn.Linear(few, width), nn.BatchNorm1d(width))
        self.times = nn.Sequential(
            nn.Conv1d(width, few, 1),
            nn.Conv1d(few, few, 3, dilation=4, padding=4),
            nn.Conv1d(few, few, 3, dilation=4, padding=4),
            nn.Conv1d(few, 1, 1),
            nn.BatchNorm1d(1),
        )
        self.widen = nn.Sequential(nn.Conv1d(width, 6 * width, 1), nn.Hardswish())
        self.answer = nn.Sequential(nn.Linear(6 * width, width), nn.Hardswish(), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        attention = self.channels(x.mean(dim=-1))[..., None] * self.times(x)
        z = self.answer(self.widen(x + attention * x).mean(dim=-1)).squeeze(-1)
        return self.low + (self.high - self.low) * torch.sigmoid(z.float() / 2)
