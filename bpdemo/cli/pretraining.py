"""The command that pretrains: pretrain."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bpdemo.cli.options import DeviceOption, JsonOption, needs_extra
from bpdemo.cli.training import DataOption, MapsOption, SizeOption, model_in_size, parse_sources


@needs_extra("train")
def pretrain(
    output: Annotated[Path, typer.Option(help="Folder for what was taught, for --start of train and evaluate.")],
    method: Annotated[str, typer.Option(help="A label-free method: contrast-phys or yue.")],
    maps: MapsOption = None,
    data: DataOption = None,
    model: Annotated[str | None, typer.Option(help="What is taught: paper or beats.")] = None,
    size: SizeOption = None,
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoints; a stopped run resumes from there.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Teach a model the pulse on maps of people whose pressures nobody measured; pulse recordings are rendered."""
    sets = parse_sources(data, maps)
    from bpdemo.reporting.pretraining import pretraining_table
    from bpdemo.training.loop import distributed_state
    from bpdemo.training.pretrain import pretrain as teach
    from bpdemo.weights.folder import pick_device

    how: dict[str, Any] = {**model_in_size(model, size), "seed": seed, "run": run, "device": device}
    config = teach(output, method=method, maps=maps or [], data=sets, **how)
    if distributed_state(pick_device(device)).is_main_process:  # of several processes, one prints
        print(json.dumps(config.figures) if as_json else pretraining_table(config))
