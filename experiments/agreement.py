"""Is a map drawn for training the map of the clip? The same cell colours both ways, and how far apart the maps are.

    python -m experiments.agreement [--seed S] [--captures N] [--jobs J]

Weights learn from maps that `synthesis.maps` draws; the demo reads maps out of clips. Between the two lie a face in
pixels, 8 bits, colour subsampling, a codec, landmarks, and everything from `clip` to `stmap`. Here colours of strong
captures are painted on the portrait, encoded by several codecs and bit rates, still and moving, read as the demo reads
clips, and the two maps are laid over each other. Each printed figure is the median over the captures; those of cells
are the median over the cells first. SNR is the pulse's, in the colours and in the clip.

`tests/experiments/test_agreement.py` holds the renderer to `TOLERANCES`; `docs/rendering.md` has the table.
Last run: November 2026.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bpdemo.capture import Capture, read_capture
from bpdemo.pulse import measure_pulse
from bpdemo.stmap import CHANNELS, RATE_HZ, STMap, build_stmap, resample
from bpdemo.synthesis.encode import CODECS
from bpdemo.synthesis.maps import QUALITIES, render_colours
from bpdemo.synthesis.pulses import known_pulse
from bpdemo.synthesis.scenes import Scene, render_clip
from bpdemo.system.processes import map_in_processes

LIGHT_SKIN, DARK_SKIN = (110.0, 150.0), (50.0, 80.0)
"""Mean 8-bit levels of the skin's R, G and B together."""

_MAX_FRAME_RATE_HZ = 40.0
_LAGS_S = 0.25  # delays are looked for this far to either side
_LAG_STEPS = 32  # to a column
_TINY = 1e-12
_DURATION_S = 10.0
_SWAY = 0.01  # face widths, standard deviation: a person who sits and looks at the camera


@dataclass(frozen=True)
class Agreement:
    """How a map read from a clip agrees with the map of the colours it was painted with.

    Correlations and amplitudes are of relative change where both maps are measured. An amplitude is the slope of the
    filmed over the drawn: noise that the camera adds does not raise it.

    Attributes:
        correlation, amplitude: [channels, cells], 1 for the same; NaN for a cell that is not seen throughout.
        face_correlation, face_amplitude: [channels], of the mean over all cells.
        delay_s: [channels], how much later the filmed mean over all cells is, to a thousandth of a second.
        beat_difference: of the mean beats of whole-face T, root mean square, relative to the drawn beat's height.
        own_rows: share of the filmed rows that resemble, over all channels, their own drawn row more than any other.
    """

    correlation: np.ndarray
    amplitude: np.ndarray
    face_correlation: np.ndarray
    face_amplitude: np.ndarray
    delay_s: np.ndarray
    beat_difference: float
    own_rows: float


@dataclass(frozen=True)
class Tolerance:
    """How far apart the two maps may be, by channel Y, U, V, T where there are four.

    Attributes:
        cell_correlation: least median over the cells.
        face_correlation: least.
        amplitude: largest distance of the whole face's and of the cells' median amplitude from 1.
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
"""For a strong capture of light skin, filmed 10 s long and 320 x 240 by a phone (H.264, 4 Mbit/s) or a browser (VP8 at
its usual quality). Chosen so that the first five draws of the colours stay within; the wrong cell, the wrong channel,
one frame's delay do not."""


