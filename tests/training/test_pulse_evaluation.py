"""Heart rates by method beside a reference."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bpdemo.capture import read_capture
from bpdemo.data.person import Recording
from bpdemo.data.signals import InMemory, Samples
from bpdemo.errors import DataError
from bpdemo.pulse_methods import METHODS
from bpdemo.training import pulse_evaluation
from bpdemo.training.pulse_evaluation import (
    Span,
    by_method,
    by_task,
    figures,
    place_spans,
    read_recording_spans,
    read_spans,
)
from tests.support.small_ppg_bp import finger_pulse
from tests.support.small_pulse import NAME, write_pulse_weights


@pytest.fixture(scope="module", autouse=True)
def each_clip_once():
    """Decoding takes most of the time, and gives the same each time."""
    with pytest.MonkeyPatch.context() as patch:
        captures = {}

        def read_once(path):
            path = Path(path).resolve()
            if path not in captures:
                captures[path] = read_capture(path)
            return captures[path]

        patch.setattr(pulse_evaluation, "read_capture", read_once)
        yield


def span(reference, found, code="", snr=4.0, **about):
    known = {"recording": "a", "person": "set:1", "task": None, "start_s": 0.0, "end_s": 30.0, "method": "pos"}
    return Span(**(known | about), reference_bpm=reference, heart_rate_bpm=found, snr_db=snr, code=code)


def test_figures_are_those_of_the_rates_that_are_told():
    spans = [span(60.0, 61.0), span(70.0, 66.0), span(80.0, 81.0, snr=1.0), span(90.0, 45.0, "no_pulse")]
    told, forced = figures(spans), figures(spans, forced=True)
    assert (told.spans, told.told, told.refused) == (4, 3, {"no_pulse": 1})
    assert (told.mae, told.rmse) == pytest.approx((2.0, np.sqrt(6.0)))
    assert told.r == pytest.approx(np.corrcoef([60, 70, 80], [61, 66, 81])[0, 1])
    assert (told.within_3_bpm, told.snr_db) == pytest.approx((2 / 3, 3.0))
    assert (forced.told, forced.mae, forced.refused) == (4, pytest.approx(51 / 4), {"no_pulse": 1})


def test_what_has_no_pulse_counts_apart():
    spans = [span(0.0, 70.0, snr=None), span(0.0, 70.0, "no_pulse", snr=None), span(None, 70.0, snr=None)]
    found = figures(spans)
    assert (found.spans, found.told, found.mae, found.without_pulse, found.false) == (0, 0, None, 2, 1)
    assert figures(spans, forced=True).false == 2


def test_figures_by_method_and_task():
    spans = [span(60.0, 60.0, task="rest"), span(60.0, 70.0, task="speech"), span(60.0, 90.0, method="green")]
    assert {name: each.told for name, each in by_method(spans).items()} == {"green": 1, "chrom": 0, "pos": 2}
    assert {task: methods["pos"].mae for task, methods in by_task(spans).items()} == {"rest": 0, "speech": 10}
    assert by_task(spans[:1]) == {}


def test_spans_follow_each_other():
    assert place_spans(12.0) == [(0, 12.0)]
    assert place_spans(59.0) == [(0, 30)]
    assert place_spans(65.0) == [(0, 30), (30, 60)]


def test_the_reference_is_the_contact_pulse_of_the_same_seconds(pulse_clip):
    """What the data set notes for the whole clip, a wrong number here, counts only where there is no pulse."""
    wave = InMemory(Samples.evenly(finger_pulse(72.0, 0.4, 15, 64), 64))
    spans = read_recording_spans(Recording("set:1", "a", pulse_clip.path, pulse=wave, heart_rate_bpm=99.0))
    assert [one.method for one in spans] == [*METHODS]
    for one in spans:
        assert one.reference_bpm == pytest.approx(72.0, abs=0.5)
        assert one.heart_rate_bpm == pytest.approx(72.0, abs=1.5)
        assert one.code == ""
        assert one.snr_db > 3
    dead = InMemory(Samples.evenly(np.zeros(960), 64))
    (*_, noted) = read_recording_spans(Recording("set:1", "a", pulse_clip.path, pulse=dead, heart_rate_bpm=99.0))
    assert noted.reference_bpm == 99.0
    assert noted.snr_db < 0


def test_a_photograph_is_refused_by_every_method(still_clip):
    spans = read_recording_spans(Recording("set:1", "a", still_clip.path, heart_rate_bpm=0.0))
    assert all(one.code and one.reference_bpm == 0 and one.heart_rate_bpm for one in spans)


def test_a_clip_that_cannot_be_read_is_counted(text_file, wall_clip):
    recordings = [
        Recording("set:1", "text", text_file, heart_rate_bpm=70.0),
        Recording("set:2", "wall", wall_clip.path, heart_rate_bpm=70.0),
        Recording("set:3", "no clip"),
    ]
    found = figures([one for one in read_spans(recordings) if one.method == "pos"])
    assert found.refused == {"not_a_video": 1, "no_face": 1}
    with pytest.raises(DataError) as caught:
        read_spans(recordings[2:])
    assert caught.value.code == "no_clips"


def test_the_command_prints_tables_or_json(pulse_clip, still_clip, tmp_path, monkeypatch, run_here):
    for name, clip in (("face", pulse_clip), ("photograph", still_clip)):
        (tmp_path / f"{name}.mp4").symlink_to(clip.path)
    monkeypatch.setattr(pulse_evaluation, "map_in_processes", lambda work, items, **_: map(work, items))
    (tmp_path / "clips.csv").write_text("clip,person,heart_rate\nface.mp4,1,72\nphotograph.mp4,2,none\n")

    def run(*options):
        ran = run_here("evaluate-pulse", "--data", f"ours={tmp_path}", *options)
        assert not ran.returncode
        return ran.stdout

    rows = [line.split("|")[1:-1] for line in run().splitlines() if line.startswith("| pos")]
    assert [cell.strip() for cell in rows[0][:3]] == ["pos", "1", "1"]
    assert rows[0][-1].strip() == "0 of 1"
    found = json.loads(run("--json", "--whole-clips", "--forced"))
    assert found["methods"]["pos"]["mae"] < 1
    assert found["methods"]["pos"]["false"] == 1


@pytest.mark.usefixtures("small_pulse")
def test_a_network_is_a_method_more(pulse_clip, text_file, tmp_path):
    weights = str(write_pulse_weights(tmp_path / "w"))
    truth = pulse_clip.truth["heart_rate_bpm"]
    known = Recording("set:1", "a", clip=pulse_clip.path, heart_rate_bpm=truth)
    *_, found = read_recording_spans(known, networks=[weights])
    assert (found.method, found.code) == (NAME, "")
    assert found.heart_rate_bpm == pytest.approx(truth, abs=1)
    assert found.snr_db > 0
    unread = read_recording_spans(replace(known, clip=text_file), networks=[weights])
    assert [span.method for span in unread] == [*METHODS, NAME]
    assert list(by_method([found])) == [*METHODS, NAME]
