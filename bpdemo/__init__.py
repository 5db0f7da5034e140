"""bpdemo: blood pressure from a face clip by spatial-temporal maps, every step visible. Research use only."""

from typing import TYPE_CHECKING

__version__ = "0.2.0"
__all__ = ["BloodPressureEstimator", "BpdemoError", "Estimate"]

if TYPE_CHECKING:
    from bpdemo.errors import BpdemoError
    from bpdemo.estimate import Estimate
    from bpdemo.estimator import BloodPressureEstimator


def __getattr__(name: str) -> object:
    """Import lazily: torch and MediaPipe take seconds to load, and not every caller needs them."""
    homes = {"BloodPressureEstimator": "estimator", "Estimate": "estimate", "BpdemoError": "errors"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
