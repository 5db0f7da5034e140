"""Do rendered captures look like real ones? 26 figures of one capture, read from clips and renderings the same way.

    python -m experiments.realism --data ppg_bp=DIR CLIP... [--count N] [--seed S] [--figure FILE]

What the network sees of a camera is noise: how much there is beside the pulse, how it falls with frequency, how alike
it is in the three colours and in neighbouring cells. Noise is what is left when every beat is freed of the mean beat;
what differs from beat to beat by nature - breath, pace - is part of it, in both. In a clip without a usable pulse all
change counts as noise, and only figures that need no pulse are compared. A clip that the demo refuses for its light,
movement or face is named and left out. No face is in any output. `docs/rendering.md` has table and picture.
Last run: November 2026.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt, welch

from bpdemo.beats import BEFORE_UPSTROKE
from bpdemo.capture import read_capture
from bpdemo.data.registry import load_people
from bpdemo.errors import BpdemoError
from bpdemo.pulse import measure_pulse
from bpdemo.quality import check_capture
from bpdemo.regions import CellTraces
from bpdemo.reporting.tables import table
from bpdemo.stmap import CHANNELS, RATE_HZ, WINDOW_S, STMap, build_stmap, resample
from bpdemo.synthesis.maps import MARGIN_S, QUALITIES, CaptureQuality, beat_error, render_traces
from bpdemo.synthesis.pulses import beats_of
from bpdemo.window import read_window

NOISE_BANDS_HZ = ((0.7, 1.5), (1.5, 3.0), (3.0, 6.0), (6.0, 9.0))
FIGURES: dict[str, str] = {
    **{f"beat_error_{channel}": f"error of the mean beat, {channel}" for channel in CHANNELS},
    **{
        f"noise_{channel}_{low:g}_{high:g}": f"noise of {channel}, {low:g} to {high:g} Hz, of the beat's height"
        for channel in ("T", "Y")
        for low, high in NOISE_BANDS_HZ
    },
    "noise_fall": "noise of T is as one over frequency to the power of",
    "skin_red": "colour of the skin, red of green",
    "skin_blue": "colour of the skin, blue of green",
    "pulse_red": "pulse strength, red of green",
    "pulse_blue": "pulse strength, blue of green",
    "noise_r_red_green": "r of the cells' own noise, red and green",
    "noise_r_red_blue": "r of the cells' own noise, red and blue",
    "noise_r_green_blue": "r of the cells' own noise, green and blue",
    "noise_blue": "cells' own noise, blue of green",
    "shared_T": "share of the face's noise common to all cells, T",
    "shared_Y": "share of the face's noise common to all cells, Y",
    "cell_r": "r of two cells' T, median",
    "cell_noise_r": "r of two cells' T without the mean beat, median",
    "snr_db": "pulse SNR, dB",
}
"""Every figure of a capture and what it is called, in the order of the table."""

_PERCENTILES = (10, 50, 90)  # of renderings: low, median, high
_WAVE_BAND_HZ = (0.7, 8.0)  # in which noise counts as noise of the beat, as in `synthesis.maps`
_FALL_BAND_HZ = (1.5, 8.0)  # below, the light drifts and POS takes a part away
_WELCH_COLUMNS = 128
_NYQUIST_SHARE = 0.9  # of half the frame rate: above, a camera has nothing to tell
_EDGE_S = 0.5  # cut off where there are no beats to cut at: filters saw one side only
_MIN_BEATS = 4
_MIN_CLIP_S = 6.0  # a shorter clip tells too little, of noise too
_TINY = 1e-12


@dataclass(frozen=True)
class Statistics:
    """What one capture is like.

    Attributes:
        figures: key of `FIGURES` -> value, NaN where it needs a pulse and there is none. Noise and errors are relative
            to the height of the same channel's mean beat.
        frequency_hz: [bins], of the spectra.
        noise: [4, bins], amplitude density of the whole face's noise in Y, U, V and T, relative to the height of the
            channel's mean beat, by the root of Hz; NaN without a pulse and above what the frame rate can show.
    """

    figures: dict[str, float]
    frequency_hz: np.ndarray
    noise: np.ndarray

    @property
    def has_pulse(self) -> bool:
        """Whether there was a pulse to measure noise by."""
        return bool(np.isfinite(self.figures["beat_error_T"]))


@dataclass(frozen=True)
class RealClip:
    """A clip: its cells' traces, how long the window that begins at `MARGIN_S` is, and whether its pulse is usable."""

    traces: CellTraces
    duration_s: float
    with_pulse: bool


