"""A clip is read in a subprocess, which ends with it. Linux only; elsewhere it is read in this process.

Decoders are large programs in C, and a clip may come from anybody. One that crashes or hangs its decoder harms no other
visitor's reading; a reading that nobody waits for any more ends at once; and its memory goes back to the machine.

The processes are forks of one that has everything loaded and has never seen a clip ("fork server"), which costs tens of
milliseconds; the server's own process cannot be forked, as its threads would be missing.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from bpdemo.capture import Capture, Progress, read_capture
from bpdemo.errors import BpdemoError, ClipError, Reason, log_unforeseen
from bpdemo.sources import ClipSource
from bpdemo.system.runtime import silence_native_stderr

logger = logging.getLogger(__name__)

CRASHED = (
    "crashed",
    "Reading this clip made the process end.",
    "Convert it to a plain mp4, mov, webm, mkv or avi file; if that does not help, tell the project.",
)
_LOADED = ["bpdemo.system.fork_server"]
_POLL_S = 0.2  # of silence, after which progress is reported again: the caller may end the wait
_MAX_CPU_S = 900  # for one clip; the most that `clip` reads takes a fraction of it


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
    report_progress = progress or (lambda *_: None)
    last = (0.0, "face")
    with _started(source) as answers:
        while True:
            while not answers.poll(_POLL_S):
                report_progress(*last)
            try:
                answer = answers.recv()
            except EOFError:
                raise ClipError(*CRASHED) from None
            match answer:
                case Capture():
                    return answer
                case Reason():
                    raise ClipError(answer.code, answer.message, answer.remedy)
                case None:
                    raise RuntimeError("reading a clip failed in its own process")
                case _:
                    last = answer
                    report_progress(*last)


@contextmanager
def _started(source: ClipSource) -> Iterator[Connection]:
    """Start a process that reads a clip; yield its answers' connection. It ends with the block at the latest."""
    prepare()
    context = get_context("forkserver")
    answers, its_end = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(source, its_end), daemon=True)
    with answers:
        with its_end:
            process.start()
        try:
            yield answers
        finally:
            process.kill()
            process.join()
            process.close()


def _read(source: ClipSource, answers: Connection) -> None:
    """Send progress, then the capture, or a reason, or None for an unforeseen error."""
    import resource  # there is none on Windows

    silence_native_stderr()
    resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU_S, _MAX_CPU_S))
    with suppress(OSError):  # where memory is short, this is what has to go
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(BrokenPipeError):  # whoever waited has gone
        try:
            answer: Capture | Reason | None = read_capture(source, lambda share, step: answers.send((share, step)))
        except BpdemoError as error:
            answer = error.reason
        except BrokenPipeError:
            raise
        except Exception as error:
            log_unforeseen(logger, error)
            answer = None
        answers.send(answer)
