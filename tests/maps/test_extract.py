"""extract.py: each clip of a data set ends as one file that holds what the demo reads, and is read once.

Whatever happens to workers and scheduler, no finished clip is lost.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client

from bpdemo.crops import CropForm
from bpdemo.data import clips as clip_tables
from bpdemo.data import registry
from bpdemo.data.person import Recording
from bpdemo.errors import BpdemoError, DataError
from bpdemo.maps import extract as engine
from bpdemo.maps import schema
from bpdemo.maps.extract import extract
from bpdemo.maps.finished import path_of_maps, write_maps
from bpdemo.maps.recording import read_recording
from tests.support.maps_on_disk import tables
from tests.support.serve_app import ROOT
from tests.support.small_cluster import PATIENCE_S, Processes
from tests.support.small_faces_sets import Session, write_bp4d, write_mmse_hr
from tests.support.small_maps import window_row


def files(output):
    """Return all files by name, with the time of their last change."""
    return {path.name: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}


def test_every_clip_is_a_file_and_counted(extracted):
    output, counts = extracted
    assert {*files(output)} == {f"{name}.mp4.parquet" for name in ("a", "b", "wall", "text", "crash")}
    assert counts.clips == {"reading": 2, "refused": 1, "error": 2}
    assert counts.errors == {"not_a_video": 1, "crashed": 1}
    assert counts.windows == {"": 2, "no_face": 1}
    assert (counts.pressure, counts.contact) == ({"": 2}, {"missing": 2})
    assert (len(counts.people), counts.finished) == (3, 0)
    assert counts.clips_s == pytest.approx(12 + 12 + 10, abs=0.2)


def test_files_hold_what_reading_gives(extracted, data):
    (recording,) = (one for one in registry.load({"ours": data}) if one.name == "a.mp4")
    expected = schema.to_table(read_recording(recording)).to_pylist()
    np.testing.assert_equal(tables(extracted[0])["a.mp4.parquet"], expected)


def test_any_tool_opens_them(extracted):
    output, _ = extracted
    frame = pd.read_parquet(output).set_index("recording")
    assert frame.status.to_dict() == {
        **{"a.mp4": "reading", "b.mp4": "reading"},
        **{"wall.mp4": "refused", "text.mp4": "error", "crash.mp4": "error"},
    }
    assert frame.code["crash.mp4"] == "crashed"
    assert np.asarray(frame.stmap["a.mp4"]).dtype == np.float16
    for path in output.rglob("*.parquet"):
        assert pq.read_schema(path) == schema.schema()
        assert pq.read_schema(path).metadata == schema.schema().metadata


def test_datasets_opens_them(extracted):
    datasets = pytest.importorskip("datasets")
    assert len(datasets.load_dataset("parquet", data_dir=str(extracted[0]), split="train")) == 5


def test_the_same_command_reads_what_is_missing_or_failed_and_nothing_else(copied, cluster, data):
    before, whole = files(copied), tables(copied)
    (copied / "ours" / "b.mp4.parquet").unlink()
    counts = extract({"ours": data}, copied, scheduler=cluster.scheduler_address)
    after = files(copied)
    assert {name for name in before if after[name] != before[name]} == {
        f"{name}.mp4.parquet" for name in ("b", "text", "crash")
    }
    np.testing.assert_equal(tables(copied), whole)
    assert counts.finished == 2
    assert counts.clips == {"reading": 2, "refused": 1, "error": 2}
    assert counts.windows == {"": 2, "no_face": 1}


@pytest.mark.parametrize("change", ["damaged", "cut", "version", "cuff", "age", "clip"])
def test_a_file_that_is_no_longer_true_is_made_again(extracted, copied, data, tmp_path, monkeypatch, change):
    recordings = {one.name: one for one in registry.load({"ours": data})}
    path = path_of_maps(copied, recordings["a.mp4"])
    assert engine.read_finished(path, recordings["a.mp4"])
    recording = recordings["a.mp4"]
    match change:
        case "damaged":
            path.write_bytes(b"PAR1")
        case "cut":
            path.write_bytes(path.read_bytes()[:-50])
        case "version":
            monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
        case "cuff":
            recording = replace(recording, pressure=replace(recording.pressure, systolic=119.0))
        case "age":
            recording = replace(recording, age=None)
        case "clip":
            clip = tmp_path / "a.mp4"
            clip.write_bytes(Path(recording.clip).read_bytes() + b"\0")
            recording = replace(recording, clip=clip)
    assert engine.read_finished(path, recording) is None


FORM = CropForm(side=16, rate_hz=25.0, width=1.2, height=1.2, follows=False)


def test_crops_that_a_file_lacks_are_read_from_the_clip_again(copied, cluster, data, tmp_path):
    recordings = {one.name: one for one in registry.load({"ours": data})}
    path, wall = (path_of_maps(copied, recordings[name]) for name in ("a.mp4", "wall.mp4"))
    (copied / "ours" / "b.mp4.parquet").unlink()
    before = files(copied)
    extract({"ours": data}, copied, scheduler=cluster.scheduler_address, crops=FORM)
    assert files(copied)["wall.mp4.parquet"] == before["wall.mp4.parquet"], "it has no window"
    for name in ("a.mp4", "b.mp4"):
        (row,) = tables(copied)[f"{name}.parquet"]
        assert len(row["crops"]) == 12 * 25 * 16 * 16 * 3
        assert CropForm.from_json(row["crops_form"]) == FORM
    for crops, is_finished in ((FORM, True), (None, True), (replace(FORM, side=32), False)):
        assert (engine.read_finished(path, recordings["a.mp4"], crops) is not None) == is_finished
        assert engine.read_finished(wall, recordings["wall.mp4"], crops)


def test_each_window_with_crops_is_a_row_group_and_nothing_is_left_of_one_that_cannot_be_written(tmp_path):
    path = tmp_path / "set" / "a.parquet"
    rows = [window_row(number, crops=bytes(3 * 16 * 16), crops_frames=1, crops_form="{}") for number in range(3)]
    write_maps(path, rows)
    assert pq.ParquetFile(path).num_row_groups == 3
    assert [row["window"] for row in pq.read_table(path).to_pylist()] == [0, 1, 2]
    before = path.read_bytes()
    with pytest.raises((TypeError, pa.ArrowException)):
        write_maps(path, [rows[0], {"crops": 7}])
    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]
    write_maps(path, [window_row(number) for number in range(3)])
    assert pq.ParquetFile(path).num_row_groups == 1


def test_files_of_recordings_never_meet(tmp_path):
    names = ["a/b", "a_b", "a b", "a\\b", "A_B", "a:b", "ä", "ö", "..", "_a", ".a", "", "x" * 300, "x" * 301, "a\n"]
    paths = [path_of_maps(tmp_path, Recording("s/../t:1", name)) for name in names]
    assert len({str(path).lower() for path in paths}) == len(names)
    for path in paths:
        assert path.parent.parent == tmp_path
        assert path.name[0] not in "._-"
        assert len(path.name) < 100
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert path_of_maps(tmp_path, Recording("mmse_hr:1", "f005.avi")) == tmp_path / "mmse_hr" / "f005.avi.parquet"


def test_what_is_wrong_is_found_before_any_clip_is_read(data, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "connect", None)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError) as unknown:
        extract({"nothing": empty}, tmp_path / "maps")
    assert unknown.value.code == "data_unknown"
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        extract({"ours": data}, tmp_path / "file")
    monkeypatch.setattr(registry, "load", lambda data: [Recording("ours:1", "finger")])
    with pytest.raises(DataError) as nothing:
        extract({"ours": data}, tmp_path / "maps")
    assert nothing.value.code == "no_clips"
    monkeypatch.setattr(registry, "load", lambda data: 2 * clip_tables.load_clips(data["ours"], "ours"))
    with pytest.raises(DataError) as twice:
        extract({"ours": data}, tmp_path / "maps")
    assert twice.value.code == "data_invalid"


def test_sets_that_share_people_are_extracted_together_under_any_name(tmp_path, cluster):
    """Dots instead of faces: what counts is that each session has its file."""
    first = write_mmse_hr(tmp_path / "first", [Session("F001", "T1")])
    second = write_bp4d(tmp_path / "second", [Session("F001", "T1")])
    data = {"pictures": first, "bp4d": second}
    counts = extract(data, tmp_path / "maps", scheduler=cluster.scheduler_address)
    assert counts.people == {"mmse_hr:F001", "bp4d:F001"}
    assert len({*(tmp_path / "maps").rglob("*.parquet")}) == 2


def kill_worker_of(cluster, output):
    """Kill the worker a little after its first clip, while it reads another."""
    with Client(cluster) as client:
        (pid,) = client.run(os.getpid).values()
        while not output.exists():
            time.sleep(0.01)
        time.sleep(0.2)
        os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(extracted, cluster, data, tmp_path):
    output = tmp_path / "maps"
    killer = threading.Thread(target=kill_worker_of, args=(cluster, output / "ours"))
    killer.start()
    counts = extract({"ours": data}, output, scheduler=cluster.scheduler_address)
    killer.join(PATIENCE_S)
    np.testing.assert_equal(tables(output), tables(extracted[0]))
    assert counts == extracted[1]


@pytest.mark.slow
def test_a_lost_scheduler_loses_no_finished_clip(extracted, data, tmp_path):
    with Processes(tmp_path) as processes:
        processes.start_scheduler()
        processes.start_worker()
        output, lost = tmp_path / "maps", []
        killer = threading.Thread(target=lambda: lost.append(processes.lose_scheduler(output, clips=1)))
        killer.start()
        with pytest.raises(BpdemoError) as caught:
            extract({"ours": data}, output, scheduler=processes.address)
        killer.join(PATIENCE_S)
    assert caught.value.code == "cluster_lost"
    assert "same command" in caught.value.reason.remedy
    done = tables(output)
    assert done
    np.testing.assert_equal(done, {name: rows for name, rows in tables(extracted[0]).items() if name in done})


def test_a_worker_of_another_version_or_without_the_folder_ends_the_run(cluster, text_file, tmp_path, monkeypatch):
    data, output = tmp_path / "data", tmp_path / "maps"
    data.mkdir()
    shutil.copy(text_file, data / "text.mp4")
    (data / "clips.csv").write_text("clip,person\ntext.mp4,3\n")
    monkeypatch.setattr(engine, "__version__", "0.0")
    with pytest.raises(BpdemoError) as caught:
        extract({"ours": data}, output, scheduler=cluster.scheduler_address)
    assert caught.value.code == "worker_unfit"
    monkeypatch.undo()
    (output / "ours").touch()  # where a folder has to be
    with pytest.raises(OSError, match="ours"):
        extract({"ours": data}, output, scheduler=cluster.scheduler_address)


@pytest.mark.slow
def test_the_command_works_on_this_machine_and_says_what_it_found(extracted, copied, data):
    (copied / "ours" / "b.mp4.parquet").unlink()
    options = ("--data", "ours=.", "--output", str(copied), "--workers", "1")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bpdemo", "extract", *options]
    ran = subprocess.run(command, cwd=data, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ran.returncode == 0, ran.stderr
    clips, windows, *_ = ran.stdout.splitlines()
    assert clips.split(maxsplit=1)[1] == "5: 3 with a reading, 1 refused, 1 failed (not_a_video 1)"
    assert windows.split(maxsplit=1)[1] == "4: 3 readings, 1 refused (no_face 1)"
    assert "refused 1, failed 1" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "data_files" in (copied / "README.md").read_text()
    made = tables(copied)
    del made["crash.mp4.parquet"]
    np.testing.assert_equal(made, {name: rows for name, rows in tables(extracted[0]).items() if name in made})
