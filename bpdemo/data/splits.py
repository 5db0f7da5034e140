"""Splits by person: nobody is both trained and tested on."""

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.model_selection import GroupKFold

from bpdemo.data.person import Person
from bpdemo.errors import DataError


def split_by_person(people: Sequence[Person], folds: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield for each fold the indices into `people` to train on and to test on.

    Everybody is tested once; one name twice stays on one side.

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
    for train, test in GroupKFold(folds, shuffle=True, random_state=seed).split(names, groups=names):
        check_disjoint(names[train], names[test])
        yield train.tolist(), test.tolist()


def check_disjoint(train: Sequence[str] | np.ndarray, test: Sequence[str] | np.ndarray) -> None:
    """Raise `DataError` with `person_on_both_sides` when a name is in both training and test."""
    both = sorted(set(train) & set(test))
    if both:
        raise DataError(
            "person_on_both_sides",
            f"{len(both)} people are in training and in test, as {both[0]}.",
            "Split by person, and give each person one label in all tables.",
        )
