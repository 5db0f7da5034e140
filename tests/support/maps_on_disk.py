"""Maps as they lie on the disk."""

import pyarrow.parquet as pq


def tables(output):
    """Return the rows of each file of maps, by its name."""
    return {path.name: pq.read_table(path).to_pylist() for path in output.rglob("*.parquet")}
