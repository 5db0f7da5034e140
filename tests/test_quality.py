"""Every reason is given when it should be, and only then."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo import quality
from bpdemo.capture import CaptureReport
from bpdemo.clip_report import ClipReport
from bpdemo.face import FaceReport
from bpdemo.pulse import measure_pulse
from bpdemo.reasons import reason
from bpdemo.regions import CELLS
from bpdemo.stmap import resample

SKIN = np.array([180.0, 130.0, 110.0])
BLOOD = np.array([0.33, 0.77, 0.53])
TIME_S = np.arange(450) / 30
GOOD_FILE = ClipReport("mp4", "h264", 640, 480, 0, file_bytes=1000, frames=450, duration_s=15.0, frame_rate_hz=30.0)
GOOD_FACE = FaceReport(
    key_frames=90, seen=1.0, faces=1, width_pixels=180, turn_degrees=5, motion_per_second=0.02, luma=120.0, clipped=0.0
)
ALL_MEASURED = np.ones((len(CELLS), 450), bool)


def checks_of(pulse, mask=ALL_MEASURED, file=GOOD_FILE):
    evidence = quality.weigh_pulse(pulse)
    of_pulse = quality.check_pulse(pulse, evidence, file)
    return (quality.check_mask(mask), *of_pulse, *quality.check_reading(pulse, evidence, file))


def judge_window(pulse, mask=ALL_MEASURED, file=GOOD_FILE):
    """The code of the first check that fails, as a window is refused for it."""
    return [check.reason for check in checks_of(pulse, mask, file) if not check.passed][:1]


def has_pulse(pulse, file=GOOD_FILE):
    return all(check.passed for check in quality.check_pulse(pulse, quality.weigh_pulse(pulse), file))


def judge(file=GOOD_FILE, face=GOOD_FACE):
    checks = quality.check_capture(CaptureReport(file, face))
    return [reason.code for reason in quality.reasons_of_capture(checks)]


def measure(colours, surround=None, position=None):
    surround = None if surround is None else resample(TIME_S, surround[:, None])
    return measure_pulse(resample(TIME_S, colours), surround, position)


def colours_of(strength=0.008, noise=0.4, change=BLOOD, seed=0, bpm=72, harmonics=(1, 0.4)):
    """Return cells [columns, cells, 3] that darken along `change`, 72 times a minute unless told otherwise."""
    turn = 2 * np.pi * bpm / 60 * TIME_S
    wave = sum(height * np.sin(number * (turn + 0.7)) for number, height in enumerate(harmonics, start=1))
    colours = SKIN * (1 - strength * wave[:, None, None] * np.asarray(change))
    return colours + np.random.default_rng(seed).normal(0, noise, (450, len(CELLS), 3))


def pulse_of(*, surround=None, **options):
    return measure(colours_of(**options), surround)


def test_a_good_capture_is_not_refused():
    assert judge() == []
    assert judge_window(pulse_of()) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("no_face", {"face": replace(GOOD_FACE, seen=0.0)}),
        ("too_short", {"file": replace(GOOD_FILE, duration_s=2.4)}),
        ("face_lost", {"face": replace(GOOD_FACE, seen=0.5)}),
        ("frame_rate_low", {"file": replace(GOOD_FILE, frame_rate_hz=8.0)}),
        ("too_dark", {"face": replace(GOOD_FACE, luma=15.0)}),
        ("too_bright", {"face": replace(GOOD_FACE, luma=245.0)}),
        ("too_bright", {"face": replace(GOOD_FACE, clipped=0.5)}),
        ("face_too_small", {"face": replace(GOOD_FACE, width_pixels=40)}),
        ("face_turned", {"face": replace(GOOD_FACE, turn_degrees=70)}),
        ("too_much_motion", {"face": replace(GOOD_FACE, motion_per_second=1.0)}),
    ],
)
def test_each_fault_has_its_reason(code, changes):
    assert judge(**changes) == [code]


def test_without_a_face_nothing_else_is_said():
    face = replace(GOOD_FACE, seen=0.0, width_pixels=0.0, luma=None, clipped=None)
    assert judge(replace(GOOD_FILE, duration_s=2.0), face) == ["no_face"]


def test_a_window_without_skin_is_lost():
    mask = ALL_MEASURED.copy()
    mask[:, :200] = False
    assert judge_window(pulse_of(), mask) == ["face_lost"]


def test_noise_is_no_pulse():
    """Of 40 windows of noise alone, white and common to all cells alike, none is a pulse."""
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        common = rng.normal(0, rng.uniform(0, 0.6), (450, 1, 3))
        colours = SKIN + common + rng.normal(0, rng.uniform(0.2, 3), (450, len(CELLS), 3))
        found += has_pulse(measure(colours))
    assert found == 0


@pytest.mark.parametrize("change", [(1, 1, 1), (1, 0, -1)], ids=["flicker", "white balance"])
@pytest.mark.parametrize("strength", [0.002, 0.01, 0.03])
def test_light_is_no_pulse(change, strength):
    pulse = pulse_of(strength=strength, change=change)
    assert judge_window(pulse) == ["no_pulse"]


def test_colours_out_of_step_speak_against_a_pulse():
    """Red and blue swing a quarter of a beat apart: a clear rhythm everywhere, but blood moves all colours at once."""
    turn = 2 * np.pi * 1.2 * TIME_S
    swing = 0.008 * np.stack([np.sin(turn), np.zeros(450), np.cos(turn)], axis=1)
    noise = np.random.default_rng(2).normal(0, 0.3, (450, len(CELLS), 3))
    pulse = measure(SKIN * (1 - swing[:, None]) + noise)
    assert pulse.snr_db > 10
    assert pulse.region_agreement > 0.9
    assert pulse.colour_agreement == pytest.approx(-1 / np.sqrt(5), abs=0.1)
    assert quality.weigh_pulse(pulse).probability < quality.weigh_pulse(pulse_of()).probability


@pytest.mark.parametrize("change", [(1, 1, 1), (1, 0.9, 0.8), (1, 0.7, 0.4), (0.4, 0.7, 1)], ids=str)
def test_a_lamp_that_is_seen_around_the_head_is_no_pulse(change):
    wave = np.sin(2 * np.pi * 1.2 * TIME_S)[:, None]
    lit = np.array([90.0, 100.0, 95.0]) * (1 - 0.008 * wave * change)
    pulse = pulse_of(change=change, surround=lit + np.random.default_rng(1).normal(0, 0.05, (450, 3)))
    assert quality.weigh_pulse(pulse).probability < quality.MIN_PROBABILITY
    assert not has_pulse(pulse)


def test_blood_coloured_light_is_told_from_a_pulse_by_what_surrounds_the_head():
    wave = np.sin(2 * np.pi * 1.2 * TIME_S)[:, None]
    lit = np.array([90.0, 100.0, 95.0]) * (1 - 0.008 * wave * BLOOD)
    still = np.broadcast_to([90.0, 100.0, 95.0], (450, 3)) + np.random.default_rng(1).normal(0, 0.05, (450, 3))
    assert judge_window(pulse_of(surround=lit)) == ["light_flicker"]
    assert judge_window(pulse_of(surround=still)) == []
    assert judge_window(pulse_of(surround=np.full((450, 3), np.nan))) == []


def test_a_noisy_pulse_is_weak_and_then_none():
    codes = []
    for noise in np.geomspace(0.4, 20, 9):
        codes += judge_window(pulse_of(strength=0.006, noise=noise, seed=3)) or ["reading"]
    assert codes[0] == "reading"
    assert codes[-1] == "no_pulse"
    # Once a pulse is too noisy it does not become readable again by more noise.
    assert codes == sorted(codes, key=["reading", "weak_pulse", "no_pulse"].index)


@pytest.mark.parametrize("bpm", [60, 100])
@pytest.mark.parametrize("second", [0.3, 0.8])
def test_a_rate_with_a_strong_second_harmonic_is_told(bpm, second):
    pulse = pulse_of(bpm=bpm, harmonics=(1, second))
    assert pulse.heart_rate_bpm == pytest.approx(bpm, abs=1)
    assert has_pulse(pulse)


@pytest.mark.parametrize("bpm", [30, 205])
def test_a_rate_beyond_the_band_is_uncertain_and_not_told(bpm):
    """What is found instead - twice the rate, the band's end - is as clear as a pulse."""
    pulse = pulse_of(bpm=bpm, harmonics=(1, 0.4, 0.2))
    assert quality.weigh_pulse(pulse).probability > quality.MIN_PROBABILITY
    assert judge_window(pulse) == ["rate_uncertain"]
    assert not has_pulse(pulse)


