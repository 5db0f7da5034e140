import numpy as np
import pytest

from bpdemo.data.signals import Samples
from bpdemo.regions import CELLS
from bpdemo.synthesis.pulses import cut_beats, synthesise_pulse
from bpdemo.synthesis.skin import BLOOD_VOLUME, draw_blood, draw_skin, pulse_change, pulse_projection
from tests.support.small_ppg_bp import finger_pulse

BEATS = cut_beats(Samples.evenly(finger_pulse(72, 0.4, 8, 200.0), 200.0))


def skins(tone, count=20):
    return [draw_skin(np.random.default_rng(seed), tone) for seed in range(count)]


def test_the_darker_the_skin_the_weaker_the_pulse_and_most_so_in_blue():
    light, middle, dark = (np.mean([skin.diffuse for skin in skins(tone)], axis=(0, 1)) for tone in (0.0, 0.5, 1.0))
    assert (light > middle).all()
    assert (middle > dark).all()
    assert np.argmin(dark / light) == 2
    assert 0.4 < dark[1] / light[1] < 0.8


def test_skin_is_what_a_camera_sees_of_skin():
    for skin in (*skins(0.0), *skins(1.0)):
        assert skin.level.shape == skin.diffuse.shape == (len(CELLS), 3)
        assert ((skin.diffuse > 0) & (skin.diffuse < 1)).all()
        assert (skin.level[:, 0] > skin.level[:, 1]).all()
        assert (skin.level[:, 1] > skin.level[:, 2]).all()
        assert skin.level.max() < 255
    assert np.mean([skin.level for skin in skins(0.0)]) > 2 * np.mean([skin.level for skin in skins(1.0)])


def test_every_tone_is_drawn():
    tones = [draw_skin(np.random.default_rng(seed)).tone for seed in range(200)]
    assert np.histogram(tones, 4, (0, 1))[0].min() > 30


def test_blood_lies_around_what_was_published():
    vectors = np.array([draw_blood(np.random.default_rng(seed)) for seed in range(200)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    np.testing.assert_allclose(vectors.mean(axis=0), BLOOD_VOLUME, atol=0.12)


def test_a_pulse_darkens_every_cell_as_strongly_as_it_is_told():
    rng = np.random.default_rng(0)
    pulse = synthesise_pulse(BEATS, 12.0, rng)
    time_s = np.arange(0, 11.5, 1 / 60)
    strength = np.linspace(0.01, 0.02, len(CELLS))[:, None] * np.array([0.3, 0.8, 0.5])
    first, second = (pulse_change(pulse, time_s, share * strength, np.random.default_rng(1)) for share in (1, 2))
    np.testing.assert_allclose(second, 2 * first)
    assert first.max() < 1e-3
    np.testing.assert_allclose(first[..., 0] / first[..., 1], 0.3 / 0.8)
    heights = -first.min(axis=0) / strength
    assert 0.6 < np.median(heights) < 1.2
    forehead, nose = (heights[[cell.region == region for cell in CELLS]].mean() for region in ("forehead", "nose"))
    assert forehead > nose


def test_cells_are_late_by_some_hundredths_of_a_second():
    pulse = synthesise_pulse(BEATS, 12.0, np.random.default_rng(0))
    time_s = np.arange(0, 11.5, 1 / 200)
    cells = -pulse_change(pulse, time_s, np.ones(3), np.random.default_rng(1))[..., 1]
    rises = np.argmax(np.diff(cells[450:590], axis=0), axis=0) / 200
    assert 0.005 < rises.std() < 0.03


@pytest.mark.parametrize("seed", range(5))
def test_the_projection_is_that_of_pos(seed):
    blood = draw_blood(np.random.default_rng(seed))
    red, green, blue = np.sin(np.linspace(0, 20, 500)) * blood[:, None]
    first, second = green - blue, green + blue - 2 * red
    pos = first + first.std() / second.std() * second
    np.testing.assert_allclose(pulse_projection(blood) @ (red, green, blue), pos, atol=1e-9)
