"""Crops of a noise picture in which a known pulse is the only rhythm, under light that flickers without one."""

import numpy as np
import torch

from bpdemo.spectrum import heart_rate_hz


def make_crops(rates_bpm, frames, side, *, light=0.03, seed=0):
    """Float [clips, 3, frames, side, side] at 30 Hz, and the pulses [clips, frames]."""
    rng = np.random.default_rng(seed)
    clips, time_s = len(rates_bpm), np.arange(frames) / 30
    phase = rng.uniform(0, 2 * np.pi, (clips, 1))
    pulse = np.sin(2 * np.pi * np.array(rates_bpm)[:, None] / 60 * time_s + phase)
    picture = rng.uniform(0.3, 0.7, (clips, 3, 1, side, side))
    change = 0.02 * np.array([0.3, 1.0, 0.5])[:, None, None, None] * pulse[:, None, :, None, None]
    flicker = light * rng.standard_normal((clips, 1, frames, 1, 1))
    noise = 0.005 * rng.standard_normal((clips, 3, frames, side, side))
    crops = picture * (1 - change) * (1 + flicker) + noise
    return torch.from_numpy(crops).float(), torch.from_numpy(pulse).float()


def rate_errors(network, crops, rates_bpm):
    """How far off the heart rate of each crop's wave is, bpm; the network is left in evaluation mode."""
    network.eval()
    with torch.no_grad():
        waves = network(crops).numpy()
    return [abs(60 * heart_rate_hz(wave) - rate) for wave, rate in zip(waves, rates_bpm, strict=True)]
