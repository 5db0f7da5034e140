"""Weights: load them from a folder or from the Hub, save them, push them.

A weights folder holds three files: `model.safetensors` (the tensors; never a pickle), `config.json` (everything needed
to read, use and judge them) and `README.md` (the model card). config.json, schema `weights/2`:

```
bpdemo       "weights/2"
name         what the weights are called
stmap        stmap.specification(): the maps the network was trained on
slices       slices.specification(): how those maps were cut for it
network      NetworkConfig.to_dict(): members, sizes, range edges in mmHg
training     people; systolic and diastolic {mean, mean_absolute_error, std} in mmHg: the baseline
intervals    coverage 0..1; systolic and diastolic: half-widths in mmHg, which, where `scaled` is true (it may be left
             out), are multiplied by the network's scale for each answer
validation   figures on unseen people
provenance   data, citation, commit, command, seed, date, statement
```

A folder is distrusted until it has been checked: sizes are bounded before anything is allocated, the network is first
laid out without memory and compared with the tensors, and no value may be NaN or infinite. There is no fallback:
weights that were asked for and cannot be had are an error.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpdemo.assets import asset_folder
from bpdemo.errors import WeightsError, shown
from bpdemo.weights import hub
from bpdemo.weights.config import REMEDY, parse_config

if TYPE_CHECKING:
    import torch

    from bpdemo.models.beats import BloodPressureNetwork

WEIGHTS_VARIABLE = "BPDEMO_WEIGHTS"
"""The environment variable that names other weights than the embedded ones."""


@dataclass(frozen=True)
class Weights:
    """A checked set of weights, ready to use.

    Attributes:
        name: the Hub repo they came from, or the name in their config.
        revision: the commit hash on the Hub; None for a folder.
        folder: where the three files lie.
        config: the content of config.json.
        network: the network with these weights, in evaluation mode on its device.
    """

    name: str
    revision: str | None
    folder: Path
    config: dict[str, Any]
    network: "BloodPressureNetwork"

    @property
    def source(self) -> str:
        """What `load_weights` loads exactly these by: repo and commit, or the folder."""
        return f"{self.name}@{self.revision}" if self.revision else str(self.folder.resolve())

    @property
    def stmap_version(self) -> int:
        """Version of the STMap the weights were trained on."""
        return self.config["stmap"]["version"]

    @property
    def provenance(self) -> dict[str, Any]:
        """What they were trained on, by which code and command, as their config tells."""
        return self.config["provenance"]

    def to_dict(self) -> dict[str, Any]:
        """Return `{"name", "revision", "stmap_version", "provenance"}`, JSON-able."""
        return {
            "name": self.name,
            "revision": self.revision,
            "stmap_version": self.stmap_version,
            "provenance": self.provenance,
        }


def embedded_folder() -> Path:
    """Return the folder of the weights that come with the project."""
    return asset_folder("weights")


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


def load_weights(weights: str | Path | None = None, device: str = "auto") -> Weights:
    """Load and check weights.

    Args:
        weights: a folder, or the name of a Hub repo, `owner/name` or `owner/name@revision`. A folder that exists is
            taken before a repo of the same name. None takes `BPDEMO_WEIGHTS` from the environment, and the weights that
            come with the project when that is not set.
        device: "auto", "cpu", "cuda", ...

    Returns:
        The weights, their network in evaluation mode on the device.

    Raises:
        WeightsError: they cannot be had (`weights_name_invalid`, `weights_folder_missing`, `weights_file_missing`,
            `weights_file_too_large`, `weights_unreadable`, `weights_changed`, `disk_full` or a `hub_...` code), their
            config cannot be used (`config_invalid`, `config_schema`, `stmap_version`, `stmap_differs`, `cells_differ`,
            `slices_differ`), their tensors cannot (`tensors_damaged`, `tensors_differ`, `tensors_not_finite`), or
            there is no such device (`device_unavailable`).
    """
    picked = pick_device(device)
    if weights is None:
        weights = os.environ.get(WEIGHTS_VARIABLE, "").strip() or embedded_folder()
    folder, repo_id, revision = _locate(weights)
    before = _identity(folder)
    config = _read_config(folder)
    network = _read_network(folder, config).to(picked).eval()
    if _identity(folder) != before:
        raise WeightsError(
            "weights_changed", f"{folder} was changed while it was being loaded.", "Load it again when it is complete."
        )
    return Weights(repo_id or config["name"], revision, folder, config, network)


def save_weights(folder: str | Path, network: "BloodPressureNetwork", config: Mapping[str, Any], card: str) -> None:
    """Write a weights folder that `load_weights` accepts; what it would refuse is not written.

    Args:
        folder: created when it is not there; the three files in it are replaced, others stay.
        network: the trained network.
        config: the content of config.json, its "network" part that of the network.
        card: the model card, Markdown with the Hub's front matter.

    Raises:
        WeightsError: a code of `load_weights`, when config or tensors are not fit to be used; `disk_full`;
            `weights_unwritable`.
    """
    from safetensors.torch import save

    folder = Path(folder)
    text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    checked = parse_config(text, f"the config for {folder}")
    # A copy of each: on a GPU the LSTM's weights are views of one memory, which safetensors refuses.
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in network.state_dict().items()}
    _check_tensors(tensors, _layout(checked), str(folder))
    contents = {
        "model.safetensors": save(tensors, metadata={"format": "pt"}),
        "config.json": text.encode(),
        "README.md": card.encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace_files(folder, contents)
    except OSError as error:
        if hub.is_disk_full(error):
            raise hub.disk_full(str(folder)) from error
        raise WeightsError(
            "weights_unwritable", f"{folder} cannot be written ({error.strerror}).", "Choose another folder."
        ) from error


def push_weights(folder: str | Path, repo_id: str, *, private: bool = False, token: str | None = None) -> str:
    """Check a weights folder and publish its three files and the evidence its card shows, and nothing else, on the Hub.

    Args:
        folder: a weights folder.
        repo_id: `owner/name`; the repo is created when it is not there.
        private: create the repo private; nothing is pushed to an existing public repo then.
        token: access token; None takes the one huggingface_hub is logged in with.

    Returns:
        URL of the repo at the commit that was made; the commit is what to put behind the @ of `owner/name@revision`.

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
    message = f"Weights {checked.name} for STMap version {checked.stmap_version}"
    return hub.upload(checked.folder, repo_id, message=message, private=private, token=token)


