"""Pretraining: what a model can learn of the pulse from maps of people whose pressures nobody measured.

A label-free method (a model that finds the pulse, by its `map_loss`) teaches the part of another model that still has
a time axis (`Member.pulse_features`), window by window of different people. Every member of that model may then start
from it (`weights.start`). Pressures are not read. Which people to set aside, sizes and recipe are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bpdemo import beats, stmap
from bpdemo.data.person import Person, Recording, group_people
from bpdemo.data.pressure import Cuff
from bpdemo.data.registry import check_people, load
from bpdemo.data.splits import split_by_person
from bpdemo.errors import DataError
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.models.config import NetworkConfig
from bpdemo.models.inputs import Inputs
from bpdemo.spectrum import heart_rate_hz, irrelevant_power, resample_wave, snr_db
from bpdemo.training.checkpoint import load_checkpoint, save_checkpoint
from bpdemo.training.cohort import with_beats
from bpdemo.training.dataset import Dataset, concat
from bpdemo.training.filmed import collect, read_maps
from bpdemo.training.loop import distributed_state
from bpdemo.training.map_waves import MapWaves, trim
from bpdemo.training.rendered import render
from bpdemo.training.teach import PretrainRecipe, draw, teach
from bpdemo.weights.folder import pick_device
from bpdemo.weights.start import Start, StartConfig, save_start

_LEAST_PEOPLE = 4  # two to learn from, two to set aside


def pretrain(
    output: str | Path,
    *,
    method: str,
    maps: Sequence[str | Path] = (),
    data: Mapping[str, str | Path] | None = None,
    model: str = DEFAULT_MODEL,
    network: NetworkConfig | None = None,
    seed: int = 0,
    device: str = "auto",
    run: str | Path | None = None,
    recipe: PretrainRecipe | None = None,
) -> StartConfig:
    """Teach a model the pulse by a label-free method, save it as a start for its fits, and return the start's config.

    Args:
        output: folder of the start.
        method: a key of `bpdemo.models.MODELS` that has a loss on maps.
        maps: of clips (`bpdemo extract`); every window that gives a reading counts, with a pressure or without.
        data: data sets, name -> folder, whose pulse recordings are rendered.
        model: what is taught.
        network: its sizes; None its own.
        seed: fixes renderings, who is set aside, and the fit.
        device: "auto", "cpu" or "cuda".
        run: folder of the checkpoint of each epoch, by default `<output>.run`; a run of the same settings goes on.
        recipe: None the usual one.

    Raises:
        BpdemoError: the model or the method is not made for it (see `MapWaves`), or the data cannot be used.
    """
    picked, recipe, data = pick_device(device), recipe or PretrainRecipe(), data or {}
    chosen = find_model(model)
    network = network or chosen.config()
    torch.manual_seed(seed)
    waves = MapWaves(chosen.network(network), find_model(method))  # before an hour of work, not behind it
    dataset = read_windows(data, maps, recipe, seed, with_maps=chosen.reads == "map")
    learning, aside = part_people(dataset.people, recipe, seed)
    names = [[dataset.people[one].name for one in people] for people in (learning, aside)]
    state = distributed_state(picked)
    settings: dict[str, Any] = {
        "method": method,
        "model": model,
        "network": network,
        "stmap": stmap.specification(),
        "beats": beats.specification(),
        "data": sorted({one.name.partition(":")[0] for one in dataset.people}),
        "names": names[0],
        "set_aside": names[1],
        "windows": len(dataset.windows_of(learning)),
        "seed": seed,
        "recipe": recipe.to_json(),
    }
    before = figures(waves.to(picked), dataset, aside, recipe.batch)
    checkpoint = Path(run or f"{Path(output)}.run") / "pretrain.pt"
    marker, saved = StartConfig(**settings, figures={}).model_dump_json(), load_checkpoint(checkpoint)
    begun = saved["state"] if saved is not None and saved["settings"] == marker else None

    def save(fit: dict[str, Any]) -> None:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(checkpoint, {"settings": marker, "state": fit})

    teach(waves, dataset, dataset.windows_of(learning), recipe, seed, picked, "pretrain", begun, save)
    after = figures(waves, dataset, aside, recipe.batch)
    config = StartConfig(**settings, figures={"before": before, "after": after})
    if state.is_main_process:
        save_start(output, Start(config, waves.taught()))
    state.wait_for_everyone()
    return config


def read_windows(
    data: Mapping[str, str | Path], maps: Sequence[str | Path], recipe: PretrainRecipe, seed: int, with_maps: bool
) -> Dataset:
    """Return windows of which something was measured: recordings rendered, and those of maps; pressures are NaN.

    Raises:
        DataError: from loading; `clips_not_extracted`, where a data set's recordings are clips; `no_beats`.
    """
    recordings = load(data)
    if clips := [one for one in recordings if one.clip is not None]:
        raise DataError(
            "clips_not_extracted",
            f"{clips[0].name} is a clip.",
            "Run `bpdemo extract` on the data set, and name its --maps.",
        )
    people = with_beats(group_people([_unlabelled(one) for one in recordings]))
    parts = []
    if people:
        qualities = recipe.qualities * recipe.cycles
        parts.append(render(people, qualities, seed, "pretraining", with_maps=with_maps))
    if maps:
        rows = read_maps(maps, with_maps, labelled=False)
        parts.append(collect(rows, with_maps, labelled=False).dataset)
    check_people([{person.name for person in part.people} for part in parts])
    dataset = parts[0] if len(parts) == 1 else concat(*parts)
    return dataset.select(np.flatnonzero(dataset.measured))


def part_people(people: Sequence[Person], recipe: PretrainRecipe, seed: int) -> tuple[list[int], list[int]]:
    """Return who is learned from and who is set aside, indices.

    Raises:
        DataError: `too_few_people`.
    """
    if len(people) < _LEAST_PEOPLE:
        raise DataError(
            "too_few_people", f"{len(people)} people are too few to pretrain on.", "Name more data sets or maps."
        )
    return next(split_by_person(people, min(recipe.set_aside, len(people) // 2), seed))


def figures(waves: MapWaves, dataset: Dataset, people: Sequence[int], batch: int) -> dict[str, float | None]:
    """Return what waves of some people's windows are worth, of those windows that give a reading where there are any.

    `loss` of the method; `irrelevant_power` (0 to 1), `heart_rate_mae` (bpm, against the rate that the window's pulse
    was found to have) and `snr_db` of the mean wave; None of waves that are single beats.
    """
    waves.eval()
    windows = dataset.windows_of(people)
    windows = windows[dataset.readable[windows]] if dataset.readable[windows].any() else windows
    rng = np.random.default_rng(0)
    losses, found = [], []
    with torch.no_grad():
        for number in range(max(1, len(windows) // max(2, batch))):
            drawn = draw(dataset, windows, batch, np.random.default_rng(number))
            losses.append(waves.loss_here(trim(dataset.inputs(drawn)), rng).item())
        for one in windows:
            if waves.rate_hz is not None:
                inputs = trim(dataset.inputs(np.array([one])))
                found.append(_pulse_figures(waves.waves(inputs)[0].mean(dim=0).cpu(), waves.rate_hz, inputs))
    pulse = np.mean(found, axis=0).round(4).tolist() if found else [None] * 3
    return {"loss": round(float(np.mean(losses)), 6)} | dict(
        zip(("irrelevant_power", "heart_rate_mae", "snr_db"), pulse, strict=True)
    )


def _pulse_figures(wave: Tensor, rate_hz: float, inputs: Inputs) -> tuple[float, float, float]:
    fine, known_hz = resample_wave(wave.numpy(), rate_hz), float(inputs.rate_hz[0])
    error_bpm = 60 * abs(heart_rate_hz(fine) - known_hz)
    return irrelevant_power(fine), error_bpm, snr_db(fine, known_hz)


def _unlabelled(recording: Recording) -> Recording:
    """Return a recording without its pressure, of which nothing is to be learned."""
    return replace(recording, pressure=Cuff(np.nan, np.nan))
