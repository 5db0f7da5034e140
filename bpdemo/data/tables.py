"""The tables of anyone's own data: comma-separated UTF-8 text with a header, one row a file.

The columns may come in any order, and unknown ones are left alone. A file is named by its path within the folder; what
a link there points to is the owner's business. `person` is any label that tells people apart; a whole number is the
same person however a spreadsheet writes it (`7.0`). It ends up in the config of weights that are trained on the set (so
that evaluation can tell who was seen), so give people numbers rather than their names. Optional columns, where a cell
may be empty: age (years), sex (female or male), height_cm, weight_kg, skin_tone, task, camera.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bpdemo.data.loader import Place, parse_sex
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Cuff
from bpdemo.errors import DataError

_WHOLE_NUMBER = re.compile(r"([0-9]+)(?:\.0+)?")


@dataclass(frozen=True)
class Row:
    """A checked row of a table."""

    cells: dict[str, str]  # text by column, stripped
    name: str  # of its file, as the table says
    path: Path  # the file, which is there; named within the folder
    place: Place

    @property
    def cuff(self) -> Cuff | None:
        """Its pressures; None where neither is given. Raises `data_invalid` unless both are given and possible."""
        given = self.cells.get("systolic", ""), self.cells.get("diastolic", "")
        return self.place.cuff(*given) if any(given) else None

    def number(self, column: str) -> float | None:
        """Return the number in a column; None where there is none. Raises `data_invalid` for anything else."""
        return self.place.number(self.cells[column]) if self.cells.get(column) else None


def read_recordings(folder: Path, name: str, table: str, columns: Sequence[str]) -> list[tuple[Recording, Row]]:
    """Return the recordings of a table with their rows, person by person in the order of their first row.

    What only one kind of table has, a clip or a pulse, is not in them yet. People are called `<name>:<person>`.

    Raises:
        DataError: as `read_rows`, and `data_invalid` when a number is none or impossible, a person has two sexes or
            skin tones, or two labels may be one person (`7` and `07`).
    """
    rows_of: dict[str, list[Row]] = {}
    for row in read_rows(folder, table, columns):
        rows_of.setdefault(_label(row), []).append(row)
    for rows in rows_of.values():
        spelt = sorted({_WHOLE_NUMBER.sub(r"\1", row.cells["person"]) for row in rows})
        if len(spelt) > 1:  # a spreadsheet has dropped the zeros of some rows, or somebody meant two people
            raise Place(rows[0].place.where, "Write the same person alike in every line.").invalid(
                f"it is not clear whether {' and '.join(spelt)} are one person"
            )
        for column in ("sex", "skin_tone"):
            words = sorted({row.cells[column] for row in rows if row.cells.get(column)})
            if len(words) > 1:
                raise rows[0].place.invalid(f"this person's {column} is {' and '.join(words)}")
    return [(_describe(f"{name}:{label}", row), row) for label, rows in rows_of.items() for row in rows]


def _label(row: Row) -> str:
    """The person's label, a whole number without zeros before and after it."""
    label = row.cells["person"]
    found = _WHOLE_NUMBER.fullmatch(label)
    return (found[1].lstrip("0") or "0") if found else label


def _describe(person: str, row: Row) -> Recording:
    stated = row.cells.get("sex")
    sex = parse_sex(stated)
    if stated and not sex:
        raise row.place.invalid(f"{stated!r} is neither female nor male")
    return Recording(
        person,
        row.name,
        pressure=row.cuff,
        age=row.number("age"),
        sex=sex,
        height_cm=row.number("height_cm"),
        weight_kg=row.number("weight_kg"),
        skin_tone=row.cells.get("skin_tone") or None,
        task=row.cells.get("task") or None,
        camera=row.cells.get("camera") or None,
    )


def read_rows(folder: Path, table: str | Path, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a table in a folder, or at an absolute path of its own, that names files of the folder.

    All `columns` must be there and filled in every row; the first of them names the file.

    Raises:
        DataError: `data_missing` when the folder, the table or a file is not there; `data_invalid` when the table has
            no row or lacks a column, a cell is empty, or a file's name leads out of the folder or is named twice.
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
        file = row.path.resolve()
        if file in rows:  # under another person, it would leak between folds
            raise row.place.invalid(f"{row.path.name} is the same file as {rows[file].path.name} of an earlier line")
        rows[file] = row
    return list(rows.values())


def _check_row(folder: Path, cells: dict[str, str], columns: Sequence[str], place: Place) -> Row:
    empty = [column for column in columns if not cells[column]]
    if empty:
        raise place.invalid(f"{', '.join(empty)} is empty")
    name = os.path.normpath(cells[columns[0]])
    path = folder / name
    if Path(name).anchor or ".." in Path(name).parts:
        raise place.invalid(f"{cells[columns[0]]!r} leads out of the folder")
    try:
        there, dangling = path.is_file() or (path.is_dir() and path != folder), path.is_symlink()
    except (OSError, ValueError):  # a name no file can have, or a circle of links
        there = dangling = False
    if not there:
        what = f"{name!r} is a link to a file that is not there" if dangling else f"there is no file {name!r}"
        raise DataError("data_missing", f"{place.where}: {what}.", place.remedy)
    return Row(cells, name, path, place)
