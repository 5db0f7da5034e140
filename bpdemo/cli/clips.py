"""Commands about one clip or none: stmap, check, render."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bpdemo.cli.options import DeviceOption, EmbeddedOption, JsonOption, WeightsOption, needs_extra
from bpdemo.system import runtime


def stmap(
    clip: Annotated[str, typer.Argument(help="A video file of a face.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .npz file to write.")],
) -> None:
    """Write the STMap of a clip's best window, up to 15 s, as .npz: stmap, cells, regions, time_s, mask, ..."""
    prepare_process()
    from bpdemo.estimator import map_clip
    from bpdemo.stmap import save_stmap

    made = map_clip(clip, isolate=True)
    with output.open("wb") as file:  # a path would be given another ending
        save_stmap(file, made)
    print(f"{output}: {made.values.shape[1]} cells, {made.values.shape[2]} columns", file=sys.stderr)


def check(
    weights: WeightsOption = None,
    model: EmbeddedOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Check that this installation reads a synthetic face; print its device, weights and libraries."""
    prepare_process()
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.self_check import check as check_installation

    report = check_installation(BloodPressureEstimator.from_pretrained(weights, device, model=model))
    print(json.dumps(report.to_dict()) if as_json else report)


@needs_extra("train")
def render(
    output: Annotated[Path, typer.Argument(help="The clip to write: .mp4, .webm, .mkv, .mov or .avi.")],
    heart_rate: Annotated[float, typer.Option(min=40, max=200, help="Beats a minute.")] = 72.0,
    still: Annotated[bool, typer.Option("--still", help="A photograph instead: no pulse.")] = False,
    duration: Annotated[float, typer.Option(min=1, max=60, help="Seconds.")] = 15.0,
    frame_rate: Annotated[float, typer.Option(min=5, max=120, help="Frames a second.")] = 30.0,
    noise: Annotated[float, typer.Option(min=0, max=30, help="Sensor noise, 8-bit levels.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
) -> None:
    """Render a clip of a portrait with a pulse of known rate, to try bpdemo with; print the ground truth as JSON."""
    from bpdemo.synthesis.scenes import Scene, render_clip

    scene = Scene(
        seed=seed,
        duration_s=duration,
        frame_rate_hz=frame_rate,
        heart_rate_bpm=None if still else heart_rate,
        noise=noise,
        codec="vp8" if output.suffix == ".webm" else "h264",
    )
    print(json.dumps(asdict(render_clip(output, scene))))


def prepare_process() -> None:
    """Make process-wide settings, before anything heavy is imported."""
    runtime.limit_threads()
    runtime.shorten_socket_folder()
