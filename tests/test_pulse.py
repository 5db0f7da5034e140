"""Heart rate, wave and evidence, against colours whose pulse is known."""

import numpy as np
import pytest

from bpdemo.pulse import measure_pulse
from bpdemo.pulse_methods import METHODS
from bpdemo.regions import CELLS, REGIONS
from bpdemo.stmap import resample

SKIN = np.array([180.0, 130.0, 110.0])
BLOOD = np.array([0.33, 0.77, 0.53])


def colours_of(time_s, wave, change=BLOOD, strength=0.008, noise=0.3, seed=0):
    """Colours [frames, cells, 3] whose relative change along `change` is a wave [frames] of height about 1."""
    rng = np.random.default_rng(seed)
    colours = SKIN * (1 - strength * wave[:, None, None] * change)
    return np.broadcast_to(colours, (len(time_s), len(CELLS), 3)) + rng.normal(0, noise, (len(time_s), len(CELLS), 3))


def pulse_in(time_s, colours, start_s, end_s):
    return measure_pulse(resample(time_s, colours, start_s, end_s))


def beats(time_s, bpm):
    phase = 2 * np.pi * bpm / 60 * time_s
    return 0.5 * np.sin(phase) + 0.2 * np.sin(2 * phase + 0.7) + 0.07 * np.sin(3 * phase + 1.2)


def times(rate_hz=30.0, duration_s=15.0):
    return np.arange(int(rate_hz * duration_s)) / rate_hz


TIME_S = times()


@pytest.mark.parametrize("bpm", [42.3, 53.7, 60.0, 72.4, 97.9, 131.2, 178.6])
def test_heart_rate_is_exact_between_spectrum_bins(bpm):
    pulse = pulse_in(TIME_S, colours_of(TIME_S, beats(TIME_S, bpm)), 0, 15)
    assert pulse.heart_rate_bpm == pytest.approx(bpm, abs=0.4)
    assert pulse.snr_db > 8
    assert pulse.colour_agreement > 0.9
    assert pulse.region_agreement > 0.9
    assert pulse.rival_db < -5


@pytest.mark.parametrize(("rate_hz", "duration_s"), [(20, 15), (24, 15), (60, 15), (30, 9.6), (120, 10)])
def test_heart_rate_does_not_depend_on_frame_rate_or_length(rate_hz, duration_s):
    time_s = times(rate_hz, duration_s)
    pulse = pulse_in(time_s, colours_of(time_s, beats(time_s, 66.6)), 0, duration_s)
    assert pulse.heart_rate_bpm == pytest.approx(66.6, abs=0.6)


def test_a_strong_second_harmonic_is_not_the_heart_rate():
    phase = 2 * np.pi * 1.0 * TIME_S
    wave = 0.5 * np.sin(phase) + 0.45 * np.sin(2 * phase + 0.4)
    assert pulse_in(TIME_S, colours_of(TIME_S, wave), 0, 15).heart_rate_bpm == pytest.approx(60, abs=0.5)


def test_wave_has_the_size_and_the_direction_of_the_blood():
    wave = beats(TIME_S, 70)
    weak = pulse_in(TIME_S, colours_of(TIME_S, wave, strength=0.004, noise=0.05), 0, 15)
    strong = pulse_in(TIME_S, colours_of(TIME_S, wave, strength=0.012, noise=0.05), 0, 15)
    assert strong.amplitude / weak.amplitude == pytest.approx(3, rel=0.05)
    assert np.corrcoef(strong.wave, wave)[0, 1] > 0.95


def test_beats_are_where_the_wave_rises_most_steeply():
    pulse = pulse_in(TIME_S, colours_of(TIME_S, np.sin(2 * np.pi * 1.25 * TIME_S), noise=0.05), 0, 15)
    expected = 0.8 * np.arange(20)
    assert len(pulse.beats_s) in (18, 19, 20)
    distance = np.abs(pulse.beats_s[:, None] - expected).min(axis=1)
    assert distance.max() < 0.06


def test_every_method_stands_beside_the_chosen_one():
    traces = resample(TIME_S, colours_of(TIME_S, beats(TIME_S, 66.6)), 0, 15)
    for name in METHODS:
        pulse = measure_pulse(traces, method=name)
        assert pulse.method == name
        assert [each.name for each in pulse.methods] == [*METHODS]
        own = pulse.methods[[*METHODS].index(name)]
        assert (own.heart_rate_bpm, own.snr_db) == (pulse.heart_rate_bpm, pulse.snr_db)
        np.testing.assert_array_equal(own.wave, pulse.wave)
        assert all(abs(each.heart_rate_bpm - 66.6) < 1 for each in pulse.methods)
        assert np.corrcoef(pulse.wave, beats(TIME_S, 66.6))[0, 1] > 0.9
        np.testing.assert_allclose(np.diff(pulse.beats_s), 60 / 66.6, atol=0.05)


def test_light_that_flickers_is_not_blood_by_any_method():
    light = np.sin(2 * np.pi * 1.2 * TIME_S)
    colours = colours_of(TIME_S, light, change=np.ones(3), noise=0.3)
    pulse = measure_pulse(resample(TIME_S, colours), method="green")
    assert pulse.heart_rate_bpm == pytest.approx(72, abs=1)
    assert pulse.others_snr_db < pulse.snr_db - 6
    assert abs(pulse.colour_agreement) < 0.3


