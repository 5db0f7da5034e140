"""What models read, of many people and in memory, window by window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpdemo.data.person import Person
from bpdemo.models.inputs import Inputs
from bpdemo.synthesis.pulses import BEAT_POINTS, beats_of, contact_beat
from bpdemo.training.crop_store import CropStore

BATCH = 64
"""Windows that are asked about at a time."""


@dataclass(frozen=True)
class FilmedClip:
    """What a data set says of one clip, in its own words; None is not known."""

    person: str
    name: str
    task: str | None = None
    camera: str | None = None


@dataclass(frozen=True)
class Dataset:
    """What is read of many windows (`models.inputs.Inputs`) and whose they are, person by person."""

    values: np.ndarray  # float32 [windows, mean beats, channels, regions, points]
    weight: np.ndarray  # float32 [windows, mean beats, regions]
    rate_hz: np.ndarray  # float32 [windows]
    person: np.ndarray  # int [windows], index into `people`
    quality: np.ndarray  # str [windows], a key of `QUALITIES`, or `FILMED`
    truth: np.ndarray  # float32 [windows, 2], systolic and diastolic that each window should give, mmHg
    clip: np.ndarray  # int [windows], index into `clips`; -1 where it was rendered
    readable: np.ndarray  # bool [windows], whether the demo would give a reading
    people: tuple[Person, ...]
    clips: tuple[FilmedClip, ...] = ()
    stmap: np.ndarray | None = None  # float16 [windows, channels, cells, columns]; None where no model reads it
    mask: np.ndarray | None = None  # bool [windows, cells, columns]
    crop: np.ndarray | None = None  # int [windows], number in `store`; None where no model reads frames
    store: CropStore | None = None

    @property
    def pressures(self) -> np.ndarray:
        """float32 [people, 2]: systolic and diastolic of each person, mmHg."""
        return pressures_of(self.people)

    def windows_of(self, people: Sequence[int]) -> np.ndarray:
        """Return the indices of all windows of some people."""
        return np.flatnonzero(np.isin(self.person, people))

    def truth_of(self, people: Sequence[int]) -> np.ndarray:
        """Return the mean over windows of what each of some people's windows should give, float64 [people, 2] mmHg."""
        return np.array([self.truth[self.windows_of([one])].mean(axis=0, dtype=np.float64) for one in people])

    def inputs(self, windows: np.ndarray) -> Inputs:
        """Return what models read of some windows (bool or indices); of frames the first ones that all these have."""
        crops = None
        if self.crop is not None and self.store is not None:
            crops, _ = read_stretches(self.store, self.crop[windows])
        return Inputs(
            self.values[windows],
            self.weight[windows],
            self.rate_hz[windows],
            None if self.stmap is None else self.stmap[windows],
            None if self.mask is None else self.mask[windows],
            crops,
        )

    @property
    def measured(self) -> np.ndarray:
        """Bool [windows]: whether anything was measured of what models read."""
        return np.any(self.weight if self.mask is None else self.mask, axis=(1, 2))

    def batches(self, windows: np.ndarray) -> Iterator[Inputs]:
        """Yield what models read of some windows, int [n], `BATCH` at a time; of frames one by one, each whole."""
        size = BATCH if self.crop is None else 1
        for start in range(0, len(windows), size):
            yield self.inputs(windows[start : start + size])

    def select(self, windows: np.ndarray) -> "Dataset":
        """Return some windows (bool or indices) of the same people."""
        arrays = {name: value[windows] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return replace(self, **arrays)


def read_stretches(
    store: CropStore, crops: np.ndarray, frames: int | None = None, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return crops uint8 [n, T, side, side, 3] and contact pulse float32 [n, T] of windows by their numbers, int [n].

    T is `frames`, or fewer where a window has no more; a generator draws where they begin.
    """
    shortest = min(store.frames(number) for number in crops)
    length = shortest if frames is None else min(frames, shortest)
    starts = [0 if rng is None else int(rng.integers(store.frames(number) - length + 1)) for number in crops]
    read = [store.read(number, start, length) for number, start in zip(crops, starts, strict=True)]
    return np.stack([each for each, _ in read]), np.stack([contact for _, contact in read])


def pressures_of(people: Sequence[Person]) -> np.ndarray:
    """Return the pressures of people: float32 [people, 2], systolic and diastolic, mmHg."""
    return np.array([[person.systolic, person.diastolic] for person in people], dtype=np.float32)


def contact_beats(people: Sequence[Person]) -> np.ndarray:
    """Return the mean beat of people's contact pulses, float32 [people, `BEAT_POINTS`]; NaN where there is none."""
    beats = np.full((len(people), BEAT_POINTS), np.nan, np.float32)
    for number, person in enumerate(people):
        if beats_of(person):
            beats[number] = contact_beat(person)[0]
    return beats


def subsample(dataset: Dataset, each: int) -> Dataset:
    """Return the first `each` windows of every person."""
    return dataset.select(np.arange(len(dataset.person)) - np.searchsorted(dataset.person, dataset.person) < each)


def concat(rendered: Dataset, filmed: Dataset) -> Dataset:
    """Return rendered windows and people, and behind them the windows and clips of other people."""
    filmed = replace(filmed, person=filmed.person + len(rendered.people))
    arrays = {
        name: np.concatenate((value, getattr(filmed, name)))
        for name, value in vars(rendered).items()
        if isinstance(value, np.ndarray)
    }
    return Dataset(
        **arrays, people=rendered.people + filmed.people, clips=filmed.clips, store=rendered.store or filmed.store
    )
