"""Weights: load them from a folder or from the Hub, save them, push them.

A weights folder holds three files: `model.safetensors` (tensors, never a pickle), `config.json` (see `config.py`) and
`README.md` (the model card).

A folder is distrusted until it has been checked: sizes are bounded before anything is allocated, the network is first
laid out without memory and compared with the tensors, and no value may be NaN or infinite. There is no fallback:
weights that were asked for and cannot be had are an error.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bpdemo.errors import WeightsError, shown
from bpdemo.models import find_model
from bpdemo.system.files import write_files
from bpdemo.weights import hub
from bpdemo.weights.config import REMEDY, Provenance, WeightsConfig, parse_config
from bpdemo.weights.embedded import embedded_folder, model_differs
from bpdemo.weights.hub_errors import FILE_LIMITS, is_disk_full, weights_error

if TYPE_CHECKING:
    import torch

    from bpdemo.models.pressure_model import PressureModel

WEIGHTS_VARIABLE = "BPDEMO_WEIGHTS"
"""The environment variable that names other weights than the embedded ones."""


@dataclass(frozen=True)
class WeightsSummary:
    """What an estimate says about its weights; the attributes are those of `Weights` and its config."""

    name: str
    revision: str | None
    model: str
    stmap_version: int
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


def pick_device(device: str) -> "torch.device":
    """Return a device that is there: "auto" is the first CUDA device, or else the CPU.

    Raises:
        WeightsError: `device_unavailable`.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        picked = torch.device(device)
        torch.zeros(1, device=picked).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise WeightsError(
            "device_unavailable", f"There is no device {device!r} to compute on.", "Use auto, cpu or cuda."
        ) from error
    return picked


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
    folder, repo_id, revision = _locate(weights)
    before = _identity(folder)
    config = parse_config(_read(folder, "config.json"), str(folder / "config.json"))
    if model not in (None, config.model):
        raise model_differs(config.model, model)
    network = _read_network(folder, config).to(picked).eval()
    if _identity(folder) != before:
        raise WeightsError(
            "weights_changed", f"{folder} was changed while it was being loaded.", "Load it again when it is complete."
        )
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
    from safetensors.torch import save

    folder = Path(folder)
    text = config.to_json()
    checked = parse_config(text, f"the config for {folder}")
    # A copy of each: on a GPU the LSTM's weights are views of one memory, which safetensors refuses.
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in network.state_dict().items()}
    _check_tensors(tensors, checked, str(folder))
    contents = {
        "model.safetensors": save(tensors, metadata={"format": "pt"}),
        "config.json": text.encode(),
        "README.md": card.encode(),
    }
    try:
        write_files(folder, contents)
    except OSError as error:
        if is_disk_full(error):
            raise weights_error("disk_full", place=folder) from error
        raise WeightsError(
            "weights_unwritable", f"{folder} cannot be written ({error.strerror}).", "Choose another folder."
        ) from error


def push_weights(folder: str | Path, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
    """Return the URL of a weights folder on the Hub, once its three files and the evidence its card shows are pushed.

    The URL ends in the commit, the revision of `owner/name@revision`.

    Args:
        folder: a weights folder.
        repo_id: `owner/name`; the repo is created when it is not there.
        private: create the repo private; nothing is pushed to an existing public repo then.
        token: access token; None takes the one huggingface_hub is logged in with.

    Raises:
        WeightsError: the folder is not fit to be used (see `load_weights`), `weights_name_invalid`, or a `hub_...`
            code.
    """
    if "@" in repo_id:
        raise WeightsError(
            "weights_name_invalid",
            "Weights are pushed to the main branch of a repo, not to a revision.",
            "Give owner/name without @revision.",
        )
    hub.parse_name(repo_id)
    checked = load_weights(Path(folder), device="cpu")
    message = f"Weights {checked.name} for STMap version {checked.config.stmap_version}"
    return hub.upload(checked.folder, repo_id, message=message, private=private, token=token)


def _locate(weights: str | Path) -> tuple[Path, str | None, str | None]:
    """Return the folder of weights, and the repo and commit hash when they are from the Hub."""
    found = hub.find_folder(weights)
    if found is not None:
        if hub.is_folder(found):
            return found, None, None
        raise WeightsError(
            "weights_folder_missing",
            f"There is no folder {found}.",
            "Give the path of a weights folder, or owner/name@revision of a repo on the Hub.",
        )
    repo_id, revision = hub.parse_name(str(weights))
    folder, commit = hub.fetch(repo_id, revision)
    return folder, repo_id, commit


def _file_within_limit(folder: Path, name: str) -> Path:
    """Return the path of a file that is there and not larger than its limit."""
    path = folder / name
    if not path.is_file():
        raise weights_error("weights_file_missing", name=name, place=folder)
    size = path.stat().st_size
    if size > FILE_LIMITS[name]:
        raise weights_error("weights_file_too_large", name=path, size=size, limit=FILE_LIMITS[name])
    return path


def _read(folder: Path, name: str) -> bytes:
    """Return a copy of a file's content: a mapped file ends the process when it is cut short."""
    path = _file_within_limit(folder, name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            "weights_unreadable", f"{path} cannot be read ({error.strerror}).", "Check its permissions."
        ) from error


def _identity(folder: Path) -> list[tuple[int, int, int]]:
    """Return what changes when any of a folder's three files does."""
    statuses = [_file_within_limit(folder, name).stat() for name in FILE_LIMITS]
    return [(status.st_ino, status.st_mtime_ns, status.st_size) for status in statuses]


def _read_network(folder: Path, config: WeightsConfig) -> "PressureModel":
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = folder / "model.safetensors"
    try:
        tensors = load(_read(folder, path.name))
    except SafetensorError as error:
        raise WeightsError(
            "tensors_damaged",
            f"{path} is cut short, damaged or not a safetensors file.",
            "Fetch or copy the file again; a file from the Hub is fetched again once it is deleted here.",
        ) from error
    _check_tensors(tensors, config, str(path))
    network = find_model(config.model).build(config.network)
    network.load_state_dict(tensors)
    return network


def _check_tensors(tensors: "dict[str, torch.Tensor]", config: WeightsConfig, place: str) -> None:
    """Refuse tensors that are not exactly those of the config's network, or hold a NaN or an infinity."""
    import torch

    with torch.device("meta"):  # names, shapes and types, without memory
        layout = find_model(config.model).build(config.network).state_dict()
    for name in sorted(tensors.keys() | layout.keys()):
        ours, theirs = layout.get(name), tensors.get(name)
        if ours is None or theirs is None or ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            raise WeightsError(
                "tensors_differ", f"The tensor {shown(name)} in {place} does not fit the network of the config.", REMEDY
            )
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                "tensors_not_finite", f"The tensor {name} in {place} holds values that are not numbers.", REMEDY
            )
