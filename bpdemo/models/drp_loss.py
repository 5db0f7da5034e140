"""What DRP-Net learns from: a piece of a clip, at its own or another rate, and how far two waves are from a third.

After Hwang & Lee; what differs is said in `drp_bbp.py`.
"""

from functools import cache

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt
from torch import Tensor
from torch.nn import functional as F

from bpdemo.models.bbp import standardise

PIECE = 150
"""Frames that DRP-Net reads at a time, 6 s."""
RATE_HZ = 25.0

_DETREND = 50.0  # lambda of the smoothness priors (Tarvainen, Ranta-aho, Karjalainen, IEEE TBME 49(2), 2002)
_BAND_HZ, _ORDER = (0.5, 3.0), 3
_FFT_LENGTH = 40 * PIECE
_SPECTRUM_WEIGHT = 100.0
_SLOWED_BPM, _QUICKENED_BPM = (75.0, 90.0), (70.0, 80.0)  # heart rates at which a clip is also shown slower, faster
_SLOWED_TO = 0.75  # of its heart rate at most; else what was slowed shows another
_EPSILON = 1e-6


def two_waves_loss(face: Tensor, finger: Tensor, reference: Tensor) -> Tensor:
    """Return the loss of two waves against one reference, [B, `PIECE`] each and filtered, a scalar.

    Of both it wants spectrum and extremes, of the finger's also the wave itself.
    """
    parts = [part(wave, reference) for wave in (face, finger) for part in (spectrum_loss, extremes_loss)]
    return torch.stack([*parts, F.mse_loss(finger, reference)]).sum()


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
    low = round(_BAND_HZ[0] * _FFT_LENGTH / RATE_HZ)
    return 60 * RATE_HZ / _FFT_LENGTH * (low + int(amplitudes(wave).argmax()))


def amplitudes(waves: Tensor) -> Tensor:
    """Return the amplitude spectra of waves [..., `PIECE`] from 0.5 Hz up to 3 Hz, [..., 600].

    Under a Hamming window, zero-padded to 40 times the length; by the wave's length, so that a sine of amplitude 1 is
    0.27 high.
    """
    tapered = waves * torch.hamming_window(PIECE, device=waves.device)
    low, high = (round(limit * _FFT_LENGTH / RATE_HZ) for limit in _BAND_HZ)
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
    band = butter(_ORDER, _BAND_HZ, "bandpass", fs=RATE_HZ, output="sos")
    return sosfiltfilt(band, np.eye(PIECE) - trend, axis=0).copy()  # torch takes no reversed view


def _heights(waves: Tensor) -> Tensor:
    """Mean of the upper local maxima of waves [B, samples]: [B]; their highest value where they have none."""
    inner = waves[:, 1:-1]
    peaks = (inner > waves[:, :-2]) & (inner >= waves[:, 2:])
    peaks |= ~peaks.any(dim=1, keepdim=True) & (inner == inner.amax(dim=1, keepdim=True))
    mean = (inner * peaks).sum(dim=1, keepdim=True) / peaks.sum(dim=1, keepdim=True)
    upper = peaks & (inner >= mean - _EPSILON)
    return (inner * upper).sum(dim=1) / upper.sum(dim=1)


def _halfway(stretch: Tensor) -> Tensor:
    """Return [C, n, ...] with the mean of each two neighbours between them, without the last: [C, 2 n - 2, ...]."""
    between = (stretch[:, :-1] + stretch[:, 1:]) / 2
    return torch.stack((stretch[:, :-1], between), dim=2).flatten(1, 2)
