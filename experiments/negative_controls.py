"""Negative controls: maps and labels with nothing to be learned. What beats the mean on them has a leak."""

from dataclasses import replace

import numpy as np

from bpdemo.training.dataset import MapSet


def shuffle_columns(maps: MapSet, seed: int) -> MapSet:
    """Return the maps with the columns of each in an order of their own, the same for all cells and channels."""
    rng = np.random.default_rng(seed)
    values, mask = np.empty_like(maps.values), np.empty_like(maps.mask)
    for i in range(len(values)):
        order = rng.permutation(values.shape[-1])
        values[i], mask[i] = maps.values[i][..., order], maps.mask[i][..., order]
    return replace(maps, values=values, mask=mask)


def rows_only(maps: MapSet) -> MapSet:
    """Return the maps with each row of each channel set to its mean over time: no pulse is left, only rows."""
    mask = maps.mask[:, None]
    measured = np.maximum(mask.sum(axis=-1, keepdims=True), 1)
    mean = np.where(mask, maps.values, 0).sum(axis=-1, keepdims=True, dtype=np.float64) / measured
    values = (mean * mask).astype(maps.values.dtype)
    return replace(maps, values=values)


def permute(pressures: np.ndarray, seed: int) -> np.ndarray:
    """Return the pressures [people, 2] handed to other people: whatever follows them now is a leak."""
    return pressures[np.random.default_rng(seed).permutation(len(pressures))]
