"""Many renderings of many people, in memory, and their slices: what the network is fitted and scored on."""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from bpdemo.beats import cut_slices
from bpdemo.data.person import Person
from bpdemo.errors import DataError
from bpdemo.regions import CELLS
from bpdemo.stmap import RATE_HZ, STMap
from bpdemo.synthesis.maps import QUALITIES, render_map
from bpdemo.synthesis.pulses import beats_of

FILMED = "filmed"
"""The quality of maps made from clips; all others are rendered."""

_WORTH_A_POOL = 200  # maps; fewer are rendered before other processes have started


class _Labelled:
    """What sets of maps and of their slices have in common: whose they are, and what they should give."""

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


Set = TypeVar("Set", bound=_Labelled)
Change = Callable[[Sequence[np.ndarray], np.random.Generator], list[np.ndarray]]
"""What is done to a person's beats before a rendering; draws from a generator of its own."""


@dataclass(frozen=True)
class MapSet(_Labelled):
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


@dataclass(frozen=True)
class SliceSet(_Labelled):
    """Slices of maps (`slices.Slices`) and whose they are.

    Attributes:
        values: float32 [maps, slices, 4, regions, points].
        weight: float32 [maps, slices, regions].
        rate_hz: float32 [maps].
        person: as in `MapSet`; so are `quality`, `people` and `own_pressures`.
        quality: see `person`.
        people: see `person`.
        own_pressures: see `person`.
    """

    values: np.ndarray
    weight: np.ndarray
    rate_hz: np.ndarray
    person: np.ndarray
    quality: np.ndarray
    people: tuple[Person, ...]
    own_pressures: np.ndarray | None = None


def thin(maps: Set, each: int) -> Set:
    """Keep the first few maps of every person.

    Args:
        maps: a set of maps or of their slices, person by person.
        each: how many to keep.

    Returns:
        The smaller set, of the same kind.
    """
    kept = np.arange(len(maps.person)) - np.searchsorted(maps.person, maps.person) < each
    arrays = {name: value[kept] for name, value in vars(maps).items() if isinstance(value, np.ndarray)}
    return replace(maps, **arrays)


def slice_set(maps: MapSet, purpose: str = "") -> SliceSet:
    """Cut every map of a set into its slices.

    Args:
        maps: the set.
        purpose: shown with the progress.

    Returns:
        Their slices, in the same order.
    """
    work = zip(maps.values, maps.mask, strict=True)
    each = list(tqdm(_map_all(_slice_one, work, len(maps.person)), total=len(maps.person), desc=f"slice {purpose}"))
    values, weight, rate_hz = (np.stack(parts) for parts in zip(*each, strict=True))
    return SliceSet(
        values, weight, rate_hz.astype(np.float32), maps.person, maps.quality, maps.people, maps.own_pressures
    )


def keep_usable(people: Sequence[Person]) -> list[Person]:
    """Leave out people whose recordings hold no whole beat.

    Args:
        people: whom to look at.

    Returns:
        The others.

    Raises:
        DataError: `no_beats`, when nobody is left.
    """
    usable = [person for person in people if beats_of(person)]
    if not usable:
        raise DataError(
            "no_beats", "No recording holds a whole beat.", "Check the sampling rate and that the pulse is upright."
        )
    return usable


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


def render_set(
    people: Sequence[Person], qualities: Sequence[str], seed: int, purpose: str, change: Change | None = None
) -> MapSet:
    """Render every person once for each entry of `qualities`.

    A rendering depends on the person's name, the seed, the purpose and its place in `qualities`, and on nothing else:
    neither on who else is in the set nor on how many processors render it.

    Args:
        people: whom to render, each with at least one whole beat.
        qualities: keys of `QUALITIES`, repeated as often as wanted.
        seed: fixes all renderings.
        purpose: `"training"` and `"evaluation"` never share a rendering.
        change: done to the beats of each rendering, which otherwise is what it would be without.

    Returns:
        The maps, person by person.
    """
    work = [(person, tuple(qualities), seed, purpose, change) for person in people]
    each = _map_all(_render_person, work, len(people) * len(qualities))
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


def _map_all(do: Callable, work: Iterable, maps: int) -> Iterator:
    """Do some work on every item, in their order, with all processors when it is worth starting them."""
    workers = os.cpu_count() or 1
    if workers == 1 or maps < _WORTH_A_POOL:
        yield from map(do, work)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(do, work, chunksize=max(1, maps // 2000))


def _slice_one(work: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, float]:
    values, mask = work
    time_s = np.arange(mask.shape[1]) / RATE_HZ
    cells, regions = ([getattr(cell, name) for cell in CELLS] for name in ("name", "region"))
    slices = cut_slices(STMap(values, mask, time_s, 1.0, tuple(cells), tuple(regions)))
    return slices.values, slices.weight, slices.rate_hz


def _render_person(
    work: tuple[Person, tuple[str, ...], int, str, Change | None],
) -> tuple[np.ndarray, np.ndarray]:
    person, qualities, seed, purpose, change = work
    beats = beats_of(person)
    values, mask = [], []
    for i, quality in enumerate(qualities):
        key = zlib.crc32(f"{person.name}/{purpose}".encode())
        taken = change(beats, np.random.default_rng([seed, key, i, 1])) if change else beats
        stmap = render_map(taken, QUALITIES[quality], np.random.default_rng([seed, key, i]))
        values.append(np.nan_to_num(stmap.values).astype(np.float16))
        mask.append(stmap.mask)
    return np.stack(values), np.stack(mask)
