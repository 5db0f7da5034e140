"""MMSE-HR: 40 people at two tasks or more, pictures at 25 Hz, and the arterial pressure of a finger at 1000 Hz.

Its people are also in BP4D+ and V4V (see `binghamton.py`): never train on one of the three and test on another.
"""

from collections.abc import Iterator
from pathlib import Path

from bpdemo.data import binghamton
from bpdemo.data.binghamton import Found, Session
from bpdemo.data.folders import find
from bpdemo.data.loader import Loader
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Wave

_WAVE = "BP_mmHg.txt"
_LAYOUTS = (  # where a layout has frames and where physiology, each in `<person>/<task>/`
    ("first 10 subjects 2D", "first 10 subjects Phydata released/Phydata"),
    ("T10_T11_30Subjects", "T10_T11_30PhyBPHRData"),
    ("video", "signal"),
)
_REMEDY = (
    "Name the folder with 'first 10 subjects 2D' and 'first 10 subjects Phydata released', or 'T10_T11_30Subjects' and "
    "'T10_T11_30PhyBPHRData', or both pairs; or, re-arranged, 'video' and 'signal', each with <person>/<task>/."
)


def load_mmse_hr(folder: str | Path) -> list[Recording]:
    """Return the recordings of both deliveries, or of Hwang's arrangement, by person and task.

    Frames and pressures are paired by person and task. A session that two deliveries have is taken from the complete
    one, or from both. People are called `mmse_hr:F005`.

    Raises:
        DataError: `data_missing` when this is not MMSE-HR, or there are no frames, or no pressures.
    """
    folder = Path(folder)
    recordings: dict[Session, Recording] = {}
    for session, clip, path, missing in binghamton.join(_find(folder)).values():
        wave = binghamton.wave_of(path)
        pressure = Wave(wave) if wave else None
        recordings[session] = binghamton.describe("mmse_hr", session, clip, pressure, wave, missing)
    first = f"{_LAYOUTS[0][0]}/<person>/<task>/*.jpg"
    return binghamton.check_whole(recordings, folder, "MMSE-HR", first, _REMEDY)


def _find(folder: Path) -> Iterator[Found]:
    for frames, physiology in _LAYOUTS:
        clips = binghamton.list_frames(find(folder, frames))
        waves = {
            session: path
            for session, own in binghamton.list_sessions(find(folder, *physiology.split("/"))).items()
            if (path := find(own, _WAVE))
        }
        for session in clips.keys() | waves.keys():
            person, task = session
            missing = [f"{frames}/{person}/T{task}"] if session not in clips else []
            missing += [f"{physiology}/{person}/T{task}/{_WAVE}"] if session not in waves else []
            yield session, clips.get(session), waves.get(session), missing


LOADER = Loader(
    # Its people keep the set's name whatever the user calls it, so that weights know whom they have seen.
    lambda folder, _: load_mmse_hr(folder),
    marks=("first 10 subjects 2D", "T10_T11_30Subjects", "video/[FM][0-9]*/T[0-9]*", "signal/[FM][0-9]*/T[0-9]*"),
    citation="Zhang, Girard, Wu, et al.: Multimodal spontaneous emotion corpus for human behavior analysis. CVPR 2016",
    licence=binghamton.LICENCE,
)
