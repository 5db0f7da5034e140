"""Commands about maps of whole data sets: extract."""

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bpdemo.cli.options import DataOption, needs_extra, parse_data
from bpdemo.errors import BpdemoError
from bpdemo.system import runtime

if TYPE_CHECKING:
    from bpdemo.crops import CropForm
    from bpdemo.maps.counts import Counts


@needs_extra("train")
def extract(
    data: DataOption,
    output: Annotated[Path, typer.Option(help="Folder for the maps, a Parquet file for each clip.")],
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a running Dask scheduler, tcp://HOST:8786; this machine without.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine; as many as it has cores without.")
    ] = None,
    crops: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Keep pictures of the face as well, as this model reads them."),
    ] = None,
) -> None:
    """Read every clip of data sets once and keep its maps; the same command goes on where it was stopped."""
    sets = parse_data(data)
    if scheduler is not None and workers is not None:
        raise BpdemoError("options_conflict", "A running scheduler has its own workers.", "Leave --workers out.")
    form = None if crops is None else _form_of(crops)
    runtime.limit_threads()
    runtime.shorten_socket_folder()
    from bpdemo.maps.extract import extract as extract_maps
    from bpdemo.maps.summary import count_maps
    from bpdemo.reporting.maps_card import write_card

    began_s = time.monotonic()
    counts = extract_maps(sets, output, scheduler=scheduler, workers=workers, crops=form)
    # Without it, `datasets.load_dataset` takes a recording with "test" in its name for a split.
    (output / "README.md").write_text(write_card(output.name, count_maps(output)), encoding="utf-8")
    print(summary(counts))
    print(f"maps      {output}, in {time.monotonic() - began_s:.0f} s ({counts.finished} clips were there)")


def _form_of(name: str) -> "CropForm":
    """Return the form of the crops that a model reads."""
    from bpdemo.models import MODELS, find_model

    form = find_model(name).crops
    if form is None:
        others = ", ".join(model.name for model in MODELS.values() if model.reads == "frames")
        raise BpdemoError(
            "model_reads_no_frames",
            f"The model {name} reads no frames, so there are no crops to keep for it.",
            f"Leave --crops out, or name a model that does: {others or 'this version has none'}.",
        )
    return form


def summary(counts: "Counts") -> str:
    """Return the lines on what was read, refused and missed."""
    clips, windows, pressure, contact = counts.clips, counts.windows, counts.pressure, counts.contact
    lines = [
        f"clips     {clips.total()}: {clips['reading']} with a reading, {clips['refused']} refused, "
        f"{clips['error']} failed{_by_code(counts.errors)}",
        f"windows   {windows.total()}: {windows['']} readings, {_others(windows)} refused{_by_code(windows)}",
        f"people    {len(counts.people)}, {counts.clips_s / 3600:.2f} hours",
        f"pressure  known in {pressure['']} windows, unknown in {_others(pressure)}{_by_code(pressure)}, "
        f"put right in {counts.notes.total()}{_by_code(counts.notes)}",
        f"contact   pulse known in {contact['']} windows, unknown in {_others(contact)}{_by_code(contact)}",
    ]
    return "\n".join(lines)


def _others(counter: Counter[str]) -> int:
    return counter.total() - counter[""]


def _by_code(counter: Counter[str]) -> str:
    codes = [f"{code} {count}" for code, count in counter.most_common() if code]
    return f" ({', '.join(codes)})" if codes else ""