def test_a_face_whose_blue_is_noise_is_told():
    rng = np.random.default_rng(0)
    for _ in range(5):
        colours = colours_of() + rng.normal(0, 1, (450, 1, 1)) * (0, 0, 4)
        pulse = measure(colours)
        assert abs(pulse.colour_agreement) < 0.5
        assert has_pulse(pulse)


def test_a_head_that_swings_with_the_rhythm_speaks_against_a_pulse():
    """A picture in a shaking hand: what is painted on it changes colour with the hand, a little and all over."""
    swing = np.stack((np.sin(2 * np.pi * 1.2 * TIME_S), np.zeros(450)), axis=1)
    colours = colours_of(strength=0.006, noise=2.35, seed=3)
    assert has_pulse(measure(colours))
    assert has_pulse(measure(colours, position=0.001 * swing))
    shaken = measure(colours, position=0.02 * swing)
    assert shaken.head_swing == pytest.approx(0.02, rel=0.1)
    assert judge_window(shaken) == ["no_pulse"]


@pytest.mark.parametrize("seed", range(4))
def test_a_shaking_photograph_is_no_pulse(seed):
    """Its cells lie on other paint with each swing: brighter or darker, and a little redder or bluer."""
    rng = np.random.default_rng(seed)
    swing = 0.01 * np.sin(2 * np.pi * 1.2 * TIME_S)
    slope = 0.3 * rng.normal(1, 1, (len(CELLS), 1)) * rng.normal(1, 0.15, (len(CELLS), 3))
    photograph = SKIN * (1 + swing[:, None, None] * slope) + rng.normal(0, 0.4, (450, len(CELLS), 3))
    wall = np.array([90.0, 100.0, 95.0]) * (1 + 0.2 * swing[:, None]) + rng.normal(0, 0.05, (450, 3))
    pulse = measure(photograph, wall, np.stack((swing, 0 * swing), axis=1))
    assert not has_pulse(pulse)


