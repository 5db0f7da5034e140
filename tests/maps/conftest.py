"""A cluster, a data set with clips of every kind, and its maps; small maps, and a Hub."""

import shutil
from pathlib import Path

import huggingface_hub
import pytest

from bpdemo.maps.extract import extract
from tests.support.loopback_hub import LoopbackHub, ask_only
from tests.support.small_cluster import local_cluster
from tests.support.small_maps import write_maps

HEADER = "clip,person,systolic,diastolic,age\n"
ROWS = "a.mp4,1,118,70,30\nb.mp4,2,131,82,41\nwall.mp4,2,131,82,41\ntext.mp4,3,150,90,\ncrash.mp4,3,150,90,\n"


@pytest.fixture(scope="module")
def cluster():
    """A running cluster; it ends with the module, as other tests look for processes that are left."""
    with local_cluster(workers=1, daemon=False) as running:
        yield running


@pytest.fixture(scope="session")
def data(tmp_path_factory, pulse_clip_24, wall_clip, text_file):
    """A data set with two faces, a wall, a text, and a clip that ends its reader."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("a", "b", "crash"):
        shutil.copy(pulse_clip_24.path, folder / f"{name}.mp4")
    shutil.copy(wall_clip.path, folder / "wall.mp4")
    shutil.copy(text_file, folder / "text.mp4")
    (folder / "clips.csv").write_text(HEADER + ROWS)
    return folder


@pytest.fixture(scope="module")
def extracted(cluster, data, tmp_path_factory):
    """The maps of it, and what was counted; not to be changed."""
    output = tmp_path_factory.mktemp("maps")
    return output, extract({"ours": data}, output, scheduler=cluster.scheduler_address)


@pytest.fixture
def copied(extracted, tmp_path):
    """A copy of the maps."""
    return Path(shutil.copytree(extracted[0], tmp_path / "maps"))


@pytest.fixture
def maps(tmp_path):
    """A folder of maps; `write_maps` says what is in it."""
    folder = tmp_path / "maps"
    write_maps(folder)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A Hub without a repo, a token that may write for someone, and huggingface_hub set to use it."""
    with LoopbackHub() as server:
        ask_only(server, tmp_path, monkeypatch)
        server.tokens["secret"] = "someone"
        yield server
    huggingface_hub.close_session()
