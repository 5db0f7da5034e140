"""Sensors are judged on sines, whose fate in a filter is known."""

import numpy as np
import pytest

from bpdemo.data.signals import Samples
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, cut_beats, is_upright
from experiments import sensors
from experiments.sensors import SENSORS, some_upside_down, through_any_sensor, through_sensor
from tests.support.small_ppg_bp import finger_pulse

pytestmark = pytest.mark.exhaustive

OPEN = {"high_pass_hz": 1e-6, "low_pass_hz": 1e6, "curvature": 0.0}


@pytest.fixture(scope="module")
def beats():
    return cut_beats(Samples.evenly(finger_pulse(75, 0.4, 6, 1000), 1000.0))


def test_an_open_sensor_changes_nothing(beats):
    for beat in beats:
        # The two feet of a beat that is cut differ by nothing; only then it is a period.
        assert through_sensor(beat, **OPEN) == pytest.approx(beat, abs=0.01)


def harmonic(beat, number):
    return np.fft.rfft(beat[:-1])[number]


@pytest.mark.parametrize(("corner", "kind"), [(0.5, "high_pass_hz"), (5.0, "low_pass_hz")])
def test_harmonics_are_weakened_and_shifted_as_a_filter_of_first_order_does(corner, kind):
    share = np.linspace(0, 1, 161)  # 0.8 s
    beat = 0.5 - 0.4 * np.cos(2 * np.pi * share) - 0.1 * np.cos(2 * np.pi * 4 * share)
    ratio = harmonic(through_sensor(beat, **(OPEN | {kind: corner})), 4) / harmonic(beat, 4)
    ratio /= harmonic(through_sensor(beat, **(OPEN | {kind: corner})), 1) / harmonic(beat, 1)

    def response(hz):
        return 1 / (1 + 1j * hz / corner) if kind == "low_pass_hz" else 1 / (1 - 1j * corner / hz)

    assert ratio == pytest.approx(response(5.0) / response(1.25), rel=1e-3)


def test_a_bent_answer_lifts_the_middle_and_keeps_the_ends():
    beat = np.concatenate((np.linspace(0, 1, 61), np.linspace(1, 0, 101)[1:]))
    lifted = through_sensor(beat, **(OPEN | {"curvature": 0.3}))
    assert lifted[[0, 60, -1]] == pytest.approx([0, 1, 0], abs=1e-4)
    assert lifted[30] == pytest.approx(0.5 + 0.3 / 4, abs=1e-4)


def test_every_draw_is_another_sensor_within_the_table(beats, monkeypatch):
    given = []
    monkeypatch.setattr(sensors, "through_sensor", lambda beat, *drawn: given.append(drawn) or beat)
    for seed in range(200):
        given.clear()
        changed = through_any_sensor(beats, np.random.default_rng(seed))
        assert len(changed) == len(beats)
        assert len(set(given)) == 1  # one sensor for all beats of a rendering
        for value, (low, high) in zip(given[0], SENSORS.values(), strict=True):
            assert low <= value <= high


def test_what_comes_out_can_be_joined(beats):
    first, second = (through_any_sensor(beats, np.random.default_rng(seed)) for seed in (1, 2))
    for before, after, other in zip(beats, first, second, strict=True):
        assert len(after) == len(before)
        assert after[[0, -1]] == pytest.approx([0, 0])
        assert np.ptp(after) == pytest.approx(1)
        assert np.abs(after - other).max() > 0.01
        assert np.abs(np.diff(after)).max() < 3 / BEAT_RATE_HZ / 0.05


def test_half_of_the_pulses_are_turned_and_all_beats_of_one_alike(beats):
    turned = 0
    for seed in range(400):
        changed = some_upside_down(beats, np.random.default_rng(seed))
        sign = np.sign(changed[0].sum())
        for before, after in zip(beats, changed, strict=True):
            np.testing.assert_array_equal(after, sign * before)
        turned += sign < 0
    assert turned == pytest.approx(200, abs=40)


@pytest.mark.parametrize("rate_bpm", [55, 90])
def test_a_pulse_that_rises_faster_than_it_falls_is_upright(rate_bpm):
    share = np.arange(6000) / 1000 * rate_bpm / 60 % 1
    steep = np.where(share < 0.2, share / 0.2, (1 - share) / 0.8)
    assert is_upright(Samples.evenly(steep, 1000.0))
    assert not is_upright(Samples.evenly(100 - steep, 1000.0))
