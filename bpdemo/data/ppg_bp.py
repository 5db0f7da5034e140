"""PPG-BP as published: 219 people of a hospital, three finger pulses of 2.1 s each, cuff pressures, age, sex, build.

Liang, Chen, Liu, Elgendi, *A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in China*,
Scientific Data 5:180020, 2018.
"""

import math
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from bpdemo.data.loader import Loader, Place, parse_sex, wrong_layout
from bpdemo.data.person import Recording
from bpdemo.data.signals import InMemory, Samples

TABLE = "PPG-BP dataset.xlsx"
_SIGNALS = "0_subject"
_RATE_HZ = 1000.0
_SUBJECT, _SYSTOLIC, _DIASTOLIC = "subject_ID", "Systolic Blood Pressure(mmHg)", "Diastolic Blood Pressure(mmHg)"
_REMEDY = "Use the data set as it was published."


def load_ppg_bp(folder: str | Path) -> list[Recording]:
    """Return the recordings `0_subject/<subject>_<1..3>.txt` of the people of `PPG-BP dataset.xlsx`, in its order.

    Raises:
        DataError: `data_missing` when the table or the signals are not there, `data_invalid` when they hold something
            else than the published layout.
    """
    folder = Path(folder)
    table, signals = folder / TABLE, folder / _SIGNALS
    for needed in (table, signals):
        if not needed.exists():
            raise wrong_layout(
                folder,
                "PPG-BP",
                repr(needed.name),
                "Download PPG-BP from figshare (doi 10.6084/m9.figshare.5459299) and name its unpacked folder.",
            )
    recordings = []
    place = Place(str(table), _REMEDY)
    for row in _read_rows(table, place):
        subject = row[_SUBJECT]
        if not isinstance(subject, int | float) or subject != int(subject):
            raise place.invalid(f"{subject!r} is not a subject's number")
        files = sorted(signals.glob(f"{int(subject)}_*.txt"))
        if not files:
            continue
        cuff = Place(f"{table}, subject {int(subject)}", _REMEDY).cuff(row[_SYSTOLIC], row[_DIASTOLIC])
        recordings += [
            Recording(
                person=f"ppg_bp:{int(subject)}",
                name=file.stem,
                pressure=cuff,
                pulse=InMemory(Samples.evenly(_read_samples(file), _RATE_HZ)),
                age=_known(row.get("Age(year)")),
                sex=parse_sex(row.get("Sex(M/F)")),
                height_cm=_known(row.get("Height(cm)")),
                weight_kg=_known(row.get("Weight(kg)")),
            )
            for file in files
        ]
    if not recordings:
        raise place.invalid(f"no subject has a file in {signals}")
    return recordings


def _read_rows(table: Path, place: Place) -> list[dict[str, object]]:
    """Rows of the table by column name; the header is the row that names subject_ID (the second, as published)."""
    try:
        sheet = pd.read_excel(table, header=None, dtype=object)
    except (BadZipFile, KeyError, OSError, ValueError) as error:
        raise place.invalid("this is not a spreadsheet") from error
    headers = np.flatnonzero((sheet == _SUBJECT).any(axis=1))
    if not headers.size:
        raise place.invalid(f"there is no column {_SUBJECT}")
    header = [str(name) for name in sheet.iloc[headers[0]]]
    missing = [name for name in (_SYSTOLIC, _DIASTOLIC) if name not in header]
    if missing:
        raise place.invalid(f"there is no column {', '.join(missing)}")
    rows = [dict(zip(header, row, strict=True)) for row in sheet.iloc[headers[0] + 1 :].itertuples(index=False)]
    return [row for row in rows if not pd.isna(row[_SUBJECT])]


def _known(cell: object) -> float | None:
    """A number of the table, or None where it holds none."""
    return float(cell) if isinstance(cell, int | float) and math.isfinite(cell) else None


def _read_samples(file: Path) -> np.ndarray:
    place = Place(str(file), _REMEDY)
    try:
        samples = np.array(file.read_text().split(), dtype=np.float64)
    except ValueError as error:
        raise place.invalid("this holds something else than numbers") from error
    return place.samples(samples)


LOADER = Loader(
    # People of a published set keep the set's name, so that weights know them whatever the user calls the set.
    lambda folder, _: load_ppg_bp(folder),
    (TABLE,),
    "Liang, Chen, Liu, Elgendi: A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in "
    "China. Scientific Data 5:180020, 2018",
    "CC BY 4.0",
    may_share=True,
)
