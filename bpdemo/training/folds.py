"""Folds by person: made once, and handed to everything that is scored on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bpdemo.data.person import Person
from bpdemo.data.splits import check_disjoint, split_by_person
from bpdemo.errors import DataError

LEAST_PEOPLE = 3
"""Of fewer, there would be a fold with one person to learn from."""


@dataclass(frozen=True)
class Fold:
    """One fold of one repetition."""

    split: int  # which repetition, from 0
    number: int  # which fold of it, from 0
    seed: int  # of the repetition; fixes its split and the fits
    train: tuple[int, ...]  # indices of the people to fit on
    test: tuple[int, ...]  # of those to ask about


def make_folds(people: Sequence[Person], folds: int, repetitions: int, seed: int) -> tuple[Fold, ...]:
    """Return the folds of all repetitions, which are drawn with `seed`, `seed` + 1, ...

    Raises:
        DataError: `too_few_people`, fewer than folds.
    """
    return tuple(
        Fold(split, number, seed + split, tuple(train), tuple(test))
        for split in range(repetitions)
        for number, (train, test) in enumerate(split_by_person(people, folds, seed + split))
    )


def deal_folds(people: Sequence[Person], folds: int, seed: int) -> tuple[Fold, ...]:
    """Return folds that need no random numbers, so that anybody can make them: the seed is that of the fits alone.

    People are dealt out in the order of their names as text: of that list, number i, from 0, is tested in fold
    i modulo `folds`. Blocks of it would part women from men, as their names begin with F and M in some sets.

    Raises:
        DataError: `too_few_people`, fewer than folds, or than three.
    """
    names = [person.name for person in people]
    order = sorted(range(len(people)), key=names.__getitem__)
    if len(people) < max(folds, LEAST_PEOPLE):
        raise DataError(
            "too_few_people", f"{len(people)} people cannot make {folds} folds.", "Name all of the data set."
        )
    made = []
    for number in range(folds):
        test = order[number::folds]
        train = [one for one in order if one not in set(test)]
        check_disjoint([names[one] for one in train], [names[one] for one in test])
        made.append(Fold(0, number, seed, tuple(train), tuple(test)))
    return tuple(made)
