"""A clip is read in a subprocess, which ends with it. Linux only; elsewhere it is read in this process.

Decoders are large programs in C, and a clip may come from anybody. One that crashes or hangs its decoder harms no other
visitor's reading; a reading that nobody waits for any more ends at once; and its memory goes back to the machine.

The processes are forks of one that has everything loaded and has never seen a clip ("fork server"), which costs tens of
milliseconds; the server's own process cannot be forked, as its threads would be missing.
"""

import logging
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bpdemo.capture import Capture, Progress, read_capture
from bpdemo.crops import CropForm, read_crops
from bpdemo.errors import BpdemoError, ClipError, Reason, log_unforeseen
from bpdemo.face import FaceTrack
from bpdemo.sources import ClipSource
from bpdemo.system.runtime import silence_native_stderr

logger = logging.getLogger(__name__)

CRASHED = (
    "crashed",
    "Reading this clip crashed.",
    "Convert it to a plain mp4, mov, webm, mkv or avi file; if that does not help, report it to the project.",
)
_LOADED = ["bpdemo.system.fork_server"]
_POLL_S = 0.2  # of silence, after which progress is reported again: the caller may end the wait
_MAX_CPU_S = 900  # for one pass; the most that `clip` reads takes a fraction of it

_Work = Callable[..., Iterable[Any]]
"""Yields results, none of them a tuple, a `Reason` or None; takes where to report progress, then arguments."""


@cache
def prepare() -> None:
    """Start loading what reading needs, in the background, before the first clip comes."""
    if sys.platform == "linux":
        from multiprocessing.forkserver import ensure_running  # there is none on Windows

        get_context("forkserver").set_forkserver_preload(_LOADED)
        ensure_running()


def read_in_subprocess(source: ClipSource, progress: Progress | None = None) -> Capture:
    """Return a clip's capture as `capture.read_capture` does, read in a subprocess.

    `progress` is called several times a second; what it raises ends the subprocess at once.

    Raises:
        ClipError: the file cannot be read as a clip, or (`crashed`) reading it made the process end.
    """
    if sys.platform != "linux":
        return read_capture(source, progress)
    with closing(_results(1, progress, _read_capture, source)) as captures:
        capture: Capture = next(captures)
    return capture


def read_crops_in_subprocess(
    source: ClipSource,
    track: FaceTrack,
    form: CropForm,
    places: Sequence[tuple[float, float]],
    progress: Progress | None = None,
) -> Iterator[np.ndarray]:
    """Yield the crops of each window as `crops.read_crops` does, read in a subprocess, which ends with the iterator.

    `progress` is called several times a second while a window is waited for, with the share of windows that were given;
    what it raises ends the subprocess at once.

    Raises:
        ClipError: the file cannot be read as a clip, or (`crashed`) reading it made the process end.
    """
    if sys.platform != "linux":
        yield from read_crops(source, track, form, places)
    else:
        yield from _results(len(places), progress, _read_crops, source, track, form, places)


def _read_capture(report_progress: Progress, source: ClipSource) -> Iterable[Capture]:
    return [read_capture(source, report_progress)]


def _read_crops(_: Progress, *args: Any) -> Iterable[np.ndarray]:
    return read_crops(*args)


def _results(count: int, progress: Progress | None, work: _Work, *args: Any) -> Generator[Any, None, None]:
    """Yield so many results of some work in a subprocess; raises as the two ways to read."""
    report_progress = progress or (lambda *_: None)
    given, last = 0, (0.0, "face")
    with _started(work, args) as answers:
        while given < count:
            while not answers.poll(_POLL_S):
                report_progress(*last)
            try:
                answer = answers.recv()
            except (EOFError, OSError):  # between two answers, or within one
                raise ClipError(*CRASHED) from None
            match answer:
                case Reason():
                    raise ClipError(answer.code, answer.message, answer.remedy)
                case None:
                    raise RuntimeError("reading a clip failed in its own process")
                case tuple():
                    last = answer
                    report_progress(*last)
                case _:
                    given += 1
                    last = (given / count, "face")
                    yield answer
                    del answer  # whoever took it may let it go


@contextmanager
def _started(work: _Work, args: Sequence[Any]) -> Iterator[Connection]:
    """Start a process that works; yield its answers' connection. It ends with the block at the latest."""
    prepare()
    context = get_context("forkserver")
    answers, its_end = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(its_end, work, args), daemon=True)
    with answers:
        with its_end:
            process.start()
        try:
            yield answers
        finally:
            process.kill()
            process.join()
            process.close()


def _run(answers: Connection, work: _Work, args: Sequence[Any]) -> None:
    """Send progress and results of some work, or a reason, or None for an unforeseen error."""
    import resource  # there is none on Windows

    silence_native_stderr()
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_S, _MAX_CPU_S))
    with suppress(OSError):  # where memory is short, this is what has to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(BrokenPipeError):  # whoever waited has gone
        try:
            for result in work(lambda share, step: answers.send((share, step)), *args):
                answers.send(result)
        except BpdemoError as error:
            answers.send(error.reason)
        except BrokenPipeError:
            raise
        except Exception as error:
            log_unforeseen(logger, error)
            answers.send(None)
