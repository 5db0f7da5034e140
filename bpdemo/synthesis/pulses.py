"""From short finger-pulse recordings to 15 s of pulse: beats cut, varied as beats vary, and joined without seams.

Every number here is ours. What the pulse keeps of the person is the shape of the beats and their pace; what is drawn
anew each time is which beats follow each other and how their lengths and heights wander.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

from bpdemo.data.person import Person
from bpdemo.data.signals import Samples

BEAT_RATE_HZ = 200.0
"""Samples a second of cut beats and of synthesised pulses."""

BEAT_POINTS = 50
"""Points of a person's mean beat, foot to foot."""

_LOW_PASS_HZ = 15.0  # above it a finger pulse holds nothing but noise
_PERIOD_S = (0.4, 1.7)  # 35 to 150 beats a minute
_MAX_FOOT_DIFFERENCE = 0.5  # of a beat's two feet, over its height; more is a movement of the finger
_FLAT = 0.05  # of the upstroke's slope: where the rise begins
_MAX_PERIOD_DEVIATION = 0.25  # from the person's median beat; beyond, a foot was missed or the beat is an extra one
_SYSTOLE = 0.45  # share of a beat that keeps its length when the beat gets longer or shorter
_BREATHING_HZ = (0.18, 0.35)
_BREATHING_PERIOD = (0.005, 0.035)  # swing of the beat's length with the breath, relative
_BREATHING_HEIGHT = (0.01, 0.08)  # swing of its height
_SHOWN_PERIOD, _SHOWN_HEIGHT, _SHOWN_BASELINE = 0.04, 0.15, 0.15
"""Swings with a breath that is to be seen: of the beat's length and height, and of the baseline in beat heights."""
_SCATTER_PERIOD = (0.003, 0.015)  # what is left from beat to beat, standard deviation
_SCATTER_HEIGHT = (0.01, 0.04)
_SESSION_PERIOD = 0.03  # another minute, another pace
_BEAT = ((1.0, 0.20, 0.085), (0.45, 0.40, 0.10), (0.32, 0.60, 0.13))
"""Height, place and width of the formula beat's parts in units of its length: systolic peak, late systolic and dicrotic
wave."""
_MAX_PACE_RATIO = 1.2  # a pulse is synthesised at a pace that is off by less than this, then brought to its rate


@dataclass(frozen=True)
class PulseWave:
    """A synthesised pulse."""

    wave: np.ndarray  # float64 [samples] at `BEAT_RATE_HZ`: feet at 0, peaks around 1
    onsets_s: np.ndarray  # float64 [beats], the time of every beat's foot, some before 0 and one after the end

    @property
    def heart_rate_bpm(self) -> float:
        """Mean rate over the pulse, beats a minute."""
        return float(60 / np.diff(self.onsets_s).mean())


def cut_beats(pulse: Samples) -> list[np.ndarray]:
    """Return a pulse's whole beats, foot to foot; empty when it holds none.

    Each is float64 [samples] at `BEAT_RATE_HZ` with both feet at 0 and height 1.
    """
    if len(pulse.values) < max(2, 2 * _PERIOD_S[0] * pulse.rate_hz):
        return []  # too short for two feet, and for the filter
    wave = _resample(pulse)
    slope = np.gradient(wave)
    reach = int(_PERIOD_S[0] * BEAT_RATE_HZ)
    upstrokes, _ = find_peaks(slope, height=0.5 * np.percentile(slope, 99), distance=reach)
    feet = [foot for upstroke in upstrokes if (foot := _foot_before(slope, upstroke, reach)) is not None]
    beats = []
    for start, end in pairwise(feet):
        beat = wave[start : end + 1]
        tilt = np.linspace(beat[0], beat[-1], len(beat))
        height = (beat - tilt).max()
        in_time = _PERIOD_S[0] <= (end - start) / BEAT_RATE_HZ <= _PERIOD_S[1]
        if in_time and abs(beat[-1] - beat[0]) <= _MAX_FOOT_DIFFERENCE * height:
            beats.append((beat - tilt) / height)
    return beats


