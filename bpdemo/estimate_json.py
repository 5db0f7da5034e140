"""The JSON form of an estimate, `bpdemo.estimate/2`, and its JSON Schema: `python -m bpdemo.estimate_json` prints it.

The form is the same for page, API and command line. What could not be measured is absent; numbers are rounded to what
the measurement supports.
"""

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue

from bpdemo.estimate import DISCLAIMER, Estimate

if TYPE_CHECKING:
    from bpdemo.window import WindowEstimate

Tenth = Annotated[float, AfterValidator(lambda value: round(value, 1) + 0.0)]  # never -0.0
Hundredth = Annotated[float, AfterValidator(lambda value: round(value, 2))]
Thousandth = Annotated[float, AfterValidator(lambda value: round(value, 3))]
TenThousandth = Annotated[float, AfterValidator(lambda value: round(value, 4))]
Millionth = Annotated[float, AfterValidator(lambda value: round(value, 6))]
Bound = Annotated[
    Millionth | None,
    BeforeValidator(lambda value: value if value is not None and math.isfinite(value) else None),
]


class Form(BaseModel):
    """A part of the JSON form, made of an object's attributes; a field listed in `absent` is left out when None."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")
    absent: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _leave_out(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None or name not in self.absent}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe what is written: every field is there, but those that are left out are never null."""
        schema = handler.resolve_ref_schema(super().__get_pydantic_json_schema__(core, handler))
        names = {field.alias or name: name in cls.absent for name, field in cls.model_fields.items()}
        schema["required"] = [name for name, may_be_absent in names.items() if not may_be_absent]
        for name, may_be_absent in names.items():
            field = schema["properties"][name]
            field.pop("default", None)
            if may_be_absent and "anyOf" in field:
                (only,) = (option for option in field.pop("anyOf") if option.get("type") != "null")
                field.update(only)
        return schema


class ReasonForm(Form):
    """Why there is no reading, or what is worth saying: codes are the contract, sentences may change."""

    code: str
    message: str
    remedy: str


class CheckForm(Form):
    """One question put to the clip or to a window."""

    absent = frozenset({"value", "low", "high"})

    name: str = Field(description="what was measured; a unit is part of the name")
    value: Bound = Field(None, description="what was measured; absent where nothing limits it")
    low: Bound = Field(None, description="the least that passes; absent where any small value does")
    high: Bound = Field(None, description="the most that passes; absent where any large value does")
    passed: bool
    reason: str = Field(description="code of the reason that a failure leads to")


class HeartRateForm(Form):
    """Heart rate with its interval, and the pulse's signal-to-noise ratio."""

    value: Tenth
    unit: Literal["bpm"] = "bpm"
    interval: tuple[Tenth, Tenth]
    snr_db: Tenth


class VariabilityForm(Form):
    """Heart-rate variability over the whole clip; a value that the timing error hides is absent."""

    absent = frozenset({"rmssd_ms", "sdnn_ms", "rmssd_error_ms", "sdnn_error_ms", "reason"})

    rmssd_ms: Tenth | None = None
    sdnn_ms: Tenth | None = None
    rmssd_error_ms: Tenth | None = Field(None, description="what the timing error alone would give; it is taken off")
    sdnn_error_ms: Tenth | None = Field(None, description="likewise")
    intervals: int = Field(description="how many were measured")
    reason: ReasonForm | None = Field(None, description="why there is neither")


class RespirationForm(Form):
    """Breathing over the whole clip, or why it could not be measured."""

    absent = frozenset({"value", "error", "reason"})

    value: Tenth | None = Field(None, description="breaths a minute")
    error: Tenth | None = Field(None, description="scatter of the three ways it was measured")
    unit: Literal["breaths/min"] = "breaths/min"
    reason: ReasonForm | None = None


class MethodForm(Form):
    """What one pulse method says of a window, a pulse or not."""

    name: str
    heart_rate: Tenth = Field(description="of the strongest periodic change, bpm")
    snr_db: Tenth


class AnswerForm(Form):
    """The answer to one question whether a window's strongest periodic change is a pulse."""

    absent = frozenset({"value"})

    name: str = Field(description="what was measured; a unit is part of the name")
    value: Bound = Field(None, description="what was measured; absent where it could not be")
    log_odds: Thousandth = Field(description="what it adds to the natural log odds of a pulse; below 0: against one")


