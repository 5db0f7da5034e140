from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from bpdemo.models.beats import BloodPressureNetwork, NetworkConfig
from bpdemo.training import predictions
from bpdemo.training.predictions import Predictions, join_predictions, predict
from tests.support.made_up import make
from tests.support.small_slices import made_slices


@pytest.fixture(scope="module")
def rows():
    return make(people=20, scaled=True)


def bare(rows):
    return replace(rows, scale=None, probability=None)


def assert_same(one, other):
    for name in (field.name for field in fields(Predictions)):
        expected, found = getattr(one, name), getattr(other, name)
        if expected is None:
            assert found is None, name
        elif name == "probability":
            for k in (0, 1):
                np.testing.assert_array_equal(found[k], expected[k])
        else:
            assert found.dtype == expected.dtype, name
            np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("made_of", [lambda rows: rows, bare])
def test_what_is_saved_is_loaded(rows, tmp_path, made_of):
    made_of(rows).save(tmp_path / "rows.npz")
    assert_same(made_of(rows), Predictions.load(tmp_path / "rows.npz"))


def test_a_file_of_any_name_is_written_as_it_is_called(rows, tmp_path):
    rows.save(tmp_path / "partial")
    assert [path.name for path in tmp_path.iterdir()] == ["partial"]


@pytest.mark.parametrize("made_of", [lambda rows: rows, bare])
def test_parts_are_joined_with_all_they_have(rows, made_of):
    whole = made_of(rows)
    parts = [whole.select(whole.split == 0), whole.select(np.flatnonzero(whole.split == 1))]
    assert_same(whole, join_predictions(parts))


def test_some_rows_are_selected_with_all_they_have(rows):
    chosen = np.array([7, 3, 11])
    some = rows.select(chosen)
    for name in ("person", "quality", "truth", "split", "fold", "baseline", "value", "scale"):
        np.testing.assert_array_equal(getattr(some, name), getattr(rows, name)[chosen], err_msg=name)
    np.testing.assert_array_equal(some.probability[1], rows.probability[1][chosen])


def test_a_network_answers_as_when_asked_one_by_one(monkeypatch):
    monkeypatch.setattr(predictions, "_BATCH", 4)  # three batches, the last of two
    torch.manual_seed(0)
    network = BloodPressureNetwork(NetworkConfig(members=2, stem_width=2, width=4, hidden=4))
    slices = made_slices(np.linspace(95, 165, 6), each=2)
    network.usual_novelty.fill_(0.7)  # so that scales differ from 1
    network.whitening.copy_(torch.eye(48))
    order = np.random.default_rng(0).permutation(12)[:10]
    value, probability, scale = predict(network.train(), slices, order, torch.device("cpu"))
    assert (value.shape, scale.shape, value.dtype) == ((10, 2), (10, 2), np.float64)
    assert scale.max() > 1
    for row, i in enumerate(order):
        arrays = (slices.values, slices.weight, slices.rate_hz)
        with torch.no_grad():
            alone = network.eval()(*(torch.from_numpy(array[i : i + 1]) for array in arrays))
        for k, pressure in enumerate((alone.systolic, alone.diastolic)):
            assert value[row, k] == pytest.approx(pressure.value.item(), abs=1e-3)
            assert scale[row, k] == pytest.approx(pressure.scale.item(), abs=1e-4)
            assert probability[k][row] == pytest.approx(pressure.probability[0].numpy(), abs=1e-5)
