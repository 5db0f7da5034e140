"""UBFC-rPPG as published: 8 people (DATASET_1) and 42 (DATASET_2) for a minute each, finger pulse, no pressures.

Bobbia, Macwan, Benezeth, Mansouri, Dubois, *Unsupervised skin tissue segmentation for remote photoplethysmography*,
Pattern Recognition Letters 124, 2019.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.data.files import FETCH_AGAIN, checked_set, contact_pulse, mean_known, read_numbers
from bpdemo.data.folders import list_folder
from bpdemo.data.loader import Loader, Place
from bpdemo.data.person import Recording
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError
from bpdemo.sources import ClipSource, TimedVideo

_TITLE = "UBFC-rPPG"
_LABELS = {"1": "gtdump.xmp", "2": "ground_truth.txt"}  # of each part
_PEOPLE = {"1": re.compile(r".*-gt|after-exercise"), "2": re.compile(r"subject[0-9]+")}  # their folders
_VIDEO = re.compile(r"vid(-[0-9]+)?\.avi")  # the first part has some vid-<number>.avi
_REMEDY = "Name the folder with DATASET_1 and DATASET_2, or either of them, as they were downloaded."


def load_ubfc_rppg(folder: str | Path) -> list[Recording]:
    """Return the recordings of `DATASET_1/*/` and `DATASET_2/subject*/`, or of people's folders that lie in `folder`.

    In each lie `vid.avi` and `gtdump.xmp` or `ground_truth.txt`; the latter has a time for each frame. What is not
    there is `missing`. People of the two parts are different ones.

    Raises:
        DataError: `data_missing` when there is no such folder, or no video in any.
    """
    folder = Path(folder)
    recordings = (_describe(person, part, files, folder) for part, person, files in _find_people(folder))
    return checked_set(recordings, folder, _TITLE, "DATASET_2/subject1/vid.avi", _REMEDY)


def _find_people(folder: Path) -> Iterator[tuple[str, Path, dict[str, Path]]]:
    """Part, folder and files of each person."""
    entries = list_folder(folder)
    for place in (folder, entries.get("dataset_1"), entries.get("dataset_2")):
        for name, person in list_folder(place).items() if place else ():
            files = list_folder(person)
            files = list_folder(files[name]) if name in files else files  # unpacked into a folder of its own name
            for part, label in _LABELS.items():
                if label in files or (_PEOPLE[part].fullmatch(name) and person.is_dir()):
                    yield part, person, files
                    break


def _describe(person: Path, part: str, files: dict[str, Path], folder: Path) -> Recording:
    video = next((path for name, path in files.items() if _VIDEO.fullmatch(name)), None)
    label = files.get(_LABELS[part])
    clip: ClipSource | None = video
    heart_rate_bpm = None
    if label:
        with suppress(DataError):  # it is raised when the pulse is read
            _, rates, time_s = _read_label(label)
            heart_rate_bpm = mean_known(rates.tolist())
            steps = np.diff(time_s)  # not all above 0 with a time that is unknown
            if part == "2" and video and steps.size and (steps > 0).all() and np.median(steps) < 1:
                clip = TimedVideo(video, tuple((time_s - time_s[0]).tolist()))
    inside = person.relative_to(folder).as_posix()
    wanted = {f"{inside}/vid.avi": video, f"{inside}/{_LABELS[part]}": label}
    name = f"{part}/{person.name.lower()}"
    return Recording(
        f"ubfc_rppg:{name}",
        name,
        clip,
        pulse=Oximeter(label) if label else None,
        heart_rate_bpm=heart_rate_bpm,
        missing=tuple(path for path, file in wanted.items() if file is None),
    )


def _read_label(label: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pulse, heart rate in beats a minute, and time in seconds, of each sample."""
    rows = read_numbers(label)
    place = Place(str(label), FETCH_AGAIN)
    if label.name.lower() == _LABELS["2"]:  # three lines: pulse, heart rate, seconds
        if len(rows) < 3 or not rows[0] or {len(row) for row in rows[:3]} != {len(rows[0])}:
            raise place.invalid("there are not three lines of as many numbers")
        return np.array(rows[0]), np.array(rows[1]), np.array(rows[2])
    if not rows or min(map(len, rows)) < 4:  # a line a sample: milliseconds, heart rate, oxygen, pulse
        raise place.invalid("there are not four numbers in each line")
    time_ms, rates, _, pulse = np.array([row[:4] for row in rows]).T
    return pulse, rates, time_ms / 1000


@dataclass(frozen=True)
class Oximeter:
    """The finger's pulse in `gtdump.xmp` or `ground_truth.txt`."""

    path: Path

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        pulse, _, time_s = _read_label(self.path)
        start = time_s[0] if self.path.name.lower() == _LABELS["2"] else 0.0  # there, times are those of frames
        return contact_pulse(self.path, pulse, time_s - start)


LOADER = Loader(
    lambda folder, _: load_ubfc_rppg(folder),
    ("DATASET_2/*/ground_truth.txt", "DATASET_1/*/gtdump.xmp", "subject*/ground_truth.txt", "*/gtdump.xmp"),
    "Bobbia, Macwan, Benezeth, Mansouri, Dubois: Unsupervised skin tissue segmentation for remote "
    "photoplethysmography. Pattern Recognition Letters 124:82-90, 2019",
    "for research; the faces of subjects 21 and 27 of DATASET_2 may be in no publication, talk or report",
)
