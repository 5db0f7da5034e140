"""benchmarks/controls: its halves lie apart, it goes on where it was stopped, and it counts right."""

import json
from collections import Counter
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta

from benchmarks.controls.counts import (
    THRESHOLDS,
    draw_curve,
    judge,
    kinds_table,
    lower_bound,
    sums,
    told_sentence,
    upper_bound,
)
from benchmarks.controls.encoder import BITS_PER_PIXEL, encoder_films, encoder_table
from benchmarks.controls.figure import draw_controls
from benchmarks.controls.fit import ablation_table, fit_questions, has_found_pulse, leave_kinds_out, log_odds
from benchmarks.controls.measure import Measured, load_measured, measure_all, measure_clip
from benchmarks.controls.scenes import GIVEN, GOOD, HALVES, KINDS, NEGATIVES, Film, draw_scene, film
from bpdemo import quality
from bpdemo.clip import Clip
from bpdemo.clip_report import ClipReport
from bpdemo.evidence import QUESTIONS

PULSE = {
    "heart_rate_bpm": 72.0,
    "snr_db": 6.0,
    "amplitude": 0.004,
    "others_snr_db": 6.0,
    "region_agreement": 0.95,
    "colour_agreement": 0.9,
    "brightness_ratio": 1.1,
    "light_share": 0.1,
    "surround_share": 0.1,
    "head_swing": 0.001,
    "rival_db": -9.0,
}
NOISE = {"snr_db": -3.0, "others_snr_db": -3.0, "region_agreement": 0.6, "colour_agreement": 0.0, "head_swing": 0.01}
DRAWN = [kind for kind in KINDS if kind != GIVEN]
SCENE = {"codec": "h264", "frame_rate_hz": 30.0, "pulse_strength": 0.01, "tone": 0.5, "luma": 120.0}

FILE = ClipReport("mp4", "h264", 640, 480, 0, 9_000_000, duration_s=10.0, frame_rate_hz=30.0, bit_rate_kbps=4600.0)
REPORT = json.loads(json.dumps(asdict(FILE)))


def made_up(number, kind="face", half="test", capture_reasons=(), **pulse):
    """Return a clip of which everything is known."""
    rate_bpm = None if kind in NEGATIVES else 72.5
    return Measured(half, kind, number, SCENE, rate_bpm, list(capture_reasons), PULSE | pulse, REPORT, [])


def coded(one, bit_rate_kbps):
    return replace(one, capture=one.capture | {"bit_rate_kbps": bit_rate_kbps})


def quick(clip):
    return replace(made_up(clip.number, clip.kind, clip.half), reasons=["no_pulse"])


def test_the_halves_share_no_clip():
    seeds = {name: [clip.seed for clip in half.clips()] for name, half in HALVES.items()}
    assert len(set(seeds["choice"]) | set(seeds["test"])) == len(seeds["choice"]) + len(seeds["test"])


def test_the_test_half_is_as_large_as_it_has_to_be():
    counts = Counter(clip.kind for clip in HALVES["test"].clips())
    assert set(counts) == set(DRAWN)
    assert sum(counts[kind] for kind in NEGATIVES) >= 400
    assert sum(counts[kind] for kind in GOOD) >= 300


