"""The start-up check: does this installation read a pulse, on which device, with which weights?

A missing library is reported when the demo is started and not to its first visitor. Nothing heavy is imported before it
is used, so that what is missing can be named.
"""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from bpdemo import __version__
from bpdemo.errors import BpdemoError

if TYPE_CHECKING:
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.regions import CellTraces
    from bpdemo.weights.store import WeightsSummary

LIBRARIES = ("av", "gradio", "mediapipe", "opencv-contrib-python", "torch")
"""Libraries that most faults of an installation come from."""

_SECONDS = 10
_RATE_HZ = 1.2  # 72 beats a minute
_RATE_WITHIN_BPM = 1.0
_SKIN = (180.0, 130.0, 110.0)
_BLOOD = (0.33, 0.77, 0.53)  # how much each of R, G, B darkens with the blood (de Haan and van Leest 2014)
_STRENGTH = 0.01
_POSSIBLE_MMHG = (20.0, 300.0)  # of a model without ranges
_SHARED_LIBRARY = re.compile(r"\b(lib[\w+.-]*?\.so[.\d]*)")


@dataclass(frozen=True)
class Report:
    """What the check found.

    Attributes:
        device: what the network runs on: "cpu", "cuda (name)" or "cpu, and ZeroGPU when it lends a GPU".
        face_model: SHA-256 of the landmark model, as verified.
        libraries: versions of `LIBRARIES`.
        seconds: how long the check took.
    """

    version: str
    device: str
    weights: "WeightsSummary"
    face_model: str
    libraries: dict[str, str]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-able."""
        from pydantic import TypeAdapter

        report: Any = self
        return TypeAdapter(Any).dump_python(report, mode="json")

    def __str__(self) -> str:
        """A few lines for a log; no path and no name of a user is in them."""
        weights, provenance = self.weights, self.weights.provenance
        revision = f"@{weights.revision[:12]}" if weights.revision else ""
        libraries = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        return (
            f"bpdemo {self.version} on {self.device}: weights {weights.name}{revision}, made from "
            f"{provenance.data} by commit {provenance.commit[:12]}. {provenance.statement}\n"
            f"Face model {self.face_model[:8]} is as it should be. Read a made-up face in {self.seconds:.1f} s, "
            f"with {libraries}."
        )


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a broken installation raises inside the block into a `BpdemoError`.

    Raises:
        BpdemoError: `library_missing` (a package of Debian or of Python), `start_failed` (a port, a folder).
    """
    try:
        yield
    except (ImportError, OSError) as error:
        missing = missing_library(error)
        if missing is not None:
            raise missing from error
        what = " ".join((getattr(error, "strerror", None) or str(error)).split())
        raise BpdemoError(
            "start_failed",
            f"The system refused something at the start: {what.rstrip('.')}.",
            "Check the port (GRADIO_SERVER_PORT) and that the folder for temporary files can be written.",
        ) from error


def check(estimator: "BloodPressureEstimator", device: str | None = None) -> Report:
    """Return the report of reading a made-up face, with everything loaded that a clip needs.

    Args:
        estimator: with the weights to be used.
        device: what to call the device; None asks torch.

    Raises:
        BpdemoError: `library_missing`, `landmark_model_damaged` or `check_failed`.
    """
    began_s = time.monotonic()
    with plain_errors():
        from bpdemo.face import MODEL_SHA256

        _find_no_face()
        _read_made_up_face(estimator)
        device = device or _device(estimator)
    libraries = dict(_versions())
    seconds = time.monotonic() - began_s
    return Report(__version__, device, estimator.weights.summary, MODEL_SHA256, libraries, seconds)


def _find_no_face() -> None:
    """Check that the landmark model finds no face in a grey picture."""
    import av  # noqa: F401 - it loads FFmpeg, which the first clip needs
    import numpy as np

    from bpdemo.clip_report import Frame
    from bpdemo.face import FaceTracker

    grey = Frame(0.0, np.full((128, 128, 3), 128, np.uint8))
    with FaceTracker() as tracker:
        if any(tracked.landmarks is not None for tracked in tracker.follow([grey])):
            raise _failed("a face was found in a grey picture")


def _read_made_up_face(estimator: "BloodPressureEstimator") -> None:
    """Check the way from colours to pressures."""
    from bpdemo.window import read_window

    window = read_window(made_up_face(), 0.0, _SECONDS)
    heart_rate = window.heart_rate
    if window.beats is None or heart_rate is None or abs(heart_rate.value - 60 * _RATE_HZ) >= _RATE_WITHIN_BPM:
        raise _failed("its pulse was not found")
    read = estimator.predict(window)
    for pressure in filter(None, (read.systolic, read.diastolic)):
        (low, high), certain = _POSSIBLE_MMHG, 1.0
        if ranges := pressure.ranges:
            (low, high), certain = (ranges[0].low, ranges[-1].high), sum(part.probability for part in ranges)
        if not (low <= pressure.value <= high and abs(certain - 1) < 1e-3):  # NaN is nowhere between
            raise _failed("its pressures are impossible")


def made_up_face(seed: int = 0, rate_hz: float = _RATE_HZ) -> "CellTraces":
    """Return the cell colours of a face with a pulse, 30 frames a second; tones, noise and pulse shape by `seed`."""
    import numpy as np

    from bpdemo.regions import CELLS, CellTraces

    rng = np.random.default_rng(seed)
    time_s = np.arange(30 * _SECONDS) / 30
    beats = 2 * np.pi * rate_hz * time_s
    wave = np.sin(beats) + rng.uniform(0.2, 0.6) * np.sin(2 * beats + rng.uniform(0, 1))
    tones = rng.uniform(0.8, 1.2, (len(CELLS), 1))
    colours = np.array(_SKIN) * tones * (1 - _STRENGTH * wave[:, None, None] * np.array(_BLOOD))
    colours += rng.normal(0, 0.1, colours.shape)
    unknown = np.full((len(time_s), 3), np.nan)
    return CellTraces(time_s, colours, np.full(colours.shape[:2], 100), unknown, np.zeros(len(time_s)))


def _device(estimator: "BloodPressureEstimator") -> str:
    import torch

    device = next(estimator.weights.network.parameters()).device
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def _versions() -> Iterator[tuple[str, str]]:
    """Yield the libraries that are installed, with their versions."""
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:  # installed without its metadata, as some distributions do
            continue


def _failed(what: str) -> BpdemoError:
    return BpdemoError(
        "check_failed",
        f"This installation does not read a made-up face as it must: {what}.",
        "Install the versions this project was tested with: pip install -r requirements.txt.",
    )


def missing_library(error: ImportError | OSError) -> BpdemoError | None:
    """Return the error that a library could not be loaded; None when it is about something else."""
    found = _SHARED_LIBRARY.search(str(error))
    if found and (isinstance(error, ImportError) or error.errno is None):  # ctypes raises an OSError without a number
        return BpdemoError(
            "library_missing",
            f"The system library {found[1]} is missing.",
            "Install what packages.txt names, or the package that holds it; sudo apt-get install $(cat packages.txt).",
        )
    if isinstance(error, OSError):
        return None
    what = f"The Python package {error.name} is missing" if error.name else f"A Python package does not load: {error}"
    return BpdemoError(
        "library_missing",
        f"{what.splitlines()[0]}.",
        f"Install the requirements for Python {sys.version_info.major}.{sys.version_info.minor}: "
        "pip install -r requirements.txt.",
    )
