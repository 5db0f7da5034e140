"""Commands that train and score: train, evaluate."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bpdemo.cli.options import DeviceOption, JsonOption, WeightsOption, needs_extra, parse_data
from bpdemo.errors import BpdemoError

DataOption = Annotated[list[str] | None, typer.Option(help="A data set and its folder, NAME=DIR; may be repeated.")]
MapsOption = Annotated[
    list[str] | None,
    typer.Option(help="Maps of clips: a folder of `bpdemo extract`, or owner/name@revision; may be repeated."),
]
ModelOption = Annotated[str | None, typer.Option(help="What to train; the network of the shipped weights without.")]
SizeOption = Annotated[str | None, typer.Option(help="Of a model that comes in sizes, as paper: full or small.")]
StartOption = Annotated[
    str | None, typer.Option(help="Folder of `bpdemo pretrain` that the fits begin at; it saw none of the people.")
]
LabelsOption = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Of a model that finds the pulse: share of people whose contact pulse it is told."),
]
PretrainOption = Annotated[
    str | None,
    typer.Option(help="Label-free method that teaches each network first, on those it learns from; none for none."),
]
UnseenOption = Annotated[
    list[str] | None,
    typer.Option(help="Another data set, NAME=DIR, to score the finished weights on; may be repeated."),
]


@needs_extra("train")
def train(
    output: Annotated[Path, typer.Option(help="Folder for the weights, their config and their model card.")],
    data: DataOption = None,
    maps: MapsOption = None,
    model: ModelOption = None,
    size: SizeOption = None,
    labels: LabelsOption = None,
    pretrain: PretrainOption = None,
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoints; a stopped run resumes from there.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
    device: DeviceOption = "auto",
    unseen: UnseenOption = None,
    start: StartOption = None,
) -> None:
    """Train weights on pulses or clips of people with known pressures; the model card says how good they are.

    A model that finds the pulse alone is trained on the same, as frames; it needs no pressures.
    """
    sets, elsewhere = parse_sources(data, maps), parse_data(unseen or [])
    from bpdemo.models import find_model

    how: dict[str, Any] = {"maps": maps or [], "seed": seed, "run": run, "device": device, **model_in_size(model, size)}
    if find_model(how["model"]).gives == "pulse":
        from bpdemo.training.train_pulse import train_pulse

        if unseen:
            raise _conflict(f"--model {model}", "--unseen", "Score it with bpdemo evaluate.")
        if start is not None:
            raise _conflict(f"--model {model}", "--start", "It reads frames, and a start is of maps.")
        if pretrain is not None:
            raise _conflict(f"--model {model}", "--pretrain", "It is such a method itself.")
        train_pulse(sets, output, labels=labels or 0.0, **how)
    else:
        from bpdemo.training.train import train as train_weights

        if labels is not None:
            raise _conflict(f"--model {how['model']}", "--labels", "It learns from all pulses that are known.")
        train_weights(sets, output, unseen=elsewhere, start=start, **_recipe(how["model"], pretrain), **how)


@needs_extra("train")
def evaluate(
    data: DataOption = None,
    maps: MapsOption = None,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    protocol: Annotated[
        str | None, typer.Option(help="Of a paper, as zhuang-mmse-hr: see docs/training.md; its data set in the maps.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Train and score the folds of the data instead of saved weights.")
    ] = False,
    model: ModelOption = None,
    size: SizeOption = None,
    start: StartOption = None,
    pretrain: PretrainOption = None,
    seed: Annotated[int, typer.Option(help="Of what is trained.")] = 0,
    run: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints of what is trained; none are kept without.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for all figures as JSON, tables and pictures; none without.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score saved weights on people they never saw, or what is trained on folds: of the data, or of a protocol."""
    sets, sources = parse_sources(data, maps), maps or []
    from bpdemo.reporting.report import summary, write_report
    from bpdemo.training.evaluate import evaluate as evaluate_weights
    from bpdemo.training.evaluate_protocol import evaluate_elsewhere, evaluate_folds
    from bpdemo.training.loop import distributed_state
    from bpdemo.training.protocols import find_protocol
    from bpdemo.training.train import cross_validate as cross_validate_recipe
    from bpdemo.weights.folder import pick_device
    from bpdemo.weights.pulse_store import look_up
    from bpdemo.weights.store import load_weights

    chosen = find_protocol(protocol) if protocol is not None else None
    if chosen is not None and cross_validate:
        raise _conflict("--protocol", "--cross-validate", "A protocol has folds of its own.")
    trains = cross_validate or (chosen is not None and chosen.folds is not None)
    if chosen is not None and trains and weights is not None:
        raise _conflict(f"--protocol {chosen.name}", "--weights", "It trains on the folds: name a --model instead.")
    if model is not None and not trains:
        raise _conflict("saved weights", "--model", "Weights say themselves what model they are of.")
    if size is not None and not trains:
        raise _conflict("saved weights", "--size", "Weights say themselves what size they are of.")
    exact: str | Path | None = weights
    if weights is not None and not trains:
        exact, gives_pulse_alone = look_up(weights)
        if gives_pulse_alone:
            if chosen is not None:
                raise _conflict("weights of the pulse alone", "--protocol", "Protocols are about pressures.")
            _evaluate_pulse(exact, sets, sources, seed, device, as_json)
            return
    for option, given in (("--start", start), ("--pretrain", pretrain)):
        if given is not None and not trains:
            raise _conflict("saved weights", option, "Nothing is fitted.")
    how: dict[str, Any] = {**model_in_size(model, size), "start": start, "seed": seed, "run": run, "device": device}
    how |= _recipe(how["model"], pretrain)
    if cross_validate:
        results = cross_validate_recipe(sets, maps=sources, **how)
    elif chosen is None:
        results = evaluate_weights(load_weights(exact, device), sets, sources)
    elif trains:
        results = evaluate_folds(chosen, sets, sources, **how)
    else:
        results = evaluate_elsewhere(chosen, load_weights(exact, device), sets, sources)
    if not distributed_state(pick_device(device)).is_main_process:
        return  # of several processes, one prints
    if output is not None:
        write_report(results, output)
    print(json.dumps(results.to_json()) if as_json else summary(results))


