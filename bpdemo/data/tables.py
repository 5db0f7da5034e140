"""Loaders of anyone's own data: a folder with `recordings.csv` (finger pulses) or `clips.csv` (videos of faces).

Both tables are comma-separated UTF-8 text with a header; the columns may come in any order, and further ones are left
alone. `person` is any label that tells people apart. It ends up in the config of weights that are trained on the set
(so that evaluation can tell who was seen), so give people numbers rather than their names.
"""

import csv
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.data.person import Film, Person, Recording, check_pressures, check_samples, to_number
from bpdemo.errors import DataError

RECORDINGS_TABLE = "recordings.csv"
CLIPS_TABLE = "clips.csv"

_RECORDING_COLUMNS = ("file", "person", "sampling_rate_hz", "systolic", "diastolic")
_CLIP_COLUMNS = ("clip", "person", "systolic", "diastolic")
_RATE_LIMITS_HZ = (20.0, 20_000.0)  # slower, a beat has no shape; faster, the column holds something else

_log = logging.getLogger(__name__)


def load_recordings(folder: str | Path, name: str = "recordings") -> list[Person]:
    """Read finger pulses: `recordings.csv` with the columns file, person, sampling_rate_hz, systolic, diastolic.

    Each file, named relative to the folder, is one column of numbers, as text (one number a line, no header) or as a
    one-dimensional `.npy` array; upright, blood volume rising with the value. A person may have several rows. Beats of
    all of them are mixed in a rendering, so a person has one label: where the rows' pressures differ, their mean. How
    many people that concerns is logged as a warning.

    Args:
        folder: holds the table and the files.
        name: of the set; people are called `<name>:<person>`.

    Returns:
        The people, in the order of their first row.

    Raises:
        DataError: `data_missing` when the folder, the table or a file is not there; `data_invalid` when the table has
            no row or lacks a column, a cell is empty, no number or impossible, a file lies outside the folder, is
            named twice or holds something else than a column of finite numbers.
    """
    rows = _read_table(Path(folder), RECORDINGS_TABLE, _RECORDING_COLUMNS)
    recordings: dict[str, list[Recording]] = {}
    for row in rows:
        rate_hz = to_number(row.cells["sampling_rate_hz"], row.where, row.remedy)
        if not _RATE_LIMITS_HZ[0] <= rate_hz <= _RATE_LIMITS_HZ[1]:
            raise row.invalid(f"{rate_hz:g} Hz is no sampling rate of a pulse ({_RATE_LIMITS_HZ[0]:g} to 20000 Hz)")
        samples = _read_column(row.path, row)
        recordings.setdefault(row.person, []).append(Recording(samples, rate_hz))
    people, averaged = [], 0
    for person, of_person in recordings.items():
        pressures = np.array([row.pressures for row in rows if row.person == person])
        averaged += len(np.unique(pressures, axis=0)) > 1
        people.append(Person(f"{name}:{person}", tuple(of_person), *pressures.mean(axis=0).tolist()))
    if averaged:
        _log.warning("%s: %d people have several pressures; each counts with the mean of theirs.", name, averaged)
    return people


def load_clips(folder: str | Path, name: str = "clips") -> list[Person]:
    """Read a table of videos: `clips.csv` with the columns clip, person, systolic, diastolic.

    The clips, named relative to the folder, are looked for here and decoded later (`film_maps`). Every clip keeps its
    own pressures; a person's are their mean.

    Args:
        folder: holds the table and the clips.
        name: of the set; people are called `<name>:<person>`.

    Returns:
        The people, in the order of their first row.

    Raises:
        DataError: `data_missing` when the folder, the table or a clip is not there; `data_invalid` when the table has
            no row or lacks a column, a cell is empty, no number or impossible, or a clip lies outside the folder or is
            named twice.
    """
    films: dict[str, list[Film]] = {}
    for row in _read_table(Path(folder), CLIPS_TABLE, _CLIP_COLUMNS):
        films.setdefault(row.person, []).append(Film(row.path, *row.pressures))
    return [
        Person(
            f"{name}:{person}",
            (),
            float(np.mean([film.systolic for film in of_person])),
            float(np.mean([film.diastolic for film in of_person])),
            tuple(of_person),
        )
        for person, of_person in films.items()
    ]


