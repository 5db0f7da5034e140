"""A recording's maps are one Parquet file: where it lies, and whether it holds what reading the clip would give."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bpdemo.crops import CropForm
from bpdemo.data.person import Recording, data_set_of
from bpdemo.maps import schema
from bpdemo.maps.recording import Row, described
from bpdemo.system.files import whole_file

COUNTED = (
    "person",
    "status",
    "code",
    "window",
    "duration_s",
    "pressure_fault",
    "pressure_note",
    "contact_fault",
)
"""The columns that are added up over all recordings."""

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_MAX_LETTERS = 48


def path_of_maps(output: Path, recording: Recording) -> Path:
    """Return the file of a recording's maps, `<data set>/<recording>.parquet`; no two recordings share one."""
    return output / _safe(data_set_of(recording.person)) / f"{_safe(recording.name)}.parquet"


def _safe(name: str) -> str:
    """Return a file's name that any system takes: plain names as they are, all others with a checksum.

    Some systems take `A` and `a` for one name, so only small letters are plain. Readers of Parquet folders pass over
    names that begin with `.` or `_`.
    """
    if _PLAIN.fullmatch(name):
        return name
    letters = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._-")[:_MAX_LETTERS]
    return f"{letters or 'recording'}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def write_maps(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows of a recording; the file is there as a whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    has_crops = any(row.get("crops") for row in rows)
    with whole_file(path) as part, pq.ParquetWriter(part, schema.schema(), compression="zstd") as writer:
        # With crops a window is as large as a whole clip's maps: each is a row group, made and written by itself.
        for group in [[row] for row in rows] if has_crops else [rows]:
            writer.write_table(schema.to_table(group))


def counted(rows: Iterable[Row]) -> list[Row]:
    """Return of rows the columns that are added up."""
    return [{name: row.get(name) for name in COUNTED} for row in rows]


def read_finished(path: Path, recording: Recording, crops: CropForm | None = None) -> list[Row] | None:
    """Return the `counted` rows of a recording whose maps are there; None where it has to be read (again).

    It has to where the file is damaged or of another specification, where the clip could not be read, where the clip's
    size, its cuff pressures or what is known of the person are no longer what the file says, and where windows lack
    crops of the form that is asked for, if one is.
    """
    known = described(recording)
    try:
        with pq.ParquetFile(path) as file:
            specification = (file.schema_arrow.metadata or {}).get(schema.SPECIFICATION, b"null")
            if json.loads(specification) != schema.specification():
                return None
            rows = file.read([*{*known, *COUNTED, "crops_form"}]).to_pylist()
    except (OSError, pa.ArrowException, ValueError):
        return None
    if not rows or any(row["status"] == "error" for row in rows):
        return None
    if any(row[name] != value for row in rows for name, value in known.items()):
        return None
    forms = {row.get("crops_form") for row in rows if row["window"] is not None}
    if crops is not None and forms - {crops.to_json()}:
        return None
    return counted(rows)
