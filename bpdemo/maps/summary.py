"""What maps hold, counted."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bpdemo.maps.store import read_rows

FACTS = ("age", "sex", "height_cm", "weight_kg", "skin_tone")
"""Columns that say what a person is."""
_COLUMNS = ("data_set", "person", "recording", "window", "status", "duration_s", "systolic", "crops_form", *FACTS)


@dataclass
class SetCounts:
    """What maps hold of one data set.

    Attributes:
        people: their names.
        clips: duration of each in seconds, by the name of its recording; 0 where the clip could not be read.
        unread: number of clips without a window: no face, or not to be read.
        windows: number of windows by status, reading or refused.
        pressures: number of windows with a true pressure, refused ones among them.
        crops: number of windows with crops of the face.
        facts: which of `FACTS` is told of anybody.
    """

    people: set[str] = field(default_factory=set)
    clips: dict[str, float] = field(default_factory=dict)
    unread: int = 0
    windows: Counter[str] = field(default_factory=Counter)
    pressures: int = 0
    crops: int = 0
    facts: set[str] = field(default_factory=set)


def count_maps(source: str | Path) -> dict[str, SetCounts]:
    """Return what maps hold, data set -> counts; source and errors are those of `read_rows`."""
    sets: dict[str, SetCounts] = {}
    for row in read_rows(source, _COLUMNS):
        counts = sets.setdefault(row["data_set"], SetCounts())
        counts.people.add(row["person"])
        counts.clips[row["recording"]] = row["duration_s"] or 0.0
        counts.facts |= {name for name in FACTS if row[name] is not None}
        if row["window"] is None:
            counts.unread += 1
        else:
            counts.windows[row["status"]] += 1
            counts.pressures += row["systolic"] is not None
            counts.crops += row["crops_form"] is not None
    return sets
