"""Data sets for training and evaluation, by name and folder.

Every loader reads its set from a folder the user names, and yields `Person`s; nothing after it knows which set they
came from. A new set is one function and one line in `LOADERS`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from bpdemo.data.person import Film, Person, Recording
from bpdemo.data.published import (
    MW_PPG_CITATION,
    MW_PPG_FILE,
    PPG_BP_CITATION,
    PPG_BP_TABLE,
    load_mw_ppg,
    load_ppg_bp,
)
from bpdemo.data.tables import CLIPS_TABLE, RECORDINGS_TABLE, load_clips, load_recordings
from bpdemo.errors import DataError

__all__ = [
    "LOADERS",
    "Film",
    "Loader",
    "Person",
    "Recording",
    "check_apart",
    "cite",
    "load_clips",
    "load_mw_ppg",
    "load_people",
    "load_ppg_bp",
    "load_recordings",
    "recognise",
    "split_by_person",
]


@dataclass(frozen=True)
class Loader:
    """How a kind of data set is read.

    Attributes:
        load: the loader, given the folder and the name the set was given.
        mark: the file in the folder that tells the kind.
        citation: what to cite; empty for the user's own data.
    """

    load: Callable[[Path, str], list[Person]]
    mark: str
    citation: str = ""


LOADERS: dict[str, Loader] = {
    # People of a published set keep the set's name, so that weights know them whatever the folder is called.
    "ppg_bp": Loader(lambda folder, _: load_ppg_bp(folder), PPG_BP_TABLE, PPG_BP_CITATION),
    "mw_ppg": Loader(lambda folder, _: load_mw_ppg(folder), MW_PPG_FILE, MW_PPG_CITATION),
    "recordings": Loader(load_recordings, RECORDINGS_TABLE),
    "clips": Loader(load_clips, CLIPS_TABLE),
}
"""Name of a data set -> how it is read."""


def recognise(name: str, folder: str | Path) -> Loader:
    """Find the loader of a data set: by its name, or else by what its folder holds.

    Args:
        name: a key of `LOADERS`, or any name for a folder that holds the mark of exactly one of them, as `clips.csv`.
        folder: of the set.

    Returns:
        The loader.

    Raises:
        DataError: `data_unknown`, when neither tells, or the folder holds several sets.
    """
    if name in LOADERS:
        return LOADERS[name]
    marked = [known for known, loader in LOADERS.items() if (Path(folder) / loader.mark).is_file()]
    if len(marked) == 1:
        return LOADERS[marked[0]]
    why = f"its folder holds several: {', '.join(marked)}" if marked else "its folder holds none that is known"
    raise DataError(
        "data_unknown",
        f"No data set is called {name!r}, and {why}.",
        f"Known are: {', '.join(LOADERS)}; under any other name, a folder with just one of "
        f"{', '.join(repr(loader.mark) for loader in LOADERS.values())}.",
    )


def load_people(data: Mapping[str, str | Path]) -> list[Person]:
    """Load several data sets.

    Args:
        data: name of a data set (see `recognise`) -> its folder.

    Returns:
        All their people, each name once.

    Raises:
        DataError: `data_unknown` for a set that nothing is known of, `data_invalid` for a person met twice or one
            folder named twice; and whatever the loaders raise.
    """
    people: list[Person] = []
    for name, folder in data.items():
        people.extend(recognise(name, folder).load(Path(folder), name))
    times = Counter(person.name for person in people)
    twice = [name for name, count in times.items() if count > 1]
    if twice:
        raise _leak(f"{twice[0]} appears twice.")
    if len({Path(folder).resolve() for folder in data.values()}) < len(data):
        raise _leak("One folder is named twice.")
    return people


def cite(data: Mapping[str, str | Path]) -> str:
    """Return what to cite for some data sets, in one line.

    Args:
        data: name of a data set -> its folder.

    Raises:
        DataError: `data_unknown`.
    """
    return "; ".join(
        recognise(name, folder).citation or f"{name} (unpublished data of whoever trained)"
        for name, folder in data.items()
    )


def split_by_person(people: Sequence[Person], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """Split people into folds; nobody is on both sides of any split, everybody is tested once.

    Args:
        people: whom to split.
        folds: how many splits, at least 2.
        seed: fixes the splits.

    Yields:
        For each fold, indices into `people`: those to train on, those to test on.

    Raises:
        DataError: `too_few_people`, fewer than folds.
    """
    if len(people) < folds:
        raise DataError(
            "too_few_people",
            f"{len(people)} people cannot make {folds} folds.",
            "Name a larger data set or fewer folds.",
        )
    names = np.array([person.name for person in people])
    tested: set[str] = set()
    for train, test in GroupKFold(folds, shuffle=True, random_state=seed).split(names, groups=names):
        check_apart(names[train], names[test])
        assert not tested & set(names[test]), "a person is tested twice"
        tested |= set(names[test])
        yield train.tolist(), test.tolist()
    assert tested == set(names), "a person is never tested"


def check_apart(train: Sequence[str], test: Sequence[str]) -> None:
    """Assert that nobody is both trained and tested on.

    Args:
        train: names of people.
        test: names of people.

    Raises:
        DataError: `person_on_both_sides`.
    """
    both = sorted(set(train) & set(test))
    if both:
        raise DataError(
            "person_on_both_sides",
            f"{len(both)} people are in training and in test, as {both[0]}.",
            "Split by person, and give each person one label in all tables.",
        )


def _leak(what: str) -> DataError:
    return DataError(
        "data_invalid",
        f"{what} Results would leak from training into validation.",
        "Name every person in one set only.",
    )
