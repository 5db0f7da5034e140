"""An estimator that reads nothing: it remembers what it is given and always answers the same."""

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpdemo.demo.server.uploads import Uploads
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from tests.support.made_up_results import CONFIG, WEIGHTS

PATIENCE_S = 60


class StandIn:
    """In place of a BloodPressureEstimator."""

    def __init__(self):
        self.weights = SimpleNamespace(config=CONFIG, folder=Path("nowhere"), summary=WEIGHTS)
        self.seen, self.told = [], []
        self.failure = None

    def answer(self, path, progress=None, method="pos", told=None):
        self.seen.append(path.read_bytes())
        self.told.append(told)
        if progress is not None:
            progress(0.5, "face")
        if self.failure is not None:
            raise self.failure
        error = ClipError("not_a_video", "This file cannot be read as a video.", "Use another.")
        return Estimate.from_error(path.name, error, WEIGHTS, str(path))


class SlowStandIn(StandIn):
    """Reads on, telling its progress, until it is allowed to end; counts readings that are under way."""

    def __init__(self):
        super().__init__()
        self.may_end = threading.Event()
        self.reading = 0

    def answer(self, path, progress=None, method="pos", told=None):
        self.reading += 1
        try:
            for _ in range(50 * PATIENCE_S):
                progress(0.3, "face")
                if self.may_end.wait(0.02):
                    break
            return super().answer(path, progress, method, told)
        finally:
            self.reading -= 1


@contextmanager
def serve_stand_in(folder, estimator, examples=()):
    """Serve the page with a stand-in from this very process, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        uploads = Uploads.create()
        from bpdemo.demo.page import build_page
        from bpdemo.demo.server.launch_options import launch_options

        page = build_page(estimator, uploads, examples=[*examples])
        _, url, _ = page.launch(prevent_thread_lock=True, **launch_options(uploads))
        yield SimpleNamespace(
            url=url, estimator=estimator, uploads=uploads, page=page, files_left=lambda: _files(uploads.folder)
        )
        page.close()


def _files(folder):
    """Return the files of a folder whose folders come and go meanwhile."""
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names]
