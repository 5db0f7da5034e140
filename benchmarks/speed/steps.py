"""What does each step on the way to today's speed gain? The whole way with one of them taken back, in turn with all."""

import statistics
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING
from unittest.mock import patch

from benchmarks.speed.tasks import spent_s

if TYPE_CHECKING:  # nothing heavy is imported before a clock runs
    import numpy as np

_WALL, _CPU = 0, 1


def leave_out_each(path: str, turns: str) -> dict[str, float]:
    """Return how many times as long the whole way takes without each step: CPU time, and wall time for threads."""
    import numpy as np

    from bpdemo import capture, clip, regions
    from bpdemo import yuv as picture
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.face import FaceTracker

    def whole_picture(*decoded: object) -> "np.ndarray":
        return np.asarray(picture.upright_image(*decoded))

    without: dict[str, tuple[int, tuple]] = {
        "landmarks carried along by the picture between two key frames a second (six, instead)": (
            _CPU,
            (capture, "FaceTracker", partial(FaceTracker, key_frames_hz=6.0)),
        ),
        "colours converted only where they are looked at": (_CPU, (clip, "upright_image", whole_picture)),
        "all cells averaged at once": (_CPU, (regions, "_sum_by_label", _sum_one_by_one)),
        "decoding, tracking and averaging in three threads": (_WALL, (capture, "prefetch", _here_and_now)),
    }
    estimator = BloodPressureEstimator.from_pretrained(device="cpu")
    estimator.estimate(path)

    def took(*change: object) -> tuple[float, float]:
        with ExitStack() as changed:
            if change:
                changed.enter_context(patch.object(*change))
            before = spent_s()
            estimator.estimate(path)
            return tuple(end - start for start, end in zip(before, spent_s(), strict=True))

    ratios: dict[str, list[float]] = {name: [] for name in without}
    for _ in range(int(turns)):
        with_all = took()
        for name, (clock, change) in without.items():
            ratios[name].append(took(*change)[clock] / with_all[clock])
    return {name: statistics.median(of_turns) for name, of_turns in ratios.items()}


def _sum_one_by_one(labels: "np.ndarray", crop: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Do what `regions._sum_by_label` does by looking at the whole picture once for each cell."""
    import cv2
    import numpy as np

    from bpdemo.regions import CELLS

    pixels, sums = np.zeros(len(CELLS), int), np.zeros((len(CELLS), 3))
    for row in range(len(CELLS) if labels.size else 0):
        inside = cv2.compare(labels, row + 1, cv2.CMP_EQ)
        pixels[row] = cv2.countNonZero(inside)
        sums[row] = np.multiply(cv2.mean(crop, inside)[:3], pixels[row])
    return pixels, sums


@contextmanager
def _here_and_now(items: Iterable, _: int) -> Iterator[Iterator]:
    """Do what `pipeline.ahead` does without a thread."""
    yield iter(items)
