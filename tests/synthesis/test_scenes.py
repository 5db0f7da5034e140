"""What the renderer says of a clip is true of its pixels."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from bpdemo.capture import read_capture
from bpdemo.clip import Clip
from bpdemo.clip_report import Frame
from bpdemo.face import FaceTracker
from bpdemo.regions import CELLS, read_cells
from bpdemo.synthesis.encode import CODECS
from bpdemo.synthesis.examples import EXAMPLES
from bpdemo.synthesis.portrait import load_portrait
from bpdemo.synthesis.pulses import BEAT_RATE_HZ, known_pulse
from bpdemo.synthesis.scenes import Scene, irregular_times, render_clip, render_frames
from bpdemo.synthesis.skin import BLOOD_VOLUME, tone_colour

QUIET = {"width": 320, "height": 240, "motion": 0.0, "drift": 0.0, "noise": 0.0}


def cell_colours(scene):
    """Return [frames, cells, 3] of a scene without movement, read where the portrait's landmarks are."""
    portrait = load_portrait(scene.face_width * scene.height)
    landmarks = portrait.landmarks - portrait.face_centre + (scene.width / 2, scene.height / 2)
    return np.array([read_cells(image, landmarks.astype(np.float32))[0] for image in render_frames(scene)])


def skin_cells():
    """Return the rows of cells that are all skin in the portrait: not the forehead's, which are under hair."""
    return [row for row, cell in enumerate(CELLS) if "cheek_middle" in cell.name or cell.region == "chin"]


def test_pulse_has_its_rate_strength_sign_and_colour():
    scene = Scene(**QUIET, duration_s=5.0, heart_rate_bpm=72.0, pulse_strength=0.2)
    colours = cell_colours(scene)[:, skin_cells()].mean(axis=1)  # [frames, 3]
    relative = colours / colours.max(axis=0) - 1
    depth = -relative.min(axis=0)
    # Each face has its own proportions; all lie around the published ones.
    np.testing.assert_allclose(depth / depth[1], BLOOD_VOLUME / BLOOD_VOLUME[1], atol=0.3)
    assert depth[1] == pytest.approx(0.2 * BLOOD_VOLUME[1], rel=0.4)
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


def test_skin_has_the_tone_asked_for_and_shows_less_of_the_pulse_the_darker_it_is():
    levels, depths = [], []
    for tone in (0.3, 0.9):
        scene = Scene(**QUIET, duration_s=2.0, pulse_strength=0.2, skin_tone=tone)
        colours = cell_colours(scene)[:, skin_cells()].mean(axis=1)
        levels.append(colours.mean(axis=0))
        depths.append((1 - colours.min(axis=0) / colours.max(axis=0))[1])
        np.testing.assert_allclose(levels[-1], tone_colour(tone), rtol=0.15)
    assert depths[1] < 0.8 * depths[0] < 0.8 * 0.2


def test_a_still_picture_has_no_pulse():
    frames = list(render_frames(Scene(**QUIET, duration_s=0.5, heart_rate_bpm=None)))
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


@pytest.mark.parametrize("heart_rate_bpm", [45.0, 72.0, 180.0])
def test_mean_heart_rate_is_exact_and_beats_differ(heart_rate_bpm):
    for seed in range(3):
        pulse = known_pulse(heart_rate_bpm, 12.0, np.random.default_rng(seed))
        assert len(pulse.wave) >= 12 * BEAT_RATE_HZ
        beats = np.interp([0, 12], pulse.onsets_s, np.arange(len(pulse.onsets_s)))
        assert 5 * np.diff(beats)[0] == pytest.approx(heart_rate_bpm)
        assert np.ptp(np.diff(pulse.onsets_s)) > 0.01 * 60 / heart_rate_bpm
        assert -0.01 < pulse.wave.min() < 0.1
        assert 0.9 < pulse.wave.max() < 1.3


