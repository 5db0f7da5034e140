"""PURE as published: 10 people in up to six tasks of a minute, pictures with time stamps, finger pulse, no pressures.

Stricker, Mueller, Gross, *Non-contact video-based pulse rate measurement on a mobile service robot*, IEEE RO-MAN, 2014.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bpdemo.data.files import FETCH_AGAIN, checked_set, contact_pulse, mean_known, read_json
from bpdemo.data.folders import first_picture, is_picture, list_folder
from bpdemo.data.loader import Loader, Place, number
from bpdemo.data.person import Recording
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError
from bpdemo.sources import Pictures

_TITLE = "PURE"
_TASKS = {
    "01": "steady",
    "02": "talking",
    "03": "slow translation",
    "04": "fast translation",
    "05": "small rotation",
    "06": "medium rotation",
}
_REMEDY = "Unpack its archives beside each other and name the folder with 01-01, 01-02 and so on."


def load_pure(folder: str | Path) -> list[Recording]:
    """Return the recordings `<person>-<task>/<person>-<task>/Image<nanoseconds>.png` with `<person>-<task>.json`.

    The pictures may also lie in the upper folder, and the JSON file beside it. What is not there is `missing`.

    Raises:
        DataError: `data_missing` when there is no such folder, or no picture in any.
    """
    folder = Path(folder)
    entries = list_folder(folder)
    recordings = (
        _describe(name, folder, entries)
        for name in dict.fromkeys(entry.removesuffix(".json") for entry in entries)
        if re.fullmatch(r"[0-9]{2}-[0-9]{2}", name)
    )
    return checked_set(recordings, folder, _TITLE, "01-01/01-01/Image<nanoseconds>.png", _REMEDY)


def _describe(name: str, folder: Path, entries: dict[str, Path]) -> Recording:
    upper = entries.get(name, folder / name)
    files = list_folder(upper)
    pictures = next((place for place in (files.get(name), upper) if place and first_picture(place)), None)
    labels = (place.get(f"{name}.json") for place in (files, entries, list_folder(upper / name)))
    label = next((path for path in labels if path), None)
    heart_rate_bpm = None
    if label:
        with suppress(DataError):  # it is raised when the pulse is read
            heart_rate_bpm = mean_known(value.get("pulseRate") for _, value in _packages(label, read_json(label)))
    person, task = name.split("-")
    wanted = {f"{name}/{name}/Image<nanoseconds>.png": pictures, f"{name}/{name}.json": label}
    return Recording(
        f"pure:{person}",
        name,
        Pictures(pictures) if pictures else None,
        pulse=Oximeter(label, pictures) if label else None,
        heart_rate_bpm=heart_rate_bpm,
        task=_TASKS.get(task, task),
        missing=tuple(path for path, found in wanted.items() if found is None),
    )


def _packages(label: Path, content: dict) -> list[tuple[int, dict]]:
    """Time stamp, nanoseconds, and values of each package of the oximeter."""
    try:
        return [(int(one["Timestamp"]), dict(one["Value"])) for one in content["/FullPackage"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Place(str(label), FETCH_AGAIN).invalid("/FullPackage has another layout") from error


def _stamps(pictures: Path | None) -> set[int]:
    """The time stamps in the names of pictures."""
    names = [path.stem for path in list_folder(pictures).values() if is_picture(path.name)] if pictures else []
    return {int(found[0]) for name in names if (found := re.search(r"[0-9]+$", name))}


@dataclass(frozen=True)
class Oximeter:
    """The finger's pulse in a recording's JSON file, on the clock of its pictures."""

    path: Path
    pictures: Path | None = None

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        content = read_json(self.path)
        packages = _packages(self.path, content)
        try:
            stamps = {int(one["Timestamp"]) for one in content["/Image"]}
            # The clip begins with the first picture that is there.
            start = min(stamps & _stamps(self.pictures) or stamps)
        except (KeyError, TypeError, ValueError) as error:
            raise Place(str(self.path), FETCH_AGAIN).invalid("/Image has no time stamps") from error
        values = [number(value.get("waveform")) for _, value in packages]
        # Subtracted as whole numbers: float64 would round time stamps of today to a quarter of a microsecond.
        return contact_pulse(self.path, values, [(stamp - start) / 1e9 for stamp, _ in packages])


LOADER = Loader(
    lambda folder, _: load_pure(folder),
    ("[0-9][0-9]-[0-9][0-9]/[0-9][0-9]-[0-9][0-9].json", "[0-9][0-9]-[0-9][0-9].json"),
    "Stricker, Mueller, Gross: Non-contact video-based pulse rate measurement on a mobile service robot. "
    "IEEE RO-MAN, 2014",
    "by request, for research: what its agreement says of faces",
)
