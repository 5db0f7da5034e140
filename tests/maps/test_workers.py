"""extract.py: no clip ends the run; which workers it has, and whether crops are kept."""

import shutil
import sys
from types import SimpleNamespace

import dask
import pytest
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
from tests.support.small_cluster import local_cluster


@pytest.mark.exhaustive
def test_a_clip_that_ends_whole_workers_is_a_row_and_one_that_was_unlucky_is_read(text_file, short_clip, tmp_path):
    data, output = tmp_path / "data", tmp_path / "maps"
    data.mkdir()
    shutil.copy(text_file, data / "crash.mp4")
    shutil.copy(short_clip.path, data / "weary.mp4")
    # A clip may meet the end of two workers each time that it is handed out.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        local_cluster(workers=2, daemon=True) as daemons,
    ):
        for rows in ("weary.mp4,2\n", "weary.mp4,2\ncrash.mp4,1\n"):
            (data / "clips.csv").write_text("clip,person\n" + rows)
            counts = extract({"ours": data}, output, scheduler=daemons.scheduler_address)
    assert counts.finished == 1
    assert (counts.clips, counts.errors) == ({"refused": 1, "error": 1}, {"crashed": 1})
    ((row,), (unlucky,)) = (tables(output)[f"{name}.mp4.parquet"] for name in ("crash", "weary"))
    assert (row["status"], row["code"], row["person"]) == ("error", "crashed", "ours:1")
    assert unlucky["code"] == "too_short"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://here"])
def test_without_a_scheduler_there_is_an_error_that_helps(data, tmp_path, monkeypatch, address):
    monkeypatch.setattr("bpdemo.maps.cluster._CONNECT_S", 1)
    with pytest.raises(BpdemoError) as caught:
        extract({"ours": data}, tmp_path, scheduler=address)
    assert caught.value.code == "cluster_missing"
    assert address in str(caught.value)


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
