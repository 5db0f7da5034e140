"""Small Dask clusters on this machine."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import dask
from distributed import LocalCluster

from tests.support.serve_app import ROOT

PATIENCE_S = 120


@contextmanager
def local_cluster(*, workers, daemon):
    """Workers, for whom a clip `crash.mp4` ends its reader, which is a worker itself where they are daemons."""
    # Kept until it ends, as workers that are started again ask for it.
    with (
        dask.config.set({"distributed.worker.daemon": daemon}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            preload="tests.support.crashing_reader",
        ) as cluster,
    ):
        yield cluster


class Processes:
    """A scheduler and a worker, each in a process of its own, as `dask scheduler` and `dask worker` start them."""

    def __init__(self, folder):
        self.folder, self.started, self.address = folder, [], ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.started:
            process.kill()
            process.wait()

    def start_scheduler(self):
        file = self.folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        until_s = time.monotonic() + PATIENCE_S
        while not file.exists() or '"address"' not in file.read_text():
            assert time.monotonic() < until_s
            time.sleep(0.1)
        self.address = file.read_text().split('"address": "')[1].split('"')[0]

    def start_worker(self):
        self._start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def lose_scheduler(self, output, clips):
        while len(list(output.rglob("*.parquet"))) < clips:
            time.sleep(0.01)
        self.started[0].kill()

    def _start(self, *arguments):
        command = [sys.executable, "-m", "dask", *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        nowhere = subprocess.DEVNULL
        self.started.append(subprocess.Popen(command, cwd=self.folder, env=environment, stdout=nowhere, stderr=nowhere))