def _locate(weights: str | Path) -> tuple[Path, str | None, str | None]:
    """Return the folder of weights, and the repo and commit hash when they are from the Hub."""
    try:
        folder = Path(weights).expanduser()
        if str(weights).strip() and folder.is_dir():
            return folder, None, None
    except (OSError, RuntimeError, ValueError):  # a name too long, with a NUL, of an unknown user
        folder = Path(weights)
    is_path = isinstance(weights, Path) or weights.startswith(("/", "./", "../", "~", "\\")) or weights in (".", "..")
    if is_path:
        raise WeightsError(
            "weights_folder_missing",
            f"There is no folder {folder}.",
            "Give the path of a weights folder, or owner/name@revision of a repo on the Hub.",
        )
    repo_id, revision = hub.parse_name(weights)
    folder, commit = hub.fetch(repo_id, revision)
    return folder, repo_id, commit


def _file_within_limit(folder: Path, name: str) -> Path:
    """Return the path of a file that is there and not larger than its limit."""
    path = folder / name
    if not path.is_file():
        raise hub.file_missing(name, str(folder))
    size = path.stat().st_size
    if size > hub.FILE_LIMITS[name]:
        raise hub.file_too_large(str(path), size, hub.FILE_LIMITS[name])
    return path


def _read_config(folder: Path) -> dict[str, Any]:
    path = _file_within_limit(folder, "config.json")
    return parse_config(_read(path), str(path))


def _read(path: Path) -> bytes:
    """Return a file's content: a copy, as a file that is mapped into memory ends the process when it is cut short."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _identity(folder: Path) -> list[tuple[int, int, int]]:
    """Return what differs when any of a folder's three files is replaced or written to."""
    statuses = [_file_within_limit(folder, name).stat() for name in hub.FILE_LIMITS]
    return [(status.st_ino, status.st_mtime_ns, status.st_size) for status in statuses]


def _layout(config: dict[str, Any]) -> "dict[str, torch.Tensor]":
    """Return the tensors the config's network has, with names, shapes and types but without memory."""
    import torch

    from bpdemo.models.beats import BloodPressureNetwork, NetworkConfig

    with torch.device("meta"):
        return BloodPressureNetwork(NetworkConfig.from_dict(config["network"])).state_dict()


def _read_network(folder: Path, config: dict[str, Any]) -> "BloodPressureNetwork":
    from safetensors import SafetensorError
    from safetensors.torch import load

    from bpdemo.models.beats import BloodPressureNetwork, NetworkConfig

    path = _file_within_limit(folder, "model.safetensors")
    try:
        tensors = load(_read(path))
    except SafetensorError as error:
        raise WeightsError(
            "tensors_damaged",
            f"{path} is cut short, damaged or not a safetensors file.",
            "Fetch or copy the file again; a file from the Hub is fetched again once it is deleted here.",
        ) from error
    _check_tensors(tensors, _layout(config), str(path))
    network = BloodPressureNetwork(NetworkConfig.from_dict(config["network"]))
    network.load_state_dict(tensors)
    return network


def _check_tensors(tensors: "dict[str, torch.Tensor]", layout: "dict[str, torch.Tensor]", place: str) -> None:
    """Refuse tensors that are not exactly those of the layout, or hold a NaN or an infinity."""
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


def _replace_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files so that all of them are there whole or none is: those that were there stay until all are written."""
    parts = {folder / f".{name}.part": folder / name for name in contents}
    try:
        for part, content in zip(parts, contents.values(), strict=True):
            part.write_bytes(content)
        for part, path in parts.items():
            part.replace(path)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def _unreadable(path: Path, error: OSError) -> WeightsError:
    return WeightsError("weights_unreadable", f"{path} cannot be read ({error.strerror}).", "Check its permissions.")
