import pickle
from pathlib import Path

import numpy as np
import pytest

from bpdemo.data.arterial import ArterialPulse
from bpdemo.data.pressure import BeatSteps, Cuff, Wave
from bpdemo.data.signals import InMemory, Samples, TextColumn
from tests.support.small_faces_sets import arterial_wave, write_column

BEATS = 20  # of 0.8 s: 16 s
SYSTOLIC, DIASTOLIC = 118.0 + np.arange(BEATS) % 3, 69.0 + np.arange(BEATS) % 2
WAVE = arterial_wave(SYSTOLIC, DIASTOLIC)[:16_000]
STEPS = np.repeat(SYSTOLIC, 800), np.repeat(DIASTOLIC, 800)
BEGIN, END = (0.0, 8.0), (8.0, 16.0)


def signal(values, rate_hz=1000.0):
    return InMemory(Samples.evenly(values, rate_hz))


def at_begin(wave, rate_hz=1000.0):
    """The truth of the first half of a wave."""
    return Wave(signal(wave, rate_hz)).of_windows([BEGIN])[0]


def put(values, start_s, end_s, what):
    """A copy with something else from when to when."""
    changed = values.copy()
    changed[round(start_s * 1000) : round(end_s * 1000)] = what
    return changed


def means(found):
    return pytest.approx((found.systolic, found.diastolic), abs=1e-9)


def test_a_cuff_holds_everywhere():
    assert [(one.systolic, one.diastolic, one.fault) for one in Cuff(120, 80).of_windows([BEGIN, END])] == [
        (120, 80, "")
    ] * 2


def test_a_waves_truth_is_the_mean_of_its_peaks_and_of_its_valleys():
    first, second = Wave(signal(WAVE)).of_windows([BEGIN, END])
    # Ten beats each; a window's first valley is cut in half by its edge.
    assert means(first) == (SYSTOLIC[:10].mean(), DIASTOLIC[1:10].mean())
    assert means(second) == (SYSTOLIC[10:].mean(), DIASTOLIC[11:].mean())
    assert (first.fault, first.note, second.fault) == ("", "", "")


@pytest.mark.parametrize("rate_bpm", [40, 60, 100, 180])
@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_the_dicrotic_notch_is_no_beat(rate_bpm, decimals):
    beats = int(rate_bpm / 5)
    wave = arterial_wave([131.0] * beats, [74.0] * beats, 60 / rate_bpm)[: 12_000 - 7]
    found = at_begin(np.round(wave, decimals))
    assert (found.systolic, found.diastolic, found.fault) == (131, 74, "")


@pytest.mark.parametrize("period_s", [0.4, 0.8, 1.5])
def test_noise_makes_no_beats(period_s):
    beats = int(16 / period_s)
    wave = arterial_wave([119.0] * beats, [70.0] * beats, period_s)
    found = at_begin(wave + np.random.default_rng(1).normal(0, 0.3, len(wave)))
    assert (found.systolic, found.diastolic) == pytest.approx((119, 70), abs=1)


def test_a_second_wave_as_in_stiff_arteries_is_no_beat():
    at = np.arange(8000) / 1000 % 0.8
    wave = 70 + 50 * np.exp(-(((at - 0.15) / 0.07) ** 2)) + 28 * np.exp(-(((at - 0.42) / 0.08) ** 2))
    found = at_begin(wave)
    assert (found.systolic, found.diastolic) == pytest.approx((120, 70), abs=0.1)


def test_pressure_that_breathes_is_followed():
    slow = 8 * np.sin(2 * np.pi * np.arange(16_000) / 4000)  # two whole breaths a window
    found = at_begin(WAVE + slow)
    assert (found.systolic, found.diastolic) == pytest.approx((119, 69.5), abs=1.5)


