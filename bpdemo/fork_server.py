"""The process that clip readers are forked from imports this: all that reading needs is then loaded (`isolation`).

Nothing here may start a thread: a fork has none but its own.
"""

from contextlib import suppress

with suppress(Exception):  # what is missing is told by the start-up check, or by whoever reads a clip
    import av.subtitles.stream  # noqa: F401 - PyAV does so when it opens a file
    from mediapipe.tasks.python.core.mediapipe_c_bindings import load_raw_library

    from bpdemo import isolation  # noqa: F401
    from bpdemo.face import model_bytes

    load_raw_library()
    model_bytes()
