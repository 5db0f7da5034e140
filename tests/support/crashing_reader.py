"""Imported by a worker, and by what its readers are forked from: a clip called `crash...` ends whoever reads it.

One called `weary...` does so until as many have met their end as `DEATHS` says.
"""

import os
import signal

from bpdemo import capture
from bpdemo.maps import recording
from bpdemo.sources import path_of
from bpdemo.system import isolation

DEATHS = 3


def read(source, progress=None):
    path = path_of(source)
    deaths = [path.with_suffix(f".{number}") for number in range(DEATHS)]
    left = next((death for death in deaths if not death.exists()), None)
    if path.name.startswith("weary") and left is not None:
        left.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGKILL)
    return capture.read_capture(source, progress)


isolation.read_capture = recording.read_capture = read
isolation._LOADED.append(__name__)
