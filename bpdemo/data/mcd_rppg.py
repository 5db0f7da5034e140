"""MCD-rPPG as published: 600 people at rest and after squats, each filmed by three cameras, one cuff pair a state.

Egorov et al., *Gaze into the Heart: A Multi-View Video Dataset for rPPG and Health Biomarkers Estimation*,
arXiv 2508.17924, 2025.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PureWindowsPath

import numpy as np

from bpdemo.data.files import checked_set, contact_pulse, is_pointer, known, known_cuff, read_numbers, read_text
from bpdemo.data.folders import list_folder
from bpdemo.data.loader import Loader, Place, parse_sex, wrong_layout
from bpdemo.data.person import Recording
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError

TABLE = "db.csv"
_TITLE = "MCD-rPPG"
_COLUMNS = ("patient_id", "step", "camera", "video", "upper_ap", "lower_ap")
_WHOLE_NUMBER = re.compile(r"^0*([0-9]+)(\.0+)?$")  # a spreadsheet writes it as it likes
_SHORTEST_STEP_S = 1 / 200  # the oximeter gives 100 samples a second
_REMEDY = "Download kyegorov/mcd_rppg from Hugging Face and name the folder with db.csv, video/, ppg_sync/ and meta/."
_POINTERS = "Its videos are Git LFS pointers: run `git lfs pull` there, or download by the Hugging Face client."
_INVENTED = (
    "No delivery of the set has subject folders, whatever a fork of its program says: download kyegorov/mcd_rppg "
    "from Hugging Face and name the folder with db.csv."
)


def load_mcd_rppg(folder: str | Path) -> list[Recording]:
    """Return the recordings of `db.csv` in its order: `video/<id>_<camera>_<step>.avi`, `ppg_sync/<the same>.txt`.

    A pressure that is not there or impossible is None. A file that is not there, or is only a Git LFS pointer, is
    `missing`.

    Raises:
        DataError: `data_missing` when the table or every video is not there, `data_invalid` when the table has another
            layout or names a video twice.
    """
    folder = Path(folder)
    table = list_folder(folder).get(TABLE)
    if table is None:
        invented = next(folder.glob("subject_*/*/camera_*"), None) is not None
        raise wrong_layout(folder, _TITLE, TABLE, _INVENTED if invented else _REMEDY)
    videos, pulses = list_folder(folder / "video"), list_folder(folder / "ppg_sync")
    recordings: dict[str, Recording] = {}
    pointers = False
    for place, row in _read_rows(table):
        file = PureWindowsPath(row["video"].strip())  # it splits at both kinds of slash
        name, patient = file.stem, _WHOLE_NUMBER.sub(r"\1", row["patient_id"].strip())
        if not name or not patient:
            raise place.invalid("it names no patient or no video")
        if name in recordings:  # under another patient, it would leak between folds
            raise place.invalid(f"{file.name} is named twice")
        video, pulse = videos.get(file.name.casefold()), pulses.get(f"{name}.txt".casefold())
        if video and is_pointer(video):
            video, pointers = None, True
        if pulse and is_pointer(pulse):
            pulse = None
        wanted = {f"video/{file.name}": video, f"ppg_sync/{name}.txt": pulse}
        recordings[name] = Recording(
            f"mcd_rppg:{patient}",
            name,
            video,
            known_cuff(row["upper_ap"], row["lower_ap"]),
            SyncedPulse(pulse, folder / "meta" / f"{name}.txt") if pulse else None,
            known(row.get("pulse")),
            known(row.get("age")),
            parse_sex(row.get("sex")),
            known(row.get("height")),
            known(row.get("weight")),
            task=row["step"].strip().lower() or None,
            camera=row["camera"].strip() or None,
            missing=tuple(path for path, found in wanted.items() if found is None),
        )
    first = "video/<id>_<camera>_<step>.avi"
    return checked_set(recordings.values(), folder, _TITLE, first, _POINTERS if pointers else _REMEDY)


def _read_rows(table: Path) -> Iterator[tuple[Place, dict[str, str]]]:
    """Rows of the table by column, and where they stand."""
    reader = csv.DictReader(io.StringIO(read_text(table), newline=""), restval="")
    try:
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
        if absent := [name for name in _COLUMNS if name not in reader.fieldnames]:
            raise Place(str(table), _REMEDY).invalid(f"there is no column {', '.join(absent)}")
        for row in reader:
            if any(row.values()):  # a spreadsheet leaves lines of commas
                yield Place(f"{table}, line {reader.line_num}", _REMEDY), row
    except csv.Error as error:
        raise Place(str(table), _REMEDY).invalid(f"this is not comma-separated text ({error})") from error


@dataclass(frozen=True)
class SyncedPulse:
    """The oximeter's pulse beside one camera's video.

    Two kinds of file are about. In one, a line is for a frame: the value nearest to it, and how far in time that was;
    when frames were filmed stands in `meta`. In the other, a line is for a sample: the value, and the seconds since the
    line before.
    """

    path: Path
    meta: Path  # a line a frame: its number, and the date and time

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        rows = read_numbers(self.path, most=2)
        if rows and np.isnan(rows[0]).all():
            rows = rows[1:]  # a header
        values, seconds = [row[0] for row in rows], [row[1] if len(row) > 1 else math.nan for row in rows]
        frames = _read_frame_times(self.meta)
        if len(frames) >= len(rows):
            return contact_pulse(self.path, values, frames[: len(rows)])
        if seconds[1:] and np.median(seconds[1:]) < _SHORTEST_STEP_S:
            raise Place(str(self.path), f"Fetch {self.meta.name} of the folder meta, too.").invalid(
                "a line is for a frame, and nothing says when frames were filmed"
            )
        return contact_pulse(self.path, values, np.cumsum([0.0, *seconds[1:]])[: len(rows)])


def _read_frame_times(meta: Path) -> list[float]:
    """When frames were filmed, in seconds from the first one; empty when the file does not say it."""
    with suppress(DataError, IndexError, TypeError, ValueError):
        dates = [datetime.fromisoformat(line.split(maxsplit=1)[1].strip()) for line in _lines(meta)]
        return [(date - dates[0]).total_seconds() for date in dates]
    return []


def _lines(file: Path) -> list[str]:
    return [line for line in read_text(file).splitlines() if line.strip()]


LOADER = Loader(
    # People of a published set keep the set's name, so that weights know them whatever the user calls the set.
    lambda folder, _: load_mcd_rppg(folder),
    ("video/*_*_before.avi", "video/*_*_after.avi"),
    "Egorov et al.: Gaze into the Heart: A Multi-View Video Dataset for rPPG and Health Biomarkers Estimation. "
    "arXiv 2508.17924, 2025",
    "CC BY 4.0, by its card: name its authors",
    may_share=True,
)
