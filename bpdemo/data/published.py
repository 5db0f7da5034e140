"""Loaders of published data sets, each in the layout it was published in.

PPG-BP: Liang, Chen, Liu, Elgendi, *A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in
China*, Scientific Data 5:180020, 2018.

MW-PPG: Baciu et al., Sensors 23(15):6947, 2023. It states no licence: score weights on it, and clear its use before
sharing weights that were trained on it.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bpdemo.data.person import Person, Recording, check_pressures, check_samples
from bpdemo.errors import DataError

PPG_BP_CITATION = (
    "Liang, Chen, Liu, Elgendi: A new, short-recorded photoplethysmogram dataset for blood pressure monitoring in "
    "China. Scientific Data 5:180020, 2018"
)
PPG_BP_TABLE = "PPG-BP dataset.xlsx"
_PPG_BP_SIGNALS = "0_subject"
_PPG_BP_RATE_HZ = 1000.0

MW_PPG_CITATION = "Baciu et al.: data set MW-PPG. Sensors 23(15):6947, 2023 (no licence stated)"
MW_PPG_FILE = "mwppg_200hz.npz"
_MW_PPG_RATE_HZ = 200

_REMEDY = "Use the data set as it was published."


def load_ppg_bp(folder: str | Path) -> list[Person]:
    """Read PPG-BP as published: `PPG-BP dataset.xlsx` and `0_subject/<subject>_<1..3>.txt` (2.1 s at 1 kHz each).

    Args:
        folder: the folder that holds both.

    Returns:
        The people of the table who have a recording, in the table's order.

    Raises:
        DataError: `data_missing` when the table or the signals are not there, `data_invalid` when they hold something
            else than the published layout.
    """
    folder = Path(folder)
    table, signals = folder / PPG_BP_TABLE, folder / _PPG_BP_SIGNALS
    if not table.is_file() or not signals.is_dir():
        raise DataError(
            "data_missing",
            f"PPG-BP needs {PPG_BP_TABLE!r} and {_PPG_BP_SIGNALS!r} in {folder}.",
            "Download PPG-BP from figshare (doi 10.6084/m9.figshare.5459299) and name its unpacked folder.",
        )
    people = []
    for row in _ppg_bp_rows(table):
        subject = row["subject_ID"]
        if not isinstance(subject, int | float) or subject != int(subject):
            raise _invalid(f"{table}: {subject!r} is not a subject's number.")
        subject = int(subject)
        files = sorted(signals.glob(f"{subject}_*.txt"))
        if files:
            cells = (row[f"{kind} Blood Pressure(mmHg)"] for kind in ("Systolic", "Diastolic"))
            systolic, diastolic = check_pressures(*cells, f"{table}, subject {subject}", _REMEDY)
            recordings = tuple(Recording(_read_ppg_bp_samples(file), _PPG_BP_RATE_HZ) for file in files)
            people.append(Person(f"ppg_bp:{subject}", recordings, systolic, diastolic))
    if not people:
        raise _invalid(f"No subject of {table} has a file in {signals}.")
    return people


def load_mw_ppg(folder: str | Path) -> list[Person]:
    """Read MW-PPG as one array file: `mwppg_200hz.npz`, of 60 s at 200 Hz from three wavelengths (660, 730, 850 nm).

    The file holds `x` [people, samples, wavelengths], `sbp` and `dbp` [people] in mmHg, and, where it has them, `id`
    [people] and `fs` (200). Every person gets three recordings, one a wavelength: what they differ in is the sensor and
    not the person, and weights should not mind. Beats of all three are mixed in a rendering.

    Args:
        folder: the folder that holds the file.

    Returns:
        The people, in the file's order.

    Raises:
        DataError: `data_missing` when the file is not there, `data_invalid` when it holds something else.
    """
    file = Path(folder) / MW_PPG_FILE
    if not file.is_file():
        raise DataError(
            "data_missing",
            f"MW-PPG needs {MW_PPG_FILE!r} in {folder}.",
            "Name the folder that holds MW-PPG as one array file (see the docstring of load_mw_ppg).",
        )
    signals, systolic, diastolic, names, rate = _read_mw_ppg(file)
    if float(rate) != _MW_PPG_RATE_HZ:
        raise _invalid(f"{file}: fs is {rate}, not {_MW_PPG_RATE_HZ}.")
    people = []
    for name, waves, *pressures in zip(names.tolist(), signals, systolic.tolist(), diastolic.tolist(), strict=True):
        where = f"{file}, person {name}"
        recordings = tuple(Recording(check_samples(wave, where, _REMEDY), float(rate)) for wave in waves.T)
        people.append(Person(f"mw_ppg:{name}", recordings, *check_pressures(*pressures, where, _REMEDY)))
    return people


def _read_mw_ppg(file: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The arrays x, sbp, dbp, id and fs, of fitting shapes."""
    try:
        with np.load(file, allow_pickle=False) as arrays:  # each array is read when it is asked for, the others never
            missing = [key for key in ("x", "sbp", "dbp") if key not in arrays]
            if missing:
                raise _invalid(f"{file} lacks {', '.join(missing)}.")
            x, systolic, diastolic = (np.asarray(arrays[key], dtype=np.float64) for key in ("x", "sbp", "dbp"))
            names = arrays.get("id", np.arange(1, systolic.size + 1))
            rate = np.asarray(arrays.get("fs", _MW_PPG_RATE_HZ), dtype=np.float64)
    except (BadZipFile, EOFError, KeyError, OSError, TypeError, ValueError) as error:
        raise _invalid(f"{file} is not an array file of numbers.") from error
    if x.ndim != 3 or 0 in x.shape or {systolic.shape, diastolic.shape, names.shape} != {x.shape[:1]} or rate.ndim:
        raise _invalid(f"{file}: x must be people x samples x wavelengths, with sbp, dbp and id for each person.")
    return x, systolic, diastolic, names, rate


def _ppg_bp_rows(table: Path) -> list[dict[str, object]]:
    """Rows of the table by header; the header is the row that names subject_ID (the second, as published)."""
    import openpyxl  # only training reads spreadsheets

    try:
        rows = list(openpyxl.load_workbook(table, read_only=True, data_only=True).worksheets[0].values)
    except (BadZipFile, KeyError, OSError, ValueError) as error:
        raise _invalid(f"{table} is not a spreadsheet.") from error
    start = next((i for i, row in enumerate(rows) if "subject_ID" in row), None)
    if start is None:
        raise _invalid(f"{table} has no column subject_ID.")
    header = rows[start]
    needed = ("Systolic Blood Pressure(mmHg)", "Diastolic Blood Pressure(mmHg)")
    if any(name not in header for name in needed):
        raise _invalid(f"{table} lacks one of the columns {', '.join(needed)}.")
    named = (dict(zip(header, row, strict=False)) for row in rows[start + 1 :])
    return [row for row in named if row["subject_ID"] is not None]


def _read_ppg_bp_samples(file: Path) -> np.ndarray:
    try:
        samples = np.array(file.read_text().split(), dtype=np.float64)
    except ValueError as error:
        raise _invalid(f"{file} holds something else than numbers.") from error
    return check_samples(samples, str(file), _REMEDY)


def _invalid(message: str) -> DataError:
    return DataError("data_invalid", message, _REMEDY)