class EvidenceForm(Form):
    """What speaks for a pulse and against it."""

    probability: TenThousandth = Field(description="of a pulse, where clips with and without one are equally many")
    answers: tuple[AnswerForm, ...]


class WaveForm(Form):
    """The pulse wave of a window."""

    rate_hz: Literal[30] = Field(30, description="values a second")
    start_s: Thousandth = Field(description="time of the first value, seconds from the clip's first frame")
    values: tuple[Millionth, ...] = Field(description="relative change of the skin's colour; 0.01 is 1 %")


class RangeForm(Form):
    """One range of a pressure: [low, high) mmHg."""

    low: float
    high: float
    probability: TenThousandth
    value: Tenth = Field(description="mmHg, if the pressure lies in this range")


class BaselineForm(Form):
    """The training mean, and the error of always answering it, mmHg."""

    value: Tenth
    mean_absolute_error: Tenth


class ExceedanceForm(Form):
    """The probability of a pressure, mmHg, and more."""

    value: float
    probability: TenThousandth


class MovedByForm(Form):
    """How much each part of the clip moved a pressure, mmHg: the value without the part minus the value with all."""

    regions: dict[str, Tenth] = Field(description="of the face; without those that were not measured")
    phases: dict[str, Tenth] = Field(description="of the beat; empty of a model that does not read mean beats")


class IntervalForm(Form):
    """Value and interval of a pressure."""

    value: Tenth
    unit: Literal["mmHg"] = "mmHg"
    interval: tuple[Tenth, Tenth]


class PressureForm(IntervalForm):
    """A pressure with its ranges, the baseline beside it, and what the value rests on."""

    absent = frozenset({"at_least", "differs_from_average", "moved_by"})

    coverage: float = Field(description="share of unseen people whose cuff pressure the interval is made to cover")
    ranges: tuple[RangeForm, ...] = Field(description="in rising order; empty of a model that gives a value alone")
    at_least: ExceedanceForm | None = Field(None, description="of 140 mmHg systolic, 90 diastolic")
    baseline: BaselineForm
    differs_from_average: bool | None = Field(
        None, description="from the training mean, by more than readings of one person scatter"
    )
    moved_by: MovedByForm | None = None


class PersonForm(Form):
    """What was told; what was not is absent."""

    absent = frozenset({"age", "sex", "height_cm", "weight_kg"})

    age: float | None = Field(None, description="years")
    sex: Literal["male", "female"] | None = None
    height_cm: float | None = None
    weight_kg: float | None = None


class ToldPressureForm(Form):
    """A pressure, and how much clip and words narrow its interval."""

    clip: IntervalForm = Field(description="from the clip alone: the reading")
    words: IntervalForm = Field(description="from what was told alone")
    both: IntervalForm
    neither: IntervalForm = Field(description="the training people's mean and their own spread")


class ToldForm(Form):
    """A reading beside what was told; without pressures where the weights know nothing of it."""

    absent = frozenset({"systolic", "diastolic"})

    person: PersonForm
    systolic: ToldPressureForm | None = None
    diastolic: ToldPressureForm | None = None
    notes: tuple[ReasonForm, ...]


class WindowForm(Form):
    """One window of the clip, at most 15 s."""

    absent = frozenset({"evidence", "systolic", "diastolic", "heart_rate", "beats_s", "wave"})

    start_s: Hundredth
    end_s: Hundredth
    status: Literal["reading", "refused"]
    reasons: tuple[str, ...] = Field(description="codes")
    checks: tuple[CheckForm, ...]
    evidence: EvidenceForm | None = Field(None, description="absent when no skin was seen")
    systolic: IntervalForm | None = None
    diastolic: IntervalForm | None = None
    heart_rate: HeartRateForm | None = None
    methods: tuple[MethodForm, ...] = Field(description="pulse methods side by side; empty when no skin was seen")
    beats_s: tuple[Thousandth, ...] | None = Field(None, description="upstroke of each beat, seconds from the start")
    wave: WaveForm | None = None


class FaceForm(Form):
    """How the face was seen; without a face there is no brightness."""

    absent = frozenset({"luma", "clipped"})

    key_frames: int = Field(description="frames on which landmarks were looked for")
    seen: Thousandth = Field(description="share of key frames with the followed face")
    faces: int
    width_pixels: Thousandth
    turn_degrees: Thousandth
    motion_per_second: Thousandth = Field(description="face widths a second")
    luma: Tenth | None = None
    clipped: TenThousandth | None = None


