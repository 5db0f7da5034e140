"""Commands about data sets: data check, evaluate-pulse."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bpdemo.cli.options import DataOption, JsonOption, needs_extra, parse_data

if TYPE_CHECKING:
    from bpdemo.training.pulse_evaluation import Span

app = typer.Typer(no_args_is_help=True, help="What a data set holds.")
_MOST_LISTED = 60


@app.command()
@needs_extra("train")
def check(
    data: Annotated[str, typer.Argument(metavar="NAME=DIR", help="A data set and its folder.")],
    as_json: JsonOption = False,
) -> None:
    """Print what a data set holds: people, clips, hours, pressures by range, what is missing, the licence to mind."""
    from bpdemo.data.check import check_data

    ((name, folder),) = parse_data([data]).items()
    found = check_data(name, folder)
    print(json.dumps(found.to_dict()) if as_json else found)


@needs_extra("train")
def evaluate_pulse(
    data: DataOption,
    whole_clips: Annotated[
        bool, typer.Option("--whole-clips", help="Compare each clip as a whole; by default spans of 30 s.")
    ] = False,
    forced: Annotated[
        bool, typer.Option("--forced", help="Count rates that would be refused as well, as if they were told.")
    ] = False,
    weights: Annotated[
        list[str] | None,
        typer.Option(help="Of a network that finds the pulse, a method more: a folder or Hub repo; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare heart rates of clips with a contact sensor's, by pulse method; refusals are counted apart."""
    sets = parse_data(data)
    from bpdemo.data.registry import load
    from bpdemo.training.pulse_evaluation import read_spans, to_json

    spans = read_spans(load(sets), whole_clips=whole_clips, networks=weights or [])
    if as_json:
        print(json.dumps(to_json(spans, forced=forced)))
    else:
        _print_figures(spans, forced)


def _print_figures(spans: "list[Span]", forced: bool) -> None:
    from bpdemo.reporting.rate_tables import rates_table, spans_table
    from bpdemo.training.pulse_evaluation import by_method, by_task

    if len({span.recording for span in spans}) <= _MOST_LISTED:
        print(f"{spans_table(spans)}\n")
    print(rates_table(by_method(spans, forced=forced)))
    for task, methods in by_task(spans, forced=forced).items():
        print(f"\n{task}\n\n{rates_table(methods)}")
    if forced:
        print("\nforced: refused rates are counted as told", file=sys.stderr)