def read_clip(path: str | Path) -> RealClip | str:
    """Return a clip, or why it tells nothing: the codes of what is against it."""
    try:
        capture = read_capture(path)
    except BpdemoError as error:
        return error.code
    duration_s = min(capture.report.file.duration_s - 2 * MARGIN_S, WINDOW_S)
    against = [check.reason for check in check_capture(capture.report) if not check.passed]
    against = [code for code in against if code != "too_short" or duration_s < _MIN_CLIP_S]
    if against:
        return ", ".join(against)
    window = read_window(capture.traces, 0.0, min(capture.report.file.duration_s, WINDOW_S), capture.report)
    return RealClip(capture.traces, duration_s, window.has_pulse)


def measure_capture(traces: CellTraces, duration_s: float = WINDOW_S, *, with_pulse: bool = True) -> Statistics:
    """Return the figures of a capture, clip or rendering, from `MARGIN_S` on: filters see either side of the window.

    Args:
        traces: of the cells; one that is hidden for a part of the window counts only in the SNR.
        duration_s: of the window, at most 15 s.
        with_pulse: whether there is a pulse to be found.

    Raises:
        ValueError: fewer than two cells are seen throughout, or fewer than four beats are found.
    """
    time_s = traces.time_s
    window = resample(time_s, traces.colours, MARGIN_S, MARGIN_S + duration_s)
    stmap, pulse = build_stmap(window), measure_pulse(window)
    seen = stmap.mask.all(axis=1)
    if pulse is None or seen.sum() < 2:
        raise ValueError("fewer than two cells are seen throughout the window")
    maps = stmap.values[:, seen].astype(np.float64)
    face, cells_t = maps.mean(axis=1), maps[CHANNELS.index("T")]
    starts, heights = None, np.ones(len(CHANNELS))
    if with_pulse:
        starts = (pulse.beats_s - window.time_s[0] - BEFORE_UPSTROKE / pulse.rate_hz) * RATE_HZ
        heights = np.ptp(remove_beats(_band_pass(face), starts)[1], axis=-1)
    relative = np.moveaxis(window.relative[:, seen] - 1, (2, 1), (0, 1))  # [3, cells, columns]
    highest_hz = _NYQUIST_SHARE * (len(time_s) - 1) / (time_s[-1] - time_s[0]) / 2
    frequency_hz, noise = _noise_spectra(face / heights[:, None], starts, highest_hz)
    red, green, blue = np.nanmean(traces.colours, axis=(0, 1))
    figures = {
        **dict.fromkeys(FIGURES, np.nan),
        **_colours_of_noise(relative, starts),
        "skin_red": red / green,
        "skin_blue": blue / green,
        "noise_fall": _fall(frequency_hz, noise[CHANNELS.index("T")]),
        "shared_T": _shared(_noise_of(_band_pass(cells_t), starts)),
        "shared_Y": _shared(_noise_of(_band_pass(maps[CHANNELS.index("Y")]), starts)),
        "cell_r": _median_r(cells_t),
        "cell_noise_r": _median_r(_noise_of(_band_pass(cells_t), starts)),
        "snr_db": pulse.snr_db,
    }
    if starts is None:
        noise = np.full_like(noise, np.nan)
    else:
        figures |= _relative_to_pulse(face, frequency_hz, noise, starts)
        figures |= _pulse_strengths(relative.mean(axis=1), face[CHANNELS.index("T")], starts)
    return Statistics({name: float(figures[name]) for name in FIGURES}, frequency_hz, noise)


