"""Commands about clips: estimate, stmap, check, render."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpdemo.cli.options import DeviceOption, EmbeddedOption, JsonOption, WeightsOption, needs_extra
from bpdemo.errors import BpdemoError
from bpdemo.system import runtime
from bpdemo.told import Told

if TYPE_CHECKING:
    from bpdemo.estimate import Estimate
    from bpdemo.estimator import BloodPressureEstimator


def estimate(
    clips: Annotated[list[str], typer.Argument(metavar="CLIP...", help="Video files of a face, about 15 s each.")],
    weights: WeightsOption = None,
    model: EmbeddedOption = None,
    device: DeviceOption = "auto",
    method: Annotated[
        str | None, typer.Option(help="How the pulse is found: green, chrom, pos, or the network of --weights.")
    ] = None,
    age: Annotated[float | None, typer.Option(help="Of the person in the clips, years.")] = None,
    sex: Annotated[str | None, typer.Option(help="male or female.")] = None,
    height: Annotated[float | None, typer.Option(help="cm.")] = None,
    weight: Annotated[float | None, typer.Option(help="kg.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and nothing else.")] = False,
) -> None:
    """Estimate blood pressure from face clips.

    Age, sex, height and weight are optional. They change no reading: what they say stands beside it.
    """
    _prepare_process()
    from bpdemo.cli.summary import summary

    if method is not None:  # an unknown one is no clip's error
        from bpdemo.pulse_networks import check_method

        check_method(method)
    told = Told(age, sex, height, weight)
    told.check()

    any_error = False
    all_letters = "utf" in (sys.stdout.encoding or "").lower()  # else JSON's own escapes
    source = {"weights": weights, "device": device, "model": model}
    for result in _read_clips(clips, source, {"method": method, "told": told}):
        any_error |= result.status == "error"
        print(json.dumps(result.to_dict(), ensure_ascii=not all_letters) if as_json else summary(result), flush=True)
    if any_error:
        raise typer.Exit(2)


def stmap(
    clip: Annotated[str, typer.Argument(help="A video file of a face.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .npz file to write.")],
) -> None:
    """Write the STMap of a clip's best window, up to 15 s, as .npz: stmap, cells, regions, time_s, mask, ..."""
    _prepare_process()
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
    _prepare_process()
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


def _prepare_process() -> None:
    """Make process-wide settings, before anything heavy is imported."""
    runtime.limit_threads()
    runtime.shorten_socket_folder()


def _read_clips(clips: list[str], source: dict[str, Any], options: dict[str, Any]) -> "Iterator[Estimate]":
    """Yield the estimate of each clip, in order; many clips are read on all cores.

    `source` are arguments of `from_pretrained`, `options` of `answer`.
    """
    from bpdemo.clip import Clip

    errors: dict[str, BpdemoError] = {}
    for clip in clips:  # errors are found before anything heavy is loaded
        try:
            with Clip(clip):
                pass
        except BpdemoError as error:
            errors[clip] = error
    # Starts with the first of them.
    answers = _answers([clip for clip in clips if clip not in errors], source, options)
    for clip in clips:
        yield _error(clip, errors[clip]) if clip in errors else next(answers)


def _answers(clips: list[str], source: dict[str, Any], options: dict[str, Any]) -> "Iterator[Estimate]":
    """Yield the estimates of clips that can be opened, in order."""
    estimator = _load_estimator(source, isolate=len(clips) == 1)
    if isinstance(estimator, BpdemoError):
        yield from (_error(clip, estimator) for clip in clips)
    elif len(clips) > 1:
        yield from estimator.answer_many(clips, **options)
    else:
        from tqdm import tqdm

        with tqdm(total=100, desc=Path(clips[0]).name, unit="%", leave=False, disable=not sys.stderr.isatty()) as bar:

            def report_progress(share: float, step: str) -> None:
                bar.set_postfix_str(step, refresh=False)
                bar.update(round(100 * share) - bar.n)

            yield estimator.answer(clips[0], report_progress, **options)


def _load_estimator(source: dict[str, Any], isolate: bool) -> "BloodPressureEstimator | BpdemoError":
    """Load the weights once for all clips; weights that cannot be loaded are every clip's error."""
    if isolate:  # many clips have processes of their own anyway
        from bpdemo.system.isolation import prepare

        prepare()  # what decodes loads beside what estimates
    from bpdemo.estimator import BloodPressureEstimator

    try:
        return BloodPressureEstimator.from_pretrained(**source, isolate=isolate)
    except BpdemoError as error:
        return error


def _error(clip: str, error: BpdemoError) -> "Estimate":
    from bpdemo.estimate import Estimate

    return Estimate.from_error(Path(clip).name, error, path=clip)
