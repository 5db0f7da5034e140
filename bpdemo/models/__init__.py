"""The models by their name in a weights folder's config.json.

A model is one file here, of its name: a class `Network` (see `pressure_model.Member`). Its sizes are a class in
`config.py`. To add one, write both and name it in `MODELS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from bpdemo.errors import WeightsError, shown
from bpdemo.models.config import (
    CROSS_FITTED,
    BbpConfig,
    BeatsConfig,
    ContrastPhysConfig,
    DrpBbpConfig,
    NetworkConfig,
    PaperConfig,
    YueConfig,
)

if TYPE_CHECKING:
    from bpdemo.crops import CropForm
    from bpdemo.models.pressure_model import PressureModel


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: of its file, and in config.json.
        title: what people are told to choose it by.
        reads: what it reads of a window; of frames, crops of the face in its `PulseNetwork.FORM`.
        gives: pressures with ranges, pressures as a value alone, or no pressure but the pulse.
        config: class of its sizes; its defaults are the sizes that are trained when no others are named.
        sizes: sizes that have a name; empty where there are none to choose from.
        recipe: fields of `training.recipe.Recipe` in which its fit differs from others.
    """

    name: str
    title: str
    reads: Literal["mean beats", "map", "frames"]
    gives: Literal["ranges", "value", "pulse"]
    config: type[NetworkConfig]
    sizes: Mapping[str, NetworkConfig] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> Any:
        """The class of one of its networks: a `Member`, or a `PulseNetwork` where it gives the pulse alone."""
        module = self.name.replace("-", "_")
        return import_module(f"bpdemo.models.{module}").Network  # here, as importing torch takes a second

    @property
    def crops(self) -> "CropForm | None":
        """The form in which it reads frames; None where it reads none."""
        return self.network.FORM if self.reads == "frames" else None

    def require_pressures(self) -> None:
        """Refuse a model that finds the pulse alone where pressures are wanted.

        Raises:
            WeightsError: `model_gives_pulse`.
        """
        if self.gives == "pulse":
            others = ", ".join(name for name, model in MODELS.items() if model.gives != "pulse")
            raise WeightsError(
                "model_gives_pulse",
                f"The model {self.name} finds the pulse and gives no pressures.",
                f"Name one that does: {others}.",
            )

    def build(self, config: NetworkConfig) -> "PressureModel":
        """Return the model, untrained, in sizes of its own class.

        Raises:
            WeightsError: `model_gives_pulse`.
        """
        from bpdemo.models.pressure_model import PressureModel

        self.require_pressures()
        return PressureModel(self.network, config)

    def count_parameters(self, config: NetworkConfig) -> int:
        """Return how many parameters it has in these sizes, those of all members; no memory is taken for them."""
        import torch

        with torch.device("meta"):
            network = self.network(config) if self.gives == "pulse" else self.build(config)
        return sum(parameter.numel() for parameter in network.parameters())

    def size(self, name: str | None) -> NetworkConfig:
        """Return sizes by their name; the default's of None.

        Raises:
            WeightsError: `size_unknown`.
        """
        if name is None:
            return self.config()
        if name not in self.sizes:
            has = f"It has: {', '.join(self.sizes)}." if self.sizes else "It has one size: name none."
            raise WeightsError("size_unknown", f"The model {self.name} has no size {shown(name)!r}.", has)
        return self.sizes[name]

    def name_of(self, config: NetworkConfig) -> str | None:
        """Return the name of sizes; None where they have none."""
        return next((name for name, size in self.sizes.items() if size == config), None)


_SMALL_PAPER = PaperConfig(blocks=(1, 1, 1, 1), widths=(8, 16, 32, 64), hidden=32)

MODELS = {
    model.name: model
    for model in (
        Model(
            "beats",
            "Mean beats of the map: the shape of the pulse",
            "mean beats",
            "ranges",
            BeatsConfig,
            recipe={"set_aside": CROSS_FITTED},
        ),
        Model(
            "paper",
            "The map itself, as in the paper of Zhuang et al.",
            "map",
            "ranges",
            PaperConfig,
            sizes={"full": PaperConfig(), "small": _SMALL_PAPER},
            recipe={"set_aside": 5, "epochs": 5, "pretrain": "contrast-phys"},
        ),
        Model(
            "bbp",
            "The face's pulse wave and its most delayed region's, by the network of Hwang & Lee",
            "map",
            "value",
            BbpConfig,
            recipe={"set_aside": 5, "epochs": 5, "learning_rate": 1e-3},
        ),
        Model(
            "contrast-phys",
            "The pulse in frames, learned without labels: Contrast-Phys+ of Sun and Li",
            "frames",
            "pulse",
            ContrastPhysConfig,
            sizes={"full": ContrastPhysConfig(), "small": ContrastPhysConfig(width=8)},
        ),
        Model(
            "yue",
            "The pulse in frames, learned without labels: frequency-inspired self-supervision of Yue, Shi and Ding",
            "frames",
            "pulse",
            YueConfig,
            sizes={"full": YueConfig(), "small": YueConfig(width=4)},
        ),
        Model(
            "drp-bbp",
            "Two pulse waves out of the frames and the pressures from both, as Hwang & Lee",
            "frames",
            "value",
            DrpBbpConfig,
            sizes={"full": DrpBbpConfig(), "small": DrpBbpConfig(width=4, pulse_width=4, side=64)},
            recipe={"set_aside": 5, "epochs": 20, "batch": 8, "learning_rate": 1e-3},
        ),
    )
}
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