def painted_scene(frames=6, **scene):
    """Return a scene whose cells have colours of their own, which change on every frame, and the colours."""
    rng = np.random.default_rng(0)
    colours = rng.uniform(90, 150, (1, len(CELLS), 1)) * [1.2, 0.9, 0.8] * rng.uniform(0.9, 1, (frames, len(CELLS), 3))
    return Scene(
        **{**QUIET, "face_width": 0.8, "colours": colours, "times_s": np.arange(frames) / 30, **scene}
    ), colours


def test_each_painted_cell_has_the_colour_it_was_given():
    scene, colours = painted_scene()
    read = cell_colours(scene)
    # The picture is moved by part of a pixel, so a cell's edge takes a little from its neighbour.
    np.testing.assert_allclose(read / colours, 1, atol=0.04)
    np.testing.assert_allclose(read.std(axis=0) / colours.std(axis=0), 1, atol=0.2)


def test_a_hidden_cell_is_painted_between_what_is_known():
    scene, colours = painted_scene()
    colours[:] = colours[:1]
    colours[-1] *= 0.9
    colours[2:5, 7] = np.nan
    green = cell_colours(scene)[:, 7, 1]
    np.testing.assert_allclose(np.diff(green / green[0]), [0, -0.025, -0.025, -0.025, -0.025], atol=0.006)


def test_bright_colours_are_darkened_all_alike():
    scene, colours = painted_scene()
    colours *= 2
    frames = np.array(list(render_frames(scene)))
    ratio = cell_colours(scene) / colours
    assert ratio.mean() < 0.8
    np.testing.assert_allclose(ratio / ratio.mean(), 1, atol=0.05)
    assert frames[:, 80:160, 110:210].max() < 250


def test_colours_must_fit_times_and_face():
    with pytest.raises(ValueError, match=r"colours must be \[7, 30, 3\]"):
        next(render_frames(painted_scene(times_s=np.arange(7) / 30)[0]))
    with pytest.raises(ValueError, match="too small"):
        next(render_frames(painted_scene(face_width=0.02)[0]))
    scene, colours = painted_scene()
    colours[:, 3] = np.nan
    with pytest.raises(ValueError, match=CELLS[3].name):
        next(render_frames(scene))


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


def beating_head(**scene):
    """Return the way of a beating head's landmarks, [frames, 2] in face widths about its mean, and its times."""
    scene = Scene(**{**QUIET, "duration_s": 5.0, "pulse_strength": 0.0, "face_width": 0.6, **scene})
    with FaceTracker() as tracker:
        frames = [
            Frame(time_s, image) for time_s, image in zip(scene.frame_times_s(), render_frames(scene), strict=True)
        ]
        way = np.array([tracked.landmarks.mean(axis=0) for tracked in tracker.follow(frames)])
    return (way - way.mean(axis=0)) / (scene.face_width * scene.height), scene.frame_times_s()


def test_a_head_swings_with_its_beats():
    way, time_s = beating_head(recoil=0.02, heart_rate_bpm=66.0)
    assert np.abs(beating_head(recoil=0.0)[0]).max() < 1e-3
    across, down = np.ptp(way[time_s > 1], axis=0)
    # It swings back as well, by less; what one beat leaves the next may carry on.
    assert 0.02 < down < 2.5 * 0.02
    assert 0.1 < across / down < 0.35
    frequency_hz = np.arange(0.5, 4, 0.02)
    turn = np.exp(-2j * np.pi * frequency_hz[:, None] * time_s)
    peaks = np.abs(turn @ (way[:, 1] * np.hanning(len(way))))
    of_pulse = np.abs(frequency_hz[:, None] - 1.1 * np.arange(1, 4)).min(axis=1) < 0.25
    assert peaks[of_pulse].max() > 3 * peaks[~of_pulse].max()


def test_light_from_the_side_shades_a_beating_head_alike_in_all_colours():
    quiet = {**QUIET, "duration_s": 3.0, "pulse_strength": 0.0, "face_width": 0.6}
    colours = cell_colours(Scene(**quiet, recoil_shade=0.1))[:, skin_cells()]
    swing = colours / colours.mean(axis=0) - 1
    reach = np.abs(swing).max(axis=0)
    assert 0.02 < reach.max() < 0.25
    np.testing.assert_allclose(reach[..., 0], reach[..., 2], atol=0.01)
    assert np.ptp(swing[np.argmax(np.abs(swing[..., 1]).max(axis=1)), :, 1]) > 0.02, "not alike in all places"


