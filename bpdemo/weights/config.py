"""What config.json of a weights folder holds, and what it must hold before the weights may be used.

In a `WeightsConfig` from `parse_config` every entry an estimate relies on is there and plausible, map and beats are
specified as in this version, and the network fits in little memory.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializeAsAny,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from bpdemo import beats, stmap
from bpdemo.errors import WeightsError, shown
from bpdemo.models import MODELS, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.told import ToldParameters

SCHEMA: Final = "weights/4"
REMEDY = "Use weights saved by this version of bpdemo, or train them again."


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


Line = Annotated[str, Field(max_length=4000), AfterValidator(_printable)]
_Pressure = Annotated[float, Field(ge=20, le=300)]  # mmHg
_Spread = Annotated[float, Field(ge=0, le=300)]  # mmHg


class Part(BaseModel):
    """Part of a config: no number in quotes, no NaN; entries that are not named here are kept as they are."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow", allow_inf_nan=False)


AnyPart = TypeVar("AnyPart", bound=Part)


class TrainedPressure(Part):
    """One pressure of the people the weights were fitted on, mmHg; the error is that of always answering the mean."""

    mean: _Pressure
    std: _Spread
    mean_absolute_error: _Spread


class Clips(Part):
    """How many clips were read, and how many were refused, by reason code."""

    read: int
    refused: dict[str, int]


class TrainingStart(Part):
    """What label-free pretraining began with: by which method, and on how many windows of whom."""

    method: str
    data: list[str]
    names: list[str]
    windows: int = 0


class Training(Part):
    """What the weights were fitted on: people, maps, names of the people, and the recipe of the fit."""

    people: Annotated[int, Field(ge=1, le=10**9)]
    left_out: int = 0
    maps: int = 0
    systolic: TrainedPressure
    diastolic: TrainedPressure
    clips: Clips | None = None
    recipe: dict[str, JsonValue] = {}
    names: list[str] = []
    start: TrainingStart | None = None

    @property
    def seen(self) -> list[str]:
        """Names of all people who had a say in the weights."""
        return [*self.names, *(self.start.names if self.start else ())]


class Intervals(Part):
    """Half-widths of the intervals, mmHg."""

    coverage: Annotated[float, Field(ge=0.01, le=0.999)]
    systolic: _Spread
    diastolic: _Spread


class Scatter(Part):
    """Standard deviation of the answers to several captures of one person, at the reference quality, mmHg."""

    systolic: _Spread
    diastolic: _Spread


class Figures(Part):
    """Errors of one pressure on unseen people, mmHg but for `r`, `coverage` and `within` (shares, 0..1)."""

    mae: float
    baseline_mae: float
    own_mean_mae: float | None = None
    rmse: float | None = None
    baseline_rmse: float | None = None
    mean_error: float | None = None
    sd_error: float | None = None
    r: float | None = None
    coverage: float | None = None
    interval: float | None = None
    within: dict[str, float] = {}
    calibration_error: float | None = None


class QualityFigures(Part):
    """Figures on maps of one quality."""

    systolic: Figures
    diastolic: Figures


class Validation(Part):
    """Figures on unseen people by quality of their maps; no estimate relies on them, so another form is left out."""

    protocol: str = ""
    people: int = 0
    renderings: int = 0
    qualities: dict[str, QualityFigures] = {}

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_default(cls, value: Any, validate: ValidatorFunctionWrapHandler, info: Any) -> Any:
        try:
            return validate(value)
        except ValidationError:
            return cls.model_fields[info.field_name].get_default()


class Provenance(Part):
    """Where the weights come from: data sets, their citation, commit and command of the training, seed and date."""

    data: Line
    citation: Line
    commit: Line
    command: Line
    seed: Annotated[int, Field(ge=-(2**63), le=2**64)]
    date: Line
    statement: Line


def sizes_of_the_model(value: Any, info: ValidationInfo) -> Any:
    """Return sizes of the class that the model named beside them has; where none can be, that is the error told."""
    if "model" not in info.data:
        return value
    return TypeAdapter(find_model(info.data["model"]).config).validate_python(value)


