"""Fit the network: folds split by person for the evidence, then everybody for the weights that are shipped.

The recipe is fixed beforehand: number of epochs, sizes and all else are the same for every fold and for the final fit,
and no test person has a say in any of them. Ours throughout.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from bpdemo import stmap
from bpdemo.network import BloodPressureNetwork, NetworkConfig
from bpdemo.training.card import write_card
from bpdemo.training.datasets import cite, load_people, split_by_person
from bpdemo.training.describe import describe, summarise
from bpdemo.training.evaluate import EVALUATION_SEED, PRESSURES, RENDERINGS, predict
from bpdemo.training.film_maps import FilmSet, film_set
from bpdemo.training.losses import blood_pressure_loss, range_of
from bpdemo.training.map_set import MapSet, join, keep_usable, render_set
from bpdemo.training.people import Person
from bpdemo.training.render_maps import QUALITIES
from bpdemo.weights import pick_device, save_weights


@dataclass(frozen=True)
class Recipe:
    """Everything a fit depends on besides data and seed.

    Attributes:
        qualities: capture qualities a person is rendered in for training, one cycle; repeated `cycles` times.
        cycles: see above.
        epochs: passes over all renderings, fixed beforehand.
        batch: maps in a step.
        learning_rate: peak of the one-cycle schedule.
        weight_decay: of AdamW.
        average_decay: of the running average of the weights, which is what is kept.
        oversampling: sampling weight of a person is (people in the same systolic range) to the power of minus this: 0
            samples people evenly, 1 ranges evenly.
        folds: splits by person for the evidence.
    """

    qualities: tuple[str, ...] = ("strong", "standard", "standard", "poor")
    cycles: int = 6
    epochs: int = 10
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    average_decay: float = 0.99
    oversampling: float = 0.5
    folds: int = 5


RECIPE = Recipe()


def train(
    data: Mapping[str, str | Path],
    output: str | Path,
    *,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    recipe: Recipe = RECIPE,
) -> dict[str, Any]:
    """Cross-validate the recipe on people split into folds, fit it on all of them, and save weights with their card.

    Pulse recordings are rendered, clips are taken as they were filmed; one run may use both. A person is drawn as often
    as any other of the same systolic range, however many maps there are of each.

    Args:
        data: name of a data set (see `datasets.recognise`) -> its folder.
        output: the weights folder to write.
        seed: fixes renderings, splits and fits.
        run: folder for checkpoints; a run of the same recipe, data and seed goes on where it stopped. None puts it
            beside the output, `<output>.run`.
        device: "auto", "cpu" or "cuda".
        recipe: what to do.

    Returns:
        The content of config.json.

    Raises:
        DataError: the data cannot be used.
        WeightsError: no such device, or the weights cannot be written.
    """
    picked = pick_device(device)
    everybody = load_people(data)
    recorded, filmed = ([one for one in everybody if bool(one.films) is has_clips] for has_clips in (False, True))
    recorded = keep_usable(recorded)[0] if recorded else []
    films = film_set(filmed) if filmed else None
    people = [*recorded, *(films.maps.people if films else ())]
    output = Path(output)
    run = Path(run) if run is not None else output.with_name(f"{output.name}.run")
    settings = {"recipe": _plain(recipe), "seed": seed, "people": [person.name for person in people]}
    _open_run(run, settings | ({"clips": films.maps.truth.tolist()} if films else {}))

    maps = _make_maps(recorded, films, recipe.qualities * recipe.cycles, seed, "training")
    tests = _make_maps(recorded, films, tuple(QUALITIES) * RENDERINGS, seed + EVALUATION_SEED, "evaluation")
    config = NetworkConfig(cells=maps.values.shape[2])
    fold_of, baseline, predicted = cross_validate(maps, tests, config, recipe, seed, run, picked)
    network = fit(maps, range(len(people)), config, recipe, seed, picked, checkpoint=run / "all.pt", title="fit on all")

    results = summarise(tests, fold_of, baseline, predicted)
    details = {
        "left_out": len(everybody) - len(people),
        "seed": seed,
        "data": list(data),
        "citation": cite(data),
        "recipe": _plain(recipe),
    }
    if films:
        details["clips"] = {"read": films.clips, "refused": films.refused}
    description = describe(maps, config, results, details)
    save_weights(output, network, description, write_card(description))
    return description


def cross_validate(
    maps: MapSet,
    tests: MapSet,
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    run: Path,
    device: torch.device,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predict every person with a network that was fitted without that person.

    Args:
        maps: training renderings.
        tests: evaluation renderings of the same people, in the same order.
        config: of the network.
        recipe: of the fit.
        seed: fixes splits and fits.
        run: folder that keeps finished folds and checkpoints.
        device: where to compute.

    Returns:
        For each map of `tests`: its fold [n], the training mean of that fold [n, 2] and the prediction [n, 2], mmHg.
    """
    fold_of = np.full(len(tests.person), -1)
    baseline, predicted = np.empty((2, len(tests.person), len(PRESSURES)))
    for fold, (train_people, test_people) in enumerate(split_by_person(maps.people, recipe.folds, seed)):
        of = tests.of_people(test_people)
        done, checkpoint = run / f"fold_{fold}.npy", run / f"fold_{fold}.pt"
        if not done.is_file():
            title = f"fold {fold + 1}/{recipe.folds}"
            network = fit(maps, train_people, config, recipe, seed, device, checkpoint=checkpoint, title=title)
            fold_predictions = predict(network, tests, of, device)
            _replace(done, lambda path, array=fold_predictions: np.save(path, array))
            checkpoint.unlink(missing_ok=True)
        fold_of[of] = fold
        predicted[of] = np.load(done)
        baseline[of] = maps.pressures[train_people].mean(axis=0)
    assert (fold_of >= 0).all()
    return fold_of, baseline, predicted