def test_snr_falls_with_noise():
    wave = beats(TIME_S, 75)
    snr = [pulse_in(TIME_S, colours_of(TIME_S, wave, noise=noise), 0, 15).snr_db for noise in (0.2, 1, 4, 20)]
    assert snr == sorted(snr, reverse=True)
    assert snr[0] > 10
    assert snr[-1] < 3


@pytest.mark.parametrize("change", [(1, 0, -1), (1, 1, 1)], ids=["white balance", "light"])
def test_other_colour_changes_are_not_blood(change):
    """As periodic as a pulse, and at a heart's rate, but not the colour of blood."""
    swing = np.sin(2 * np.pi * 1.2 * TIME_S)
    pulse = pulse_in(TIME_S, colours_of(TIME_S, swing, change=np.array(change, float), noise=0.3), 0, 15)
    assert pulse.snr_db < 0 or pulse.colour_agreement < 0


def test_regions_out_of_step_do_not_agree():
    turns = np.array([REGIONS.index(cell.region) for cell in CELLS]) * 2 * np.pi / len(REGIONS)
    wave = np.sin(2 * np.pi * 1.2 * TIME_S[:, None] + turns)
    colours = SKIN * (1 - 0.008 * wave[..., None] * BLOOD)
    colours = colours + np.random.default_rng(0).normal(0, 0.1, colours.shape)
    assert pulse_in(TIME_S, colours, 0, 15).region_agreement < 0.3


def test_hidden_cells_and_gaps_do_not_hide_the_pulse():
    colours = colours_of(TIME_S, beats(TIME_S, 80))
    colours[:, ::3] = np.nan
    colours[200:215] = np.nan
    pulse = pulse_in(TIME_S, colours, 0, 15)
    assert pulse.heart_rate_bpm == pytest.approx(80, abs=0.6)
    assert np.isfinite(pulse.wave).all()


def test_nothing_seen_has_no_pulse():
    assert pulse_in(TIME_S, np.full((len(TIME_S), len(CELLS), 3), np.nan), 0, 15) is None


def test_window_is_read_where_it_is():
    """A heart that speeds up from 60 to 90 at half time."""
    time_s = times(30, 30)
    wave = np.where(time_s < 15, beats(time_s, 60), beats(time_s, 90))
    colours = colours_of(time_s, wave)
    assert pulse_in(time_s, colours, 0, 15).heart_rate_bpm == pytest.approx(60, abs=0.5)
    assert pulse_in(time_s, colours, 15, 30).heart_rate_bpm == pytest.approx(90, abs=0.5)
    assert pulse_in(time_s, colours, 7.5, 22.5).time_s[0] == pytest.approx(7.5)


def test_agreement_shrinks_to_nothing_where_a_projection_is_noise():
    """Blue is noise, as where chroma has few bits: its phase says nothing, though it often opposes."""
    rng = np.random.default_rng(0)
    agreements = []
    for seed in range(6):
        noise = rng.normal(0, 8, (len(TIME_S), 1, 1)) * (0, 0, 1)
        pulse = pulse_in(TIME_S, colours_of(TIME_S, beats(TIME_S, 72), seed=seed) + noise, 0, 15)
        agreements.append(pulse.colour_agreement)
    assert np.abs(agreements).max() < 0.4


def test_the_other_methods_are_asked_at_the_same_rate():
    light = 0.02 * np.sin(2 * np.pi * 2.1 * TIME_S)[:, None, None]
    wave = colours_of(TIME_S, beats(TIME_S, 72)) * (1 + light)
    pulse = pulse_in(TIME_S, wave, 0, 15)
    green = next(each for each in pulse.methods if each.name == "green")
    assert green.heart_rate_bpm == pytest.approx(126, abs=1)
    assert pulse.heart_rate_bpm == pytest.approx(72, abs=1)
    assert pulse.others_snr_db > 3, "CHROM sees what POS does"


@pytest.mark.parametrize("swing", [0.001, 0.01])
def test_head_swing_is_that_at_the_heart_rate(swing):
    turn = 2 * np.pi * 1.2 * TIME_S
    drift = 0.2 * TIME_S + 0.03 * np.sin(2 * np.pi * 3.1 * TIME_S)
    position = np.stack((swing * np.sin(turn), drift), axis=1)
    traces = resample(TIME_S, colours_of(TIME_S, beats(TIME_S, 72)))
    assert measure_pulse(traces, position=position).head_swing == pytest.approx(swing, rel=0.15)
    assert np.isnan(measure_pulse(traces).head_swing)


def test_what_the_surround_shares_is_told_apart_in_brightness_and_in_colour():
    wave = beats(TIME_S, 72)
    traces = resample(TIME_S, colours_of(TIME_S, wave))

    def shares(change, strength=0.008):
        around = np.array([90.0, 100.0, 95.0]) * (1 - strength * wave[:, None] * change)
        around = around + np.random.default_rng(1).normal(0, 0.02, around.shape)
        pulse = measure_pulse(traces, resample(TIME_S, around[:, None]))
        return pulse.light_share, pulse.surround_share

    assert shares(BLOOD) == pytest.approx((1, 1), abs=0.1)
    grey = shares(np.ones(3))
    assert grey == (pytest.approx(0, abs=0.1), 1)
    assert shares(BLOOD, 0) == pytest.approx((0, 0), abs=0.05)
    assert np.isnan(measure_pulse(traces).light_share)
    assert np.isnan(measure_pulse(traces).surround_share)
