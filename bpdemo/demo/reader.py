"""What page and API do with a clip: read it, and put whatever goes wrong into plain words."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import gradio as gr

from bpdemo.demo.estimators import Estimators
from bpdemo.demo.examples import Example
from bpdemo.demo.server.addresses import example_name
from bpdemo.demo.server.gradio_internals import UNEXPECTED
from bpdemo.demo.server.uploads import Uploads
from bpdemo.errors import BpdemoError, ClipError, log_unforeseen
from bpdemo.estimate import Estimate, PressureEstimate, agreeing_windows
from bpdemo.estimator import map_clip
from bpdemo.models import find_model
from bpdemo.stmap import STMap
from bpdemo.whole_clip import mean_pressure
from bpdemo.window import Window, WindowEstimate

CANCELLED = "This request was cancelled. The clip has been deleted."
_NOT_UPLOADED = (
    "not_uploaded",
    "There is no clip: none was sent, or what was named is neither an upload nor an example of this app.",
    "Send the clip itself; with gradio_client that is handle_file(path).",
)
_NO_EXAMPLE = ("no_example", "There is no such example.", "Choose one of the examples on the page.")
_STEPS = {
    "face": "Following the face",
    "map": "Building the map",
    "network": "Asking the network",
    "done": "Drawing the result",
}

logger = logging.getLogger(__name__)

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class OtherReading:
    """What another model makes of a clip that was read."""

    model: str
    systolic: PressureEstimate
    diastolic: PressureEstimate


class ReadingCancelledError(Exception):
    """Nobody wants this clip read any more: it was cancelled, or whoever sent it has gone."""


def progress_reporter(is_awaited: Callable[[], bool]) -> Progress:
    """Return a callback that shows the client its progress, and raises `ReadingCancelledError` unless `is_awaited`."""
    show = gr.Progress()

    def report_progress(share: float, step: str) -> None:
        if not is_awaited():
            raise ReadingCancelledError
        show(share, desc=_STEPS[step])

    return report_progress


class Reader:
    """Reads clips for page and API: uploads, and examples by their address. Safe to share between threads."""

    def __init__(self, estimators: Estimators, uploads: Uploads, examples: Sequence[Example] = ()) -> None:
        self._estimators, self._uploads = estimators, uploads
        self._examples = {example.path.name: example.path for example in examples}

    def read_upload(self, path: object, progress: Progress, **options: Any) -> Estimate:
        """Return the estimate of an upload or example; of status `error` when it cannot be read or is neither.

        The caller deletes the clip: the page shows it until the result is there. `options` are `model` and
        those of `BloodPressureEstimator.answer`.

        Raises:
            ReadingCancelledError: by `progress`.
        """
        clip = self._find(path)
        return self._error(_NOT_UPLOADED) if clip is None else self._read(clip, progress, **options)

    def read_example(self, example: Example | None, progress: Progress, **options: Any) -> Estimate:
        """Return the estimate of an example; else like `read_upload`."""
        return self._error(_NO_EXAMPLE) if example is None else self._read(example.path, progress, **options)

    def by_other_models(self, estimate: Estimate) -> list[OtherReading]:
        """Return what the other models that need nothing but the map make of the windows of a reading."""
        read = [window for window in agreeing_windows(estimate.windows) if window.status == "reading"]
        found = []
        for name in self._estimators.names if read else ():
            if name == estimate.model or find_model(name).reads == "frames":
                continue
            answers = [self._estimators.get(name).predict(window) for window in map(_window_alone, read)]
            systolic = mean_pressure([answer.systolic for answer in answers if answer.systolic])
            diastolic = mean_pressure([answer.diastolic for answer in answers if answer.diastolic])
            found.append(OtherReading(name, systolic, diastolic))
        return found

    def map_upload(self, path: object, progress: Progress) -> STMap:
        """Return the STMap of the best window of an upload or example.

        Raises:
            BpdemoError: the clip cannot be read, is neither, or holds nothing to map.
            ReadingCancelledError: by `progress`.
        """
        clip = self._find(path)
        if clip is None:
            raise ClipError(*_NOT_UPLOADED)
        try:
            return map_clip(clip, progress, isolate=self._estimators.default.isolate)
        except (BpdemoError, ReadingCancelledError):
            raise
        except BaseException as error:
            log_unforeseen(logger, error)
            raise BpdemoError(*UNEXPECTED) from None

    def _find(self, path: object) -> Path | None:
        return self._uploads.find(path) or self._examples.get(example_name(path) or "")

    def _read(self, path: Path, progress: Progress, model: str | None = None, **options: Any) -> Estimate:
        try:
            # Where the clip lies on this computer is nobody's business.
            return replace(self._estimators.get(model).answer(path, progress, **options), path=None)
        except ReadingCancelledError:
            raise
        except BpdemoError as error:
            return Estimate.from_error(path.name, error, self._estimators.default.weights.summary)
        except BaseException as error:  # some of these would end the server, and with it everybody's readings
            log_unforeseen(logger, error)
            return self._error(UNEXPECTED, path.name)

    def _error(self, reason: tuple[str, str, str], name: str = "") -> Estimate:
        return Estimate.from_error(name, BpdemoError(*reason), self._estimators.default.weights.summary)


def _window_alone(window: WindowEstimate) -> Window:
    """Return a window without what a model made of it."""
    return Window(**{field.name: getattr(window, field.name) for field in fields(Window)})
