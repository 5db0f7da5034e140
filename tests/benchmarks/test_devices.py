"""The network answers alike in float32 and bfloat16, on the CPU and on a GPU, here and in another process."""

import copy
import dataclasses
import json
import sys

import numpy as np
import pytest
import torch

from benchmarks.devices import TOLERANCE_MMHG, made_up_windows, predict
from bpdemo import BloodPressureEstimator
from bpdemo.demo.server import zero_gpu as gpu
from bpdemo.weights.store import embedded_folder, load_weights
from tests.support.serve_app import ROOT

MAPS = 12


@pytest.fixture(scope="module")
def weights():
    """The ones that are shipped: how far rounding carries depends on what was learned."""
    return load_weights(embedded_folder(), "cpu")


@pytest.fixture(scope="module")
def windows():
    return made_up_windows(MAPS)


@pytest.fixture(scope="module")
def in_float32(weights, windows):
    return predict(weights.network, windows, "cpu", torch.float32)


def test_bfloat16_gives_the_same_pressures(weights, windows, in_float32):
    rounded = predict(weights.network, windows, "cpu", torch.bfloat16)
    difference = np.abs(rounded - in_float32).max()
    assert 1e-4 < difference < TOLERANCE_MMHG[torch.bfloat16]  # above 0, or nothing was rounded


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_cuda_gives_the_same(windows, in_float32, dtype):
    network = load_weights(embedded_folder(), "cuda").network
    assert np.abs(predict(network, windows, "cuda", dtype) - in_float32).max() < TOLERANCE_MMHG[dtype]


def test_the_maps_are_no_special_case(in_float32):
    """Answers that all are alike would be alike on every device."""
    for pressure in in_float32:
        assert np.ptp(pressure) > 1


@pytest.fixture
def lent(monkeypatch, tmp_path):
    """ZeroGPU hardware, by a stand-in for the package `spaces`; what was lent is in the file."""
    monkeypatch.setenv(gpu.ZERO_GPU_VARIABLE, "true")
    monkeypatch.setenv("LENT", str(tmp_path / "lent"))
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "support" / "zero_gpu"))
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    return tmp_path / "lent"


def on_lent_gpu(weights):
    """An estimator with a network of its own that runs on a lent GPU."""
    network = copy.deepcopy(weights.network)
    gpu.run_on_lent_gpu(network, gpu.lent_gpu())
    return BloodPressureEstimator(dataclasses.replace(weights, network=network))


def pressures(estimator, window):
    read = estimator.predict(window)
    return read.systolic, read.diastolic


def test_a_lent_gpu_gives_the_same_and_arrays_only_come_back(weights, windows, lent):
    own, borrowing = BloodPressureEstimator(weights), on_lent_gpu(weights)
    for one in windows[:2]:
        assert borrowing.predict(one).shape == pytest.approx(own.predict(one).shape, abs=1e-5)
        answers = (pressures(borrowing, one), pressures(own, one))
        for borrowed, mine in zip(*answers, strict=True):
            assert borrowed.value == pytest.approx(mine.value, abs=0.001)
            assert borrowed.interval == pytest.approx(mine.interval, abs=0.001)
            for part, other in zip(borrowed.ranges, mine.ranges, strict=True):
                assert part.probability == pytest.approx(other.probability, abs=1e-5)
                assert part.value == pytest.approx(other.value, abs=0.001)
    calls = [json.loads(line) for line in lent.read_text().splitlines()]
    assert len(calls) == 4
    for call in calls:
        assert call["types"] == ["numpy"]
        assert call["seconds"] == gpu.SECONDS <= 60
        # The beats, whole and without each part, and not the network with them.
        assert call["sent"] < 400_000 > call["received"]


def test_a_gpu_that_is_not_lent_costs_no_reading(weights, windows, lent, monkeypatch, caplog):
    borrowing = on_lent_gpu(weights)
    monkeypatch.delenv("LENT")
    assert pressures(borrowing, windows[0]) == pressures(BloodPressureEstimator(weights), windows[0])
    assert "no GPU was lent" in caplog.text


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_elsewhere_nothing_is_lent_and_nothing_imported(lent, monkeypatch, value):
    monkeypatch.setenv(gpu.ZERO_GPU_VARIABLE, value)
    assert gpu.lent_gpu() is None
    assert "spaces" not in sys.modules


def test_without_the_package_nothing_is_lent(lent, monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert gpu.lent_gpu() is None


def test_a_package_that_does_not_load_is_told_and_nothing_is_lent(lent, monkeypatch, tmp_path, caplog):
    """The real one does not, beside a torch without CUDA."""
    (tmp_path / "spaces.py").write_text("import torch\n\ntorch.there_is_no_such_thing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert gpu.lent_gpu() is None
    assert "ZeroGPU cannot be used" in caplog.text
