from itertools import combinations

import pytest

from bpdemo.data.person import Person
from bpdemo.data.splits import check_disjoint, split_by_person
from bpdemo.errors import DataError


def people(count: int) -> list[Person]:
    return [Person(f"set:{i}", 120.0, 80.0) for i in range(count)]


def test_splits_keep_people_apart_and_test_everybody_once():
    splits = list(split_by_person(people(23), 5, seed=3))
    assert len(splits) == 5
    for train, test in splits:
        assert not set(train) & set(test)
        assert len(train) + len(test) == 23
        assert 4 <= len(test) <= 5
    tests = [set(test) for _, test in splits]
    assert not any(a & b for a, b in combinations(tests, 2))
    assert set().union(*tests) == set(range(23))


def test_splits_follow_the_seed():
    assert list(split_by_person(people(20), 5, 1)) == list(split_by_person(people(20), 5, 1))
    assert list(split_by_person(people(20), 5, 1)) != list(split_by_person(people(20), 5, 2))


def test_a_person_given_twice_stays_on_one_side():
    twice = people(10) + people(10)
    for train, test in split_by_person(twice, 5, 0):
        assert not {twice[i].name for i in train} & {twice[i].name for i in test}


def test_too_few_people_are_an_error():
    with pytest.raises(DataError) as caught:
        list(split_by_person(people(3), 5, 0))
    assert caught.value.code == "too_few_people"


def test_a_person_on_both_sides_is_an_error():
    check_disjoint(["a", "b"], ["c"])
    with pytest.raises(DataError) as caught:
        check_disjoint(["a", "b"], ["b"])
    assert caught.value.code == "person_on_both_sides"
