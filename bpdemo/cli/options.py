"""Options of several commands, and the extras they need."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from bpdemo.errors import BpdemoError

WeightsOption = Annotated[str | None, typer.Option(help="Weights: a folder, or a Hub repo owner/name@revision.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
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
