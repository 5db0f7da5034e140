"""What a result can be taken away as is what was measured."""

import base64
import csv
import io
import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from bpdemo.demo.downloads import download_links
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.export.figures import draw_figures
from bpdemo.export.files import ADJUSTED_KEY
from tests.support.made_up_results import ADJUSTED, HEART_RATE_BPM, READING, WEIGHTS, make_reading


def offered(html):
    """File name -> content of every link."""
    links = re.findall(r'<a download="([^"]*)" href="data:[^;]*;base64,([^"]*)"', html)
    return {name: base64.b64decode(content) for name, content in links}


def test_five_files_hold_what_was_measured():
    estimate = make_reading()
    given = offered(download_links(estimate, draw_figures(estimate), b"%PDF-"))
    assert set(given) == {"clip.json", "clip.pdf", "clip.stmap.npz", "clip.pulse.csv", "clip.figures.zip"}
    assert json.loads(given["clip.json"]) == estimate.to_dict()
    assert given["clip.pdf"] == b"%PDF-"
    with np.load(io.BytesIO(given["clip.stmap.npz"])) as saved:
        np.testing.assert_array_equal(saved["stmap"], estimate.windows[0].stmap.values)
    rows = list(csv.DictReader(io.StringIO(given["clip.pulse.csv"].decode())))
    beats = [float(row["time_s"]) for row in rows if row["beat"] == "1"]
    assert 60 / np.mean(np.diff(beats)) == pytest.approx(HEART_RATE_BPM, abs=1)
    np.testing.assert_allclose([float(row["wave"]) for row in rows], estimate.windows[0].pulse.wave, atol=1e-6)
    with zipfile.ZipFile(io.BytesIO(given["clip.figures.zip"])) as archive:
        assert set(archive.namelist()) == {f"{name}.png" for name in ("cells", "stmap", "beats", "pulse", "ranges")}
        for name in archive.namelist():
            assert Image.open(io.BytesIO(archive.read(name))).width > 700


def test_of_an_error_there_is_only_the_form():
    error = Estimate.from_error("a b.mp4", ClipError("a", "b", "c"), WEIGHTS)
    given = offered(download_links(error, {}, None))
    assert set(given) == {"a b.json"}
    assert json.loads(given["a b.json"])["status"] == "error"


def test_adjusted_values_stand_apart_from_the_form():
    form = json.loads(offered(download_links(READING, {}, None, ADJUSTED))["clip.json"])
    adjusted = form.pop(ADJUSTED_KEY)
    assert form == READING.to_dict(), "the schema's own values must stay raw"
    assert adjusted["systolic"] == {"value": 130.0, "unit": "mmHg"}
    assert adjusted["offset"] == {"systolic": 11.6, "diastolic": 9.6}
    assert adjusted["cuff"] == {"systolic": 130.0, "diastolic": 80.0}
