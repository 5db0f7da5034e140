"""Your own clips of faces: a folder with `clips.csv` (see `tables.py`)."""

from dataclasses import replace
from pathlib import Path

from bpdemo.data.loader import Loader
from bpdemo.data.person import FaceClip, Person
from bpdemo.data.tables import read_people

TABLE = "clips.csv"
_COLUMNS = ("clip", "person", "systolic", "diastolic")


def load_clips(folder: str | Path, name: str = "clips") -> list[Person]:
    """Return the people of `clips.csv`: columns clip, person, systolic, diastolic, and those optional in any table.

    The clips, named relative to the folder, are decoded later. Every clip keeps its own pressures; a person's are
    their mean. People are called `<name>:<person>`. Errors are those of `tables.read_people`.
    """
    return [
        replace(
            person,
            clips=tuple(
                FaceClip(row.path, *row.pressures, row.cells.get("task") or None, row.cells.get("camera") or None)
                for row in rows
            ),
        )
        for person, rows in read_people(Path(folder), name, TABLE, _COLUMNS)
    ]


LOADER = Loader(load_clips, TABLE)
