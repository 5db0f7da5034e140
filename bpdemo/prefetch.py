"""Steps of a pipeline, each in a thread of its own: while one frame is averaged the next are tracked and decoded.

Decoder, landmark network and OpenCV let other threads run while they work, so that two cores are kept busy.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """What comes behind the last item."""


_END = _End()


@contextmanager
def prefetch(items: Iterable[Item], count: int) -> Iterator[Iterator[Item]]:
    """Fetch items in a thread of its own, up to `count` of them before they are asked for.

    Args:
        items: whose iterator is run in that thread and nowhere else.
        count: how many items wait at most; they are fetched from the start, before the first is asked for.

    Yields:
        The items in order. What fetching one raises is raised where it is asked for. On leaving, the item that is being
        fetched is waited for, so that what it comes from may be closed.
    """
    fetcher = ThreadPoolExecutor(max_workers=1)
    source = iter(items)
    coming = deque(fetcher.submit(next, source, _END) for _ in range(count))

    def fetched() -> Iterator[Item]:
        while not isinstance(item := coming.popleft().result(), _End):
            coming.append(fetcher.submit(next, source, _END))
            yield item

    try:
        yield fetched()
    finally:
        fetcher.shutdown(cancel_futures=True)
