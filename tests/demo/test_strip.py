"""The numbers a browser draws a result from are those of the result."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from bpdemo.demo.views.result import result
from bpdemo.demo.views.strip import colours, follow, shown_pressure, shown_result, to_json
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.figures.shown import SHOWN_LIMITS, STRENGTH_LIMIT, colour_table, pulse_strength, shown_map
from bpdemo.regions import CELLS, REGIONS, region_title, rows_of_region
from bpdemo.stmap import CHANNELS
from bpdemo.whole_clip import mean_pressure
from tests.support.made_up_results import (
    CONFIG,
    DIASTOLIC,
    HEART_RATE_BPM,
    READING,
    REFUSED,
    SYSTOLIC,
    WEIGHTS,
    make_reading,
    make_thumbnails,
    make_window,
)

SILENT, HIDDEN = 12, 20
NOT_MEASURED = -128
ERROR = Estimate.from_error("a.mp4", ClipError("a", "b", "c"), WEIGHTS)


def with_gap(window, row, columns):
    """The window with a row that was not measured in some columns."""
    mask = window.stmap.mask.copy()
    mask[row, columns] = False
    return replace(window, stmap=replace(window.stmap, mask=mask))


@pytest.fixture(scope="module")
def window():
    return with_gap(make_window(silent_row=SILENT, hidden_row=HIDDEN), 0, slice(100, 150))


@pytest.fixture(scope="module")
def shown(window):
    return browser_gets(replace(make_reading(), windows=(window,)))


def browser_gets(estimate):
    """The payload as a browser parses it: no NaN, no infinity."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(to_json(shown_result(estimate)), parse_constant=refuse)


def decoded(part, channel):
    return np.frombuffer(base64.b64decode(part[channel]), np.int8).reshape(len(CELLS), -1)


def picture_of(address):
    head, _, content = address.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_the_maps_bytes_are_the_map_within_a_step(window, shown):
    parts = {"channels": shown_map(window.stmap).filtered, "raw": shown_map(window.stmap).unfiltered}
    for name, truth in parts.items():
        assert list(shown["map"][name]) == list(CHANNELS)
        for channel, percent in zip(CHANNELS, truth, strict=True):
            coded, limit = decoded(shown["map"][name], channel), SHOWN_LIMITS[channel]
            measured = np.isfinite(percent)
            assert_array_equal(coded == NOT_MEASURED, ~measured)
            expected = np.clip(percent[measured], -2 * limit, 2 * limit)
            assert_allclose(coded[measured] / 127 * 2 * limit, expected, atol=limit / 127 * 1.01)
    assert shown["map"]["limits"] == SHOWN_LIMITS
    assert not (decoded(shown["map"]["channels"], "T")[HIDDEN] != NOT_MEASURED).any()
    assert (decoded(shown["map"]["channels"], "T")[0, 100:150] == NOT_MEASURED).all()


def test_the_map_shows_the_pulse_and_where_there_is_none(shown):
    coded = decoded(shown["map"]["channels"], "T").astype(float)
    frequency_hz = np.fft.rfftfreq(450, 1 / shown["map"]["rate_hz"])
    strongest_bpm = 60 * frequency_hz[np.abs(np.fft.rfft(coded[1])).argmax()]
    assert strongest_bpm == pytest.approx(HEART_RATE_BPM, abs=4.1)
    assert np.std(coded[SILENT]) < 0.3 * np.std(coded[1])
    assert (shown["map"]["columns"], shown["map"]["start_s"]) == (450, 0.0)


def test_what_leaves_the_scale_stays_within_the_bytes(window):
    loud = replace(window, stmap=replace(window.stmap, scale=100 * window.stmap.scale))
    coded = decoded(browser_gets(replace(READING, windows=(loud,)))["map"]["raw"], "T")
    measured = coded[window.stmap.mask]
    assert (measured.min(), measured.max()) == (-127, 127)


def test_every_row_is_named_by_region_and_number_and_says_how_it_follows(window, shown):
    rows = shown["map"]["rows"]
    assert len(rows) == len(CELLS)
    for region in REGIONS:
        places = rows_of_region(region)
        for number, row in enumerate(places, start=1):
            assert rows[row]["region"] == region_title(region)
            assert rows[row]["words"].startswith(
                f"Row {row + 1}: {region_title(region)}, cell {number} of {len(places)}"
            )
        assert len({rows[row]["colour"] for row in places}) == 1
    followed = follow(window.stmap, window.pulse)
    assert rows[1]["words"].endswith(f" {followed[1]:.2f}")
    assert not any(letter.isdigit() for letter in rows[HIDDEN]["words"].rpartition(";")[2])


