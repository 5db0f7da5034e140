"""Crops of many windows on disk."""

import pickle

import numpy as np

from bpdemo.training.crop_store import CropStore
from bpdemo.training.dataset import read_stretches


def window(frames, seed):
    return np.random.default_rng(seed).integers(256, size=(frames, 4, 4, 3), dtype=np.uint8)


def test_windows_are_read_as_they_were_kept_here_and_in_another_process():
    store = CropStore()
    windows = [window(30, 0), window(20, 1)]
    contact = np.arange(30, dtype=np.float32)
    assert [store.append(windows[0], contact), store.append(windows[1], None)] == [0, 1]
    for one in (store, pickle.loads(pickle.dumps(store))):
        assert (one.frames(0), one.frames(1)) == (30, 20)
        crops, pulse = one.read(0, 5, 10)
        np.testing.assert_array_equal(crops, windows[0][5:15])
        np.testing.assert_array_equal(pulse, contact[5:15])
        assert np.isnan(one.read(1, 0, 20)[1]).all()


def test_the_file_goes_with_the_store():
    store = CropStore()
    store.append(window(3, 0), None)
    path = store._path
    assert path.is_file()
    copy = pickle.loads(pickle.dumps(store))
    del copy
    assert path.is_file()
    del store
    assert not path.exists()


def test_stretches_are_of_one_length_and_begin_anywhere():
    store = CropStore()
    frames = np.arange(40, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    numbers = np.array([store.append(frames, np.arange(40)), store.append(frames[:25], np.arange(25))])
    whole, _ = read_stretches(store, numbers)
    assert whole.shape == (2, 25, 2, 2, 3)
    starts = set()
    for seed in range(30):
        crops, contact = read_stretches(store, numbers, 20, np.random.default_rng(seed))
        np.testing.assert_array_equal(crops[..., 0, 0, 0], contact)
        np.testing.assert_array_equal(np.diff(contact), 1)
        starts |= {(row, int(first)) for row, first in enumerate(contact[:, 0])}
    assert {start for row, start in starts if row == 1} == set(range(6))
    assert max(start for row, start in starts if row == 0) > 15
