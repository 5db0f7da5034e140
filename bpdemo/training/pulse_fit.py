"""Fit a network that finds the pulse in frames; its loss and its schedule are those of its own file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bpdemo.errors import DataError
from bpdemo.models.pulse_network import PulseNetwork, as_pictures
from bpdemo.training.crop_store import CropStore
from bpdemo.training.dataset import Dataset, read_stretches
from bpdemo.training.loop import Loop


@dataclass(frozen=True)
class PulseWindows:
    """Windows of faces as frames, one a row; their crops and contact pulses lie in the store.

    Attributes:
        crop: int [n], number in the store.
        person: [n] names.
        clip: [n] names; windows of one clip have the same, as have all renderings of one person.
    """

    store: CropStore
    crop: np.ndarray
    person: tuple[str, ...]
    clip: tuple[str, ...]

    def select(self, rows: Sequence[int] | np.ndarray) -> "PulseWindows":
        """Return some rows, by their indices."""
        person, clip = (tuple(names[row] for row in rows) for names in (self.person, self.clip))
        return PulseWindows(self.store, self.crop[np.asarray(rows, int)], person, clip)


def pulse_windows(dataset: Dataset, windows: np.ndarray) -> PulseWindows:
    """Return some windows of a data set, int [n], as frames.

    Raises:
        ValueError: it has none.
    """
    if dataset.store is None or dataset.crop is None:
        raise ValueError("the windows carry no frames")
    people = tuple(dataset.people[number].name for number in dataset.person[windows])
    names = [dataset.clips[number].name if number >= 0 else "" for number in dataset.clip[windows]]
    clips = tuple(f"{person}/{name}" for person, name in zip(people, names, strict=True))
    return PulseWindows(dataset.store, dataset.crop[windows], people, clips)


def with_contact(windows: PulseWindows) -> PulseWindows:
    """Return the windows whose contact pulse is known.

    Raises:
        DataError: `no_contact_pulse`, where there is none.
    """
    known = [row for row, number in enumerate(windows.crop) if np.isfinite(windows.store.contact(number)).all()]
    if not known:
        raise DataError(
            "no_contact_pulse",
            "No clip has a contact pulse, which the model's first stage learns from.",
            "Name data with a contact sensor beside the clips, or train another model.",
        )
    return windows.select(known)


def fit_pulse(
    network: PulseNetwork,
    windows: PulseWindows,
    labelled: np.ndarray,
    epochs: int,
    seed: int,
    device: torch.device,
    title: str | None,
    state: dict[str, Any] | None,
    save: Callable[[dict[str, Any]], None],
) -> None:
    """Fit a network in place, from `state` on when there is one; `save` is given the state after each epoch.

    `labelled`, bool [n], says of which windows it may see the contact pulse. Each of several processes draws a step's
    clips of its own.

    Raises:
        DataError: `too_few_clips`, fewer long enough than a step needs.
    """
    long_enough = np.array([windows.store.frames(number) >= network.FRAMES for number in windows.crop])
    groups = _by_clip(windows.clip, long_enough)
    if len(groups) < network.CLIPS:
        raise DataError(
            "too_few_clips",
            f"{len(groups)} clips with a window of {network.FRAMES / network.FORM.rate_hz:.0f} s are too few to learn "
            f"from: each step takes {network.CLIPS}.",
            "Name more clips, or longer ones.",
        )

    def loss(model: nn.Module, rng: np.random.Generator, share: slice) -> Tensor:
        drawn = [_draw(groups, network.CLIPS, rng) for _ in range(share.step)][share.start]
        crops, contact = read_stretches(windows.store, windows.crop[drawn], network.FRAMES, rng)
        contact = np.where(labelled[drawn, None], contact, np.nan)
        place = next(network.parameters()).device
        return model(as_pictures(crops).to(place), torch.from_numpy(contact).float().to(place), rng)

    steps = max(1, network.STEPS * int(long_enough.sum()) // network.CLIPS)
    loop = Loop(epochs, steps, len(groups), seed, device, title, schedule="epoch", max_norm=None)
    loop.run(_Learning(network), network.optimizer, loss, state, save)


class _Learning(nn.Module):
    """A network whose answer is its loss: what several processes share are gradients of a module's own call."""

    def __init__(self, network: PulseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor, contact: Tensor, rng: np.random.Generator) -> Tensor:
        return self.network.loss(crops, contact, rng)


def _by_clip(clips: Sequence[str], wanted: np.ndarray) -> list[np.ndarray]:
    """Return the wanted rows, bool [n], clip by clip."""
    rows: dict[str, list[int]] = {}
    for row in np.flatnonzero(wanted):
        rows.setdefault(clips[int(row)], []).append(int(row))
    return [np.array(each) for each in rows.values()]


def _draw(groups: Sequence[np.ndarray], clips: int, rng: np.random.Generator) -> np.ndarray:
    """Return a row of each of so many different clips."""
    chosen = rng.choice(len(groups), clips, replace=False)
    return np.array([rng.choice(groups[group]) for group in chosen])
