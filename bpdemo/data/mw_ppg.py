"""MW-PPG as one array file: 78 young adults, 60 s of finger pulse in three wavelengths, cuff pressures.

Baciu et al., Sensors 23(15):6947, 2023. It states no licence: score weights on it, and clear its use before sharing
weights that were trained on it.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bpdemo.data.loader import Loader, Place, wrong_layout
from bpdemo.data.person import Recording
from bpdemo.data.signals import InMemory, Samples

FILE = "mwppg_200hz.npz"
_RATE_HZ = 200
_REMEDY = "Use the data set as it was published."


def load_mw_ppg(folder: str | Path) -> list[Recording]:
    """Return the recordings of the people of `mwppg_200hz.npz`, in its order.

    The file holds `x` [people, samples, wavelengths], `sbp` and `dbp` [people] in mmHg, and may hold `id` and `age`
    [people] and `fs` (200). Every person gets three recordings, one a wavelength (660, 730, 850 nm): they differ in
    the sensor and not in the person. A rendering mixes the beats of all three.

    Raises:
        DataError: `data_missing` when the file is not there, `data_invalid` when it holds something else.
    """
    file = Path(folder) / FILE
    if not file.is_file():
        raise wrong_layout(
            Path(folder),
            "MW-PPG",
            repr(FILE),
            "Name the folder that holds MW-PPG as one array file (see the docstring of load_mw_ppg).",
        )
    place = Place(str(file), _REMEDY)
    try:
        with np.load(file, allow_pickle=False) as arrays:  # as published, `sex` is pickled: it is never read
            missing = [key for key in ("x", "sbp", "dbp") if key not in arrays]
            if missing:
                raise place.invalid(f"there is no {', '.join(missing)}")
            x, systolic, diastolic = (np.asarray(arrays[key], dtype=np.float64) for key in ("x", "sbp", "dbp"))
            names = arrays.get("id", np.arange(1, systolic.size + 1))
            ages = np.asarray(arrays.get("age", np.full(systolic.size, np.nan)), dtype=np.float64)
            rate_hz = np.asarray(arrays.get("fs", _RATE_HZ), dtype=np.float64)
    except (BadZipFile, EOFError, KeyError, OSError, TypeError, ValueError) as error:
        raise place.invalid("this is not an array file of numbers") from error
    by_person = {systolic.shape, diastolic.shape, names.shape, ages.shape}
    if x.ndim != 3 or 0 in x.shape or by_person != {x.shape[:1]} or rate_hz.ndim:
        raise place.invalid("x must be people x samples x wavelengths, with sbp, dbp, id and age for each person")
    if rate_hz != _RATE_HZ:
        raise place.invalid(f"fs is {rate_hz}, not {_RATE_HZ}")
    recordings = []
    for i, name in enumerate(names.tolist()):
        at_person = Place(f"{file}, person {name}", _REMEDY)
        cuff = at_person.cuff(float(systolic[i]), float(diastolic[i]))
        age = float(ages[i]) if np.isfinite(ages[i]) else None
        for wavelength, wave in enumerate(x[i].T, start=1):
            pulse = InMemory(Samples.evenly(at_person.samples(wave), float(rate_hz)))
            recordings.append(Recording(f"mw_ppg:{name}", f"{name}_{wavelength}", None, cuff, pulse, age=age))
    return recordings


LOADER = Loader(
    lambda folder, _: load_mw_ppg(folder),
    (FILE,),
    "Baciu et al.: data set MW-PPG. Sensors 23(15):6947, 2023 (no licence stated)",
    "none stated: clear its use before sharing anything made from it",
)
