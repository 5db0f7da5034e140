"""What every data set yields: people with cuff pressures and with finger pulses, or clips of their faces."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

Sex = Literal["female", "male"]


@dataclass(frozen=True)
class Recording:
    """One stretch of finger pulse; `task` is what the person was doing, in the data set's words."""

    samples: np.ndarray  # float64 [samples], any unit, upright: blood volume rises with the value
    rate_hz: float
    task: str | None = None


@dataclass(frozen=True)
class FaceClip:
    """One clip of a person's face with the cuff pressures at that time, mmHg; task and camera as the data set says."""

    path: Path
    systolic: float
    diastolic: float
    task: str | None = None
    camera: str | None = None


@dataclass(frozen=True)
class Person:
    """One person: the unit of every split. Has recordings, from which maps are rendered, or clips.

    What the data set does not say of a person is None.
    """

    name: str  # unique over data sets: "ppg_bp:2"
    systolic: float  # cuff pressure, mmHg; the mean of several
    diastolic: float
    recordings: tuple[Recording, ...] = ()
    clips: tuple[FaceClip, ...] = ()
    age: float | None = None  # years
    sex: Sex | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    skin_tone: str | None = None  # on the data set's own scale: "Fitzpatrick 3"

    @property
    def traits(self) -> tuple[float, float, float] | None:
        """What is known without any pulse: age, 1 for a woman and 0 for a man, kg / m^2; None if any is unknown."""
        if self.age is None or self.sex is None or not self.height_cm or self.weight_kg is None:
            return None
        return self.age, float(self.sex == "female"), self.weight_kg / (self.height_cm / 100) ** 2