def test_rows_that_pulse_follow_the_face_and_others_do_not(window):
    followed = follow(window.stmap, window.pulse)
    assert np.delete(followed, [SILENT, HIDDEN]).min() > 0.9
    assert abs(followed[SILENT]) < 0.4
    assert np.isnan(followed[HIDDEN])
    assert np.isnan(follow(window.stmap, None)).all()


def test_the_face_has_each_cells_strength_and_its_outline(window, shown):
    face, strength = shown["face"], pulse_strength(window)
    assert face["limit"] == STRENGTH_LIMIT
    assert face["strength"][HIDDEN] is None
    known = [row for row in range(len(CELLS)) if row != HIDDEN]
    assert_allclose([face["strength"][row] for row in known], strength[known], atol=6e-4)
    assert face["strength"][SILENT] < 0.3 * face["strength"][1]
    picture = picture_of(face["picture"])
    assert picture.size == (face["width"], face["height"])
    outlines = [np.array(outline) for outline in face["outlines"]]
    corners = np.concatenate(outlines)
    assert (corners >= 0).all()
    assert (corners <= picture.size).all()
    landmarks = make_thumbnails()[1].landmarks
    scales, shifts = [], []
    for outline, cell in zip(outlines, CELLS, strict=True):
        there = landmarks[cell.outline]
        scales.append(np.ptp(outline, axis=0) / np.ptp(there, axis=0))
        shifts.append(outline[0] / scales[0] - there[0])
    assert_allclose(scales, np.full_like(scales, scales[0][0]), rtol=0.05)
    assert_allclose(shifts, np.tile(shifts[0], (len(shifts), 1)), atol=1.0)


def test_the_face_is_shown_without_what_is_around_it():
    coloured = []
    for thumbnail in make_thumbnails():
        image = np.full((480, 1280, 3), (0, 0, 255), np.uint8)
        left, top = thumbnail.landmarks.min(axis=0).astype(int)
        right, bottom = thumbnail.landmarks.max(axis=0).astype(int)
        image[top:bottom, 400 + left : 400 + right] = (255, 0, 0)
        coloured.append(replace(thumbnail, image=image, landmarks=thumbnail.landmarks + np.float32((400, 0))))
    face = browser_gets(replace(make_reading(), thumbnails=tuple(coloured)))["face"]
    red = np.asarray(picture_of(face["picture"]))[..., 0] > 128
    assert 0.15 < red.mean() < 0.9
    rows, columns = np.nonzero(red)
    outlined = np.concatenate([np.array(outline) for outline in face["outlines"]])
    assert (outlined.min(axis=0) >= (columns.min() - 2, rows.min() - 2)).all()
    assert (outlined.max(axis=0) <= (columns.max() + 2, rows.max() + 2)).all()


def test_wave_and_beats_are_the_pulse_in_percent(window, shown):
    pulse, wave, beats = window.pulse, shown["wave"], shown["beats"]
    assert_allclose(wave["values"], 100 * pulse.wave, atol=1e-4)
    assert_allclose(wave["beats_s"], pulse.beats_s, atol=1e-3)
    assert wave["rate_hz"] == 30
    upstrokes_s = np.array(beats["upstrokes_s"])
    assert set(beats["upstrokes_s"]) <= set(wave["beats_s"])
    assert_allclose(60 / np.diff(upstrokes_s).mean(), HEART_RATE_BPM, atol=1)
    assert len(beats["each"]) == len(upstrokes_s)
    assert_allclose(np.mean(beats["each"], axis=0), beats["mean"], atol=2e-4)
    time_s = np.array(beats["time_s"])
    at_upstroke = np.gradient(np.array(beats["mean"]), time_s)
    assert abs(time_s[at_upstroke.argmax()]) < 0.05


def test_each_method_has_its_own_wave_in_percent(window, shown):
    assert [each["name"] for each in shown["methods"]] == ["green", "chrom", "pos"]
    for sent, found in zip(shown["methods"], window.pulse.methods, strict=True):
        assert_allclose(sent["values"], 100 * found.wave, atol=1e-4)
        assert (sent["rate_bpm"], sent["snr_db"]) == (found.heart_rate_bpm, found.snr_db)


def test_the_spectrum_peaks_at_the_heart_rate(shown):
    spectrum = shown["spectrum"]
    peak_bpm = spectrum["rate_bpm"][int(np.argmax(spectrum["power"]))]
    assert peak_bpm == pytest.approx(HEART_RATE_BPM, abs=1)


