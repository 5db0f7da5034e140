"""Windows of clips as what the network reads, from the rows of their maps (`maps.schema`).

Only the windows are kept that the demo would give a reading for and whose pressure is known.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bpdemo.crops import CropForm
from bpdemo.data.person import Person, Recording
from bpdemo.errors import DataError, shown
from bpdemo.maps.recording import read_recording
from bpdemo.maps.store import read_rows
from bpdemo.models.inputs import Inputs
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS
from bpdemo.system.processes import cores, map_in_processes
from bpdemo.training.crop_store import CropStore
from bpdemo.training.dataset import Dataset, FilmedClip
from bpdemo.training.results import FILMED, Windows
from bpdemo.weights.config import Clips

Row = Mapping[str, Any]

_TRAITS = ("age", "sex", "height_cm", "weight_kg", "skin_tone")
COLUMNS = (
    *("data_set", "person", "recording", "task", "camera", *_TRAITS, "start_s", "end_s", "status", "code", "has_pulse"),
    *("systolic", "diastolic", "beats", "beats_weight", "beats_rate_hz"),
)
"""Of `schema.COLUMNS`, what is learned from."""
MAP_COLUMNS = ("stmap", "mask", "columns")
"""What a model reads besides that reads the maps themselves."""
LABELS = ("systolic", "diastolic")
"""What is learned from with labels alone."""
CROP_COLUMNS = ("crops", "crops_form", "crops_frames", "crops_contact")
"""And one that reads frames."""

_CLIPS_WORTH_A_POOL = 12
_NO_PRESSURE = "no_pressure"
_MEETING_S = 0.05  # windows that share no more than this do not overlap


@dataclass(frozen=True)
class Filmed:
    """What can be learned from some clips, and what became of the others."""

    dataset: Dataset
    clips: Clips
    windows: Windows
    everybody: tuple[str, ...]  # names of all people, those without a window among them


def read_clips(
    recordings: Sequence[Recording], crops: CropForm | None = None, *, pressure: bool = True
) -> Iterator[Row]:
    """Yield the rows of some recordings' clips, with crops where there is a form of them.

    Where a `pressure` is wanted, a clip without one is not read.
    """
    known = [one for one in recordings if one.pressure is not None or not pressure]
    for one in recordings:
        if pressure and one.pressure is None:
            yield _unread(one, "refused", _NO_PRESSURE)
    pooled = cores() > 1 and len(known) >= _CLIPS_WORTH_A_POOL
    work = partial(read_recording, crops=crops)
    read = map_in_processes(work, known) if pooled else map(work, known)
    shown = tqdm(read, total=len(known), desc="read clips", unit="clip", disable=not known)
    for one, rows in zip(known, shown, strict=True):
        yield from [_unread(one, "error", "crashed")] if rows is None else rows


def read_maps(
    maps: Sequence[str | Path], with_maps: bool = False, crops: CropForm | None = None, *, labelled: bool = True
) -> Iterator[Row]:
    """Yield the rows of maps (folders, or `owner/name@revision`); raises as `maps.store.read_rows`.

    Without labels, pressures are not read. Where there is a form of `crops`, all windows must hold them in it
    (DataError, `crops_missing`).
    """
    columns = [*COLUMNS, *(MAP_COLUMNS if with_maps else ()), *(CROP_COLUMNS if crops else ())]
    columns = [name for name in columns if labelled or name not in LABELS]
    for source in maps:
        for row in tqdm(read_rows(source, columns), desc="read maps", unit="window"):
            if crops is not None and row["start_s"] is not None and row["crops_form"] != crops.to_json():
                raise DataError(
                    "crops_missing",
                    f"{shown(str(source))} holds no crops of the face, or other ones than the model reads.",
                    "Extract the clips for this model: bpdemo extract --crops MODEL.",
                )
            yield row


def collect(
    rows: Iterable[Row], with_maps: bool = False, store: CropStore | None = None, *, labelled: bool = True
) -> Filmed:
    """Return the windows that give a reading and whose pressure is known, and what became of the rest.

    Without labels the pressure need not be known, and is NaN of all.

    Of windows that overlap, the first counts: nothing is learned twice from the same beats. The people are those with
    such a window, in order; a person's pressures are the mean over clips, a clip's over its windows.

    Raises:
        DataError: `no_clips`, when there is no such window.
    """
    kept: list[Row] = []
    everybody: dict[str, None] = {}
    refused: dict[tuple[str, str], str] = {}
    is_first, read = first_of_overlapping(), set[tuple[str, str]]()
    windows, overlapping = Counter[str](), 0
    for row in rows:
        clip = row["person"], row["recording"]
        everybody[row["person"]] = None
        if row["status"] != "reading" or (labelled and row.get("systolic") is None):
            code = row["code"] or _NO_PRESSURE
            refused.setdefault(clip, code)
            windows[code] += row.get("start_s") is not None
        elif is_first(row):
            kept.append(row if store is None else keep_crops(row, store))
            read.add(clip)
        else:
            overlapping += 1
    codes = Counter(code for clip, code in refused.items() if clip not in read)
    if not kept:
        told = ", ".join(f"{code}: {count}" for code, count in codes.items())
        raise DataError(
            "no_clips",
            f"None of {codes.total()} clips can be learned from ({told or 'there are none'}).",
            "Run `bpdemo estimate` on some of them; it says what is wrong with each.",
        )
    return Filmed(
        _stack(kept, with_maps, store),
        Clips(read=len(read), refused=dict(codes)),
        Windows(read=len(kept), refused=dict(+windows), overlapping=overlapping),
        tuple(everybody),
    )


def first_of_overlapping() -> Callable[[Row], bool]:
    """Return what tells of one row after another whether its window overlaps none before it that was told so."""
    end_s: dict[tuple[str, str], float] = {}

    def is_first(row: Row) -> bool:
        clip = row["person"], row["recording"]
        if row["start_s"] < end_s.get(clip, -np.inf) - _MEETING_S:
            return False
        end_s[clip] = row["end_s"]
        return True

    return is_first


def keep_crops(row: Row, store: CropStore) -> Row:
    """Return a row whose crops lie in a store: `crop` is their number there."""
    kept = {name: value for name, value in row.items() if name not in CROP_COLUMNS}
    form = CropForm.from_json(row["crops_form"])
    crops = np.frombuffer(row["crops"], np.uint8).reshape(row["crops_frames"], form.side, form.side, 3)
    return kept | {"crop": store.append(crops, row.get("crops_contact"))}


def _stack(kept: Sequence[Row], with_maps: bool, store: CropStore | None) -> Dataset:
    """Return windows, person by person."""
    people = {name: number for number, name in enumerate(dict.fromkeys(row["person"] for row in kept))}
    kept = sorted(kept, key=lambda row: people[row["person"]])
    firsts: dict[tuple[str, str], Row] = {}  # of each clip
    for row in kept:
        firsts.setdefault((row["person"], row["recording"]), row)
    clips = {key: number for number, key in enumerate(firsts)}
    person = np.array([people[row["person"]] for row in kept])
    clip = np.array([clips[row["person"], row["recording"]] for row in kept])
    truth = np.array([[row.get(name) for name in LABELS] for row in kept], np.float32)
    inputs = Inputs.empty(len(kept), with_maps)
    for i, row in enumerate(kept):  # one by one: a list of all would take as much memory again
        inputs.values[i] = np.reshape(row["beats"], inputs.values.shape[1:])
        inputs.weight[i] = np.reshape(row["beats_weight"], inputs.weight.shape[1:])
        inputs.rate_hz[i] = row["beats_rate_hz"]
        if with_maps:
            shape = (len(CHANNELS), len(CELLS), row["columns"])
            inputs.put_map(i, np.reshape(row["stmap"], shape), np.reshape(row["mask"], shape[1:]))
    return Dataset(
        **inputs.arrays,
        person=person,
        quality=np.full(len(kept), FILMED),
        truth=truth,
        clip=clip,
        readable=np.ones(len(kept), bool),
        people=tuple(
            _describe(name, [kept[i] for i in windows], truth[windows], clip[windows])
            for name, number in people.items()
            for windows in [np.flatnonzero(person == number)]
        ),
        clips=tuple(FilmedClip(*key, row.get("task"), row.get("camera")) for key, row in firsts.items()),
        crop=None if store is None else np.array([row["crop"] for row in kept]),
        store=store,
    )


def _describe(name: str, rows: Sequence[Row], truth: np.ndarray, clip: np.ndarray) -> Person:
    """Return a person: pressures by windows, [n, 2], and the clip of each; traits are the first that are known."""
    clips = [truth[clip == one].mean(axis=0) for one in np.unique(clip)]
    systolic, diastolic = np.mean(clips, axis=0).tolist()
    traits: dict[str, Any] = {
        trait: next((value for row in rows if (value := row.get(trait)) is not None), None) for trait in _TRAITS
    }
    return Person(name, systolic, diastolic, **traits)


def _unread(recording: Recording, status: str, code: str) -> Row:
    return {"person": recording.person, "recording": recording.name, "status": status, "code": code}
