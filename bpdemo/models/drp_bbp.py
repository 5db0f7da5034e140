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

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR

from bpdemo.crops import CropForm
from bpdemo.models.bbp import SAMPLES, BbpNet, average_pieces, resample_waves, standardise
from bpdemo.models.config import DrpBbpConfig
from bpdemo.models.drp_loss import PIECE, RATE_HZ, detrend_and_filter, draw_piece, two_waves_loss
from bpdemo.models.heads import Prediction
from bpdemo.models.inputs import Inputs
from bpdemo.models.pressure_model import Member
from bpdemo.models.pulse_network import PulseNetwork, as_pictures


class DrpNet(PulseNetwork):
    """Frames -> two pulse waves: DRP-Net as published; the pulse is the finger's."""

    ABOUT = (
        "Crops of the face, 128 x 128 at 25 frames a second from a box that stays where it is, are read by 3-D "
        "convolutions in pieces of 6 s. They answer with two waves. Both were taught the wave of a sensor on the "
        "finger: one its phase as well, the other its spectrum and height alone."
    )
    # MTCNN's box grown 1.6 times; it is about as wide as the face between the temples, and 1.25 times as high (ours).
    FORM = CropForm(side=128, rate_hz=RATE_HZ, width=1.6, height=2.0, follows=False)
    FRAMES = 2 * PIECE
    CLIPS = 8
    EPOCHS = 50

    operator: Tensor

    def __init__(self, config: DrpBbpConfig) -> None:
        super().__init__()
        w, self.side = config.pulse_width, config.side
        apart = self.side // 32  # in space, so that what is left of a smaller picture is as much as can be
        self.trunk = nn.Sequential(
            _convolve(3, w, (3, 5, 5), (4, 1, 1)),
            nn.MaxPool3d((1, 2, 2)),
            _convolve(w, 2 * w, (3, 3, 3), (4, 1, 1)),
            _convolve(2 * w, 4 * w, (3, 3, 3), (4, 1, 1)),
            nn.MaxPool3d((1, 2, 2)),
        )
        self.dilated = nn.Sequential(
            *(_convolve(4 * w, 4 * w, (3, 3, 3), (4, apart, apart), same=False) for _ in range(3)),
            _convolve(4 * w, 4 * w, (3, 2, 2), (4, apart, apart), same=False),
        )
        second = min(4, self.side // 16)
        self.times = nn.Sequential(
            *_narrow(4 * w, 2 * w),
            _convolve(2 * w, 2 * w, (3, 3, 3)),
            nn.MaxPool3d((1, 4, 4)),
            _convolve(2 * w, 2 * w, (3, 3, 3)),
            nn.MaxPool3d((1, second, second)),
            _convolve(2 * w, 2 * w, (3, 3, 3)),
            nn.AdaptiveAvgPool3d((None, 1, 1)),
            nn.Conv3d(2 * w, 1, 1),
            nn.Sigmoid(),
        )
        halved = [(_convolve(2 * w, 2 * w, (3, 3, 3)), nn.MaxPool3d((4, 2, 2))) for _ in range(3)]
        self.places = nn.Sequential(
            *_narrow(4 * w, 2 * w),
            *(layer for pair in halved for layer in pair),
            _convolve(2 * w, 2 * w, (3, 3, 3)),
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
        starts, waves = piece_starts(crops.shape[2]), self.waves(crops)[:, :, 1]
        finger = waves[:, 0]
        for number, start in enumerate(starts[1:], start=1):
            finger = torch.cat((finger, waves[:, number, finger.shape[1] - start :]), dim=1)
        return finger

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
            return two_waves_loss(face, finger, reference)

    def optimizer(self) -> tuple[Adam, ExponentialLR]:
        """Return Adam at 1e-3, and a schedule that takes off a hundredth after each epoch; all is learned from now."""
        self.requires_grad_(True)  # before several processes agree on what they share
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
        return (as_pictures(windows.crops),)

    @staticmethod
    def augment(tensors: tuple[Tensor, ...], rng: np.random.Generator) -> tuple[Tensor, ...]:  # noqa: ARG004
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


def _convolve(
    width_in: int,
    width: int,
    kernel: tuple[int, int, int],
    dilation: tuple[int, int, int] = (1, 1, 1),
    same: bool = True,
) -> nn.Sequential:
    """Convolution that keeps time and, where it is to be the `same`, space."""
    time, down, across = ((size - 1) * step // 2 for size, step in zip(kernel, dilation, strict=True))
    padding = (time, down, across) if same else (time, 0, 0)
    convolution = nn.Conv3d(width_in, width, kernel, dilation=dilation, padding=padding)
    return nn.Sequential(convolution, nn.BatchNorm3d(width), nn.ReLU())


def _narrow(width_in: int, width: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv3d(width_in, width, 1), nn.ReLU()


def _head(width: int) -> nn.Sequential:
    """[B, width, T, h, w] -> [B, 1, T, 1, 1]."""
    return nn.Sequential(
        nn.AdaptiveAvgPool3d((None, 1, 1)),
        *(_convolve(width, width, (3, 1, 1), (4, 1, 1)) for _ in range(3)),
        *_narrow(width, width),
        *_narrow(width, width // 2),
        nn.Conv3d(width // 2, 1, 1),
    )
