"""Data sets by name and folder. A new one is a file with a `LOADER`, and a line in `LOADERS`."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bpdemo.data import clips, mw_ppg, ppg_bp, recordings
from bpdemo.data.loader import Loader
from bpdemo.data.person import Person
from bpdemo.errors import DataError

LOADERS: dict[str, Loader] = {
    "ppg_bp": ppg_bp.LOADER,
    "mw_ppg": mw_ppg.LOADER,
    "recordings": recordings.LOADER,
    "clips": clips.LOADER,
}
"""Name of a kind of data set -> how it is read."""


def find_loader(name: str, folder: str | Path) -> Loader:
    """Return the loader by the name, a key of `LOADERS`, or by the one mark, as `clips.csv`, that the folder holds.

    Raises:
        DataError: `data_unknown`, when neither tells, or the folder holds several sets.
    """
    if name in LOADERS:
        return LOADERS[name]
    found = [kind for kind, loader in LOADERS.items() if (Path(folder) / loader.mark).is_file()]
    if len(found) == 1:
        return LOADERS[found[0]]
    why = f"its folder holds several: {', '.join(found)}" if found else "its folder holds none that is known"
    raise DataError(
        "data_unknown",
        f"No data set is called {name!r}, and {why}.",
        f"Known are: {', '.join(LOADERS)}; under any other name, a folder with just one of "
        f"{', '.join(repr(loader.mark) for loader in LOADERS.values())}.",
    )


def load_people(data: Mapping[str, str | Path]) -> list[Person]:
    """Return the people of several data sets (name, see `find_loader` -> folder), each name once.

    Raises:
        DataError: `data_unknown` for a set that nothing is known of, `data_invalid` for a person met twice or one
            folder named twice; and whatever the loaders raise.
    """
    people = [person for name, folder in data.items() for person in find_loader(name, folder).load(Path(folder), name)]
    twice = [f"{name} appears twice." for name, times in Counter(one.name for one in people).items() if times > 1]
    if len({Path(folder).resolve() for folder in data.values()}) < len(data):
        twice.append("One folder is named twice.")
    if twice:
        raise DataError(
            "data_invalid",
            f"{twice[0]} Results would leak from training into validation.",
            "Name every person in one set only.",
        )
    return people


def cite(data: Mapping[str, str | Path]) -> str:
    """Return what to cite for some data sets, name -> folder, in one line; raises as `find_loader`."""
    return "; ".join(
        find_loader(name, folder).citation or f"{name} (unpublished data of whoever trained)"
        for name, folder in data.items()
    )
