"""Vital Videos as delivered: hundreds of people, two clips of 30 s each, finger pulse, a cuff pair for some of them.

Toye, *Vital Videos: A dataset of face videos with PPG and blood pressure ground truths*, arXiv 2306.11891, 2023.
"""

import math
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import numpy as np

from bpdemo.data.files import checked_set, contact_pulse, known, known_cuff, mean_known, read_json
from bpdemo.data.folders import list_folder
from bpdemo.data.loader import Loader, number, parse_sex
from bpdemo.data.person import Recording
from bpdemo.data.signals import Samples
from bpdemo.errors import DataError
from bpdemo.sources import ClipSource, TimedVideo

_TITLE = "Vital Videos"
_REMEDY = "Name the folder that holds <GUID>.json beside <GUID>_1.mp4 and <GUID>_2.mp4, as they were delivered."
_GUID = "[0-9a-fA-F]" * 32
_GUID_WITH_HYPHENS = "-".join("[0-9a-fA-F]" * length for length in (8, 4, 4, 4, 12))


def load_vital_videos(folder: str | Path) -> list[Recording]:
    """Return the recordings of every `<GUID>.json`: one for each scenario that has any, in its order.

    A pressure that is not there or impossible is None; a video that is not there is `missing`. Where the file says when
    frames were filmed, the clip has these times.

    Raises:
        DataError: `data_missing` when there is no such file or no video, `data_invalid` when one of a video is no JSON.
    """
    folder = Path(folder)
    files = list_folder(folder)
    recordings = [
        recording
        for file in files.values()
        if file.suffix.lower() == ".json"
        for recording in _read_person(file, files)
    ]
    return checked_set(recordings, folder, _TITLE, "<GUID>.json with a participant's scenarios", _REMEDY)


def _read_person(file: Path, files: dict[str, Path]) -> list[Recording]:
    try:
        content = read_json(file)
    except DataError:
        if any(name.startswith(file.stem.casefold()) and name.endswith(".mp4") for name in files):
            raise
        return []  # it belongs to something else
    stated = content.get("GUID")
    guid = (stated.strip() if isinstance(stated, str) else "") or file.stem
    participant = _object(content.get("participant"))
    found = []
    for index, scenario in enumerate(_scenarios(content)):
        measured = _object(scenario.get("recordings"))
        if not measured:
            continue
        named = _object(measured.get("RGB")).get("filename")
        video = PureWindowsPath(named).name if isinstance(named, str) and named else f"{guid}_{index + 1}.mp4"
        path = files.get(video.casefold())
        settings = [str(value) for value in _object(scenario.get("scenario_settings")).values() if value is not None]
        found.append(
            Recording(
                f"vital_videos:{guid}",
                PureWindowsPath(video).stem,
                path and _clip(path, measured),
                known_cuff(_value(measured.get("bp_sys")), _value(measured.get("bp_dia"))),
                FingerPulse(file, index) if _series(measured.get("ppg")) else None,
                _heart_rate(measured.get("hr")),
                known(_value(participant.get("age"))),
                parse_sex(_value(participant.get("gender"))),
                skin_tone=_skin_tone(_value(participant.get("fitzpatrick"))),
                task=", ".join(settings) or None,
                missing=() if path else (video,),
            )
        )
    return found


def _object(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _scenarios(content: dict) -> list[dict]:
    """The scenarios, an empty one for what is none: the n-th has the n-th video."""
    scenarios = content.get("scenarios")
    return [_object(one) for one in scenarios] if isinstance(scenarios, list) else []


def _value(cell: object) -> object:
    """What was measured, as it stands or as the `value` of an object."""
    return cell.get("value") if isinstance(cell, dict) else cell


def _series(measured: object) -> list[tuple[float, float]]:
    """Pairs of time and value; NaN for what is no number."""
    series = _object(measured).get("timeseries")
    rows = [row for row in series if isinstance(row, list) and row] if isinstance(series, list) else []
    return [(number(row[0]), number(row[1]) if len(row) > 1 else math.nan) for row in rows]


def _seconds(times: list[float]) -> np.ndarray:
    """Times in seconds. Deliveries count milliseconds; no camera and no sensor of a pulse takes a second a step."""
    return np.array(times) / (1000.0 if len(times) > 1 and np.median(np.diff(times)) >= 1 else 1.0)


def _frame_times(measured: dict) -> np.ndarray:
    """When frames were filmed, on the clock of all series, in seconds; empty when it is not known."""
    times = _seconds([time for time, _ in _series(measured.get("RGB"))])
    return times if len(times) > 1 and (np.diff(times) > 0).all() else np.array([])


def _clip(path: Path, measured: dict) -> ClipSource:
    times = _frame_times(measured)
    return TimedVideo(path, tuple((times - times[0]).tolist())) if len(times) else path


def _skin_tone(cell: object) -> str | None:
    """The type as a word, a number as 3 whether it is written 3, 3.0 or "3"."""
    grade = number(cell)
    word = str(cell).strip() if math.isnan(grade) and cell is not None else "" if cell is None else f"{grade:g}"
    return f"Fitzpatrick {word}" if word else None


def _heart_rate(measured: object) -> float | None:
    return mean_known([value for _, value in _series(measured)] or [_value(measured)])


@dataclass(frozen=True)
class FingerPulse:
    """The finger's pulse of one scenario of a participant's JSON file."""

    path: Path
    scenario: int  # from 0

    def read(self) -> Samples:
        """Return the samples; raises `data_missing` or `data_invalid` (see `contact_pulse`)."""
        measured = _object(_scenarios(read_json(self.path))[self.scenario].get("recordings"))
        pairs, frames = _series(measured.get("ppg")), _frame_times(measured)
        time_s = _seconds([time for time, _ in pairs]) - (frames[0] if len(frames) else 0.0)
        return contact_pulse(f"{self.path}, scenario {self.scenario + 1}", [value for _, value in pairs], time_s)


LOADER = Loader(
    lambda folder, _: load_vital_videos(folder),
    (f"{_GUID}_[12].mp4", f"{_GUID_WITH_HYPHENS}_[12].mp4"),
    "Toye: Vital Videos: A dataset of face videos with PPG and blood pressure ground truths. arXiv 2306.11891, 2023",
    "by request: what its agreement says of faces, labels and anything made of them",
)
