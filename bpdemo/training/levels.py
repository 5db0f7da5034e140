"""Figures of filmed people: window by window, clip by clip and person by person, and of groups of clips.

A clip's answer is the mean over its windows, a person's the mean over clips; so is the truth beside it.
"""

from collections.abc import Sequence

import numpy as np

from bpdemo.data.person import data_set_of
from bpdemo.training.dataset import Dataset
from bpdemo.training.metrics import score, shown_groups
from bpdemo.training.predictions import Predictions, average_clips, average_people
from bpdemo.training.results import FILMED, PRESSURES, Group, Results
from bpdemo.training.scores import GroupFigures
from bpdemo.training.scoring import Edges, score_rows

NOT_KNOWN = "not known"
"""The group of those of whom a data set does not say what others say."""


def add_filmed(results: Results, windows: Predictions, dataset: Dataset, edges: Edges) -> Results:
    """Return results with the figures of clips by level and group, where there are any.

    `windows` are the answers to windows of `dataset`, not averaged; `edges` are those of the ranges.
    """
    filmed = windows.select(windows.quality == FILMED)
    if not len(filmed.person):
        return results
    clips = average_clips(filmed)
    levels = {"window": filmed, "clip": clips, "person": average_people(clips)}
    found = {
        "levels": {level: score_rows(answers, edges) for level, answers in levels.items()},
        "groups": score_groups(clips, dataset),
    }
    return results.model_copy(update=found).rounded()


def score_groups(clips: Predictions, dataset: Dataset) -> dict[str, dict[str, Group]]:
    """Return the figures of clips by what they have in common, where it is known of any: kind -> group -> figures.

    `clips` holds one answer a clip of `dataset`. Figures of few people are withheld as in ranges.
    """
    filmed = [dataset.clips[number] for number in clips.columns["clip"]]
    people = [dataset.people[number] for number in clips.person]
    sets: list[str | None] = [data_set_of(person.name) for person in people]
    kinds: dict[str, list[str | None]] = {
        "data set": sets if len(set(sets)) > 1 else [],
        "task": [clip.task for clip in filmed],
        "camera": [clip.camera for clip in filmed],
        "sex": [person.sex for person in people],
        "skin tone": [person.skin_tone for person in people],
    }
    return {kind: _score_kind(clips, values) for kind, values in kinds.items() if any(values)}


def _score_kind(clips: Predictions, values: Sequence[str | None]) -> dict[str, Group]:
    names = np.array([value or NOT_KNOWN for value in values])
    order = sorted(set(names.tolist()), key=lambda name: (name == NOT_KNOWN, name))
    groups = [clips.select(names == name) for name in order]
    people = [len(np.unique(group.person)) for group in groups]
    shown = shown_groups(people)
    return {
        name: Group(
            people=people[i],
            clips=len(np.unique(group.columns["clip"])),
            figures=_figures(group) if i in shown else None,
        )
        for i, (name, group) in enumerate(zip(order, groups, strict=True))
    }


def _figures(group: Predictions) -> dict[str, GroupFigures]:
    figures = {}
    for k, pressure in enumerate(PRESSURES):
        truth, value, baseline = group.truth[:, k], group.value[:, k], group.baseline[:, k]
        scores = score(truth, value, baseline, (0.0, 1.0), person=group.person)
        figures[pressure] = GroupFigures(**scores.model_dump(include=set(GroupFigures.model_fields)))
    return figures
