from dataclasses import replace

import numpy as np
import pytest
import torch

from bpdemo.models import find_model
from bpdemo.models.config import BeatsConfig
from bpdemo.training.predictions import Predictions, ask, average_clips, average_people, concat_predictions
from tests.support.made_up import make
from tests.support.small_dataset import make_dataset


@pytest.fixture(scope="module")
def rows():
    return make(people=20)


def bare(rows):
    return replace(rows, systolic_probability=None, diastolic_probability=None)


def assert_same(one, other):
    assert set(one.columns) == set(other.columns)
    for name, expected in one.columns.items():
        assert other.columns[name].dtype == expected.dtype, name
        np.testing.assert_array_equal(other.columns[name], expected, err_msg=name)


@pytest.mark.parametrize("made_of", [lambda rows: rows, bare])
def test_what_is_saved_is_loaded(rows, tmp_path, made_of):
    with open(tmp_path / "rows.npz", "wb") as file:
        made_of(rows).save(file)
    assert_same(made_of(rows), Predictions.load(tmp_path / "rows.npz"))


@pytest.mark.parametrize("made_of", [lambda rows: rows, bare])
def test_parts_are_joined_with_all_they_have(rows, made_of):
    whole = made_of(rows)
    parts = [whole.select(whole.split == 0), whole.select(np.flatnonzero(whole.split == 1))]
    assert_same(whole, concat_predictions(parts))


def test_some_rows_are_selected_with_all_they_have(rows):
    chosen = np.array([7, 3, 11])
    some = rows.select(chosen)
    for name, column in some.columns.items():
        np.testing.assert_array_equal(column, rows.columns[name][chosen], err_msg=name)
    assert set(some.columns) == set(rows.columns)


def test_windows_of_a_clip_are_averaged_and_renderings_are_not(rows):
    some = replace(rows.select(np.arange(7)), clip=np.array([-1, 4, 4, 4, 2, -1, 4]))
    averaged = average_clips(some)
    assert averaged.person.tolist() == some.person[[0, 5, 4, 1]].tolist()
    np.testing.assert_array_equal(averaged.value[:3], some.value[[0, 5, 4]])
    assert averaged.value[3] == pytest.approx(some.value[[1, 2, 3, 6]].mean(axis=0))
    assert averaged.systolic_probability[3] == pytest.approx(some.systolic_probability[[1, 2, 3, 6]].mean(axis=0))
    assert set(averaged.columns) == set(some.columns)


def test_clips_are_averaged_split_by_split(rows):
    both = rows.select(np.flatnonzero(rows.person == 3))
    averaged = average_clips(replace(both, clip=np.full(len(both.person), 7)))
    assert averaged.split.tolist() == [0, 1]
    for split in (0, 1):
        assert averaged.value[split] == pytest.approx(both.value[both.split == split].mean(axis=0))


def test_people_are_averaged_over_their_rows(rows):
    one = rows.select(rows.split == 0)
    averaged = average_people(one)
    assert averaged.person.tolist() == list(range(20))
    assert averaged.value[4] == pytest.approx(one.value[one.person == 4].mean(axis=0))


def test_a_model_answers_as_when_asked_one_by_one(monkeypatch):
    monkeypatch.setattr("bpdemo.training.dataset.BATCH", 4)  # three batches, the last of two
    torch.manual_seed(0)
    model = find_model("beats").build(BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4))
    dataset = make_dataset(np.linspace(95, 165, 6), each=2)
    order = np.random.default_rng(0).permutation(12)[:10]
    model.fit_shrinkage(np.array([[120.0, 70], [130, 80]]), np.array([0.5, 0.25]))
    answers = ask(model.train(), dataset, order, torch.device("cpu"))
    np.testing.assert_array_equal(answers.kept, [[0.5, 0.25]] * 10)
    assert ask(model.members[0], dataset, order, torch.device("cpu")).kept is None
    assert (answers.value.shape, answers.value.dtype) == ((10, 2), np.float64)
    for row, i in enumerate(order):
        arrays = (dataset.values, dataset.weight, dataset.rate_hz)
        with torch.no_grad():
            alone = model.eval()(*(torch.from_numpy(array[i : i + 1]) for array in arrays))
        for k, pressure in enumerate((alone.systolic, alone.diastolic)):
            assert answers.value[row, k] == pytest.approx(pressure.value.item(), abs=1e-3)
            probability = (answers.systolic_probability, answers.diastolic_probability)[k]
            assert probability[row] == pytest.approx(pressure.probability[0].numpy(), abs=1e-5)
