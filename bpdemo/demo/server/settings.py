"""Gradio's settings in the environment, checked before it is imported: what it cannot read ends in a stack trace."""

import errno
import os
import re
import socket

from bpdemo.errors import BpdemoError, shown

NAME, PORT = "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"
_WHOLE_NUMBERS = {
    PORT: (1, 65_535),
    "GRADIO_NUM_PORTS": (1, 50_000),
    "GRADIO_NODE_NUM_PORTS": (1, 50_000),
    "GRADIO_ANALYTICS_MAX_EVENTS": (0, 10**9),
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": (1, 10**9),
    "GRADIO_DEBUG": (0, 1),
    "WEB_CONCURRENCY": (1, 1000),  # of uvicorn, which serves the page
}


def check_settings() -> int | None:
    """Return the port that `GRADIO_SERVER_PORT` names, which is free; None when it names none.

    Raises:
        BpdemoError: `setting_invalid`, for a number that is none or out of its range; `port_taken`, for a named port;
            `start_failed`, where the system does not let anybody listen there.
    """
    for variable, (low, high) in _WHOLE_NUMBERS.items():
        text = os.environ.get(variable, str(low)).strip()
        if not (re.fullmatch("[0-9]{1,10}", text) and low <= int(text) <= high):
            raise BpdemoError(
                "setting_invalid",
                f"{variable} is {shown(text)!r} and no whole number from {low} to {high}.",
                "Correct or unset this environment variable.",
            )
    port = int(os.environ[PORT]) if PORT in os.environ else None
    host = os.environ[NAME] = os.environ.get(NAME) or "127.0.0.1"  # Gradio would take an empty name for one
    try:
        socket.create_server((host, port or 0)).close()
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise BpdemoError(
                "port_taken",
                f"Port {port} is taken.",
                f"End what listens there, or name another port in {PORT}.",
            ) from error
        why = getattr(error, "strerror", None) or "no name of a machine"
        at = f"{host}:{port}" if port else host
        raise BpdemoError(
            "start_failed",
            f"The page cannot listen on {shown(at)} ({why.partition(' (while')[0]}).",
            f"Name an IPv4 address of this machine in {NAME} and a port that you may use in {PORT}.",
        ) from error
    return port
