from dataclasses import replace

import numpy as np

from bpdemo.training.dataset import FilmedClip, concat, subsample
from tests.support.small_dataset import assert_same, make_dataset


def test_the_first_windows_of_everybody_are_kept():
    dataset = make_dataset([100, 120, 140], each=4)
    few = subsample(dataset, 3)
    assert few.person.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    for person in range(3):
        expected = dataset.values[dataset.windows_of([person])[:3]]
        np.testing.assert_array_equal(few.values[few.windows_of([person])], expected)
    assert_same(subsample(dataset, 9), dataset)


def test_sets_are_joined_with_each_windows_own_pressures():
    first, second = make_dataset([100, 120], each=2), make_dataset([140], each=2, seed=1)
    second = replace(second, truth=second.truth + 5, clip=np.array([0, 1]))
    second = replace(second, clips=(FilmedClip("p:0", "a"), FilmedClip("p:0", "b")))
    joined = concat(first, second)
    assert [person.systolic for person in joined.people] == [100, 120, 140]
    assert joined.person.tolist() == [0, 0, 1, 1, 2, 2]
    assert joined.truth[:, 0].tolist() == [100, 100, 120, 120, 145, 145]
    assert joined.clip.tolist() == [-1] * 4 + [0, 1]
    assert joined.clips == second.clips
    np.testing.assert_array_equal(joined.values[4:], second.values)


def test_what_a_person_should_give_is_the_mean_over_windows():
    dataset = make_dataset([100, 120], each=2)
    dataset = replace(dataset, truth=dataset.truth + np.array([[0, 0], [4, 2], [0, 0], [0, 0]], np.float32))
    assert dataset.truth_of([1, 0]).tolist() == [[120, 70], [102, 61]]


def test_batches_hold_all_windows_once(monkeypatch):
    monkeypatch.setattr("bpdemo.training.dataset.BATCH", 3)
    dataset = make_dataset([100, 120, 140], each=2)
    order = np.array([4, 0, 5, 1])
    parts = list(dataset.batches(order))
    assert [len(part.rate_hz) for part in parts] == [3, 1]
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), dataset.values[order])
    np.testing.assert_array_equal(np.concatenate([part.rate_hz for part in parts]), dataset.rate_hz[order])


def test_maps_go_where_their_windows_go():
    def with_maps(dataset, first):
        count = len(dataset.person)
        stmap = np.arange(first, first + count, dtype=np.float16)[:, None, None, None]
        return replace(dataset, stmap=stmap, mask=np.arange(count)[:, None, None] > 0)

    one, other = with_maps(make_dataset([100, 120], each=2), 0), with_maps(make_dataset([140], each=2, seed=1), 10)
    joined = concat(one, other)
    assert joined.stmap.ravel().tolist() == [0, 1, 2, 3, 10, 11]
    assert joined.select(joined.person == 1).stmap.ravel().tolist() == [2, 3]
    assert joined.inputs(np.array([5, 0])).stmap.ravel().tolist() == [11, 0]
    assert joined.inputs(np.array([5, 0])).mask.ravel().tolist() == [True, False]
    assert make_dataset([100]).inputs(np.array([0])).stmap is None
