"""render_clips.py: what the renderer says of a clip is true of its pixels."""

import json

import numpy as np
import pytest

from bpdemo.clip import Clip
from bpdemo.regions import CELLS, read_cells
from bpdemo.training.examples import EXAMPLES
from bpdemo.training.portrait import load_portrait
from bpdemo.training.render_clips import Scene, beat_wave, irregular_times, render_clip, render_frames
from bpdemo.training.render_maps import BLOOD_VOLUME

QUIET = {"width": 320, "height": 240, "motion": 0.0, "drift": 0.0, "noise": 0.0, "heart_rate_swing": 0.0}


def cell_colours(scene):
    """Return [frames, cells, 3] of a scene without movement, read where the portrait's landmarks are."""
    portrait = load_portrait(scene.face_width * scene.height)
    landmarks = portrait.landmarks - portrait.face_centre + (scene.width / 2, scene.height / 2)
    return np.array([read_cells(image, landmarks.astype(np.float32))[0] for image in render_frames(scene)])


def skin_cells():
    """Return the rows of cells that are all skin in the portrait: not the forehead's, which are under hair."""
    return [row for row, cell in enumerate(CELLS) if "cheek_middle" in cell.name or cell.region == "chin"]


def test_pulse_has_its_rate_strength_sign_and_colour():
    scene = Scene(**QUIET, duration_s=5.0, heart_rate_bpm=72.0, pulse_strength=0.2, pulse_delay_s=0.0)
    colours = cell_colours(scene)[:, skin_cells()].mean(axis=1)  # [frames, 3]
    relative = colours / colours.max(axis=0) - 1
    depth = -relative.min(axis=0)
    np.testing.assert_allclose(depth / depth[1], BLOOD_VOLUME / BLOOD_VOLUME[1], atol=0.06)
    assert depth[1] == pytest.approx(0.2 * BLOOD_VOLUME[1], rel=0.25)
    low = relative[:, 1] < relative[:, 1].mean()
    upstrokes = np.flatnonzero(~low[:-1] & low[1:])
    assert 60 / (np.diff(upstrokes).mean() / 30) == pytest.approx(72, rel=0.015)
    # Blood darkens, and comes faster than it goes: the steepest change is downwards.
    steps = np.diff(relative[:, 1])
    assert -steps.min() > 1.5 * steps.max()


def test_only_skin_is_coloured():
    scene = Scene(**QUIET, duration_s=1.0, pulse_strength=0.2)
    frames = np.array(list(render_frames(scene))).astype(int)
    change = np.ptp(frames, axis=0).max(axis=-1)
    assert change[120, 160] > 5
    assert change[:30].max() <= 1  # hair and background above
    assert change[:, :60].max() <= 1
    assert change[:, -60:].max() <= 1
    assert change[200:].max() <= 1  # clothes


def test_a_still_picture_has_no_pulse():
    frames = list(render_frames(Scene(**QUIET, duration_s=0.5, heart_rate_bpm=None)))
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


def test_own_waveform_is_used():
    scene = Scene(**QUIET, duration_s=2.0, pulse=lambda time_s: (time_s > 1.0).astype(float), pulse_strength=0.1)
    green = cell_colours(scene)[:, skin_cells(), 1].mean(axis=1)
    assert green[10:25].std() < 0.01
    assert green[45:].mean() / green[:25].mean() == pytest.approx(1 - 0.1 * BLOOD_VOLUME[1], abs=0.03)


def test_mean_heart_rate_is_exact_and_swings():
    scene = Scene(**{**QUIET, "heart_rate_swing": 0.1}, duration_s=12.0, heart_rate_bpm=60.0, pulse_strength=0.2)
    green = -cell_colours(scene)[:, skin_cells(), 1].mean(axis=1)
    rising = np.flatnonzero((green[:-1] < green.mean()) & (green[1:] >= green.mean()))
    intervals = np.diff(rising) / 30
    assert len(rising) == pytest.approx(12, abs=1)
    assert np.ptp(intervals) > 0.08


