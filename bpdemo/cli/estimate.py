"""The command that reads clips: estimate."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bpdemo.cli.clips import prepare_process
from bpdemo.cli.inputs import find_clips
from bpdemo.cli.options import DeviceOption, EmbeddedOption, WeightsOption
from bpdemo.cli.outputs import STDOUT, Outputs
from bpdemo.errors import BpdemoError
from bpdemo.told import Told

if TYPE_CHECKING:
    from bpdemo.cli.printing import Kind
    from bpdemo.estimate import Estimate
    from bpdemo.estimator import BloodPressureEstimator

EXAMPLES = (
    "bpdemo estimate me.mp4",
    "bpdemo estimate clips --csv table.csv",
    "bpdemo estimate 'clips/*.mp4' --report reports --figures figures",
    "bpdemo estimate me.mp4 --json",
    "bpdemo estimate me.mp4 --age 54 --sex female",
)


def estimate(
    clips: Annotated[
        list[str], typer.Argument(metavar="CLIP", help="Video files of a face, folders of them, or quoted patterns.")
    ],
    csv: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write one row a clip as CSV; - for stdout, and nothing else there."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write each clip's report: one .pdf for one clip, or a folder."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each clip's figures as PNG, in a folder of its name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and nothing else.")] = False,
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
) -> None:
    """Estimate blood pressure from face clips, about 15 seconds each.

    Age, sex, height and weight are optional. They change no reading: what they say stands beside it.
    """
    prepare_process()
    if as_json and csv == STDOUT:
        raise BpdemoError("options_conflict", "--json and --csv - both print.", "Name a file for --csv.")
    if method is not None:  # an unknown one is no clip's error
        from bpdemo.pulse_networks import check_method

        check_method(method)
    told = Told(age, sex, height, weight)
    told.check()

    found = find_clips(clips)
    many = len(found) > 1
    with Outputs(csv, report, figures, many=many) as outputs:
        _look_into(found)
        readable = [clip for clip, error in found.items() if error is None]
        estimator = _load_estimator({"weights": weights, "device": device, "model": model}, readable)
        from bpdemo.cli.printing import Printer  # after the children that read have been started

        config = None if estimator is None or isinstance(estimator, BpdemoError) else estimator.weights.config
        kind: Kind = "json" if as_json else "nothing" if csv == STDOUT else "table" if many else "lines"
        with Printer(kind, list(found)) as printer:
            options = {"method": method, "told": told}
            answers = _answers(estimator, readable, printer.progress.report_share, options)
            for clip, error in found.items():
                result = next(answers) if error is None else _error(clip, error)
                outputs.add(result, config)
                printer.add(result)
    if printer.any_error:
        raise typer.Exit(2)


def _look_into(found: dict[str, BpdemoError | None]) -> None:
    """Find the clips that cannot be opened before anything heavy is loaded."""
    from bpdemo.clip import Clip

    for clip, error in found.items():
        if error is None:
            try:
                with Clip(clip):
                    pass
            except BpdemoError as unopened:
                found[clip] = unopened


def _load_estimator(source: dict[str, Any], clips: list[str]) -> "BloodPressureEstimator | BpdemoError | None":
    """Load the weights once for all clips, which may fail for all of them; None where there is no clip to read."""
    if not clips:
        return None
    isolate = len(clips) == 1  # many clips have processes of their own anyway
    if isolate:
        from bpdemo.system.isolation import prepare

        prepare()  # what decodes loads beside what estimates
    from bpdemo.estimator import BloodPressureEstimator

    try:
        return BloodPressureEstimator.from_pretrained(**source, isolate=isolate)
    except BpdemoError as error:
        return error


def _answers(
    estimator: "BloodPressureEstimator | BpdemoError | None",
    clips: list[str],
    report_progress: Callable[[float, str], None],
    options: dict[str, Any],
) -> "Iterator[Estimate]":
    """Yield the estimates of clips that can be opened, in order; `options` are arguments of `answer`."""
    if isinstance(estimator, BpdemoError):
        yield from (_error(clip, estimator) for clip in clips)
    elif estimator is not None and len(clips) > 1:
        yield from estimator.answer_many(clips, **options)
    elif estimator is not None:
        yield estimator.answer(clips[0], report_progress, **options)


def _error(clip: str, error: BpdemoError) -> "Estimate":
    from bpdemo.estimate import Estimate

    return Estimate.from_error(Path(clip).name, error, path=clip)
