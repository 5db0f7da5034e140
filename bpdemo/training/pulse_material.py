"""Faces as frames, from data sets and maps, for networks that find the pulse: no pressure is wanted."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from bpdemo.crops import CropForm, unpack_crops
from bpdemo.data.person import data_set_of, group_people
from bpdemo.data.registry import check_people, load
from bpdemo.errors import DataError
from bpdemo.synthesis.pulses import beats_of
from bpdemo.training.crop_store import CropStore
from bpdemo.training.filmed import Row, read_clips, read_maps, without_overlap
from bpdemo.training.pulse_fit import PulseWindows
from bpdemo.training.rendered import render


def prepare_pulse_windows(
    data: Mapping[str, str | Path], maps: Sequence[str | Path], form: CropForm, qualities: Sequence[str], seed: int
) -> PulseWindows:
    """Return windows that show a pulse: of clips, of maps that hold crops, and of recordings rendered as frames.

    Of windows that overlap, the first counts.

    Raises:
        DataError: from loading; `no_clips`, when no window shows a pulse.
    """
    recordings = load(data)
    sets = {data_set_of(one.person) for one in recordings if one.clip is not None}
    with_clips = [one for one in recordings if data_set_of(one.person) in sets]
    store = CropStore()
    crop: list[int] = []
    person: list[str] = []
    clip: list[str] = []
    for row in _rows(with_clips, maps, form):
        crops, contact = unpack_crops(row)
        crop.append(store.append(crops, contact))
        person.append(row["person"])
        clip.append(f"{row['person']}/{row['recording']}")
    people = [one for one in group_people([one for one in recordings if data_set_of(one.person) not in sets])]
    rendered = [one for one in people if beats_of(one)]
    if rendered:
        dataset = render(rendered, qualities, seed, "pulse", crops=form, store=store)
        assert dataset.crop is not None
        crop += dataset.crop.tolist()
        names = [rendered[number].name for number in dataset.person]
        person += names
        clip += names
    if not crop:
        raise DataError("no_clips", "No window of any clip shows a pulse.", "Run bpdemo estimate on some of them.")
    check_people(
        [{name for name in person if data_set_of(name) == one} for one in sorted(set(map(data_set_of, person)))]
    )
    return PulseWindows(store, np.array(crop), tuple(person), tuple(clip))


def _rows(recordings: Sequence, maps: Sequence[str | Path], form: CropForm) -> Iterator[Row]:
    def all_rows() -> Iterator[Row]:
        yield from read_clips(recordings, form, known_only=False)
        yield from read_maps(maps, crops=form)

    yield from without_overlap(row for row in all_rows() if row.get("has_pulse"))
