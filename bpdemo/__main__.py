"""Command line: `python -m bpdemo estimate|stmap|check|render|train|evaluate|push|publish`.

Exit status: 0 when all went well (a refusal is an answer), 2 when an input, the weights or the arguments were wrong.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from tqdm import tqdm

from bpdemo.errors import BpdemoError, shown
from bpdemo.estimate import DISCLAIMER, Estimate, PressureEstimate
from bpdemo.runtime import silence_native_stderr
from bpdemo.self_check import missing_library

if TYPE_CHECKING:
    from bpdemo.estimator import BloodPressureEstimator

app = typer.Typer(
    help="Blood pressure from a face clip by spatial-temporal maps. Research use only; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

WeightsOption = Annotated[str | None, typer.Option(help="Weights: a folder, or a Hub repo owner/name@revision.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
DataOption = Annotated[list[str], typer.Option(help="A data set and its folder, NAME=DIR; may be repeated.")]
UnseenOption = Annotated[
    list[str] | None,
    typer.Option(help="Another data set, NAME=DIR, to score the finished weights on; may be repeated."),
]
VariantsOption = Annotated[
    bool,
    typer.Option(
        "--variants",
        help="Also compare ways of oversampling, parts of the loss and sizes, and with --unseen what helps there.",
    ),
]


@app.command()
def estimate(
    clips: Annotated[list[str], typer.Argument(metavar="CLIP...", help="Video files of a face, about 15 s each.")],
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and nothing else.")] = False,
) -> None:
    """Estimate blood pressure from face clips."""
    any_error = False
    for result in _read_clips(clips, weights, device):
        any_error |= result.status == "error"
        print(json.dumps(result.to_dict(), ensure_ascii=False) if as_json else _summary(result), flush=True)
    if any_error:
        raise typer.Exit(2)


@app.command()
def stmap(
    clip: Annotated[str, typer.Argument(help="A video file of a face.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .npz file to write.")],
) -> None:
    """Write the STMap of a clip's first window, up to 15 s, as .npz: stmap, cells, regions, time_s, mask, ..."""
    from bpdemo.estimator import map_clip
    from bpdemo.stmap import save_stmap

    made = map_clip(clip, isolate=True)
    save_stmap(output, made)
    print(f"{output}: {made.values.shape[1]} cells, {made.values.shape[2]} columns", file=sys.stderr)