def _evaluate_pulse(
    weights: str | Path, data: dict[str, Path], maps: list[str], seed: int, device: str, as_json: bool
) -> None:
    """Print what weights of a network find of the pulse in windows of data sets and maps."""
    from bpdemo.reporting.pulse_card import pulse_table
    from bpdemo.training.train_pulse import evaluate_pulse_weights
    from bpdemo.weights.pulse_store import load_pulse

    loaded = load_pulse(weights, device)
    figures = evaluate_pulse_weights(loaded, data, maps, seed)
    print(json.dumps({"model": loaded.name} | figures.model_dump()) if as_json else pulse_table({loaded.name: figures}))


def parse_sources(data: list[str] | None, maps: list[str] | None) -> dict[str, Path]:
    """Return the data sets (see `options.parse_data`), once it is sure that there are any, or maps."""
    if not data and not maps:
        raise BpdemoError("data_missing", "Nothing to learn from or to score is named.", "Use --data or --maps.")
    return parse_data(data or [])


def model_in_size(model: str | None, size: str | None) -> dict[str, Any]:
    """Return what trains a model in a size, None the default of either; raises as `find_model` and `Model.size`."""
    from bpdemo.models import DEFAULT_MODEL, find_model

    name = model or DEFAULT_MODEL
    return {"model": name, "network": find_model(name).size(size)}


def _recipe(model: str, pretrain: str | None) -> dict[str, Any]:
    """Return the recipe of a model with another pretraining, or nothing where its own is wanted."""
    if pretrain is None:
        return {}
    from dataclasses import replace

    from bpdemo.models import find_model
    from bpdemo.training.recipe import recipe_of

    method = None if pretrain == "none" else find_model(pretrain).name
    return {"recipe": replace(recipe_of(model), pretrain=method)}


def _conflict(one: str, other: str, remedy: str) -> BpdemoError:
    return BpdemoError("options_conflict", f"{other} cannot go with {one}.", remedy)