class CaptureForm(Form):
    """What the file holds, measured while it was read."""

    container: str
    codec: str
    width: int
    height: int
    rotation_degrees: int
    file_bytes: int
    frames: int
    duration_s: Thousandth
    frame_rate_hz: Thousandth
    jitter_ms: Thousandth
    longest_gap_s: Thousandth
    bit_rate_kbps: Thousandth
    key_frame_interval_s: Thousandth | None
    frames_dropped: int
    breaks_s: tuple[tuple[Thousandth, Thousandth], ...] = Field(description="no window goes across one (from, to)")
    slowed: Thousandth = Field(description="times slower than filmed, by the file's metadata; times here are as filmed")
    damaged: bool
    cut_at_s: Thousandth | None
    size_changed_at_s: Thousandth | None
    face: FaceForm


class ProvenanceForm(Form):
    """What the weights were trained on, by which code and command."""

    data: str
    citation: str
    commit: str
    command: str
    seed: int
    date: str
    statement: str


class WeightsForm(Form):
    """Where the weights come from."""

    name: str
    revision: str | None
    model: str
    stmap_version: int | None = Field(description="null of a network that reads no map")
    provenance: ProvenanceForm


class EstimateForm(Form):
    """What bpdemo has to say of one clip. Research use only; not a medical device."""

    model_config = ConfigDict(title="bpdemo estimate")
    absent = frozenset({"path", "systolic", "diastolic", "heart_rate", "heart_rate_variability", "respiration", "told"})
    absent |= {"pulse_weights"}

    schema_: Literal["bpdemo.estimate/2"] = Field("bpdemo.estimate/2", alias="schema")
    clip: str = Field(description="the file's name")
    path: str | None = Field(None, description="as it was given; command line and Python only")
    status: Literal["reading", "refused", "error"]
    level: Literal["nothing", "pulse", "reading"] = Field(
        description="pulse: a heart rate, beats and wave although pressures are refused"
    )
    reasons: tuple[ReasonForm, ...]
    notes: tuple[ReasonForm, ...]
    method: str = Field(description="how the pulse was found")
    model: str | None = Field(description="the network; null when the weights could not be had")
    systolic: PressureForm | None = None
    diastolic: PressureForm | None = None
    heart_rate: HeartRateForm | None = None
    heart_rate_variability: VariabilityForm | None = None
    respiration: RespirationForm | None = None
    told: ToldForm | None = Field(None, description="absent where nothing was told, and of anything but a reading")
    checks: tuple[CheckForm, ...] = Field(description="of the clip as a whole")
    failed_checks: tuple[CheckForm, ...] = Field(
        description="of the clip and of its best window, what can be mended first; empty for a reading"
    )
    windows: tuple[WindowForm, ...]
    capture: CaptureForm | None
    weights: WeightsForm | None
    pulse_weights: WeightsForm | None = Field(None, description="of the network that found the pulse; absent without")
    disclaimer: str = DISCLAIMER


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return the JSON form of an estimate, fit for `json.dumps`."""
    capture = estimate.capture
    form = EstimateForm.model_validate(
        {
            **{name: getattr(estimate, name) for name in EstimateForm.model_fields if hasattr(estimate, name)},
            "windows": [_window(window) for window in estimate.windows],
            "capture": None if capture is None else asdict(capture.file) | {"face": asdict(capture.face)},
        }
    )
    return form.model_dump(mode="json", by_alias=True)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the form."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **EstimateForm.model_json_schema()}


def _window(window: "WindowEstimate") -> dict[str, Any]:
    form = {name: getattr(window, name) for name in WindowForm.model_fields if hasattr(window, name)}
    form |= {"reasons": [reason.code for reason in window.reasons], "methods": []}
    if pulse := window.pulse:
        form["methods"] = [
            {"name": each.name, "heart_rate": each.heart_rate_bpm, "snr_db": each.snr_db} for each in pulse.methods
        ]
        if window.has_pulse:
            form["beats_s"] = pulse.beats_s.tolist()
            form["wave"] = {"start_s": float(pulse.time_s[0]), "values": pulse.wave.tolist()}
    return form


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))
