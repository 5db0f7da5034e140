"""Maps of people whose pulse is known: weak in the channels, under light of no rhythm."""

from dataclasses import replace

import numpy as np

from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS, COLUMNS, RATE_HZ
from tests.support.small_dataset import make_dataset


def make_pulse_maps(people=8, each=2, noise=1.5, seed=0):
    """`each` windows of some people as a data set; `rate_hz` is that of the pulse in the map."""
    rng = np.random.default_rng(seed)
    dataset = make_dataset(np.linspace(95, 165, people), each=each, seed=seed)
    time_s = np.arange(COLUMNS) / RATE_HZ
    rates_hz = rng.uniform(0.9, 1.9, people * each)
    gains = np.array([{"Y": -0.6, "U": 0.3, "V": -0.4, "T": 1.0}[channel] for channel in CHANNELS])
    maps = np.empty((people * each, len(CHANNELS), len(CELLS), COLUMNS), np.float16)
    for number, rate_hz in enumerate(rates_hz):
        pulse = np.sin(2 * np.pi * (rate_hz * time_s + rng.random()))
        light = 3 * rng.standard_normal(COLUMNS) * np.array([channel == "Y" for channel in CHANNELS])[:, None]
        clean = gains[:, None] * pulse + light
        maps[number] = clean[:, None] + noise * rng.standard_normal((len(CHANNELS), len(CELLS), COLUMNS))
    mask = np.ones((len(maps), len(CELLS), COLUMNS), bool)
    return replace(dataset, rate_hz=rates_hz.astype(np.float32), stmap=maps, mask=mask)