class WeightsConfig(Part):
    """The content of config.json.

    Attributes:
        bpdemo: the schema.
        model: one of `bpdemo.models.MODELS`.
        stmap: `stmap.specification()`: the maps the network was trained on.
        beats: `beats.specification()`: how their beats were averaged.
        network: the sizes of the model, of its own class.
        scatter: what a reading must differ by to be more than chance; None where nobody was captured twice.
        told: what age, sex, height and weight say of the pressures; None where it was not fitted.
    """

    bpdemo: Literal["weights/4"] = SCHEMA
    name: Line
    model: str
    stmap: dict[str, JsonValue]
    beats: dict[str, JsonValue]
    network: SerializeAsAny[NetworkConfig]
    training: Training
    intervals: Intervals
    scatter: Scatter | None = None
    told: ToldParameters | None = None
    validation: Validation
    provenance: Provenance

    _of_the_model = field_validator("network", mode="before")(sizes_of_the_model)

    @property
    def stmap_version(self) -> int:
        """Version of the STMap the weights were trained on."""
        return stmap.VERSION  # any other is refused

    def to_json(self) -> str:
        """Return the text of config.json."""
        return self.model_dump_json(indent=2) + "\n"


def parse_config(content: bytes | str, place: str) -> WeightsConfig:
    """Return the checked content of config.json; `place` is what an error calls it.

    Raises:
        WeightsError: `config_invalid`, `config_schema`, `model_unknown`, `model_gives_pulse`, `stmap_version`,
            `stmap_differs`, `cells_differ` or `slices_differ`.
    """
    entries = read_entries(content, place)
    if (named := MODELS.get(str(entries.get("model")))) is not None:
        named.require_pressures()  # before the schema: weights of the pulse alone have their own
    if entries.get("bpdemo") != SCHEMA:
        schema = f"is of the schema {entries['bpdemo']!r:.20}" if "bpdemo" in entries else "names no schema"
        raise WeightsError("config_schema", f"{place} {schema}; this version of bpdemo reads {SCHEMA!r}.", REMEDY)
    config = validated(WeightsConfig, content, place)
    # In code a size that is left out is ours; in a file it would be a guess.
    missing = sorted(field.name for field in fields(config.network) if field.name not in entries["network"])
    if missing:
        raise _invalid(place, f"network.{missing[0]} is missing")
    if config.told is not None and config.told.shown != config.network.shown:
        raise _invalid(place, "told takes other numbers of a clip than the network gives")
    _check_specifications(config, place)
    return config


def read_entries(content: bytes | str, place: str) -> dict[str, Any]:
    """Return the entries of a config.json, as yet unchecked; raises WeightsError, `config_invalid`."""
    try:
        entries = json.loads(content, object_pairs_hook=_without_doubles, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise _invalid(place, "it is not JSON, or holds NaN, an infinity or a name twice") from error
    if not isinstance(entries, dict):
        raise _invalid(place, "it is not a JSON object")
    return entries


def validated(kind: type[AnyPart], content: bytes | str, place: str) -> AnyPart:
    """Return a config of some kind; raises WeightsError, `config_invalid` or `model_unknown`."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise _invalid(place, ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))) from error


def _without_doubles(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """Refuse an object with a name twice, which readers of JSON take differently."""
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name is there twice")
    return entries


def _finite(number: str) -> float:
    """Refuse NaN and infinities, also in entries that nobody reads."""
    if not math.isfinite(float(number)):
        raise ValueError("not finite")
    return float(number)


def _check_specifications(config: WeightsConfig, place: str) -> None:
    """Refuse weights for other maps or beats than ours: the network's answers would mean nothing."""
    version = config.stmap.get("version")
    if version is None:
        raise _invalid(place, "stmap.version is missing")
    if version != stmap.VERSION:
        raise WeightsError(
            "stmap_version",
            f"The weights are for STMap version {version!r:.20}; this bpdemo makes {stmap.VERSION}.",
            "Use weights for this version of the map, or the version of bpdemo they were saved by.",
        )
    differing = _differing(config.stmap, stmap.specification())
    if "cells" in differing:
        raise WeightsError("cells_differ", f"The cells in {place} are not the cells of this version.", REMEDY)
    for code, what, names in (
        ("stmap_differs", "STMap", differing),
        ("slices_differ", "averaging of beats", _differing(config.beats, beats.specification())),
    ):
        if names:
            listed = shown(", ".join(names))
            raise WeightsError(code, f"The {what} in {place} is not this version's: {listed} differ.", REMEDY)


def _differing(theirs: Mapping[str, object], ours: Mapping[str, object]) -> list[str]:
    return sorted(name for name in ours.keys() | theirs.keys() if name not in ours or theirs.get(name) != ours[name])


def _invalid(place: str, what: str) -> WeightsError:
    return WeightsError("config_invalid", f"{place} cannot be used: {shown(what)}.", REMEDY)
