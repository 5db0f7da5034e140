"""Folds by person: made once, and handed to everything that is scored on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bpdemo.data.person import Person
from bpdemo.data.splits import split_by_person


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