def test_same_seed_same_clip_other_seed_another():
    scene = Scene(width=160, height=120, duration_s=0.2)
    first, again = (np.array(list(render_frames(scene))) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = np.array(list(render_frames(Scene(width=160, height=120, duration_s=0.2, seed=1))))
    assert (first != other).mean() > 0.3


@pytest.mark.parametrize("noise", [1.0, 4.0])
def test_noise_is_as_strong_as_said(noise):
    still = {**QUIET, "noise": noise, "heart_rate_bpm": None, "duration_s": 1.0}
    frames = np.array(list(render_frames(Scene(**still, subject="wall", brightness=128 / 176))), float)
    assert frames.std(axis=0).mean() == pytest.approx(np.hypot(noise, 0.29), rel=0.15)
    # Neighbouring frames' noise has nothing in common.
    noise_alone = frames - frames.mean(axis=0)
    assert abs(np.corrcoef(noise_alone[3].ravel(), noise_alone[4].ravel())[0, 1]) < 0.06


def test_light_does_what_it_is_told():
    still = {**QUIET, "heart_rate_bpm": None, "duration_s": 2.0, "subject": "wall"}

    def mean_light(**scene):
        return np.array([image.mean(axis=(0, 1)) for image in render_frames(Scene(**still, **scene))])

    plain = mean_light()
    assert np.ptp(plain, axis=0).max() < 0.01
    flicker = mean_light(flicker=0.05, flicker_hz=1.5) / plain - 1
    np.testing.assert_allclose(np.ptp(flicker, axis=0), 0.1, atol=0.01)
    assert np.argmax(np.abs(np.fft.rfft(flicker[:, 1]))[1:]) + 1 == 3
    white = mean_light(white_balance=0.05) / plain - 1
    assert np.corrcoef(white[:, 0], white[:, 2])[0, 1] < -0.9
    np.testing.assert_allclose(mean_light(brightness=0.5), 0.5 * plain, rtol=0.02)
    own = mean_light(light=lambda time_s: 1 - 0.1 * (time_s > 1)) / plain
    assert own[-1, 0] == pytest.approx(0.9, abs=0.01)
    assert own[0, 0] == pytest.approx(1)


def test_mirror_flips_the_picture():
    plain, mirrored = (next(render_frames(Scene(**QUIET, duration_s=0.1, mirror=mirror))) for mirror in (False, True))
    np.testing.assert_array_equal(mirrored[:, ::-1], plain)


def test_beats_start_low_and_reach_one():
    phase = np.linspace(0, 1, 200, endpoint=False)
    wave = beat_wave(phase)
    assert wave.max() == pytest.approx(1, abs=0.03)
    assert 0 <= wave[0] < 0.1
    np.testing.assert_allclose(beat_wave(phase + 3), wave)


def test_irregular_times():
    times_s = np.array(irregular_times(10.0, 30.0, jitter=0.4, dropped=0.2, seed=1))
    assert times_s[0] == 0
    assert np.diff(times_s).min() > 0.005
    assert len(times_s) == pytest.approx(240, abs=25)
    assert np.diff(times_s).max() < 0.3


def test_truth_is_what_the_file_holds(tmp_path):
    scene = Scene(width=160, height=120, duration_s=1.0, frame_rate_hz=24.0, codec="vp9", heart_rate_bpm=61.0)
    truth = json.loads(json.dumps(render_clip(tmp_path / "clip.webm", scene)))
    with Clip(tmp_path / "clip.webm") as clip:
        frames = list(clip.frames())
    report = clip.report
    assert (truth["frames"], truth["width"], truth["height"]) == (len(frames), report.width, report.height)
    assert truth["codec"] == report.codec
    assert truth["duration_s"] == pytest.approx(report.duration_s, abs=2e-3)
    assert truth["frame_rate_hz"] == pytest.approx(report.frame_rate_hz, rel=1e-2)
    assert (truth["heart_rate_bpm"], truth["has_pulse"], truth["faces"]) == (61.0, True, 1)


def test_truth_of_scenes_without_a_pulse(tmp_path):
    for scene, faces in ((Scene(subject="wall"), 0), (Scene(heart_rate_bpm=None), 1)):
        short = Scene(**{**vars(scene), "width": 64, "height": 48, "duration_s": 0.1})
        truth = render_clip(tmp_path / "clip.mp4", short)
        assert (truth["has_pulse"], truth["heart_rate_bpm"], truth["faces"]) == (False, None, faces)


def test_examples_are_of_both_kinds():
    assert {example.expected for example in EXAMPLES} == {"reading", "refused"}
    for example in EXAMPLES:
        assert example.scene.has_pulse == (example.expected == "reading")
