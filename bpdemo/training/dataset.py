"""What the network reads, of many people and in memory: windows rendered from finger pulses, or read from clips.

Both go through `window.read_window`, the one way through a window that the demo takes. Of clips only the windows are
kept that the demo would give a reading for; of rendered windows, all.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from bpdemo.beats import MEAN_BEATS, POINTS, MeanBeats
from bpdemo.data.person import Person, Recording, group_people
from bpdemo.data.registry import load
from bpdemo.errors import DataError
from bpdemo.maps.recording import read_recording
from bpdemo.regions import REGIONS, CellTraces
from bpdemo.stmap import CHANNELS, WINDOW_S
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, CaptureQuality, render_traces
from bpdemo.synthesis.pulses import beats_of
from bpdemo.system.processes import cores, map_in_processes
from bpdemo.weights.config import Clips
from bpdemo.window import Window, read_window

Item = TypeVar("Item")
Result = TypeVar("Result")
Renderer = Callable[[Sequence[np.ndarray], CaptureQuality, np.random.Generator], CellTraces]
"""What makes cell traces of a person's beats; an experiment may put its own in place of `render_traces`."""

_WORTH_A_POOL = 200  # windows; fewer are rendered before other processes have started
_CLIPS_WORTH_A_POOL = 12
_NO_BEATS_RATE_HZ = 1.2  # of a window without a pulse; its beats have no weight


