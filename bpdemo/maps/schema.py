"""The form of extracted maps: Parquet, one row a window, so that any tool reads them.

A clip that could not be read has one row, with its code and without a window. What a row holds of a person is what the
data set says; of the clip it holds mean colours over time and nothing that could be turned back into a picture - unless
crops of the face were asked for, which are pictures.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from bpdemo import beats, stmap

VERSION = 1
"""Of this form; the map and the mean beats have versions of their own."""
SPECIFICATION = b"bpdemo"
"""Key of the specification in a file's metadata."""

_CHECK = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("passed", pa.bool_()),
        ("reason", pa.string()),
    ]
)
_WAVE = pa.list_(pa.float32())

CROPS: dict[str, pa.DataType] = {
    "crops": pa.binary(),
    "crops_frames": pa.int32(),
    "crops_form": pa.string(),  # `crops.CropForm` as JSON
    "crops_contact": _WAVE,  # the contact pulse at their times, NaN where not measured; null where there is none
}
"""Columns that older files lack, which is as if they were null."""

COLUMNS: dict[str, pa.DataType] = {
    # the recording
    "data_set": pa.string(),
    "person": pa.string(),
    "recording": pa.string(),
    "task": pa.string(),
    "camera": pa.string(),
    "age": pa.float64(),
    "sex": pa.string(),
    "height_cm": pa.float64(),
    "weight_kg": pa.float64(),
    "skin_tone": pa.string(),
    "heart_rate_bpm": pa.float64(),  # noted by the data set
    # the clip
    "source_bytes": pa.int64(),  # of the clip's file, of all its pictures, or of the archive that it lies in
    "source_sha256": pa.string(),  # of the clip's bytes
    "codec": pa.string(),
    "width": pa.int32(),
    "height": pa.int32(),
    "frame_rate_hz": pa.float64(),
    "duration_s": pa.float64(),
    # the window; null in the row of a clip that could not be read
    "window": pa.int32(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "status": pa.string(),  # reading, refused, or error
    "code": pa.string(),  # why it is refused, or what the error is; empty for a reading
    "has_pulse": pa.bool_(),
    "checks": pa.list_(_CHECK),
    # the map, as `stmap.STMap`: flat, in the order [channels, cells, columns] and [cells, columns]
    "stmap": pa.list_(pa.float16()),
    "mask": pa.list_(pa.bool_()),
    "columns": pa.int32(),
    "scale": pa.float64(),
    # the mean beats, as `beats.MeanBeats`: flat, [mean beats, channels, regions, points] and [mean beats, regions]
    "beats": _WAVE,
    "beats_weight": _WAVE,
    "beats_rate_hz": pa.float32(),
    "beats_s": pa.list_(pa.float64()),
    # the pulse, as `pulse.Pulse`
    "pulse": _WAVE,
    "pulse_heart_rate_bpm": pa.float64(),
    "pulse_snr_db": pa.float64(),
    "pulse_probability": pa.float64(),
    # the truth
    "systolic": pa.float64(),  # mmHg, of this window; null where there is none
    "diastolic": pa.float64(),
    "pressure_kind": pa.string(),  # cuff, wave or steps
    "pressure_fault": pa.string(),  # why there is none
    "pressure_note": pa.string(),  # what was put right
    "contact_pulse": _WAVE,  # at the map's columns, NaN where not measured
    "contact_heart_rate_bpm": pa.float64(),  # of it in this window
    "contact_fault": pa.string(),
    # the face's crops, only where they were asked for: uint8, flat, [frames, side, side, R G B]
    **CROPS,
    # versions
    "stmap_version": pa.int32(),
    "beats_version": pa.int32(),
}
"""Name and type of every column."""


def schema() -> pa.Schema:
    """Return the schema, with the specifications of map and mean beats in its metadata."""
    return pa.schema(list(COLUMNS.items()), {SPECIFICATION: json.dumps(specification()).encode()})


def specification() -> dict[str, Any]:
    """Return what maps must agree in to be learned from together, JSON-able."""
    return {"version": VERSION, "stmap": stmap.specification(), "beats": beats.specification()}


def to_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows, column -> value, as a table; a column that a row lacks is null."""
    return pa.table(
        {name: pa.array([row.get(name) for row in rows], type=kind) for name, kind in COLUMNS.items()}, schema()
    )
