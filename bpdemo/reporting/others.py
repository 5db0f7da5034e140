"""The evidence of other models that lies in a weights folder: of weights, one folder a model, or alone."""

from collections.abc import Sequence
from pathlib import Path

from bpdemo.training.results import PRESSURES, Results, load_results

RESULTS = "evidence.json"
_OF_ONE_TEST = ("dataset", "people", "left_out", "renderings", "folds", "seeds", "splits", "reference")


def embedded_folders(folder: Path) -> list[Path]:
    """Return a weights folder, and those in it that hold weights with their evidence."""
    return [folder, *sorted(path.parent for path in folder.glob(f"*/{RESULTS}"))]


def compared_without_weights(folder: Path) -> list[Results]:
    """Return the results of models whose weights do not come with a weights folder: the files in its `compared/`."""
    return [load_results(path) for path in sorted((folder / "compared").glob("*.json"))]


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
