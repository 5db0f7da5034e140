"""From data sets to a weights folder: the trial of the recipe, the fit on everybody, weights, card and evidence."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from accelerate.utils import broadcast_object_list

from bpdemo import beats as slices
from bpdemo import stmap
from bpdemo.data.registry import cite, load_people
from bpdemo.models.beats import NetworkConfig
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.report import save_evidence
from bpdemo.training.describe import describe
from bpdemo.training.fit import Recipe, fit, processes
from bpdemo.training.trial import Material, examine, make_ready, study
from bpdemo.weights.store import Weights, pick_device, save_weights
from experiments.transfer import fit_attempts
from experiments.unseen import look_elsewhere

RECIPE = Recipe()
NETWORK = NetworkConfig()


def train(
    data: Mapping[str, str | Path],
    output: str | Path,
    *,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    unseen: Mapping[str, str | Path] | None = None,
    variants: bool = False,
    recipe: Recipe = RECIPE,
    network: NetworkConfig = NETWORK,
) -> dict[str, Any]:
    """Cross-validate the recipe on people split into folds, fit it on all of them, save weights with their evidence.

    Pulse recordings are rendered, clips are taken as they were filmed; one run may use both. A person is drawn as often
    as any other of the same systolic range, however many maps there are of each.

    Args:
        data: name of a data set (see `datasets.recognise`) -> its folder.
        output: the weights folder to write.
        seed: fixes renderings, splits and fits.
        run: folder for checkpoints; a run of the same recipe, data and seed goes on where it stopped. None puts it
            beside the output, `<output>.run`.
        device: "auto", "cpu" or "cuda".
        unseen: other data sets to score the finished weights on, by name.
        variants: also compare ways of oversampling, parts of the loss and sizes, and with `unseen` what might help
            there.
        recipe: what to do.
        network: its sizes.

    Returns:
        The content of config.json.

    Raises:
        DataError: the data cannot be used.
        WeightsError: no such device, or the weights cannot be written.
    """
    picked = pick_device(device)
    load_people(unseen or {})  # what is wrong with them is told before an hour of work, not behind it
    output = Path(output)
    material = make_ready(data, recipe, seed)
    together = processes(picked)
    with together.main_process_first():
        run = run if run is not None else output.with_name(f"{output.name}.run")
        run = open_run(run, material, recipe, network, seed)
    results = examine(material, network, recipe, seed, run, picked)
    if variants:
        results |= study(material, network, recipe, seed, run, picked)
    everybody = range(len(material.slices.people))
    fitted = fit(
        material.slices, everybody, network, recipe, seed, picked, checkpoint=run / "all.pt", title="fit on all"
    )
    details = {
        "left_out": material.left_out,
        "seed": seed,
        "data": list(data),
        "unseen": list(unseen or ()),
        "variants": variants,
        "citation": cite(data),
        "recipe": recipe.to_dict(),
        **({"clips": results["clips"]} if "clips" in results else {}),
    }
    description = describe(material.slices, network, results, details)
    attempts = fit_attempts(material, network, recipe, seed, run, picked) if unseen and variants else None
    if together.is_main_process:
        if unseen:
            weights = Weights(description["name"], None, output, description, fitted)
            results |= look_elsewhere(weights, unseen, attempts, material.slices.people)
        save_weights(output, fitted, description, write_card(description, results))
        save_evidence(results, output)
    together.wait_for_everyone()
    return description


def cross_validate(
    data: Mapping[str, str | Path],
    *,
    seed: int = 0,
    run: str | Path | None = None,
    device: str = "auto",
    variants: bool = False,
    recipe: Recipe = RECIPE,
    network: NetworkConfig = NETWORK,
) -> dict[str, Any]:
    """Train and score the folds of some data sets; no weights are kept.

    Args:
        data: see `train`; so are the others.
        seed: fixes renderings, splits and fits.
        run: folder for checkpoints; None keeps none. Several processes without one must be on one machine.
        device: "auto", "cpu" or "cuda".
        variants: also compare ways of oversampling, parts of the loss and sizes.
        recipe: what to do.
        network: its sizes.

    Returns:
        The results (`evidence.gather`).

    Raises:
        DataError: the data cannot be used.
        WeightsError: no such device.
    """
    picked = pick_device(device)
    together = processes(picked)
    material = make_ready(data, recipe, seed)
    with TemporaryDirectory() as nowhere:
        # Each of several processes has made a folder; all work in the main one's.
        folder = broadcast_object_list([str(run or nowhere)])[0]
        with together.main_process_first():
            folder = open_run(folder, material, recipe, network, seed)
        results = examine(material, network, recipe, seed, folder, picked)
        if variants:
            results |= study(material, network, recipe, seed, folder, picked)
        together.wait_for_everyone()  # before the folder is gone
    return results


def open_run(run: str | Path, material: Material, recipe: Recipe, network: NetworkConfig, seed: int) -> Path:
    """Keep what a stopped run of the same settings left; clear away what another one left.

    Args:
        run: the folder.
        material: what is fitted.
        recipe: of the fit.
        network: its sizes.
        seed: of everything.

    Returns:
        The folder, which is there.
    """
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    settings = {
        "recipe": recipe.to_dict(),
        "network": network.to_dict(),
        "seed": seed,
        "stmap": stmap.specification(),
        "slices": slices.specification(),
        "people": [person.name for person in material.slices.people],
        "pressures": material.slices.pressures.tolist(),
        "maps": len(material.slices.person),
    }
    settings = json.loads(json.dumps(settings))  # as it reads when it has been written
    marker = run / "settings.json"
    if not (marker.is_file() and json.loads(marker.read_text()) == settings):
        for file in (*run.glob("*.npz"), *run.glob("*.pt")):
            file.unlink()
        marker.write_text(json.dumps(settings))
    return run
