"""The one pool of processes: results in order, and no item harms another."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A process has to load everything anew, which takes as long as a few clips: it is worth that for several only.
_MIN_ITEMS_EACH = 3


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worthwhile_processes(items: int) -> int:
    """Return how many processes are worth starting for so many items: no more than there are cores, 1 at least."""
    return max(1, min(cores(), items // _MIN_ITEMS_EACH))


def map_in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    processes: int | None = None,
    prepare: Callable[..., None] | None = None,
    arguments: tuple[object, ...] = (),
) -> Iterator[Result | None]:
    """Yield the result of each item, in order; None for an item that made the process end which worked on it.

    Args:
        work: what is done with an item; it can be imported by its name, and so can `prepare`.
        items: what is worked on.
        processes: how many work at the same time; None takes as many as there are cores.
        prepare: what each process does first.
        arguments: of `prepare`.
    """

    def pool(size: int) -> ProcessPoolExecutor:
        # Processes are started fresh: one that is forked from others' threads may wait for them for ever.
        return ProcessPoolExecutor(size, get_context("spawn"), _prepare, (prepare, arguments))

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
            finally:  # also when nobody wants the rest
                workers.shutdown(wait=False, cancel_futures=True)
        if done < len(items):
            # Any of those at work may have ended its process: the first is tried by itself, the others once more.
            with pool(1) as worker:
                try:
                    lone: Result | None = worker.submit(work, items[done]).result()
                except BrokenProcessPool:
                    lone = None
            done += 1
            yield lone


def _prepare(prepare: Callable[..., None] | None, arguments: tuple[object, ...]) -> None:
    if prepare is not None:
        prepare(*arguments)
