"""The tables of anyone's own data: comma-separated UTF-8 text with a header, one row a file.

The columns may come in any order, and unknown ones are left alone. `person` is any label that tells people apart. It
ends up in the config of weights that are trained on the set (so that evaluation can tell who was seen), so give people
numbers rather than their names. Optional columns, where a cell may be empty: age (years), sex (female or male),
height_cm, weight_kg, skin_tone, task, camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bpdemo.data.loader import Place, parse_sex
from bpdemo.data.person import Person
from bpdemo.errors import DataError


@dataclass(frozen=True)
class Row:
    """A checked row of a table."""

    cells: dict[str, str]  # text by column, stripped
    path: Path  # its file, which is there and inside the folder
    place: Place

    @property
    def pressures(self) -> tuple[float, float]:
        """Systolic and diastolic, mmHg; raises `data_invalid` unless both are given and possible."""
        return self.place.pressures(self.cells["systolic"], self.cells["diastolic"])


def read_people(folder: Path, name: str, table: str, columns: Sequence[str]) -> list[tuple[Person, list[Row]]]:
    """Return the people of a table, in the order of their first row, without recordings and clips, with their rows.

    Pressures, age, height and weight are the mean over a person's rows. People are called `<name>:<person>`.

    Raises:
        DataError: as `read_rows`, and `data_invalid` when a number is none or impossible.
    """
    rows_of: dict[str, list[Row]] = {}
    for row in read_rows(folder, table, columns):
        rows_of.setdefault(row.cells["person"], []).append(row)
    return [(_describe(f"{name}:{label}", rows), rows) for label, rows in rows_of.items()]


def _describe(name: str, rows: Sequence[Row]) -> Person:
    systolic, diastolic = np.mean([row.pressures for row in rows], axis=0).tolist()

    def mean(column: str) -> float | None:
        values = [row.place.number(row.cells[column]) for row in rows if row.cells.get(column)]
        return float(np.mean(values)) if values else None

    def word(column: str) -> str | None:
        words = sorted({row.cells[column] for row in rows if row.cells.get(column)})
        if len(words) > 1:
            raise rows[0].place.invalid(f"this person's {column} is {' and '.join(words)}")
        return words[0] if words else None

    stated = word("sex")
    sex = parse_sex(stated)
    if stated and not sex:
        raise rows[0].place.invalid(f"{stated!r} is neither female nor male")
    height_cm, weight_kg, tone = mean("height_cm"), mean("weight_kg"), word("skin_tone")
    return Person(name, systolic, diastolic, (), (), mean("age"), sex, height_cm, weight_kg, tone)


def read_rows(folder: Path, table: str | Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a table in a folder, or at an absolute path of its own, that names files of the folder.

    All `columns` must be there and filled in every row; the first of them names the file.

    Raises:
        DataError: `data_missing` when the folder, the table or a file is not there; `data_invalid` when the table has
            no row or lacks a column, a cell is empty, or a file lies outside the folder or is named twice.
    """
    path = folder / table
    remedy = f"{table} is comma-separated text with the columns {','.join(columns)} and files inside its folder."
    place = Place(str(path), remedy)
    if not path.is_file():
        raise DataError("data_missing", f"There is no {table} in {folder}.", remedy)
    try:
        # Read as a row like the others, the header sets how many cells a row may have: a decimal comma makes one more.
        # Blank lines are kept until lines have been counted.
        with path.open(encoding="utf-8-sig", newline="") as text:
            cells = pd.read_csv(
                text, header=None, dtype=str, na_filter=False, skipinitialspace=True, skip_blank_lines=False
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise place.invalid(f"this is not comma-separated UTF-8 text ({why})") from error
    cells = cells.apply(lambda column: column.str.strip())
    header = cells.iloc[0].tolist()
    missing = [column for column in columns if column not in header]
    if missing:
        raise place.invalid(f"there is no column {', '.join(missing)}")
    filled = cells[cells.ne("").any(axis=1)].iloc[1:]
    if filled.empty:
        raise place.invalid("there is no row")
    rows: dict[Path, Row] = {}
    for line, values in zip(filled.index + 1, filled.values.tolist(), strict=True):
        row = _check_row(folder, dict(zip(header, values, strict=True)), columns, Place(f"{path}, line {line}", remedy))
        if row.path in rows:  # under another person, it would leak between folds
            raise row.place.invalid(f"{row.path.name} is named twice")
        rows[row.path] = row
    return list(rows.values())


def _check_row(folder: Path, cells: dict[str, str], columns: Sequence[str], place: Place) -> Row:
    empty = [column for column in columns if not cells[column]]
    if empty:
        raise place.invalid(f"{', '.join(empty)} is empty")
    file = cells[columns[0]]
    try:
        path = (folder / file).resolve()
        inside, there = path.is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError, ValueError):  # a name no file can have, or a circle of links
        inside, there = True, False
    if not inside:
        raise place.invalid(f"{file!r} leads out of the folder")
    if not there:
        raise DataError("data_missing", f"{place.where}: there is no file {file!r}.", place.remedy)
    return Row(cells, path, place)
