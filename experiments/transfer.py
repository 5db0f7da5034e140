"""What might help on people of another data set: the recipe fitted otherwise, and scored beside the weights.

Every attempt changes one thing: whose sensor the pulses were recorded with, which way up they are, or what of a beat's
size the network sees. Everything else - people, noise, steps, members, initial weights - is as in the weights. What
chance does, two further fits of the same recipe with other seeds show. Settings were chosen before anything was scored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from bpdemo.data.person import Person
from bpdemo.models.beats import BloodPressureNetwork, NetworkConfig
from bpdemo.synthesis.pulses import is_upright
from bpdemo.training.cross_validation import share_out
from bpdemo.training.dataset import SliceSet, slice_set
from bpdemo.training.fit import Recipe, fit, processes
from bpdemo.training.metrics import PRESSURES
from bpdemo.training.model_names import HELPED, NO_DIFFERENCE, WORSE
from bpdemo.training.predictions import Predictions
from bpdemo.training.results import Edges, brief, compare, reference_quality, rounded
from bpdemo.training.trial import Material, make_maps
from experiments.sensors import SENSORS, UPSIDE_DOWN, some_upside_down, through_any_sensor

AS_SHIPPED = "as shipped"
RESEEDED = {"another seed of the fit": 500, "a third seed of the fit": 600}
"""Fits that differ by chance alone -> what is added to their seed."""
SENSOR, POLARITY = "another finger sensor in each rendering", "some pulses upside down"
CHANNELS, ROWS = "every channel to unit spread", "every row to unit spread"

_TINY = 1e-9


@dataclass(frozen=True)
class Attempt:
    """A network of the recipe, fitted otherwise.

    Attributes:
        network: fitted.
        change: what is done to slices before it reads them; None for nothing.
    """

    network: BloodPressureNetwork
    change: Callable[[SliceSet], SliceSet] | None = None


def fit_attempts(
    material: Material, config: NetworkConfig, recipe: Recipe, seed: int, run: Path, device: torch.device
) -> dict[str, Attempt]:
    """Fit the recipe once more on everybody for each attempt.

    Args:
        material: what the weights were fitted on.
        config: of their network.
        recipe: of their fit.
        seed: of renderings and fit.
        run: folder for checkpoints.
        device: where to compute.

    Returns:
        Name of an attempt -> its network. Pulses are changed only where there are recordings.
    """
    sets = dict.fromkeys(RESEEDED, material.slices)
    recorded = [person for person in material.maps.people if person.recordings]
    for name, change in ((SENSOR, through_any_sensor), (POLARITY, some_upside_down)) if recorded else ():
        qualities = recipe.qualities * recipe.cycles
        sets[name] = slice_set(make_maps(recorded, material.films, qualities, seed, "training", change), name)
    changes = {CHANNELS: level_channels, ROWS: level_rows}
    sets |= {name: change(material.slices) for name, change in changes.items()}
    jobs = {
        name: (slices, config, recipe, seed + RESEEDED.get(name, 0), device, run / f"{name.replace(' ', '_')}.pt")
        for name, slices in sets.items()
    }
    fits = share_out(_fit_to_checkpoint, list(jobs.values()), device, len(material.slices.person))
    for _ in tqdm(fits, desc="attempts", total=len(jobs), unit="fit"):
        pass
    processes(device).wait_for_everyone()
    # A finished fit is read from its checkpoint: whichever process fitted it, all have it.
    return {name: Attempt(_fit(job), changes.get(name)) for name, job in jobs.items()}


def level_channels(slices: SliceSet) -> SliceSet:
    """Bring each channel of each map's mean beat to root mean square 1: what is left of a channel is its shape.

    Args:
        slices: any.

    Returns:
        The same with each map's channels divided by a number of their own; a channel that is 0 stays so.
    """
    weight = slices.weight.astype(np.float64)
    beats = np.einsum("nsr,nscrp->ncp", weight, slices.values)
    beats /= np.maximum(weight.sum(axis=(1, 2)), _TINY)[:, None, None]
    spread = np.sqrt((beats**2).mean(axis=-1))[:, None, :, None, None]
    return replace(slices, values=_divided(slices.values, spread))


def level_rows(slices: SliceSet) -> SliceSet:
    """Bring each row - a region's beat in one channel and one slice - to root mean square 1.

    Args:
        slices: any.

    Returns:
        The same with each row divided by a number of its own; a row that is 0 stays so.
    """
    spread = np.sqrt((slices.values.astype(np.float64) ** 2).mean(axis=-1, keepdims=True))
    return replace(slices, values=_divided(slices.values, spread))


def score_attempts(shipped: Predictions, others: Mapping[str, Predictions], edges: Edges) -> dict[str, Any]:
    """Put what was tried beside the weights, on the people of another data set.

    A difference is one beyond chance when it is larger than any between fits that differ by their seeds alone, and
    when 95 % of resamplings of the people agree on its sign.

    Args:
        shipped: answers of the weights.
        others: name -> answers to the same questions; those of `RESEEDED` among them.
        edges: pressure -> edges of its ranges, mmHg.

    Returns:
        JSON-able: `reference` (the quality that verdicts are about), `chance` (pressure -> mmHg of MAE that fits differ
        by), `rows`: in order, the weights first, `what`, `qualities` -> quality -> pressure -> `mae`, `mean_error`,
        `r`, `bootstrap`, and but for the weights `gain` (mmHg by which it is nearer than they are) and
        `gain_interval`; for what is no matter of chance `verdict` -> pressure -> one of `HELPED`, `NO_DIFFERENCE`,
        `WORSE`.
    """
    reference = reference_quality(shipped.quality)
    rows = [{"what": AS_SHIPPED, "qualities": _figures(shipped, None, edges)}]
    rows += [{"what": name, "qualities": _figures(answers, shipped, edges)} for name, answers in others.items()]

    def gain(row: Mapping[str, Any], pressure: str) -> float:
        return row["qualities"][reference][pressure]["gain"]

    by_chance = [row for row in rows if row["what"] in RESEEDED]
    chance = {}
    for pressure in PRESSURES:
        fits = [0.0, *(gain(row, pressure) for row in by_chance)]
        chance[pressure] = max(fits) - min(fits)
    for row in rows:
        if row["what"] not in RESEEDED and row["what"] != AS_SHIPPED:
            row["verdict"] = {
                pressure: _verdict(
                    gain(row, pressure), row["qualities"][reference][pressure]["gain_interval"], chance[pressure]
                )
                for pressure in PRESSURES
            }
    return rounded({"reference": reference, "chance": chance, "rows": rows})


def describe_attempts() -> str:
    """Say in words what was drawn and how, from the tables of `sensors`."""
    high, low, curvature = (SENSORS[name] for name in ("high_pass_hz", "low_pass_hz", "curvature"))
    return (
        f"*{SENSOR}*: before each rendering the finger pulse passes a high-pass of {high[0]:g} to {high[1]:g} Hz and a "
        f"low-pass of {low[0]:g} to {low[1]:g} Hz, each of first order with its phase, and an answer bent by up to "
        f"{curvature[1]:g} either way. *{POLARITY}*: {100 * UPSIDE_DOWN:.0f} % of the renderings are of the inverted "
        f"pulse. *{CHANNELS}*: the map's mean beat in each channel is brought to one size, in training and in test; "
        f"*{ROWS}*: each region's beat in each channel and slice."
    )


def share_upright(people: Sequence[Person]) -> float | None:
    """Return the share of people most of whose recordings rise faster than they fall; None without recordings.

    Args:
        people: of a data set.
    """
    upright = [np.mean([is_upright(one) for one in person.recordings]) > 0.5 for person in people if person.recordings]
    return float(np.mean(upright)) if upright else None


def _fit(job: tuple) -> BloodPressureNetwork:
    slices, config, recipe, seed, device, checkpoint = job
    return fit(slices, range(len(slices.people)), config, recipe, seed, device, checkpoint=checkpoint, title=None)


def _fit_to_checkpoint(job: tuple) -> None:
    _fit(job)


def _divided(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    return (values / np.where(by > _TINY, by, 1.0)).astype(values.dtype)


def _figures(answers: Predictions, reference: Predictions | None, edges: Edges) -> dict[str, Any]:
    """Figures of one row, by quality and pressure; beside a reference also how much nearer it is."""
    figures: dict[str, Any] = {}
    for quality in dict.fromkeys(answers.quality.tolist()):
        said = brief(answers, quality, edges)
        beside = compare(answers, reference, quality) if reference else None
        figures[quality] = {
            pressure: {name: said[pressure][name] for name in ("mae", "mean_error", "r", "bootstrap")}
            | ({name: beside[pressure][name] for name in ("gain", "gain_interval")} if beside else {})
            for pressure in PRESSURES
        }
    return figures


def _verdict(gain: float, interval: Sequence[float], chance: float) -> str:
    low, high = interval
    if abs(gain) <= chance or low <= 0 <= high:
        return NO_DIFFERENCE
    return HELPED if gain > 0 else WORSE
