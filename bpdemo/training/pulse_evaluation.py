"""Heart rates by each pulse method beside those of a contact sensor, as the field reports them.

A clip is compared as a whole, or in spans of 30 s that do not overlap. The reference is the contact pulse's rate in the
same span, by the same spectrum; where there is none, the rate that the data set notes for the clip as a whole. A span
is *told* when windows of it pass the checks that the demo asks and agree; the others are refused and counted apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from tqdm import tqdm

from bpdemo.beats import band_pass
from bpdemo.capture import Capture, read_capture
from bpdemo.crops import read_crops
from bpdemo.data.person import Recording, read_pulse
from bpdemo.data.signals import Samples, at_columns
from bpdemo.errors import BpdemoError, DataError
from bpdemo.estimate import DEFAULT_METHOD, agreeing_windows, best_window
from bpdemo.pulse import PULSE_BAND_HZ, average_skin
from bpdemo.pulse_methods import METHODS
from bpdemo.pulse_networks import NetworkPulse, find_pulse, put_beside
from bpdemo.spectrum import heart_rate_hz, snr_db
from bpdemo.stmap import resample
from bpdemo.system.isolation import CRASHED
from bpdemo.system.processes import map_in_processes, worthwhile_processes
from bpdemo.weights.pulse_store import PulseWeights, load_pulse
from bpdemo.window import Window, read_window, window_places

SPAN_S = 30.0
WITHIN_BPM = 3.0
_MIN_FOR_R = 3


@dataclass(frozen=True)
class Span:
    """What one method found in one span of a clip.

    Attributes:
        recording, person, task: of the clip.
        start_s, end_s: where the span lies in it.
        method: name of the method.
        reference_bpm: of the contact sensor; 0 where there is no pulse to find, None where nothing is known.
        heart_rate_bpm: found, told or not; None where nothing was measured.
        snr_db: of the wave at the reference rate.
        code: why the rate is not told; empty where it is.
    """

    recording: str
    person: str
    task: str | None
    start_s: float
    end_s: float
    method: str
    reference_bpm: float | None
    heart_rate_bpm: float | None
    snr_db: float | None
    code: str


@dataclass(frozen=True)
class RateFigures:
    """Figures of one method over spans, beats a minute; None without enough of them.

    Attributes:
        spans: of known rate.
        told: of these, how many a rate is told for, or all that have one where it was forced.
        mae, rmse, r: of the rates told, against the reference; r is Pearson's.
        within_3_bpm: share of them within 3 bpm.
        snr_db: mean over them.
        refused: code -> spans.
        without_pulse: spans with no pulse to find.
        false: of these, how many a rate is told for.
    """

    spans: int
    told: int
    mae: float | None
    rmse: float | None
    r: float | None
    within_3_bpm: float | None
    snr_db: float | None
    refused: Mapping[str, int]
    without_pulse: int
    false: int


def read_spans(
    recordings: Sequence[Recording], *, whole_clips: bool = False, networks: Sequence[str] = ()
) -> list[Span]:
    """Return what every method found in every span of recordings with a clip, in their order.

    `networks` names weights of networks that find the pulse in frames (`weights.pulse_store.load_pulse`): each is a
    method more, on the CPU.

    Raises:
        DataError: `no_clips`, when no recording has a clip.
        WeightsError: of `load_pulse`.
    """
    with_clip = [one for one in recordings if one.clip is not None]
    if not with_clip:
        raise DataError("no_clips", "The data set has no clip.", "Name a set of clips with a pulse of known rate.")
    methods = [*METHODS, *(_load(name).name for name in networks)]
    work = partial(read_recording_spans, whole_clips=whole_clips, networks=networks)
    read = map_in_processes(work, with_clip, processes=worthwhile_processes(len(with_clip)))
    spans: list[Span] = []
    for one, found in zip(with_clip, tqdm(read, total=len(with_clip), desc="clips", unit="clip"), strict=True):
        spans += _unread(one, CRASHED[0], methods) if found is None else found
    return spans


def read_recording_spans(
    recording: Recording, *, whole_clips: bool = False, networks: Sequence[str] = ()
) -> list[Span]:
    """Return what every method found in every span of one recording, or the code of its clip's error."""
    assert recording.clip is not None
    loaded = [_load(name) for name in networks]
    methods = [*METHODS, *(each.name for each in loaded)]
    try:
        capture = read_capture(recording.clip)
        read = partial(read_crops, recording.clip, capture.track)
        found = [find_pulse(each, capture, read) for each in loaded]
    except BpdemoError as error:
        return _unread(recording, error.code, methods)
    if not np.isfinite(capture.traces.colours).any():
        return _unread(recording, "no_face", methods)
    contact, _ = read_pulse(recording)
    duration_s = capture.report.file.duration_s
    spans: list[Span] = []
    for start_s, end_s in [(0.0, duration_s)] if whole_clips else place_spans(duration_s):
        spans += _read_span(capture, recording, contact, found, start_s, end_s)
    return spans


def place_spans(duration_s: float) -> list[tuple[float, float]]:
    """Return spans of 30 s one after the other; a clip shorter than two of them is one, a remainder is left out."""
    count = max(1, int(duration_s / SPAN_S + 1e-6))
    return [(number * SPAN_S, min((number + 1) * SPAN_S, duration_s)) for number in range(count)]


