"""The pulse in skin colours, by several published methods: one look at the same skin each, none best on every clip.

Each takes relative colours [columns, ..., 3] at 30 Hz (R, G, B over their slow means, about 1) and returns the wave
[columns, ...]: relative change, rising with the blood in the skin. That GREEN, CHROM and POS name the same rate is
evidence for a pulse, as what they take for noise differs. LGI (Pilz et al. 2018) and OMIT (Casado and Bordallo Lopez
2022) are left out: on relative colours both remove the direction (1, 1, 1), and so are one and the same; they were no
clearer than POS on any clip tried.
"""

from collections.abc import Callable

import numpy as np

from bpdemo.beats import band_pass
from bpdemo.errors import BpdemoError
from bpdemo.stmap import project_pos, tune_projections

Method = Callable[[np.ndarray], np.ndarray]

_CHROM_BAND_HZ = (40 / 60, 240 / 60)


def project_green(relative: np.ndarray) -> np.ndarray:
    """Return how far green is darkened (GREEN; Verkruysse, Svaasand, Nelson, Optics Express 16(26), 2008).

    Green is what blood absorbs most of what a camera sees; light and movement change it as well.
    """
    return 1 - relative[..., 1]


def project_chrom(relative: np.ndarray) -> np.ndarray:
    """Return the difference of two chrominances (CHROM; de Haan, Jeanne, IEEE TBME 60(10), 2013).

    ``X = 3 R - 2 G`` and ``Y = 1.5 R + G - 1.5 B``, 40 to 240 beats a minute; ``X - Y std(X) / std(Y)`` over Hann
    windows. What changes all colours alike, as light does, moves X and Y by as much and cancels.
    """
    red, green, blue = np.moveaxis(relative, -1, 0)
    chrominances = np.stack((3 * red - 2 * green, -(1.5 * red + green - 1.5 * blue)))
    first, second = np.moveaxis(band_pass(np.moveaxis(chrominances, 1, -1), _CHROM_BAND_HZ), -1, 1)
    return tune_projections(first, second, _hann)


METHODS: dict[str, Method] = {
    "green": project_green,
    "chrom": project_chrom,
    "pos": project_pos,
}
"""Every method by its name."""


def method_by_name(name: str) -> Method:
    """Return the method of a name.

    Raises:
        BpdemoError: `method_unknown`.
    """
    if name not in METHODS:
        raise BpdemoError(
            "method_unknown", "There is no pulse method of this name.", f"Choose one of {', '.join(METHODS)}."
        )
    return METHODS[name]


def _hann(length: int) -> np.ndarray:
    """Return a Hann window without its zeros, so that the first and the last column have a weight."""
    return np.hanning(length + 2)[1:-1]
