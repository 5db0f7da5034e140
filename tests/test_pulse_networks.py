"""A network's pulse beside the map's: told where the map has found one, and at about the same rate."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.errors import BpdemoError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.pulse_methods import METHODS
from bpdemo.pulse_networks import NetworkPulse, check_method, piece_places, put_beside, read_wave
from bpdemo.self_check import made_up_face
from bpdemo.weights.pulse_store import load_pulse
from bpdemo.window import read_window
from tests.support.small_pulse import NAME, green_network, write_pulse_weights
from tests.support.small_weights import write_small

RATE_HZ = 1.1


def found(rate_hz, seconds=12.0):
    time_s = np.arange(0, seconds, 1 / 25)
    return NetworkPulse("a-network", time_s, 7 * np.sin(2 * np.pi * rate_hz * time_s))


@pytest.fixture(scope="module")
def window():
    return read_window(made_up_face(rate_hz=RATE_HZ), 0.0, 10.0)


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([(0, 15)], [(0, 15)]),
        ([(0, 32)], [(0, 15), (15, 30), (24, 32)]),
        ([(2, 20), (30, 37), (40, 49)], [(2, 17), (12, 20), (40, 49)]),
        ([], []),
    ],
)
def test_pieces_cover_every_stretch_that_is_long_enough(stretches, expected):
    assert piece_places(stretches, 8.0) == expected


def test_a_window_has_the_networks_wave_and_rate_at_the_maps_height(window):
    beside = put_beside(window, found(RATE_HZ))
    assert beside.status == "reading"
    assert (beside.pulse.method, beside.pulse.methods[-1].name) == ("a-network", "a-network")
    assert [each.name for each in beside.pulse.methods[:-1]] == list(METHODS)
    assert beside.heart_rate.value == pytest.approx(60 * RATE_HZ, abs=0.5)
    assert beside.pulse.amplitude == window.pulse.amplitude
    assert np.ptp(beside.pulse.wave) == pytest.approx(2 * window.pulse.amplitude, rel=0.3)
    np.testing.assert_array_equal(beside.beats.values, window.beats.values)


def test_rates_that_contradict_each_other_are_not_told(window):
    beside = put_beside(window, found(1.3 * RATE_HZ))
    assert [reason.code for reason in beside.reasons] == ["network_disagrees"]
    assert beside.heart_rate is None


def test_a_network_tells_nothing_where_the_map_finds_no_pulse():
    face = made_up_face()
    noise = np.random.default_rng(1).normal(130, 1, face.colours.shape)
    silent = read_window(replace(face, colours=noise), 0.0, 10.0)
    beside = put_beside(silent, found(RATE_HZ))
    assert beside.heart_rate is None
    assert beside.reasons == silent.reasons


def test_where_the_network_saw_nothing_the_map_stands(window):
    assert put_beside(window, NetworkPulse("a-network", np.empty(0), np.empty(0))) is window
    assert put_beside(window, found(RATE_HZ, seconds=5.0)) is window


def test_a_wave_has_no_unit():
    time_s = np.arange(300) / 30
    colour = 128 - 30 * np.sin(2 * np.pi * time_s)[:, None, None, None] * np.ones((1, 4, 4, 3))
    wave = read_wave(green_network(), np.rint(colour).astype(np.uint8))
    assert (wave.mean(), wave.std()) == pytest.approx((0, 1), abs=1e-5)
    assert np.corrcoef(wave, np.sin(2 * np.pi * time_s))[0, 1] > 0.99


@pytest.mark.usefixtures("small_pulse")
def test_methods_by_name():
    for name in (*METHODS, NAME):
        check_method(name)
    with pytest.raises(BpdemoError) as error:
        check_method("tarot")
    assert error.value.code == "method_unknown"


@pytest.mark.usefixtures("small_pulse")
@pytest.mark.parametrize("isolate", [False, True])
def test_a_clip_read_with_a_network(pulse_clip_24, tmp_path, isolate):
    estimator = BloodPressureEstimator.from_pretrained(write_pulse_weights(tmp_path / "w"), isolate=isolate)
    estimate = estimator.estimate(pulse_clip_24.path)
    assert estimate.method == NAME
    assert estimate.heart_rate.value == pytest.approx(pulse_clip_24.truth["heart_rate_bpm"], abs=1)
    form = estimate.to_dict()
    assert form["pulse_weights"]["name"] == "small-pulse"
    assert form["weights"]["model"] == "beats"
    assert form["windows"][0]["methods"][-1]["name"] == NAME
    if not isolate:
        by_map = estimator.estimate(pulse_clip_24.path, method="pos")
        assert by_map.method == "pos"
        assert by_map.systolic == estimate.systolic
        assert "pulse_weights" not in by_map.to_dict()


@pytest.mark.usefixtures("small_pulse")
def test_what_has_no_pulse_has_none_by_a_network(wall_clip, still_clip, tmp_path):
    estimator = BloodPressureEstimator.from_pretrained(write_pulse_weights(tmp_path / "w"))
    assert {estimator.answer(clip.path).level for clip in (wall_clip, still_clip)} == {"nothing"}


@pytest.mark.usefixtures("small_pulse")
def test_a_network_without_weights(short_clip, tmp_path):
    write_small(tmp_path / "w")
    with pytest.raises(BpdemoError) as error:
        BloodPressureEstimator.from_pretrained(tmp_path / "w").estimate(short_clip.path, method=NAME)
    assert error.value.code == "method_needs_weights"


@pytest.mark.usefixtures("small_pulse")
def test_weights_are_loaded_by_their_source(tmp_path):
    loaded = load_pulse(write_pulse_weights(tmp_path / "w"))
    assert load_pulse(loaded.source).summary == loaded.summary
