"""Weights from and to a Hub: the real huggingface_hub against a server on the loopback interface."""

import errno
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import constants, file_download
from huggingface_hub.utils import _http as http

from bpdemo.errors import WeightsError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.weights import hub as hub_module
from bpdemo.weights.pulse_store import load_pulse
from bpdemo.weights.push import push_weights
from bpdemo.weights.store import load_weights
from tests.support.loopback_hub import LoopbackHub, Repo, ask_only
from tests.support.small_pulse import write_pulse_weights
from tests.support.small_weights import code_of

FILES = ["README.md", "config.json", "model.safetensors"]
REPO = "someone/small"


@pytest.fixture
def files(small_weights):
    return read_all(small_weights)


@pytest.fixture
def copy(files, tmp_path):
    """The weights folder, to be changed."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch, files):
    """A Hub with one repo, a token that may write to it, and huggingface_hub set to use it with an empty cache."""
    with LoopbackHub() as server:
        ask_only(server, tmp_path, monkeypatch)
        server.tokens["secret"] = "someone"
        server.tokens["reader"] = ""
        server.commit(REPO, {**files, "pytorch_model.bin": b"pickle", ".gitattributes": b"", "data/x.csv": b"1"})
        yield server
    huggingface_hub.close_session()


def head(hub, repo):
    return hub.repos[repo].commits[hub.repos[repo].refs["main"]]


def read_all(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_only_the_three_files_are_fetched_and_the_commit_is_told(hub, files):
    weights = load_weights(REPO)
    commit = hub.repos[REPO].refs["main"]
    assert (weights.name, weights.revision) == (REPO, commit)
    assert weights.summary.revision == commit
    assert sorted(hub.fetched()) == FILES
    assert read_all(weights.folder) == files


def test_branch_tag_and_commit(hub, files):
    old = hub.repos[REPO].refs["main"]
    hub.commit(REPO, {**files, "README.md": b"# second\n"}, "main", "v2", "refs/pr/1")
    new = hub.repos[REPO].refs["main"]
    assert new != old
    for revision, commit in (("main", new), ("v2", new), ("refs/pr/1", new), (old, old), (new, new)):
        weights = load_weights(f"{REPO}@{revision}")
        assert weights.revision == commit
        second = (weights.folder / "README.md").read_bytes() == b"# second\n"
        assert second == (commit == new)


def test_a_branch_that_moves_is_followed_and_what_is_the_same_is_not_fetched_again(hub, files):
    first = load_weights(REPO).revision
    hub.requests.clear()
    hub.commit(REPO, {**files, "README.md": b"# second\n"})
    weights = load_weights(REPO)
    assert weights.revision != first
    assert hub.fetched() == ["README.md"]


def test_a_cached_commit_is_not_asked_for(hub):
    commit = load_weights(REPO).revision
    hub.requests.clear()
    assert load_weights(f"{REPO}@{commit}").revision == commit
    assert hub.requests == []


def test_files_of_one_commit_are_never_mixed_with_another(hub, files, monkeypatch):
    # A push lands between the question which commit it is and the download.
    download, old = huggingface_hub.snapshot_download, hub.repos[REPO].refs["main"]

    def push_then_download(*args, **kwargs):
        if "local_files_only" not in kwargs:
            hub.commit(REPO, {**files, "README.md": b"# second\n", "model.safetensors": b"second"})
        return download(*args, **kwargs)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", push_then_download)
    weights = load_weights(REPO)
    assert weights.revision == old
    assert (weights.folder / "README.md").read_bytes() == files["README.md"]


@pytest.mark.slow
@pytest.mark.parametrize("down", ["closed", "silent", "500", "503", "429", "offline", "foreign"])
def test_cached_weights_outlive_the_hub(hub, down, monkeypatch):
    commit = load_weights(f"{REPO}@main").revision
    put_down(hub, down, monkeypatch)
    for revision in ("", "@main", f"@{commit}"):
        assert load_weights(REPO + revision).revision == commit
    # What was never fetched is an error, and no other revision or folder steps in.
    assert code_of(load_weights, f"{REPO}@v9") == "hub_unreachable"
    assert code_of(load_weights, f"{REPO}@{'0' * 40}") == "hub_unreachable"
    assert code_of(load_weights, "someone/else") == "hub_unreachable"


def test_a_repo_of_which_only_part_is_cached_is_fetched_whole(hub):
    huggingface_hub.hf_hub_download(REPO, "config.json")
    commit = hub.repos[REPO].refs["main"]
    assert load_weights(f"{REPO}@{commit}").revision == commit
    hub.commit("someone/part", dict(hub.repos[REPO].commits[commit]))
    huggingface_hub.hf_hub_download("someone/part", "config.json")
    hub.close()
    assert code_of(load_weights, "someone/part") == "hub_unreachable"


def put_down(hub, how, monkeypatch):
    if how == "closed":
        hub.close()
    elif how == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif how == "silent":
        silence(hub, "/", monkeypatch)
    elif how == "foreign":
        hub.foreign = "/"
    else:
        hub.status = int(how)


def silence(hub, part, monkeypatch):
    """Never answer for paths with this part, and have the client wait for a moment only."""
    hub.silent = part
    monkeypatch.setattr(constants, "HF_HUB_ETAG_TIMEOUT", 0.1)
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.1)
    monkeypatch.setattr(hub_module, "PUSH_TIMEOUT_S", 0.1)


@pytest.mark.parametrize("down", ["closed", "silent", "503", "offline", "foreign"])
def test_a_hub_that_is_down_is_said_to_be(hub, down, monkeypatch):
    put_down(hub, down, monkeypatch)
    assert code_of(load_weights, REPO) == "hub_unreachable"


def test_an_endpoint_that_is_no_address(hub, monkeypatch):
    addresses = ("127.0.0.1:99999", "[", "user:secret@127.0.0.1:1")
    for endpoint in ("nonsense", "ftp://127.0.0.1", *(f"http://{address}" for address in addresses)):
        template = endpoint + constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        assert code_of(load_weights, REPO) == "hub_unreachable"


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks4://127.0.0.1:9", "nonsense://x"]
)
def test_requests_go_through_the_proxy_that_is_set(hub, small_weights, proxy, monkeypatch):
    """Nobody listens there. What is cached needs no proxy."""
    load_weights(REPO)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, proxy)
    huggingface_hub.close_session()  # it has read the proxies
    assert load_weights(REPO).name == REPO
    assert code_of(load_weights, "someone/else") == "hub_unreachable"
    assert code_of(push_weights, small_weights, REPO, token="secret") in ("hub_unreachable", "hub_upload_failed")


@pytest.mark.slow
@pytest.mark.parametrize("part", ["/tree/", "/cdn/"])
def test_a_server_that_stops_answering_half_way(hub, monkeypatch, part):
    monkeypatch.setattr(file_download, "time", Clock())
    monkeypatch.setattr(http, "time", Clock())
    with monkeypatch.context() as patience:
        silence(hub, part, patience)
        assert code_of(load_weights, REPO) == "hub_download_broken"
    hub.silent = None
    assert load_weights(REPO).name == REPO


@pytest.mark.parametrize("name", FILES)
def test_a_download_that_breaks_off(hub, name, monkeypatch):
    monkeypatch.setattr(file_download, "time", Clock())
    hub.cut = name
    assert code_of(load_weights, REPO) == "hub_download_broken"
    hub.cut = None
    assert load_weights(REPO).name == REPO


@pytest.mark.parametrize("name", FILES)
def test_a_newer_commit_that_breaks_off_leaves_the_old_one_in_place(hub, files, name, monkeypatch):
    monkeypatch.setattr(file_download, "time", Clock())
    old = load_weights(REPO).revision
    changed = json.loads(files["config.json"])
    changed["provenance"]["statement"] = "Newer."
    newer = {"config.json": json.dumps(changed).encode(), "README.md": b"# newer\n", "model.safetensors": b"newer"}
    hub.commit(REPO, {**files, name: newer[name]})
    hub.cut = name
    assert code_of(load_weights, REPO) == "hub_download_broken"
    hub.close()
    for revision in ("", "@main", f"@{old}"):
        weights = load_weights(REPO + revision)
        assert weights.revision == old
        assert read_all(weights.folder) == files


class Clock:
    """In place of `time`: huggingface_hub's pauses before it tries again take no time."""

    @staticmethod
    def sleep(seconds):
        assert 0 <= seconds < 10


