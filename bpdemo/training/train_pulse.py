"""From faces as frames to weights of a network that finds the pulse: fitted once, and scored on people set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bpdemo.errors import DataError
from bpdemo.models import find_model
from bpdemo.reporting.pulse_card import write_pulse_card
from bpdemo.training.checkpoint import load_checkpoint, save_checkpoint
from bpdemo.training.description import pulse_provenance
from bpdemo.training.evaluate import EVALUATION_SEED
from bpdemo.training.loop import distributed_state
from bpdemo.training.pulse_fit import fit_pulse
from bpdemo.training.pulse_material import prepare_pulse_windows
from bpdemo.training.pulse_scores import score_pulse
from bpdemo.weights.folder import pick_device
from bpdemo.weights.pulse_store import PulseConfig, PulseFigures, PulseTraining, PulseWeights, save_pulse

SET_ASIDE = 0.2
"""Share of the people whom the network is scored on and not fitted on."""
QUALITIES = ("strong", "standard")
"""A recording is rendered as frames once in each: 15 s take seconds to render, and 22 MB."""


def train_pulse(
    data: Mapping[str, str | Path],
    output: str | Path,
    *,
    maps: Sequence[str | Path] = (),
    model: str,
    network: Any,
    labels: float = 0.0,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
) -> PulseConfig:
    """Fit a network that finds the pulse, by its published schedule, and save it; return its config.

    Arguments are those of `train.train`; `labels` is the share of the people whose contact pulse it learns from, 0 to
    1, drawn by the seed. Maps must hold crops in the model's form (`bpdemo extract --crops`).

    Raises:
        DataError: the data cannot be used; `too_few_people`.
        WeightsError: no such device, or the weights cannot be written.
    """
    picked, found = pick_device(device), find_model(model)
    form = found.crops
    assert form is not None
    windows = prepare_pulse_windows(data, maps, form, QUALITIES, seed)
    learning, aside = split_people(windows.person, seed)
    fitted, names = windows.select(learning), sorted({windows.person[row] for row in learning})
    rng = np.random.default_rng([seed, 1])
    told = set(rng.permutation(names)[: round(labels * len(names))])
    torch.manual_seed(seed)
    made = found.network(network)
    settings = {"model": model, "network": asdict(network), "labels": labels, "seed": seed, "people": names}
    output, state = Path(output), distributed_state(picked)
    checkpoint = Path(run or output.with_name(f"{output.name}.run")) / "pulse.pt"
    before = load_checkpoint(checkpoint)

    def save(fit: dict[str, Any]) -> None:
        if state.is_main_process:
            checkpoint.parent.mkdir(parents=True, exist_ok=True)
            save_checkpoint(checkpoint, {"settings": settings, "fit": fit})

    labelled = np.array([name in told for name in fitted.person])
    begun = before["fit"] if before is not None and before["settings"] == settings else None
    fit_pulse(made, fitted, labelled, made.EPOCHS, seed, picked, f"fit {model}", begun, save)
    made.to(picked)
    config = PulseConfig(
        name=f"bpdemo-{model}",
        model=model,
        network=network,
        crops=asdict(form),
        training=PulseTraining(
            people=len(names), windows=len(learning), labels=labels, epochs=made.EPOCHS, names=names
        ),
        set_aside=score_pulse(made, windows.select(aside)),
        provenance=pulse_provenance(data, maps, windows.person, model, network, labels, seed),
    )
    if state.is_main_process:
        save_pulse(output, made, config, write_pulse_card(config))
    state.wait_for_everyone()
    return config


def evaluate_pulse_weights(
    weights: PulseWeights, data: Mapping[str, str | Path], maps: Sequence[str | Path] = (), seed: int = 0
) -> PulseFigures:
    """Return the figures of a network on everybody in data sets and maps; raises as `prepare_pulse_windows`."""
    windows = prepare_pulse_windows(data, maps, weights.network.FORM, QUALITIES, seed + EVALUATION_SEED)
    return score_pulse(weights.network, windows)


def split_people(person: Sequence[str], seed: int) -> tuple[list[int], list[int]]:
    """Return the rows of people to fit on, and of those set aside; nobody is in both.

    Raises:
        DataError: `too_few_people`, fewer than three.
    """
    names = sorted(set(person))
    if len(names) < 3:
        raise DataError(
            "too_few_people",
            f"{len(names)} people cannot be parted into some to learn from and some to be scored on.",
            "Name data of more people.",
        )
    drawn = np.random.default_rng([seed, 0]).permutation(names)
    aside = set(drawn[: max(1, round(SET_ASIDE * len(names)))])
    rows = range(len(person))
    return [row for row in rows if person[row] not in aside], [row for row in rows if person[row] in aside]