@dataclass(frozen=True)
class _Row:
    """A checked row: its cells, its file, its person, its pressures in mmHg, and how to speak of it."""

    cells: dict[str, str]
    path: Path
    person: str
    pressures: tuple[float, float]
    where: str
    remedy: str

    def invalid(self, what: str) -> DataError:
        return DataError("data_invalid", f"{self.where}: {what}.", self.remedy)


def _read_table(folder: Path, table: str, columns: Sequence[str]) -> list[_Row]:
    """Read and check all that both kinds of tables have in common; the first column names the file."""
    remedy = f"{table} is comma-separated text with the columns {','.join(columns)} and files inside its folder."
    place = folder / table
    if not place.is_file():
        raise DataError("data_missing", f"There is no {table} in {folder}.", remedy)
    try:
        with place.open(encoding="utf-8-sig", newline="") as text:
            lines = csv.DictReader(text, skipinitialspace=True, strict=True)
            header = [heading.strip() for heading in lines.fieldnames or ()]
            missing = [column for column in columns if column not in header]
            if missing:
                raise DataError("data_invalid", f"{place} lacks the columns {', '.join(missing)}.", remedy)
            lines.fieldnames = header
            numbered = [(lines.line_num, cells) for cells in lines]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError("data_invalid", f"{place} is not comma-separated UTF-8 text.", remedy) from error
    rows = [_read_row(folder, cells, columns, f"{place}, line {line}", remedy) for line, cells in numbered]
    if not rows:
        raise DataError("data_invalid", f"{place} has no row.", remedy)
    named: set[Path] = set()
    for row in rows:
        if row.path in named:  # under another person, it would be on both sides of a split
            raise row.invalid(f"{row.path.name} is named twice")
        named.add(row.path)
    return rows


def _read_row(folder: Path, cells: dict[str, str | None], columns: Sequence[str], where: str, remedy: str) -> _Row:
    if None in cells:
        raise DataError("data_invalid", f"{where} has more cells than the header.", remedy)  # a decimal comma, say
    row = {column: (cells[column] or "").strip() for column in columns}
    empty = [column for column, cell in row.items() if not cell]
    if empty:
        raise DataError("data_invalid", f"{where}: {', '.join(empty)} is empty.", remedy)
    pressures = check_pressures(row["systolic"], row["diastolic"], where, remedy)
    try:
        path = (folder / row[columns[0]]).resolve()
        inside, there = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError, ValueError):  # a name no file can have, or a circle of links
        inside, there = True, False
    if not inside:
        raise DataError("data_invalid", f"{where}: {row[columns[0]]!r} leads out of the folder.", remedy)
    if not there:
        raise DataError("data_missing", f"{where}: there is no file {row[columns[0]]!r}.", remedy)
    return _Row(row, path, row["person"], pressures, where, remedy)


def _read_column(file: Path, row: _Row) -> np.ndarray:
    """Read one column of numbers: `.npy`, or text with one number a line (or all of them in one line)."""
    try:
        if file.suffix.lower() == ".npy":
            array = np.load(file, allow_pickle=False)
            is_column = isinstance(array, np.ndarray) and array.dtype.kind in "iuf" and 0 < array.ndim <= 2
            if not is_column or array.size != max(array.shape):
                raise row.invalid(f"{file.name} holds something else than one column of numbers")
            return check_samples(array.ravel(), f"{row.where}: {file.name}", row.remedy)
        lines = [
            re.split(r"[\s,;]+", line.strip()) for line in file.read_text("utf-8-sig").splitlines() if line.strip()
        ]
        if len(lines) > 1 and any(len(line) > 1 for line in lines):
            raise row.invalid(f"{file.name} holds more than one column")
        samples = np.array([number for line in lines for number in line], dtype=np.float64)
    except (EOFError, OSError, ValueError) as error:
        raise row.invalid(f"{file.name} holds something else than one column of numbers") from error
    return check_samples(samples, f"{row.where}: {file.name}", row.remedy)
