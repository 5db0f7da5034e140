"""Does rendering a map give what rendering a clip and mapping it gives? What is compared, and how far apart it may be.

Weights learn from maps that `render_maps` draws; the demo reads maps out of clips. Between the two lie a face in
pixels, 8 bits, colour subsampling, a codec, landmarks that are found, and everything from `clip` to `stmap`. Here the
same cell colours go both ways, and the two maps are laid over each other. `tests/training/test_agreement.py` holds them
to `TOLERANCES`; `python -m benchmarks.agreement` prints the figures for several codecs, bit rates and movements.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bpdemo.capture import Capture, read_capture
from bpdemo.stmap import CHANNELS, RATE_HZ, STMap
from bpdemo.synthesis.maps import QUALITIES, render_colours
from bpdemo.synthesis.scenes import Scene, known_pulse, render_clip

LIGHT_SKIN, DARK_SKIN = (110.0, 150.0), (50.0, 80.0)
"""Mean 8-bit levels of the skin's R, G and B together."""

_FRAME_RATE_BELOW_HZ = 40.0
_LAGS_S = 0.25  # delays are looked for this far to either side
_LAG_STEPS = 32  # to a column
_TINY = 1e-12


@dataclass(frozen=True)
class Agreement:
    """How a map read from a clip agrees with the map of the colours it was painted with.

    Correlations and amplitudes are of relative change (a map's values times its scale) where both maps are measured.
    An amplitude is the slope of the filmed over the drawn: noise that the camera adds does not raise it.

    Attributes:
        correlation: [channels, cells], 1 for the same course.
        amplitude: [channels, cells], 1 for the same size.
        own_rows: share of the filmed rows that resemble, over all channels, their own drawn row more than any other.
        face_correlation, face_amplitude: [channels], of the mean over all cells.
        delay_s: [channels], how much later the filmed mean over all cells is, to a thousandth of a second.
        beat_difference: of the mean beats of whole-face T, root mean square, relative to the drawn beat's height.
    """

    correlation: np.ndarray
    amplitude: np.ndarray
    own_rows: float
    face_correlation: np.ndarray
    face_amplitude: np.ndarray
    delay_s: np.ndarray
    beat_difference: float


@dataclass(frozen=True)
class Tolerance:
    """How far apart the two maps may be.

    Attributes:
        cell_correlation: least median over the cells, by channel Y, U, V, T.
        face_correlation: least, by channel.
        amplitude: largest distance of whole-face amplitude and of the cells' median amplitude from 1, by channel.
        delay_s: largest, either way.
        beat_difference: largest.
        own_rows: least.
    """

    cell_correlation: tuple[float, float, float, float]
    face_correlation: tuple[float, float, float, float]
    amplitude: tuple[float, float, float, float]
    delay_s: float
    beat_difference: float
    own_rows: float


TOLERANCES = {
    "phone": Tolerance(
        cell_correlation=(0.70, 0.75, 0.65, 0.85),
        face_correlation=(0.92, 0.91, 0.84, 0.97),
        amplitude=(0.17, 0.17, 0.17, 0.17),
        delay_s=0.017,
        beat_difference=0.055,
        own_rows=1.0,
    ),
    "browser": Tolerance(
        cell_correlation=(0.60, 0.48, 0.38, 0.58),
        face_correlation=(0.90, 0.80, 0.58, 0.90),
        amplitude=(0.17, 0.35, 0.35, 0.35),
        delay_s=0.020,
        beat_difference=0.09,
        own_rows=0.75,
    ),
}
"""How far apart the maps of a strong capture of light skin (`draw_colours`) may be, filmed 10 s long and 320 x 240: by
a phone (H.264, 4 Mbit/s) or a browser (VP8 at its usual quality). Chosen so that the first five draws of the colours
stay within, one of which hardly shows its pulse in V; the wrong cell, the wrong channel, one frame's delay do not."""


