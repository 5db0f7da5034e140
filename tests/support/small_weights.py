"""A small, valid weights folder for tests: random tensors, every field of the config."""

import pytest
import torch

from bpdemo import beats, stmap
from bpdemo.errors import WeightsError
from bpdemo.models import MODELS, find_model
from bpdemo.models.config import BeatsConfig
from bpdemo.weights.config import WeightsConfig
from bpdemo.weights.store import save_weights

CARD = "---\nlicense: apache-2.0\ntags:\n- bpdemo\n---\n# Small weights\n\nRandom numbers, for tests only.\n"
SIZES = BeatsConfig(members=2, width=4, hidden=4, shape=2, features=4)


def small_network(seed=0):
    torch.manual_seed(seed)
    return find_model("beats").build(SIZES)


def small_config(name="small"):
    return WeightsConfig.model_validate(
        {
            "name": name,
            "model": "beats",
            "stmap": stmap.specification(),
            "beats": beats.specification(),
            "network": SIZES,
            "training": {
                "people": 100,
                "systolic": {"mean": 127.5, "mean_absolute_error": 15.5, "std": 20.25},
                "diastolic": {"mean": 71.0, "mean_absolute_error": 8.5, "std": 11.0},
            },
            "intervals": {"coverage": 0.9, "systolic": 31.5, "diastolic": 18.0},
            "validation": {"people": 20},
            "provenance": {
                "data": "none",
                "citation": "none",
                "commit": "0" * 40,
                "command": "pytest",
                "seed": 0,
                "date": "2026-11-23",
                "statement": "These weights were never trained.",
            },
        }
    )


def write_small(folder, seed=0, name="small", **config):
    network = small_network(seed)
    save_weights(folder, network, small_config(name).model_copy(update=config), CARD)
    return network


def register_paper(monkeypatch):
    """Have a second model, for as long as the test lasts: its network is that of the first."""
    monkeypatch.setitem(MODELS, "paper", MODELS["beats"])


def code_of(call, *args, **kwargs):
    """The code of the WeightsError a call raises, once its sentence and remedy have been looked at."""
    with pytest.raises(WeightsError) as caught:
        call(*args, **kwargs)
    reason = caught.value.reason
    assert reason.message.endswith(".")
    assert reason.remedy.endswith(".")
    assert str(caught.value).isprintable()
    assert len(reason.message) < 600
    assert "secret" not in str(caught.value)
    return reason.code
