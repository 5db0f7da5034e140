"""Windows of clips as what the network reads, from the rows of their maps (`maps.schema`)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bpdemo.beats import MEAN_BEATS, POINTS
from bpdemo.data.person import Person
from bpdemo.errors import DataError
from bpdemo.regions import REGIONS
from bpdemo.stmap import CHANNELS
from bpdemo.training.dataset import Dataset
from bpdemo.training.results import FILMED
from bpdemo.weights.config import Clips

_TRAITS = ("age", "sex", "height_cm", "weight_kg", "skin_tone")
_NO_PRESSURE = "no_pressure"
_MEETING_S = 0.05  # windows that share no more than this do not overlap


def collect(rows: Iterable[Mapping[str, Any]]) -> tuple[Dataset, Clips]:
    """Return the windows that give a reading and whose pressure is known, and what became of the clips.

    Of windows that overlap, the first counts: nothing is learned twice from the same beats. The people are those with
    such a window, in order; a person's pressures are the mean over clips, a clip's over its windows.

    Raises:
        DataError: `no_clips`, when there is no such window.
    """
    kept: list[Mapping[str, Any]] = []
    refused: dict[tuple[str, str], str] = {}
    end_s: dict[tuple[str, str], float] = {}
    for row in rows:
        clip = row["person"], row["recording"]
        if row["status"] != "reading" or row.get("systolic") is None:
            refused.setdefault(clip, row["code"] or _NO_PRESSURE)
        elif row["start_s"] >= end_s.get(clip, -np.inf) - _MEETING_S:
            kept.append(row)
            end_s[clip] = row["end_s"]
    codes = Counter(code for clip, code in refused.items() if clip not in end_s)
    if not kept:
        told = ", ".join(f"{code}: {count}" for code, count in codes.items())
        raise DataError(
            "no_clips",
            f"None of {codes.total()} clips can be learned from ({told}).",
            "Run `bpdemo estimate` on some of them; it says what is wrong with each.",
        )
    numbers = {clip: number for number, clip in enumerate(end_s)}
    clip_of = np.array([numbers[row["person"], row["recording"]] for row in kept])
    truth = np.array([(row["systolic"], row["diastolic"]) for row in kept], np.float32)
    people = {name: number for number, name in enumerate(dict.fromkeys(row["person"] for row in kept))}
    person = np.array([people[row["person"]] for row in kept])
    order = np.argsort(person, kind="stable")
    values = (MEAN_BEATS, len(CHANNELS), len(REGIONS), POINTS)
    dataset = Dataset(
        values=np.stack([np.asarray(row["beats"], np.float32).reshape(values) for row in kept])[order],
        weight=np.stack([np.asarray(row["beats_weight"], np.float32).reshape(values[::2]) for row in kept])[order],
        rate_hz=np.array([row["beats_rate_hz"] for row in kept], np.float32)[order],
        person=person[order],
        quality=np.full(len(kept), FILMED),
        truth=truth[order],
        clip=clip_of[order],
        people=tuple(
            _describe(name, [kept[i] for i in windows], truth[windows], clip_of[windows])
            for name, number in people.items()
            for windows in [np.flatnonzero(person == number)]
        ),
    )
    return dataset, Clips(read=len(end_s), refused=dict(codes))


def _describe(name: str, rows: Sequence[Mapping[str, Any]], truth: np.ndarray, clip: np.ndarray) -> Person:
    """Return a person: pressures by windows, [n, 2], and the clip of each; the traits are those of the first window."""
    clips = [truth[clip == one].mean(axis=0) for one in np.unique(clip)]
    systolic, diastolic = np.mean(clips, axis=0).tolist()
    traits: dict[str, Any] = {trait: rows[0].get(trait) for trait in _TRAITS}
    return Person(name, systolic, diastolic, **traits)