def test_a_photograph_has_no_beats_to_swing_with():
    still = Scene(**QUIET, duration_s=0.5, heart_rate_bpm=None, recoil=0.02, recoil_shade=0.1)
    frames = list(render_frames(still))
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


def test_white_balance_corrects_itself_in_steps():
    still = {**QUIET, "heart_rate_bpm": None, "duration_s": 8.0, "subject": "wall", "width": 64, "height": 48}
    light = np.array([image.mean(axis=(0, 1)) for image in render_frames(Scene(**still, balance_steps=0.04))])
    relative = light / light[0] - 1
    assert np.corrcoef(relative[:, 0], relative[:, 2])[0, 1] < -0.95
    assert 0.02 < np.abs(relative[:, 0]).max() < 0.09
    assert (np.abs(np.diff(light[:, 0])) < 0.01).mean() > 0.4, "it rests in between"
    assert np.ptp(relative[:, 1]) < 0.005


def test_warm_light_makes_blue_noisy():
    still = {**QUIET, "noise": 1.0, "heart_rate_bpm": None, "duration_s": 1.0, "subject": "wall", "blue_noise": 4.0}
    red, _, blue = np.array(list(render_frames(Scene(**still))), float).std(axis=0).mean(axis=(0, 1))
    assert blue > 2.8 * red


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_an_encoder_left_to_its_habits_freezes_colour_so_that_blue_swings_most(tmp_path, codec):
    swings = []
    for plain, bit_rate_kbps in ((False, 4000), (True, 60)):
        how = {"codec": codec, "plain_encoder": plain, "bit_rate_kbps": bit_rate_kbps}
        still = {**QUIET, "noise": 1.0, "duration_s": 6.0, "heart_rate_bpm": None, "face_width": 0.6}
        scene = Scene(**still, **how, flicker=0.01)
        path = tmp_path / f"clip{CODECS[codec].suffix}"
        render_clip(path, scene)
        colours = np.nanmean(read_capture(path).traces.colours, axis=1)
        turn = np.exp(-2j * np.pi * scene.flicker_hz * scene.frame_times_s()) * np.hanning(len(colours))
        swings.append(np.abs(turn @ (colours / colours.mean(axis=0) - 1)))
    (red, green, blue), (starved_red, starved_green, starved_blue) = swings
    assert blue == pytest.approx(green, rel=0.08)
    assert red == pytest.approx(green, rel=0.08)
    assert starved_blue > 1.1 * starved_green > 1.2 * starved_red


def test_mirror_flips_the_picture():
    plain, mirrored = (next(render_frames(Scene(**QUIET, duration_s=0.1, mirror=mirror))) for mirror in (False, True))
    np.testing.assert_array_equal(mirrored[:, ::-1], plain)


def test_irregular_times():
    times_s = np.array(irregular_times(10.0, 30.0, jitter=0.4, dropped=0.2, seed=1))
    assert times_s[0] == 0
    assert np.diff(times_s).min() > 0.005
    assert len(times_s) == pytest.approx(240, abs=25)
    assert np.diff(times_s).max() < 0.3


def test_truth_is_what_the_file_holds(tmp_path):
    scene = Scene(width=160, height=120, duration_s=1.0, frame_rate_hz=24.0, codec="vp9", heart_rate_bpm=61.0)
    truth = json.loads(json.dumps(asdict(render_clip(tmp_path / "clip.webm", scene))))
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
        assert (truth.has_pulse, truth.heart_rate_bpm, truth.faces) == (False, None, faces)


def test_examples_are_of_both_kinds():
    assert {example.expected for example in EXAMPLES} == {"reading", "refused"}
    for example in EXAMPLES:
        assert example.scene.has_pulse or example.expected == "refused"