def test_no_such_repo_revision_or_file(hub, files):
    assert code_of(load_weights, "someone/nothing") == "hub_repo_not_found"
    assert code_of(load_weights, f"{REPO}@v9") == "hub_revision_not_found"
    assert code_of(load_weights, f"{REPO}@{'0' * 40}") == "hub_revision_not_found"
    for name in FILES:
        hub.commit("someone/partial", {key: value for key, value in files.items() if key != name})
        assert code_of(load_weights, "someone/partial") == "weights_file_missing"


def test_a_cached_copy_does_not_hide_that_the_repo_is_gone(hub):
    load_weights(REPO)
    del hub.repos[REPO]
    assert code_of(load_weights, REPO) == "hub_repo_not_found"


def test_private_and_gated_repos(hub, files, monkeypatch):
    hub.commit("someone/private", files)
    hub.repos["someone/private"].private = True
    hub.commit("someone/gated", files)
    hub.repos["someone/gated"].gated = True
    for token in (None, "reader", "expired"):
        if token:
            monkeypatch.setenv("HF_TOKEN", token)
        private = "hub_access_denied" if token == "expired" else "hub_repo_not_found"
        assert code_of(load_weights, "someone/private") == private
        assert code_of(load_weights, "someone/gated") == "hub_access_denied"
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert load_weights("someone/private").name == "someone/private"
    assert load_weights("someone/gated").name == "someone/gated"
    assert not any(request.authorised for request in hub.requests if "/cdn/" in request.path)


