"""The app as its users meet it: `python app.py` in a process of its own, with small untrained weights."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.support.small_weights import write_small

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
START_S = 300  # torch and Gradio on a busy machine


@dataclass(frozen=True)
class ServedApp:
    """Where the app is and what it leaves behind."""

    url: str
    temporary: Path
    log: Path
    folder: Path
    process: int

    def files_left(self):
        """Return files of clips that are still on the disk, but for what a client has yet to fetch."""
        return [path for path in self.temporary.rglob("*") if path.is_file() and path.name != "stmap.npz"]

    def readers(self):
        """Return the processes that read clips for the app: forks of one of its children."""
        return [reader.pid for child in psutil.Process(self.process).children() for reader in child.children()]


@contextmanager
def serve_app(folder, root=ROOT, command=("app.py",), **settings):
    """Run the app until the block ends.

    Args:
        folder: for its weights, its log, and whatever it writes.
        root: of the project, or of a copy of it.
        command: what Python is to run.
        settings: added to its environment.
    """
    write_small(folder / "weights")
    temporary, log = folder / "temporary", folder / "app.log"
    temporary.mkdir()
    (folder / "tmp").mkdir()
    port = free_port()
    environment = os.environ | {
        "BPDEMO_WEIGHTS": str(folder / "weights"),
        "GRADIO_TEMP_DIR": str(temporary),
        "TMPDIR": str(folder / "tmp"),
        "GRADIO_SERVER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    with open(log, "wb") as out:
        process = subprocess.Popen([sys.executable, *command], cwd=root, env=environment, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process, log)
        yield ServedApp(url, temporary, log, folder, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert not list(temporary.iterdir()), "the app left its folder of uploads behind"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, process, log):
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert process.poll() is None, f"the app ended at its start:\n{log.read_text()}"
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise AssertionError(f"the app did not start in {START_S} s:\n{log.read_text()}")
