"""iBVP as published: some 33 people in four conditions of 3 min, pulse of the ear with its quality, no pressures.

Joshi, Cho, *iBVP Dataset: RGB-Thermal rPPG Dataset with High Resolution Signal Quality Labels*, Electronics 13(7):1334,
2024.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bpdemo.data.files import checked_set, contact_pulse, read_text
from bpdemo.data.folders import first_picture, list_folder
from bpdemo.data.loader import Loader, Place, number
from bpdemo.data.person import Recording
from bpdemo.data.signals import Samples
from bpdemo.sources import Pictures

_TITLE = "iBVP"
_RATE_HZ = 30.0  # of pictures and pulse: a line for a picture
_COLUMNS = ("bvp", "sqphysmd", "sq1", "sq2", "perfusion_value")
_QUALITIES = _COLUMNS[1:4]  # a network's label and two that were set by hand
_POOR = 0.3  # at and below, rPPG-Toolbox leaves frames out, by the last label; here any label counts
_DIGITS_OF_A_DATE = 12
_CONDITIONS = {
    "a": "a slow breathing and rest",
    "b": "b easy math",
    "c": "c difficult math",
    "d": "d head movement",
}
_REMEDY = "Unpack its archives beside each other and name the folder with p01_a, p01_b and so on."


def load_ibvp(folder: str | Path) -> list[Recording]:
    """Return the recordings `p<n>_<a..d>/`, each with `<itself>_rgb/*.bmp` and `<itself>_bvp.csv`.

    Those of people who consented to less lie in a folder of their own, one level deeper: they are found there, too.
    What is not there is `missing`.

    Raises:
        DataError: `data_missing` when there is no such folder, or no picture in any.
    """
    folder = Path(folder)
    sessions = [path for place in (folder, *list_folder(folder).values()) for path in _sessions(place)]
    recordings = (_describe(session, folder) for session in sessions)
    return checked_set(recordings, folder, _TITLE, "p01_a/p01_a_rgb/*.bmp", _REMEDY)


def _sessions(place: Path) -> list[Path]:
    return [path for name, path in list_folder(place).items() if re.fullmatch(r"p[0-9]+_[a-z]", name) and path.is_dir()]


def _describe(session: Path, folder: Path) -> Recording:
    name, files = session.name.lower(), list_folder(session)
    person, condition = name.split("_")
    pictures, label = files.get(f"{name}_rgb"), files.get(f"{name}_bvp.csv")
    first = first_picture(pictures) if pictures else ""
    inside = session.relative_to(folder).as_posix()
    wanted = {f"{inside}/{name}_rgb/*.bmp": first, f"{inside}/{name}_bvp.csv": label}
    return Recording(
        f"ibvp:{person}",
        name,
        _clip(pictures, first) if pictures and first else None,
        pulse=EarPulse(label) if label else None,
        task=_CONDITIONS.get(condition, condition),
        missing=tuple(path for path, found in wanted.items() if not found),
    )


def _clip(folder: Path, picture: str) -> Pictures:
    """Pictures, one of which is called so: numbered, or named by the date in milliseconds."""
    number = re.search(r"[0-9]+$", Path(picture).stem)
    stamped = number is not None and len(number[0]) >= _DIGITS_OF_A_DATE
    return Pictures(folder, stamps_hz=1000.0) if stamped else Pictures(folder, rate_hz=_RATE_HZ)


@dataclass(frozen=True)
class EarPulse:
    """The ear's pulse in `<session>_bvp.csv`, with or without a header; NaN where its quality is poor."""

    path: Path

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        rows = [line.split(",") for line in read_text(self.path).splitlines() if line.strip()]
        header = [cell.strip(' "').lower() for cell in rows[0]] if rows else []
        if "bvp" in header:
            rows = rows[1:]
        elif rows and (math.isnan(number(rows[0][0])) or len(rows[0]) > len(_COLUMNS)):
            raise Place(str(self.path), _REMEDY).invalid("there is no column BVP")
        else:
            header = list(_COLUMNS)
        padded = [[*row, *[""] * len(header)][: len(header)] for row in rows]
        cells = np.array([[number(cell) for cell in row] for row in padded]).reshape(-1, len(header))
        table = dict(zip(header, cells.T, strict=True))
        poor = [table[quality] <= _POOR for quality in _QUALITIES if quality in table]  # no label says nothing
        values = np.where(np.any(poor, axis=0), math.nan, table["bvp"]) if poor else table["bvp"]
        return contact_pulse(self.path, values, np.arange(len(values)) / _RATE_HZ)


LOADER = Loader(
    lambda folder, _: load_ibvp(folder),
    ("p[0-9]*_[a-d]/p[0-9]*_bvp.csv", "*/p[0-9]*_[a-d]/p[0-9]*_bvp.csv"),
    "Joshi, Cho: iBVP Dataset: RGB-Thermal rPPG Dataset with High Resolution Signal Quality Labels. "
    "Electronics 13(7):1334, 2024",
    "signed agreement, academic research only; no media use of p08, p10, p13, p16, p29, p31 and p33",
)