def test_a_pulse_in_too_few_bits_may_be_the_encoders():
    few, some, many = (replace(GOOD_FILE, bit_rate_kbps=rate) for rate in (900.0, 1500.0, 2000.0))
    assert quality.bits_per_pixel(many) == pytest.approx(2e6 / (640 * 480 * 30))

    def codes(pulse, file):
        return judge_window(pulse, file=file)

    assert codes(pulse_of(), many) == []
    assert codes(pulse_of(), few) == ["too_compressed"]
    phone = replace(many, width=3840, height=2160, bit_rate_kbps=20_000.0)
    assert codes(replace(pulse_of(), snr_db=3.0), phone) == []
    # A pulse that is clear is read from fewer bits than one that is not.
    unclear = replace(pulse_of(), snr_db=3.0)
    assert [codes(pulse, some) for pulse in (pulse_of(), unclear)] == [[], ["too_compressed"]]
    assert codes(unclear, many) == []
    # Where there is no pulse, that is what is said; and a clip whose rate is not known is not refused for it.
    assert codes(pulse_of(strength=0.0), few) == ["no_pulse"]
    assert codes(pulse_of(), GOOD_FILE) == []


@pytest.mark.parametrize("interval_s", [60 / 72, 2 * 60 / 72, 3 * 60 / 72, 60 / 74, 60 / 144])
def test_a_pulse_in_step_with_key_frames_needs_more_bits(interval_s):
    """Each key frame is coded anew, and a little otherwise: its rhythm is in the colours where bits are few."""
    in_step = replace(GOOD_FILE, key_frame_interval_s=interval_s)
    out_of_step = replace(GOOD_FILE, key_frame_interval_s=60 / 62)
    pulse = pulse_of()  # clear, 72 beats a minute
    assert pulse.snr_db > 10
    for rate_kbps, codes in ((1500.0, ["too_compressed"]), (3000.0, ["too_compressed"]), (4000.0, [])):
        file = replace(in_step, bit_rate_kbps=rate_kbps)
        assert judge_window(pulse, file=file) == codes
        assert has_pulse(pulse, file) == (not codes), "its rate may be the encoder's, too"
        assert judge_window(pulse, file=replace(out_of_step, bit_rate_kbps=rate_kbps)) == []
    unclear = replace(pulse, snr_db=3.0)
    for rate_kbps, codes in ((4000.0, ["too_compressed"]), (8000.0, [])):
        assert judge_window(unclear, file=replace(in_step, bit_rate_kbps=rate_kbps)) == codes
        assert judge_window(unclear, file=replace(out_of_step, bit_rate_kbps=rate_kbps)) == []
    every_frame = replace(GOOD_FILE, bit_rate_kbps=1500.0, key_frame_interval_s=1 / 30)
    assert judge_window(pulse, file=every_frame) == []


