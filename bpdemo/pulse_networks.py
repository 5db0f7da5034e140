"""The pulse of a clip by a network that reads its frames, beside that of the map's methods.

Such a network gives a wave for anything, a wall included. Whether there is a pulse is therefore told by the map's
evidence alone; a network's heart rate stands where the map has found a pulse, and at about the same rate.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bpdemo.beats import band_pass
from bpdemo.capture import Capture
from bpdemo.crops import CropForm
from bpdemo.errors import BpdemoError
from bpdemo.estimate import MAX_RATE_STEP
from bpdemo.models import MODELS
from bpdemo.pulse import PULSE_BAND_HZ, measured_by
from bpdemo.pulse_methods import METHODS
from bpdemo.reasons import reason
from bpdemo.stmap import WINDOW_S
from bpdemo.window import Window

if TYPE_CHECKING:
    from bpdemo.models.pulse_network import PulseNetwork
    from bpdemo.weights.pulse_store import PulseWeights

_TINY = 1e-9


@dataclass(frozen=True)
class NetworkPulse:
    """What a network found in a whole clip: its method's name, times [n] in seconds, and the wave [n], of no unit."""

    name: str
    time_s: np.ndarray
    wave: np.ndarray

    def at(self, time_s: np.ndarray) -> np.ndarray | None:
        """Return the wave in the pulse's band at some times, [columns] at the map's rate; None outside of its own."""
        if not len(self.time_s) or time_s[0] < self.time_s[0] - 1 or time_s[-1] > self.time_s[-1] + 1:
            return None
        return band_pass(np.interp(time_s, self.time_s, self.wave), PULSE_BAND_HZ)


CropReader = Callable[[CropForm, Sequence[tuple[float, float]]], Iterable[np.ndarray]]
"""Yields the crops of a clip's windows, as `crops.read_crops`."""


def check_method(name: str) -> None:
    """Refuse what is neither a method of the map nor a network that finds the pulse.

    Raises:
        BpdemoError: `method_unknown`.
    """
    networks = [model.name for model in MODELS.values() if model.reads == "frames"]
    if name not in METHODS and name not in networks:
        raise BpdemoError(
            "method_unknown",
            "There is no pulse method of this name.",
            f"Choose one of {', '.join(METHODS)}, or with weights of their own {', '.join(networks)}.",
        )


def needs_weights(method: str) -> BpdemoError:
    """Return the error that a network's weights are not named."""
    return BpdemoError(
        "method_needs_weights",
        f"The method {method} is a network and needs its own weights.",
        "Name them; bpdemo train makes them.",
    )


def find_pulse(weights: "PulseWeights", capture: Capture, read: CropReader) -> NetworkPulse:
    """Return what a network finds in a clip, piece by piece.

    Each piece's wave has standard deviation 1: a network's amplitude means nothing.
    """
    network = weights.network
    form = network.FORM
    places = (
        piece_places(capture.report.file.stretches_s, network.FRAMES / form.rate_hz) if capture.track.centres else []
    )
    times, waves = [np.empty(0)], [np.empty(0)]
    reached_s = -np.inf
    for place, crops in zip(places, read(form, places), strict=True):
        wave, time_s = read_wave(network, crops), form.grid_s(*place)
        new = time_s > reached_s  # pieces overlap where a stretch ends
        times.append(time_s[new])
        waves.append(wave[new])
        reached_s = time_s[-1]
    return NetworkPulse(weights.name, np.concatenate(times), np.concatenate(waves))


def piece_places(stretches: Sequence[tuple[float, float]], least_s: float) -> list[tuple[float, float]]:
    """Return pieces (start_s, end_s) of up to 15 s that cover the stretches of a clip, each read at once.

    A stretch's last piece begins earlier where it would be shorter than `least_s`; shorter stretches are left out.
    """
    places = []
    for begin_s, end_s in stretches:
        start_s = begin_s
        while end_s - start_s > _TINY and end_s - begin_s >= least_s:
            start_s = max(begin_s, min(start_s, end_s - least_s))
            places.append((start_s, min(start_s + WINDOW_S, end_s)))
            start_s = places[-1][1]
    return places


def read_wave(network: "PulseNetwork", crops: np.ndarray) -> np.ndarray:
    """Return the wave [T] of crops uint8 [T, side, side, 3], of mean 0 and standard deviation 1."""
    import torch

    from bpdemo.models.pulse_network import as_pictures

    with torch.inference_mode():
        device = next(network.parameters()).device
        wave = network(as_pictures(crops[None]).to(device))[0].float().cpu().numpy()
    return (wave - wave.mean()) / max(float(wave.std()), _TINY)


def put_beside(window: Window, found: NetworkPulse) -> Window:
    """Return a window with what a network found in place of the method's wave and rate, where it shows a pulse.

    Where both rates contradict each other, neither is told.
    """
    pulse = window.pulse
    wave = None if pulse is None else found.at(pulse.time_s)
    if pulse is None or wave is None:
        return window
    by_network = measured_by(pulse, found.name, wave)
    ratio = by_network.heart_rate_bpm / pulse.heart_rate_bpm
    if window.has_pulse and abs(ratio - 1) > MAX_RATE_STEP:
        return replace(window, pulse=by_network, has_pulse=False, reasons=(reason("network_disagrees"),))
    return replace(window, pulse=by_network)
