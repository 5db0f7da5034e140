"""How a kind of data set is described to the registry, and the checks that every loader makes."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.data.arterial import LIMITS_MMHG
from bpdemo.data.person import Recording, Sex
from bpdemo.data.pressure import Cuff
from bpdemo.errors import DataError

_SEXES: dict[str, Sex] = {"female": "female", "f": "female", "male": "male", "m": "male"}


@dataclass(frozen=True)
class Loader:
    """How a kind of data set is read."""

    load: Callable[[Path, str], list[Recording]]  # given the folder and the user's name of the set
    marks: tuple[str, ...]  # paths in the folder, as patterns, one for each known layout: any of them tells the kind
    citation: str = ""  # empty for the user's own data
    licence: str = "your own data: whatever you agreed with the people in it"  # what to mind, in a few words
    may_share: bool = False  # whether the licence lets anybody publish what was made from the clips

    def recognises(self, folder: Path) -> bool:
        """Return whether a folder looks like this kind of data set."""
        return any(next(folder.glob(mark), None) is not None for mark in self.marks)


@dataclass(frozen=True)
class Place:
    """Where in a data set a value stands (file, and row or person): checks it and names the place in `data_invalid`."""

    where: str
    remedy: str

    def invalid(self, what: str) -> DataError:
        """Return the error that this is wrong here."""
        return DataError("data_invalid", f"{self.where}: {what}.", self.remedy)

    def number(self, cell: object) -> float:
        """Return a cell as a number; raises unless it is a finite one."""
        value = number(cell)
        if math.isnan(value):
            raise self.invalid(f"{cell!r} is not a number")
        return value

    def cuff(self, systolic: object, diastolic: object) -> Cuff:
        """Return both, in mmHg; raises unless they are 20 to 300 and systolic is above diastolic."""
        high, low = self.number(systolic), self.number(diastolic)
        lowest, highest = LIMITS_MMHG
        for value in (high, low):
            if not lowest <= value <= highest:
                raise self.invalid(f"{value:g} is not a pressure in mmHg")
        if high <= low:
            raise self.invalid(f"systolic {high:g} is not above diastolic {low:g} mmHg")
        return Cuff(high, low)

    def samples(self, samples: np.ndarray) -> np.ndarray:
        """Return samples as float64; raises when there are none or one is not finite."""
        samples = np.asarray(samples, dtype=np.float64)
        if samples.size == 0 or not np.isfinite(samples).all():
            raise self.invalid("there are no samples, or some that are not finite")
        return samples


def number(cell: object) -> float:
    """Return a cell as a finite number, or NaN."""
    try:
        value = float(cell) if isinstance(cell, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def parse_sex(cell: object) -> Sex | None:
    """Return a person's sex, spelt out in the cell or by its letter; None for anything else."""
    return _SEXES.get(str(cell).strip().lower())


def wrong_layout(folder: Path, title: str, looked_for: str, remedy: str) -> DataError:
    """Return the error that a folder is not a data set; the file that was looked for first is named."""
    return DataError("data_missing", f"This is not {title}: there is no {looked_for} in {folder}.", remedy)
