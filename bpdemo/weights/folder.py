"""The folder of some weights: three files, distrusted until they have been checked.

Sizes are bounded before anything is allocated, the network is first laid out without memory and compared with the
tensors, and no value may be NaN or infinite.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bpdemo.errors import WeightsError, shown
from bpdemo.system.files import write_files
from bpdemo.weights import hub
from bpdemo.weights.config import REMEDY
from bpdemo.weights.hub_errors import FILE_LIMITS, is_disk_full, weights_error

if TYPE_CHECKING:
    import torch
    from torch import nn

    AnyModule = TypeVar("AnyModule", bound=nn.Module)


def locate(weights: str | Path) -> tuple[Path, str | None, str | None]:
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


def read_file(folder: Path, name: str) -> bytes:
    """Return a copy of a file's content: a mapped file ends the process when it is cut short."""
    path = _file_within_limit(folder, name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            "weights_unreadable", f"{path} cannot be read ({error.strerror}).", "Check its permissions."
        ) from error


def check_unchanged(folder: Path, before: object) -> None:
    """Raise `weights_changed` unless a folder is what `identity_of` told before."""
    if identity_of(folder) != before:
        raise WeightsError(
            "weights_changed", f"{folder} was changed while it was being loaded.", "Load it again when it is complete."
        )


def identity_of(folder: Path) -> list[tuple[int, int, int]]:
    """Return what changes when any of a folder's three files does."""
    statuses = [_file_within_limit(folder, name).stat() for name in FILE_LIMITS]
    return [(status.st_ino, status.st_mtime_ns, status.st_size) for status in statuses]


def read_tensors(folder: Path, lay_out: "Callable[[], AnyModule]") -> "AnyModule":
    """Return the network that `lay_out` makes, with the tensors of a folder.

    Raises:
        WeightsError: `tensors_damaged`, `tensors_differ`, `tensors_not_finite`, or `weights_unreadable`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    path = folder / "model.safetensors"
    try:
        tensors = load(read_file(folder, path.name))
    except SafetensorError as error:
        raise WeightsError(
            "tensors_damaged",
            f"{path} is cut short, damaged or not a safetensors file.",
            "Fetch or copy the file again; a file from the Hub is fetched again once it is deleted here.",
        ) from error
    _check_tensors(tensors, lay_out, str(path))
    network = lay_out()
    network.load_state_dict(tensors)
    return network


def _check_tensors(tensors: "dict[str, torch.Tensor]", lay_out: "Callable[[], nn.Module]", place: str) -> None:
    """Refuse tensors that are not exactly those of a network, or hold a NaN or an infinity."""
    import torch

    with torch.device("meta"):  # names, shapes and types, without memory
        layout = lay_out().state_dict()
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


def write_folder(
    folder: Path, network: "nn.Module", lay_out: "Callable[[], nn.Module]", config: str, card: str
) -> None:
    """Write the three files of weights, once their tensors are those of the network that `lay_out` makes.

    Raises:
        WeightsError: `tensors_differ`, `tensors_not_finite`, `disk_full` or `weights_unwritable`.
    """
    from safetensors.torch import save

    # A copy of each: on a GPU the LSTM's weights are views of one memory, which safetensors refuses.
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in network.state_dict().items()}
    _check_tensors(tensors, lay_out, str(folder))
    contents = {
        "model.safetensors": save(tensors, metadata={"format": "pt"}),
        "config.json": config.encode(),
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
