"""Data sets for training and evaluation: people, their pulse recordings, their cuff pressures.

Every loader reads its set in the published layout from a folder the user names, and yields `Person`s; nothing after it
knows which set they came from. A new set is one function and one line in `LOADERS`.

PPG-BP: Liang, Chen, Liu, Elgendi, *A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in
China*, Scientific Data 5:180020, 2018.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from sklearn.model_selection import GroupKFold

from bpdemo.errors import DataError

PPG_BP_CITATION = (
    "Liang, Chen, Liu, Elgendi: A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in "
    "China. Scientific Data 5:180020, 2018"
)
_PPG_BP_RATE_HZ = 1000.0
_PPG_BP_TABLE = "PPG-BP dataset.xlsx"
_PPG_BP_SIGNALS = "0_subject"
_PRESSURE_LIMITS = (20.0, 300.0)  # mmHg; outside, a table holds something else than a pressure


@dataclass(frozen=True)
class Recording:
    """One stretch of finger pulse.

    Attributes:
        samples: float64 [samples], any unit, upright: blood volume rises with the value.
        rate_hz: samples a second.
    """

    samples: np.ndarray
    rate_hz: float


@dataclass(frozen=True)
class Person:
    """One person: the unit every split goes by.

    Attributes:
        name: the person's name, unique over data sets: `"ppg_bp:2"`.
        recordings: at least one.
        systolic: cuff pressure, mmHg.
        diastolic: cuff pressure, mmHg.
    """

    name: str
    recordings: tuple[Recording, ...]
    systolic: float
    diastolic: float


def load_ppg_bp(folder: str | Path) -> list[Person]:
    """Read PPG-BP as published: `PPG-BP dataset.xlsx` and `0_subject/<subject>_<1..3>.txt` (2.1 s at 1 kHz each).

    Args:
        folder: the folder that holds both.

    Returns:
        The people of the table who have a recording, in the table's order.

    Raises:
        DataError: `data_missing` when the table or the signals are not there, `data_invalid` when they hold something
            else than the published layout.
    """
    folder = Path(folder)
    table, signals = folder / _PPG_BP_TABLE, folder / _PPG_BP_SIGNALS
    if not table.is_file() or not signals.is_dir():
        raise DataError(
            "data_missing",
            f"PPG-BP needs {_PPG_BP_TABLE!r} and {_PPG_BP_SIGNALS!r} in {folder}.",
            "Download PPG-BP from figshare (doi 10.6084/m9.figshare.5459299) and name its unpacked folder.",
        )
    people = []
    for row in _ppg_bp_rows(table):
        subject = int(row["subject_ID"])
        files = sorted(signals.glob(f"{subject}_*.txt"))
        if files:
            systolic, diastolic = (_pressure(row[f"{kind} Blood Pressure(mmHg)"]) for kind in ("Systolic", "Diastolic"))
            recordings = tuple(Recording(_read_samples(file), _PPG_BP_RATE_HZ) for file in files)
            people.append(Person(f"ppg_bp:{subject}", recordings, systolic, diastolic))
    if not people:
        raise _invalid(f"No subject of {table} has a file in {signals}.")
    return people


LOADERS: dict[str, Callable[[str | Path], list[Person]]] = {"ppg_bp": load_ppg_bp}
"""Name of a data set -> its loader."""

CITATIONS: dict[str, str] = {"ppg_bp": PPG_BP_CITATION}
"""Name of a data set -> what to cite."""


def load_people(data: Mapping[str, str | Path]) -> list[Person]:
    """Load several data sets.

    Args:
        data: name of a data set (a key of `LOADERS`) -> its folder.

    Returns:
        All their people, each name once.

    Raises:
        DataError: `data_unknown` for a name without a loader, `data_invalid` for a person met twice; and whatever the
            loaders raise.
    """
    people: list[Person] = []
    for name, folder in data.items():
        if name not in LOADERS:
            raise DataError("data_unknown", f"No data set is called {name!r}.", f"Known are: {', '.join(LOADERS)}.")
        people.extend(LOADERS[name](folder))
    names = [person.name for person in people]
    if len(set(names)) != len(names):
        raise _invalid("A person appears twice; results would leak from training into validation.")
    return people


def split_by_person(people: Sequence[Person], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """Split people into folds; nobody is on both sides of any split, everybody is tested once.

    Args:
        people: whom to split.
        folds: how many splits, at least 2.
        seed: fixes the splits.

    Yields:
        For each fold, indices into `people`: those to train on, those to test on.

    Raises:
        DataError: `too_few_people`, fewer than folds.
    """
    if len(people) < folds:
        raise DataError(
            "too_few_people",
            f"{len(people)} people cannot make {folds} folds.",
            "Name a larger data set or fewer folds.",
        )
    names = np.array([person.name for person in people])
    tested: set[str] = set()
    for train, test in GroupKFold(folds, shuffle=True, random_state=seed).split(names, groups=names):
        assert not set(names[train]) & set(names[test]), "a person is in training and in test"
        assert not tested & set(names[test]), "a person is tested twice"
        tested |= set(names[test])
        yield train.tolist(), test.tolist()
    assert tested == set(names), "a person is never tested"


def _ppg_bp_rows(table: Path) -> list[dict[str, object]]:
    """Rows of the table by header; the header is the row that names subject_ID (the second, as published)."""
    import openpyxl  # only training reads spreadsheets

    try:
        rows = list(openpyxl.load_workbook(table, read_only=True, data_only=True).worksheets[0].values)
    except (BadZipFile, KeyError, OSError, ValueError) as error:
        raise _invalid(f"{table} is not a spreadsheet.") from error
    start = next((i for i, row in enumerate(rows) if "subject_ID" in row), None)
    if start is None:
        raise _invalid(f"{table} has no column subject_ID.")
    header = rows[start]
    needed = ("Systolic Blood Pressure(mmHg)", "Diastolic Blood Pressure(mmHg)")
    if any(name not in header for name in needed):
        raise _invalid(f"{table} lacks one of the columns {', '.join(needed)}.")
    named = (dict(zip(header, row, strict=False)) for row in rows[start + 1 :])
    return [row for row in named if row["subject_ID"] is not None]


def _read_samples(file: Path) -> np.ndarray:
    try:
        samples = np.array(file.read_text().split(), dtype=np.float64)
    except ValueError as error:
        raise _invalid(f"{file} holds something else than numbers.") from error
    if samples.size == 0 or not np.isfinite(samples).all():
        raise _invalid(f"{file} holds no finite samples.")
    return samples


def _pressure(cell: object) -> float:
    value = float(cell) if isinstance(cell, int | float) else np.nan
    if not _PRESSURE_LIMITS[0] <= value <= _PRESSURE_LIMITS[1]:
        raise _invalid(f"{cell!r} is not a pressure in mmHg.")
    return value


def _invalid(message: str) -> DataError:
    return DataError("data_invalid", message, "Use the data set as it was published.")
