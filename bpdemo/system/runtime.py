"""Process-wide settings. Entry points (`cli`, `app.py`) call these first, before threads start; nothing else does."""

import ctypes
import io
import os
import sys
import tempfile
from contextlib import suppress
from multiprocessing.util import get_temp_dir
from pathlib import Path

GRADIO_FOLDER_VARIABLE = "GRADIO_TEMP_DIR"
_M_ARENA_MAX = -8  # of glibc's malloc.h
_MAX_SOCKET_FOLDER_BYTES = 70  # of 107; the socket's own folder and name take the rest


def silence_native_stderr() -> None:
    """Discard what C++ libraries write to stderr, such as MediaPipe's delegates; Python's own stderr stays."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=encoding, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def escape_unprintable() -> None:
    """Let stdout write what it has no letters for as escapes: a file's name must not end a batch, nor a start."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr is from the start


def bypass_proxies() -> None:
    """Send no request through a proxy from now on: Gradio asks its own page at the start, which no proxy reaches."""
    os.environ |= {"NO_PROXY": "*", "no_proxy": "*"}


def limit_malloc_arenas() -> None:
    """Let all threads share two heaps, with glibc: a heap for each thread adds up (`benchmarks.load`)."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def limit_threads() -> None:
    """Let NumPy and torch compute on one thread, unless the environment says otherwise; before their import.

    The network takes milliseconds; threads that spin while they wait for each other took twenty times as long on a busy
    machine.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def disable_telemetry() -> None:
    """Switch off the usage reports of Gradio and the Hub's library; before their import."""
    os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}


def use_folder_for_gradio(folder: Path) -> None:
    """Let Gradio keep files in this folder; before its import."""
    os.environ[GRADIO_FOLDER_VARIABLE] = str(folder)


def shorten_socket_folder() -> None:
    """Put sockets of subprocesses where their path is not too long for Linux, as Python 3.14 does itself."""
    if sys.platform == "linux" and len(os.fsencode(tempfile.gettempdir())) > _MAX_SOCKET_FOLDER_BYTES:
        usual, tempfile.tempdir = tempfile.tempdir, "/tmp"
        get_temp_dir()  # multiprocessing keeps the folder it makes then
        tempfile.tempdir = usual
