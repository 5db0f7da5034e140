"""Maps as `bpdemo extract` writes them, of made-up people: no clip, and a truth that is known."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bpdemo import beats, stmap
from bpdemo.maps.schema import to_table
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS
from tests.support.small_dataset import make_dataset

WINDOW_S = 15.0


def make_rows(data_set="mmse_hr", people=6, clips=2, windows=2, lowest=90.0, step=12.0, **columns):
    """People whose names begin with F and M in turn; each window has its own pressures.

    Person i has `lowest` + `step` x i mmHg; the second clip 4 more, the second window of a clip 2 more, the diastolic
    half of it and 10. `columns` are values of all rows.
    """
    pressures = [lowest + step * i + 4 * clip + 2 * window for i, clip, window in np.ndindex(people, clips, windows)]
    made = make_dataset(pressures, each=1, seed=people)
    rows = []
    for number, (i, clip, window) in enumerate(np.ndindex(people, clips, windows)):
        name = f"{'FM'[i % 2]}{i // 2:03}"
        rows.append(
            {
                "data_set": data_set,
                "person": f"{data_set}:{name}",
                "recording": f"{name}/T{clip + 1}",
                "task": f"T{clip + 1}",
                "sex": ("female", "male")[i % 2],
                "age": 30.0 + i,
                "height_cm": 170.0,
                "weight_kg": 60.0 + i,
                "window": window,
                "start_s": window * WINDOW_S,
                "end_s": (window + 1) * WINDOW_S,
                "status": "reading",
                "code": "",
                "beats": made.values[number].ravel(),
                "beats_weight": made.weight[number].ravel(),
                "beats_rate_hz": float(made.rate_hz[number]),
                "systolic": pressures[number],
                "diastolic": 10 + pressures[number] / 2,
                "pressure_kind": "wave",
                "pressure_fault": "",
                "stmap_version": stmap.VERSION,
                "beats_version": beats.VERSION,
                **columns,
            }
        )
    return rows


def add_maps(rows, columns=300):
    """Give rows maps of noise, NaN where not measured, and return them."""
    for number, row in enumerate(rows):
        rng = np.random.default_rng(number)
        mask = rng.random((len(CELLS), columns)) < 0.9
        values = np.where(mask, rng.normal(size=(len(CHANNELS), *mask.shape)), np.nan)
        row |= {"stmap": values.astype(np.float16).ravel(), "mask": mask.ravel(), "columns": columns, "scale": 0.001}
    return rows


def write_maps(folder: Path, rows) -> Path:
    """Write rows as a folder of maps."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(to_table(rows), folder / "part-0.parquet")
    return folder
