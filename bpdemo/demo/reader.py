"""What page and API do with a clip: read it, and put whatever goes wrong into plain words."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bpdemo.demo.examples import Example
from bpdemo.demo.server.uploads import Uploads
from bpdemo.demo.texts import Words
from bpdemo.errors import BpdemoError, ClipError, log_unforeseen
from bpdemo.estimate import Estimate
from bpdemo.estimator import BloodPressureEstimator, map_clip
from bpdemo.stmap import STMap

logger = logging.getLogger(__name__)

Progress = Callable[[float, str], None]


class ReadingCancelledError(Exception):
    """Nobody wants this clip read any more: it was cancelled, or whoever sent it has gone."""


class Reader:
    """Reads clips for page and API with one estimator. Safe to share between threads.

    Args:
        estimator: loaded once, at start.
        uploads: where clips arrive.
        words: for the errors of the page's own.
    """

    def __init__(self, estimator: BloodPressureEstimator, uploads: Uploads, words: Words) -> None:
        self.estimator = estimator
        self._words = words
        self._uploads = uploads
        self._running: set[str] = set()
        self._cancelled: set[str] = set()

    @contextmanager
    def cancellable(self, session: str) -> Iterator[None]:
        """Let a session's request be cancelled for as long as the block runs."""
        self._running.add(session)
        self._cancelled.discard(session)
        try:
            yield
        finally:
            self._running.discard(session)
            self._cancelled.discard(session)

    def cancel(self, session: str) -> None:
        """Have the session's running request end at its next step."""
        if session in self._running:
            self._cancelled.add(session)

    def read_upload(self, path: str | None, session: str = "", progress: Progress | None = None) -> Estimate:
        """Read an uploaded clip. Deleting it is the caller's part: the page shows it until the result is there.

        Args:
            path: what the client sent.
            session: whose request this is, for `cancel`.
            progress: told how far the work is; what it raises to end the work must be a `ReadingCancelledError`.

        Returns:
            The estimate; one of status `error` when the clip cannot be read or is no upload.

        Raises:
            ReadingCancelledError: by `cancel` or `progress`.
        """
        upload = self._uploads.find(path)
        if upload is None:
            return self._error("", self._words.error(ClipError, "not_uploaded"))
        return self._read(upload, session, progress)

    def read_example(self, example: Example | None, session: str = "", progress: Progress | None = None) -> Estimate:
        """Read an example of the page; else like `read_upload`."""
        if example is None:
            return self._error("", self._words.error(ClipError, "no_example"))
        return self._read(example.path, session, progress)

    def map_upload(self, path: str | None, progress: Progress | None = None) -> STMap:
        """Build the STMap of an uploaded clip's first window.

        Raises:
            BpdemoError: the clip cannot be read, is no upload, or holds nothing to map.
            ReadingCancelledError: by `progress`.
        """
        upload = self._uploads.find(path)
        if upload is None:
            raise self._words.error(ClipError, "not_uploaded")
        try:
            return map_clip(upload, progress, isolate=self.estimator.isolate)
        except (BpdemoError, ReadingCancelledError):
            raise
        except BaseException as error:
            raise self._unexpected(error) from None

    def _read(self, path: Path, session: str, progress: Progress | None) -> Estimate:
        def tell(share: float, what: str) -> None:
            if session in self._cancelled:
                raise ReadingCancelledError
            if progress is not None:
                progress(share, what)

        try:
            return self.estimator.answer(path, tell)
        except ReadingCancelledError:
            raise
        except BaseException as error:  # some of these would end the server, and with it everybody's readings
            return self._error(path.name, self._unexpected(error))

    def _error(self, name: str, error: BpdemoError) -> Estimate:
        return Estimate.from_error(name, error, self.estimator.weights.to_dict())

    def _unexpected(self, error: BaseException) -> BpdemoError:
        log_unforeseen(logger, error)
        return self._words.error(BpdemoError, "unexpected")
