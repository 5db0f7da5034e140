"""What a person tells about themselves, and a reading with it: clip and words apart and together.

What is told never enters a reading's own pressures; it stands beside them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bpdemo.errors import BpdemoError, Reason

if TYPE_CHECKING:
    from bpdemo.estimate import PressureEstimate
    from bpdemo.models.told import ToldParameters

Way = Literal["clip", "words", "both"]
WAYS: dict[Way, str] = {
    "clip": "from the clip alone",
    "words": "from what was told alone",
    "both": "from both",
}
"""What a pressure may come from, in words."""

_BOUNDS = {  # what people can be (ours): lowest, highest, and the words for it
    "age": (1, 120, "age in years"),
    "height_cm": (50, 250, "height in cm"),
    "weight_kg": (10, 400, "weight in kg"),
}
_IS_FEMALE = {None: math.nan, "male": 0.0, "female": 1.0}
_NOT_SUPPORTED = Reason(
    "told_not_supported",
    "These weights were not trained with age, sex, height or weight: the reading is from the clip alone.",
    "Use weights trained with them, or leave them out.",
)


class ToldError(BpdemoError):
    """What was told cannot be true of a person."""


@dataclass(frozen=True)
class Told:
    """What a person told; each may be None: age in years, sex (`male` or `female`), height in cm, weight in kg."""

    age: float | None = None
    sex: str | None = None
    height_cm: float | None = None
    weight_kg: float | None = None

    def __bool__(self) -> bool:
        """Whether anything was told."""
        return self != Told()

    def __str__(self) -> str:
        """What was told, as in "age 54, female, 165 cm"."""
        parts = (("age {:g}", self.age), ("{}", self.sex), ("{:g} cm", self.height_cm), ("{:g} kg", self.weight_kg))
        return ", ".join(text.format(value) for text, value in parts if value is not None)

    @property
    def traits(self) -> tuple[float, float, float, float]:
        """As `bpdemo.models.told` takes them: age, 1 for female and 0 for male, height, weight; NaN where not told."""
        age, height_cm, weight_kg = (
            math.nan if value is None else value for value in (self.age, self.height_cm, self.weight_kg)
        )
        return age, _IS_FEMALE[self.sex], height_cm, weight_kg

    def check(self) -> None:
        """Refuse what no person can be.

        Raises:
            ToldError: `told_invalid`.
        """
        for name, (low, high, words) in _BOUNDS.items():
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (is_number and low <= value <= high):
                raise ToldError(
                    "told_invalid",
                    f"The {words} must be a number from {low} to {high}.",
                    "Correct it, or leave it out.",
                )
        if not (self.sex is None or self.sex in ("male", "female")):
            raise ToldError("told_invalid", "The sex must be male or female.", "Correct it, or leave it out.")


@dataclass(frozen=True)
class ValueInterval:
    """A pressure and its 90 % interval (low, high), mmHg."""

    value: float
    interval: tuple[float, float]

    @property
    def width(self) -> float:
        """Width of the interval, mmHg."""
        return self.interval[1] - self.interval[0]


@dataclass(frozen=True)
class ToldPressure:
    """One pressure from the clip alone, from what was told alone, from both - and from neither.

    From neither it is the training people's mean with their own spread, which every other interval is to be narrower
    than.
    """

    clip: ValueInterval
    words: ValueInterval
    both: ValueInterval
    neither: ValueInterval

    def narrowing(self, way: Way) -> str:
        """Return how a way's interval compares with the people's own spread, as in "6 mmHg narrower"."""
        narrower = round(self.neither.width - getattr(self, way).width)
        return f"{abs(narrower)} mmHg {'narrower' if narrower > 0 else 'wider'}" if narrower else "as wide"


@dataclass(frozen=True)
class ToldEstimate:
    """A reading beside what was told.

    Attributes:
        person: what was told.
        systolic, diastolic: None where the weights have no model of it.
        notes: `age_outside_training` or `told_not_supported`.
    """

    person: Told
    systolic: ToldPressure | None = None
    diastolic: ToldPressure | None = None
    notes: tuple[Reason, ...] = ()

    @property
    def pressures(self) -> dict[str, ToldPressure]:
        """Those there are, by their names."""
        both = {"systolic": self.systolic, "diastolic": self.diastolic}
        return {name: pressure for name, pressure in both.items() if pressure is not None}


def estimate_with_told(
    person: Told,
    parameters: "ToldParameters | None",
    systolic: "PressureEstimate",
    diastolic: "PressureEstimate",
    shape: Sequence[float] | None = None,
) -> ToldEstimate:
    """Return a reading's pressures beside what was told; `shape` is that of the clip's beat, if the model gives one."""
    from bpdemo.models.told import predict

    if parameters is None:
        return ToldEstimate(person, notes=(_NOT_SUPPORTED,))
    shown = (systolic.value, diastolic.value) if shape is None else shape
    ways = {
        "words": predict(parameters, person.traits),
        "both": predict(parameters, person.traits, shown),
        "neither": predict(parameters, Told().traits),
    }

    def pressure(number: int, clip: "PressureEstimate") -> ToldPressure:
        others = {name: _interval(float(value[number]), float(half[number])) for name, (value, half) in ways.items()}
        return ToldPressure(clip=ValueInterval(clip.value, clip.interval), **others)

    notes: tuple[Reason, ...] = ()
    if person.age is not None and not (parameters.ages and parameters.ages[0] <= person.age <= parameters.ages[1]):
        notes = (_age_outside(parameters.ages),)
    return ToldEstimate(person, pressure(0, systolic), pressure(1, diastolic), notes)


def _interval(value: float, half_width: float) -> ValueInterval:
    return ValueInterval(value, (value - half_width, value + half_width))


def _age_outside(ages: tuple[float, float] | None) -> Reason:
    known = f"were {ages[0]:.0f} to {ages[1]:.0f} years old" if ages else "told no age"
    return Reason(
        "age_outside_training",
        f"The people these weights were fitted on {known}, so what this age says is a guess.",
        "Go by the clip alone, or leave the age out.",
    )
