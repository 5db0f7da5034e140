"""The smallest network that finds a pulse in frames: a weight for each colour of the crop's mean."""

from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from bpdemo.crops import CropForm
from bpdemo.models import MODELS, Model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.pulse_network import PulseNetwork
from bpdemo.reporting.pulse_card import write_pulse_card
from bpdemo.training.crop_store import CropStore
from bpdemo.training.pulse_fit import PulseWindows
from bpdemo.weights.config import Provenance
from bpdemo.weights.pulse_store import PulseConfig, PulseFigures, PulseTraining, save_pulse

NAME = "colour-weights"


class Network(PulseNetwork):
    """Mean R, G, B of each frame -> one number."""

    ABOUT = "The mean colour of the crop, weighted."
    FORM = CropForm(side=8, rate_hz=30.0, width=0.8, height=0.8, follows=True)
    FRAMES = 240
    CLIPS = 2
    EPOCHS = 4
    STEPS = 2

    def __init__(self, config):
        super().__init__()
        self.weigh = nn.Linear(3, 1, bias=False)

    def forward(self, crops):
        mean = crops.mean(dim=(3, 4))
        return self.weigh((mean / mean.mean(dim=2, keepdim=True) - 1).transpose(1, 2)).squeeze(-1)

    def loss(self, crops, contact, rng):
        """Correlation with the contact pulse where it is known; elsewhere the power that no pulse has."""
        wave = self(crops)
        known = contact.isfinite().all(dim=1)
        slow = (wave.diff(dim=1).square().mean(dim=1) / wave.var(dim=1)).mean()
        if not known.any():
            return slow
        one, other = (each - each.mean(dim=1, keepdim=True) for each in (wave[known], contact[known]))
        return -(one * other).sum(dim=1).div(one.norm(dim=1) * other.norm(dim=1)).mean()

    def optimizer(self):
        optimizer = torch.optim.Adam(self.parameters(), 0.2)
        return optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)


class SmallModel(Model):
    """Its network stands here, not in a file of `bpdemo.models`."""

    network = Network


def register(monkeypatch):
    """Have the model `NAME`, for as long as the test lasts."""
    monkeypatch.setitem(MODELS, NAME, SmallModel(NAME, "for tests", "frames", "pulse", NetworkConfig))


def green_network():
    """The network that looks at green alone, darker with each beat."""
    network = Network(NetworkConfig())
    with torch.no_grad():
        network.weigh.weight.copy_(torch.tensor([[0.0, -1.0, 0.0]]))
    return network


def write_pulse_weights(folder, network=None, **changes):
    """Save such a network as trained weights are; the model must be registered."""
    figures = PulseFigures(
        people=2, windows=4, compared=4, mae=1.0, rmse=2.0, r=0.5, within_3_bpm=0.9, snr_db=3.0, irrelevant_power=0.2
    )
    config = PulseConfig(
        name="small-pulse",
        model=NAME,
        network=NetworkConfig(),
        crops=asdict(Network.FORM),
        training=PulseTraining(people=8, windows=16, labels=0.0, epochs=4, names=[]),
        set_aside=figures,
        provenance=Provenance(
            data="none",
            citation="none",
            commit="0" * 40,
            command="pytest",
            seed=0,
            date="2026-11-26",
            statement="None.",
        ),
    ).model_copy(update=changes)
    save_pulse(folder, network or green_network(), config, write_pulse_card(config))
    return folder


def make_windows(people=6, each=2, frames=300, noise=2.0, rates=None, seed=0):
    """Crops whose green falls with a known pulse; the rate of a person is 60 + 8 x number."""
    rng, store = np.random.default_rng(seed), CropStore()
    time_s = np.arange(frames) / Network.FORM.rate_hz
    crop, names = [], []
    for number in range(people):
        for _ in range(each):
            rate_hz = (60 + 8 * number if rates is None else rates[number]) / 60
            contact = np.sin(2 * np.pi * (rate_hz * time_s + rng.uniform()))
            colour = np.array([150, 110, 90]) - 3 * contact[:, None] * np.array([0.1, 1.0, 0.3])
            drift = 4 * np.sin(2 * np.pi * 0.1 * time_s)[:, None]
            pictures = colour[:, None, None] + drift[:, None, None] + rng.normal(0, noise, (frames, 8, 8, 3))
            crop.append(store.append(np.rint(pictures).astype(np.uint8), contact.astype(np.float32)))
            names.append(f"set:{number}")
    return PulseWindows(store, np.array(crop), tuple(names), tuple(names))
