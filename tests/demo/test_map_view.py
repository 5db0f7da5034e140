"""Choosing a row of the map: its place, its trace and its words belong to that row."""

import html as markup
import re
from dataclasses import replace

import numpy as np
import pytest

from bpdemo import figures
from bpdemo.demo.views.map_view import follow, map_view
from bpdemo.regions import CELLS, REGIONS, region_title, rows_of_region
from bpdemo.stmap import CHANNELS
from tests.support.made_up_results import make_thumbnails, make_window

SILENT, HIDDEN = 12, 20


@pytest.fixture(scope="module")
def window():
    return make_window(silent_row=SILENT, hidden_row=HIDDEN)


@pytest.fixture(scope="module")
def html(window):
    return map_view(window, figures.draw_stmap(window.stmap), make_thumbnails())


def told(html):
    return markup.unescape(re.search(r'data-rows="([^"]*)"', html).group(1)).split("\n")


def test_rows_that_pulse_follow_the_face_and_others_do_not(window):
    followed = follow(window.stmap, window.pulse)
    others = np.delete(followed, [SILENT, HIDDEN])
    assert others.min() > 0.9
    assert abs(followed[SILENT]) < 0.4
    assert np.isnan(followed[HIDDEN])
    assert np.isnan(follow(window.stmap, None)).all()


def test_every_row_is_named_by_region_and_number(html):
    lines = told(html)
    assert len(lines) == len(CELLS)
    for region in REGIONS:
        rows = rows_of_region(region)
        for number, row in enumerate(rows, start=1):
            start = f"{region_title(region)}, cell {number} of {len(rows)}. Row {row + 1}."
            assert lines[row].startswith(start) or row == HIDDEN
    assert "was not measured" in lines[HIDDEN]


def test_the_row_chosen_at_first_is_the_clearest(window, html):
    chosen = int(re.search(r'data-chosen="(\d+)"', html).group(1))
    assert chosen == np.nanargmax(follow(window.stmap, window.pulse))
    assert f'value="{chosen + 1}"' in html


def test_each_row_has_its_cell_on_the_face(html):
    landmarks = make_thumbnails()[1].landmarks
    left, top, right, _ = figures.face_square(make_thumbnails()[1])
    width = float(re.search(r'bp-row-face" viewBox="0 0 (\d+)', html).group(1))
    polygons = dict(re.findall(r'<polygon data-row="(\d+)" points="([^"]*)"', html))
    assert len(polygons) == len(CELLS)
    for row, cell in enumerate(CELLS):
        corners = np.array([[float(part) for part in pair.split(",")] for pair in polygons[str(row)].split()])
        expected = (landmarks[cell.outline] - (left, top)) * width / (right - left)
        np.testing.assert_allclose(corners, expected, atol=0.06)


def test_each_row_has_its_trace_broken_where_it_was_not_measured(window, html):
    traces = dict(re.findall(r'<path data-row="(\d+)" stroke="[^"]*" d="([^"]*)"', html))
    limit = float(re.search(r"±([\d.]+) %", html).group(1))
    percent = 100 * window.stmap.scale * window.stmap.values[CHANNELS.index("T")]
    assert traces[str(HIDDEN)] == ""
    for row in (0, SILENT, 29):
        points = np.array([[float(part) for part in pair.split()] for pair in re.split("[ML]", traces[str(row)])[1:]])
        assert len(points) == 450
        assert np.corrcoef(-points[:, 1], percent[row])[0, 1] > 0.999
        np.testing.assert_allclose(-points[:, 1] / 50 * limit, percent[row], atol=0.12 * limit)
    gap = window.stmap.mask.copy()
    gap[0, 100:150] = False
    broken = replace(window, stmap=replace(window.stmap, mask=gap))
    html = map_view(broken, figures.draw_stmap(broken.stmap), ())
    assert re.search(r'<path data-row="0" [^>]*d="([^"]*)"', html).group(1).count("M") == 2


def test_areas_to_click_in_lie_over_the_channels(window):
    drawn = figures.draw_stmap(window.stmap)
    html = map_view(window, drawn, ())
    areas = re.findall(r'class="bp-rows" style="left:([\d.]+)%;top:([\d.]+)%;width:([\d.]+)%;height:([\d.]+)%"', html)
    assert len(areas) == len(CHANNELS)
    pictures = [axes for axes in drawn.axes if axes.images]
    for area, axes in zip(areas, pictures, strict=True):
        left, bottom, width, height = axes.get_position().bounds
        found = [float(part) / 100 for part in area]
        assert found == pytest.approx([left, 1 - bottom - height, width, height], abs=1e-4)
        assert axes.get_ylim() == (len(CELLS), 0), "the first row is at the top of its area"


def test_without_a_face_or_a_pulse_the_map_can_still_be_explored(window):
    bare = replace(window, pulse=None)
    html = map_view(bare, figures.draw_stmap(bare.stmap), ())
    assert "bp-row-face" not in html
    assert "No pulse of the whole face" in told(html)[0]
