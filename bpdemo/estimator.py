"""The whole way: clip -> capture -> windows (map, pulse, beats, verdict) -> network -> estimate.

Example:
    >>> from bpdemo import BloodPressureEstimator
    >>> estimator = BloodPressureEstimator.from_pretrained()
    >>> estimate = estimator.estimate("me.mp4")
    >>> estimate.status, estimate.to_dict()
"""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bpdemo.attribution import LeftOut, leave_out
from bpdemo.capture import Capture, Progress, read_capture
from bpdemo.crops import CropForm, read_crops
from bpdemo.errors import BpdemoError, ClipError, log_unforeseen
from bpdemo.estimate import (
    DEFAULT_METHOD,
    Baseline,
    Estimate,
    PressureEstimate,
    RangeEstimate,
    agreeing_windows,
    best_window,
)
from bpdemo.models.inputs import Inputs
from bpdemo.pulse_methods import METHODS
from bpdemo.pulse_networks import check_method, find_pulse, needs_weights, put_beside
from bpdemo.quality import check_capture, check_file, notes
from bpdemo.reasons import can_be_mended, explain, like_average, reason
from bpdemo.stmap import MIN_WINDOW_S, STMap
from bpdemo.system.isolation import CRASHED, read_crops_in_subprocess, read_in_subprocess
from bpdemo.system.processes import map_in_processes, worthwhile_processes
from bpdemo.told import Told, estimate_with_told
from bpdemo.weights.pulse_store import PulseWeights, load_pulse, look_up, pulse_within
from bpdemo.weights.store import Weights, load_weights
from bpdemo.whole_clip import mean_pressure, measure_whole_clip, median_heart_rate
from bpdemo.window import Window, WindowEstimate, read_window, read_windows, window_places

if TYPE_CHECKING:
    from bpdemo.models.heads import ValuePrediction

logger = logging.getLogger(__name__)

THRESHOLDS = {"systolic": 140.0, "diastolic": 90.0}
"""Pressures, mmHg, of which a reading tells how probable they and more are."""

_worker: "BloodPressureEstimator"  # in a process of `answer_many`
_UNEXPECTED = (
    "unexpected",
    "Something went wrong while reading the clip.",
    "Read it by itself to see what; if that does not help, report to the project what kind of clip it is.",
)
_CAPTURE_SHARE = 0.9  # decoding, tracking and averaging are nearly all of the work
_MAP_SHARE = 0.7  # of the rest


def map_clip(path: str | os.PathLike, progress: Progress | None = None, *, isolate: bool = False) -> STMap:
    """Return the STMap of a clip's best window; `progress` and `isolate` are those of `BloodPressureEstimator`.

    Raises:
        ClipError: the file cannot be read as a clip, or (`no_face`, `too_short`) holds nothing to map.
    """
    capture = _read_capture(path, progress, isolate)
    if not np.isfinite(capture.traces.colours).any():
        code = "no_face"
    elif capture.report.file.longest_stretch_s < MIN_WINDOW_S:
        code = "too_short"
    elif best := best_window(read_windows(capture)):
        return best.stmap
    else:
        code = "no_face"
    raise ClipError(code, reason(code).message, reason(code).remedy)