def is_upright(pulse: Samples) -> bool:
    """Return whether a pulse rises faster than it falls, as blood volume does: its slope is skewed upwards."""
    slope = np.gradient(_resample(pulse))
    return bool(((slope - slope.mean()) ** 3).mean() > 0)


def beats_of(person: Person) -> list[np.ndarray]:
    """Return the beats of all pulses of a person (see `cut_beats`), without those of an odd length."""
    beats = [beat for pulse in person.pulses for beat in cut_beats(pulse)]
    if not beats:
        return []
    usual = np.median([len(beat) for beat in beats])
    return [beat for beat in beats if abs(len(beat) - usual) <= _MAX_PERIOD_DEVIATION * usual]


def contact_beat(person: Person) -> tuple[np.ndarray, float]:
    """Return the mean beat of a person with at least one whole beat, and the heart rate in beats a minute.

    The beat is float64 [`BEAT_POINTS`], foot to foot, of mean 0 and height 1.
    """
    beats = beats_of(person)
    share = np.linspace(0, 1, BEAT_POINTS)
    mean = np.mean([np.interp(share, np.linspace(0, 1, len(beat)), beat) for beat in beats], axis=0)
    beat = (mean - mean.mean()) / np.ptp(mean)  # beats are of height 1: never flat
    return beat, 60 * BEAT_RATE_HZ / float(np.median([len(beat) - 1 for beat in beats]))


def synthesise_pulse(
    beats: Sequence[np.ndarray], duration_s: float, rng: np.random.Generator, breaths_per_beat: float | None = None
) -> PulseWave:
    """Return a longer pulse of a person's beats, at the person's own pace; it starts anywhere within a beat.

    The length of the beats swings with the breath and scatters a little; a longer beat gets a longer run-off after
    systole, which keeps its own time, so no shape is stretched as a whole. `beats` (`beats_of`) holds at least one.

    With `breaths_per_beat` the breath has that pace and is to be seen: it moves the beats' length and height, and the
    baseline, as far as in good recordings (Charlton et al., Physiological Measurement 38(5), 2017; the sizes are ours).
    """
    pace = np.median([len(beat) - 1 for beat in beats]) / BEAT_RATE_HZ * (1 + _SESSION_PERIOD * rng.standard_normal())
    count = int(np.ceil(duration_s / pace * 1.2)) + 3
    begun, faint = rng.uniform(), rng.uniform(*_BREATHING_HZ) * pace
    breaths = begun + (faint if breaths_per_beat is None else breaths_per_beat) * np.arange(count)
    breath = np.sin(2 * np.pi * breaths)
    period_swing, period_scatter = rng.uniform(*_BREATHING_PERIOD), rng.uniform(*_SCATTER_PERIOD)
    period_noise = rng.standard_normal(count)
    height_swing, lag = rng.uniform(*_BREATHING_HEIGHT), rng.uniform(0, np.pi)
    if breaths_per_beat is not None:
        period_swing, height_swing, lag = _SHOWN_PERIOD, _SHOWN_HEIGHT, 0.0
    periods = pace * (1 + period_swing * breath + period_scatter * period_noise)
    heights = 1 + height_swing * np.sin(np.arcsin(breath) + lag)
    heights += rng.uniform(*_SCATTER_HEIGHT) * rng.standard_normal(count)
    onsets = np.concatenate(([0.0], np.cumsum(periods))) - rng.uniform() * periods[0]
    time_s = np.arange(round(duration_s * BEAT_RATE_HZ)) / BEAT_RATE_HZ
    index = np.searchsorted(onsets, time_s, side="right") - 1
    wave = np.zeros_like(time_s)
    for i in range(index[0], index[-1] + 1):
        here = index == i
        first, second = (beats[k] for k in rng.integers(len(beats), size=2))
        share = rng.uniform()
        since_s = time_s[here] - onsets[i]
        wave[here] = heights[i] * (
            share * _read_beat(first, since_s, periods[i]) + (1 - share) * _read_beat(second, since_s, periods[i])
        )
    if breaths_per_beat is not None:
        wave += _SHOWN_BASELINE * np.sin(2 * np.pi * np.interp(time_s, onsets[:-1], breaths))
    return PulseWave(wave, onsets[: index[-1] + 2])


