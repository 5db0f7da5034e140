"""How many cells? The pulse in coarser divisions of the same skin, beside the one in use.

    python -m experiments.cells CLIP...

Coarser divisions merge the cells in use, weighted by their pixels, before anything else is computed: the whole face as
one cell, the six regions, and left and right halves of them. Printed for each: the SNR of the wave averaged over all
its rows of T (what averaging can recover), of the best row, and of the median row (what a row by itself holds).
Last run: November 2026.
"""

import argparse

import numpy as np

from bpdemo.capture import read_capture
from bpdemo.regions import CELLS
from bpdemo.spectrum import heart_rate_hz, snr_db
from bpdemo.stmap import place_windows, project_pos, resample


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
        duration_s, traces = capture.report.file.duration_s, capture.traces
        window = (place_windows(duration_s) or [(0.0, duration_s)])[0]
        for name, group_of_cell in divisions().items():
            merged = resample(traces.time_s, merge(traces.colours, traces.pixels, group_of_cell), *window)
            rows = project_pos(merged.relative[:, merged.mask.any(axis=1)])
            weight = 1 / np.var(np.diff(rows, n=2, axis=0), axis=0)
            each = [_own_snr_db(row) for row in rows.T]
            mean = _own_snr_db(rows @ weight / weight.sum())
            label = clip.rsplit("/", 1)[-1][:30]
            print(f"{label:32}{name:20}{len(each):5}{mean:14.1f}{max(each):10.1f}{np.median(each):12.1f}")


def _own_snr_db(wave: np.ndarray) -> float:
    return snr_db(wave, heart_rate_hz(wave))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", metavar="CLIP")
    main(parser.parse_args().clips)
