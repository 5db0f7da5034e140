"""UBFC-Phys as published: 56 people at rest, speaking and doing sums for 3 min each, pulse of the wrist, no pressures.

Meziati Sabour, Benezeth, De Oliveira, Chappe, Yang, *UBFC-Phys: A Multimodal Database For Psychophysiological Studies
of Social Stress*, IEEE Transactions on Affective Computing, 2021.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.data.files import checked_set, contact_pulse, read_numbers, read_text
from bpdemo.data.folders import list_folder
from bpdemo.data.loader import Loader, parse_sex
from bpdemo.data.person import Recording, Sex
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError

_TITLE = "UBFC-Phys"
_TASKS = {"T1": "T1 rest", "T2": "T2 speech", "T3": "T3 arithmetic"}
_RATE_HZ = 64.0
_REMEDY = "Unpack s1.zip to s56.zip beside each other and name the folder with s1, s2 and so on."


def load_ubfc_phys(folder: str | Path) -> list[Recording]:
    """Return three recordings of each `s<n>/` or `Data/s<n>/`: `vid_s<n>_T<1..3>.avi`, `bvp_s<n>_T<1..3>.csv`.

    A file that is not there is `missing`.

    Raises:
        DataError: `data_missing` when there is no such folder, or no video in any.
    """
    folder = Path(folder)
    entries = list_folder(folder)
    recordings = (
        recording
        for place in (folder, entries.get("data"))
        for name, person in (list_folder(place).items() if place else ())
        if re.fullmatch(r"s[0-9]+", name) and person.is_dir()
        for recording in _describe(name, list_folder(person), person.relative_to(folder).as_posix())
    )
    return checked_set(recordings, folder, _TITLE, "s1/vid_s1_T1.avi", _REMEDY)


def _describe(person: str, files: dict[str, Path], inside: str) -> Iterator[Recording]:
    if person in files:  # unpacked into a folder of the archive's name
        files = list_folder(files[person])
    sex = _read_sex(files.get(f"info_{person}.txt"))
    for label, task in _TASKS.items():
        names = f"vid_{person}_{label}.avi", f"bvp_{person}_{label}.csv"
        video, pulse = (files.get(name.casefold()) for name in names)
        yield Recording(
            f"ubfc_phys:{person}",
            f"{person}/{label}",
            video,
            pulse=WristPulse(pulse) if pulse else None,
            sex=sex,
            task=task,
            missing=tuple(f"{inside}/{name}" for name in names if name.casefold() not in files),
        )


def _read_sex(info: Path | None) -> Sex | None:
    """The sex in a file of few lines: the person, the sex, and whether the person was tested or a control."""
    with suppress(DataError):
        words = read_text(info).split() if info else []
        return next((sex for word in words if (sex := parse_sex(word))), None)
    return None


@dataclass(frozen=True)
class WristPulse:
    """The wrist's pulse: a number a line at 64 Hz, from the clip's start."""

    path: Path

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        values = [row[0] for row in read_numbers(self.path, most=1)]
        return contact_pulse(self.path, values, np.arange(len(values)) / _RATE_HZ)


LOADER = Loader(
    lambda folder, _: load_ubfc_phys(folder),
    ("s[0-9]*/vid_s*_T*.avi", "Data/s[0-9]*/vid_s*_T*.avi"),
    "Meziati Sabour, Benezeth, De Oliveira, Chappe, Yang: UBFC-Phys: A Multimodal Database For Psychophysiological "
    "Studies of Social Stress. IEEE Transactions on Affective Computing, 2021",
    "for research: what the page it was downloaded from asks",
)