def test_mean_beats_are_in_percent(window, shown):
    rows = shown["mean_beats"]
    for name in ("T", "Y"):
        values = np.array(rows[name])
        assert values.shape[1] == len(rows["time_s"])
        assert 0.1 < np.ptp(values[-1]) < 3, "a pulse of half a percent"


def test_pressures_are_those_of_the_reading(shown):
    assert shown["systolic"] == {
        "value": 118.4,
        "interval": [90.2, 146.6],
        "coverage": 0.9,
        "baseline": 128.0,
        "ranges": [[80, 110, 0.4], [110, 140, 0.6]],
    }
    assert shown["diastolic"]["value"] == 70.4
    assert (shown["status"], shown["model"], shown["clip"]) == ("reading", "beats", "clip.mp4")
    assert shown["heart_rate"]["value"] == READING.heart_rate.value
    assert shown_pressure(replace(SYSTOLIC, ranges=()))["ranges"] == []
    assert shown_pressure(mean_pressure([DIASTOLIC]))["value"] == 70.4
    assert shown_pressure(None) is None


def test_windows_of_a_long_clip_have_a_course_with_gaps():
    window = make_window()
    refused = replace(window, start_s=5.0, end_s=20.0, systolic=None, diastolic=None, has_pulse=False)
    last = replace(window, start_s=10.0, end_s=25.0, systolic=replace(SYSTOLIC, value=121.26))
    course = browser_gets(replace(READING, windows=(window, refused, last)))["course"]
    assert course["time_s"] == [7.5, 12.5, 17.5]
    assert course["systolic"] == [118.4, None, 121.3]
    assert course["diastolic"] == [70.4, None, 70.4]
    assert course["heart_rate"][1] is None
    assert course["heart_rate"][0] == pytest.approx(HEART_RATE_BPM, abs=1)


def test_pictures_have_their_time_and_are_small(shown):
    assert [picture["time_s"] for picture in shown["pictures"]] == [0.0, 7.0, 14.0]
    for picture in shown["pictures"]:
        assert max(picture_of(picture["picture"]).size) == 240


def test_a_clip_without_a_face_has_a_picture_and_no_map():
    pictures = tuple(replace(thumbnail, landmarks=None) for thumbnail in make_thumbnails())
    shown = browser_gets(replace(REFUSED, thumbnails=pictures))
    assert (shown["face"]["outlines"], shown["face"]["strength"]) == (None, [None] * len(CELLS))
    assert picture_of(shown["face"]["picture"]).size == (shown["face"]["width"], shown["face"]["height"])
    for part in ("map", "wave", "beats", "spectrum", "mean_beats", "course", "systolic", "heart_rate"):
        assert shown[part] is None, part
    assert len(shown["pictures"]) == 3


def test_what_is_no_pulse_has_a_wave_and_no_beats():
    window = replace(make_window(), has_pulse=False, systolic=None, diastolic=None)
    shown = browser_gets(replace(REFUSED, windows=(window,)))
    assert shown["map"]
    assert shown["wave"]
    assert shown["beats"] is None


def test_where_nothing_was_measured_nothing_is_drawn():
    window = make_window()
    blind = replace(window.stmap, mask=np.zeros_like(window.stmap.mask), values=np.zeros_like(window.stmap.values))
    bare = replace(window, stmap=blind, pulse=None, beats=None, evidence=None, has_pulse=False)
    shown = browser_gets(replace(REFUSED, windows=(bare,), thumbnails=make_thumbnails()))
    assert (shown["map"], shown["wave"], shown["mean_beats"]) == (None, None, None)
    assert shown["face"]["strength"] == [None] * len(CELLS)


def test_of_an_error_there_is_nothing_to_draw():
    shown = browser_gets(ERROR)
    assert (shown["status"], shown["pictures"]) == ("error", [])
    assert not any(shown[part] for part in ("face", "map", "wave", "beats", "spectrum", "course", "systolic"))


def test_an_element_that_holds_it_cannot_be_left():
    text = "</template></script><script>alert(1)</script>&lt;\"'"
    coded = to_json({"clip": text})
    assert not set("<&") & set(coded)
    assert json.loads(coded) == {"clip": text}


def test_the_colours_are_those_of_the_figures():
    assert_array_equal(colours(), colour_table())


def test_the_result_of_15_seconds_is_below_a_megabyte():
    rng, (_, thumbnail, _) = np.random.default_rng(0), make_thumbnails()
    noise = rng.integers(0, 256, (45, 80, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)  # worse than any face
    pictures = tuple(replace(thumbnail, time_s=float(i), image=noise) for i in range(8))
    assert len(result(replace(make_reading(), thumbnails=pictures), CONFIG).encode()) < 1_000_000
