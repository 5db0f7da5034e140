"""What the README tells people to type works, and what it says of the project is so."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from serve_app import EXAMPLES, ROOT, serve_app

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    shutil.copy(EXAMPLES / "face_58_bpm.webm", tmp_path / "me.mp4")
    return tmp_path


def run(arguments, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def block(language, word):
    return next(text for kind, text in BLOCKS if kind == language and word in text)


def test_python_example_runs(folder):
    printed = run([sys.executable, "-c", block("python", "BloodPressureEstimator")], folder)
    assert printed.startswith("reading []\n")
    assert float(printed.splitlines()[-1]) == pytest.approx(30, abs=0.1)


def test_command_lines_run(folder):
    commands = block("sh", "bpdemo estimate").splitlines()
    assert len(commands) == 3
    for command in commands:
        run([sys.executable, *command.split()[1:]], folder)
    assert (folder / "map.npz").is_file()


def test_client_example_runs(folder):
    with serve_app(folder) as app:
        example = block("python", "gradio_client").replace("http://127.0.0.1:7860", app.url)
        assert "\nreading [] {" in run([sys.executable, "-c", example], folder)


def test_front_matter_is_what_is_installed():
    front_matter = yaml.safe_load(README.split("---")[1])
    requirements = (ROOT / "requirements.txt").read_text()
    assert f"gradio[mcp]=={front_matter['sdk_version']}" in requirements
    assert front_matter["sdk"] == "gradio"
    assert (ROOT / front_matter["app_file"]).is_file()
    assert front_matter["license"] == "apache-2.0"
    assert front_matter["suggested_hardware"]
    assert len(front_matter["short_description"]) <= 60


def test_every_file_it_names_is_there():
    for name in re.findall(r"`((?:weights|benchmarks|docs|bpdemo)/[\w./]+)`", README) + re.findall(
        r"\]\((docs/[\w.]+)\)", README
    ):
        assert (ROOT / name).exists(), name


def test_every_requirement_is_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert not line or line.startswith(("#", "-r ")) or "==" in line, line
