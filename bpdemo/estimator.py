"""The whole way: clip -> frames -> landmarks -> cells -> STMap and pulse -> verdict -> slices -> network -> estimate.

Example:
    >>> from bpdemo import BloodPressureEstimator
    >>> estimator = BloodPressureEstimator.from_pretrained()
    >>> estimate = estimator.estimate("me.mp4")
    >>> estimate.status, estimate.to_dict()
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bpdemo.beats import Slices, cut_slices
from bpdemo.capture import Capture, Progress, read_capture
from bpdemo.errors import BpdemoError, ClipError, Reason, log_unforeseen
from bpdemo.estimate import Baseline, Estimate, HeartRate, PressureEstimate, RangeEstimate, WindowEstimate
from bpdemo.isolation import CRASHED, read_capture_apart
from bpdemo.processes import work_in_processes, worthwhile_processes
from bpdemo.pulse import measure_pulse
from bpdemo.quality import has_pulse, judge_capture, judge_window, notes, reason
from bpdemo.stmap import RATE_HZ, STMap, build_stmap, place_windows
from bpdemo.weights.store import Weights, load_weights

if TYPE_CHECKING:
    from bpdemo.models.beats import RangePrediction

logger = logging.getLogger(__name__)

_worker: "BloodPressureEstimator"  # in a process of `answer_many`
_UNEXPECTED = (
    "unexpected",
    "Something went wrong here while reading the clip.",
    "Read it by itself to see what; if that does not help, tell the project what kind of clip it is.",
)
_READING_SHARE = 0.9  # decoding, tracking and averaging are nearly all of the work
_MAP_SHARE = 0.7  # of the rest
MIN_HEART_RATE_WINDOW_S = 5.0  # a shorter clip holds too few beats to tell a pulse from chance


def map_clip(path: str | os.PathLike, progress: Progress | None = None, *, apart: bool = False) -> STMap:
    """Build the STMap of a clip's first window; `progress` and `apart` are those of `BloodPressureEstimator`.

    Raises:
        ClipError: the file cannot be read as a clip, or (`no_face`, `too_short`) holds nothing to map.
    """
    capture = _read_capture(path, progress, apart)
    windows = place_windows(capture.report.duration_s)
    code = "no_face" if not np.isfinite(capture.colours).any() else "too_short" if not windows else None
    if code:
        raise ClipError(code, reason(code).message, reason(code).remedy)
    return build_stmap(capture.time_s, capture.colours, *windows[0])


class BloodPressureEstimator:
    """Reads clips with one set of weights. Safe to share between threads: it keeps nothing of a clip.

    Args:
        weights: loaded weights; `from_pretrained` loads them by name.
        apart: have each clip read in a process of its own, see `bpdemo.isolation`: for clips that come from strangers.
    """

    def __init__(self, weights: Weights, *, apart: bool = False) -> None:
        self.weights = weights
        self.apart = apart

    @classmethod
    def from_pretrained(
        cls, weights: str | Path | None = None, device: str = "auto", *, apart: bool = False
    ) -> "BloodPressureEstimator":
        """Load weights and make an estimator.

        Args:
            weights: a folder, a Hub repo `owner/name@revision`, or None for `BPDEMO_WEIGHTS` or else the embedded ones.
            device: "auto" (CUDA when there is one), "cpu" or "cuda".
            apart: see `BloodPressureEstimator`.

        Raises:
            WeightsError: the weights cannot be had or do not fit this version.
        """
        return cls(load_weights(weights, device), apart=apart)

    def estimate(self, path: str | os.PathLike, progress: Progress | None = None) -> Estimate:
        """Read a clip: a reading, or a refusal that says why.

        Args:
            path: the clip.
            progress: told how far the work is.

        Raises:
            ClipError: the file cannot be read as a clip.
        """
        tell = progress or (lambda *_: None)
        capture = _read_capture(path, lambda share, step: tell(_READING_SHARE * share, step), self.apart)
        reasons = judge_capture(capture.report, capture.face, capture.luma, capture.clipped)
        windows = []
        if capture.face.seen and capture.report.duration_s >= 1 / RATE_HZ:  # one column of a map, at least
            places = place_windows(capture.report.duration_s) or [(0.0, capture.report.duration_s)]
            each = (1 - _READING_SHARE) / len(places)
            for number, place in enumerate(places):
                begun = _READING_SHARE + number * each
                tell(begun, "map")
                to_network = partial(tell, begun + _MAP_SHARE * each, "network")
                windows.append(self._read_window(capture, *place, reasons, to_network))
        tell(1.0, "done")
        read = [window for window in windows if not window.reasons]
        estimate = Estimate(
            clip=Path(path).name,
            status="reading" if read else "refused",
            notes=tuple(notes(capture.report, capture.face)),
            windows=tuple(windows),
            capture=capture.to_dict(),
            weights=self.weights.to_dict(),
            thumbnails=capture.thumbnails,
        )
        with_pulse = read or [window for window in windows if window.heart_rate]
        if with_pulse:
            estimate = replace(estimate, heart_rate=_median_heart_rate([window.heart_rate for window in with_pulse]))
        if not read:
            refused = estimate.best_window
            return replace(estimate, reasons=tuple(reasons) or refused.reasons)
        return replace(
            estimate,
            systolic=_mean_pressure([window.systolic for window in read]),
            diastolic=_mean_pressure([window.diastolic for window in read]),
        )

    def answer(self, path: str | os.PathLike, progress: Progress | None = None) -> Estimate:
        """Read a clip as `estimate` does, but return an error as an estimate whose status says so."""
        try:
            return self.estimate(path, progress)
        except BpdemoError as error:
            return Estimate.from_error(Path(path).name, error, self.weights.to_dict())

    def answer_many(self, paths: Sequence[str | os.PathLike], processes: int | None = None) -> Iterator[Estimate]:
        """Read many clips on all cores; whatever goes wrong with one is its own estimate's error and no other's.

        A script that calls this keeps its top level under `if __name__ == "__main__":`, as with any `multiprocessing`.

        Args:
            paths: the clips.
            processes: how many read at the same time; None starts as many as are worth it.

        Yields:
            What `answer` would return, in the order of `paths`.
        """
        processes = worthwhile_processes(len(paths)) if processes is None else processes
        if processes == 1:
            yield from (_answer_anyhow(self, path) for path in paths)
            return
        device = str(next(self.weights.network.parameters()).device)
        results = work_in_processes(_work, paths, processes, _prepare_worker, (self.weights.source, device))
        for path, result in zip(paths, results, strict=True):
            yield result or Estimate.from_error(Path(path).name, BpdemoError(*CRASHED), self.weights.to_dict())

    def _read_window(
        self,
        capture: Capture,
        start_s: float,
        end_s: float,
        capture_reasons: list[Reason],
        to_network: Callable[[], None],
    ) -> WindowEstimate:
        """Read one window; the network is asked, and `to_network` told, only when nothing speaks against it."""
        stmap = build_stmap(capture.time_s, capture.colours, start_s, end_s)
        pulse = measure_pulse(capture.time_s, capture.colours, start_s, end_s, capture.surround)
        reasons = tuple(capture_reasons) or tuple(judge_window(stmap.mask, pulse, capture.report))
        heart_rate = slices = systolic = diastolic = None
        if pulse is not None and has_pulse(pulse) and end_s - start_s >= MIN_HEART_RATE_WINDOW_S:
            heart_rate = HeartRate(pulse.heart_rate_bpm, pulse.snr_db)
            slices = cut_slices(stmap)
        if not reasons and (slices is None or not slices.measured):
            # There is a pulse, but too few of its beats were seen whole to know their shape.
            reasons = (reason("weak_pulse"),)
        if not reasons:
            to_network()
            systolic, diastolic = self.predict(slices)
        return WindowEstimate(start_s, end_s, reasons, systolic, diastolic, heart_rate, stmap, pulse, slices)

    def predict(self, slices: Slices) -> tuple[PressureEstimate, PressureEstimate]:
        """Run the network on the slices of one map."""
        import torch

        network = self.weights.network
        device = next(network.parameters()).device
        values, weight = (torch.from_numpy(part).to(device)[None] for part in (slices.values, slices.weight))
        rate_hz = torch.tensor([slices.rate_hz], dtype=values.dtype, device=device)
        with torch.inference_mode(), _one_thread():
            prediction = network(values, weight, rate_hz)
        return self._pressure("systolic", prediction.systolic), self._pressure("diastolic", prediction.diastolic)

    def _pressure(self, name: str, prediction: "RangePrediction") -> PressureEstimate:
        """Put the interval and the baseline of the weights' config around one prediction of a batch of one."""
        config = self.weights.config
        edges, intervals = config["network"][f"{name}_edges"], config["intervals"]
        scale = float(prediction.scale[0]) if intervals.get("scaled", False) else 1.0
        value, half_width = float(prediction.value[0]), scale * intervals[name]
        ranges = (
            RangeEstimate(float(low), float(high), float(probability), float(inside))
            for low, high, probability, inside in zip(
                edges[:-1], edges[1:], prediction.probability[0], prediction.in_range[0], strict=True
            )
        )
        trained = config["training"][name]
        return PressureEstimate(
            value=value,
            interval=(value - half_width, value + half_width),
            coverage=intervals["coverage"],
            ranges=tuple(ranges),
            baseline=Baseline(trained["mean"], trained["mean_absolute_error"]),
        )


