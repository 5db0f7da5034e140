"""Do rendered captures look like real ones? Figures of one capture, read the same way from either.

What the network sees of a camera is noise: how much of it there is beside the pulse, how it falls with frequency, how
alike it is in the three colours and in neighbouring cells. None of these can be told from a data sheet, and all of them
can be drawn wrongly; so they are read from real clips and from renderings, of the same length and by the same code, and
put side by side. `python -m benchmarks.realism` does so and draws the picture.

Noise is what is left when every beat is freed of the mean beat. What differs from beat to beat by nature - breath,
pace - is therefore part of it, in both. Where no pulse can be found, all change counts as noise, and only figures are
compared that need no pulse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt, welch

from bpdemo.beats import BEFORE_RISE, find_rises
from bpdemo.pulse import measure_pulse
from bpdemo.stmap import CHANNELS, RATE_HZ, WINDOW_S, build_stmap, resample
from bpdemo.synthesis.maps import CaptureQuality, beat_error, render_colours
from bpdemo.synthesis.pulses import synthesise_pulse

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
"""Every figure of a capture and what it is called, in the order of tables."""

RENDERED_FROM_S = 0.5
"""Where the window of a rendered capture begins."""

_PERCENTILES = {"low": 10, "median": 50, "high": 90}  # of renderings
_WAVE_BAND_HZ = (0.7, 8.0)  # in which noise counts as noise of the beat, as in `render_maps`
_FALL_BAND_HZ = (1.5, 8.0)  # below, the light wanders and POS takes a part away
_WELCH_COLUMNS = 128
_NYQUIST_SHARE = 0.9  # of half the frame rate: above, a camera has nothing to tell
_EDGE_S = 0.5  # cut off where there are no beats to cut at: filters saw one side only
_LEAST_BEATS = 4
_TINY = 1e-12


@dataclass(frozen=True)
class Statistics:
    """What one capture is like.

    Attributes:
        figures: name (a key of `FIGURES`) -> value; NaN for what cannot be told of this capture. Noise amplitudes and
            errors are relative to the height of the same channel's mean beat, correlations of colours are medians over
            cells or pairs of cells, shares are of amplitude, 0 to 1.
        frequency_hz: [bins], of the spectra.
        noise: [4, bins], amplitude density of the whole face's noise in Y, U, V and T, relative to the height of the
            channel's mean beat, by the root of Hz; NaN without a pulse and above what the frame rate can show.
        cell_correlations: [pairs] of cells, correlation of T over the window, the pulse included.
    """

    figures: dict[str, float]
    frequency_hz: np.ndarray
    noise: np.ndarray
    cell_correlations: np.ndarray

    @property
    def has_pulse(self) -> bool:
        """Whether there was a pulse to measure noise by."""
        return bool(np.isfinite(self.figures["beat_error_T"]))


def measure_capture(
    time_s: np.ndarray, colours: np.ndarray, start_s: float, end_s: float, *, with_pulse: bool = True
) -> Statistics:
    """Read the figures of one window of a capture.

    Args:
        time_s: [frames] increasing, seconds.
        colours: [frames, cells, 3] mean R, G, B, 0 to 255; NaN where a cell was not seen.
        start_s: where the window begins.
        end_s: where it ends, at most 15 s later.
        with_pulse: whether there is a pulse to be found. Without one, all change is noise, and what is told in relation
            to a pulse is NaN.

    Returns:
        The figures. Cells that are hidden for a part of the window count only in the SNR.

    Raises:
        ValueError: fewer than two cells are seen throughout, or fewer than four beats are found.
    """
    stmap = build_stmap(time_s, colours, start_s, end_s)
    seen = stmap.mask.all(axis=1)
    if seen.sum() < 2:
        raise ValueError("fewer than two cells are seen throughout the window")
    maps = stmap.values[:, seen].astype(np.float64)
    face, of_t = maps.mean(axis=1), maps[CHANNELS.index("T")]
    starts, heights = None, np.ones(len(CHANNELS))
    if with_pulse:
        rate_hz, rises = find_rises(np.where(stmap.mask, stmap.values, 0).astype(np.float64), stmap.mask)
        starts = rises - BEFORE_RISE * RATE_HZ / rate_hz
        heights = np.ptp(free_of_beats(_band_pass(face), starts)[1], axis=-1)
    relative = _relative_colours(time_s, colours[:, seen], stmap.time_s)
    highest_hz = _NYQUIST_SHARE * (len(time_s) - 1) / (time_s[-1] - time_s[0]) / 2
    frequency_hz, noise = _noise_spectra(face / heights[:, None], starts, highest_hz)
    pair_r = _pairs(of_t)
    red, green, blue = np.nanmean(colours, axis=(0, 1))
    figures = {
        **dict.fromkeys(FIGURES, np.nan),
        **_colours_of_noise(relative, starts),
        "skin_red": red / green,
        "skin_blue": blue / green,
        "noise_fall": _fall(frequency_hz, noise[CHANNELS.index("T")]),
        "cell_r": np.median(pair_r),
        "cell_noise_r": np.median(_pairs(_noise_of(_band_pass(of_t), starts))),
        "snr_db": measure_pulse(time_s, colours, start_s, end_s).snr_db,
    }
    for name in ("T", "Y"):
        figures[f"shared_{name}"] = _shared(_noise_of(_band_pass(maps[CHANNELS.index(name)]), starts))
    if starts is None:
        noise = np.full_like(noise, np.nan)
    else:
        figures |= _relative_to_pulse(face, frequency_hz, noise, starts)
        figures |= _pulse_strengths(relative.mean(axis=1), face[CHANNELS.index("T")], starts)
    return Statistics({name: float(figures[name]) for name in FIGURES}, frequency_hz, noise, pair_r)


def measure_renderings(
    people: Sequence[Sequence[np.ndarray]],
    quality: CaptureQuality,
    duration_s: float = WINDOW_S,
    *,
    count: int = 40,
    seed: int = 0,
) -> list[Statistics]:
    """Render captures of some people and read their figures.

    Args:
        people: the beats of each (`pulses.beats_of`).
        quality: ranges to draw from; they are stated for 15 s, which is what is rendered.
        duration_s: how much of it is looked at: as long as the real clips are.
        count: of the captures, spread evenly over the people.
        seed: draws everything.

    Returns:
        One for each capture.
    """
    window = RENDERED_FROM_S, RENDERED_FROM_S + duration_s
    return [measure_capture(*render_capture(people, quality, number, count, seed), *window) for number in range(count)]


def render_capture(
    people: Sequence[Sequence[np.ndarray]], quality: CaptureQuality, number: int, count: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Render one of the captures that `measure_renderings` reads: a window of 15 s with half a second to either side.

    Args:
        people: the beats of each.
        quality: ranges to draw from.
        number: which capture, from 0.
        count: of all captures.
        seed: draws everything.

    Returns:
        time_s [frames] and colours [frames, cells, 3], as `render_maps.render_colours` gives them.
    """
    rng = np.random.default_rng((seed, number))
    pulse = synthesise_pulse(people[number * len(people) // count], WINDOW_S + 2 * RENDERED_FROM_S, rng)
    return render_colours(pulse, quality, rng)


def free_of_beats(traces: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean beat out of every beat.

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
    if len(starts) < _LEAST_BEATS:
        raise ValueError(f"{len(starts)} whole beats are too few to tell a beat from noise")
    lags = np.arange(length + 1)
    mean = CubicSpline(np.arange(columns), traces, axis=-1)(starts[:, None] + lags).mean(axis=-2)
    inside = np.arange(int(np.ceil(starts[0])), int(starts[-1] + length) + 1)
    since = inside - starts[np.searchsorted(starts, inside, side="right") - 1]
    # A beat longer than most stays where the mean beat ended.
    noise = traces[..., inside] - CubicSpline(lags, mean, axis=-1)(np.minimum(since, length))
    # The mean of few beats has taken a part of their noise along.
    return noise * np.sqrt(len(starts) / (len(starts) - 1)), mean


def summarise(renderings: Sequence[Statistics]) -> dict[str, dict[str, float]]:
    """Return name of a figure -> `median`, `low` and `high`, between which eight in ten renderings lie.

    Args:
        renderings: at least one.
    """
    values = {name: [each.figures[name] for each in renderings] for name in FIGURES}
    return {
        name: {part: float(np.nanpercentile(of, percent)) for part, percent in _PERCENTILES.items()}
        for name, of in values.items()
        if np.isfinite(of).any()
    }


def nearest_quality(real: Statistics, rendered: Mapping[str, Sequence[Statistics]]) -> str:
    """Return the quality whose median error of T's mean beat is nearest to a clip's, as a ratio; see `realism_table`.

    Args:
        real: of a clip with a pulse.
        rendered: quality -> its renderings.
    """
    error = real.figures["beat_error_T"]
    middle = {name: summarise(of)["beat_error_T"]["median"] for name, of in rendered.items()}
    return min(middle, key=lambda name: abs(np.log(middle[name] / error)))


def _relative_colours(time_s: np.ndarray, colours: np.ndarray, column_s: np.ndarray) -> np.ndarray:
    """Relative change of R, G, B of every cell at the map's columns, as maps are made: [3, cells, columns]."""
    rgb, slow, _ = resample(time_s, np.asarray(colours, np.float64), column_s)
    return np.moveaxis(rgb / np.maximum(slow, _TINY) - 1, 0, -1).swapaxes(0, 1)


def _noise_of(traces: np.ndarray, starts: np.ndarray | None) -> np.ndarray:
    """What is not pulse in some traces: [..., columns]."""
    if starts is not None:
        return free_of_beats(traces, starts)[0]
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
    """Red's and blue's part in the mean beat, over green's. Follows T, which holds little of light and movement.

    In a poor capture the noise of T, which is made of the same colours, drowns it.
    """
    beat = free_of_beats(_band_pass(wave), starts)[1]
    colours = free_of_beats(_band_pass(face), starts)[1]
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
    said = {
        f"noise_r_{names[a]}_{names[b]}": np.median((own[a] * own[b]).mean(axis=-1))
        for a, b in combinations(range(3), 2)
    }
    return said | {"noise_blue": np.median(spread[2]) / np.median(spread[1])}


def _shared(noise: np.ndarray) -> float:
    """Share of the mean's noise that all cells [cells, columns] have in common, in amplitude: 0 to 1."""
    cells = len(noise)
    covariance = np.cov(noise)
    common = max(0.0, (covariance.sum() - np.trace(covariance)) / (cells * (cells - 1)))
    own = max(0.0, np.trace(covariance) / cells - common) / cells
    return float(np.sqrt(common) / max(np.sqrt(common) + np.sqrt(own), _TINY))


def _pairs(traces: np.ndarray) -> np.ndarray:
    """Correlation of every two traces: [pairs]."""
    return np.corrcoef(traces)[np.triu_indices(len(traces), 1)]


def _band_pass(traces: Iterable[float] | np.ndarray) -> np.ndarray:
    return sosfiltfilt(butter(2, _WAVE_BAND_HZ, "bandpass", fs=RATE_HZ, output="sos"), traces, axis=-1)
