"""Small weights of a model that gives a value alone, without ranges."""

import torch

from bpdemo.models import find_model
from bpdemo.models.config import BbpConfig
from bpdemo.weights.store import save_weights
from tests.support.small_weights import CARD, small_config

SIZES = BbpConfig(members=2, width=2)


def write_value_only(folder):
    torch.manual_seed(0)
    config = small_config().model_copy(update={"model": "bbp", "network": SIZES})
    save_weights(folder, find_model("bbp").build(SIZES), config, CARD)
