"""One recording of a data set becomes rows, one a window: read by the demo's own way, its truth beside it."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from bpdemo import beats, stmap
from bpdemo.beats import MeanBeats
from bpdemo.capture import Capture, read_capture
from bpdemo.crops import CropForm, read_crops
from bpdemo.data.person import Recording, data_set_of, read_pulse
from bpdemo.data.pressure import Cuff, WindowPressure
from bpdemo.data.signals import Samples, at_columns
from bpdemo.errors import BpdemoError
from bpdemo.pictures import lies_in
from bpdemo.pulse import Pulse
from bpdemo.sources import ClipSource, Pictures, path_of
from bpdemo.spectrum import heart_rate_hz
from bpdemo.stmap import STMap
from bpdemo.system.isolation import read_crops_in_subprocess, read_in_subprocess
from bpdemo.window import Window, read_windows

Row = dict[str, Any]
_ABOUT = ("person", "task", "camera", "age", "sex", "height_cm", "weight_kg", "skin_tone", "heart_rate_bpm")
CLIP_MISSING = "clip_missing"


def read_recording(recording: Recording, *, isolate: bool = False, crops: CropForm | None = None) -> list[Row]:
    """Return the rows of a recording, column of `schema.COLUMNS` -> value: one a window, refused ones among them.

    Windows are those that the demo reads. A clip that cannot be read is one row with the error's code; nothing that is
    wrong with a recording is raised. `isolate` reads the clip in a subprocess (`system.isolation`). With `crops`, rows
    hold the face's crops in that form as well, up to 22 MB each, for which the clip is decoded once more.
    """
    if recording.clip is None:
        return failed(recording, CLIP_MISSING)
    row = described(recording)
    try:
        row["source_sha256"] = hash_source(recording.clip)
        capture = (read_in_subprocess if isolate else read_capture)(recording.clip)
        windows = read_windows(capture)
        pictures = [{} for _ in windows] if crops is None else _crops(recording.clip, capture, windows, crops, isolate)
    except BpdemoError as error:
        return [row | {"status": "error", "code": error.code}]
    except (BadZipFile, OSError):
        return [row | {"status": "error", "code": "not_readable"}]
    row |= _file(capture)
    if not windows:
        return [row | {"status": "refused", "code": "no_face"}]
    truths = _truths(recording, windows)
    contact, fault = read_pulse(recording)
    return [
        row | {"window": number} | _window(window) | truth | _contact_in(window, contact, fault, crops) | picture
        for number, (window, truth, picture) in enumerate(zip(windows, truths, pictures, strict=True))
    ]


def described(recording: Recording) -> Row:
    """Return the columns that are known before the clip is read, alike in every row of the recording."""
    row = {name: getattr(recording, name) for name in _ABOUT} | {
        "data_set": data_set_of(recording.person),
        "recording": recording.name,
        "source_bytes": size_of_source(recording.clip) if recording.clip is not None else None,
        "pressure_kind": recording.pressure.kind if recording.pressure is not None else None,
        "stmap_version": stmap.VERSION,
        "beats_version": beats.VERSION,
    }
    if isinstance(recording.pressure, Cuff):
        row |= {"systolic": recording.pressure.systolic, "diastolic": recording.pressure.diastolic}
    return row


def failed(recording: Recording, code: str) -> list[Row]:
    """Return the one row of a recording whose clip cannot be read."""
    return [described(recording) | {"status": "error", "code": code}]


def size_of_source(source: ClipSource) -> int | None:
    """Return the bytes of a clip's file, of the archive that it lies in, or of all pictures in its folder.

    None where they cannot be looked at.
    """
    path = path_of(source)
    try:
        files = _files_in(path) if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError:
        return None


def hash_source(source: ClipSource) -> str:
    """Return the SHA-256 of a clip's bytes; of pictures, of their names and checksums (CRC-32) in order.

    Raises:
        OSError, BadZipFile: it cannot be read.
    """
    if not isinstance(source, Pictures):
        with path_of(source).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if source.path.is_dir():
        pictures = [(file.name, zlib.crc32(file.read_bytes())) for file in _files_in(source.path)]
    else:
        with ZipFile(source.path) as archive:  # which keeps checksums of its entries
            entries = [(info.filename, info.CRC) for info in archive.infolist()]
        pictures = sorted(entry for entry in entries if lies_in(entry[0], source.inside))
    return hashlib.sha256(repr(pictures).encode()).hexdigest()


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder; folders in it, and links that lead nowhere, are no part of a clip."""
    return [path for path in sorted(folder.iterdir()) if path.is_file()]


