"""Options of several commands, and the extras they need."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bpdemo.errors import BpdemoError

WeightsOption = Annotated[str | None, typer.Option(help="Weights: a folder, or a Hub repo owner/name@revision.")]
EmbeddedOption = Annotated[str | None, typer.Option("--model", help="Which of the models that come with bpdemo.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
DataOption = Annotated[list[str], typer.Option(help="A data set and its folder, NAME=DIR; may be repeated.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def missing_package(module: str | None, extra: str) -> BpdemoError:
    """Return the error that a Python package of an extra is not installed."""
    package = (module or "").partition(".")[0]
    return BpdemoError(
        "library_missing",
        f"The Python package {package} is missing.",
        f"Install what this command needs: pip install 'bpdemo[{extra}]'.",
    )


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Decorate a command that needs an extra, to name it when one of its packages is missing.

    Raises:
        BpdemoError: `library_missing`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_package(error.name, extra) from error


def parse_data(entries: list[str]) -> dict[str, Path]:
    """Return data-set names and folders of `NAME=DIR` entries.

    Raises:
        BpdemoError: `data_invalid`.
    """
    data = {}
    for entry in entries:
        name, equals, folder = entry.partition("=")
        if not (name and equals and folder and name.isprintable()):  # the name ends up in files
            raise BpdemoError("data_invalid", f"{entry!r} names no data set.", "Write NAME=DIR, as ppg_bp=data/ppg_bp.")
        data[name] = Path(folder)
    return data
