"""The card of published maps, as the Hub shows it. No figure in it is typed by hand."""

import json
from collections.abc import Mapping

from bpdemo.data.registry import LOADERS
from bpdemo.maps import schema
from bpdemo.maps.summary import FACTS, SetCounts
from bpdemo.regions import CELLS
from bpdemo.reporting import tables
from bpdemo.stmap import CHANNELS, RATE_HZ

TAG = "bpdemo"
"""By which a repo of ours is known."""
UNKNOWN_LICENCE = "not known to bpdemo: whatever was agreed with the people in it"

# Without `configs`, a data set's or a recording's name with "test" or "train" in it would be taken for a split.
_CARD = """\
---
pretty_name: {quoted_title}
license: other
license_name: those-of-the-source-data-sets
tags:
- {tag}
- blood-pressure
- remote-photoplethysmography
- rppg
- stmap
- research
configs:
- config_name: default
  data_files: "**/*.parquet"
---

# {title}

What bpdemo keeps of face clips to learn blood pressure from: colours of {cells} cells of skin over time, window by \
window, with the truth beside them. **Research use only; not a medical device.**

{pictures} It holds colours of skin over time, pulses, pressures and what the sources say of people: data about their \
health. Nobody may try to find out who they are.

## What is in it

{counts}

One row a window of at most 15 s. A clip in which there is no window, because it shows no face or cannot be read, has \
one row with the reason in `code`. Windows that the demo refuses are kept, with `status` refused.

## Sources and their licences

The maps may be used as the data they were made from.

{sources}

## How to read it

```python
from bpdemo.maps.store import read_rows

for row in read_rows("{source}", ["person", "status", "stmap", "columns", "systolic"]):
    if row["status"] == "reading":
        print(row["person"], row["systolic"], row["stmap"].reshape({channels}, {cells}, row["columns"]).shape)
```

`bpdemo train --maps {source}` learns from it. On the Hub, `@` and a commit behind the name mean one state of it for \
good. Without bpdemo:

```python
from datasets import load_dataset

rows = load_dataset("{source}", split="train", streaming=True)
```

All of it is the split `train`: split it by `person`.

## Columns

Form version {version}, STMap version {stmap}, mean beats version {beats}; the whole specification is JSON in the \
metadata of each file, under the key `{key}`. Lists are flat: `stmap` in the order [channels {channel_names}; cells; \
columns at {rate:g} Hz], `mask` in that of [cells; columns]. `crops`, where they were asked for, are bytes in the \
order [`crops_frames`; rows; columns; R, G, B] of pictures in the form `crops_form`. What is not known is null.

{columns}
"""


_NO_PICTURE = "It holds no picture, and none can be made from it."
_PICTURES = """\
**It shows faces.** {crops} of {windows} windows ({names}) hold `crops`, pictures of the person's face, as they were \
asked for with `bpdemo extract --crops`: they are to be kept and given on as the clips themselves. Without that option \
no picture is kept, and none can be made from what is."""


def write_card(source: str, sets: Mapping[str, SetCounts]) -> str:
    """Return the card of maps, which are in a repo or folder of this name: Markdown with the Hub's front matter."""
    specification = schema.specification()
    title = f"Maps of {', '.join(sets)}"
    return _CARD.format(
        title=title,
        quoted_title=json.dumps(title),
        tag=TAG,
        cells=len(CELLS),
        channels=len(CHANNELS),
        channel_names=", ".join(CHANNELS),
        rate=RATE_HZ,
        pictures=_pictures(sets),
        counts=_counts(sets),
        sources="\n".join(_source(name, counts) for name, counts in sets.items()),
        source=source,
        version=specification["version"],
        stmap=specification["stmap"]["version"],
        beats=specification["beats"]["version"],
        key=schema.SPECIFICATION.decode(),
        columns=tables.table(("column", "type"), [(f"`{name}`", _kind(kind)) for name, kind in schema.COLUMNS.items()]),
    )


def _pictures(sets: Mapping[str, SetCounts]) -> str:
    """Return whether the maps hold pictures."""
    shown = [name for name, counts in sets.items() if counts.crops]
    if not shown:
        return _NO_PICTURE
    crops = sum(counts.crops for counts in sets.values())
    windows = sum(counts.windows.total() for counts in sets.values())
    return _PICTURES.format(crops=crops, windows=windows, names=", ".join(shown))


def licence_of(name: str) -> str:
    """Return the licence of a data set, in a few words."""
    return LOADERS[name].licence if name in LOADERS else UNKNOWN_LICENCE


def _counts(sets: Mapping[str, SetCounts]) -> str:
    rows = [
        (
            name,
            len(counts.people),
            len(counts.clips),
            counts.unread,
            sum(counts.clips.values()) / 3600,
            counts.windows["reading"],
            counts.windows["refused"],
            counts.pressures,
        )
        for name, counts in sets.items()
    ]
    head = ("data set", "people", "clips", "without a window", "hours", "windows read", "refused", "with pressure")
    return tables.table(head, rows)


def _source(name: str, counts: SetCounts) -> str:
    told = [fact.removesuffix("_cm").removesuffix("_kg").replace("_", " ") for fact in FACTS if fact in counts.facts]
    citation = LOADERS[name].citation if name in LOADERS else ""
    return (
        f"- **{name}**. Licence: {licence_of(name)}.{f' Cite: {citation}.' if citation else ''} "
        f"Of a person it says: {', '.join(told) or 'nothing'}."
    )


def _kind(kind: object) -> str:
    return str(kind).replace("item: ", "")
