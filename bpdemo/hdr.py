"""Colours of HDR video become those that the same scene has in ordinary video.

A pulse is a relative change of colour, and the same change is a smaller one in the levels of HDR: HLG, as iPhones film,
squeezes bright colours, and PQ squeezes all. So levels become light (ITU-R BT.2100), then the colours of BT.709 as
its screens show them (BT.2087, BT.1886). Diffuse white, 203 cd/m2 (BT.2408), becomes white; what is brighter is cut.
"""

from functools import lru_cache

import cv2
import numpy as np

PQ, HLG = 16, 18  # FFmpeg's numbers of transfer characteristics
_WHITE = 203.0  # cd/m2
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2  # of the screen that HLG is graded on, cd/m2, and its system gamma
_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # of R, G, B in BT.2020
_SCREEN_GAMMA = 2.4  # BT.1886
# From linear R, G, B of BT.2020 to those of BT.709 (BT.2087, inverted).
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)


def to_sdr(levels: np.ndarray, transfer: int) -> np.ndarray:
    """Return the R, G, B of BT.709, uint8 0 to 255.

    Args:
        levels: [..., 3] unsigned integers, R, G, B as HDR codes them in BT.2020 from 0 to the most that `2**bits - 1`
            allows, bits being 10 for uint16 and 8 for uint8.
        transfer: `PQ` or `HLG`.
    """
    light = np.take(_light(transfer, 8 if levels.dtype == np.uint8 else 10), levels)
    if transfer == HLG:  # the screen's system gamma acts on luminance, which keeps colours
        light *= cv2.pow(cv2.transform(light, _LUMINANCE), _HLG_GAMMA - 1)[..., None]
    shown = cv2.pow(np.maximum(cv2.transform(light, _TO_BT709), 0), 1 / _SCREEN_GAMMA)
    return cv2.convertScaleAbs(shown, alpha=255)  # rounds and stays within 255


@lru_cache
def _light(transfer: int, bits: int) -> np.ndarray:
    """Return the light of every level, float32 [2**bits], 1 being diffuse white; for HLG before its system gamma."""
    signal = np.arange(2**bits) / (2**bits - 1)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = signal ** (1 / m2)
        light = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / _WHITE
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        # The factor is taken in before the system gamma, so that 1 is white after it.
        light = scene * (_HLG_PEAK / _WHITE) ** (1 / _HLG_GAMMA)
    return light.astype(np.float32)
