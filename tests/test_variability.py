"""Heart-rate variability and breathing of a whole clip, against pulses whose every beat and breath is known."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.clip_pulse import ClipPulse, measure_clip_pulse
from bpdemo.regions import CELLS, CellTraces
from bpdemo.respiration import measure_respiration
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, known_pulse
from bpdemo.variability import measure_variability

BLOOD = np.array([0.33, 0.77, 0.53])


def capture(pulse, duration_s, noise=0.1, seed=0):
    """Colours of the cells at 30 frames a second while a pulse runs through all of them."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(30 * duration_s)) / 30
    wave = np.interp(time_s, np.arange(len(pulse.wave)) / BEAT_RATE_HZ, pulse.wave)
    colours = np.array([180.0, 130.0, 110.0]) * (1 - 0.01 * wave[:, None, None] * BLOOD)
    colours = colours + noise * rng.standard_normal((len(time_s), len(CELLS), 3))
    nothing = np.full((len(time_s), 3), np.nan)
    return CellTraces(time_s, colours, np.full(colours.shape[:2], 500), nothing, np.zeros(len(time_s)))


@pytest.fixture(scope="module")
def breathing():
    """A minute of a pulse of 75 a minute with 15 breaths, and its capture."""
    pulse = known_pulse(75, 60, np.random.default_rng(3), breaths_per_minute=15)
    return pulse, capture(pulse, 60)


@pytest.fixture(scope="module")
def measured(breathing):
    return measure_clip_pulse(breathing[1], 60, [(0, 60)])


def true_variability(onsets_s):
    intervals_ms = 1000 * np.diff(onsets_s[(onsets_s > 0) & (onsets_s < 60)])
    return np.sqrt((np.diff(intervals_ms) ** 2).mean()), intervals_ms.std(ddof=1)


def beats_at(beats_s, timing_error_s=0.002):
    """Beats of given times, all seen."""
    beats_s = np.asarray(beats_s, float)
    seen = np.ones(len(beats_s) - 1, bool)
    return ClipPulse(beats_s, np.ones(len(beats_s)), np.zeros(len(beats_s)), seen, timing_error_s)


def test_beats_of_a_minute_are_all_found_and_as_exact_as_they_say(breathing, measured):
    onsets_s = breathing[0].onsets_s
    assert len(measured.beats_s) == pytest.approx(75, abs=2)
    away_s = measured.beats_s[:, None] - onsets_s
    nearest = np.abs(away_s - np.median(measured.beats_s - onsets_s[np.abs(away_s).argmin(axis=1)])).min(axis=1)
    assert nearest.max() < 0.06
    assert np.sqrt((nearest**2).mean()) < 2 * measured.timing_error_s
    assert measured.is_interval.mean() > 0.97


def test_variability_of_a_known_pulse(breathing, measured):
    rmssd_ms, sdnn_ms = true_variability(breathing[0].onsets_s)
    variability = measure_variability(measured, 60.0)
    assert variability.reason is None
    assert variability.rmssd_ms == pytest.approx(rmssd_ms, abs=variability.rmssd_error_ms)
    assert variability.sdnn_ms == pytest.approx(sdnn_ms, abs=variability.sdnn_error_ms)
    assert variability.intervals > 70


def test_variability_by_hand():
    variability = measure_variability(beats_at(np.cumsum([0.5, *[0.8, 0.9] * 36])), 61.2)
    assert variability.rmssd_ms == pytest.approx(100, abs=0.2)
    assert variability.sdnn_ms == pytest.approx(50, abs=0.5)
    assert variability.rmssd_error_ms == pytest.approx(np.sqrt(6) * 2)
    assert variability.sdnn_error_ms == pytest.approx(np.sqrt(2) * 2)


def test_intervals_across_a_gap_are_neither_intervals_nor_successive():
    beats_s = np.concatenate((np.arange(0, 30, 0.8), np.arange(31.3, 60, 0.9)))
    pulse = beats_at(beats_s)
    seen = np.abs(np.diff(beats_s) - 0.85) < 0.06
    assert seen.sum() == len(beats_s) - 2
    variability = measure_variability(replace(pulse, is_interval=seen, timing_error_s=1e-6), 60.0)
    assert variability.rmssd_ms is None or variability.rmssd_ms < 1e-3
    assert variability.sdnn_ms == pytest.approx(50, abs=1)


def test_what_was_out_of_sight_or_without_a_pulse_is_no_interval(breathing):
    traces = breathing[1]
    hidden = traces.colours.copy()
    hidden[(traces.time_s > 20) & (traces.time_s < 24)] = np.nan
    for pulse, gap_s in (
        (measure_clip_pulse(replace(traces, colours=hidden), 60, [(0, 60)]), (20, 24)),
        (measure_clip_pulse(traces, 60, [(0, 30), (45, 60)]), (30, 45)),
    ):
        in_gap = (pulse.beats_s[1:] > gap_s[0] + 0.1) & (pulse.beats_s[:-1] < gap_s[1] - 0.1)
        assert not pulse.is_interval[in_gap].any()
        assert pulse.is_interval[~in_gap].mean() > 0.95


@pytest.mark.parametrize(
    ("beats", "duration_s", "code"),
    [
        (beats_at(np.arange(0, 59, 0.8)), 59.0, "too_short_for_variability"),
        (beats_at(np.arange(0, 60, 0.8)), 59.97, "beats_uncertain"),  # perfectly even: nothing beyond the error
        (beats_at(np.cumsum([0.8, 0.9] * 36), timing_error_s=0.03), 61.0, "beats_uncertain"),
        (beats_at(np.cumsum([0.8, 0.9] * 20)), 61.0, "beats_uncertain"),  # half of the clip
        (None, 61.0, "beats_uncertain"),
    ],
)
def test_no_variability_has_a_reason(beats, duration_s, code):
    variability = measure_variability(beats, duration_s)
    assert variability.reason.code == code
    assert variability.rmssd_ms is variability.sdnn_ms is None


@pytest.mark.parametrize("breaths", [8, 15, 20])
def test_a_known_breath_is_found(breaths):
    pulse = known_pulse(75, 31, np.random.default_rng(breaths), breaths_per_minute=breaths)
    found = measure_respiration(measure_clip_pulse(capture(pulse, 31), 31, [(0, 31)]), 31.0)
    assert found.reason is None
    assert found.value == pytest.approx(breaths, abs=1)
    assert 0 <= found.error <= 2


def test_breathing_that_is_not_to_be_seen_is_not_given(breathing, measured):
    rng = np.random.default_rng(5)
    assert measure_respiration(measured, 60.0).value == pytest.approx(15, abs=1)
    noise = replace(measured, height=rng.uniform(1, 2, len(measured.beats_s)))
    other = replace(measured, height=1 + 0.1 * np.sin(2 * np.pi * 24 / 60 * measured.beats_s))
    for pulse in (noise, other, None):
        found = measure_respiration(pulse, 60.0)
        assert (found.value, found.reason.code) == (None, "breathing_unclear")
    assert measure_respiration(measured, 29.0).reason.code == "too_short_for_respiration"
