"""What every data set yields: recordings of people, and the people they are of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdemo.data.pressure import Cuff, Pressure
from bpdemo.data.signals import Samples, Signal
from bpdemo.errors import DataError
from bpdemo.sources import ClipSource
from bpdemo.told import Told

Sex = Literal["male", "female"]


@dataclass(frozen=True)
class Recording:
    """One recording of one person: a clip of the face, a contact pulse, or both, and the pressure at that time.

    What the data set does not say is None.

    Attributes:
        person: the unit of every split, unique over data sets: "mmse_hr:F005".
        name: unique within the data set, in its own words: "F005/T10".
        clip: of the face.
        pressure: of a cuff, or over time.
        pulse: of a contact sensor; blood volume rises with the value.
        heart_rate_bpm: noted for the recording as a whole; 0 where there is no pulse to find, as in a photograph.
        age: years.
        sex: female or male.
        height_cm, weight_kg: of the person.
        skin_tone: on the data set's own scale: "Fitzpatrick 3".
        task, camera: in the data set's words.
        missing: files that belong to the recording and are not there, by their path in the folder.
    """

    person: str
    name: str
    clip: ClipSource | None = None
    pressure: Pressure | None = None
    pulse: Signal | None = None
    heart_rate_bpm: float | None = None
    age: float | None = None
    sex: Sex | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    skin_tone: str | None = None
    task: str | None = None
    camera: str | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """One person with cuff pressures, and the contact pulses from which maps are rendered; None is not known."""

    name: str
    systolic: float  # mmHg; the mean of several
    diastolic: float
    pulses: tuple[Samples, ...] = ()
    age: float | None = None  # years
    sex: Sex | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    skin_tone: str | None = None

    @property
    def traits(self) -> tuple[float, float, float, float]:
        """What is known without any pulse, as `Told.traits`: age, 1 for female and 0 for male, cm, kg; NaN is not."""
        return Told(self.age or None, self.sex, self.height_cm or None, self.weight_kg or None).traits


def data_set_of(person: str) -> str:
    """Return the data set that a person is of, by the person's name: `mmse_hr` of `mmse_hr:F005`."""
    return person.partition(":")[0]


def read_pulse(recording: Recording) -> tuple[Samples | None, str]:
    """Return a recording's contact pulse, or None and why: `missing`, or the code of the error."""
    if recording.pulse is None:
        return None, "missing"
    try:
        return recording.pulse.read(), ""
    except DataError as error:
        return None, error.code


def group_people(recordings: Sequence[Recording]) -> list[Person]:
    """Return the people of recordings with a cuff's pressure, in the order of their first one.

    Pressures, age, height and weight are the mean over a person's recordings, sex and skin tone those of the first.
    """
    of_person: dict[str, list[Recording]] = {}
    for recording in recordings:
        if isinstance(recording.pressure, Cuff):
            of_person.setdefault(recording.person, []).append(recording)
    return [_describe(name, own) for name, own in of_person.items()]


def _describe(name: str, recordings: Sequence[Recording]) -> Person:
    def mean(column: str) -> float | None:
        values = [value for one in recordings if (value := getattr(one, column)) is not None]
        return float(np.mean(values)) if values else None

    cuffs = [one.pressure for one in recordings if isinstance(one.pressure, Cuff)]
    systolic, diastolic = np.mean([(cuff.systolic, cuff.diastolic) for cuff in cuffs], axis=0).tolist()
    return Person(
        name,
        systolic,
        diastolic,
        tuple(one.pulse.read() for one in recordings if one.pulse is not None),
        mean("age"),
        next((one.sex for one in recordings if one.sex), None),
        mean("height_cm"),
        mean("weight_kg"),
        next((one.skin_tone for one in recordings if one.skin_tone), None),
    )