def test_a_swing_too_large_for_blood_is_no_pulse():
    assert not has_pulse(pulse_of(strength=0.12))


def test_notes_are_said_without_refusing():
    def codes(file, face=GOOD_FACE):
        assert judge(file, face) == []
        return [note.code for note in quality.notes(CaptureReport(file, face))]

    long = replace(GOOD_FILE, cut_at_s=60.0, damaged=True)
    assert codes(long, replace(GOOD_FACE, faces=3)) == ["several_faces", "clip_cut", "damaged"]
    assert codes(GOOD_FILE) == []
    assert codes(replace(GOOD_FILE, size_changed_at_s=12.0)) == ["size_changed"]
    assert codes(replace(GOOD_FILE, breaks_s=((14.0, 14.5),))) == ["interrupted"]
    assert codes(replace(GOOD_FILE, slowed=2.0)) == ["slow_motion"]


def test_a_clip_must_be_long_enough_at_a_stretch():
    for breaks, reasons in (((7.0, 7.5), ["too_short"]), ((2.0, 2.5), [])):
        assert judge(replace(GOOD_FILE, breaks_s=(breaks,))) == reasons


def test_checks_keep_what_was_measured_and_what_was_needed():
    pulse = replace(pulse_of(), snr_db=1.0)
    checks = {check.name: check for check in checks_of(pulse)}
    probability = checks["pulse_probability"]
    assert (probability.value, probability.low) == (quality.weigh_pulse(pulse).probability, 0.5)
    assert (checks["snr_for_shape_db"].low, checks["snr_for_shape_db"].passed) == (2.0, False)
    assert checks["amplitude"].low < checks["amplitude"].value < checks["amplitude"].high


def test_every_failure_has_a_sentence_with_a_remedy():
    empty = replace(GOOD_FACE, seen=0.5)
    for check in (*quality.check_capture(CaptureReport(GOOD_FILE, empty)), *checks_of(pulse_of())):
        assert reason(check.reason).message.endswith(".")
        assert reason(check.reason).remedy.endswith(".")
