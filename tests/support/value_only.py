"""A model that gives a value alone: the mean of a window's beats -> two bounded numbers."""

import torch
from torch import nn

from bpdemo.beats import POINTS
from bpdemo.models import MODELS, Model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.heads import Prediction, ValuePrediction
from bpdemo.models.pressure_model import Member
from bpdemo.weights.store import save_weights
from tests.support.small_weights import CARD, small_config

SIZES = NetworkConfig(members=2)


class Network(Member):
    ABOUT = "One line reads the mean beat."

    def __init__(self, config):
        super().__init__(config)
        self.line = nn.Linear(POINTS, 2)

    @staticmethod
    def tensors(windows):
        return (torch.from_numpy(windows.values.mean(axis=(1, 2, 3))),)

    @staticmethod
    def augment(tensors, rng):
        return tensors

    def forward(self, beat):
        share = torch.sigmoid(self.line(beat))
        return Prediction(ValuePrediction(85 + 70 * share[:, 0]), ValuePrediction(45 + 50 * share[:, 1]))


class _Registered(Model):
    network = Network


def register(monkeypatch):
    """Have such a model for as long as the test lasts; returns its name."""
    model = _Registered("value_only", "A line", "mean beats", "value", NetworkConfig)
    monkeypatch.setitem(MODELS, model.name, model)
    return model.name


def write_value_only(folder):
    """Write weights of it, which must be registered."""
    torch.manual_seed(0)
    config = small_config().model_copy(update={"model": "value_only", "network": SIZES})
    save_weights(folder, MODELS["value_only"].build(SIZES), config, CARD)
