"""What libraries in C++ say past every logging setting, and how it is kept out of a command's or a log's lines."""

import os
import sys


def hush_native_libraries() -> None:
    """Send what C++ libraries write to the process's stderr to nowhere; Python's own stderr stays what it was.

    MediaPipe announces its delegates there, past every logging setting.
    """
    own = os.dup(2)
    sys.stderr = os.fdopen(own, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