def test_a_stopped_run_holds_some_of_every_kind():
    clips = HALVES["test"].clips()
    assert {clip.kind for clip in clips[: len(clips) // 5]} == set(DRAWN)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_seed_draws_its_clip(kind):
    drawn, again, other = (draw_scene(kind, seed) for seed in (5, 5, 6))
    about = [{**asdict(replace(each.scene, colours=None)), "light": None} for each in (drawn, again, other)]
    assert about[0] == about[1] != about[2]
    times_s = drawn.scene.frame_times_s()
    if drawn.scene.light is not None:
        np.testing.assert_array_equal(drawn.scene.light(times_s), again.scene.light(times_s))
    assert (drawn.heart_rate_bpm is None) == (kind in NEGATIVES)


@pytest.mark.parametrize("kind", [kind for kind in NEGATIVES if kind.startswith("photograph")])
def test_photographs_have_no_pulse(kind):
    for seed in range(6):
        scene = draw_scene(kind, seed).scene
        assert scene.heart_rate_bpm is None
        if scene.colours is not None:
            assert np.ptp(scene.colours, axis=0).max() == 0


def test_later_kinds_leave_the_others_their_seeds():
    assert Film("choice", "photograph", 2).seed == 2
    assert Film("choice", "face", 0).seed == 120_000
    assert Film("test", "face, sent by messenger", 3).seed - Film("test", "photograph", 3).seed == 190_000


@pytest.mark.parametrize("kind", ["photograph, plain encoder", "face, plain encoder", "face, real camera"])
def test_plain_encoders_get_few_bits(kind):
    scenes = [draw_scene(kind, seed).scene for seed in range(40)]
    assert {scene.codec for scene in scenes} == {"h264", "hevc", "vp8", "vp9", "mpeg4"}
    for scene in scenes:
        assert scene.plain_encoder
        assert 0.02 <= 1000 * scene.bit_rate_kbps / (scene.width * scene.height * scene.frame_rate_hz) <= 0.3
        assert 0.5 <= scene.key_frame_s <= 10


@pytest.mark.parametrize(
    ("kind", "tones", "luma"), [("face, darkest skin", (0.8, 1), (70, 110)), ("face, dim light", (0.5, 1), (42, 70))]
)
def test_dark_skin_is_in_the_light_that_its_kind_says(kind, tones, luma):
    for seed in range(6):
        drawn = draw_scene(kind, seed)
        assert tones[0] <= drawn.tone <= tones[1]
        shown = drawn.scene.colours.mean(axis=(0, 1)) * drawn.scene.brightness
        assert luma[0] < shown @ [0.299, 0.587, 0.114] < luma[1]


def test_a_made_up_face_changes_without_a_pulse():
    for seed in range(8):
        scene = draw_scene("made-up face", seed).scene
        cells = scene.colours / scene.colours.mean(axis=0) - 1
        assert 0.002 < cells.std() < 0.04
        # Each place by itself, for the most part.
        assert np.median(np.corrcoef(cells[..., 1].T)) < 0.6
        assert scene.beats_s is None


def test_autogain_swings_and_is_almost_grey():
    for seed in range(10):
        scene = draw_scene("photograph, autogain", seed).scene
        light = scene.light(scene.frame_times_s())
        assert 0.05 < np.ptp(light[:, 1]) < 2
        # Its largest part is the same in all channels.
        log = np.log(light)
        assert np.ptp(log - log.mean(axis=1, keepdims=True), axis=0).max() < 0.2 * np.ptp(log[:, 1])


def test_noise_alone_is_another_picture_on_every_frame(tmp_path):
    scene = replace(draw_scene("noise alone", 3).scene, duration_s=0.2, codec="ffv1", noise=20.0)
    film(tmp_path / "noise.mkv", "noise alone", scene)
    with Clip(tmp_path / "noise.mkv") as clip:
        images = [frame.image.astype(float) for frame in clip.frames()]
    assert len(images) == round(0.2 * scene.frame_rate_hz)
    for before, after in pairwise(images):
        assert abs(np.corrcoef(before.ravel(), after.ravel())[0, 1]) < 0.1
        assert 10 < before[..., 1].std() < 25


def test_a_wall_is_measured_and_refused():
    clip = Film("choice", "wall", 0)
    measured = measure_clip(clip)
    assert measured.film == clip
    assert measured.reasons == judge(measured) == ["no_face"]
    assert measured.heart_rate_bpm is None


def test_a_run_goes_on_where_it_was(tmp_path):
    path = tmp_path / "measured.jsonl"
    clips = [Film("choice", kind, number) for kind in KINDS[:3] for number in range(2)]
    assert measure_all(clips[:4], path, 1, quick) == 4
    first = path.read_text()
    # Stopped in the middle of a line.
    path.write_text(first + first.splitlines()[0][:40])
    assert measure_all(clips, path, 1, quick) == 2
    assert measure_all(clips, path, 1, quick) == 0
    assert path.read_text().startswith(first)
    assert load_measured(path) == [quick(clip) for clip in clips]


def test_a_clip_is_judged_again_by_the_thresholds_of_today(monkeypatch):
    assert judge(made_up(0)) == []
    assert judge(made_up(0, snr_db=1.0)) == ["weak_pulse"]
    assert judge(made_up(0, **NOISE)) == ["no_pulse"]
    assert judge(made_up(0, light_share=0.9)) == ["light_flicker"]
    assert judge(made_up(0, rival_db=3.0)) == ["rate_uncertain"]
    assert judge(made_up(0, capture_reasons=["too_dark"])) == ["too_dark"]
    assert judge(coded(made_up(0), 90.0)) == ["too_compressed"]
    assert judge(coded(made_up(0, snr_db=3.0), 900.0)) == ["too_compressed"]
    monkeypatch.setattr(quality, "MIN_READING_SNR_DB", 0.5)
    assert judge(made_up(0, snr_db=1.0)) == []


SNR = next(threshold for threshold in THRESHOLDS if threshold.name == "snr_for_shape_db")


def test_the_curve_counts_clips():
    photographs = [made_up(number, "photograph", snr_db=snr) for number, snr in enumerate((-3.0, 0.0, 3.0, 5.0))]
    photographs[3] = made_up(3, "photograph", snr_db=5.0, rival_db=4.0)  # refused by another threshold
    photographs.append(made_up(4, "wall", capture_reasons=["no_face"], snr_db=9.0))
    faces = [made_up(number, snr_db=snr) for number, snr in enumerate((1.0, 4.0, 8.0, 10.0))]
    weak = [made_up(0, "face, weak pulse", snr_db=-9.0)]
    curve = draw_curve(photographs + faces + weak, SNR)

    def at(shares, threshold):
        return shares[int(np.flatnonzero(SNR.grid == threshold)[0])]

    assert [at(curve.read, x) for x in (-4, -3, 0, 0.25, 3, 3.25)] == [0.6, 0.6, 0.4, 0.2, 0.2, 0.0]
    assert [at(curve.read_alone, x) for x in (-4, 0, 4, 5.25)] == [0.8, 0.6, 0.2, 0.0]
    assert [at(curve.refused, x) for x in (0, 1, 1.25, 8.25, 12)] == [0.0, 0.0, 0.25, 0.75, 1.0]


def test_the_curve_of_an_upper_limit_counts_the_other_way():
    rival = next(threshold for threshold in THRESHOLDS if threshold.name == "rival_db")
    twice = [made_up(number, "photograph", rival_db=power) for number, power in enumerate((-10.0, 5.0))]
    curve = draw_curve([*twice, made_up(0, rival_db=-5.0)], rival)
    assert [curve.read[at] for at in (19, 20, 49, 50)] == [0.0, 0.5, 0.5, 1.0]
    assert [curve.refused[at] for at in (29, 30)] == [1.0, 0.0]


def test_the_curve_meets_the_verdict_at_the_threshold_in_use():
    rng = np.random.default_rng(0)
    clips = [
        made_up(
            number,
            kind,
            snr_db=rng.normal(4, 4),
            others_snr_db=rng.normal(3, 4),
            light_share=rng.uniform(0, 0.7),
            rival_db=rng.normal(-6, 4),
        )
        for kind in ("photograph", "face")
        for number in range(60)
    ]
    for threshold in THRESHOLDS:
        curve = draw_curve(clips, threshold)
        at = int(np.argmin(np.abs(threshold.grid - threshold.value)))
        read = {kind: sum(one.kind == kind and not judge(one) for one in clips) for kind in ("photograph", "face")}
        assert 0 < read["face"] < 60
        assert curve.read[at] == pytest.approx(read["photograph"] / 60)
        assert curve.refused[at] == pytest.approx(1 - read["face"] / 60)


def drawn_kinds(rng):
    """Clips of three kinds with a pulse and three without; what tells them apart differs from kind to kind."""
    clips = []
    for kind, change in (
        ("face", {}),
        ("face of any skin tone", {"colour_agreement": 0.0}),
        ("face, weak pulse", {"region_agreement": 0.9}),
        ("photograph", NOISE),
        ("photograph, coloured lamp", {"light_share": 1.0, "surround_share": 1.0}),
        ("photograph, hand shake", {"head_swing": 0.02, "others_snr_db": 0.0}),
    ):
        for number in range(12):
            shaken = {name: value + 0.1 * abs(value) * rng.normal() for name, value in (PULSE | change).items()}
            clips.append(made_up(number, kind, "choice", **(shaken | {"heart_rate_bpm": 72.0})))
    return clips


def test_weights_tell_kinds_apart_and_never_turn_against_their_question():
    clips = drawn_kinds(np.random.default_rng(1))
    names = [question.name for question in QUESTIONS]
    questions, offset = fit_questions(clips, names)
    for question, asked in zip(questions, QUESTIONS, strict=True):
        assert question.name == asked.name
        assert question.weight * asked.weight >= 0
    assert [log_odds(one, questions, offset) > 0 for one in clips] == [has_found_pulse(one) for one in clips]


def test_a_kind_that_is_left_out_is_judged_by_the_others():
    clips = drawn_kinds(np.random.default_rng(2))
    names = [question.name for question in QUESTIONS]
    lamps = [one.kind == "photograph, coloured lamp" for one in clips]
    fitted = fit_questions([one for one, lamp in zip(clips, lamps, strict=True) if not lamp], names)
    expected = [log_odds(one, *fitted) for one, lamp in zip(clips, lamps, strict=True) if lamp]
    np.testing.assert_allclose(leave_kinds_out(clips, names)[lamps], expected)
    assert "| light_share |" in ablation_table(clips, names)


def test_another_rhythm_than_the_pulse_is_none():
    assert has_found_pulse(made_up(0))
    assert not has_found_pulse(made_up(0, heart_rate_bpm=76.0))
    assert not has_found_pulse(made_up(0, "photograph"))


def test_what_is_told_is_counted():
    clips = [made_up(0), made_up(1, heart_rate_bpm=70.0), made_up(2, heart_rate_bpm=90.0), made_up(3, **NOISE)]
    clips.append(made_up(0, "photograph", snr_db=1.0))
    assert told_sentence(clips) == (
        "2 of 4 heart rates told lie within 3 bpm (50.0 %). 1 of 3 readings lie within 2 bpm (33.3 %). "
        "1 of 4 intervals hold the true rate (25.0 %)."
    )


def test_bounds_are_exact():
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300)) == pytest.approx(3 / 300, rel=0.01)
    assert upper_bound(2, 50) == pytest.approx(beta.ppf(0.95, 3, 48))
    assert lower_bound(290, 300) == pytest.approx(beta.ppf(0.05, 290, 11))


