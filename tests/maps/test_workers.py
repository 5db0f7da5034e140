"""extract.py: whatever happens to workers and scheduler, no finished clip is lost and no clip ends the run."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import dask
import numpy as np
import pytest
from distributed import Client
from typer.testing import CliRunner

from bpdemo.cli import app
from bpdemo.crops import CropForm
from bpdemo.errors import BpdemoError
from bpdemo.maps import extract as engine
from bpdemo.maps.counts import Counts
from bpdemo.maps.extract import extract
from bpdemo.models import MODELS, Model
from bpdemo.models.config import BeatsConfig
from tests.support.maps_on_disk import tables
from tests.support.serve_app import ROOT
from tests.support.small_cluster import PATIENCE_S, Processes, local_cluster


def kill_workers_of(cluster, output, times, every_s):
    """Kill a worker now and then, from the moment that the output is there."""
    with Client(cluster) as client:
        for _ in range(times):
            while not output.exists():
                time.sleep(0.01)
            time.sleep(every_s)
            pids = list(client.run(os.getpid, on_error="ignore").values())
            if pids:
                os.kill(pids[0], signal.SIGKILL)


@pytest.mark.slow
def test_killed_workers_cost_nothing(extracted, cluster, data, tmp_path):
    output = tmp_path / "maps"
    killer = threading.Thread(target=kill_workers_of, args=(cluster, output / "ours", 3, 0.4))
    killer.start()
    counts = extract({"ours": data}, output, scheduler=cluster.scheduler_address)
    killer.join(PATIENCE_S)
    np.testing.assert_equal(tables(output), tables(extracted[0]))
    assert counts == extracted[1]


@pytest.mark.exhaustive
def test_a_clip_that_ends_whole_workers_is_a_row_and_one_that_was_unlucky_is_read(text_file, short_clip, tmp_path):
    data, output = tmp_path / "data", tmp_path / "maps"
    data.mkdir()
    shutil.copy(text_file, data / "crash.mp4")
    shutil.copy(short_clip.path, data / "weary.mp4")
    # A clip may meet the end of two workers each time that it is handed out.
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}), local_cluster(daemon=True) as daemons:
        for rows in ("weary.mp4,2\n", "weary.mp4,2\ncrash.mp4,1\n"):
            (data / "clips.csv").write_text("clip,person\n" + rows)
            counts = extract({"ours": data}, output, scheduler=daemons.scheduler_address)
    assert counts.finished == 1
    assert (counts.clips, counts.errors) == ({"refused": 1, "error": 1}, {"crashed": 1})
    ((row,), (unlucky,)) = (tables(output)[f"{name}.mp4.parquet"] for name in ("crash", "weary"))
    assert (row["status"], row["code"], row["person"]) == ("error", "crashed", "ours:1")
    assert unlucky["code"] == "too_short"


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


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://here"])
def test_without_a_scheduler_there_is_an_error_that_helps(data, tmp_path, monkeypatch, address):
    monkeypatch.setattr("bpdemo.maps.cluster._CONNECT_S", 1)
    with pytest.raises(BpdemoError) as caught:
        extract({"ours": data}, tmp_path, scheduler=address)
    assert caught.value.code == "cluster_missing"
    assert address in str(caught.value)


def test_a_worker_of_another_version_or_without_the_folder_ends_the_run(data, cluster, copied, tmp_path, monkeypatch):
    (copied / "ours" / "b.mp4.parquet").unlink()
    monkeypatch.setattr(engine, "__version__", "0.0")
    with pytest.raises(BpdemoError) as caught:
        extract({"ours": data}, copied, scheduler=cluster.scheduler_address)
    assert caught.value.code == "worker_unfit"
    monkeypatch.undo()
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "ours").touch()  # where a folder has to be
    with pytest.raises(OSError, match="ours"):
        extract({"ours": data}, tmp_path / "nowhere", scheduler=cluster.scheduler_address)


@pytest.mark.slow
def test_the_command_works_on_this_machine_and_says_what_it_found(extracted, data, tmp_path):
    options = ("--data", "ours=.", "--output", str(tmp_path / "maps"), "--workers", "1")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bpdemo", "extract", *options]
    ran = subprocess.run(command, cwd=data, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ran.returncode == 0, ran.stderr
    clips, windows, *_ = ran.stdout.splitlines()
    assert clips.split(maxsplit=1)[1] == "5: 3 with a reading, 1 refused, 1 failed (not_a_video 1)"
    assert windows.split(maxsplit=1)[1] == "4: 3 readings, 1 refused (no_face 1)"
    assert "refused 1, failed 1" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "data_files" in (tmp_path / "maps" / "README.md").read_text()
    made = tables(tmp_path / "maps")
    del made["crash.mp4.parquet"]
    np.testing.assert_equal(made, {name: rows for name, rows in tables(extracted[0]).items() if name in made})


def test_workers_are_those_of_a_running_scheduler_or_are_started(tmp_path):
    options = ["--data", "a=b", "--output", str(tmp_path), "--workers", "1", "--scheduler", "tcp://127.0.0.1:1"]
    ran = CliRunner().invoke(app, ["extract", *options])
    assert isinstance(ran.exception, BpdemoError)
    assert ran.exception.code == "options_conflict"


FORM = CropForm(side=16, rate_hz=25.0, width=1.2, height=1.2, follows=False)


@pytest.fixture
def looks(monkeypatch):
    """A model that reads frames."""
    network = type("Network", (), {"FORM": FORM})
    monkeypatch.setitem(sys.modules, "bpdemo.models.looks", SimpleNamespace(Network=network))
    monkeypatch.setitem(MODELS, "looks", Model("looks", "Looks", "frames", "pulse", BeatsConfig))


def test_the_command_keeps_crops_as_a_model_reads_them_and_none_without(looks, maps, monkeypatch):
    asked = []
    monkeypatch.setattr(engine, "extract", lambda *_, crops, **others: asked.append(crops) or Counts())
    options = ["extract", "--data", "a=b", "--output", str(maps)]
    for more in (["--crops", "looks"], []):
        assert CliRunner().invoke(app, [*options, *more]).exit_code == 0
    assert asked == [FORM, None]


def test_crops_are_those_of_a_model_that_reads_frames(looks, tmp_path):
    options = ["extract", "--data", "a=b", "--output", str(tmp_path), "--crops"]
    for name, code in (("beats", "model_reads_no_frames"), ("nothing", "model_unknown")):
        error = CliRunner().invoke(app, [*options, name]).exception
        assert isinstance(error, BpdemoError)
        assert error.code == code
        assert "looks" in error.reason.remedy