def _read_capture(path: str | os.PathLike, progress: Progress | None, apart: bool) -> Capture:
    """Read a clip in this process, or in one of its own."""
    return (read_capture_apart if apart else read_capture)(path, progress)


def _answer_anyhow(estimator: BloodPressureEstimator, path: str | os.PathLike) -> Estimate:
    """Read a clip as `answer` does; what nobody foresaw is an error of this clip, too."""
    try:
        return estimator.answer(path)
    except Exception as error:
        log_unforeseen(logger, error)
        return Estimate.from_error(Path(path).name, BpdemoError(*_UNEXPECTED), estimator.weights.to_dict())


def _prepare_worker(weights: str, device: str) -> None:
    """Load the weights in a process that reads clips for `answer_many`."""
    global _worker
    _worker = BloodPressureEstimator.from_pretrained(weights, device)


def _work(path: str | os.PathLike) -> Estimate:
    """Read a clip in such a process."""
    return _answer_anyhow(_worker, path)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have torch compute on the calling thread alone.

    The network is done in milliseconds. Threads that share it wait for each other by spinning, which took twenty times
    as long on a busy machine.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _median_heart_rate(heart_rates: list[HeartRate]) -> HeartRate:
    """Return the median heart rate and median SNR of several windows."""
    return HeartRate(
        float(np.median([heart_rate.value for heart_rate in heart_rates])),
        float(np.median([heart_rate.snr_db for heart_rate in heart_rates])),
    )


def _mean_pressure(windows: list[PressureEstimate]) -> PressureEstimate:
    """Return the mean over windows: probabilities are averaged, in-range values weighted by them.

    The interval keeps its width: windows of one person share most of their error (ours).
    """
    value = float(np.mean([window.value for window in windows]))
    half_width = float(np.mean([(window.interval[1] - window.interval[0]) / 2 for window in windows]))
    ranges = []
    for parts in zip(*(window.ranges for window in windows), strict=True):
        probabilities = np.array([part.probability for part in parts])
        values = np.array([part.value for part in parts])
        probability = float(probabilities.mean())
        inside = float(probabilities @ values / probabilities.sum()) if probability > 0 else float(values.mean())
        ranges.append(RangeEstimate(parts[0].low, parts[0].high, probability, inside))
    return replace(windows[0], value=value, interval=(value - half_width, value + half_width), ranges=tuple(ranges))
