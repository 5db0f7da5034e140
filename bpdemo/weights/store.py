"""Weights: load them from a folder or from the Hub, save them.

A weights folder holds three files: `model.safetensors` (tensors, never a pickle), `config.json` (see `config.py`) and
`README.md` (the model card).

There is no fallback: weights that were asked for and cannot be had are an error.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bpdemo.models import find_model
from bpdemo.weights.config import Provenance, WeightsConfig, parse_config
from bpdemo.weights.embedded import embedded_folder, model_differs
from bpdemo.weights.folder import (
    check_unchanged,
    identity_of,
    locate,
    pick_device,
    read_file,
    read_tensors,
    write_folder,
)

if TYPE_CHECKING:
    from bpdemo.models.pressure_model import PressureModel

WEIGHTS_VARIABLE = "BPDEMO_WEIGHTS"
"""The environment variable that names other weights than the embedded ones."""


@dataclass(frozen=True)
class WeightsSummary:
    """What an estimate says about its weights; the attributes are those of `Weights` and its config."""

    name: str
    revision: str | None
    model: str
    stmap_version: int | None  # None of weights that read no map
    provenance: Provenance


@dataclass(frozen=True)
class Weights:
    """A checked set of weights, ready to use.

    Attributes:
        name: the Hub repo they came from, or the name in their config.
        revision: the commit hash on the Hub; None for a folder.
        folder: where the three files lie.
        config: the content of config.json.
        network: the model with these weights, in evaluation mode on its device.
    """

    name: str
    revision: str | None
    folder: Path
    config: WeightsConfig
    network: "PressureModel"

    @property
    def source(self) -> str:
        """The name by which `load_weights` loads exactly these: repo and commit, or the folder."""
        return f"{self.name}@{self.revision}" if self.revision else str(self.folder.resolve())

    @property
    def summary(self) -> WeightsSummary:
        """What an estimate says about these weights."""
        config = self.config
        return WeightsSummary(self.name, self.revision, config.model, config.stmap_version, config.provenance)


def load_weights(weights: str | Path | None = None, device: str = "auto", model: str | None = None) -> Weights:
    """Return checked weights, their network in evaluation mode on the device.

    Args:
        weights: a folder or else a Hub repo, `owner/name` or `owner/name@revision`. None takes `BPDEMO_WEIGHTS` from
            the environment or else the embedded weights.
        device: "auto", "cpu", "cuda", ...
        model: which of the embedded weights, and what other weights must be of; None takes the default model's.

    Raises:
        WeightsError: there are none of this model (`model_unknown`, `model_gives_pulse`, `model_not_trained`,
            `model_differs`), they cannot be had (`weights_name_invalid`, `weights_folder_missing`,
            `weights_file_missing`, `weights_file_too_large`, `weights_unreadable`, `weights_changed`, `disk_full` or a
            `hub_...` code), their config cannot be used (see `parse_config`), their tensors cannot (`tensors_damaged`,
            `tensors_differ`, `tensors_not_finite`), or there is no such device (`device_unavailable`).
    """
    picked = pick_device(device)
    if model is not None:
        find_model(model).require_pressures()
    if weights is None:
        weights = os.environ.get(WEIGHTS_VARIABLE, "").strip() or embedded_folder(model)
    folder, repo_id, revision = locate(weights)
    before = identity_of(folder)
    config = parse_config(read_file(folder, "config.json"), str(folder / "config.json"))
    if model not in (None, config.model):
        raise model_differs(config.model, model)
    network = read_tensors(folder, partial(find_model(config.model).build, config.network)).to(picked).eval()
    check_unchanged(folder, before)
    return Weights(repo_id or config.name, revision, folder, config, network)


def save_weights(folder: str | Path, network: "PressureModel", config: WeightsConfig, card: str) -> None:
    """Write a weights folder that `load_weights` accepts; what it would refuse is not written.

    Args:
        folder: created when it is not there; the three files in it are replaced, others stay.
        network: the trained model.
        config: of these weights.
        card: the model card, Markdown with the Hub's front matter.

    Raises:
        WeightsError: a code of `load_weights`, when config or tensors are not fit to be used; `disk_full`;
            `weights_unwritable`.
    """
    folder = Path(folder)
    text = config.to_json()
    checked = parse_config(text, f"the config for {folder}")
    write_folder(folder, network, partial(find_model(checked.model).build, checked.network), text, card)