def test_the_tables_say_what_was_counted():
    clips = [
        made_up(0),
        made_up(1, snr_db=1.0),
        made_up(2, **NOISE),
        made_up(0, "wall", capture_reasons=["no_face"]),
    ]
    line = next(line for line in kinds_table(clips).splitlines() if line.startswith("| face |"))
    assert line == "| face | 3 | 1 | 2 | 0.50 (0.50) | 1 `weak_pulse`, 1 `no_pulse` |"
    assert sums(clips).startswith(
        "0 of 1 inputs without a pulse give a reading (0.0 %; with 95 % confidence at most 95.0 %)"
    )
    assert "1 of 3 good captures give a reading (33.3 %; with 95 % confidence at least 1.7 %)" in sums(clips)


def test_a_face_in_too_little_light_is_counted_apart():
    dim = replace(made_up(0, **NOISE), scene=SCENE | {"luma": 50.0})
    lost = replace(made_up(1, capture_reasons=["no_face"]), scene=SCENE | {"luma": None})
    assert "1 of 2 good captures give a reading" in sums([made_up(2), lost, dim])
    assert "| the same, in too little light | 1 | 0 |" in kinds_table([made_up(2), lost, dim])


def test_the_figure_draws_every_threshold():
    clips = [made_up(number, kind) for kind in ("photograph", "face") for number in range(3)]
    figure = draw_controls({"choice": clips, "test": []})
    assert [axes.get_xlabel().split(", at ")[0] for axes in figure.axes] == [
        threshold.title for threshold in THRESHOLDS
    ]


def test_an_encoders_rhythm_is_counted_by_its_bits():
    films = encoder_films(2)
    assert len({film.half for film in films}) == len(BITS_PER_PIXEL)
    assert Counter(film.number for film in films) == dict.fromkeys(range(2), len(BITS_PER_PIXEL))
    in_step = REPORT | {"key_frame_interval_s": 60 / 73}
    measured = [
        replace(made_up(0, "photograph, bad codec", "encoder 0.1"), capture=in_step),  # 6 dB, few bits: all but those
        replace(made_up(1, "photograph, bad codec", "encoder 0.1", snr_db=3.0), capture=in_step),
        made_up(2, "photograph, bad codec", "encoder 0.1", **NOISE),
        made_up(3, "photograph, bad codec", "encoder 0.1"),  # of another rate than its key frames
        made_up(0, "photograph, bad codec", "encoder 0.2", **NOISE),
    ]
    lines = encoder_table(measured).splitlines()
    assert "| 0.1 | 4 | 3 | 2 | 1 |" in lines
    assert "| 0.2 | 1 | 0 | 0 | 0 |" in lines
