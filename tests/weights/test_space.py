"""The Space and its weights, published by the real huggingface_hub to a Hub on the loopback interface, and run."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import httpx
import huggingface_hub
import pytest
import yaml
from gradio_client import Client, handle_file

from bpdemo.system.files import write_files
from bpdemo.weights.space import plan_space, publish_space
from tests.support.loopback_hub import LoopbackHub, Repo, ask_only
from tests.support.serve_app import EXAMPLES, ROOT, serve_app
from tests.support.small_weights import code_of, write_small

SPACE, WEIGHTS = "someone/demo", "someone/demo-weights"
# What Hugging Face's configuration reference of Spaces names, and `license`, which it has for every repo.
FRONT_MATTER = {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "models"}
FRONT_MATTER |= {"suggested_hardware", "short_description", "tags", "thumbnail", "pinned", "license", "header"}
FRONT_MATTER |= {"preload_from_hub", "startup_duration_timeout", "disable_embedding", "fullWidth"}
JUNK = dict.fromkeys(
    (
        *("notes.txt", "bpdemo/.cache.json", "bpdemo/__pycache__/stray.cpython-311.pyc", "bpdemo/__pycache__/stray.py"),
        *("bpdemo/model.pkl", "bpdemo/.ipynb_checkpoints/old.py", "docs/me_at_home.png", "weights/checkpoint.pt"),
        *("weights/optimizer.safetensors", "tests/test_x.py", "runs/log.txt"),
    ),
    "x",
)
JUNK |= {".env": "HF_TOKEN=hf_secret", ".netrc": "password secret", "examples/me.mp4": "somebody filmed at home"}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with LoopbackHub() as server:
        ask_only(server, tmp_path, monkeypatch)
        server.tokens["secret"] = "someone"
        yield server
    huggingface_hub.close_session()


@pytest.fixture
def weights(tmp_path):
    write_small(tmp_path / "weights")
    return tmp_path / "weights"


@pytest.fixture
def checkout(tmp_path):
    """A copy of what is published, so that it can be changed, with much beside it that must not be."""
    root = tmp_path / "checkout"
    write_files(root, {name: (ROOT / name).read_bytes() for name in plan_space(SPACE).files})
    write_files(root, {name: text.encode() for name, text in JUNK.items()})
    (root / "bpdemo" / "link.py").symlink_to("/etc/hostname")
    with (root / "bpdemo" / "results.json").open("wb") as file:
        file.truncate(11 << 20)
    return root


def head(hub, repo):
    files = dict(hub.repos[repo].commits[hub.repos[repo].refs["main"]])
    files.pop(".gitattributes")
    return files


@pytest.mark.exhaustive
def test_what_is_published_runs_and_reads(hub, weights, tmp_path):
    """As Hugging Face does it, on ZeroGPU hardware: the files from the Hub, the variable, `spaces`, app.py."""
    url = publish_space(plan_space(SPACE, weights), token="secret")
    assert url == f"{hub.endpoint}/spaces/{SPACE}"
    space, commit = hub.repos[f"spaces/{SPACE}"], hub.repos[WEIGHTS].refs["main"]
    assert space.sdk == "gradio"
    assert space.variables == {"BPDEMO_WEIGHTS": f"{WEIGHTS}@{commit}"}
    copy, lent = tmp_path / "space", tmp_path / "lent"
    write_files(copy, head(hub, f"spaces/{SPACE}"))
    settings = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    zero_gpu = str(ROOT / "tests" / "support" / "zero_gpu")
    settings |= {"SPACES_ZERO_GPU": "true", "PYTHONPATH": zero_gpu, "LENT": str(lent)}
    with serve_app(tmp_path, root=copy, **settings, **space.variables) as app:
        health = httpx.get(f"{app.url}/health").json()
        client = Client(app.url, verbose=False, analytics_enabled=False, download_files=str(tmp_path))
        form = client.predict(handle_file(str(EXAMPLES / "face_58_bpm.webm")), api_name="/estimate")
    assert (health["weights"]["name"], health["weights"]["revision"]) == (WEIGHTS, commit)
    assert "ZeroGPU" in health["device"]
    assert form["status"] == "reading"
    assert form["heart_rate"]["value"] == pytest.approx(58, abs=1)
    assert (form["weights"]["name"], form["weights"]["revision"]) == (WEIGHTS, commit)
    assert [json.loads(line)["types"] for line in lent.read_text().splitlines()] == [["numpy"]]


def test_nothing_but_the_demo_is_uploaded(hub, weights, checkout):
    expected = plan_space(SPACE).files
    publish_space(plan_space(SPACE, weights, root=checkout), token="secret")
    assert sorted(head(hub, f"spaces/{SPACE}")) == sorted(expected)
    assert head(hub, WEIGHTS).keys() == {"README.md", "config.json", "model.safetensors"}
    sent = b"".join(hub.blobs.values())
    assert b"hf_secret" not in sent
    assert b"somebody filmed" not in sent
    assert not any("secret" in request.path for request in hub.requests)


def test_publishing_again_updates(hub, weights, checkout):
    plan = plan_space(SPACE, weights, root=checkout)
    publish_space(plan, token="secret")
    space = hub.repos[f"spaces/{SPACE}"]
    before, variable = space.refs["main"], dict(space.variables)
    write_small(weights, seed=1)
    (checkout / "bpdemo" / "motion.py").rename(checkout / "bpdemo" / "moving.py")
    (checkout / "app.py").write_text("# changed\n")
    hub.commit(f"spaces/{SPACE}", {**head(hub, f"spaces/{SPACE}"), ".gitattributes": b"", "NOTES.md": b"the owner's"})
    publish_space(plan_space(SPACE, weights, root=checkout), token="secret")
    files = head(hub, f"spaces/{SPACE}")
    assert space.refs["main"] != before
    assert files["app.py"] == b"# changed\n"
    assert "bpdemo/moving.py" in files
    assert "bpdemo/motion.py" not in files
    assert files["NOTES.md"] == b"the owner's"
    assert space.variables["BPDEMO_WEIGHTS"] == f"{WEIGHTS}@{hub.repos[WEIGHTS].refs['main']}"
    assert space.variables != variable


def test_everything_the_page_and_the_readme_show_is_published():
    files = plan_space(SPACE).files
    front_matter = yaml.safe_load((ROOT / "README.md").read_text().split("---")[1])
    assert front_matter.keys() <= FRONT_MATTER
    assert front_matter["app_file"] in files
    for page in [name for name in files if name.endswith(".md") and not name.startswith("examples/")]:
        folder = page.rpartition("/")[0]
        for link in re.findall(r"\]\((?!https?:|#)([\w./-]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            place = os.path.normpath(f"{folder}/{link}" if folder else link)
            assert place in files or any(name.startswith(f"{place}/") for name in files), f"{page}: {link}"
    # The Hub takes files of up to 10 MB without asking how they are stored.
    assert max((ROOT / name).stat().st_size for name in files) < 10e6


def test_a_space_that_is_another_is_left_alone(hub, weights):
    hub.commit(f"spaces/{SPACE}", {"app.py": b"print('hello')", ".gitattributes": b""})
    before = hub.repos[f"spaces/{SPACE}"].commits.copy()
    assert code_of(publish_space, plan_space(SPACE, weights), token="secret") == "space_is_another"
    assert hub.repos[f"spaces/{SPACE}"].commits == before
    assert hub.repos[f"spaces/{SPACE}"].variables == {}


def test_private(hub, weights):
    plan = replace(plan_space(SPACE, weights), files=("README.md", "app.py", "bpdemo/__init__.py"))
    publish_space(plan, private=True, token="secret")
    assert hub.repos[WEIGHTS].private
    assert hub.repos[f"spaces/{SPACE}"].private
    hub.repos[f"spaces/{SPACE}"].private = False
    assert code_of(publish_space, plan, private=True, token="secret") == "hub_repo_is_public"


def test_errors(hub, weights, checkout):
    plan = plan_space(SPACE, weights)
    assert code_of(publish_space, plan) == "hub_token_missing"
    assert code_of(publish_space, plan, token="expired") == "hub_token_refused"
    assert code_of(publish_space, plan_space("another/demo", weights), token="secret") == "hub_access_denied"
    assert code_of(publish_space, plan_space(SPACE, weights, "another/w"), token="secret") == "hub_access_denied"
    assert code_of(plan_space, "demo") == "weights_name_invalid"
    assert code_of(plan_space, "someone/demo@v1") == "weights_name_invalid"
    assert code_of(plan_space, SPACE, None, "../../up") == "weights_name_invalid"
    assert code_of(plan_space, SPACE, weights / "none") == "weights_file_missing"
    (checkout / "packages.txt").unlink()
    assert code_of(plan_space, SPACE, weights, root=checkout) == "space_incomplete"
    (weights / "config.json").write_text("{}")
    assert code_of(publish_space, plan, token="secret") == "config_schema"
    assert hub.repos == {}
    hub.close()
    write_small(weights)
    assert code_of(publish_space, plan, token="secret") == "hub_unreachable"


def test_weights_are_not_told_to_a_space_that_does_not_come_about(hub, weights):
    hub.repos[f"spaces/{SPACE}"] = Repo()
    hub.commit(f"spaces/{SPACE}", {".gitattributes": b""})
    hub.foreign = f"/api/spaces/{SPACE}/variables"
    assert code_of(publish_space, plan_space(SPACE, weights), token="secret") == "hub_upload_failed"
    assert head(hub, f"spaces/{SPACE}") == {}


def test_the_command_lists_without_asking_anybody(hub, weights):
    ran = subprocess.run(
        [sys.executable, "-m", "bpdemo", "publish", SPACE, "--weights", str(weights), "--dry-run"],
        cwd=ROOT,
        env={**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": "secret"},
        capture_output=True,
        text=True,
        check=True,
    )
    listed = {line.split()[1] for line in ran.stderr.splitlines() if line.startswith("  ")}
    assert {"app.py", "README.md", "bpdemo/demo/page.py", "weights/face_landmarker.task"} <= listed
    assert ran.stdout == ""
    assert hub.requests == []
    assert json.dumps(sorted(listed)).count(".pt") == 0
