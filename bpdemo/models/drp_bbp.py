"""`drp-bbp`: face crops -> DRP-Net, two pulse waves -> BBP-Net, bounded pressures.

Hwang & Lee (arXiv 2401.04560; Measurement 275, 2026, 121240), in two stages, each with its own fit. DRP-Net is taught
the finger's wave twice: one of its waves must have its spectrum, height and phase, the other its spectrum and height
alone. What it does with that freedom is the "phase shift" that BBP-Net (`bbp.py`) is to read pressures from.

```
crops [B, 3, T, 128, 128] at 25 Hz, in pieces of 150 frames
  -> trunk                three 3-D convolutions, two poolings                          [64, 150, 32, 32]
  -> dilated convolutions x attention over time x attention over space                   [64, 150, 4, 4]
  -> two heads            the face's wave and the finger's                               [2, 150]
  -> resampled to 600 samples, BBP-Net, mean over pieces
```

What differs from the paper's code, on purpose: waves are scaled one by one and not by the whole batch; the heart-rate
term of its loss is left out, as it came from an argmax, through which no gradient passes; filters are one matrix, whose
ends are reflected; frames between frames are blended, not made up by a network (FILM); R, G, B are read in this order,
there reversed, which matters to nobody but its old weights.
"""

from functools import cache

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR

from bpdemo.crops import CropForm
from bpdemo.models.bbp import SAMPLES, BbpNet, average_pieces, resample_waves, standardise
from bpdemo.models.config import DrpBbpConfig
from bpdemo.models.heads import Prediction
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import Member
from bpdemo.models.pulse_network import PulseNetwork

PIECE = 150
"""Frames that DRP-Net reads at a time, 6 s."""

_RATE_HZ = 25.0
_DETREND = 50.0  # lambda of the smoothness priors (Tarvainen, Ranta-aho, Karjalainen, IEEE TBME 49(2), 2002)
_BAND_HZ, _ORDER = (0.5, 3.0), 3
_FFT_LENGTH = 40 * PIECE
_SPECTRUM_WEIGHT = 100.0
_SLOWED_BPM, _QUICKENED_BPM = (75.0, 90.0), (70.0, 80.0)  # heart rates at which a clip is also shown slower, faster
_SLOWED_TO = 0.75  # of its heart rate at most; else what was slowed shows another
_FLAT = 1e-6


