"""What a data set holds, before hours are spent on it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bpdemo.capture import open_clip
from bpdemo.data.person import Recording, read_pulse
from bpdemo.data.registry import find_loader, load
from bpdemo.errors import ClipError
from bpdemo.models.config import DIASTOLIC_EDGES, SYSTOLIC_EDGES


@dataclass(frozen=True)
class DataSummary:
    """What a data set holds.

    Attributes:
        name, folder: as they were given.
        people, recordings, clips: how many; clips are those whose file is there and can be opened.
        hours: of clips, by their headers.
        with_pulse: recordings with a contact pulse that can be read.
        pressures: how pressure was measured, or none -> recordings.
        systolic, diastolic: range in mmHg -> recordings whose mean lies in it.
        faults: why a recording has no pressure, its clip cannot be opened or its pulse not be read -> recordings.
        notes: what was put right in pressures -> recordings.
        missing: how many files are not there.
        first_missing: the first of them; empty for none.
        citation, licence: of the set.
    """

    name: str
    folder: str
    people: int
    recordings: int
    clips: int
    hours: float
    with_pulse: int
    pressures: dict[str, int]
    systolic: dict[str, int]
    diastolic: dict[str, int]
    faults: dict[str, int]
    notes: dict[str, int]
    missing: int
    first_missing: str
    citation: str
    licence: str

    def to_dict(self) -> dict[str, Any]:
        """Return it, JSON-able."""
        return asdict(self)

    def __str__(self) -> str:
        """The same as readable lines."""
        lines = [
            f"{self.name}: {self.people} people, {self.recordings} recordings",
            f"clips       {self.clips}, {self.hours:.2f} hours",
            f"pulses      {self.with_pulse} by a contact sensor",
            f"pressures   {_counts(self.pressures)}",
        ]
        for label, ranges in (("systolic", self.systolic), ("diastolic", self.diastolic)):
            if ranges:
                lines.append(f"{label:<11} {_counts(ranges)} (mmHg)")
        for label, counts in (("faults", self.faults), ("put right", self.notes)):
            if counts:
                lines.append(f"{label:<11} {_counts(counts)}")
        if self.missing:
            lines.append(f"missing     {self.missing} files, {self.first_missing} the first")
        lines.append(f"licence     {self.licence}")
        if self.citation:
            lines.append(f"cite        {self.citation}")
        return "\n".join(lines)


def check_data(name: str, folder: str | Path) -> DataSummary:
    """Return what a data set in a folder holds; clips are opened and not decoded, pressures and pulses are read.

    Raises:
        DataError: as `registry.load`.
    """
    recordings = load({name: folder})
    loader = find_loader(name, folder)
    faults: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    hours, clips, pulses, pairs = 0.0, 0, 0, []
    for one in tqdm(recordings, desc=name, unit="recording", leave=False):
        duration_s, code = _duration_s(one)
        clips += one.clip is not None and not code
        hours += duration_s / 3600
        if code:
            faults[code] += 1
        pulse, code = read_pulse(one)
        pulses += pulse is not None
        if one.pulse is not None and code:
            faults[f"pulse {code}"] += 1
        if one.pressure is None:
            kinds["none"] += 1
            continue
        # What is measured over time is asked about the clip's time: without a clip, that the clip is missing says all.
        if one.pressure.kind != "cuff" and not duration_s:
            continue
        (truth,) = one.pressure.of_windows([(0.0, duration_s)])
        if truth.note:
            notes[truth.note] += 1
        if truth.fault:
            faults[truth.fault] += 1
        else:
            kinds[one.pressure.kind] += 1
            pairs.append((truth.systolic, truth.diastolic))
    missing = [file for one in recordings for file in one.missing]
    return DataSummary(
        name=name,
        folder=str(folder),
        people=len({one.person for one in recordings}),
        recordings=len(recordings),
        clips=clips,
        hours=hours,
        with_pulse=pulses,
        pressures=dict(kinds),
        systolic=_by_range([systolic for systolic, _ in pairs], SYSTOLIC_EDGES),
        diastolic=_by_range([diastolic for _, diastolic in pairs], DIASTOLIC_EDGES),
        faults=dict(faults),
        notes=dict(notes),
        missing=len(missing),
        first_missing=missing[0] if missing else "",
        citation=loader.citation,
        licence=loader.licence,
    )


def _duration_s(recording: Recording) -> tuple[float, str]:
    """Return how long a clip lasts by its header, and the code of the error where it cannot be opened."""
    if recording.clip is None:
        return 0.0, ""
    try:
        with open_clip(recording.clip) as clip:
            return clip.promised_s, ""
    except ClipError as error:
        return 0.0, error.code


def _by_range(values: Sequence[float], edges: Sequence[float]) -> dict[str, int]:
    """Return how many values lie in each range that has any; those outside all have ranges of their own."""
    names = [f"below {edges[0]:.0f}"]
    names += [f"{low:.0f} to {high:.0f}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]:.0f} and above"]
    counts = Counter(sum(value >= edge for edge in edges) for value in values)
    return {name: counts[number] for number, name in enumerate(names) if counts[number]}


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())
