"""Command line: `bpdemo`, or `python -m bpdemo`.

Exit status: 0 when all went well (a refusal is an answer), 2 when an input, the weights or the arguments were wrong.
"""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Annotated, NoReturn

import typer

from bpdemo import __version__
from bpdemo.cli import clips, data, estimate, hub, maps, models, pretraining, training
from bpdemo.cli.options import missing_package
from bpdemo.errors import BpdemoError
from bpdemo.self_check import missing_library
from bpdemo.system import runtime

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def demo(
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Serve the page on this machine."""
    if find_spec("gradio") is None:  # not by importing it, which must not be done before uploads have their folder
        raise missing_package("gradio", "demo")
    from bpdemo.demo.launch import launch

    launch(open_browser=open_browser)


_EXAMPLES: dict[Callable[..., None], tuple[str, ...]] = {
    estimate.estimate: estimate.EXAMPLES,
    clips.stmap: ("bpdemo stmap me.mp4 -o map.npz",),
    clips.check: ("bpdemo check", "bpdemo check --json"),
    demo: ("bpdemo demo", "BPDEMO_WEIGHTS=my-weights bpdemo demo"),
    clips.render: ("bpdemo render pulse.mp4 --heart-rate 66", "bpdemo render photograph.mp4 --still"),
}
_learning = (maps.extract, models.models, pretraining.pretrain, training.train, training.evaluate, data.evaluate_pulse)
_commands: tuple[Callable[..., None], ...] = (*_EXAMPLES, *_learning, hub.push, hub.push_maps, hub.publish)
for _command in _commands:
    _examples = "\n".join(("Examples:", *_EXAMPLES[_command])) if _command in _EXAMPLES else None
    app.command(epilog=_examples)(_command)
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"bpdemo {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Blood pressure from a face clip by spatial-temporal maps. Research use only; not a medical device."""


def main() -> None:
    """Run a command; an error is one line on stderr and exit status 2."""
    runtime.silence_native_stderr()
    runtime.escape_unprintable()
    try:
        app()
    except BpdemoError as error:
        _fail(error)
    except (ImportError, OSError) as error:
        if (missing := missing_library(error)) is not None:
            _fail(missing)
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            _fail(BpdemoError("io", f"{where}{error.strerror}.", "Check the path and the free space there."))
        raise
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(error: BpdemoError) -> NoReturn:
    print(f"error: {error} [{error.code}]", file=sys.stderr)
    sys.exit(2)
