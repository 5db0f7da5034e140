"""The same work on many items, in several processes: results in order, and no item harms another."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A process has to load everything anew, which takes as long as a few clips: it is worth that for several only.
_LEAST_ITEMS_EACH = 3


def worthwhile_processes(items: int) -> int:
    """Return how many processes are worth starting for so many items: no more than there are cores, 1 at least."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, items // _LEAST_ITEMS_EACH))


def work_in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    processes: int,
    prepare: Callable[..., None],
    arguments: tuple[Any, ...],
) -> Iterator[Result | None]:
    """Yield the result of each item, in order, as soon as it and those before it are there.

    Args:
        work: what is done with an item; it can be imported by its name, and so can `prepare`.
        items: what is worked on.
        processes: how many work at the same time.
        prepare: what each process does first.
        arguments: of `prepare`.

    Yields:
        The result, or None for an item that made the process end which worked on it.
    """

    def pool(size: int) -> ProcessPoolExecutor:
        # Processes are started fresh: one that is forked from others' threads may wait for them for ever.
        return ProcessPoolExecutor(size, get_context("spawn"), prepare, arguments)

    done = 0
    while done < len(items):
        with pool(min(processes, len(items) - done)) as workers:
            try:
                for future in [workers.submit(work, item) for item in items[done:]]:
                    result = future.result()
                    done += 1
                    yield result
            except BrokenProcessPool:
                pass
            finally:  # also when nobody wants the rest
                workers.shutdown(wait=False, cancel_futures=True)
        if done < len(items):
            # Any of those at work may have ended its process: the first is tried by itself, the others once more.
            with pool(1) as worker:
                try:
                    result = worker.submit(work, items[done]).result()
                except BrokenProcessPool:
                    result = None
            done += 1
            yield result
