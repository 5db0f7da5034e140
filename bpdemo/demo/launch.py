"""Starts the demo: checks the installation, builds the page and serves it."""

import os
import signal
import sys

from bpdemo.demo.server.settings import check_settings
from bpdemo.self_check import check, plain_errors
from bpdemo.system import runtime


def launch(open_browser: bool = False) -> None:
    """Serve the page until the process is stopped.

    `BPDEMO_WEIGHTS` names other weights than the embedded ones: a folder, or a Hub repo `owner/name@revision`. Named
    weights that are missing end the start: no others take their place. `open_browser` needs a screen.

    Raises:
        BpdemoError: something is missing, a setting makes no sense, a named port is taken, the system refuses a folder,
            or the check at the start has failed.
    """
    runtime.escape_unprintable()
    port = check_settings()
    runtime.limit_threads()
    runtime.limit_malloc_arenas()
    runtime.shorten_socket_folder()
    runtime.disable_telemetry()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a stop clears the uploads away like any other end
    with plain_errors():
        _serve(open_browser, port)


def _serve(open_browser: bool, port: int | None) -> None:
    """Load the weights, see that they read a made-up face, and serve the page. The order of the imports matters."""
    from bpdemo import BloodPressureEstimator
    from bpdemo.demo.server.uploads import Uploads
    from bpdemo.system import isolation

    uploads = Uploads.create()  # before Gradio is imported, which reads then where uploads go
    isolation.prepare()
    from bpdemo.demo.server.zero_gpu import ON_LENT_GPU, lent_gpu, run_on_lent_gpu

    gpu = lent_gpu()
    estimator = BloodPressureEstimator.from_pretrained(device="cpu" if gpu else "auto", isolate=True)
    runtime.bypass_proxies()  # only the weights may have come through one
    report = check(estimator, ON_LENT_GPU if gpu else None)
    if gpu:
        run_on_lent_gpu(estimator.weights.network, gpu)
    print(report, "Clips lie in a private folder of this machine until they are read.", sep="\n", file=sys.stderr)

    from bpdemo.demo.page import build_page
    from bpdemo.demo.server.launch_options import launch_options
    from bpdemo.demo.server.routes import extra_routes
    from bpdemo.demo.views.about import read_card

    page = build_page(estimator, uploads)
    options = launch_options(uploads, extra_routes(report, read_card(estimator.weights.folder)))
    _, url, _ = page.launch(
        inbrowser=open_browser and has_screen(), server_port=port, prevent_thread_lock=True, **options
    )
    print(f"The page is at {url}", flush=True)
    page.block_thread()


def has_screen() -> bool:
    """Return whether a browser window can be opened; on a server, a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
