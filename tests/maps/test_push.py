"""Maps published by the real huggingface_hub on a Hub on the loopback interface."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bpdemo.cli import hub as commands
from bpdemo.data.registry import LOADERS
from bpdemo.errors import BpdemoError
from bpdemo.maps.push import plan_maps, push_maps
from bpdemo.maps.schema import COLUMNS
from bpdemo.maps.store import read_rows
from tests.support.small_maps import window_row, write_recording

REPO = "someone/maps"
FILES = {"mine/a_test.parquet", "mine/b.parquet", "ppg_bp/7.parquet", "ppg_bp/8.parquet"}
OURS = FILES | {"README.md", ".gitattributes"}


def head(hub, repo=REPO):
    found = hub.repos[f"datasets/{repo}"]
    return found.commits[found.refs["main"]]


def publish(folder, repo=REPO, **options):
    return push_maps(plan_maps(folder, repo), token="secret", **{"may_share": True, **options})


def code_of(*call, **options):
    function, *arguments = call
    with pytest.raises(BpdemoError) as error:
        function(*arguments, **options)
    return error.value.code


def test_what_was_pushed_is_read(hub, maps):
    url = publish(maps)
    place, _, commit = url.rpartition("/tree/")
    assert place == f"{hub.endpoint}/datasets/{REPO}"
    assert commit == hub.repos[f"datasets/{REPO}"].refs["main"]
    assert set(hub.repos) == {f"datasets/{REPO}"}
    assert not hub.repos[f"datasets/{REPO}"].private
    published, local = (list(read_rows(source, ["recording", "stmap"])) for source in (f"{REPO}@{commit}", maps))
    assert repr(published) == repr(local)
    assert {name: data for name, data in head(hub).items() if name in FILES} == {
        name: (maps / name).read_bytes() for name in FILES
    }


def test_nothing_else_is_uploaded(hub, maps):
    for name in (
        "notes.txt",
        "mine/face.png",
        "mine/.a.parquet",
        ".work/b.parquet",
        "README.md",
        "mine/a.parquet.part",
    ):
        (maps / name).parent.mkdir(exist_ok=True)
        (maps / name).write_bytes(b"private")
    publish(maps)
    assert head(hub).keys() == OURS
    assert b"private" not in head(hub).values()
    assert b"private" not in hub.blobs.values()


def test_again_nothing_is_sent_twice_and_what_is_gone_is_deleted(hub, maps):
    publish(maps)
    hub.requests.clear()
    publish(maps)
    assert not any(request.method == "PUT" for request in hub.requests)
    (maps / "mine" / "b.parquet").unlink()
    write_recording(maps, "ppg_bp:9", "9", [window_row(0)])
    publish(maps)
    assert head(hub).keys() == (OURS - {"mine/b.parquet"}) | {"ppg_bp/9.parquet"}


def test_a_push_that_broke_off_has_its_card_and_is_completed(hub, maps, monkeypatch):
    hub.foreign = "/info/lfs/objects/batch"
    assert code_of(publish, maps) == "hub_upload_failed"
    assert head(hub).keys() == {"README.md", ".gitattributes"}
    hub.foreign = None
    publish(maps)
    assert head(hub).keys() == OURS


def test_a_repo_of_something_else_is_left_alone(hub, maps):
    for files in ({"data/train.parquet": b"1"}, {"README.md": b"---\ntags:\n- faces\n---\n# Faces\n"}):
        hub.commit(f"datasets/{REPO}", files)
        before = dict(head(hub))
        assert code_of(publish, maps) == "maps_repo_is_another"
        assert head(hub) == before


def test_private(hub, maps):
    publish(maps, "someone/hidden", private=True)
    assert hub.repos["datasets/someone/hidden"].private
    publish(maps)
    assert code_of(publish, maps, private=True) == "hub_repo_is_public"


def test_without_the_right_or_a_hub(hub, maps):
    plan = plan_maps(maps, REPO)
    assert code_of(push_maps, plan, may_share=True) == "hub_token_missing"
    assert code_of(publish, maps, "another/maps") == "hub_access_denied"
    hub.close()
    assert code_of(publish, maps) == "hub_unreachable"


@pytest.mark.parametrize("name", ["maps", "a/b/c", "someone/maps@main", "", "someone/ma ps"])
def test_a_name_that_is_none(maps, name):
    assert code_of(plan_maps, maps, name) == "maps_name_invalid"


def test_what_is_no_maps_is_not_pushed(hub, maps, tmp_path):
    assert code_of(plan_maps, tmp_path / "missing", REPO) == "maps_missing"
    (maps / "mine" / "other.parquet").write_bytes(b"not Parquet")
    assert code_of(plan_maps, maps, REPO) == "maps_invalid"
    assert hub.requests == []


def test_sets_that_may_not_be_shared_need_a_word(hub, maps, tmp_path):
    plan = plan_maps(maps, REPO)
    assert list(plan.restricted) == ["mine"]
    with pytest.raises(BpdemoError, match=r"mine .*--i-may-share") as error:
        push_maps(plan, token="secret")
    assert error.value.code == "maps_not_shareable"
    assert hub.requests == []
    write_recording(tmp_path / "free", "ppg_bp:7", "7", [window_row(0)])
    publish(tmp_path / "free", "someone/free", may_share=False)
    write_recording(tmp_path / "agreed", "mw_ppg:7", "7", [window_row(0)])
    assert plan_maps(tmp_path / "agreed", REPO).restricted == {"mw_ppg": LOADERS["mw_ppg"].licence}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_at_a_terminal_it_asks(hub, maps, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", "secret")
    for answer in ("yes\n", "\n", "", "someone/else\n"):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert code_of(commands.push_maps, maps, REPO) == "maps_not_confirmed"
        assert "mine: not known" in capsys.readouterr().err
    assert hub.requests == []
    monkeypatch.setattr(sys, "stdin", Terminal(f"{REPO}\n"))
    commands.push_maps(maps, REPO)
    assert (
        capsys.readouterr().out == f"{hub.endpoint}/datasets/{REPO}/tree/{hub.repos[f'datasets/{REPO}'].refs['main']}\n"
    )


def test_without_a_terminal_only_the_flag_counts(hub, maps, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{REPO}\n"))
    assert code_of(commands.push_maps, maps, REPO) == "maps_not_shareable"
    assert hub.requests == []
    commands.push_maps(maps, REPO, i_may_share=True)
    assert head(hub).keys() == OURS


@pytest.mark.slow
def test_as_people_type_it(hub, maps, tmp_path):
    terminal, inside = pty.openpty()
    settings = {key: value for key, value in os.environ.items() if not key.startswith("HF_")} | {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": "secret",
        "HF_HUB_DISABLE_XET": "1",
    }
    os.write(terminal, f"{REPO}\n".encode())
    command = [sys.executable, "-m", "bpdemo", "push-maps", str(maps), REPO, "--private"]
    ran = subprocess.run(command, stdin=inside, env=settings, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{hub.endpoint}/datasets/{REPO}/tree/")
    assert hub.repos[f"datasets/{REPO}"].private
    os.close(inside)
    os.close(terminal)


def test_the_card(hub, maps):
    publish(maps)
    _, front_matter, text = head(hub)["README.md"].decode().split("---\n", 2)
    front_matter = yaml.safe_load(front_matter)
    assert front_matter["license"] == "other"
    assert front_matter["configs"] == [{"config_name": "default", "data_files": "**/*.parquet"}]
    assert "mine, ppg_bp" in front_matter["pretty_name"]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    cells = {row[0]: row[1:] for row in rows}
    assert cells["mine"] == ["1", "2", "1", "0.01", "1", "1", "1"]
    assert cells["ppg_bp"] == ["2", "2", "0", "0.02", "4", "0", "4"]
    assert {f"`{name}`" for name in COLUMNS} <= cells.keys()
    sources = {line.split("**")[1]: line for line in text.splitlines() if line.startswith("- **")}
    assert sources.keys() == {"mine", "ppg_bp"}
    loader = LOADERS["ppg_bp"]
    assert loader.licence in sources["ppg_bp"]
    assert loader.citation in sources["ppg_bp"]
    assert sources["ppg_bp"].endswith(": age, sex.")
    assert sources["mine"].endswith(": skin tone.")
    assert "Research use only" in text


def test_the_card_says_when_there_are_faces_in_it(hub, maps):
    publish(maps)
    without = head(hub)["README.md"].decode()
    crops = {"crops": bytes(3), "crops_frames": 1, "crops_form": "{}"}
    write_recording(maps, "mine:A", "a_test", [window_row(0, **crops), window_row(1)])
    publish(maps)
    card = head(hub)["README.md"].decode()
    assert "It holds no picture" in without
    assert "faces" not in without.partition("## Columns")[0]
    assert "It holds no picture" not in card
    assert "**It shows faces.** 1 of 6 windows (mine) hold" in card


def test_the_card_of_a_set_with_an_awkward_name(tmp_path, hub):
    write_recording(tmp_path, 'my "set" | #2:A', "a", [window_row(0)])
    publish(tmp_path)
    _, front_matter, text = head(hub)["README.md"].decode().split("---\n", 2)
    assert yaml.safe_load(front_matter)["pretty_name"] == 'Maps of my "set" | #2'
    assert '| my "set" \\| #2 | 1 |' in text
