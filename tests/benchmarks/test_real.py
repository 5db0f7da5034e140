"""Clips of known truth: what is right, missed and false."""

import json
import os
import sys
from dataclasses import replace

import pytest

from benchmarks import real
from bpdemo.errors import DataError
from bpdemo.estimate import HeartRate
from tests.support.made_up_results import READING, REFUSED


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pulse_clip, still_clip, short_clip):
    """Two clips that the table knows and one that it does not."""
    folder = tmp_path_factory.mktemp("real")
    for name, clip in (("face.mp4", pulse_clip), ("photograph.mp4", still_clip), ("other.mp4", short_clip)):
        os.link(clip.path, folder / name)
    (folder / "clips.csv").write_text("heart_rate,clip,kind\n72,face.mp4,\n,photograph.mp4,none\n")
    (folder / "notes.txt").write_text("no clip")
    return folder


def test_a_folder_is_read_beside_what_is_known_of_it(folder, small_weights, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BPDEMO_WEIGHTS", str(small_weights))
    monkeypatch.setattr("bpdemo.estimator.worthwhile_processes", lambda _: 1)
    monkeypatch.setattr(sys, "argv", ["real", str(folder), "--json", str(tmp_path / "out.json")])
    real.main()
    printed = capsys.readouterr().out
    assert "1 clips; 1 hits within 3 bpm, 0 misses" in printed
    assert "1 clips; 1 rightly without a heart rate" in printed
    assert "false heart rates: 0" in printed
    outcomes = {one["clip"]: (one["outcome"], one["level"]) for one in json.loads((tmp_path / "out.json").read_text())}
    assert outcomes == {
        "face.mp4": ("hit", "reading"),
        "other.mp4": ("unknown", "nothing"),
        "photograph.mp4": ("rightly none", "nothing"),
    }


@pytest.mark.parametrize(
    ("truth", "rate", "outcome"),
    [
        (real.Truth(72.0), 74.9, "hit"),
        (real.Truth(72.0), 75.1, "false"),
        (real.Truth(72.0), None, "miss"),
        (real.Truth(pulse=False), 72.0, "false"),
        (real.Truth(pulse=False), None, "rightly none"),
        (real.Truth(), 72.0, "unknown"),
    ],
)
def test_outcomes(truth, rate, outcome):
    estimate = REFUSED if rate is None else replace(READING, heart_rate=HeartRate(rate, 5.0, (rate - 2, rate + 2)))
    one = real.compare(estimate, truth, {})
    assert (one.outcome, one.heart_rate) == (outcome, rate)


def test_pressures_are_optional_and_compared_where_known():
    truths = (real.Truth(61.0, 120.4, 70.4), real.Truth(61.0))
    printed = real.totals(real.compare(READING, truth, {}) for truth in truths)
    assert "systolic: 1 clips, mean absolute error 2.0 mmHg" in printed
    assert "diastolic: 1 clips, mean absolute error 0.0 mmHg" in printed


def test_the_table_may_lie_elsewhere_and_is_checked(folder, tmp_path):
    table = tmp_path / "known.csv"
    table.write_text("clip,heart_rate,pulse\nface.mp4,72,\nother.mp4,,no\n")
    found = {path.name: truth for path, truth in real.read_truth(folder, table).items()}
    assert found == {"face.mp4": real.Truth(72.0, pulse=True), "other.mp4": real.Truth(pulse=False)}
    table.write_text("clip,heart_rate\nface.mp4,fast\n")
    with pytest.raises(DataError, match="'fast' is not a number"):
        real.read_truth(folder, table)
    assert real.read_truth(tmp_path) == {}


def test_peers_find_the_rate_of_a_rendered_face(pulse_clip, text_file):
    pytest.importorskip("vitallens")
    rates = real.ask_peers(pulse_clip.path)
    assert rates.keys() == {"g", "chrom", "pos"}
    assert rates["pos"] == pytest.approx(72, abs=real.WITHIN_BPM)
    assert set(real.ask_peers(text_file).values()) == {None}
