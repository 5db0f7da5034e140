"""Faces as frames, from data sets and maps, for networks that find the pulse: no pressure is wanted."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from bpdemo.crops import CropForm
from bpdemo.data.registry import check_people, load
from bpdemo.errors import DataError
from bpdemo.synthesis.pulses import beats_of
from bpdemo.training.cohort import by_set, part_by_clips
from bpdemo.training.crop_store import CropStore
from bpdemo.training.filmed import first_of_overlapping, keep_crops, read_clips, read_maps
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
    with_clips, recorded = part_by_clips(load(data))
    store, is_first = CropStore(), first_of_overlapping()
    crop: list[int] = []
    person: list[str] = []
    clip: list[str] = []
    for row in chain(read_clips(with_clips, form, pressure=False), read_maps(maps, crops=form, labelled=False)):
        if row.get("has_pulse") and is_first(row):
            crop.append(keep_crops(row, store)["crop"])
            person.append(row["person"])
            clip.append(f"{row['person']}/{row['recording']}")
    rendered = [one for one in recorded if beats_of(one)]
    if rendered:
        dataset = render(rendered, qualities, seed, "pulse", crops=form, store=store)
        assert dataset.crop is not None
        crop += dataset.crop.tolist()
        names = [rendered[number].name for number in dataset.person]
        person += names
        clip += names
    if not crop:
        raise DataError("no_clips", "No window of any clip shows a pulse.", "Run bpdemo estimate on some of them.")
    check_people(by_set(person))
    return PulseWindows(store, np.array(crop), tuple(person), tuple(clip))