def draw_colours(
    seed: int, duration_s: float, light: tuple[float, float] = LIGHT_SKIN
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the cell colours of one strong capture, at 72 bpm and 24 to 30 frames a second.

    Args:
        seed: draws everything.
        duration_s: how long.
        light: mean level of the skin, from ... to ...; faces are drawn until one lies within.

    Returns:
        time_s [frames], colours [frames, cells, 3], and the times of the beats' feet [beats], seconds.
    """
    # What a codec does to colour is for the codec to do.
    quality = replace(QUALITIES["strong"], pulse_strength=(0.012, 0.012), chroma_kept=(1.0, 1.0))
    rng = np.random.default_rng(seed)
    while True:
        pulse = known_pulse(72.0, duration_s, rng)
        traces = render_colours(pulse, quality, rng)
        inside = traces.time_s < duration_s
        if light[0] <= np.nanmean(traces.colours) <= light[1] and inside.sum() / duration_s < _MAX_FRAME_RATE_HZ:
            return traces.time_s[inside], traces.colours[inside], pulse.onsets_s


def film(path: Path, time_s: np.ndarray, colours: np.ndarray, scene: Scene) -> Capture:
    """Return the capture of a face that was painted with cell colours and filmed.

    Args:
        path: of the clip to write.
        time_s: [frames] rising from 0, seconds.
        colours: [frames, cells, 3].
        scene: all else; its light does not drift here.
    """
    render_clip(path, replace(scene, times_s=time_s, colours=colours, drift=0.0))
    return read_capture(path)


def compare_maps(drawn: STMap, filmed: STMap, onsets_s: np.ndarray) -> Agreement:
    """Return how two maps of the same window agree; `onsets_s` [beats] are the beats' feet since the first frame."""
    first, second = (np.where(stmap.mask, stmap.values * stmap.scale, np.nan) for stmap in (drawn, filmed))
    first, second = np.where(np.isfinite(second), first, np.nan), np.where(np.isfinite(first), second, np.nan)
    rows = np.flatnonzero(np.isfinite(first).all(axis=(0, 2)))  # comparable throughout
    correlation, amplitude = (np.full(first.shape[:2], np.nan) for _ in range(2))
    correlation[:, rows], amplitude[:, rows] = _fit(first[:, rows], second[:, rows])
    face = first[:, rows].mean(axis=1), second[:, rows].mean(axis=1)
    face_correlation, face_amplitude = _fit(*face)
    beats = [mean_beat(trace[3], onsets_s - drawn.time_s[0]) for trace in face]
    alike = sum(
        np.corrcoef(*pair)[len(rows) :, : len(rows)] for pair in zip(first[:, rows], second[:, rows], strict=True)
    )
    return Agreement(
        correlation=correlation,
        amplitude=amplitude,
        face_correlation=face_correlation,
        face_amplitude=face_amplitude,
        delay_s=np.array([_delay_s(*pair) for pair in zip(*face, strict=True)]),
        beat_difference=float((beats[1] - beats[0]).std() / np.ptp(beats[0])),
        own_rows=float((np.asarray(alike).argmax(axis=1) == np.arange(len(rows))).mean()),
    )


def mean_beat(trace: np.ndarray, onsets_s: np.ndarray) -> np.ndarray:
    """Return the mean of a trace's whole beats, each without its own mean, as long as the shortest of them.

    Args:
        trace: [columns] at the map's rate.
        onsets_s: [beats] the beats' feet, seconds from the first column.
    """
    length = int(np.diff(onsets_s).min() * RATE_HZ)
    starts = onsets_s[(onsets_s >= 0) & (onsets_s * RATE_HZ + length <= len(trace) - 1)] * RATE_HZ
    beats = np.array([np.interp(start + np.arange(length), np.arange(len(trace)), trace) for start in starts])
    return (beats - beats.mean(axis=1, keepdims=True)).mean(axis=0)


def departures(found: Agreement, allowed: Tolerance) -> list[str]:
    """Return in words where two maps are further apart than allowed; empty when nowhere."""
    rows = np.isfinite(found.correlation[0])
    correlation, amplitude = (np.median(values[:, rows], axis=1) for values in (found.correlation, found.amplitude))
    bounds = [
        ("mean beats' difference", found.beat_difference, 0.0, allowed.beat_difference),
        ("share of rows most like their own", found.own_rows, allowed.own_rows, 1.0),
    ]
    for k, channel in enumerate(CHANNELS):
        around_one = 1 - allowed.amplitude[k], 1 + allowed.amplitude[k]
        bounds += [
            (f"{channel}: correlation of cells", correlation[k], allowed.cell_correlation[k], 1.0),
            (f"{channel}: correlation of the face", found.face_correlation[k], allowed.face_correlation[k], 1.0),
            (f"{channel}: amplitude of cells", amplitude[k], *around_one),
            (f"{channel}: amplitude of the face", found.face_amplitude[k], *around_one),
            (f"{channel}: delay in seconds", found.delay_s[k], -allowed.delay_s, allowed.delay_s),
        ]
    return [
        f"{what} is {value:.3f}, not {low:.3f} to {high:.3f}"
        for what, value, low, high in bounds
        if not low - _TINY <= value <= high + _TINY
    ]


def _fit(drawn: np.ndarray, filmed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return correlation and slope of filmed over drawn traces [..., columns]."""
    first, second = (traces - traces.mean(axis=-1, keepdims=True) for traces in (drawn, filmed))
    product, power = (first * second).sum(axis=-1), (first**2).sum(axis=-1)
    spread = np.sqrt(power * (second**2).sum(axis=-1))
    return product / np.maximum(spread, _TINY), product / np.maximum(power, _TINY)


def _delay_s(drawn: np.ndarray, filmed: np.ndarray) -> float:
    """Return how much later the filmed trace [columns] is, where the two correlate best."""
    length = 2 * len(drawn)
    cross = np.fft.rfft(filmed - filmed.mean(), length) * np.fft.rfft(drawn - drawn.mean(), length).conj()
    # Padding the spectrum interpolates between whole columns.
    lags = np.fft.irfft(cross, length * _LAG_STEPS)
    reach = int(_LAGS_S * RATE_HZ * _LAG_STEPS)
    near = np.concatenate([lags[-reach:], lags[: reach + 1]])
    return float((np.argmax(near) - reach) / (RATE_HZ * _LAG_STEPS))


@dataclass(frozen=True)
class Filming:
    """One row of the table: codec, bit rate asked for in kbit/s (None for the usual quality), movement and skin."""

    codec: str
    bit_rate_kbps: float | None = None
    motion: float = 0.0
    light: tuple[float, float] = LIGHT_SKIN


FILMINGS = [
    *(Filming("ffv1", motion=motion) for motion in (0.0, _SWAY)),
    *(Filming("h264", rate, motion) for rate in (16000, 8000, 4000, 2000, 1000) for motion in (0.0, _SWAY)),
    *(Filming("vp8", rate, motion) for rate in (None, 2500) for motion in (0.0, _SWAY)),
    *(Filming("vp9", rate, motion) for rate in (16000, 4000) for motion in (0.0, _SWAY)),
    Filming("mjpeg"),
    *(Filming("h264", rate, light=DARK_SKIN) for rate in (16000, 4000)),
]


def try_one(task: tuple[Filming, int]) -> np.ndarray:
    """Return the figures of one filmed capture: bit rate, those of cells, those of the whole face, SNR."""
    how, seed = task
    time_s, colours, onsets_s = draw_colours(seed, _DURATION_S + 0.2, how.light)
    scene = Scene(
        seed=seed, face_width=0.5, noise=1.5, motion=how.motion, codec=how.codec, bit_rate_kbps=how.bit_rate_kbps
    )
    with tempfile.TemporaryDirectory() as folder:
        capture = film(Path(folder) / f"clip{CODECS[how.codec].suffix}", time_s, colours, scene)
    drawn = resample(time_s, colours, 0.0, _DURATION_S)
    filmed = resample(capture.traces.time_s, capture.traces.colours, 0.0, _DURATION_S)
    found = compare_maps(build_stmap(drawn), build_stmap(filmed), onsets_s)
    snr_db = [pulse.snr_db if pulse else np.nan for pulse in (measure_pulse(drawn), measure_pulse(filmed))]
    return np.array(
        [
            capture.report.file.bit_rate_kbps,
            *np.nanmedian(found.correlation, axis=1),
            *np.nanmedian(found.amplitude, axis=1),
            found.face_correlation[3],
            1000 * found.delay_s[3],
            100 * found.beat_difference,
            *snr_db,
        ]
    )


def main() -> None:
    """Print one line for each way of filming, as a Markdown table."""
    parser = argparse.ArgumentParser(description="Agreement of drawn and filmed maps")
    parser.add_argument("--seed", type=int, default=0, help="of the first capture")
    parser.add_argument("--captures", type=int, default=3, help="for each way of filming")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("| codec | Mbit/s | head | skin | r of cells: Y U V T | amplitude of cells: Y U V T ", end="")
    print("| r of the face's T | delay | mean beat, off by | SNR, dB |\n|" + "---|" * 10)
    tasks = [(how, options.seed + number) for how in FILMINGS for number in range(options.captures)]
    results = map_in_processes(try_one, tasks, processes=options.jobs)
    for how in FILMINGS:
        found = [each for each in (next(results) for _ in range(options.captures)) if each is not None]
        rate, *cells, face, delay_ms, beat, drawn_db, filmed_db = np.median(found, axis=0)
        correlation, amplitude = (" ".join(f"{value:.2f}" for value in part) for part in (cells[:4], cells[4:]))
        head, skin = "moving" if how.motion else "still", "light" if how.light == LIGHT_SKIN else "dark"
        print(f"| {how.codec} | {rate / 1000:.1f} | {head} | {skin} | {correlation} | {amplitude} ", end="")
        print(f"| {face:.3f} | {delay_ms:.0f} ms | {beat:.1f} % | {drawn_db:.1f} to {filmed_db:.1f} |", flush=True)


if __name__ == "__main__":
    main()