class BloodPressureEstimator:
    """Reads clips with one set of weights. Safe to share between threads: it keeps nothing of a clip.

    Args:
        weights: loaded weights; `from_pretrained` loads them by name.
        pulse: a network that finds the pulse in frames, a pulse method more; in place of the weights' own, if any.
        isolate: have each clip read in a subprocess (`bpdemo.system.isolation`): for clips that come from strangers.
    """

    def __init__(self, weights: Weights, *, pulse: PulseWeights | None = None, isolate: bool = False) -> None:
        self.weights = weights
        self.pulse = pulse or pulse_within(weights)
        self.isolate = isolate
        self._default_method = DEFAULT_METHOD if pulse is None else pulse.name

    @classmethod
    def from_pretrained(
        cls,
        weights: str | Path | None = None,
        device: str = "auto",
        *,
        model: str | None = None,
        isolate: bool = False,
    ) -> "BloodPressureEstimator":
        """Return an estimator with weights by name.

        Args:
            weights: a folder, a Hub repo `owner/name@revision`, or None for `BPDEMO_WEIGHTS` or else the embedded ones.
                Where they give the pulse alone, it is found by them, and pressures are read with the others.
            device: "auto" (CUDA when there is one), "cpu" or "cuda".
            model: which of the embedded weights, a name of `bpdemo.models.MODELS`; other weights must be of it.
            isolate: see `BloodPressureEstimator`.

        Raises:
            WeightsError: the weights cannot be had or do not fit this version.
        """
        pulse = None
        if weights is not None:
            weights, gives_pulse_alone = look_up(weights)
            if gives_pulse_alone:
                pulse, weights = load_pulse(weights, device), None
        return cls(load_weights(weights, device, model), pulse=pulse, isolate=isolate)

    def estimate(
        self,
        path: str | os.PathLike,
        progress: Progress | None = None,
        *,
        method: str | None = None,
        told: Told | None = None,
    ) -> Estimate:
        """Return a clip's reading, or a refusal that says why.

        Args:
            path: of the clip.
            progress: is called with the share of the work done, 0 to 1, and the step.
            method: how the pulse is found, a name of `pulse_methods.METHODS`, or the network's of `pulse`; None for the
                network's where the pulse's weights were named, or else POS.
            told: what the person in the clip told; it changes no pressure, a reading has it beside them.

        Raises:
            ClipError: the file cannot be read as a clip.
            BpdemoError: `method_unknown`, `method_needs_weights` or `told_invalid`.
        """
        told, method = told or Told(), method or self._default_method
        network = self._network_of(method)  # before the clip is decoded
        told.check()
        report_progress = progress or (lambda *_: None)
        capture = _read_capture(path, lambda share, step: report_progress(_CAPTURE_SHARE * share, step), self.isolate)
        places, windows = window_places(capture.report), []
        of_map = DEFAULT_METHOD if network else method
        found = None
        if network:
            report_progress(_CAPTURE_SHARE, "network")
            found = find_pulse(network, capture, partial(self._read_crops, path, capture))
        form = self.weights.network.network.FORM
        crops = self._read_crops(path, capture, form, places) if form else repeat(None, len(places))
        for number, (place, frames) in enumerate(zip(places, crops, strict=True)):
            each = (1 - _CAPTURE_SHARE) / len(places)
            begun = _CAPTURE_SHARE + number * each
            report_progress(begun, "map")
            window = read_window(capture.traces, *place, capture.report_between(*place), of_map)
            window = put_beside(window, found) if found else window
            if not window.reasons:
                report_progress(begun + _MAP_SHARE * each, "network")
            windows.append(WindowEstimate(**vars(window)) if window.reasons else self.predict(window, frames))
        report_progress(1.0, "done")
        agreeing = agreeing_windows(windows)
        contradicted = len(agreeing) < sum(window.has_pulse for window in windows)
        read = [window for window in agreeing if window.status == "reading"]
        variability, respiration = measure_whole_clip(capture, agreeing, of_map)
        estimate = Estimate(
            clip=Path(path).name,
            status="reading" if read else "refused",
            notes=(*notes(capture.report), *([reason("rates_differ")] if agreeing and contradicted else [])),
            heart_rate=median_heart_rate([window.heart_rate for window in read or agreeing if window.heart_rate]),
            heart_rate_variability=variability,
            respiration=respiration,
            checks=check_file(capture.report.file) if windows else check_capture(capture.report),
            windows=tuple(windows),
            capture=capture.report,
            weights=self.weights.summary,
            pulse_weights=network.summary if network else None,
            thumbnails=capture.thumbnails,
            path=os.fspath(path),
            method=method,
        )
        if not read:
            codes = [check.reason for check in estimate.failed_checks if can_be_mended(check.reason)]
            if contradicted and not agreeing:
                codes.append("rates_differ")
            elif estimate.best_window:
                codes += [one.code for one in estimate.best_window.reasons]
            return replace(estimate, reasons=explain(codes))
        systolic = mean_pressure([window.systolic for window in read if window.systolic])
        diastolic = mean_pressure([window.diastolic for window in read if window.diastolic])
        shapes = [window.shape for window in read if window.shape]
        shape = np.mean(shapes, axis=0).tolist() if shapes else None
        beside = estimate_with_told(told, self.weights.config.told, systolic, diastolic, shape) if told else None
        note = like_average(systolic, diastolic)
        noted = (*estimate.notes, *([note] if note else []))
        return replace(estimate, systolic=systolic, diastolic=diastolic, notes=noted, told=beside)

    def answer(
        self,
        path: str | os.PathLike,
        progress: Progress | None = None,
        *,
        method: str | None = None,
        told: Told | None = None,
    ) -> Estimate:
        """Return what `estimate` does, but an error as an estimate whose status says so."""
        try:
            return self.estimate(path, progress, method=method, told=told)
        except BpdemoError as error:
            return self._from_error(path, error)

    def answer_many(
        self,
        paths: Sequence[str | os.PathLike],
        processes: int | None = None,
        *,
        method: str | None = None,
        told: Told | None = None,
    ) -> Iterator[Estimate]:
        """Yield what `answer` gives for each of many clips, in order; no error of one clip affects another.

        `processes` is how many read at the same time; None starts as many as are worth it. `told` is of the one person
        in all clips. A script that calls this keeps its top level under `if __name__ == "__main__":`, as with any
        `multiprocessing`.
        """
        processes = worthwhile_processes(len(paths)) if processes is None else processes
        if processes == 1:
            yield from (self._answer_anyhow(path, method, told) for path in paths)
            return
        device = str(next(self.weights.network.parameters()).device)
        results = map_in_processes(
            partial(_answer_in_worker, method=method, told=told),
            paths,
            processes=processes,
            prepare=_load_worker,
            arguments=(self.weights.source, self.pulse.source if self.pulse else None, device),
        )
        for path, result in zip(paths, results, strict=True):
            yield result or self._from_error(path, BpdemoError(*CRASHED))

    def predict(self, window: Window, crops: np.ndarray | None = None) -> WindowEstimate:
        """Return one window with what the model says of it, whatever speaks against reading it.

        `crops` uint8 [T, side, side, 3] are the window's frames, for a model that reads them.
        """
        import torch

        network = self.weights.network
        device = next(network.parameters()).device
        with torch.inference_mode():
            tensors = tuple(tensor.to(device) for tensor in network.tensors(Inputs.of_window(window, crops=crops)))
            batch, left_out = leave_out(network, tensors)
            prediction = network(*batch)
        return WindowEstimate(
            **vars(window),
            systolic=self._pressure("systolic", prediction.systolic, left_out),
            diastolic=self._pressure("diastolic", prediction.diastolic, left_out),
            shape=None if prediction.shape is None else tuple(prediction.shape[0].tolist()),
        )

    def _network_of(self, method: str) -> PulseWeights | None:
        """Return the network that a method's name stands for; None for the map's own methods."""
        if self.pulse and method == self.pulse.name:
            return self.pulse
        check_method(method)
        if method not in METHODS:
            raise needs_weights(method)
        return None

    def _read_crops(
        self, path: str | os.PathLike, capture: Capture, form: CropForm, places: Sequence[tuple[float, float]]
    ) -> Iterator[np.ndarray]:
        return (read_crops_in_subprocess if self.isolate else read_crops)(path, capture.track, form, places)

    def _answer_anyhow(self, path: str | os.PathLike, method: str | None, told: Told | None) -> Estimate:
        """Read a clip as `answer` does; an unforeseen error is an error of this clip, too."""
        try:
            return self.answer(path, method=method, told=told)
        except Exception as error:
            log_unforeseen(logger, error)
            return self._from_error(path, BpdemoError(*_UNEXPECTED))

    def _from_error(self, path: str | os.PathLike, error: BpdemoError) -> Estimate:
        return Estimate.from_error(Path(path).name, error, self.weights.summary, os.fspath(path))

    def _pressure(self, name: str, prediction: "ValuePrediction", left_out: LeftOut) -> PressureEstimate:
        """Put the interval and the baseline of the weights' config around the first prediction of a batch."""
        from bpdemo.models.heads import RangePrediction

        config = self.weights.config
        edges, intervals = getattr(config.network, f"{name}_edges"), config.intervals
        value, half_width = float(prediction.value[0]), getattr(intervals, name)
        ranges: list[RangeEstimate] = []
        if isinstance(prediction, RangePrediction):
            parts = zip(edges[:-1], edges[1:], prediction.probability[0], prediction.in_range[0], strict=True)
            ranges = [RangeEstimate(*map(float, part)) for part in parts]
        trained = getattr(config.training, name)
        return PressureEstimate(
            value=value,
            interval=(value - half_width, value + half_width),
            coverage=intervals.coverage,
            ranges=tuple(ranges),
            baseline=Baseline(trained.mean, trained.mean_absolute_error),
            threshold=THRESHOLDS[name],
            scatter=None if config.scatter is None else getattr(config.scatter, name),
            moved_by=left_out.moved(prediction.value),
        )


def _read_capture(path: str | os.PathLike, progress: Progress | None, isolate: bool) -> Capture:
    return (read_in_subprocess if isolate else read_capture)(path, progress)


def _load_worker(weights: str, pulse: str | None, device: str) -> None:
    global _worker
    found = None if pulse is None or pulse == weights else load_pulse(pulse, device)
    _worker = BloodPressureEstimator(load_weights(weights, device), pulse=found)


def _answer_in_worker(path: str | os.PathLike, method: str | None, told: Told | None) -> Estimate:
    return _worker._answer_anyhow(path, method, told)
