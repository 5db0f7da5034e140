"""Maps read back, from a folder or from the Hub."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

Row = dict[str, Any]


def read_rows(source: str | Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of maps, some columns of them, in the order of their files; lists are NumPy arrays.

    Args:
        source: a folder that `bpdemo extract` wrote, or a dataset repo on the Hub, `owner/name@revision`.
        columns: names of `schema.COLUMNS`; no others are read or fetched.

    Raises:
        DataError: `maps_missing`, `maps_invalid` or `maps_other_version`.
    """
    for batch in ds.dataset(source, format="parquet").to_batches(columns=list(columns)):
        yield from batch.to_pylist()
