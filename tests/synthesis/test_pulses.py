import numpy as np
import pytest

from bpdemo.data.person import Person
from bpdemo.data.signals import Samples
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, beats_of, cut_beats, synthesise_pulse
from tests.support.small_ppg_bp import finger_pulse


def recording(rate_bpm=75.0, notch=0.4, seconds=2.1, rate_hz=1000.0, phase=0.3):
    return Samples.evenly(500 + 80 * finger_pulse(rate_bpm, notch, seconds, rate_hz, phase), rate_hz)


@pytest.mark.parametrize("rate_hz", [125.0, 200.0, 1000.0])
@pytest.mark.parametrize("rate_bpm", [60.0, 75.0, 110.0])
def test_beats_are_as_long_as_they_were_and_begin_and_end_at_zero(rate_bpm, rate_hz):
    beats = cut_beats(recording(rate_bpm, seconds=6, rate_hz=rate_hz))
    assert len(beats) >= 4
    for beat in beats:
        assert (len(beat) - 1) / BEAT_RATE_HZ == pytest.approx(60 / rate_bpm, abs=0.02)
        assert beat[0] == pytest.approx(0)
        assert beat[-1] == pytest.approx(0)
        assert beat.max() == pytest.approx(1)


def test_the_shape_of_a_beat_survives_cutting():
    low, high = (np.mean([np.interp(0.5, np.linspace(0, 1, len(b)), b) for b in cut_beats(recording(notch=n))])
                 for n in (0.1, 0.6))  # fmt: skip
    assert high > low + 0.1


def test_nothing_is_cut_from_what_holds_no_whole_beat():
    assert cut_beats(recording(seconds=0.7)) == []
    assert cut_beats(Samples.evenly(np.full(2100, 3.0), 1000.0)) == []


def test_an_odd_beat_is_dropped():
    person = Person("a", 120, 80, (recording(75, seconds=5), recording(40, seconds=5)))
    lengths = [(len(beat) - 1) / BEAT_RATE_HZ for beat in beats_of(person)]
    assert lengths
    assert max(lengths) < 1.0


@pytest.mark.parametrize("rate_bpm", [55.0, 75.0, 100.0])
def test_a_pulse_keeps_the_persons_pace_with_some_variation(rate_bpm):
    beats = cut_beats(recording(rate_bpm, seconds=6))
    pulses = [synthesise_pulse(beats, 15.0, np.random.default_rng(seed)) for seed in range(20)]
    assert all(len(pulse.wave) == 15 * BEAT_RATE_HZ for pulse in pulses)
    assert np.mean([pulse.heart_rate_bpm for pulse in pulses]) == pytest.approx(rate_bpm, rel=0.03)
    for pulse in pulses:
        periods = np.diff(pulse.onsets_s)
        assert 0.002 < periods.std() / periods.mean() < 0.08
        assert pulse.onsets_s[0] <= 0
        assert pulse.onsets_s[-1] >= 15.0 - 1 / BEAT_RATE_HZ


def test_a_pulse_has_no_seams():
    beats = cut_beats(recording(seconds=6))
    steepest = max(np.abs(np.diff(beat)).max() for beat in beats)
    for seed in range(20):
        pulse = synthesise_pulse(beats, 15.0, np.random.default_rng(seed))
        assert np.abs(np.diff(pulse.wave)).max() < 1.4 * steepest
        assert pulse.wave.min() > -0.2
        assert 0.8 < pulse.wave.max() < 1.4


def test_systole_keeps_its_own_time_when_the_beat_gets_longer():
    beats = cut_beats(recording(75, seconds=6))
    rises = []
    for seed in range(30):
        pulse = synthesise_pulse(beats, 15.0, np.random.default_rng(seed))
        start = pulse.onsets_s[2]
        at = (start + np.arange(0, 0.4, 0.001)) * BEAT_RATE_HZ
        rises.append(np.argmax(np.interp(at, np.arange(len(pulse.wave)), pulse.wave)) / 1000)
    own = np.mean([np.argmax(beat) / BEAT_RATE_HZ for beat in beats])
    assert np.abs(np.array(rises) - own).max() < 0.02


def test_a_pulse_follows_its_seed():
    beats = cut_beats(recording(seconds=6))
    same = [synthesise_pulse(beats, 15.0, np.random.default_rng(7)).wave for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert not np.array_equal(same[0], synthesise_pulse(beats, 15.0, np.random.default_rng(8)).wave)
