"""Weights of networks that find the pulse in frames: a folder of the same three files, with a config of its own."""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import JsonValue, SerializeAsAny, field_validator

from bpdemo.errors import WeightsError
from bpdemo.models import find_model
from bpdemo.weights.config import Line, Part, Provenance, read_entries, sizes_of_the_model, validated
from bpdemo.weights.folder import (
    check_unchanged,
    identity_of,
    locate,
    pick_device,
    read_file,
    read_tensors,
    write_folder,
)
from bpdemo.weights.store import Weights, WeightsSummary, load_weights

if TYPE_CHECKING:
    from bpdemo.models.pulse_network import PulseNetwork

SCHEMA: Final = "pulse-weights/1"


class PulseTraining(Part):
    """What a network was fitted on: windows of people, by name, and the share of the people whose pulse was told."""

    people: int
    windows: int
    labels: float
    epochs: int
    names: list[str]


class PulseFigures(Part):
    """Heart rates of windows beside the contact sensor's, beats a minute; None where nothing was known.

    `irrelevant_power` is `spectrum.irrelevant_power` of the wave, which needs no sensor.
    """

    people: int
    windows: int
    compared: int
    mae: float | None
    rmse: float | None
    r: float | None
    within_3_bpm: float | None
    snr_db: float | None
    irrelevant_power: float


class PulseConfig(Part):
    """The content of config.json; `set_aside` are people of the training sets who were not fitted on."""

    bpdemo: Literal["pulse-weights/1"] = SCHEMA
    name: Line
    model: str
    network: SerializeAsAny[Any]
    crops: dict[str, JsonValue]
    training: PulseTraining
    set_aside: PulseFigures
    provenance: Provenance

    _of_the_model = field_validator("network", mode="before")(sizes_of_the_model)

    def to_json(self) -> str:
        """Return the text of config.json."""
        return self.model_dump_json(indent=2) + "\n"


@dataclass(frozen=True)
class PulseWeights:
    """A network that finds the pulse in frames, ready to use; `source` is the name that loads exactly these."""

    name: str
    source: str
    summary: WeightsSummary
    network: "PulseNetwork"


def look_up(weights: str | Path) -> tuple[str | Path, bool]:
    """Return the name that loads exactly these weights without asking the Hub again, and whether they give no pressure.

    Raises:
        WeightsError: they cannot be had, or have no config (see `store.load_weights`).
    """
    folder, repo_id, revision = locate(weights)
    entries = read_entries(read_file(folder, "config.json"), str(folder))
    return f"{repo_id}@{revision}" if repo_id else folder, entries.get("bpdemo") == SCHEMA


def load_pulse(weights: str | Path, device: str = "auto") -> PulseWeights:
    """Return the network in some weights that finds the pulse in frames, in evaluation mode on the device.

    `weights` are a folder, or a Hub repo `owner/name@revision`: of a network that gives the pulse alone, or of one that
    gives pressures from the pulse it finds.

    Raises:
        WeightsError: `no_pulse_network`, where they read no frames; else as `store.load_weights`.
    """
    weights, gives_pulse_alone = look_up(weights)
    if not gives_pulse_alone:
        loaded = load_weights(weights, device)
        if (found := pulse_within(loaded)) is None:
            raise WeightsError(
                "no_pulse_network",
                f"The weights {loaded.name} are not those of a pulse network.",
                "Name others; bpdemo models lists the networks that find the pulse.",
            )
        return found
    picked = pick_device(device)
    folder, repo_id, revision = locate(weights)
    before = identity_of(folder)
    config = parse_pulse_config(read_file(folder, "config.json"), str(folder / "config.json"))
    model = find_model(config.model)
    network = read_tensors(folder, partial(model.network, config.network)).to(picked).eval()
    check_unchanged(folder, before)
    name = repo_id or config.name
    summary = WeightsSummary(name, revision, config.model, None, config.provenance)
    source = f"{name}@{revision}" if revision else str(folder.resolve())
    return PulseWeights(config.model, source, summary, network)


def pulse_within(weights: Weights) -> PulseWeights | None:
    """Return the network that finds the pulse in weights that give pressures; None where they read no frames."""
    network = weights.network.members[0].pulse
    return None if network is None else PulseWeights(weights.config.model, weights.source, weights.summary, network)


def save_pulse(folder: str | Path, network: "PulseNetwork", config: PulseConfig, card: str) -> None:
    """Write a folder that `load_pulse` accepts; raises as `store.save_weights`."""
    text = config.to_json()
    checked = parse_pulse_config(text, f"the config for {folder}")
    lay_out = partial(find_model(checked.model).network, checked.network)
    write_folder(Path(folder), network, lay_out, text, card)


def parse_pulse_config(content: bytes | str, place: str) -> PulseConfig:
    """Return the checked content of config.json; `place` is what an error calls it.

    Raises:
        WeightsError: `config_invalid`, `model_unknown`, or `crops_differ`.
    """
    config = validated(PulseConfig, content, place)
    form = find_model(config.model).crops
    if form is None or config.crops != asdict(form):
        raise WeightsError(
            "crops_differ",
            f"The weights in {place} read other crops of the face than this version cuts.",
            "Use weights saved by this version of bpdemo, or train them again.",
        )
    return config
