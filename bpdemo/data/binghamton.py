"""What MMSE-HR, BP4D+ and V4V have in common: sessions that were recorded at Binghamton University.

The three are cut from the same sessions, and F001 may be the same woman in each: never train on one and test on
another.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bpdemo.data.arterial import ArterialPulse
from bpdemo.data.folders import first_picture, list_folder
from bpdemo.data.loader import parse_sex, wrong_layout
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Pressure
from bpdemo.data.signals import TextColumn
from bpdemo.sources import ClipSource, Pictures

SHARED_PEOPLE = ("bp4d", "mmse_hr", "v4v")
"""The sets that share people: `bp4d:F001`, `mmse_hr:F001` and `v4v:F001` may be one person."""

FRAME_RATE_HZ = 25.0
PRESSURE_RATE_HZ = 1000.0
LICENCE = "agreement with Binghamton University: academic research only, and nothing is passed on"

Session = tuple[str, int]
"""A person and the number of the task: ("F005", 10)."""

Found = tuple[Session, ClipSource | None, Path | None, list[str]]
"""A session in one of a set's places: its clip, the file of its arterial wave, and what is missing there."""

_PERSON = re.compile(r"([FM])(\d{1,3})", re.IGNORECASE)
_TASK = re.compile(r"T(\d{1,2})", re.IGNORECASE)
_SESSION = re.compile(rf"({_PERSON.pattern})[\s_-]*({_TASK.pattern})", re.IGNORECASE)


def person_of(name: str) -> str | None:
    """Return the person that a name is, as F005; None for any other name."""
    found = _PERSON.fullmatch(name.strip())
    return f"{found[1].upper()}{int(found[2]):03d}" if found else None


def task_of(name: str) -> int | None:
    """Return the number of the task that a name is, as 10 of T10; None for any other name."""
    found = _TASK.fullmatch(name.strip())
    return int(found[1]) if found else None


def session_of(name: str) -> Session | None:
    """Return the session that a name is, as F005_T10 or F005-T10; None for any other name."""
    found = _SESSION.fullmatch(name.strip())
    person, task = (person_of(found[1]), task_of(found[4])) if found else (None, None)
    return (person, task) if person is not None and task is not None else None


def list_sessions(root: Path | None) -> dict[Session, Path]:
    """Return the folders `<person>/<task>` in a root by session; `F001/F001/T1`, as some unpack, is one as well."""
    found: dict[Session, Path] = {}
    for own in list_folder(root).values() if root else ():
        if (person := person_of(own.name)) is None:
            continue
        for folder in [*list_folder(own).values(), *list_folder(own / own.name).values()]:
            if (task := task_of(folder.name)) is not None and folder.is_dir():
                found.setdefault((person, task), folder)
    return found


def list_frames(root: Path | None) -> dict[Session, ClipSource]:
    """Return the clips in a root's folders `<person>/<task>` that hold pictures."""
    return {
        session: Pictures(folder, rate_hz=FRAME_RATE_HZ)
        for session, folder in list_sessions(root).items()
        if first_picture(folder)
    }


def join(found: Iterable[Found]) -> dict[Session, Found]:
    """Return each session once: as it is in the first place that has all of it, or else from several places."""
    joined: dict[Session, Found] = {}
    for session, clip, wave, missing in found:
        _, other_clip, other_wave, lacking = joined.get(session, (session, None, None, ["all of it"]))
        if not lacking:
            continue
        if missing:
            clip, wave = clip or other_clip, wave or other_wave
        joined[session] = (session, clip, wave, [] if clip and wave else missing)
    return joined


def wave_of(path: Path | None) -> TextColumn | None:
    """Return the arterial wave in a file; None for None."""
    return TextColumn(path, PRESSURE_RATE_HZ) if path else None


def describe(
    set_name: str,
    session: Session,
    clip: ClipSource | None,
    pressure: Pressure | None,
    wave: TextColumn | None,
    missing: Sequence[str],
    heart_rate_bpm: float | None = None,
) -> Recording:
    """Return a session's recording; the arterial wave is its contact pulse as well."""
    person, task = session
    return Recording(
        f"{set_name}:{person}",
        f"{person}/T{task}",
        clip,
        pressure,
        ArterialPulse(wave) if wave else None,
        heart_rate_bpm,
        sex=parse_sex(person[0]),
        task=f"T{task}",
        missing=tuple(missing),
    )


def check_whole(
    recordings: Mapping[Session, Recording], folder: Path, title: str, looked_for: str, remedy: str
) -> list[Recording]:
    """Return the recordings by person and task.

    Raises:
        DataError: `data_missing` when there is none (`looked_for` is what was looked for first), or none has a clip, or
            none has a pressure.
    """
    found = [recordings[session] for session in sorted(recordings)]
    if not found:
        raise wrong_layout(folder, title, looked_for, remedy)
    filmed = [one for one in found if one.clip is not None]
    if not filmed or all(one.pressure is None for one in found):
        raise wrong_layout(folder, f"the whole of {title}", (filmed or found)[0].missing[0], remedy)
    return found
