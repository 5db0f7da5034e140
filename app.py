"""The Space's entry: the same page as `bpdemo demo`. `--open` opens it in a browser, where there is a screen."""

import sys

from bpdemo.demo.launch import launch
from bpdemo.errors import BpdemoError


def main() -> None:
    """Serve the page until the process is stopped; a start that fails says why in one line and exits with status 2."""
    try:
        launch(open_browser="--open" in sys.argv)
    except BpdemoError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
