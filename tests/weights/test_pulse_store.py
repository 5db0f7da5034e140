"""Weights of networks that find the pulse: saved, loaded, refused."""

import json

import pytest
import torch

from bpdemo.estimator import BloodPressureEstimator
from bpdemo.weights.pulse_store import load_pulse, look_up
from bpdemo.weights.store import load_weights
from tests.support.small_pulse import NAME, green_network, write_pulse_weights
from tests.support.small_weights import code_of, write_small

pytestmark = pytest.mark.usefixtures("small_pulse")


@pytest.fixture
def folder(tmp_path):
    return write_pulse_weights(tmp_path / "w")


def test_what_is_saved_is_loaded(folder, tmp_path):
    write_small(tmp_path / "pressures")
    loaded = load_pulse(folder)
    assert (loaded.name, loaded.summary.model, loaded.summary.name) == (NAME, NAME, "small-pulse")
    assert torch.equal(loaded.network.weigh.weight, green_network().weigh.weight)
    assert look_up(folder) == (folder, True)
    assert look_up(tmp_path / "pressures") == (tmp_path / "pressures", False)


def test_what_is_wanted_and_what_weights_give(folder, tmp_path):
    write_small(tmp_path / "pressures")
    assert code_of(load_weights, folder) == "model_gives_pulse"
    assert code_of(load_pulse, tmp_path / "pressures") == "no_pulse_network"
    estimator = BloodPressureEstimator.from_pretrained(folder)
    assert (estimator.pulse.name, estimator.weights.config.model) == (NAME, "beats")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda config: config["crops"].update(side=9), "crops_differ"),
        (lambda config: config.update(model="nobody's"), "model_unknown"),
        (lambda config: config.pop("set_aside"), "config_invalid"),
        (lambda config: config["network"].update(width=9), "config_invalid"),
    ],
)
def test_a_config_that_cannot_be_used(folder, change, code):
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    assert code_of(load_pulse, folder) == code
