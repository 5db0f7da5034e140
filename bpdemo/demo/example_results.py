"""The estimates of the page's examples, made beforehand so that a click on one is answered at once."""

import atexit
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from bpdemo.demo.examples import Example
from bpdemo.errors import log_unforeseen
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator

_LOOK_AGAIN_S = 0.5
_END_S = 10.0  # of patience with what is being read; its end is asked for several times a second

logger = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The app ends."""


class ExampleResults:
    """Reads the examples with the default estimator, one after another in their order, on a thread of its own.

    What is kept is about 5 MB an example, most of it thumbnails.

    Args:
        examples: of the page.
        estimator: reads them.
        is_busy: whether visitors' clips are being read; the next example waits while they are.
        enabled: False for never reading any.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        estimator: BloodPressureEstimator,
        is_busy: Callable[[], bool] = lambda: False,
        *,
        enabled: bool = True,
    ) -> None:
        self._examples, self._estimator, self._is_busy = examples, estimator, is_busy
        self._estimates: dict[int, Estimate] = {}
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read_all, name="examples", daemon=True) if enabled else None

    def start(self) -> None:
        """Begin to read, unless that has begun: called when a page is opened, as many servers are never looked at."""
        with self._lock:
            if self._thread is not None and self._thread.ident is None and not self._stopped.is_set():
                atexit.register(self.stop)  # else the app's end would wait for the clip that is being read
                self._thread.start()

    def stop(self) -> None:
        """Leave the rest unread, and return when nothing is read any more."""
        with self._lock:
            self._stopped.set()
        if self._thread is not None and self._thread.ident is not None:
            self._thread.join(_END_S)

    def get(self, number: int) -> Estimate | None:
        """Return the estimate of an example without waiting; None while there is none, or none could be made."""
        return self._estimates.get(number)

    def _read_all(self) -> None:
        for number, example in enumerate(self._examples):
            while self._is_busy() and not self._stopped.wait(_LOOK_AGAIN_S):
                pass
            if self._stopped.is_set():
                return
            try:
                estimate = self._estimator.answer(example.path, self._report_progress)
            except _StoppedError:
                return
            except Exception as error:
                log_unforeseen(logger, error)
                continue
            if estimate.status == "error":
                logger.error("The example %s cannot be read: %s", example.path.name, estimate.reasons[0].message)
            else:
                self._estimates[number] = replace(estimate, path=None)

    def _report_progress(self, _share: float, _step: str) -> None:
        if self._stopped.is_set():
            raise _StoppedError