def _file(capture: Capture) -> Row:
    file = capture.report.file
    return {name: getattr(file, name) for name in ("codec", "width", "height", "frame_rate_hz", "duration_s")}


def _window(window: Window) -> Row:
    return {
        "start_s": window.start_s,
        "end_s": window.end_s,
        "status": window.status,
        "code": window.reasons[0].code if window.reasons else "",
        "has_pulse": window.has_pulse,
        "checks": [asdict(check) | {"passed": check.passed} for check in window.checks],
        "pulse_probability": window.evidence.probability if window.evidence else None,
        **_map(window.stmap),
        **_beats(window.beats),
        **_pulse(window.pulse),
    }


def _map(made: STMap) -> Row:
    return {
        "stmap": made.values.astype(np.float16).ravel(),
        "mask": made.mask.ravel(),
        "columns": made.mask.shape[1],
        "scale": made.scale,
    }


def _beats(mean: MeanBeats | None) -> Row:
    if mean is None:
        return {}
    return {
        "beats": mean.values.ravel(),
        "beats_weight": mean.weight.ravel(),
        "beats_rate_hz": mean.rate_hz,
        "beats_s": mean.beats_s,
    }


def _pulse(pulse: Pulse | None) -> Row:
    if pulse is None:
        return {}
    return {
        "pulse": pulse.wave.astype(np.float32),
        "pulse_heart_rate_bpm": pulse.heart_rate_bpm,
        "pulse_snr_db": pulse.snr_db,
    }


def _crops(clip: ClipSource, capture: Capture, windows: Sequence[Window], form: CropForm, isolate: bool) -> list[Row]:
    """Return the crops of each window; raises as `read_crops`."""
    places = [(window.start_s, window.end_s) for window in windows]
    read = (read_crops_in_subprocess if isolate else read_crops)(clip, capture.track, form, places)
    told = form.to_json()
    return [{"crops": crops.tobytes(), "crops_frames": len(crops), "crops_form": told} for crops in read]


def _truths(recording: Recording, windows: list[Window]) -> list[Row]:
    """Return the true pressure of each window."""
    if recording.pressure is None:
        return [{"pressure_fault": "missing"} for _ in windows]
    return [
        _truth(one) for one in recording.pressure.of_windows([(window.start_s, window.end_s) for window in windows])
    ]


def _truth(pressure: WindowPressure) -> Row:
    known = {} if pressure.fault else {"systolic": pressure.systolic, "diastolic": pressure.diastolic}
    return {"pressure_fault": pressure.fault, "pressure_note": pressure.note, **known}


def _contact_in(window: Window, contact: Samples | None, fault: str, crops: CropForm | None) -> Row:
    if contact is None:
        return {"contact_fault": fault}
    wave = at_columns(contact, window.stmap.time_s)
    whole = bool(np.isfinite(wave).all()) and np.ptp(wave) > 0
    rate = 60 * heart_rate_hz(wave) if whole else None
    at_crops = {}
    if crops is not None:
        at_crops["crops_contact"] = at_columns(contact, crops.grid_s(window.start_s, window.end_s)).astype(np.float32)
    return {
        **at_crops,
        "contact_pulse": wave.astype(np.float32),
        "contact_heart_rate_bpm": rate,
        "contact_fault": "" if whole else "incomplete",
    }
