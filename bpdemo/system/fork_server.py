"""Loads all that reading needs in the process that clip readers are forked from (`isolation`).

Nothing here may start a thread: forks would lack it.
"""

from contextlib import suppress

with suppress(Exception):  # the start-up check, or whoever reads a clip, reports what is missing
    import av.subtitles.stream  # noqa: F401 - PyAV does so when it opens a file
    from mediapipe.tasks.python.core.mediapipe_c_bindings import load_raw_library

    from bpdemo.face import model_bytes
    from bpdemo.system import isolation  # noqa: F401

    load_raw_library()
    model_bytes()