class DrpNet(PulseNetwork):
    """Frames -> two pulse waves: DRP-Net as published; the pulse is the finger's."""

    ABOUT = (
        "Crops of the face, 128 x 128 at 25 frames a second from a box that stays where it is, are read by 3-D "
        "convolutions in pieces of 6 s. They answer with two waves. Both were taught the wave of a sensor on the "
        "finger: one its phase as well, the other its spectrum and height alone."
    )
    # MTCNN's box grown 1.6 times; it is about as wide as the face between the temples, and 1.25 times as high (ours).
    FORM = CropForm(side=128, rate_hz=_RATE_HZ, width=1.6, height=2.0, follows=False)
    FRAMES = 2 * PIECE
    CLIPS = 8
    EPOCHS = 50

    operator: Tensor

    def __init__(self, config: DrpBbpConfig) -> None:
        super().__init__()
        w, self.side = config.pulse_width, config.side
        apart = self.side // 32  # in space, so that what is left of a smaller picture is as much as can be
        self.trunk = nn.Sequential(
            _convolve(3, w, (3, 5, 5), (4, 1, 1), same=True),
            nn.MaxPool3d((1, 2, 2)),
            _convolve(w, 2 * w, (3, 3, 3), (4, 1, 1), same=True),
            _convolve(2 * w, 4 * w, (3, 3, 3), (4, 1, 1), same=True),
            nn.MaxPool3d((1, 2, 2)),
        )
        self.dilated = nn.Sequential(
            *(_convolve(4 * w, 4 * w, (3, 3, 3), (4, apart, apart)) for _ in range(3)),
            _convolve(4 * w, 4 * w, (3, 2, 2), (4, apart, apart)),
        )
        second = min(4, self.side // 16)
        self.times = nn.Sequential(
            *_narrow(4 * w, 2 * w),
            _convolve(2 * w, 2 * w, (3, 3, 3), same=True),
            nn.MaxPool3d((1, 4, 4)),
            _convolve(2 * w, 2 * w, (3, 3, 3), same=True),
            nn.MaxPool3d((1, second, second)),
            _convolve(2 * w, 2 * w, (3, 3, 3), same=True),
            nn.AdaptiveAvgPool3d((None, 1, 1)),
            nn.Conv3d(2 * w, 1, 1),
            nn.Sigmoid(),
        )
        halved = [(_convolve(2 * w, 2 * w, (3, 3, 3), same=True), nn.MaxPool3d((4, 2, 2))) for _ in range(3)]
        self.places = nn.Sequential(
            *_narrow(4 * w, 2 * w),
            *(layer for pair in halved for layer in pair),
            _convolve(2 * w, 2 * w, (3, 3, 3), same=True),
            nn.AvgPool3d((2, 1, 1)),
            nn.Conv3d(2 * w, 1, 1),
            nn.Sigmoid(),
        )
        self.face, self.finger = _head(4 * w), _head(4 * w)
        self.register_buffer("operator", torch.from_numpy(detrend_and_filter()).float(), persistent=False)

    def train(self, mode: bool = True) -> "DrpNet":
        """Set training or evaluation mode; in the latter nothing of it is learned, whatever it is a part of."""
        super().train(mode)
        self.requires_grad_(mode)
        return self

    def forward(self, crops: Tensor) -> Tensor:
        """Return the finger's waves [B, T]: see `PulseNetwork`; T is at least `PIECE`.

        A longer clip is read in pieces, each scaled by itself; of the last, what the ones before it have not covered
        is used.

        Raises:
            ValueError: the clip is too short, or its pictures do not fit.
        """
        starts = piece_starts(crops.shape[2])
        waves = self.waves(crops)[:, :, 1]
        new = [
            wave[:, before + PIECE - start if number else 0 :]
            for number, (wave, start, before) in enumerate(zip(waves.unbind(dim=1), starts, [0, *starts], strict=False))
        ]
        return torch.cat(new, dim=1)

    def waves(self, crops: Tensor) -> Tensor:
        """Return the waves of the face and the finger in each piece of a clip, [B, pieces, 2, `PIECE`], each scaled.

        Raises:
            ValueError: as `forward`.
        """
        starts = piece_starts(crops.shape[2])
        pieces = torch.stack([crops[:, :, start : start + PIECE] for start in starts], dim=1).flatten(0, 1)
        side = pieces.shape[-1]
        if pieces.shape[1] != 3 or pieces.shape[-2] != side or side % self.side:
            raise ValueError(f"expected square pictures of 3 x a multiple of {self.side}, not {tuple(crops.shape)}")
        shrink = side // self.side
        features = self.trunk(F.avg_pool3d(pieces, (1, shrink, shrink)) if shrink > 1 else pieces)
        product = self.dilated(features) * self.times(features) * self.places(features)
        waves = torch.stack([head(product).flatten(1) for head in (self.face, self.finger)], dim=1)
        return standardise(waves.float()).unflatten(0, (len(crops), len(starts)))

    def loss(self, crops: Tensor, contact: Tensor, rng: np.random.Generator) -> Tensor:
        """Return the first stage's loss; see `PulseNetwork`. Clips without contact pulse have no part in it.

        One piece of each clip is learned from: any of it, or, where its heart rate allows, one that is slowed or
        quickened to twice the time or half of it.
        """
        known = [number for number, wave in enumerate(contact) if wave.isfinite().all()]
        if not known:
            return sum((parameter.sum() * 0 for parameter in self.parameters()), torch.zeros((), device=crops.device))
        drawn = [draw_piece(crops[number], contact[number], rng) for number in known]
        waves = self.waves(torch.stack([piece for piece, _ in drawn]))[:, 0]
        with torch.autocast(crops.device.type, enabled=False):  # half precision would be noise in the filters
            reference = standardise(torch.stack([wave for _, wave in drawn])) @ self.operator.T
            face, finger = (waves @ self.operator.T).unbind(dim=1)
            return (
                spectrum_loss(face, reference)
                + extremes_loss(face, reference)
                + spectrum_loss(finger, reference)
                + extremes_loss(finger, reference)
                + F.mse_loss(finger, reference)
            )

    def optimizer(self) -> tuple[Adam, ExponentialLR]:
        """Return Adam at 1e-3, and a schedule that takes off a hundredth after each epoch."""
        optimizer = Adam(self.parameters(), 1e-3)
        return optimizer, ExponentialLR(optimizer, 0.99)


class Network(Member):
    """Frames -> prediction (see the module's text). DRP-Net does not change while BBP-Net is fitted."""

    ABOUT = DrpNet.ABOUT + (
        " A second network, that of the same paper, reads both waves with their first and second differences. Its "
        "answers cannot leave 85 to 155 and 45 to 95 mmHg."
    )
    FORM = DrpNet.FORM

    pulse: DrpNet

    def __init__(self, config: DrpBbpConfig) -> None:
        super().__init__(config)
        self.pulse = DrpNet(config)
        self.bbp = BbpNet(config.width, config.dropout)
        self.train()

    def train(self, mode: bool = True) -> "Network":
        """Set the mode of all but DRP-Net, which stays as it is; to fit it, set its own."""
        super().train(mode)
        self.pulse.train(False)
        return self

    @staticmethod
    def tensors(windows: Inputs) -> tuple[Tensor]:
        """Return the crops of some windows, float [N, 3, T, side, side], 0 to 1.

        Raises:
            ValueError: the windows carry no crops.
        """
        if windows.crops is None:
            raise ValueError("the windows carry no crops")
        return (torch.from_numpy(windows.crops).permute(0, 4, 1, 2, 3).float() / 255,)

    @staticmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Return the batch as it is: the paper changes crops for DRP-Net alone."""
        return tensors

    def forward(self, crops: Tensor) -> Prediction:
        """Return the prediction of both pressures from crops [B, 3, T, side, side], T at least `PIECE`.

        Raises:
            ValueError: the clip is too short, or its pictures do not fit.
        """
        with torch.no_grad():
            waves = resample_waves(self.pulse.waves(crops), SAMPLES)
        return average_pieces(self.bbp, waves, torch.ones(waves.shape[:2], device=waves.device))


def piece_starts(frames: int) -> list[int]:
    """Return where the pieces of a clip begin: one after another, and a last one that ends with the clip.

    Raises:
        ValueError: fewer frames than a piece has.
    """
    if frames < PIECE:
        raise ValueError(f"expected at least {PIECE} frames, not {frames}")
    starts = list(range(0, frames - PIECE + 1, PIECE))
    return starts if starts[-1] + PIECE == frames else [*starts, frames - PIECE]


def draw_piece(crops: Tensor, contact: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return a piece of one clip [3, `PIECE`, side, side] and its contact pulse [`PIECE`], as it is or at another rate.

    As published: a pulse of 75 to 90 bpm may be slowed to half its rate, if its first half then has at most three
    quarters of it; one of 70 to 80 bpm quickened to twice. Each way that is open is as likely as any other (ours:
    published are all of them). Between two frames, and two values of the contact pulse, lies their mean.

    Args:
        crops: float [3, T, side, side], T at least `PIECE`; only one of twice that can be quickened.
        contact: float [T].
        rng: everything that is drawn.
    """
    rate_bpm = heart_rate_bpm(contact[:PIECE])
    ways = ["as it is"]
    slowed = _halfway(contact[None, : PIECE // 2 + 1])[0]
    low, high = _SLOWED_BPM
    if low <= rate_bpm <= high and heart_rate_bpm(slowed) <= _SLOWED_TO * rate_bpm:
        ways.append("slowed")
    low, high = _QUICKENED_BPM
    if low <= rate_bpm <= high and len(contact) >= 2 * PIECE:
        ways.append("quickened")
    way = ways[rng.integers(len(ways))]
    if way == "slowed":
        return _halfway(crops[:, : PIECE // 2 + 1]), slowed
    if way == "quickened":
        return crops[:, : 2 * PIECE : 2], contact[: 2 * PIECE : 2]
    start = int(rng.integers(len(contact) - PIECE + 1))
    return crops[:, start : start + PIECE], contact[start : start + PIECE]


def heart_rate_bpm(contact: Tensor) -> float:
    """Return where the spectrum of a contact pulse [`PIECE`] is highest, within 30 to 180 a minute."""
    wave = standardise(contact.detach().float()).cpu() @ torch.from_numpy(detrend_and_filter()).float().T
    low = round(_BAND_HZ[0] * _FFT_LENGTH / _RATE_HZ)
    return 60 * _RATE_HZ / _FFT_LENGTH * (low + int(amplitudes(wave).argmax()))


def amplitudes(waves: Tensor) -> Tensor:
    """Return the amplitude spectra of waves [..., `PIECE`] from 0.5 Hz up to 3 Hz, [..., 600].

    Under a Hamming window, zero-padded to 40 times the length; by the wave's length, so that a sine of amplitude 1 is
    0.27 high.
    """
    tapered = waves * torch.hamming_window(PIECE, device=waves.device)
    low, high = (round(limit * _FFT_LENGTH / _RATE_HZ) for limit in _BAND_HZ)
    return torch.fft.rfft(tapered, _FFT_LENGTH)[..., low:high].abs() / PIECE


def spectrum_loss(waves: Tensor, reference: Tensor) -> Tensor:
    """Return 100 times the mean squared difference of the amplitude spectra of waves [B, `PIECE`], a scalar."""
    return _SPECTRUM_WEIGHT * F.mse_loss(amplitudes(waves), amplitudes(reference))


def extremes_loss(waves: Tensor, reference: Tensor) -> Tensor:
    """Return the mean squared difference of how high waves [B, samples] rise and how low they fall, a scalar.

    A wave's height is the mean of those of its local maxima that are not below their own mean; its depth likewise.
    """
    return F.mse_loss(_heights(waves), _heights(reference)) + F.mse_loss(_heights(-waves), _heights(-reference))


@cache
def detrend_and_filter() -> np.ndarray:
    """Return what takes the trend off a piece and leaves 0.5 to 3 Hz of it, float64 [`PIECE`, `PIECE`].

    A wave times its transpose is first detrended by smoothness priors, then filtered by Butterworth's filter, forwards
    and backwards.
    """
    bend = np.diff(np.eye(PIECE), 2, axis=0)
    trend = np.linalg.inv(np.eye(PIECE) + _DETREND**2 * bend.T @ bend)
    band = butter(_ORDER, _BAND_HZ, "bandpass", fs=_RATE_HZ, output="sos")
    return sosfiltfilt(band, np.eye(PIECE) - trend, axis=0)


def _heights(waves: Tensor) -> Tensor:
    """Mean of the upper local maxima of waves [B, samples]: [B]; their highest value where they have none."""
    inner = waves[:, 1:-1]
    peaks = (inner > waves[:, :-2]) & (inner >= waves[:, 2:])
    peaks |= ~peaks.any(dim=1, keepdim=True) & (inner == inner.amax(dim=1, keepdim=True))
    mean = (inner * peaks).sum(dim=1, keepdim=True) / peaks.sum(dim=1, keepdim=True)
    upper = peaks & (inner >= mean - _FLAT)
    return (inner * upper).sum(dim=1) / upper.sum(dim=1)


def _halfway(stretch: Tensor) -> Tensor:
    """Return [C, n, ...] with the mean of each two neighbours between them, without the last: [C, 2 n - 2, ...]."""
    between = (stretch[:, :-1] + stretch[:, 1:]) / 2
    return torch.stack((stretch[:, :-1], between), dim=2).flatten(1, 2)


def _convolve(
    width_in: int,
    width: int,
    kernel: tuple[int, int, int],
    dilation: tuple[int, int, int] = (1, 1, 1),
    same: bool = False,
) -> nn.Sequential:
    """Convolution that keeps time, and where it is to be the `same`, space."""
    padding = [(size - 1) * step // 2 for size, step in zip(kernel, dilation, strict=True)]
    if not same:
        padding[1:] = [0, 0]
    convolution = nn.Conv3d(width_in, width, kernel, dilation=dilation, padding=tuple(padding))
    return nn.Sequential(convolution, nn.BatchNorm3d(width), nn.ReLU())


def _narrow(width_in: int, width: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv3d(width_in, width, 1), nn.ReLU()


def _head(width: int) -> nn.Sequential:
    """[B, width, T, h, w] -> [B, 1, T, 1, 1]."""
    return nn.Sequential(
        nn.AdaptiveAvgPool3d((None, 1, 1)),
        *(_convolve(width, width, (3, 1, 1), (4, 1, 1), same=True) for _ in range(3)),
        *_narrow(width, width),
        *_narrow(width, width // 2),
        nn.Conv3d(width // 2, 1, 1),
    )