def render_capture(
    people: Sequence[Sequence[np.ndarray]], quality: CaptureQuality, number: int, count: int, seed: int = 0
) -> CellTraces:
    """Return one rendered capture.

    Args:
        people: the beats of each (`pulses.beats_of`).
        quality: ranges to draw from; they are stated for 15 s, which is what is rendered.
        number: which capture, from 0.
        count: of all captures, spread evenly over the people.
        seed: draws everything.
    """
    return render_traces(people[number * len(people) // count], quality, np.random.default_rng((seed, number)))


def measure_renderings(
    people: Sequence[Sequence[np.ndarray]],
    quality: CaptureQuality,
    duration_s: float = WINDOW_S,
    *,
    count: int = 40,
    seed: int = 0,
) -> list[Statistics]:
    """Return the figures of `count` rendered captures (`render_capture`), of the first `duration_s` of each."""
    return [
        measure_capture(render_capture(people, quality, number, count, seed), duration_s) for number in range(count)
    ]


def remove_beats(traces: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return traces without their mean beat, and the mean beat.

    Args:
        traces: [..., columns].
        starts: [beats], rising, where they begin: columns and parts of columns.

    Returns:
        Noise [..., columns from the first whole beat to the end of the last], as large as it would be had the mean beat
        been known beforehand; the mean beat [..., columns of a beat].

    Raises:
        ValueError: fewer than four whole beats.
    """
    columns = traces.shape[-1]
    length = int(np.ceil(np.median(np.diff(starts)))) if len(starts) > 1 else columns
    starts = starts[(starts >= 0) & (starts + length <= columns - 1)]
    if len(starts) < _MIN_BEATS:
        raise ValueError(f"{len(starts)} whole beats are too few to tell a beat from noise")
    lags = np.arange(length + 1)
    mean = CubicSpline(np.arange(columns), traces, axis=-1)(starts[:, None] + lags).mean(axis=-2)
    inside = np.arange(int(np.ceil(starts[0])), int(starts[-1] + length) + 1)
    since = inside - starts[np.searchsorted(starts, inside, side="right") - 1]
    # A beat longer than most stays where the mean beat ended.
    noise = traces[..., inside] - CubicSpline(lags, mean, axis=-1)(np.minimum(since, length))
    # The mean of few beats has taken a part of their noise along.
    return noise * np.sqrt(len(starts) / (len(starts) - 1)), mean


def summarise(renderings: Sequence[Statistics]) -> dict[str, tuple[float, float, float]]:
    """Return figure -> its 10th, 50th and 90th percentile over renderings; without figures that no rendering has."""
    values = {name: np.array([each.figures[name] for each in renderings]) for name in FIGURES}
    return {name: tuple(np.nanpercentile(v, _PERCENTILES)) for name, v in values.items() if np.isfinite(v).any()}


def nearest_quality(real: Statistics, rendered: Mapping[str, Sequence[Statistics]]) -> str:
    """Return the quality whose median error of T's mean beat is nearest, as a ratio, to that of a clip with a pulse."""
    error = real.figures["beat_error_T"]
    middle = {name: summarise(renderings)["beat_error_T"][1] for name, renderings in rendered.items()}
    return min(middle, key=lambda name: abs(np.log(middle[name] / error)))


def outside(real: Statistics, rendered: Mapping[str, Sequence[Statistics]]) -> tuple[list[str], list[str], int]:
    """Return the figures of a clip below and above eight in ten renderings, and how many were compared.

    A clip with a pulse is compared with the nearest quality; one without with all, as nothing says how much noise there
    is, and only in figures that need no pulse.
    """
    beside = [nearest_quality(real, rendered)] if real.has_pulse else list(rendered)
    needs_pulse = () if real.has_pulse else ("cell_r", "snr_db")  # can be read off anything, but compare pulses
    known = [name for name in FIGURES if np.isfinite(real.figures[name]) and name not in needs_pulse]
    spans = [summarise(rendered[quality]) for quality in beside]
    below = [name for name in known if real.figures[name] < min(span[name][0] for span in spans)]
    above = [name for name in known if real.figures[name] > max(span[name][2] for span in spans)]
    return below, above, len(known)


def compare_table(real: Mapping[str, Statistics], rendered: Mapping[str, Sequence[Statistics]]) -> str:
    """Return all figures of real clips beside the median and eight in ten of renderings, as a Markdown table."""
    summaries = [summarise(renderings) for renderings in rendered.values()]
    rows = []
    for name, title in FIGURES.items():
        spans = [summary.get(name) for summary in summaries]
        rows.append([
            title,
            *(_number(name, each.figures[name]) for each in real.values()),
            *(
_span(name, span) for span in spans
            ),
        ])  # fmt: skip
    return table(["figure", *real, *(f"rendered, {name}" for name in rendered)], rows)


def _noise_of(traces: np.ndarray, starts: np.ndarray | None) -> np.ndarray:
    """What is not pulse in some traces: [..., columns]."""
    if starts is not None:
        return remove_beats(traces, starts)[0]
    edge = int(_EDGE_S * RATE_HZ)
    return traces[..., edge:-edge]


def _noise_spectra(face: np.ndarray, starts: np.ndarray | None, highest_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies [bins], and amplitude density of the noise [channels, bins] in the map's unit by the root of Hz."""
    noise = _noise_of(face, starts)
    frequency_hz, power = welch(noise, RATE_HZ, nperseg=min(_WELCH_COLUMNS, noise.shape[-1]))
    return frequency_hz, np.where(frequency_hz <= highest_hz, np.sqrt(power), np.nan)


def _amplitude(frequency_hz: np.ndarray, density: np.ndarray, low: float, high: float) -> float:
    """Standard deviation of the noise in a band; NaN when a part of the band is not known."""
    inside = (frequency_hz >= low) & (frequency_hz < high)
    return float(np.sqrt((density[inside] ** 2).mean() * (high - low)))


def _fall(frequency_hz: np.ndarray, density: np.ndarray) -> float:
    """Minus the slope of log amplitude over log frequency."""
    low, high = _FALL_BAND_HZ
    inside = (frequency_hz >= low) & (frequency_hz <= high) & (density > 0)  # NaN is not
    return float(-np.polyfit(np.log(frequency_hz[inside]), np.log(density[inside]), 1)[0])


def _relative_to_pulse(
    face: np.ndarray, frequency_hz: np.ndarray, noise: np.ndarray, starts: np.ndarray
) -> dict[str, float]:
    """Errors of the mean beat and noise in bands, for the whole face [channels, columns]."""
    errors = {
        f"beat_error_{channel}": beat_error(trace, RATE_HZ, starts / RATE_HZ)
        for channel, trace in zip(CHANNELS, face, strict=True)
    }
    return errors | {
        f"noise_{channel}_{low:g}_{high:g}": _amplitude(frequency_hz, noise[CHANNELS.index(channel)], low, high)
        for channel in ("T", "Y")
        for low, high in NOISE_BANDS_HZ
    }


def _pulse_strengths(face: np.ndarray, wave: np.ndarray, starts: np.ndarray) -> dict[str, float]:
    """Red's and blue's part in the mean beat, over green's; follows T, which holds little of light and movement."""
    beat = remove_beats(_band_pass(wave), starts)[1]
    colours = remove_beats(_band_pass(face), starts)[1]
    beat, colours = beat - beat.mean(), colours - colours.mean(axis=-1, keepdims=True)
    red, green, blue = colours @ beat
    return {"pulse_red": red / green, "pulse_blue": blue / green}


def _colours_of_noise(relative: np.ndarray, starts: np.ndarray | None) -> dict[str, float]:
    """How the noise that each cell has for itself is spread over R, G and B."""
    noise = _noise_of(_band_pass(relative), starts)
    own = noise - noise.mean(axis=1, keepdims=True)
    spread = np.maximum(own.std(axis=-1), _TINY)
    own = (own - own.mean(axis=-1, keepdims=True)) / spread[..., None]
    names = ("red", "green", "blue")
    figures = {
        f"noise_r_{names[a]}_{names[b]}": float(np.median((own[a] * own[b]).mean(axis=-1)))
        for a, b in combinations(range(3), 2)
    }
    return figures | {"noise_blue": float(np.median(spread[2]) / np.median(spread[1]))}


def _shared(noise: np.ndarray) -> float:
    """Share of the mean's noise that all cells [cells, columns] have in common, in amplitude: 0 to 1."""
    cells = len(noise)
    covariance = np.cov(noise)
    common = max(0.0, (covariance.sum() - np.trace(covariance)) / (cells * (cells - 1)))
    own = max(0.0, np.trace(covariance) / cells - common) / cells
    return float(np.sqrt(common) / max(np.sqrt(common) + np.sqrt(own), _TINY))


def _median_r(traces: np.ndarray) -> float:
    """Median correlation of any two traces."""
    return float(np.median(np.corrcoef(traces)[np.triu_indices(len(traces), 1)]))


def _band_pass(traces: np.ndarray) -> np.ndarray:
    return sosfiltfilt(butter(2, _WAVE_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos"), traces, axis=-1)


def _number(name: str, value: float) -> str:
    if not np.isfinite(value):
        return "-"
    if name.startswith(("beat_error", "noise_T", "noise_Y")):
        return f"{100 * value:.1f} %"
    return f"{value:.1f}" if name == "snr_db" else f"{value:.2f}"


def _span(name: str, span: tuple[float, float, float] | None) -> str:
    if span is None:
        return "-"
    low, middle, high = (_number(name, value).removesuffix(" %") for value in span)
    return f"{middle} [{low}, {high}]" + (" %" if _number(name, span[1]).endswith("%") else "")


def main() -> None:
    """Print the table and what lies outside; draw the picture."""
    parser = argparse.ArgumentParser(description="Real clips beside renderings")
    parser.add_argument("clips", nargs="+", metavar="CLIP", help="of faces")
    parser.add_argument("--data", required=True, metavar="NAME=DIR", help="whose pulses to render, as ppg_bp=DIR")
    parser.add_argument("--count", type=int, default=40, help="renderings of each quality")
    parser.add_argument("--seed", type=int, default=0, help="of the renderings")
    parser.add_argument("--figure", type=Path, help="where to draw them, PNG; needs a clip with a pulse")
    options = parser.parse_args()
    name, _, folder = options.data.partition("=")
    people = [beats for person in load_people({name: folder}) if (beats := beats_of(person))]
    clips = {}
    for path in options.clips:
        clip = read_clip(path)
        if isinstance(clip, str):
            print(f"{Path(path).name} is left out: {clip}", file=sys.stderr)
        else:
            clips[Path(path).stem] = clip
    if not any(clip.with_pulse for clip in clips.values()):
        parser.error("there is no clip with a pulse")
    real = {
        name: measure_capture(clip.traces, clip.duration_s, with_pulse=clip.with_pulse) for name, clip in clips.items()
    }
    # The longer a window, the better its mean beat: both sides are given the same.
    duration_s = min(clip.duration_s for clip in clips.values() if clip.with_pulse)
    rendered = {
        name: measure_renderings(people, quality, duration_s, count=options.count, seed=options.seed)
        for name, quality in QUALITIES.items()
    }
    print(f"{options.count} renderings of each quality, of {duration_s:.1f} s\n\n{compare_table(real, rendered)}\n")
    for name, each in real.items():
        below, above, compared = outside(each, rendered)
        print(f"{name}: {compared} compared; below: {', '.join(below) or '-'}; above: {', '.join(above) or '-'}")
    if options.figure:
        from experiments.realism_figure import draw_realism

        maps = _example_maps(clips, real, rendered, people, options.seed)
        draw_realism(real, rendered, maps).savefig(
            options.figure, dpi=200, facecolor="white", metadata={"Software": None}
        )


def _example_maps(
    clips: Mapping[str, RealClip],
    real: Mapping[str, Statistics],
    rendered: Mapping[str, Sequence[Statistics]],
    people: Sequence[Sequence[np.ndarray]],
    seed: int,
) -> dict[str, STMap]:
    """The map of the first clip with a pulse, and a typical one of the quality that is nearest to it."""
    name, clip = next((name, clip) for name, clip in clips.items() if clip.with_pulse)
    quality = nearest_quality(real[name], rendered)
    errors = [each.figures["beat_error_T"] for each in rendered[quality]]
    typical = int(np.argsort(errors)[len(errors) // 2])
    rendering = render_capture(people, QUALITIES[quality], typical, len(errors), seed)
    filmed, drawn = (
        build_stmap(resample(traces.time_s, traces.colours, MARGIN_S, MARGIN_S + clip.duration_s))
        for traces in (clip.traces, rendering)
    )
    return {f"Real: T of {name.replace('_', ' ')}": filmed, f"Rendered: T, {quality} quality": drawn}


if __name__ == "__main__":
    main()
