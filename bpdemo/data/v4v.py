"""V4V: 179 people at ten tasks, videos at 25 Hz, the arterial pressure of a finger at 1000 Hz, and heart rates.

Its people are also in BP4D+ and MMSE-HR (see `binghamton.py`): never train on one of the three and test on another.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bpdemo.data import binghamton
from bpdemo.data.binghamton import Found, Session, session_of
from bpdemo.data.files import mean_known
from bpdemo.data.folders import find, list_folder
from bpdemo.data.loader import Loader
from bpdemo.data.person import Recording
from bpdemo.data.pressure import Wave

_PHASE_1, _PHASE_2 = "Phase 1_ Training_Validation sets", "Phase 2_ Testing set"


class _Part(NamedTuple):
    """Where videos lie, in folders that begin so, and where their pressures, and how the name of such a file ends."""

    videos: str
    begin: str
    pressures: str
    ending: str


_PARTS = (
    _Part(f"{_PHASE_1}/Videos", "train", f"{_PHASE_1}/Ground truth/BP_raw_1KHz", "-BP.txt"),
    _Part(f"{_PHASE_1}/Videos", "val", f"{_PHASE_2}/blood_pressure/val_set_bp", ".txt"),
    _Part(f"{_PHASE_2}/Videos", "test", f"{_PHASE_2}/blood_pressure/test_set_bp", ".txt"),
    _Part("train", "video", "train/signal", "-BP.txt"),
    _Part("val", "video", "val/signal", ".txt"),
    _Part("test", "video", "test/signal", ".txt"),
)
_BY_SESSION = "train_val/data"  # <session>/video.mkv and label.txt
_TEST_BY_SESSION = _Part("test", "videos", "test/blood_pressure", ".txt")  # its other half
_VIDEOS = {".mkv", ".mp4", ".avi"}
_REMEDY = (
    f"Name the folder with {_PHASE_1!r} and {_PHASE_2!r}; or, re-arranged, with train, val and test that hold 'video' "
    f"and 'signal'; or with {_BY_SESSION!r}."
)


def load_v4v(folder: str | Path) -> list[Recording]:
    """Return the recordings of the challenge's two phases, or of either arrangement in use, by person and task.

    Videos and pressures are paired by person and task, in whichever of the parts they lie. The heart rate is the mean
    of the challenge's values, one a frame. People are called `v4v:F001`.

    Raises:
        DataError: `data_missing` when this is not V4V, or there are no videos, or no pressures.
    """
    folder = Path(folder)
    rates = _read_rates(folder)
    recordings: dict[Session, Recording] = {}
    found = binghamton.join((*_find_parts(folder), *_find_by_session(folder)))
    for session, clip, wave_path, missing in found.values():
        wave = binghamton.wave_of(wave_path)
        pressure = Wave(wave) if wave else None
        recordings[session] = binghamton.describe("v4v", session, clip, pressure, wave, missing, rates.get(session))
    first = f"{_PHASE_1}/Videos/train-001_of_002/F001_T1.mkv"
    return binghamton.check_whole(recordings, folder, "V4V", first, _REMEDY)


def _find_parts(folder: Path) -> Iterator[Found]:
    by_session = find(folder, *_BY_SESSION.split("/")) is not None
    for part in (*_PARTS, _TEST_BY_SESSION) if by_session else _PARTS:
        roots = [root for root in _list_in(folder, part.videos) if root.name.lower().startswith(part.begin)]
        clips = {session: path for root in roots for session, path in _list_files(root, _VIDEOS).items()}
        pressures = find(folder, *part.pressures.split("/"))
        waves = _list_files(pressures, {".txt"}) if pressures else {}
        for session in clips.keys() | waves.keys():
            person, task = session
            missing = [f"{part.videos}/{part.begin}*/{person}_T{task}.mkv"] if session not in clips else []
            missing += [f"{part.pressures}/{person}-T{task}{part.ending}"] if session not in waves else []
            yield session, clips.get(session), waves.get(session), missing


def _find_by_session(folder: Path) -> Iterator[Found]:
    for own in _list_in(folder, _BY_SESSION):
        if session := session_of(own.name):
            clip, wave = find(own, "video.mkv"), find(own, "label.txt")
            missing = [
                f"{_BY_SESSION}/{own.name}/{name}"
                for name, path in (("video.mkv", clip), ("label.txt", wave))
                if path is None
            ]
            yield session, clip, wave, missing


def _list_in(folder: Path, names: str) -> list[Path]:
    found = find(folder, *names.split("/"))
    return [*list_folder(found).values()] if found else []


def _list_files(root: Path, endings: set[str]) -> dict[Session, Path]:
    """The files of sessions anywhere in a folder: F001_T1.mkv, F001-T1.txt, F001-T1-BP.txt."""
    found: dict[Session, Path] = {}
    for path in sorted(Path(above, name) for above, _, names in os.walk(root, followlinks=True) for name in names):
        session = session_of(re.sub(r"[\s_-]+BP$", "", path.stem, flags=re.IGNORECASE))
        if session and path.suffix.lower() in endings and path.is_file():
            found.setdefault(session, path)
    return found


def _read_rates(folder: Path) -> dict[Session, float]:
    """The mean heart rate of each session, from lines "F001_T1.mkv, HR, value of a frame, ..."."""
    texts = _list_in(folder, f"{_PHASE_1}/Ground truth/Physiology")
    texts += [text for names in (_PHASE_2, "test") for text in _list_in(folder, names) if "_gt_" in text.name.lower()]
    rates: dict[Session, float] = {}
    for text in texts:
        for line in text.read_text("utf-8", "replace").splitlines() if text.is_file() else []:
            video, kind, *cells = [cell.strip() for cell in line.split(",")] + [""]
            session = session_of(Path(video.lstrip("\ufeff")).stem)
            if session and kind.upper() == "HR" and (rate := mean_known(cells)):
                rates[session] = rate
    return rates


LOADER = Loader(
    # Its people keep the set's name whatever the user calls it, so that weights know whom they have seen.
    lambda folder, _: load_v4v(folder),
    marks=(
        f"{_PHASE_1}/Videos",
        f"{_PHASE_2}/Videos",
        "*/video/[FM][0-9]*_T[0-9]*.mkv",
        "train_val/data/[FM][0-9]*_T[0-9]*",
    ),
    citation="Revanur, Li, Ciftci, Yin, Jeni: The first Vision for Vitals (V4V) challenge for non-contact video-based "
    "physiological estimation. ICCV workshops 2021",
    licence=binghamton.LICENCE,
)
