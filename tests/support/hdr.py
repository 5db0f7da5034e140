"""Ordinary pictures coded as HDR, by the formulas of the standards (ITU-R BT.1886, BT.2087, BT.2100, BT.2408)."""

import numpy as np

PQ, HLG = 16, 18  # FFmpeg's numbers
_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


def code_as_hdr(image: np.ndarray, transfer: int) -> np.ndarray:
    """Return what HDR codes for a picture's R, G, B, [height, width, 3] 0 to 255, as uint16 0 to 65535."""
    candela = 203 * (image / 255) ** 2.4 @ _TO_BT2020.T
    if transfer == PQ:
        powers = (candela / 10_000) ** (2610 / 16384)
        signal = ((3424 / 4096 + 2413 / 128 * powers) / (1 + 2392 / 128 * powers)) ** (2523 / 32)
    else:
        screen = candela / 1000
        scene = screen * np.maximum(screen @ _LUMINANCE, 1e-9)[..., None] ** (1 / 1.2 - 1)
        bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    return np.round(65535 * signal.clip(0, 1)).astype(np.uint16)
