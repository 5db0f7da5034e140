"""How many cells? The pulse in coarser divisions of the same skin, beside the one in use.

    python -m benchmarks.cells CLIP...

Coarser divisions merge the cells in use, weighted by their pixels, before anything else is computed: the whole face as
one cell, the six regions, and left and right halves of them. Printed for each: the SNR of the wave averaged over all
its rows of T (what averaging can recover), of the best row, and of the median row (what a row by itself holds).
"""

import sys

import numpy as np

from bpdemo.capture import read_capture
from bpdemo.pulse import rate_and_snr
from bpdemo.regions import CELLS
from bpdemo.stmap import RATE_HZ, place_windows, project_pos, resample


def divisions() -> dict[str, np.ndarray]:
    """Return for each division the group number of every cell."""
    sides = ["left" if "left" in cell.name else "right" if "right" in cell.name else "middle" for cell in CELLS]
    keys = {
        "whole face": ["face"] * len(CELLS),
        "regions": [cell.region for cell in CELLS],
        "halves of regions": [f"{cell.region} {side}" for cell, side in zip(CELLS, sides, strict=True)],
        "cells in use": [cell.name for cell in CELLS],
    }
    return {name: np.unique(groups, return_inverse=True)[1] for name, groups in keys.items()}


def merge(colours: np.ndarray, pixels: np.ndarray, group_of_cell: np.ndarray) -> np.ndarray:
    """Return the pixel-weighted mean colours [frames, groups, 3] of groups of cells."""
    groups = np.eye(group_of_cell.max() + 1)[group_of_cell]  # [cells, groups]
    weight = np.where(np.isfinite(colours[..., 0]), pixels, 0)
    total = np.maximum(weight @ groups, 1e-9)
    return np.einsum("fcx,fc,cg->fgx", np.nan_to_num(colours), weight, groups) / total[..., None]


def main(clips: list[str]) -> None:
    """Print one line for each clip and division."""
    print(f"{'clip':32}{'division':20}{'rows':>5}{'mean of rows':>14}{'best row':>10}{'median row':>12}   (SNR, dB)")
    for clip in clips:
        capture = read_capture(clip)
        start_s, end_s = (place_windows(capture.report.duration_s) or [(0.0, capture.report.duration_s)])[0]
        column_s = start_s + np.arange(int((end_s - start_s) * RATE_HZ)) / RATE_HZ
        for name, group_of_cell in divisions().items():
            merged = merge(capture.colours, capture.pixels, group_of_cell)
            rgb, slow, mask = resample(capture.time_s, merged, column_s)
            rows = project_pos(rgb[:, mask.any(axis=1)] / slow[:, mask.any(axis=1)])
            weight = 1 / np.var(np.diff(rows, n=2, axis=0), axis=0)
            each = [rate_and_snr(row)[1] for row in rows.T]
            mean = rate_and_snr(rows @ weight / weight.sum())[1]
            label = clip.rsplit("/", 1)[-1][:30]
            print(f"{label:32}{name:20}{len(each):5}{mean:14.1f}{max(each):10.1f}{np.median(each):12.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