@pytest.mark.parametrize(("status", "code"), [(403, "hub_access_denied"), (410, "hub_refused"), (400, "hub_refused")])
def test_other_answers(hub, status, code):
    hub.status = status
    assert code_of(load_weights, REPO) == code


def test_files_over_their_limit_are_not_fetched(hub, files, monkeypatch):
    monkeypatch.setitem(hub_module.FILE_LIMITS, "model.safetensors", len(files["model.safetensors"]) - 1)
    assert code_of(load_weights, REPO) == "weights_file_too_large"
    hub.commit(REPO, {**files, "config.json": b" " * ((1 << 20) + 1)})
    hub.requests.clear()
    assert code_of(load_weights, REPO) == "weights_file_too_large"
    assert hub.fetched() == []


def test_what_is_fetched_is_checked_like_any_folder(hub, files):
    config = json.loads(files["config.json"])
    config["stmap"]["version"] = 2
    hub.commit(REPO, {**files, "config.json": json.dumps(config).encode()}, "other-map")
    hub.commit(REPO, {**files, "model.safetensors": files["model.safetensors"][:-100]}, "cut-short")
    hub.commit(REPO, {**files, "config.json": b"<html>"}, "no-json")
    assert code_of(load_weights, f"{REPO}@other-map") == "stmap_version"
    assert code_of(load_weights, f"{REPO}@cut-short") == "tensors_damaged"
    assert code_of(load_weights, f"{REPO}@no-json") == "config_invalid"
    assert load_weights(REPO).name == REPO


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EACCES, "hub_cache_unwritable")],
)
def test_a_cache_that_takes_no_file(hub, monkeypatch, number, code):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_download, "http_get", fail)
    assert code_of(load_weights, REPO) == code


def test_a_cache_that_is_a_file(hub, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert code_of(load_weights, REPO) == "hub_cache_unwritable"


def test_two_at_once(hub):
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(load_weights, [REPO] * 4))
    assert [weights.revision for weights in found] == [hub.repos[REPO].refs["main"]] * 4


def test_nothing_is_told_about_the_machine(hub):
    load_weights(REPO)
    assert hub.requests
    assert not any("torch" in request.agent or "agent/" in request.agent for request in hub.requests)
    assert not any("telemetry" in request.path or "harness" in request.path for request in hub.requests)


@pytest.mark.usefixtures("small_pulse")
def test_weights_of_the_pulse_alone_are_pushed_and_loaded(hub, tmp_path):
    push_weights(write_pulse_weights(tmp_path / "w"), "someone/pulse", token="secret")
    commit = hub.repos["someone/pulse"].refs["main"]
    loaded = load_pulse(f"someone/pulse@{commit}")
    assert (loaded.summary.revision, loaded.source) == (commit, f"someone/pulse@{commit}")
    assert code_of(load_weights, "someone/pulse") == "model_gives_pulse"
    hub.requests.clear()
    assert BloodPressureEstimator.from_pretrained("someone/pulse").pulse.summary == loaded.summary
    assert len(hub.requests) == 1  # which commit the branch is at: nothing is asked of the Hub twice


def test_push_creates_the_repo_and_what_was_pushed_is_loaded(hub, small_weights, files):
    url = push_weights(small_weights, "someone/new", token="secret")
    commit = hub.repos["someone/new"].refs["main"]
    assert url == f"{hub.endpoint}/someone/new/tree/{commit}"
    assert not hub.repos["someone/new"].private
    assert head(hub, "someone/new") == {**files, ".gitattributes": b""}
    assert load_weights(f"someone/new@{commit}").revision == commit


def test_push_uploads_nothing_but_the_three_files(hub, copy):
    (copy / "face_landmarker.task").write_bytes(b"another's")
    (copy / ".env").write_text("HF_TOKEN=x")
    push_weights(copy, REPO, token="secret")
    assert sorted(head(hub, REPO)) == sorted([*FILES, ".gitattributes", "data/x.csv", "pytorch_model.bin"])


def test_push_takes_the_evidence_the_card_shows(hub, copy):
    (copy / "evidence").mkdir()
    for name in ("evidence.json", "evidence/ranges.png"):
        (copy / name).write_bytes(b"shown")
    (copy / "evidence" / "notes.txt").write_bytes(b"not shown")
    (copy / "evidence" / "huge.png").write_bytes(bytes((1 << 20) + 1))
    (copy / "evidence" / "link.png").symlink_to("/etc/hostname")
    push_weights(copy, "someone/shown", token="secret")
    expected = {*FILES, ".gitattributes", "evidence.json", "evidence/ranges.png"}
    assert head(hub, "someone/shown").keys() == expected