@dataclass(frozen=True)
class Dataset:
    """Mean beats of many windows (`beats.MeanBeats`) and whose they are, person by person."""

    values: np.ndarray  # float32 [windows, mean beats, channels, regions, points]
    weight: np.ndarray  # float32 [windows, mean beats, regions]
    rate_hz: np.ndarray  # float32 [windows]
    person: np.ndarray  # int [windows], index into `people`
    quality: np.ndarray  # str [windows], a key of `QUALITIES`, or `FILMED`
    truth: np.ndarray  # float32 [windows, 2], systolic and diastolic that each window should give, mmHg
    clip: np.ndarray  # int [windows], which clip each is of; -1 where it was rendered
    people: tuple[Person, ...]

    @property
    def pressures(self) -> np.ndarray:
        """float32 [people, 2]: systolic and diastolic of each person, mmHg."""
        return pressures_of(self.people)

    def windows_of(self, people: Sequence[int]) -> np.ndarray:
        """Return the indices of all windows of some people."""
        return np.flatnonzero(np.isin(self.person, people))

    def select(self, windows: np.ndarray) -> "Dataset":
        """Return some windows (bool or indices) of the same people."""
        arrays = {name: value[windows] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return replace(self, **arrays)


def pressures_of(people: Sequence[Person]) -> np.ndarray:
    """Return the pressures of people: float32 [people, 2], systolic and diastolic, mmHg."""
    return np.array([[person.systolic, person.diastolic] for person in people], dtype=np.float32)


def subsample(dataset: Dataset, each: int) -> Dataset:
    """Return the first `each` windows of every person."""
    return dataset.select(np.arange(len(dataset.person)) - np.searchsorted(dataset.person, dataset.person) < each)


def concat(first: Dataset, second: Dataset) -> Dataset:
    """Return windows and people of two data sets of different people, the first's before the second's."""
    second = replace(second, person=second.person + len(first.people))
    arrays = {
        name: np.concatenate((value, getattr(second, name)))
        for name, value in vars(first).items()
        if isinstance(value, np.ndarray)
    }
    return Dataset(**arrays, people=first.people + second.people)


@dataclass(frozen=True)
class Cohort:
    """The people of some data sets who can be used."""

    name: str  # of the data sets, joined by "+"
    recorded: tuple[Person, ...]  # those with a recording that holds a whole beat
    filmed: Dataset | None  # the windows of the others' clips; None where nobody has any
    left_out: int  # how many people cannot be used
    clips: Clips | None  # how many were read and refused; None where nobody has any

    @property
    def people(self) -> tuple[Person, ...]:
        """All of them, in the order of `render`."""
        return self.recorded + (self.filmed.people if self.filmed else ())

    def render(self, qualities: Sequence[str], seed: int, purpose: str, renderer: Renderer = render_traces) -> Dataset:
        """Return the recordings rendered (see `render`), and behind them the windows of the clips."""
        if not self.recorded and self.filmed:
            return self.filmed
        rendered = render(self.recorded, qualities, seed, purpose, renderer)
        return concat(rendered, self.filmed) if self.filmed else rendered


def prepare(data: Mapping[str, str | Path]) -> Cohort:
    """Return the people of some data sets (name -> folder), their clips read (see `read_clips`).

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used.
    """
    recordings = load(data)
    with_clips = [one for one in recordings if one.clip is not None]
    recorded = group_people([one for one in recordings if one.clip is None])
    usable = tuple(person for person in recorded if beats_of(person))
    if recorded and not usable:
        raise DataError(
            "no_beats", "No recording holds a whole beat.", "Check the sampling rate and that the pulse is upright."
        )
    filmed, clips = read_clips(with_clips) if with_clips else (None, None)
    everybody = {one.person for one in recordings}
    left_out = len(everybody) - len(usable) - (len(filmed.people) if filmed else 0)
    return Cohort("+".join(data), usable, filmed, left_out, clips)


def render(
    people: Sequence[Person], qualities: Sequence[str], seed: int, purpose: str, renderer: Renderer = render_traces
) -> Dataset:
    """Return every person rendered once for each entry of `qualities`.

    A rendering depends on the person's name, the seed, the purpose and its place in `qualities`, and on nothing else:
    neither on who else is in the set nor on how many processors render it. Purposes ("training", "evaluation") never
    share one. Everybody has at least one whole beat. The renderer must be picklable.
    """
    work = partial(_render_person, tuple(qualities), seed, purpose, renderer)
    rendered = _map(work, people, len(people) * len(qualities) >= _WORTH_A_POOL)
    windows: list[MeanBeats] = []
    for beats in tqdm(rendered, total=len(people), desc=f"render {purpose}", unit="person"):
        if beats is None:
            raise RuntimeError("a process that rendered came to an unexpected end; there may be too little memory")
        windows += beats
    person = np.repeat(np.arange(len(people)), len(qualities))
    quality = np.tile(np.array(qualities), len(people))
    return _stack(windows, person, quality, pressures_of(people)[person], np.full(len(person), -1), people)


def read_clips(recordings: Sequence[Recording]) -> tuple[Dataset, Clips]:
    """Return the windows of some recordings' clips that can be learned from, and what became of the clips.

    Raises:
        DataError: `no_clips`, when there is none.
    """
    from bpdemo.training.filmed import collect  # which makes a `Dataset`

    read = _map(read_recording, recordings, len(recordings) >= _CLIPS_WORTH_A_POOL)
    rows = (
        rows or [{"person": one.person, "recording": one.name, "status": "error", "code": "crashed"}]
        for one, rows in zip(recordings, tqdm(read, total=len(recordings), desc="read clips"), strict=True)
    )
    return collect(chain.from_iterable(rows))


def _map(work: Callable[[Item], Result], items: Sequence[Item], pooled: bool) -> Iterator[Result | None]:
    yield from map_in_processes(work, items) if pooled and cores() > 1 else map(work, items)


def _render_person(
    qualities: Sequence[str], seed: int, purpose: str, renderer: Renderer, person: Person
) -> list[MeanBeats]:
    beats, key = beats_of(person), zlib.crc32(f"{person.name}/{purpose}".encode())
    windows = []
    for i, quality in enumerate(qualities):
        traces = renderer(beats, QUALITIES[quality], np.random.default_rng([seed, key, i]))
        windows.append(_beats_of(read_window(traces, MARGIN_S, MARGIN_S + WINDOW_S)))
    return windows


def _beats_of(window: Window) -> MeanBeats:
    """The mean beats of a window; of weight 0 where nothing was measured."""
    if window.beats is not None:
        return window.beats
    values = np.zeros((MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS), np.float32)
    return MeanBeats(values, np.zeros((MEAN_BEATS, len(REGIONS)), np.float32), _NO_BEATS_RATE_HZ, np.empty(0))


def _stack(
    windows: Iterable[MeanBeats],
    person: np.ndarray,
    quality: np.ndarray,
    truth: np.ndarray,
    clip: np.ndarray,
    people: Sequence[Person],
) -> Dataset:
    values, weight, rate_hz = zip(*((beats.values, beats.weight, beats.rate_hz) for beats in windows), strict=True)
    rates = np.array(rate_hz, np.float32)
    return Dataset(np.stack(values), np.stack(weight), rates, person, quality, truth, clip, tuple(people))
