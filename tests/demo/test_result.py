from dataclasses import replace

import numpy as np
import pytest
from small_weights import small_config

from bpdemo.demo import result
from bpdemo.errors import ClipError, Reason
from bpdemo.estimate import Baseline, Estimate, HeartRate, PressureEstimate, RangeEstimate, WindowEstimate
from bpdemo.regions import CELLS
from bpdemo.slices import cut_slices
from bpdemo.stmap import build_stmap

CONFIG = small_config()
WEIGHTS = {"name": "small", "revision": None, "stmap_version": 1, "provenance": CONFIG["provenance"]}
PRESSURE = PressureEstimate(
    118.4,
    (90.2, 146.6),
    0.9,
    (RangeEstimate(80.0, 110.0, 0.4, 100.0), RangeEstimate(110.0, 140.0, 0.6, 126.0)),
    Baseline(121.0, 14.0),
)
READING = Estimate("clip.mp4", "reading", systolic=PRESSURE, diastolic=PRESSURE, heart_rate=HeartRate(61.26, 7.5))


def test_a_reading_shows_values_intervals_heart_rate_and_what_it_is_not():
    html = result.glance(READING, CONFIG, result.draw_pressure(READING))
    for said in (
        "118<i>/</i>118",
        "90 % interval: 90 to 147 / 90 to 147",
        "61.3",
        "SNR 7.5 dB",
        "not a medical device",
    ):
        assert said in html
    assert "(128 / 71)" in html  # the training mean stands beside it
    assert "<svg" in html


def test_a_refusal_shows_what_was_seen_and_what_to_change_and_no_pressure():
    refused = Estimate("clip.mp4", "refused", reasons=(Reason("no_pulse", "No pulse.", "More light."),))
    html = result.glance(refused, CONFIG)
    assert "No pulse." in html
    assert "More light." in html
    assert "mmHg" not in html


def test_a_refusal_keeps_the_heart_rate_that_was_found():
    refused = replace(READING, status="refused", systolic=None, diastolic=None, reasons=(Reason("a", "b", "c"),))
    assert "61.3" in result.glance(refused, CONFIG)


def test_the_steps_show_the_slices_that_were_read_and_none_where_there_are_none():
    time_s, colours = np.arange(450) / 30, np.full((450, len(CELLS), 3), 150.0)
    colours *= 1 + 0.005 * np.sin(2 * np.pi * 1.2 * time_s)[:, None, None] * np.array((0.3, 0.8, 0.5))
    stmap = build_stmap(time_s, colours + np.random.default_rng(0).normal(0, 0.1, colours.shape))
    slices = cut_slices(stmap)
    nothing = replace(slices, weight=np.zeros_like(slices.weight))
    for cut, count in ((slices, 1), (nothing, 0), (None, 0)):
        window = WindowEstimate(0.0, 15.0, (), PRESSURE, PRESSURE, READING.heart_rate, stmap, None, cut)
        estimate = replace(READING, windows=(window,))
        html = result.steps(estimate, result.draw(estimate))
        assert html.count("laid over each other") == count
        assert html.count("<svg") == 1 + count


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a'onload='x", '"><img src=x>'])
def test_what_comes_from_elsewhere_cannot_become_markup(text):
    error = Estimate.from_error(f"{text}.mp4", ClipError("a", text, text), WEIGHTS)
    config = {**CONFIG, "provenance": {**CONFIG["provenance"], "statement": text, "data": text}}
    weights = {**WEIGHTS, "name": text, "provenance": config["provenance"]}
    for html in (
        result.glance(error, config, truth=text),
        result.files(error, {}),
        result.how_it_works(config, weights),
    ):
        assert "<script" not in html
        assert "<img" not in html
        assert "'onload='" not in html


def test_figures_of_the_weights_stand_beside_their_baseline():
    figures = {"mae": 13.9, "baseline_mae": 15.6, "r": 0.42, "coverage": 0.91}
    quality = {"systolic": figures, "diastolic": figures}
    config = {**CONFIG, "validation": {"people": 50, "qualities": {"standard": quality}}}
    assert "13.9" in result.how_it_works(config, WEIGHTS)
    assert "15.6" in result.how_it_works(config, WEIGHTS)
    html = result.glance(READING, config)
    assert "50 people" in html
    assert "13.9 / 13.9" in html


@pytest.mark.parametrize("validation", [{}, {"qualities": 3}, {"qualities": {"standard": {}}}, {"people": "x"}])
def test_weights_with_other_figures_are_shown_without_them(validation):
    config = {**CONFIG, "validation": validation}
    assert "15.5 / 8.5" in result.glance(READING, config)
    assert "small" in result.how_it_works(config, WEIGHTS)


def test_the_capture_report_leaves_out_what_was_not_measured():
    capture = {
        "container": "mov,mp4",
        "codec": "h264",
        "width": 640,
        "height": 480,
        "rotation_degrees": 90,
        "file_bytes": 2_000_000,
        "frames": 10,
        "duration_s": 0.33,
        "frame_rate_hz": 30.0,
        "jitter_ms": 0.0,
        "longest_gap_s": 0.033,
        "bit_rate_kbps": 900.0,
        "frames_dropped": 0,
        "damaged": False,
        "cut_at_s": None,
        "face": {"key_frames": 2, "seen": 0.0, "faces": 0, "width_pixels": 0.0},
    }
    rows = dict(result.capture_rows(capture))
    assert rows["Picture"] == "640 x 480 pixels, turned 90°"
    assert rows["Longest gap"] == "33 ms"
    assert "Brightness of the skin" not in rows
    assert not any("nan" in text for text in rows.values())
    assert np.isfinite(float(rows["Frames"]))