def test_huggingface_hubs_patience_is_left_as_it_was(hub, small_weights):
    default = huggingface_hub.get_session().event_hooks
    push_weights(small_weights, "someone/new", token="secret")
    assert code_of(push_weights, small_weights, "another/name", token="secret") == "hub_access_denied"
    load_weights("someone/new")
    assert huggingface_hub.get_session().event_hooks == default


def test_push_again_with_nothing_changed(hub, small_weights):
    first = push_weights(small_weights, "someone/new", token="secret")
    assert push_weights(small_weights, "someone/new", token="secret").startswith(first.rpartition("/")[0])


def test_push_takes_the_token_one_is_logged_in_with(hub, small_weights, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert push_weights(small_weights, "someone/new")


def test_push_private(hub, small_weights):
    push_weights(small_weights, "someone/hidden", private=True, token="secret")
    assert hub.repos["someone/hidden"].private
    push_weights(small_weights, "someone/hidden", private=True, token="secret")
    before = dict(hub.repos[REPO].commits)
    assert code_of(push_weights, small_weights, REPO, private=True, token="secret") == "hub_repo_is_public"
    assert hub.repos[REPO].commits == before


def test_push_without_the_right(hub, small_weights):
    assert code_of(push_weights, small_weights, REPO) == "hub_token_missing"
    assert code_of(push_weights, small_weights, REPO, token="expired") == "hub_token_refused"
    assert code_of(push_weights, small_weights, REPO, token="reader") == "hub_access_denied"
    assert code_of(push_weights, small_weights, "another/name", token="secret") == "hub_access_denied"
    hub.repos["another/name"] = Repo()
    assert code_of(push_weights, small_weights, "another/name", token="secret") == "hub_access_denied"
    assert hub.repos["another/name"].commits == {}


def test_push_a_card_the_hub_refuses(hub, copy):
    (copy / "README.md").write_text("no front matter")
    with pytest.raises(WeightsError, match="no front matter") as caught:
        push_weights(copy, "someone/new", token="secret")
    assert caught.value.code == "hub_upload_failed"


@pytest.mark.parametrize("down", ["closed", "silent", "503", "offline", "foreign"])
def test_push_to_a_hub_that_is_down(hub, small_weights, down, monkeypatch):
    put_down(hub, down, monkeypatch)
    expected = "hub_upload_failed" if down == "foreign" else "hub_unreachable"
    assert code_of(push_weights, small_weights, REPO, token="secret") == expected


def test_push_to_a_hub_that_stops_answering(hub, small_weights, monkeypatch):
    silence(hub, "/commit/", monkeypatch)
    assert code_of(push_weights, small_weights, REPO, token="secret") == "hub_unreachable"


@pytest.mark.slow
def test_in_a_process_of_its_own_with_settings_from_the_environment(hub, tmp_path):
    """HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE and BPDEMO_WEIGHTS, as a Space or a user sets them."""
    fetch = (
        "import os; from bpdemo.weights import hub; print(hub.fetch(*hub.parse_name(os.environ['BPDEMO_WEIGHTS']))[1])"
    )
    whole = "from bpdemo.weights.store import load_weights; print(load_weights().revision)"
    settings = {key: value for key, value in os.environ.items() if not key.startswith("HF_")} | {
        "PYTHONPATH": str(Path(hub_module.__file__).parents[2]),
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_ETAG_TIMEOUT": "30",
    }

    def load(weights, script=fetch, **changes):
        environment = settings | {"BPDEMO_WEIGHTS": weights} | changes
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    online = load(f"{REPO}@main", whole)
    assert online.returncode == 0, online.stderr
    commit = hub.repos[REPO].refs["main"]
    assert online.stdout.strip() == commit
    assert (tmp_path / "home").is_dir()
    assert not any("torch" in request.agent or "telemetry" in request.path for request in hub.requests)
    hub.requests.clear()
    offline = load(f"{REPO}@main", HF_HUB_OFFLINE="1")
    assert offline.stdout == online.stdout
    assert hub.requests == []
    hub.close()
    down = load(f"{REPO}@main")
    assert down.stdout == online.stdout
    for wrong in ({"HF_ENDPOINT": "http://["}, {"HF_HUB_ETAG_TIMEOUT": "soon"}):
        assert "WeightsError: huggingface_hub cannot read its settings" in load(REPO, **wrong).stderr
    never_fetched = load("someone/else")
    assert never_fetched.returncode != 0
    assert never_fetched.stdout == ""
    assert "WeightsError: The Hub at 127.0.0.1" in never_fetched.stderr