def fit(
    maps: MapSet,
    people: Sequence[int],
    config: NetworkConfig,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    *,
    checkpoint: Path | None = None,
    title: str = "fit",
) -> BloodPressureNetwork:
    """Fit one network on the renderings of some people.

    Args:
        maps: the renderings.
        people: indices of those to fit on; nobody else's maps are touched.
        config: of the network.
        recipe: of the fit.
        seed: fixes initial weights, order and augmentation.
        device: where to compute.
        checkpoint: file written after each epoch; when it is there, the fit goes on from it.
        title: of the progress bar.

    Returns:
        The running average of the weights over the fit, on `device`, in evaluation mode.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    # Channels last: the convolutions are twice as fast on a CPU.
    network = BloodPressureNetwork(config).to(device, memory_format=torch.channels_last)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average_decay), use_buffers=True)
    indices, chances = _sampling(maps, people, config, recipe.oversampling)
    steps = max(1, len(indices) // recipe.batch)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps)
    parts = {"network": network, "average": average, "optimizer": optimizer, "schedule": schedule}
    first = _resume(checkpoint, parts, rng) if checkpoint is not None and checkpoint.is_file() else 0
    pressures = torch.from_numpy(maps.truth)
    network.train()
    with tqdm(total=recipe.epochs * steps, initial=first * steps, desc=title, unit="step") as bar:
        for epoch in range(first, recipe.epochs):
            for _ in range(steps):
                batch = rng.choice(indices, recipe.batch, p=chances)
                values, mask = augment(
                    torch.from_numpy(maps.values[batch].astype(np.float32)), torch.from_numpy(maps.mask[batch]), rng
                )
                target = pressures[batch].to(device)
                loss = blood_pressure_loss(network(values.to(device), mask.to(device)), target, config)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                average.update_parameters(network)
                bar.update()
            bar.set_postfix(loss=f"{loss.item():.3f}")
            if checkpoint is not None:
                _save(checkpoint, parts, rng, epoch + 1)
    return average.module.eval()


def augment(values: Tensor, mask: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Vary a batch without changing what the heart did: no stretch in time, no change of sign.

    Most batches are cut to a shorter stretch (9.5 s and more), so that short clips are nothing new; some cells are
    hidden; some noise is added to each cell.

    Args:
        values: [B, 4, cells, columns]; may be changed in place.
        mask: bool [B, cells, columns]; may be changed in place.
        rng: draws all of it.

    Returns:
        values and mask, perhaps with fewer columns.
    """
    batch, _, cells, columns = values.shape
    shortest = min(columns, round(stmap.MIN_WINDOW_S * stmap.RATE_HZ))
    length = columns if rng.random() < 0.25 else int(rng.integers(shortest, columns + 1))
    start = int(rng.integers(columns - length + 1))
    values, mask = values[..., start : start + length], mask[..., start : start + length]
    hidden = rng.random((batch, cells)) < rng.uniform(0, 0.3, (batch, 1))
    mask = mask & ~torch.from_numpy(hidden).unsqueeze(-1)
    noise = torch.from_numpy(rng.standard_normal(values.shape, dtype=np.float32))
    strength = torch.from_numpy(rng.uniform(0, 0.25, (batch, 1, 1, 1)).astype(np.float32))
    return values + strength * noise, mask


def _make_maps(
    recorded: Sequence[Person], films: FilmSet | None, qualities: Sequence[str], seed: int, purpose: str
) -> MapSet:
    """Render those with recordings, and put the maps of clips behind."""
    if not recorded:
        return films.maps
    rendered = render_set(recorded, qualities, seed, purpose)
    return join(rendered, films.maps) if films else rendered


def _sampling(
    maps: MapSet, people: Sequence[int], config: NetworkConfig, power: float
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the people's maps and the chance of each to be drawn; a person's maps share the person's chance."""
    indices = maps.of_people(people)
    systolic = torch.from_numpy(maps.pressures[:, 0])
    ranges = range_of(systolic, config.systolic_edges).numpy()
    crowd = np.bincount(ranges[list(people)], minlength=len(config.systolic_edges) - 1)
    whose = maps.person[indices]
    chances = crowd[ranges[whose]].astype(float) ** -power / np.bincount(whose)[whose]
    return indices, chances / chances.sum()


def _plain(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON gives it back."""
    return asdict(recipe) | {"qualities": list(recipe.qualities)}


def _open_run(run: Path, settings: dict[str, Any]) -> None:
    """Keep what a stopped run of the same settings left; clear away what another one left."""
    run.mkdir(parents=True, exist_ok=True)
    marker = run / "settings.json"
    if marker.is_file() and json.loads(marker.read_text()) == settings:
        return
    for file in (*run.glob("fold_*.npy"), *run.glob("*.pt")):
        file.unlink()
    marker.write_text(json.dumps(settings))


def _save(checkpoint: Path, parts: Mapping[str, Any], rng: np.random.Generator, epoch: int) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    state |= {"epoch": epoch, "rng": rng.bit_generator.state, "torch_rng": torch.get_rng_state()}
    _replace(checkpoint, lambda path: torch.save(state, path))


def _resume(checkpoint: Path, parts: Mapping[str, Any], rng: np.random.Generator) -> int:
    """Load a checkpoint into the parts of a fit; returns the epochs it has behind it."""
    state = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    rng.bit_generator.state = state["rng"]
    torch.set_rng_state(state["torch_rng"])
    return state["epoch"]


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(f"partial_{path.name}")
    write(partial)
    partial.replace(path)
