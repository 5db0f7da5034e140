"""Commands that train and score: train, evaluate."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bpdemo.cli.options import DataOption, DeviceOption, JsonOption, WeightsOption, needs_extra, parse_data

UnseenOption = Annotated[
    list[str] | None,
    typer.Option(help="Another data set, NAME=DIR, to score the finished weights on; may be repeated."),
]


@needs_extra("train")
def train(
    data: DataOption,
    output: Annotated[Path, typer.Option(help="Folder for the weights, their config and their model card.")],
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoints; a stopped run resumes from there.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
    device: DeviceOption = "auto",
    unseen: UnseenOption = None,
) -> None:
    """Train weights on pulse recordings of people with cuff pressures; the model card says how good they are."""
    sets, elsewhere = parse_data(data), parse_data(unseen or [])
    from bpdemo.training.train import train as train_weights

    train_weights(sets, output, seed=seed, run=run, device=device, unseen=elsewhere)


@needs_extra("train")
def evaluate(
    data: DataOption,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train and score the folds of the data instead of saved weights.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of splits and fits, with --cross-validate.")] = 0,
    run: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints, with --cross-validate; none are kept without.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for all figures as JSON, tables and pictures; none without.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score saved weights on people they never saw or, with --cross-validate, the recipe on the folds of the data."""
    sets = parse_data(data)
    from bpdemo.reporting.report import summary, write_report
    from bpdemo.training.fit import distributed_state
    from bpdemo.weights.store import pick_device

    if cross_validate:
        from bpdemo.training.train import cross_validate as cross_validate_recipe

        results = cross_validate_recipe(sets, seed=seed, run=run, device=device)
    else:
        from bpdemo.training.evaluate import evaluate as evaluate_weights
        from bpdemo.weights.store import load_weights

        results = evaluate_weights(load_weights(weights, device), sets)
    if not distributed_state(pick_device(device)).is_main_process:
        return  # of those that torchrun has started, one prints
    if output is not None:
        write_report(results, output)
    print(json.dumps(results.to_json()) if as_json else summary(results))
