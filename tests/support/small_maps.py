"""Small maps for tests: random numbers in the form of real ones."""

import numpy as np
from pyarrow import parquet

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.maps import schema
from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import CHANNELS

COLUMNS = 300


def window_row(number, seed=0, **others):
    """Return the row of a window, every list filled; others are columns to set besides, or instead."""
    random = np.random.default_rng([seed, number])
    shape = (len(CHANNELS), len(CELLS), COLUMNS)
    wave = random.normal(size=COLUMNS).astype(np.float32)
    return {
        "window": number,
        "status": "reading",
        "code": "",
        "has_pulse": True,
        "checks": [{"name": "light", "value": 0.5, "low": 0.1, "high": None, "passed": True, "reason": "dark"}],
        "duration_s": 36.0,
        "stmap": random.normal(size=shape).astype(np.float16).ravel(),
        "mask": random.random(shape[1:]).ravel() < 0.9,
        "columns": COLUMNS,
        "scale": 0.001,
        "beats": random.normal(size=MEAN_BEATS * len(CHANNELS) * len(REGIONS) * POINTS).astype(np.float32),
        "beats_weight": random.random(MEAN_BEATS * len(REGIONS)).astype(np.float32),
        "beats_rate_hz": 1.25,
        "beats_s": np.arange(5 + number) * 0.8,
        "pulse": wave,
        "contact_pulse": np.where(np.arange(COLUMNS) < 10, np.nan, wave).astype(np.float32),
        "systolic": 120.0 + number,
        "diastolic": 80.0,
        "pressure_kind": "cuff",
        **others,
    }


def write_recording(maps, person, recording, rows, **others):
    """Write the file of a recording as `bpdemo extract` does, and return its rows; others are columns of each."""
    data_set = person.partition(":")[0]
    rows = [{"data_set": data_set, "person": person, "recording": recording, **others, **row} for row in rows]
    path = maps / data_set / f"{recording}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(schema.to_table(rows), path)
    return rows


def write_maps(maps):
    """Write maps of a set that may be shared and one that may not, and return their rows in order."""
    refused = {"status": "refused", "code": "too_dark", "systolic": None, "diastolic": None, "beats": None}
    error = {"status": "error", "code": "not_readable"}
    woman = {"age": 31.0, "sex": "female"}
    return [
        *write_recording(maps, "mine:A", "a_test", [window_row(0, 1), window_row(1, 1, **refused)], skin_tone="3"),
        *write_recording(maps, "mine:A", "b", [error]),
        *write_recording(maps, "ppg_bp:7", "7", [window_row(number, 2) for number in range(3)], **woman),
        *write_recording(maps, "ppg_bp:8", "8", [window_row(0, 3)], age=64.0),
    ]
