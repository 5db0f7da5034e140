"""What the README tells people to type works, and what it says of the project is so."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields

import pytest
import yaml

from bpdemo.synthesis.maps import QUALITIES, CaptureQuality
from tests.support.serve_app import EXAMPLES, ROOT

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


def test_client_example_runs(folder, app):
    example = block("python", "gradio_client").replace("http://127.0.0.1:7860", app.url)
    assert "\nreading [] {" in run([sys.executable, "-c", example], folder)


def test_batch_example_runs(folder, app):
    (folder / "no clip.mp4").write_text("not a video")
    example = block("python", "ThreadPoolExecutor").replace("http://127.0.0.1:7860", app.url)
    printed = run([sys.executable, "-c", example], folder).splitlines()
    assert printed[-1] == "no clip.mp4 error None"
    name, status, rate = printed[-2].split()
    assert (name, status) == ("me.mp4", "reading")
    assert float(rate) == pytest.approx(58, abs=1)


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
    texts = {ROOT: README} | {page: page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")}
    for page, text in texts.items():
        for name in re.findall(r"`((?:weights|benchmarks|docs|bpdemo|tests|tools)/[\w./]+)`", text):
            assert (ROOT / name).exists(), f"{page}: {name}"
        for link in re.findall(r"\]\((?!https?:)([\w./]+)\)", text):
            assert ((page if page.is_dir() else page.parent) / link).exists(), f"{page}: {link}"


def test_the_ranges_of_renderings_are_those_that_are_drawn_from():
    rows = (ROOT / "docs" / "rendering.md").read_text(encoding="utf-8").splitlines()
    for name in (field.name for field in fields(CaptureQuality)):
        ranges = (getattr(quality, name) for quality in QUALITIES.values())
        cells = " | ".join(f"{100 * low:.3g} to {100 * high:.3g} %" for low, high in ranges)
        assert sum(row.endswith(f"| {cells} |") for row in rows) == 1, name


def test_every_requirement_is_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert not line or line.startswith(("#", "-r ")) or "==" in line, line
