"""Data sets by name and folder. A new one is a file with a `LOADER`, and a line in `LOADERS`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path

from bpdemo.data import (
    bp4d,
    clips,
    ibvp,
    mcd_rppg,
    mmse_hr,
    mw_ppg,
    ppg_bp,
    pure,
    recordings,
    ubfc_phys,
    ubfc_rppg,
    v4v,
    vital_videos,
)
from bpdemo.data.binghamton import SHARED_PEOPLE
from bpdemo.data.loader import Loader
from bpdemo.data.person import Person, Recording, group_people
from bpdemo.errors import DataError

LOADERS: dict[str, Loader] = {
    "mcd_rppg": mcd_rppg.LOADER,
    "vital_videos": vital_videos.LOADER,
    "v4v": v4v.LOADER,
    "mmse_hr": mmse_hr.LOADER,
    "bp4d": bp4d.LOADER,
    "ubfc_rppg": ubfc_rppg.LOADER,
    "ubfc_phys": ubfc_phys.LOADER,
    "pure": pure.LOADER,
    "ibvp": ibvp.LOADER,
    "ppg_bp": ppg_bp.LOADER,
    "mw_ppg": mw_ppg.LOADER,
    "recordings": recordings.LOADER,
    "clips": clips.LOADER,
}
"""Name of a kind of data set -> how it is read."""
_MOST_FOLDERS = 20  # looked into for a data set that is one level deeper


def find_loader(name: str, folder: str | Path) -> Loader:
    """Return the loader by the name, a key of `LOADERS`, or by what the folder holds.

    Raises:
        DataError: `data_unknown`, when neither tells, or the folder holds several sets.
    """
    if name in LOADERS:
        return LOADERS[name]
    found = recognise(folder)
    if len(found) == 1:
        return LOADERS[found[0]]
    why = f"its folder holds several: {', '.join(found)}" if found else "its folder holds none that is known"
    raise DataError(
        "data_unknown",
        f"No data set is called {name!r}, and {why}.",
        f"Known are: {', '.join(LOADERS)}; under any other name, a folder that holds just one of them.",
    )


def recognise(folder: str | Path) -> list[str]:
    """Return the kinds of data set that a folder looks like."""
    return [kind for kind, loader in LOADERS.items() if loader.recognises(Path(folder))]


def load(data: Mapping[str, str | Path]) -> list[Recording]:
    """Return the recordings of several data sets (name, see `find_loader` -> folder), set by set.

    Raises:
        DataError: `data_unknown` for a set that nothing is known of, `data_invalid` for a person of two sets or one
            folder named twice, `data_missing` for what may not be read; and whatever the loaders raise.
    """
    if len({Path(folder).resolve() for folder in data.values()}) < len(data):
        raise _met_twice("One folder is named twice.")
    sets = [_load_set(name, Path(folder)) for name, folder in data.items()]
    check_people([{one.person for one in recordings} for recordings in sets])
    return [recording for recordings in sets for recording in recordings]


def check_people(sets: Sequence[Set[str]]) -> None:
    """Check that nobody is in two sets of people, by their names; those of `SHARED_PEOPLE` are one person's.

    Raises:
        DataError: `data_invalid`.
    """
    times = Counter(one for people in sets for one in {identity(person) for person in people})
    if twice := [one for one, count in times.items() if count > 1]:
        raise _met_twice(f"{min(twice)} appears twice.")


def load_people(data: Mapping[str, str | Path]) -> list[Person]:
    """Return the people of several data sets who have a cuff's pressure; raises as `load`."""
    return group_people(load(data))


def identity(person: str) -> str:
    """Return what tells a person, by name, from all others: people of `SHARED_PEOPLE` have one in all of these sets."""
    kind, _, label = person.partition(":")
    return f"{'/'.join(SHARED_PEOPLE)}:{label}" if kind in SHARED_PEOPLE else person


def _met_twice(what: str) -> DataError:
    return DataError(
        "data_invalid",
        f"{what} Results would leak from training into validation.",
        "Name every person in one set only.",
    )


def _load_set(name: str, folder: Path) -> list[Recording]:
    """Return the recordings of one set; where its folder looks like another one, the error says so."""
    try:
        return find_loader(name, folder).load(folder, name)
    except OSError as error:
        what = f"{error.filename or folder}: {error.strerror}."
        raise DataError("data_missing", what, "Let yourself read everything in the folder.") from error
    except DataError as error:
        if error.code != "data_missing" or (hint := _hint(name, folder)) is None:
            raise
        raise DataError(error.code, error.reason.message, f"{hint} {error.reason.remedy}") from None


def _hint(name: str, folder: Path) -> str | None:
    """Return what a folder seems to be that is not the data set of this name; None where nothing tells."""
    if others := [kind for kind in recognise(folder) if kind != name]:
        return f"It looks like {' or '.join(others)}: name it so."
    inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    deeper = next((path for path in inside[:_MOST_FOLDERS] if name in recognise(path)), None)
    return None if deeper is None else f"It seems to be in {deeper}: name that."


def cite(data: Mapping[str, str | Path], named: Iterable[str] = ()) -> str:
    """Return what to cite for data sets, name -> folder, and for others of which only the name is known, in one line.

    Raises as `find_loader`.
    """
    citations = {name: find_loader(name, folder).citation for name, folder in data.items()}
    citations |= {name: LOADERS[name].citation if name in LOADERS else "" for name in named}
    told = (citation or f"{name} (unpublished data of whoever trained)" for name, citation in citations.items())
    return "; ".join(dict.fromkeys(told))
