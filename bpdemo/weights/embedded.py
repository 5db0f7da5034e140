"""The weights that come with the project: `weights/` holds those of the default model, `weights/<model>/` others."""

from pathlib import Path

from bpdemo.assets import asset_folder
from bpdemo.errors import WeightsError
from bpdemo.models import DEFAULT_MODEL, MODELS, find_model


def embedded_folder(model: str | None = None) -> Path:
    """Return the folder of the weights of a model that come with the project; None is the default model.

    Raises:
        WeightsError: `model_unknown`, `model_gives_pulse` or `model_not_trained`.
    """
    if model is None or model in embedded_models():
        return _place(model or DEFAULT_MODEL)
    find_model(model).require_pressures()
    raise WeightsError(
        "model_not_trained",
        f"No weights of the model {model!r} come with this version of bpdemo.",
        f"Train them with bpdemo train --model {model} --data ppg_bp=DIR --output weights/{model}, then name them with "
        f"--weights weights/{model}.",
    )


def embedded_models() -> list[str]:
    """Return the models that give pressures and whose weights come with the project: names, the default model first."""
    others = (name for name, model in MODELS.items() if name != DEFAULT_MODEL and model.gives != "pulse")
    return [DEFAULT_MODEL, *(name for name in others if (_place(name) / "config.json").is_file())]


def model_differs(found: str, wanted: str) -> WeightsError:
    """Return the error that weights are of another model than the one that is named."""
    return WeightsError(
        "model_differs",
        f"These weights belong to the model {found!r}, not to {wanted!r}.",
        "Leave the model out, or name other weights.",
    )


def _place(model: str) -> Path:
    root = asset_folder("weights")
    return root if model == DEFAULT_MODEL else root / model
