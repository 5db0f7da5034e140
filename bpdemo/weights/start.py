"""Where a fit may start: what pretraining taught a model without labels, and whom it saw.

A folder of two files, `start.safetensors` (tensors of one network, by their names in it) and `start.json`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializeAsAny,
    ValidationError,
    field_validator,
)

from bpdemo import beats, stmap
from bpdemo.data.registry import identity
from bpdemo.errors import DataError, WeightsError, shown
from bpdemo.models import find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.system.files import write_files
from bpdemo.weights.config import sizes_of_the_model

if TYPE_CHECKING:
    import torch

    from bpdemo.models.pressure_model import Member

SCHEMA: Final = "start/1"
_CONFIG, _TENSORS = "start.json", "start.safetensors"
_LARGEST = 1 << 28  # bytes of tensors
_REMEDY = "Use a folder that `bpdemo pretrain` of this version wrote."


class StartConfig(BaseModel):
    """The content of start.json.

    Attributes:
        bpdemo: the schema.
        method, model: names of `bpdemo.models.MODELS`.
        network: the sizes of the model.
        stmap, beats: specifications of the maps it was taught on.
        data: names of the data sets.
        names: of the people it was taught on.
        set_aside: of those the figures are of.
        windows: how many it was taught on.
        seed: of everything that was drawn.
        recipe: of the fit.
        figures: before and after, on those set aside.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    bpdemo: Literal["start/1"] = SCHEMA
    method: str
    model: str
    network: SerializeAsAny[NetworkConfig]
    stmap: dict[str, JsonValue]
    beats: dict[str, JsonValue]
    data: list[str]
    names: Annotated[list[str], Field(min_length=1)]
    set_aside: list[str]
    windows: Annotated[int, Field(ge=1)]
    seed: int
    recipe: dict[str, JsonValue]
    figures: dict[str, dict[str, float | None]]

    _of_the_model = field_validator("network", mode="before")(sizes_of_the_model)


@dataclass(frozen=True)
class Start:
    """What a folder holds."""

    config: StartConfig
    tensors: "dict[str, torch.Tensor]"

    @property
    def identity(self) -> str:
        """What tells it from any other: a hash of config and tensors."""
        digest = hashlib.sha256(self.config.model_dump_json().encode())
        for name, tensor in sorted(self.tensors.items()):
            digest.update(name.encode() + tensor.contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()

    def check(self, model: str, network: NetworkConfig) -> None:
        """Refuse another model, and sizes in which its tensors would not fit; ranges, members and dropout may differ.

        Raises:
            WeightsError: `start_differs`.
        """
        with_ours = find_model(model).network(network).state_dict()
        if model != self.config.model or any(
            name not in with_ours or with_ours[name].shape != tensor.shape for name, tensor in self.tensors.items()
        ):
            size = find_model(self.config.model).name_of(self.config.network)
            of = f"the model {self.config.model}{f' in the size {size}' if size else ''}"
            raise WeightsError("start_differs", f"The start is of {of}.", "Name that --model and --size.")

    def check_unseen(self, people: Iterable[str]) -> None:
        """Refuse people, by name, whom it was taught on: what would be tested on them is no test.

        Raises:
            DataError: `people_seen`.
        """
        seen = set(map(identity, self.config.names))
        if met := sorted(person for person in set(people) if identity(person) in seen):
            raise DataError(
                "people_seen",
                f"The start was taught on {len(met)} of the people who are tested, as {shown(met[0])}.",
                "Pretrain on other people, or test others.",
            )

    def put_into(self, member: "Member") -> None:
        """Give a member the tensors; `check` has been asked."""
        member.load_state_dict(self.tensors, strict=False)


def save_start(folder: str | Path, start: Start) -> None:
    """Write a folder that `load_start` reads; raises OSError."""
    from safetensors.torch import save

    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in start.tensors.items()}
    config = start.config.model_dump_json(indent=2) + "\n"
    write_files(Path(folder), {_TENSORS: save(tensors), _CONFIG: config.encode()})


def load_start(folder: str | Path) -> Start:
    """Return what a folder holds, once it has been checked.

    Raises:
        WeightsError: `start_missing` or `start_invalid`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    folder = Path(folder)
    try:
        if (folder / _TENSORS).stat().st_size > _LARGEST:
            raise _invalid(folder, "its tensors are too large")
        content, tensors = (folder / _CONFIG).read_bytes(), load((folder / _TENSORS).read_bytes())
        config = StartConfig.model_validate_json(content)
    except OSError as error:
        raise WeightsError("start_missing", f"There is no {error.filename}.", _REMEDY) from error
    except (SafetensorError, ValidationError) as error:
        raise _invalid(folder, "its files are damaged or of another version") from error
    if config.stmap != stmap.specification() or config.beats != beats.specification():
        raise _invalid(folder, "it was taught on maps of another version")
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise _invalid(folder, "its tensors hold values that are not numbers")
    start = Start(config, tensors)
    start.check(config.model, config.network)
    return start


def _invalid(folder: Path, what: str) -> WeightsError:
    return WeightsError("start_invalid", f"{folder} cannot be started from: {what}.", _REMEDY)
