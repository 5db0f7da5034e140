"""The evidence of other weights that lie in a weights folder, one folder a model."""

from collections.abc import Sequence
from pathlib import Path

from bpdemo.training.results import PRESSURES, Results

RESULTS = "evidence.json"
_OF_ONE_TEST = ("dataset", "people", "left_out", "renderings", "folds", "seeds", "splits", "reference")


def evidence_folders(folder: Path) -> list[Path]:
    """Return a weights folder, and those in it that hold evidence, some of them without the weights."""
    return [folder, *sorted(path.parent for path in folder.glob(f"*/{RESULTS}"))]


def split_by_test(results: Results, others: Sequence[Results]) -> tuple[list[Results], list[Results]]:
    """Return which other results are of the same people, folds and renderings as some, and which are not.

    With the same people and folds, always answering the training mean costs the same to the last digit.
    """
    same: list[Results] = []
    different: list[Results] = []
    for other in others:
        alike = all(getattr(other, name) == getattr(results, name) for name in _OF_ONE_TEST) and all(
            other.network[pressure].baseline_mae == results.network[pressure].baseline_mae for pressure in PRESSURES
        )
        (same if alike else different).append(other)
    return same, different