def draw_colours(
    seed: int, duration_s: float, *, light: tuple[float, float] = LIGHT_SKIN, pulse_strength: float = 0.012
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the cell colours of one strong capture, at 72 bpm and 24 to 30 frames a second.

    Args:
        seed: draws everything.
        duration_s: how long.
        light: mean level of the skin, from ... to ..., R, G and B together; faces are drawn until one lies within.
        pulse_strength: see `render_maps.CaptureQuality`.

    Returns:
        time_s [frames] and colours [frames, cells, 3] as `render_maps.render_colours` gives them, and the times of the
        beats' feet [beats] in seconds.
    """
    # What a codec does to colour is for the codec to do.
    quality = replace(QUALITIES["strong"], pulse_strength=(pulse_strength, pulse_strength), chroma_kept=(1.0, 1.0))
    rng = np.random.default_rng(seed)
    while True:
        pulse = known_pulse(72.0, duration_s, rng)
        time_s, colours = render_colours(pulse, quality, rng)
        inside = time_s < duration_s
        if light[0] <= np.nanmean(colours) <= light[1] and inside.sum() / duration_s < _FRAME_RATE_BELOW_HZ:
            return time_s[inside], colours[inside], pulse.onsets_s


def film(path: str | Path, time_s: np.ndarray, colours: np.ndarray, **scene: object) -> Capture:
    """Film a face of given cell colours and read the clip as the demo does.

    Args:
        path: of the clip to write.
        time_s: [frames] rising from 0, seconds.
        colours: [frames, cells, 3] mean R, G, B in 8-bit levels, as `render_maps.render_colours` gives them.
        scene: what else of `render_clips.Scene` is not as usual; the light does not drift unless asked for.

    Returns:
        What was read; its frames are those of `time_s`.
    """
    render_clip(path, Scene(times_s=time_s, colours=colours, **{"drift": 0.0, "motion": 0.0} | scene))
    return read_capture(path)


def compare_maps(drawn: STMap, filmed: STMap, onsets_s: np.ndarray) -> Agreement:
    """Lay two maps of the same window over each other.

    Args:
        drawn: of the colours themselves.
        filmed: of the clip painted with them.
        onsets_s: [beats] times of the beats' feet in seconds since the clip's first frame.

    Returns:
        The figures. A cell that is hidden in either map for most of the window is NaN and counts nowhere.
    """
    first, second = (np.where(stmap.mask, stmap.values * stmap.scale, np.nan) for stmap in (drawn, filmed))
    first, second = np.where(np.isfinite(second), first, np.nan), np.where(np.isfinite(first), second, np.nan)
    rows = np.flatnonzero(np.isfinite(first).all(axis=(0, 2)))  # comparable throughout
    correlation, amplitude = (np.full(first.shape[:2], np.nan) for _ in range(2))
    correlation[:, rows], amplitude[:, rows] = _fit(first[:, rows], second[:, rows])
    face = first[:, rows].mean(axis=1), second[:, rows].mean(axis=1)
    face_correlation, face_amplitude = _fit(*face)
    beats = [mean_beat(trace[3], onsets_s - drawn.time_s[0]) for trace in face]
    return Agreement(
        correlation=correlation,
        amplitude=amplitude,
        own_rows=_own_rows(first[:, rows], second[:, rows]),
        face_correlation=face_correlation,
        face_amplitude=face_amplitude,
        delay_s=np.array([_delay_s(*pair) for pair in zip(*face, strict=True)]),
        beat_difference=float((beats[1] - beats[0]).std() / np.ptp(beats[0])),
    )


def mean_beat(trace: np.ndarray, onsets_s: np.ndarray) -> np.ndarray:
    """Average the whole beats of a trace, each freed of its own mean, as long as the shortest of them.

    Args:
        trace: [columns] at the map's rate.
        onsets_s: [beats] times of the beats' feet in seconds from the first column.

    Returns:
        [columns of a beat] in the trace's unit.
    """
    length = int(np.diff(onsets_s).min() * RATE_HZ)
    starts = onsets_s[(onsets_s >= 0) & (onsets_s * RATE_HZ + length <= len(trace) - 1)] * RATE_HZ
    beats = np.array([np.interp(start + np.arange(length), np.arange(len(trace)), trace) for start in starts])
    return (beats - beats.mean(axis=1, keepdims=True)).mean(axis=0)


def departures(found: Agreement, allowed: Tolerance) -> list[str]:
    """Return in words where two maps are further apart than allowed; empty when nowhere."""
    rows = np.isfinite(found.correlation[0])
    cells, strengths = (np.median(values[:, rows], axis=1) for values in (found.correlation, found.amplitude))
    apart = []
    for number, channel in enumerate(CHANNELS):
        checks = {
            "correlation of cells": (cells[number], allowed.cell_correlation[number], 1.0),
            "correlation of the whole face": (found.face_correlation[number], allowed.face_correlation[number], 1.0),
            "amplitude of cells": _around_one(strengths[number], allowed.amplitude[number]),
            "amplitude of the whole face": _around_one(found.face_amplitude[number], allowed.amplitude[number]),
            "delay in seconds": (found.delay_s[number], -allowed.delay_s, allowed.delay_s),
        }
        for what, (value, low, high) in checks.items():
            if not low - _TINY <= value <= high + _TINY:
                apart.append(f"{channel}: {what} is {value:.3f}, not {low:.3f} to {high:.3f}")
    if not found.beat_difference <= allowed.beat_difference:
        apart.append(f"mean beats differ by {found.beat_difference:.3f}, more than {allowed.beat_difference:.3f}")
    if found.own_rows < allowed.own_rows:
        apart.append(f"only {found.own_rows:.0%} of the rows are most like their own")
    return apart


def _around_one(value: float, distance: float) -> tuple[float, float, float]:
    return value, 1 - distance, 1 + distance


def _fit(drawn: np.ndarray, filmed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return correlation and slope of filmed over drawn traces [..., columns]."""
    first, second = (traces - traces.mean(axis=-1, keepdims=True) for traces in (drawn, filmed))
    product, power = (first * second).sum(axis=-1), (first**2).sum(axis=-1)
    spread = np.sqrt(power * (second**2).sum(axis=-1))
    return product / np.maximum(spread, _TINY), product / np.maximum(power, _TINY)


def _own_rows(drawn: np.ndarray, filmed: np.ndarray) -> float:
    """Return the share of filmed rows [channels, rows, columns] whose own drawn row is the one most like them."""
    alike = sum(np.corrcoef(*pair)[len(pair[0]) :, : len(pair[0])] for pair in zip(drawn, filmed, strict=True))
    return float((alike.argmax(axis=1) == np.arange(len(alike))).mean())


def _delay_s(drawn: np.ndarray, filmed: np.ndarray) -> float:
    """Return how much later the filmed trace [columns] is, where the two correlate best."""
    length = 2 * len(drawn)
    cross = np.fft.rfft(filmed - filmed.mean(), length) * np.fft.rfft(drawn - drawn.mean(), length).conj()
    # Padding the spectrum interpolates between whole columns.
    lags = np.fft.irfft(cross, length * _LAG_STEPS)
    reach = int(_LAGS_S * RATE_HZ * _LAG_STEPS)
    near = np.concatenate([lags[-reach:], lags[: reach + 1]])
    return float((np.argmax(near) - reach) / (RATE_HZ * _LAG_STEPS))