def figures(spans: Sequence[Span], *, forced: bool = False) -> RateFigures:
    """Return the figures of one method's spans; `forced` counts refused rates as told, the codes stay."""
    known = [span for span in spans if span.reference_bpm]
    told = [span for span in known if span.heart_rate_bpm is not None and (forced or not span.code)]
    without = [span for span in spans if span.reference_bpm == 0]
    rates, references = (
        np.array([getattr(span, name) for span in told], np.float64) for name in ("heart_rate_bpm", "reference_bpm")
    )
    error = rates - references
    spread = len(told) >= _MIN_FOR_R and rates.std() > 0 and references.std() > 0
    ratios = [span.snr_db for span in told if span.snr_db is not None]
    return RateFigures(
        spans=len(known),
        told=len(told),
        mae=float(np.abs(error).mean()) if told else None,
        rmse=float(np.sqrt((error**2).mean())) if told else None,
        r=float(np.corrcoef(rates, references)[0, 1]) if spread else None,
        within_3_bpm=float((np.abs(error) <= WITHIN_BPM).mean()) if told else None,
        snr_db=float(np.mean(ratios)) if ratios else None,
        refused=dict(Counter(span.code for span in known if span.code)),
        without_pulse=len(without),
        false=sum(span.heart_rate_bpm is not None and (forced or not span.code) for span in without),
    )


def by_method(spans: Sequence[Span], *, forced: bool = False) -> dict[str, RateFigures]:
    """Return the figures of each method, by its name."""
    names = dict.fromkeys([*METHODS, *(span.method for span in spans)])
    return {name: figures([span for span in spans if span.method == name], forced=forced) for name in names}


def by_task(spans: Sequence[Span], *, forced: bool = False) -> dict[str, dict[str, RateFigures]]:
    """Return the figures by task and method; none where the set names fewer than two tasks."""
    tasks = sorted({span.task for span in spans if span.task})
    if len(tasks) < 2:
        return {}
    return {task: by_method([span for span in spans if span.task == task], forced=forced) for task in tasks}


def to_json(spans: Sequence[Span], *, forced: bool = False) -> dict[str, Any]:
    """Return all that was found, JSON-able."""
    return {
        "forced": forced,
        "methods": {name: asdict(each) for name, each in by_method(spans, forced=forced).items()},
        "tasks": {
            task: {name: asdict(each) for name, each in methods.items()}
            for task, methods in by_task(spans, forced=forced).items()
        },
        "spans": [asdict(span) for span in spans],
    }


def _read_span(
    capture: Capture,
    recording: Recording,
    contact: Samples | None,
    found: Sequence[NetworkPulse],
    start_s: float,
    end_s: float,
) -> list[Span]:
    traces = capture.traces
    resampled = resample(traces.time_s, traces.colours, start_s, end_s, longest_s=end_s - start_s)
    whole = end_s - start_s >= capture.report.file.duration_s - 1
    reference_bpm = _reference_bpm(recording, contact, resampled.time_s, whole)
    skin = average_skin(resampled) if resampled.mask.any() else None
    places = [
        (max(first_s, start_s), min(last_s, end_s))
        for first_s, last_s in window_places(capture.report_between(start_s, end_s))
        if first_s >= start_s - 1e-6 and last_s <= end_s + 1e-6
    ] or [(start_s, end_s)]
    reports = [capture.report_between(*place) for place in places]

    def span(name: str, windows: Sequence[Window], wave: np.ndarray | None) -> Span:
        best = best_window(windows)
        told = bool(agreeing_windows(windows))
        code = "" if told else best.reasons[0].code if best and best.reasons else "no_pulse"
        rate = None if wave is None else 60 * heart_rate_hz(wave)
        ratio = None if wave is None or not reference_bpm else snr_db(wave, reference_bpm / 60)
        about = (recording.name, recording.person, recording.task, start_s, end_s)
        return Span(*about, name, reference_bpm, rate, ratio, code)

    def read(name: str) -> list[Window]:
        return [read_window(traces, *place, report, name) for place, report in zip(places, reports, strict=True)]

    windows = {name: read(name) for name in METHODS}
    spans = [
        span(name, windows[name], None if skin is None else band_pass(project(skin), PULSE_BAND_HZ))
        for name, project in METHODS.items()
    ]
    for each in found:
        beside = [put_beside(window, each) for window in windows[DEFAULT_METHOD]]
        spans.append(span(each.name, beside, each.at(resampled.time_s)))
    return spans


def _reference_bpm(recording: Recording, contact: Samples | None, column_s: np.ndarray, whole: bool) -> float | None:
    """Return the rate that a span should have: the contact pulse's, or where that is missing the clip's noted one."""
    if contact is not None:
        wave = at_columns(contact, column_s)
        known = np.isfinite(wave)
        if known.mean() > 0.9 and np.ptp(wave[known]) > 0:
            filled = np.interp(np.arange(len(wave)), np.flatnonzero(known), wave[known])
            return 60 * heart_rate_hz(band_pass(filled, PULSE_BAND_HZ))
    return recording.heart_rate_bpm if whole or recording.heart_rate_bpm == 0 else None


def _unread(recording: Recording, code: str, methods: Sequence[str]) -> list[Span]:
    """Return the spans of a clip in which nothing was measured."""
    reference = recording.heart_rate_bpm
    return [
        Span(recording.name, recording.person, recording.task, 0.0, 0.0, name, reference, None, None, code)
        for name in methods
    ]


@cache
def _load(weights: str) -> PulseWeights:
    return load_pulse(weights, "cpu")
