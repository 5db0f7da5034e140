"""Process-wide settings. Entry points (`cli`, `app.py`) call these first, before threads start; nothing else does."""

import ctypes
import os
import sys
import tempfile
from multiprocessing.util import get_temp_dir

_M_ARENA_MAX = -8  # of glibc's malloc.h
_MAX_SOCKET_FOLDER_BYTES = 70  # of 107; the socket's own folder and name take the rest


def silence_native_stderr() -> None:
    """Send what C++ libraries write to the process's stderr to nowhere; Python's own stderr stays what it was.

    MediaPipe announces its delegates there, past every logging setting.
    """
    own = os.dup(2)
    sys.stderr = os.fdopen(own, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def limit_malloc_arenas(count: int = 2) -> None:
    """Have all threads share a few heaps, where the C library is glibc.

    By default each thread gets one of its own, and what results leave in them adds up (`benchmarks.load`).
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, count)
    except (AttributeError, OSError, TypeError):  # another C library
        return


def limit_threads(count: int = 1) -> None:
    """Have NumPy and torch compute on so many threads, unless the environment says otherwise; before their import.

    The network is done in milliseconds. Threads that share it wait for each other by spinning, which took twenty times
    as long on a busy machine.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(count))


def shorten_socket_folder() -> None:
    """Have sockets of subprocesses made where their path is not too long for Linux; Python 3.14 sees to it itself.

    Everything else stays in the usual folder for temporary files.
    """
    if sys.platform == "linux" and len(os.fsencode(tempfile.gettempdir())) > _MAX_SOCKET_FOLDER_BYTES:
        usual, tempfile.tempdir = tempfile.tempdir, "/tmp"
        get_temp_dir()  # multiprocessing keeps the folder it makes then
        tempfile.tempdir = usual
