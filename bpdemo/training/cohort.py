"""The people of some data sets: those whose finger pulses are rendered, and those whose faces were filmed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bpdemo.crops import CropForm
from bpdemo.data.person import Person, Recording, data_set_of, group_people
from bpdemo.data.registry import check_people, load
from bpdemo.errors import DataError
from bpdemo.models import Model
from bpdemo.synthesis.maps import render_traces
from bpdemo.synthesis.pulses import beats_of
from bpdemo.training.crop_store import CropStore
from bpdemo.training.dataset import Dataset, concat
from bpdemo.training.filmed import Filmed, Row, collect, read_clips, read_maps
from bpdemo.training.rendered import Renderer, render
from bpdemo.training.results import Windows
from bpdemo.weights.config import Clips


@dataclass(frozen=True)
class Cohort:
    """The people of some data sets who can be used."""

    data_sets: tuple[str, ...]  # their names
    recorded: tuple[Person, ...]  # those with a recording that holds a whole beat
    filmed: Filmed | None  # the windows of the others' clips; None where nobody has any
    left_out: int  # how many people cannot be used
    reads: Model | None = None  # whose windows these are: they carry what it reads besides mean beats
    store: CropStore | None = None  # of their frames

    @property
    def name(self) -> str:
        """The names of the data sets, joined by "+"."""
        return "+".join(self.data_sets)

    @property
    def people(self) -> tuple[Person, ...]:
        """All of them, in the order of `render`."""
        return self.recorded + (self.filmed.dataset.people if self.filmed else ())

    @property
    def clips(self) -> Clips | None:
        """How many clips were read and refused; None where nobody has any."""
        return self.filmed.clips if self.filmed else None

    @property
    def windows(self) -> Windows | None:
        """How many windows of these clips were read and refused."""
        return self.filmed.windows if self.filmed else None

    def render(self, qualities: Sequence[str], seed: int, purpose: str, renderer: Renderer = render_traces) -> Dataset:
        """Return the recordings rendered (see `rendered.render`), and behind them the windows of the clips."""
        filmed = self.filmed.dataset if self.filmed else None
        if not self.recorded and filmed:
            return filmed
        with_maps, crops = _needs(self.reads)
        rendered = render(self.recorded, qualities, seed, purpose, renderer, with_maps, crops, self.store)
        return concat(rendered, filmed) if filmed else rendered


def prepare(
    data: Mapping[str, str | Path],
    maps: Sequence[str | Path] = (),
    wanted: Callable[[str], bool] = lambda _: True,
    model: Model | None = None,
) -> Cohort:
    """Return the people of data sets (name -> folder) and of maps, with the windows of their clips.

    Clips of data sets are read here, those of `maps` (`maps.store.read_rows`) were read by `bpdemo extract`. `wanted`
    is asked by a person's name; nobody else is looked at. Windows carry what the `model` reads besides mean beats.

    Raises:
        DataError: from loading; `no_beats` or `no_clips`, when no recording or no clip can be used; `data_invalid`, for
            a person of two sets.
    """
    recordings = [one for one in load(data) if wanted(one.person)]
    with_clips, recorded = part_by_clips(recordings)
    usable = tuple(with_beats(recorded))
    with_maps, crops = _needs(model)
    store = None if crops is None else CropStore()
    of_maps: dict[str, None] = {}  # names of the data sets in them

    def rows_of_maps() -> Iterator[Row]:
        for row in read_maps(maps, with_maps, crops):
            if wanted(row["person"]):
                of_maps[row["data_set"]] = None
                yield row

    rows = chain(read_clips(with_clips, crops), rows_of_maps())
    filmed = collect(rows, with_maps, store) if with_clips or maps else None
    in_clips = filmed.everybody if filmed else ()
    check_people([*by_set(person.name for person in recorded), *by_set(in_clips)])
    everybody = {one.person for one in recordings}.union(in_clips)
    left_out = len(everybody) - len(usable) - (len(filmed.dataset.people) if filmed else 0)
    return Cohort(tuple(dict.fromkeys([*data, *of_maps])), usable, filmed, left_out, model, store)


def _needs(model: Model | None) -> tuple[bool, CropForm | None]:
    """Return what a model reads besides mean beats: whether maps, and frames in which form."""
    return (False, None) if model is None else (model.reads == "map", model.crops)


def part_by_clips(recordings: Sequence[Recording]) -> tuple[list[Recording], list[Person]]:
    """Return the recordings of sets that have clips, and the people of the others, whose pulses are rendered.

    Where a set has clips, a recording without one has lost it: its finger pulse is no substitute.
    """
    sets = {data_set_of(one.person) for one in recordings if one.clip is not None}
    with_clips = [one for one in recordings if data_set_of(one.person) in sets]
    return with_clips, group_people([one for one in recordings if data_set_of(one.person) not in sets])


def with_beats(people: Sequence[Person]) -> list[Person]:
    """Return the people of whom a recording holds a whole beat.

    Raises:
        DataError: `no_beats`, where there are people and none has one.
    """
    usable = [person for person in people if beats_of(person)]
    if people and not usable:
        raise DataError(
            "no_beats", "No recording holds a whole beat.", "Check the sampling rate and that the pulse is upright."
        )
    return usable


def by_set(people: Iterable[str]) -> list[set[str]]:
    """Return people, by name, set by set."""
    sets: dict[str, set[str]] = {}
    for person in people:
        sets.setdefault(data_set_of(person), set()).add(person)
    return [*sets.values()]
