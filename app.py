"""The Space's entry: checks the installation, builds the page and launches it.

`BPDEMO_WEIGHTS` names other weights than the embedded ones: a folder, or a Hub repo `owner/name@revision`. Weights that
were named and cannot be had end the start; others in their place would be a reading nobody asked for.
`--open` opens the page in a browser, where there is a screen to open it on.
"""

import ctypes
import os
import signal
import sys

from bpdemo.errors import BpdemoError
from bpdemo.self_check import check, plain_errors

_M_ARENA_MAX = -8  # of glibc's malloc.h


def main() -> None:
    """Check once, then serve the page until the process is stopped."""
    keep_few_heaps()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a stop clears the uploads away like any other end
    try:
        with plain_errors():
            serve()
    except BpdemoError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        sys.exit(2)


def serve() -> None:
    """Load the weights, see that they read a made-up face, and serve the page."""
    from bpdemo import BloodPressureEstimator
    from bpdemo import isolation
    from bpdemo.demo.server.uploads import Uploads

    uploads = Uploads.create()  # before Gradio is imported, which reads then where uploads go
    isolation.prepare()
    from bpdemo.demo.server.zero_gpu import ON_LENT_GPU, lent_gpu, on_lent_gpu

    gpu = lent_gpu()
    estimator = BloodPressureEstimator.from_pretrained(device="cpu" if gpu else "auto", isolate=True)
    report = check(estimator, ON_LENT_GPU if gpu else None)
    if gpu:
        estimator = on_lent_gpu(estimator, gpu)
    print(report, "Clips lie in a private folder of this machine until they are read.", sep="\n", file=sys.stderr)

    from bpdemo.demo.page import build_page, launch_options
    from bpdemo.demo.server.health import health_route

    uploads.sweep_regularly()
    page = build_page(estimator, uploads)
    options = launch_options(uploads, routes=[health_route(report)])
    page.launch(inbrowser="--open" in sys.argv and has_screen(), **options)


def keep_few_heaps() -> None:
    """Have all threads share two heaps, where the C library is glibc.

    By default each thread gets one of its own, and what results leave in them adds up: see the table of
    `benchmarks.load` in the README.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    except (AttributeError, OSError, TypeError):  # another C library
        return


def has_screen() -> bool:
    """Return whether a browser window can be opened; on a server, a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    main()
