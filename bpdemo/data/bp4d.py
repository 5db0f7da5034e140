"""BP4D+: 140 people at ten tasks, pictures at 25 Hz in one zip a person, and the arterial pressure at 1000 Hz.

Its people are also in MMSE-HR and V4V (see `binghamton.py`): never train on one of the three and test on another.
"""

import logging
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from bpdemo.data import binghamton
from bpdemo.data.binghamton import FRAME_RATE_HZ, Session, person_of, task_of
from bpdemo.data.folders import find, is_picture, list_folder
from bpdemo.data.loader import Loader
from bpdemo.data.person import Recording
from bpdemo.data.pressure import BeatSteps, Pressure, Wave
from bpdemo.sources import ClipSource, Pictures

_FRAMES, _PHYSIOLOGY = "2D+3D", "Physiology"
_WAVE, _SYSTOLIC, _DIASTOLIC = "BP_mmHg.txt", "LA Systolic BP_mmHg.txt", "BP Dia_mmHg.txt"
_REMEDY = (
    f"Name the folder with {_FRAMES!r} (F001.zip ..., as downloaded, or unpacked) and {_PHYSIOLOGY!r} "
    f"(F001/T1/{_WAVE} ...)."
)

_log = logging.getLogger(__name__)


def load_bp4d(folder: str | Path) -> list[Recording]:
    """Return the recordings of `2D+3D` and `Physiology`, by person and task.

    Zips are listed and not unpacked. The pressure is the device's own for each beat (systolic, diastolic), and where
    these have a fault, the wave's; the wave's where they are missing. People are called `bp4d:F001`.

    Raises:
        DataError: `data_missing` when this is not BP4D+, or there are no frames, or no pressures.
    """
    folder = Path(folder)
    clips = _list_clips(find(folder, _FRAMES))
    physiology = binghamton.list_sessions(find(folder, _PHYSIOLOGY))
    recordings = {}
    for session in clips.keys() | physiology.keys():
        person, task = session
        paths = {name: find(own, name) if (own := physiology.get(session)) else None for name in _NAMES}
        missing = [f"{_PHYSIOLOGY}/{person}/T{task}/{name}" for name, path in paths.items() if path is None]
        if session not in clips:
            archive = f"{_FRAMES}/{person}.zip"
            missing.insert(0, f"{archive}/{person}/T{task}" if find(folder, *archive.split("/")) else archive)
        wave, systolic, diastolic = (binghamton.wave_of(path) for path in paths.values())
        pressure: Pressure | None = Wave(wave) if wave else None
        if systolic and diastolic:
            pressure = BeatSteps(systolic, diastolic, wave)
        recordings[session] = binghamton.describe("bp4d", session, clips.get(session), pressure, wave, missing)
    return binghamton.check_whole(recordings, folder, "BP4D+", f"{_FRAMES}/F001.zip", _REMEDY)


_NAMES = (_WAVE, _SYSTOLIC, _DIASTOLIC)


def _list_clips(root: Path | None) -> dict[Session, ClipSource]:
    clips = binghamton.list_frames(root)
    for path in list_folder(root).values() if root else ():
        person = person_of(path.stem)
        if person and path.suffix.lower() == ".zip":
            for task, inside in _list_tasks(path, person).items():
                clips.setdefault((person, task), Pictures(path, inside, FRAME_RATE_HZ))
    return clips


def _list_tasks(path: Path, person: str) -> dict[int, str]:
    """The folders of pictures in a person's archive, by task; those of another person are left alone."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError) as error:
        _log.warning("%s cannot be read as a zip archive (%s): its clips are left out.", path, error)
        return {}
    tasks: dict[int, str] = {}
    splits = (name.replace("\\", "/").rpartition("/") for name in names)
    for inside in sorted({above for above, _, name in splits if is_picture(name)}):
        *above, last = inside.split("/")
        task, stated = task_of(last), person_of(above[-1]) if above else None
        if task is not None and stated in (None, person):
            tasks.setdefault(task, inside)
    return tasks


LOADER = Loader(
    # Its people keep the set's name whatever the user calls it, so that weights know whom they have seen.
    lambda folder, _: load_bp4d(folder),
    marks=("2D+3D/[FM][0-9]*", "Physiology/[FM][0-9]*/T[0-9]*"),
    citation="Zhang, Girard, Wu, et al.: Multimodal spontaneous emotion corpus for human behavior analysis. CVPR 2016",
    licence=binghamton.LICENCE,
)
