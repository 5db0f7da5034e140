"""A pool of processes: results in order, and no item harms another."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MIN_ITEMS_EACH = 3  # to be worth a process, whose start takes as long as a few clips


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worthwhile_processes(items: int) -> int:
    """Return how many processes are worth starting for this many items, from 1 to the number of cores."""
    return max(1, min(cores(), items // _MIN_ITEMS_EACH))


def map_in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    processes: int | None = None,
    prepare: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[Result | None]:
    """Yield the result of each item, in order; None for an item that ended its process.

    Args:
        work: done with each item; can be imported by its name, as can `prepare`.
        items: inputs.
        processes: how many work at the same time; None takes as many as there are cores.
        prepare: called first in each process, with `arguments`.
        arguments: of `prepare`.
    """

    def pool(size: int) -> ProcessPoolExecutor:
        # Not forked: a fork of a process with threads may wait for them for ever.
        return ProcessPoolExecutor(size, get_context("spawn"), prepare, arguments)

    done = 0
    while done < len(items):
        with pool(min(processes or cores(), len(items) - done)) as workers:
            try:
                for future in [workers.submit(work, item) for item in items[done:]]:
                    result = future.result()
                    done += 1
                    yield result
            except BrokenProcessPool:
                pass
            finally:  # also when the caller stops early
                workers.shutdown(wait=False, cancel_futures=True)
        if done < len(items):
            # Any item at work may have ended its process: the first is tried by itself, the others once more.
            with pool(1) as worker:
                try:
                    lone: Result | None = worker.submit(work, items[done]).result()
                except BrokenProcessPool:
                    lone = None
            done += 1
            yield lone
