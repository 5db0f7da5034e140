"""How a model is fitted: everything a fit depends on besides data, sizes and seed. Ours throughout."""

from dataclasses import asdict, dataclass
from typing import Any

from bpdemo.models import find_model


@dataclass(frozen=True)
class Recipe:
    """Renderings, fit and evidence; a model's own numbers are in `bpdemo.models.MODELS`."""

    qualities: tuple[str, ...] = ("strong", "standard", "standard", "poor")  # a person is rendered in, `cycles` times
    cycles: int = 6
    pretrain: str | None = None  # label-free method that teaches each member the pulse first, on those it learns from
    epochs: int = 12  # passes over as many windows as there are
    set_aside: int = 4  # parts of the people, one of which each member sets aside
    batch: int = 64  # windows in a step
    learning_rate: float = 2e-3  # peak of the one-cycle schedule
    weight_decay: float = 0.05  # of AdamW
    folds: int = 5  # splits by person for the evidence
    repetitions: int = 2  # times the folds are drawn anew
    test_renderings: int = 4  # of a person in each quality, others than training's, that answers are scored on

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON gives it back."""
        return asdict(self) | {"qualities": list(self.qualities)}


def recipe_of(model: str) -> Recipe:
    """Return the recipe of a model; raises WeightsError, `model_unknown`."""
    return Recipe(**find_model(model).recipe)
