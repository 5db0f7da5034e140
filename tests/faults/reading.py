"""Read the corpus in a process of its own, and watch what it does."""

import contextlib
import ctypes
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.faults.fault import Fault

RATE_WITHIN_BPM = 4.0  # of clips of five seconds, which hold five beats
START_S = WAIT_S = 600.0
"""How long starting, and one input, may take before it counts as hung: hundreds of times what any does, as a machine
may be busy with much else."""

PATH = (str(Path(__file__).resolve().parents[2]),)
"""Where the process finds bpdemo and this package."""


@dataclass(frozen=True)
class Outcome:
    """What came of a fault: "reading", a code, an exception's name, "died" or "hung"; and what it cost."""

    fault: Fault
    outcome: str
    heart_rate_bpm: float | None = None
    notes: tuple[str, ...] = ()
    said: str = ""
    cpu_s: float = 0.0
    peak_mb: int = 0

    @property
    def right(self) -> bool:
        """Whether it is one of those it may be, with the right heart rate."""
        rate = self.fault.heart_rate_bpm
        known = rate is None or (self.heart_rate_bpm is not None and abs(self.heart_rate_bpm - rate) <= RATE_WITHIN_BPM)
        return self.outcome in self.fault.outcomes and known


def read_all(faults: Sequence[Fault], folder: Path, wrapper: Sequence[str] = ()) -> Iterator[Outcome]:
    """Read faults one after another in one process; a new one is started when it dies or hangs.

    Args:
        faults: what to read.
        folder: a folder for the process to work in; what it leaves there can be looked at.
        wrapper: a command to run the process under, as `strace` with its options.
    """
    reader: _Reader | None = None
    try:
        for fault in faults:
            reader = reader or _Reader(folder, wrapper)
            answer = reader.ask(fault.path)
            if answer in ("died", "hung"):
                reader.end()
                reader = None
                yield Outcome(fault, answer)
            else:
                result = json.loads(answer)
                yield Outcome(fault, **result | {"notes": tuple(result["notes"])})
    finally:
        if reader is not None:
            reader.end()


class _Reader:
    """The process that reads."""

    def __init__(self, folder: Path, wrapper: Sequence[str]) -> None:
        folder.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "tests.faults.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(PATH), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"},
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        assert self._answer(START_S) == "ready", "the process that reads did not start"

    def ask(self, path: str) -> str:
        """Have a path read; return the answer, or "died" or "hung"."""
        try:
            self._process.stdin.write(json.dumps(path).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return "died"
        return self._answer(WAIT_S)

    def _answer(self, seconds: float) -> str:
        if not self._selector.select(seconds):
            return "hung"
        return self._process.stdout.readline().decode().strip() or "died"

    def end(self) -> None:
        """End the process, which does nothing now or nothing that is wanted."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._selector.close()


class Listener:
    """A web server's place on the loopback interface, where nobody may come."""

    def __enter__(self) -> Self:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/clip.mp4"
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                visitor.close()


class Decoy:
    """Counts how often a file is opened, by anybody, as the kernel tells (Linux only)."""

    _OPENED = 0x20

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._watch, os.fsencode(self._path), self._OPENED) >= 0
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._watch)

    def opened(self) -> int:
        """Return how often the file was opened since the last call; openings in a row may count as one."""
        try:
            return len(os.read(self._watch, 4096)) // 16
        except BlockingIOError:
            return 0
