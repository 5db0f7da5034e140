"""The Dask cluster that clips are read on: one of this machine's own, or one that is running."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import dask
from distributed import Client, LocalCluster

from bpdemo.errors import BpdemoError

CLUSTER_LOST = (
    "cluster_lost",
    "The scheduler cannot be reached any more.",
    "Start it again; the same command goes on where it was.",
)
_CONNECT_S = 10
_OWN = {
    "distributed.worker.daemon": False,  # so that a worker may read each clip in a subprocess
    # What Dask watches itself by: a profile and a log that grow with time.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.scheduler.http.routes": [],  # nothing is served beside the work
    "distributed.worker.http.routes": [],
}


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Client]:
    """Yield a client of the scheduler at an address, or of a local cluster that ends with the block.

    A local cluster has a process for each of `workers`, and listens on 127.0.0.1 only.

    Raises:
        BpdemoError: `cluster_missing`.
    """
    for name in ("distributed", "distributed.client"):  # what matters of what they say is told as an error
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(_OWN if scheduler is None else {}):
        client = _start(workers) if scheduler is None else _find(scheduler)
        try:
            yield client
        finally:
            with suppress(OSError, TimeoutError):  # there may be nobody left to say good-bye to
                client.close(timeout=_CONNECT_S)
            if client.cluster is not None:
                client.cluster.close(timeout=_CONNECT_S)


def _start(workers: int) -> Client:
    try:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # a free port instead of a known one
            memory_limit=0,  # a worker that waits for memory would wait for ever; its readers are who needs it
            silence_logs=logging.CRITICAL,
        )
        return Client(cluster)
    except (OSError, RuntimeError, TimeoutError) as error:
        raise BpdemoError(
            "cluster_missing",
            f"{workers} worker processes cannot be started here.",
            "Free some memory, or have fewer of them: --workers 1.",
        ) from error


def _find(scheduler: str) -> Client:
    try:
        return Client(scheduler, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise BpdemoError(
            "cluster_missing",
            f"No scheduler answers at {scheduler}.",
            "Start one with `dask scheduler`, and give its address as it prints it: tcp://HOST:8786.",
        ) from error


def count_threads(client: Client) -> int:
    """Return how many clips the cluster reads at the same time just now.

    Raises:
        BpdemoError: `cluster_lost`.
    """
    try:
        return sum(client.nthreads().values())
    except (OSError, AttributeError) as error:  # the latter where the client has just noticed
        raise BpdemoError(*CLUSTER_LOST) from error
