"""Imported by a worker, and by what its readers are forked from: a clip called `crash...` ends whoever reads it."""

import os
import signal

from bpdemo import capture
from bpdemo.maps import recording
from bpdemo.sources import path_of
from bpdemo.system import isolation


def read(source, progress=None):
    if path_of(source).name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGKILL)
    return capture.read_capture(source, progress)


isolation.read_capture = recording.read_capture = read
isolation._LOADED.append(__name__)