def known_pulse(
    heart_rate_bpm: float, duration_s: float, rng: np.random.Generator, breaths_per_minute: float | None = None
) -> PulseWave:
    """Return a pulse of known rate, a little longer than the duration, from a beat that is a formula.

    The rate is the exact mean over the duration, while every beat has its own length (`synthesise_pulse`), and so is
    that of the breath if one is to be seen.
    """
    length = round(60 / heart_rate_bpm * BEAT_RATE_HZ)
    phase = np.linspace(0, 1, length + 1)
    beat = np.sum([height * np.exp(-0.5 * ((phase - place) / width) ** 2) for height, place, width in _BEAT], axis=0)
    beat -= np.linspace(beat[0], beat[-1], length + 1)
    breaths_per_beat = None if breaths_per_minute is None else breaths_per_minute / heart_rate_bpm
    pulse = synthesise_pulse([beat / beat.max()], _MAX_PACE_RATIO * duration_s + 1, rng, breaths_per_beat)
    # Its pace was drawn: brought to the one asked for by a stretch of a few per cent.
    beats = np.arange(len(pulse.onsets_s))
    first = np.interp(0, pulse.onsets_s, beats)
    stretch = np.interp(first + heart_rate_bpm / 60 * duration_s, beats, pulse.onsets_s) / duration_s
    own_s = np.arange(len(pulse.wave)) / BEAT_RATE_HZ
    time_s = np.arange(int(own_s[-1] / stretch * BEAT_RATE_HZ)) / BEAT_RATE_HZ
    return PulseWave(np.interp(time_s * stretch, own_s, pulse.wave), pulse.onsets_s / stretch)


def _read_beat(beat: np.ndarray, since_s: np.ndarray, period_s: float) -> np.ndarray:
    """Value of a beat made `period_s` long, at times since its foot."""
    own_period_s = (len(beat) - 1) / BEAT_RATE_HZ
    knee_s = _SYSTOLE * min(own_period_s, period_s)
    source_s = np.interp(since_s, [0, knee_s, period_s], [0, knee_s, own_period_s])
    return np.interp(source_s * BEAT_RATE_HZ, np.arange(len(beat)), beat)


def _resample(pulse: Samples) -> np.ndarray:
    """The pulse at `BEAT_RATE_HZ`, freed of what lies above the pulse."""
    values, rate_hz = pulse.values - pulse.values.mean(), pulse.rate_hz
    if rate_hz > 2 * _LOW_PASS_HZ:
        values = sosfiltfilt(butter(4, _LOW_PASS_HZ, fs=rate_hz, output="sos"), values)
    steps = int((len(values) - 1) / rate_hz * BEAT_RATE_HZ) + 1
    return np.interp(np.arange(steps) / BEAT_RATE_HZ, np.arange(len(values)) / rate_hz, values)


def _foot_before(slope: np.ndarray, upstroke: int, reach: int) -> int | None:
    """Index of the last sample before an upstroke that hardly rises; None when the recording starts too late for it.

    The lowest sample would lie anywhere on a flat run-off; where the rise begins is the same in every beat.
    """
    start = max(0, upstroke - reach)
    flat = np.flatnonzero(slope[start:upstroke] <= _FLAT * slope[upstroke])
    return None if flat.size == 0 or start + flat[-1] == 0 else start + int(flat[-1])
