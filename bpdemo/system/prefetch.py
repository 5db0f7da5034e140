"""Steps of a pipeline in threads of their own: while one frame is averaged the next are tracked and decoded.

Decoder, landmark network and OpenCV release the interpreter's lock, so that two cores are kept busy.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Comes after the last item."""


_END = _End()


@contextmanager
def prefetch(items: Iterable[Item], count: int) -> Iterator[Iterator[Item]]:
    """Yield the items in order, fetched in a thread of its own, up to `count` of them before they are asked for.

    What fetching one raises is raised where it is asked for. On leaving, the item that is being fetched is waited for,
    so that its source may be closed.
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
