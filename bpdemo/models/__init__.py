"""The models by their name in a weights folder's config.json.

To add one, write its module here, describe its sizes in `config.py` and register how it is built.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bpdemo.errors import WeightsError, shown
from bpdemo.models.config import NetworkConfig

if TYPE_CHECKING:
    from bpdemo.models.beats import BloodPressureNetwork

Builder = Callable[[NetworkConfig], "BloodPressureNetwork"]


def _build_beats(config: NetworkConfig) -> "BloodPressureNetwork":
    from bpdemo.models.beats import BloodPressureNetwork  # here, as importing torch takes a second

    return BloodPressureNetwork(config)


MODELS: dict[str, Builder] = {"beats": _build_beats}
DEFAULT_MODEL = "beats"
"""What is trained when no other is named."""


def find_model(name: str) -> Builder:
    """Return what builds a model, untrained, from its sizes.

    Raises:
        WeightsError: `model_unknown`.
    """
    if name not in MODELS:
        raise WeightsError(
            "model_unknown",
            f"This version of bpdemo has no model {shown(name)!r}.",
            f"It has: {', '.join(sorted(MODELS))}; weights of another need the version they were saved by.",
        )
    return MODELS[name]
