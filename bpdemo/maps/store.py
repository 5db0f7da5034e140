"""Maps read back, from a folder or streamed from the Hub."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from bpdemo.errors import DataError, shown
from bpdemo.maps import schema
from bpdemo.maps.files import MapsFile, find_files

Row = dict[str, Any]
_FAR_FILES = 16  # read at a time, so that 3,600 small files do not take 3,600 times the Hub's answering time
_BATCH = 64  # rows; a map is 108 kB, crops are up to 22 MB


def read_rows(source: str | Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of maps, some columns of them, in the order of their files; lists and bytes are NumPy arrays.

    Of `checks` a row has a list of dicts; what is null is None. Memory is that of the wanted columns of one file, or of
    16 from the Hub; of one window where `crops` are wanted.

    Args:
        source: a folder that `bpdemo extract` wrote, or a dataset repo on the Hub, `owner/name` or
            `owner/name@revision`; a folder wins when it exists.
        columns: names of `schema.COLUMNS`; no others are read or fetched.

    Raises:
        DataError: `maps_missing`, `maps_invalid` or `maps_other_version`.
        WeightsError: a `hub_...` code of `weights.hub.fetch`.
    """
    files, kinds = find_files(source), {name: schema.COLUMNS[name] for name in columns}
    tables: Iterable[pa.Table]
    if "crops" in kinds:
        tables = chain.from_iterable(_read_groups(file, kinds, one_by_one=True) for file in files)
    else:
        tables = _read_ahead(files, kinds, _FAR_FILES if files[0].is_far else 1)
    for table in tables:
        for batch in table.to_batches(max_chunksize=_BATCH):
            values = [_values(batch.column(name)) for name in columns]
            yield from (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))


def _read_ahead(files: Iterable[MapsFile], columns: dict[str, pa.DataType], count: int) -> Iterator[pa.Table]:
    """Yield the tables of files in their order, some being read at a time."""
    coming: deque[Future[pa.Table]] = deque()
    threads = ThreadPoolExecutor(count)
    try:
        for file in files:
            coming.append(threads.submit(_read, file, columns))
            if len(coming) == count:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


def _read(file: MapsFile, columns: dict[str, pa.DataType]) -> pa.Table:
    """Return some columns of a file."""
    return next(_read_groups(file, columns, one_by_one=False))


def _read_groups(file: MapsFile, columns: dict[str, pa.DataType], one_by_one: bool) -> Iterator[pa.Table]:
    """Yield some columns of a file whose specification is that of this version: its row groups, or all of them."""
    with file.open() as opened:
        try:
            table = parquet.ParquetFile(opened, pre_buffer=True)
            _check(table.schema_arrow, file.name, columns)
            numbers = [*range(table.num_row_groups)]
            for groups in [[number] for number in numbers] if one_by_one else [numbers]:
                yield _with_nulls(table.read_row_groups(groups, list(columns), use_threads=False), columns)
        except (pa.ArrowException, OSError) as error:
            # pyarrow's own errors about a file's content have no number; others are of the disk or the Hub.
            if isinstance(error, pa.ArrowException) or (type(error) is OSError and error.errno is None):
                raise _invalid(file.name, "is cut short, damaged or not a Parquet file") from error
            raise


def _check(found: pa.Schema, name: str, columns: dict[str, pa.DataType]) -> None:
    try:
        theirs = json.loads((found.metadata or {})[schema.SPECIFICATION])
    except (KeyError, ValueError) as error:
        raise _invalid(name, "is a Parquet file without bpdemo's specification") from error
    if theirs != json.loads(json.dumps(schema.specification())):
        raise DataError(
            "maps_other_version",
            f"{shown(name)} holds {_versions(theirs)}; this version of bpdemo reads {_versions(schema.specification())}"
            f"{', with other settings' if _versions(theirs) == _versions(schema.specification()) else ''}.",
            "Extract the clips again with `bpdemo extract`, or use the version of bpdemo that wrote the maps.",
        )
    for column, kind in columns.items():
        if column in schema.CROPS and column not in found.names:
            continue
        if column not in found.names or found.field(column).type != kind:
            raise _invalid(name, f"has no column {column} of type {kind}")


def _with_nulls(table: pa.Table, columns: dict[str, pa.DataType]) -> pa.Table:
    """Return a table with the columns that its file lacks."""
    for column, kind in columns.items():
        if column not in table.column_names:
            table = table.append_column(column, pa.nulls(len(table), kind))
    return table


def _versions(specification: Any) -> str:
    try:
        form, stmap, beats = (
            specification["version"],
            specification["stmap"]["version"],
            specification["beats"]["version"],
        )
    except (KeyError, TypeError):
        return "maps of an unknown version"
    return shown(f"maps of version {form} (STMap {stmap}, mean beats {beats})")


def _invalid(name: str, what: str) -> DataError:
    return DataError(
        "maps_invalid",
        f"{shown(name)} {what}.",
        "Delete it and run the same `bpdemo extract` again, which makes it anew; if it is on the Hub, then push again.",
    )


def _values(column: pa.Array) -> list[Any]:
    """Return the values of a column; numbers of a list as an array, made without an object for each, as are bytes."""
    if pa.types.is_binary(column.type):
        return [None if value is None else np.frombuffer(value, np.uint8) for value in column.to_pylist()]
    if not pa.types.is_list(column.type) or pa.types.is_struct(column.type.value_type):
        return column.to_pylist()
    flat = column.values.to_numpy(zero_copy_only=False)
    ends, known = column.offsets.to_numpy(), column.is_valid().to_numpy(zero_copy_only=False)
    # A copy each: one that is kept must not keep the rows beside it.
    return [
        np.array(flat[start:end]) if is_known else None
        for start, end, is_known in zip(ends[:-1], ends[1:], known, strict=True)
    ]
