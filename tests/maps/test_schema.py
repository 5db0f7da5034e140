"""schema.py: rows become a table that says what it is of."""

import json

import numpy as np
import pyarrow as pa
import pytest

from bpdemo import beats, stmap
from bpdemo.maps import schema


def test_what_a_row_lacks_is_null_and_what_it_has_keeps_its_value():
    values = np.float16([0.5, np.nan, -20])
    table = schema.to_table([{"person": "a:1", "stmap": values, "mask": [True, False, True]}, {"systolic": 120}])
    assert table.column_names == list(schema.COLUMNS)
    assert table.schema.types == list(schema.COLUMNS.values())
    first, second = table.to_pylist()
    np.testing.assert_array_equal(np.float16(first["stmap"]), values)
    assert (first["mask"], first["systolic"]) == ([True, False, True], None)
    assert (second["person"], second["stmap"], second["systolic"]) == (None, None, 120.0)


def test_a_value_of_another_kind_is_not_written():
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        schema.to_table([{"columns": "four hundred and fifty"}])


def test_the_table_holds_the_specification_of_what_is_in_it():
    told = json.loads(schema.to_table([]).schema.metadata[schema.SPECIFICATION])
    assert told == schema.specification()
    assert (told["version"], told["stmap"]) == (schema.VERSION, stmap.specification())
    assert told["beats"] == json.loads(json.dumps(beats.specification()))
