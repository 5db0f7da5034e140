"""The Space's entry: builds the page and launches it.

`BPDEMO_WEIGHTS` names other weights than the embedded ones: a folder, or a Hub repo `owner/name@revision`.
`--open` opens the page in a browser, where there is a screen to open it on.
"""

import os
import signal
import sys

from bpdemo import BloodPressureEstimator, BpdemoError
from bpdemo.demo.uploads import Uploads


def main() -> None:
    """Load the weights once, then serve the page until the process is stopped."""
    try:
        estimator = BloodPressureEstimator.from_pretrained()
    except BpdemoError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        sys.exit(2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a stop clears the uploads away like any other end
    uploads = Uploads.create()
    from bpdemo.demo.page import build_page, launch_options  # Gradio reads where uploads go when it is imported

    uploads.sweep_regularly()
    page = build_page(estimator, uploads)
    page.launch(inbrowser="--open" in sys.argv and has_screen(), **launch_options(uploads))


def has_screen() -> bool:
    """Return whether a browser window can be opened; on a server, a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    main()
