"""Your own clips of faces: a folder with `clips.csv` (see `tables.py`)."""

from dataclasses import replace
from pathlib import Path

from bpdemo.data.loader import Loader
from bpdemo.data.person import Recording
from bpdemo.data.tables import Row, read_recordings
from bpdemo.sources import ClipSource, Pictures

TABLE = "clips.csv"
_COLUMNS = ("clip", "person")
_NO_PULSE = "none"  # what the heart rate of a photograph is


def load_clips(folder: str | Path, name: str = "clips") -> list[Recording]:
    """Return the recordings of `clips.csv`: columns clip, person, and those optional in any table.

    A clip is a video file or a folder of pictures: numbered, of `frame_rate_hz`, or named by time stamps in
    nanoseconds. Each may have its own `systolic` and `diastolic` pressure (mmHg) and `heart_rate` (beats a minute;
    "none" where there is no pulse to find). People are called `<name>:<person>`. Errors are those of
    `tables.read_recordings`.
    """
    return [
        replace(recording, clip=_source(row), heart_rate_bpm=_heart_rate(row))
        for recording, row in read_recordings(Path(folder), name, TABLE, _COLUMNS)
    ]


def _source(row: Row) -> ClipSource:
    if not row.path.is_dir():
        return row.path
    rate_hz = row.number("frame_rate_hz")
    if rate_hz is not None and rate_hz <= 0:
        raise row.place.invalid(f"{rate_hz:g} Hz is no frame rate")
    return Pictures(row.path, rate_hz=rate_hz)


def _heart_rate(row: Row) -> float | None:
    return 0.0 if row.cells.get("heart_rate", "").lower() == _NO_PULSE else row.number("heart_rate")


LOADER = Loader(load_clips, (TABLE,))