@app.command()
def check(
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """See whether this installation reads a made-up face; tell its device, weights and libraries."""
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.self_check import check as check_installation

    report = check_installation(BloodPressureEstimator.from_pretrained(weights, device))
    print(json.dumps(report.to_dict()) if as_json else report)


@app.command()
def render(
    output: Annotated[Path, typer.Argument(help="The clip to write: .mp4, .webm, .mkv, .mov or .avi.")],
    heart_rate: Annotated[float, typer.Option(min=40, max=200, help="Beats a minute.")] = 72.0,
    still: Annotated[bool, typer.Option("--still", help="A photograph instead: no pulse.")] = False,
    duration: Annotated[float, typer.Option(min=1, max=60, help="Seconds.")] = 15.0,
    frame_rate: Annotated[float, typer.Option(min=5, max=120, help="Frames a second.")] = 30.0,
    noise: Annotated[float, typer.Option(min=0, max=30, help="Sensor noise, 8-bit levels.")] = 2.0,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
) -> None:
    """Render a clip of a portrait with a pulse of known rate, to try bpdemo with; prints what is true of it as JSON."""
    from bpdemo.synthesis.scenes import Scene, render_clip

    scene = Scene(
        seed=seed,
        duration_s=duration,
        frame_rate_hz=frame_rate,
        heart_rate_bpm=None if still else heart_rate,
        noise=noise,
        codec="vp8" if output.suffix == ".webm" else "h264",
    )
    print(json.dumps(render_clip(output, scene)))


@app.command()
def train(
    data: DataOption,
    output: Annotated[Path, typer.Option(help="Folder for the weights, their config and their model card.")],
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoints; a stopped run goes on from there.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes everything random.")] = 0,
    device: DeviceOption = "auto",
    unseen: UnseenOption = None,
    variants: VariantsOption = False,
) -> None:
    """Train weights on pulse recordings of people with cuff pressures; the model card tells how good they are."""
    from bpdemo.training.train import train as train_weights

    elsewhere = _parse_data(unseen or [])
    train_weights(_parse_data(data), output, seed=seed, run=run, device=device, unseen=elsewhere, variants=variants)


@app.command()
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
    variants: VariantsOption = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for all figures as JSON, tables and pictures; none without.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Score saved weights on people they never saw or, with --cross-validate, the recipe on the folds of the data."""
    from bpdemo.reporting.report import summary, write_report
    from bpdemo.training.fit import processes
    from bpdemo.weights.store import pick_device

    if cross_validate:
        from bpdemo.training.train import cross_validate as cross_validate_recipe

        results = cross_validate_recipe(_parse_data(data), seed=seed, run=run, device=device, variants=variants)
    else:
        from bpdemo.training.evaluate import evaluate as evaluate_weights
        from bpdemo.weights.store import load_weights

        results = evaluate_weights(load_weights(weights, device), _parse_data(data))
    if not processes(pick_device(device)).is_main_process:
        return  # of those that torchrun has started, one speaks
    if output is not None:
        write_report(results, output)
    print(json.dumps(results) if as_json else summary(results))


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(help="A weights folder: model.safetensors, config.json, README.md.")],
    repo: Annotated[str, typer.Argument(help="Hub repo, owner/name; made when it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="Make a new repo private.")] = False,
) -> None:
    """Publish a weights folder with its model card on the Hugging Face Hub."""
    from bpdemo.weights.store import push_weights

    print(push_weights(folder, repo, private=private))


@app.command()
def publish(
    space: Annotated[str, typer.Argument(help="Space on the Hub, owner/name; made when it is not there.")],
    weights: Annotated[
        Path | None, typer.Option(help="Weights folder to publish; None takes the embedded ones.")
    ] = None,
    weights_repo: Annotated[
        str | None, typer.Option(help="Model repo for the weights, owner/name; None takes the Space's name + -weights.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make new repos private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be uploaded; asks nobody.")] = False,
) -> None:
    """Publish this demo as a Hugging Face Space, with weights in a repo of their own that it reads."""
    from bpdemo.weights.space import plan_space, publish_space

    plan = plan_space(space, weights, weights_repo)
    print(plan, file=sys.stderr)
    if not dry_run:
        print(publish_space(plan, private=private))
        if private:
            print("Set a secret HF_TOKEN that may read the weights, in the Space's settings.", file=sys.stderr)


def _read_clips(clips: list[str], weights: str | None, device: str) -> Iterator[Estimate]:
    """Yield the estimate of each clip, in order; many clips are read on all cores."""
    from bpdemo.clip import Clip

    errors: dict[str, BpdemoError] = {}
    for clip in clips:  # what is no clip is told at once, before anything heavy is loaded
        try:
            with Clip(clip):
                pass
        except BpdemoError as error:
            errors[clip] = error
    answers = _answers([clip for clip in clips if clip not in errors], weights, device)  # begins with the first of them
    for clip in clips:
        yield Estimate.from_error(Path(clip).name, errors[clip]) if clip in errors else next(answers)


def _answers(clips: list[str], weights: str | None, device: str) -> Iterator[Estimate]:
    """Yield the estimates of clips that can be opened, in order."""
    loaded = _load_estimator(weights, device, isolate=len(clips) == 1)
    if isinstance(loaded, BpdemoError):
        yield from (Estimate.from_error(Path(clip).name, loaded) for clip in clips)
    elif len(clips) > 1:
        yield from loaded.answer_many(clips)
    else:
        with tqdm(total=100, desc=Path(clips[0]).name, unit="%", leave=False, disable=not sys.stderr.isatty()) as bar:

            def show(share: float, what: str) -> None:
                bar.set_postfix_str(what, refresh=False)
                bar.update(round(100 * share) - bar.n)

            yield loaded.answer(clips[0], show)


def _load_estimator(weights: str | None, device: str, isolate: bool) -> "BloodPressureEstimator | BpdemoError":
    """Load the weights once for all clips; weights that cannot be had are every clip's error."""
    if isolate:  # many clips have processes of their own anyway
        from bpdemo.isolation import prepare

        prepare()  # what decodes loads beside what estimates
    from bpdemo.estimator import BloodPressureEstimator

    try:
        return BloodPressureEstimator.from_pretrained(weights, device, isolate=isolate)
    except BpdemoError as error:
        return error


def _parse_data(entries: list[str]) -> dict[str, Path]:
    """Return data-set names and folders of `NAME=DIR` entries."""
    data = {}
    for entry in entries:
        name, equals, folder = entry.partition("=")
        if not (name and equals and folder):
            raise BpdemoError("data_invalid", f"{entry!r} names no data set.", "Write NAME=DIR, as ppg_bp=data/ppg_bp.")
        data[name] = Path(folder)
    return data


def _summary(result: Estimate) -> str:
    """Return a few readable lines on one clip."""
    lines = [shown(result.clip)]  # a file may be called anything, a terminal's commands among it

    def add(label: str, text: str) -> None:
        lines.append(f"  {label:<11}{text}")

    if result.systolic and result.diastolic:
        add("systolic", _pressure_line(result.systolic))
        add("diastolic", _pressure_line(result.diastolic))
    else:
        add(result.status, result.reasons[0].code)
    for item in (*result.reasons, *result.notes):
        add("", f"{item.message} {item.remedy}")
    if result.heart_rate:
        add("heart rate", f"{result.heart_rate.value:.1f} bpm, pulse SNR {result.heart_rate.snr_db:.1f} dB")
    if result.capture:
        seen = result.capture
        add(
            "capture",
            f"{seen['width']} x {seen['height']} {seen['codec']}, {seen['frame_rate_hz']:.1f} frames/s, "
            f"{seen['duration_s']:.1f} s, face seen {100 * seen['face']['seen']:.0f} %",
        )
    if result.systolic and result.weights:
        add("weights", f"{result.weights['name']}: {result.weights['provenance'].get('statement', '')}")
        lines.append(f"  {DISCLAIMER}")
    return "\n".join(lines)


def _pressure_line(pressure: PressureEstimate) -> str:
    """Return value, interval, likeliest range and baseline of a pressure in one line."""
    likely = max(pressure.ranges, key=lambda part: part.probability)
    low, high = pressure.interval
    return (
        f"{pressure.value:.0f} mmHg, {100 * pressure.coverage:.0f} % interval {low:.0f} to {high:.0f}; likeliest range "
        f"{likely.low:.0f} to {likely.high:.0f} ({100 * likely.probability:.0f} %); always answering "
        f"{pressure.baseline.value:.0f} errs by {pressure.baseline.mean_absolute_error:.1f}"
    )


def main() -> None:
    """Run a command; an error is one line on stderr and exit status 2."""
    silence_native_stderr()
    try:
        app()
    except BpdemoError as error:
        print(f"error: {error} [{error.code}]", file=sys.stderr)
        sys.exit(2)
    except (ImportError, OSError) as error:
        if (missing := missing_library(error)) is not None:
            print(f"error: {missing} [{missing.code}]", file=sys.stderr)
            sys.exit(2)
        print(f"error: {error.filename}: {error.strerror}. Check the path and the space there. [io]", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
