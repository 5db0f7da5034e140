"""Many renderings of many people, in memory: what the network is fitted and scored on."""

import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from tqdm import tqdm

from bpdemo.errors import DataError
from bpdemo.training.people import Person
from bpdemo.training.pulses import beats_of
from bpdemo.training.render_maps import QUALITIES, render_map

FILMED = "filmed"
"""The quality of maps made from clips; all others are rendered."""

_WORTH_A_POOL = 200  # maps; fewer are rendered before other processes have started


@dataclass(frozen=True)
class MapSet:
    """Maps and whose they are.

    Attributes:
        values: float16 [maps, 4, cells, columns], 0 where not measured.
        mask: bool [maps, cells, columns].
        person: int [maps], index of the person.
        quality: str [maps], a key of `QUALITIES`, or `FILMED`.
        people: whom the indices mean.
        own_pressures: float32 [maps, 2], systolic and diastolic of each map, mmHg; None where they are the person's.
    """

    values: np.ndarray
    mask: np.ndarray
    person: np.ndarray
    quality: np.ndarray
    people: tuple[Person, ...]
    own_pressures: np.ndarray | None = None

    @property
    def pressures(self) -> np.ndarray:
        """float32 [people, 2]: systolic and diastolic, mmHg."""
        return np.array([[person.systolic, person.diastolic] for person in self.people], dtype=np.float32)

    @property
    def truth(self) -> np.ndarray:
        """float32 [maps, 2]: the pressures each map should give, mmHg."""
        return self.pressures[self.person] if self.own_pressures is None else self.own_pressures

    def of_people(self, people: Sequence[int]) -> np.ndarray:
        """Return the indices of all maps of some people."""
        return np.flatnonzero(np.isin(self.person, people))


def keep_usable(people: Sequence[Person]) -> tuple[list[Person], int]:
    """Leave out people whose recordings hold no whole beat.

    Args:
        people: whom to look at.

    Returns:
        The others, and how many were left out.

    Raises:
        DataError: `no_beats`, when nobody is left.
    """
    usable = [person for person in people if beats_of(person)]
    if not usable:
        raise DataError(
            "no_beats", "No recording holds a whole beat.", "Check the sampling rate and that the pulse is upright."
        )
    return usable, len(people) - len(usable)


def join(first: MapSet, second: MapSet) -> MapSet:
    """Put two sets of different people together, the first's maps and people before the second's.

    Args:
        first: any set.
        second: another, with as many columns.

    Returns:
        Maps and people of both.
    """
    return MapSet(
        np.concatenate((first.values, second.values)),
        np.concatenate((first.mask, second.mask)),
        np.concatenate((first.person, second.person + len(first.people))),
        np.concatenate((first.quality, second.quality)),
        first.people + second.people,
        np.concatenate((first.truth, second.truth)),
    )


def render_set(people: Sequence[Person], qualities: Sequence[str], seed: int, purpose: str) -> MapSet:
    """Render every person once for each entry of `qualities`.

    A rendering depends on the person's name, the seed, the purpose and its place in `qualities`, and on nothing else:
    neither on who else is in the set nor on how many processors render it.

    Args:
        people: whom to render, each with at least one whole beat.
        qualities: keys of `QUALITIES`, repeated as often as wanted.
        seed: fixes all renderings.
        purpose: `"training"` and `"evaluation"` never share a rendering.

    Returns:
        The maps, person by person.
    """
    work = list(zip(people, repeat(tuple(qualities)), repeat(seed), repeat(purpose), strict=False))
    each = _render_all(work, len(people) * len(qualities))
    values, mask = [], []
    for person_values, person_mask in tqdm(each, total=len(people), desc=f"render {purpose}", unit="person"):
        values.append(person_values)
        mask.append(person_mask)
    return MapSet(
        np.concatenate(values),
        np.concatenate(mask),
        np.repeat(np.arange(len(people)), len(qualities)),
        np.tile(np.array(qualities), len(people)),
        tuple(people),
    )


def _render_all(work: Sequence[tuple], maps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    workers = os.cpu_count() or 1
    if workers == 1 or maps < _WORTH_A_POOL:
        yield from map(_render_person, work)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_render_person, work, chunksize=1)


def _render_person(work: tuple[Person, tuple[str, ...], int, str]) -> tuple[np.ndarray, np.ndarray]:
    person, qualities, seed, purpose = work
    beats = beats_of(person)
    values, mask = [], []
    for i, quality in enumerate(qualities):
        key = zlib.crc32(f"{person.name}/{purpose}".encode())
        stmap = render_map(beats, QUALITIES[quality], np.random.default_rng([seed, key, i]))
        values.append(np.nan_to_num(stmap.values).astype(np.float16))
        mask.append(stmap.mask)
    return np.stack(values), np.stack(mask)
