"""The models by their name in a weights folder's config.json.

A model is one file here, of its name: a class `Network` (see `pressure_model.Member`). Its sizes are a class in
`config.py`. To add one, write both and name it in `MODELS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bpdemo.errors import WeightsError, shown
from bpdemo.models.config import CROSS_FITTED, BeatsConfig, NetworkConfig

if TYPE_CHECKING:
    from bpdemo.models.pressure_model import Member, PressureModel


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: of its file, and in config.json.
        config: class of its sizes; its defaults are the sizes that are trained when no others are named.
        sizes: sizes that have a name; empty where there are none to choose from.
        recipe: fields of `training.recipe.Recipe` in which its fit differs from others.
    """

    name: str
    config: type[NetworkConfig]
    sizes: Mapping[str, NetworkConfig] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> "type[Member]":
        """The class of one of its networks."""
        return import_module(f"bpdemo.models.{self.name}").Network  # here, as importing torch takes a second

    def build(self, config: NetworkConfig) -> "PressureModel":
        """Return the model, untrained, in sizes of its own class."""
        from bpdemo.models.pressure_model import PressureModel

        return PressureModel(self.network, config)


MODELS = {"beats": Model("beats", BeatsConfig, recipe={"set_aside": CROSS_FITTED})}
DEFAULT_MODEL = "beats"
"""What is trained when no other is named."""


def find_model(name: str) -> Model:
    """Return a model by its name.

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