@pytest.mark.parametrize("artefact", [250.0, 160.0, 12.0])
@pytest.mark.parametrize("seconds", [0.01, 0.3])
def test_a_single_artefact_is_left_out(artefact, seconds):
    found = at_begin(put(WAVE, 3.3, 3.3 + seconds, artefact))
    assert found.fault == ""
    assert (found.systolic, found.diastolic) == pytest.approx((119, 69.5), abs=0.3)


@pytest.mark.parametrize("lost", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("start_s", [2.4, 2.5, 2.7, 3.1])  # in a valley, at a peak, in a fall, before a valley
def test_small_drop_outs_are_left_out(lost, start_s):
    found = at_begin(put(WAVE, start_s, start_s + 0.6, lost))
    assert found.fault == ""
    assert (found.systolic, found.diastolic) == pytest.approx((119, 69.5), abs=0.2)


@pytest.mark.parametrize(
    ("wave", "fault"),
    [
        (put(WAVE, 2, 2.9, 0.0), "drop_out"),
        (put(WAVE, 2, 2.9, np.nan), "missing_values"),
        (np.zeros(16_000), "drop_out"),
        (np.full(16_000, np.nan), "missing_values"),
        (np.full(16_000, 93.0), "flat"),
        (93 + np.sin(np.arange(16_000)), "flat"),
        (put(WAVE, 2, 4, 93.0), "flat"),  # the device calibrates itself
        (np.minimum(WAVE, 113), "clipped"),
        (np.maximum(WAVE, 76), "clipped"),
        (200 - WAVE, "upside_down"),
        (WAVE - 200, "upside_down"),  # negative, but not for its sign
        (93 + np.arange(16_000) / 200, "no_beats"),
        (WAVE[:7800], "not_covered"),
        (WAVE[:0], "not_covered"),
        (WAVE / 7.5, "implausible"),  # in kPa
        (WAVE * 3, "implausible"),
        (WAVE - 55, "implausible"),
    ],
)
def test_what_is_wrong_with_a_wave_is_told(wave, fault):
    found = at_begin(wave)
    assert found.fault == fault
    assert np.isnan(found.systolic)
    assert np.isnan(found.diastolic)


def test_a_fault_stays_in_its_window():
    wave = put(WAVE, 12, 14, 0.0)
    assert [one.fault for one in Wave(signal(wave)).of_windows([BEGIN, END])] == ["", "drop_out"]
    assert [one.fault for one in Wave(signal(WAVE[:12_000])).of_windows([BEGIN, END])] == ["", "not_covered"]
    assert Wave(signal(WAVE[: 16_000 - 90])).of_windows([END])[0].fault == ""  # the clocks may differ by a tenth


def test_a_wave_of_the_wrong_sign_is_turned_and_noted():
    turned = Wave(signal(-put(WAVE, 3, 3.03, 0.0))).of_windows([BEGIN, END])
    assert [one.note for one in turned] == ["turned"] * 2
    assert means(turned[1]) == (SYSTOLIC[10:].mean(), DIASTOLIC[11:].mean())


@pytest.mark.parametrize("signs", [(-1, 1), (1, -1)])
def test_steps_of_the_wrong_sign_are_turned_and_noted(signs):
    steps = BeatSteps(*(signal(sign * one) for sign, one in zip(signs, STEPS, strict=True)))
    (found,) = steps.of_windows([END])
    assert means(found) == (SYSTOLIC[10:].mean(), DIASTOLIC[10:].mean())
    assert found.note == "turned"


def test_a_contact_pulse_is_upright_and_has_gaps_where_the_artery_was_lost():
    lost = put(WAVE, 3, 3.03, 0.0)
    for wave in (lost, -lost, np.where(lost == 0, 0, 200 - lost)):
        read = ArterialPulse(signal(wave)).read()
        assert np.flatnonzero(np.isnan(read.values)).tolist() == list(range(3000, 3030))
        assert np.nanargmax(read.values[:800]) == np.argmax(WAVE[:800])
        assert np.nanmax(np.abs(np.diff(read.values) - np.diff(WAVE))) == pytest.approx(0, abs=1e-9)
    assert np.isnan(ArterialPulse(signal(np.zeros(50))).read().values).all()


def test_other_rates_are_as_good():
    found = at_begin(WAVE[::8], 125.0)
    assert (found.systolic, found.diastolic) == pytest.approx((119, 69.5), abs=0.2)


def test_steps_are_averaged_without_zeros():
    systolic, diastolic = (put(steps, 1.0, 1.1, 0.0) for steps in STEPS)
    first, second = BeatSteps(signal(systolic), signal(diastolic)).of_windows([BEGIN, END])
    expected = (8000 * SYSTOLIC[:10].mean() - 100 * SYSTOLIC[1]) / 7900
    assert first.systolic == pytest.approx(expected)
    assert first.diastolic == pytest.approx((8000 * DIASTOLIC[:10].mean() - 100 * DIASTOLIC[1]) / 7900)
    assert means(second) == (SYSTOLIC[10:].mean(), DIASTOLIC[10:].mean())


@pytest.mark.parametrize(
    ("systolic", "fault"),
    [
        (put(STEPS[0], 2, 3, 0.0), "drop_out"),
        (put(STEPS[0], 2, 3, np.nan), "missing_values"),
        (STEPS[0][:7000], "not_covered"),
        (STEPS[1] - 2, "implausible"),  # not above diastolic
        (STEPS[0] + 200, "implausible"),
    ],
)
def test_where_steps_have_a_fault_the_wave_is_asked(systolic, fault):
    assert BeatSteps(signal(systolic), signal(STEPS[1])).of_windows([BEGIN])[0].fault == fault
    with_wave = BeatSteps(signal(systolic), signal(STEPS[1]), signal(-WAVE)).of_windows([BEGIN])[0]
    assert means(with_wave) == (SYSTOLIC[:10].mean(), DIASTOLIC[1:10].mean())
    assert (with_wave.fault, with_wave.note) == ("", "from_wave turned")
    assert BeatSteps(signal(systolic), signal(STEPS[1]), signal(WAVE * 0)).of_windows([BEGIN])[0].fault == fault


def test_steps_without_a_fault_are_preferred():
    steps = BeatSteps(signal(put(STEPS[0], 9, 12, 0.0)), signal(STEPS[1]), signal(WAVE + 10))
    first, second = steps.of_windows([BEGIN, END])
    assert (first.systolic, first.note) == (pytest.approx(SYSTOLIC[:10].mean()), "")
    assert (second.systolic, second.note) == (pytest.approx(SYSTOLIC[10:].mean() + 10), "from_wave")


def test_files_are_read_when_asked_for_and_never_raise(tmp_path):
    path = write_column(tmp_path / "BP_mmHg.txt", WAVE)
    text = path.read_text().splitlines()
    path.write_text("\ufeff" + ",\r\n".join([*text[:100], "", "lost", *text[102:]]) + "\r\n\r\n")
    wave = TextColumn(path, 1000.0)
    first, second = pickle.loads(pickle.dumps(Wave(wave))).of_windows([BEGIN, END])
    assert (first.systolic, first.fault) == (pytest.approx(SYSTOLIC[:10].mean(), abs=0.2), "")
    assert second.systolic == pytest.approx(SYSTOLIC[10:].mean())
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff\xe0")
    for name, fault in (("none.txt", "missing_file"), ("picture.txt", "unreadable_file"), (".", "missing_file")):
        broken = TextColumn(tmp_path / name, 1000.0)
        for pressure in (Wave(broken), BeatSteps(wave, broken), BeatSteps(broken, wave, broken)):
            assert [one.fault for one in pressure.of_windows([BEGIN, END])] == [fault] * 2


def test_a_file_is_read_once_for_all_windows():
    class Counted(TextColumn):
        times = 0

        def read(self):
            Counted.times += 1
            return Samples.evenly(WAVE, 1000.0)

    Wave(Counted(Path("wave.txt"), 1000.0)).of_windows([BEGIN, END, (4.0, 12.0)])
    assert Counted.times == 1
