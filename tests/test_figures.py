"""Figures are judged by what is drawn in them: marks at the right places, nothing masked shown as measured."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from bpdemo import figures
from bpdemo.beats import MEAN_BEATS, average_beats, average_regions
from bpdemo.capture import Thumbnail
from bpdemo.errors import Reason
from bpdemo.estimate import HeartRate, MovedBy
from bpdemo.figures.style import BLUE
from bpdemo.pulse import measure_pulse
from bpdemo.regions import CELLS, LUMA, region_title
from bpdemo.stmap import CHANNELS, build_stmap, resample
from bpdemo.window import WindowEstimate
from tests.support.made_up_results import DIASTOLIC, SYSTOLIC, make_thumbnails

HEART_RATE_BPM = 66.0
TIME_S = np.arange(0, 15, 1 / 30)


@pytest.fixture(scope="module")
def traces():
    """A face whose cells pulse together; one cell is never seen, another for a while not."""
    wave = np.sin(2 * np.pi * HEART_RATE_BPM / 60 * TIME_S)
    noise = np.random.default_rng(0).normal(0, 0.05, (len(TIME_S), len(CELLS), 3))
    made = np.array((150.0, 110.0, 90.0)) * (1 - wave[:, None, None] * np.array((0.003, 0.006, 0.004))) + noise
    made[:, 0] = np.nan
    made[120:180, 1] = np.nan
    return resample(TIME_S, made, 0.0, 15.0)


@pytest.fixture(scope="module")
def stmap(traces):
    return build_stmap(traces)


@pytest.fixture(scope="module")
def pulse(traces):
    return measure_pulse(traces, None)


@pytest.fixture(scope="module")
def beats(stmap, pulse):
    return average_beats(stmap, pulse)


def make_window(stmap, pulse, **parts):
    made = {
        "start_s": 0.0,
        "end_s": 15.0,
        "beats": None,
        "evidence": None,
        "checks": (),
        "reasons": (),
        "has_pulse": True,
    } | parts
    return WindowEstimate(stmap=stmap, pulse=pulse, **made)


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text")) if text.get_text()]


def test_cells_are_drawn_on_three_frames_and_regions_named():
    figure = figures.draw_cells(make_thumbnails())
    assert len(figure.axes) == 3
    for axes in figure.axes:
        fill = axes.collections[0]
        assert len(fill.get_paths()) == len(CELLS)
    named = texts(figure)
    assert {"0.0 s", "7.0 s", "14.0 s"} <= set(named)
    assert {region_title(region) for region in figures.REGION_COLOURS} <= set(named)


def test_frames_without_a_face_are_drawn_bare():
    figure = figures.draw_cells([Thumbnail(0.0, make_thumbnails()[0].image, None)])
    assert len(figure.axes) == 1
    assert not figure.axes[0].collections


def test_the_map_shows_seconds_regions_and_what_was_not_measured(stmap):
    figure = figures.draw_stmap(stmap)
    pictures = [axes.images[0] for axes in figure.axes if axes.images]
    assert len(pictures) == 4
    for picture in pictures:
        shown = picture.get_array()
        assert shown.shape == stmap.mask.shape
        np.testing.assert_array_equal(~np.ma.getmaskarray(shown), stmap.mask)
        left, right, _, _ = picture.get_extent()
        assert (left, right) == pytest.approx((0, 15))
    assert {region_title(region) for region in figures.REGION_COLOURS} <= set(texts(figure))


def test_the_maps_colours_mean_the_same_change_in_every_clip(stmap):
    weaker = replace(stmap, scale=stmap.scale / 4)
    for one, other in zip(figures.draw_stmap(stmap).axes, figures.draw_stmap(weaker).axes, strict=True):
        if one.get_label().startswith("channel"):
            [strong], [weak] = one.images, other.images
            assert strong.get_clim() == weak.get_clim()
            np.testing.assert_allclose(strong.get_array() / 4, weak.get_array(), atol=1e-6)


def test_cells_are_as_bright_as_their_pulse_is_strong_and_bare_where_it_was_not_measured():
    strength = np.linspace(0.05, 0.45, len(CELLS))
    strength[3] = np.nan
    for axes in figures.draw_cells(make_thumbnails(), strength).axes[:3]:
        [fill] = axes.collections
        colours = fill.get_facecolors()
        assert colours[3, 3] == 0
        assert (np.diff(np.delete(colours, 3, axis=0)[:, :3] @ LUMA) > 0).all()


def test_mean_beats_lie_over_each_other_and_the_mean_of_all_is_thick(stmap, beats):
    expected = 100 * stmap.scale * average_regions(beats)
    for axes, channel in zip(figures.draw_beats(beats, stmap.scale).axes, "TY", strict=True):
        *thin, thick, upstroke = axes.lines
        assert len(thin) == MEAN_BEATS
        assert thick.get_linewidth() > 2 * max(line.get_linewidth() for line in thin)
        for line, row in zip((*thin, thick), expected[:, CHANNELS.index(channel)], strict=True):
            np.testing.assert_allclose(line.get_xdata(), beats.time_s)
            np.testing.assert_allclose(line.get_ydata(), row)
        assert tuple(upstroke.get_xdata()) == (0, 0)
        height = np.ptp(thick.get_ydata())
        assert height == pytest.approx({"T": 0.80, "Y": 0.94}[channel], rel=0.05), "% of the skin's colour"


def test_a_mean_beat_that_was_not_measured_is_not_drawn(stmap, beats):
    weight = beats.weight.copy()
    weight[2] = 0
    figure = figures.draw_beats(replace(beats, weight=weight), stmap.scale)
    drawn = [np.isfinite(line.get_ydata()).all() for line in figure.axes[0].lines[:-1]]
    assert drawn == [True, True, False, True, True]
    figures.to_png(figure)


def test_the_heart_rate_and_its_harmonics_are_marked(pulse):
    figure = figures.draw_pulse(pulse, HeartRate(pulse.heart_rate_bpm, pulse.snr_db, (64.0, 68.0)))
    wave, spectrum = figure.axes
    marked = [line.get_xdata()[0] for line in spectrum.lines if len(line.get_xdata()) == 2]
    assert marked == pytest.approx([HEART_RATE_BPM, 2 * HEART_RATE_BPM, 3 * HEART_RATE_BPM], abs=0.9)
    assert [(band.get_x(), band.get_width()) for band in spectrum.patches][-1] == (64.0, 4.0), "the interval"
    beats_s, heights = wave.lines[1].get_data()
    assert len(beats_s) == pytest.approx(15 * HEART_RATE_BPM / 60, abs=1.5)
    np.testing.assert_array_equal(beats_s, pulse.beats_s)
    slope = np.interp(beats_s, pulse.time_s, np.gradient(pulse.wave))
    assert (slope > 0.6 * np.gradient(pulse.wave).max()).all(), "where the wave rises steeply"
    assert np.abs(heights).max() < 0.5 * 100 * np.abs(pulse.wave).max(), "between trough and peak"


def test_what_is_not_a_pulse_is_not_marked_as_one(pulse):
    figure = figures.draw_pulse(pulse, None)
    wave, spectrum = figure.axes
    assert len(wave.lines) == 1
    assert len(spectrum.lines) == 1
    assert not any("bpm" in text for text in texts(figure))


def test_ranges_stand_in_order_with_reading_interval_and_training_mean():
    figure = figures.draw_ranges(SYSTOLIC, DIASTOLIC)
    for axes, pressure in zip(figure.axes, (SYSTOLIC, DIASTOLIC), strict=True):
        centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
        assert centres == pytest.approx([(part.low + part.high) / 2 for part in pressure.ranges])
        areas = [bar.get_height() * bar.get_width() for bar in axes.patches]
        assert areas == pytest.approx([part.probability for part in pressure.ranges]), "a density"
        marks = {line.get_label(): line.get_xdata() for line in axes.lines}
        assert marks["reading"][0] == pressure.value
        assert tuple(marks["90 % interval"]) == pressure.interval
        baseline = next(lines for lines in axes.collections if lines.get_label() == "average person")
        assert baseline.get_segments()[0][0][0] == pressure.baseline.value
        low, high = axes.get_xlim()
        assert low <= min(pressure.interval)
        assert high >= max(pressure.interval)


def test_what_moved_a_reading_is_drawn_as_long_as_it_is_and_what_hardly_did_stays_short():
    systolic = MovedBy({"nose": -3.0, "chin": 0.5}, {"diastolic_runoff": 1.0})
    diastolic = MovedBy({"nose": 0.25, "chin": 0.0}, {"diastolic_runoff": -0.5})
    figure = figures.draw_moved({"systolic": systolic, "diastolic": diastolic})
    [axes] = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [-3.0, 0.5, 1.0, 0.25, 0.0, -0.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["nose", "chin", "diastolic runoff"]
    assert {"systolic", "diastolic"} <= set(texts(figure))
    low, high = axes.get_xlim()
    assert -low == high > 3
    [small] = figures.draw_moved({"systolic": diastolic, "diastolic": diastolic}).axes
    assert small.get_xlim() == (-2, 2)


def test_the_course_shows_what_was_read_and_gaps_where_nothing_was(stmap, pulse):
    refused = (Reason("weak_pulse", "a", "b"),)
    other = replace(pulse, heart_rate_bpm=2 * pulse.heart_rate_bpm)
    windows = [
        make_window(stmap, pulse, systolic=SYSTOLIC, diastolic=DIASTOLIC),
        make_window(stmap, pulse, start_s=15.0, end_s=30.0, reasons=refused),
        make_window(stmap, other, start_s=30.0, end_s=45.0, reasons=refused),
        make_window(stmap, pulse, start_s=45.0, end_s=60.0, reasons=refused, has_pulse=False),
    ]
    rates, pressures = figures.draw_windows(windows).axes
    course, contradicting = rates.lines
    np.testing.assert_array_equal(course.get_xdata(), [7.5, 22.5, 37.5, 52.5])
    np.testing.assert_array_equal(course.get_ydata(), [pulse.heart_rate_bpm] * 2 + [np.nan] * 2)
    assert (contradicting.get_xdata(), contradicting.get_ydata()) == ([37.5], [2 * pulse.heart_rate_bpm])
    for line, pressure in zip(pressures.lines, (SYSTOLIC, DIASTOLIC), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), [pressure.value] + [np.nan] * 3)
    hatched = [
        [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches] for axes in (rates, pressures)
    ]
    assert hatched == [[(45, 60)], [(15, 30), (30, 45), (45, 60)]]
    assert pressures.get_xlim() == (0.0, 60.0)
    assert len(figures.draw_windows(windows[1:]).axes) == 1, "no pressure, no panel for it"


def test_text_of_narrow_figures_is_legible_on_a_phone(stmap, pulse, beats):
    phone_px = 336  # a phone of 390 px, less the margins
    for figure in (
        figures.draw_ranges(SYSTOLIC, DIASTOLIC),
        figures.draw_moved({"systolic": MovedBy({"nose": 1.0}, {})}),
        figures.draw_cells(make_thumbnails()),
        figures.draw_beats(beats, stmap.scale),
        figures.draw_windows([make_window(stmap, pulse, systolic=SYSTOLIC, diastolic=DIASTOLIC)] * 2),
        figures.draw_pulse(pulse, HeartRate(66.0, 8.0, (64.0, 68.0))),
    ):
        written = figure.findobj(lambda part: hasattr(part, "get_fontsize"))
        sizes = [text.get_fontsize() for text in written if text.get_text()]
        assert min(sizes) / 72 * phone_px / figure.get_figwidth() > 9


def test_the_channels_of_a_map_stand_in_order_and_the_first_is_largest(stmap):
    panels = [axes for axes in figures.draw_stmap(stmap).axes if axes.images]
    assert [axes.get_title(loc="left")[0] for axes in panels] == ["T", "Y", "U", "V"]
    heights = [axes.get_position().height for axes in panels]
    assert heights[0] > 2 * max(heights[1:])


def test_faint_bars_have_an_outline_that_is_not():
    for axes in figures.draw_ranges(SYSTOLIC, DIASTOLIC).axes:
        assert {to_hex(bar.get_edgecolor()) for bar in axes.patches} == {BLUE}


def test_png_is_a_picture_on_white():
    png = Image.open(io.BytesIO(figures.to_png(figures.draw_ranges(SYSTOLIC, DIASTOLIC))))
    assert png.width > 800
    assert png.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
