"""The wheel and the sdist: complete, and at work in another folder than the checkout."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile

import pytest
import yaml

from bpdemo import __version__
from bpdemo.weights.embedded import embedded_models
from tests.support.serve_app import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder of the sdist, and of the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the programs of a new environment that holds the wheel, and borrows what it requires."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        programs / "python",
        "install",
        "--no-index",
        "--no-deps",
        wheel,
        cwd=folder,
    )
    own = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    with open(f"{own}/borrowed.pth", "w") as file:
        file.write(sysconfig.get_path("purelib"))
    return programs


def run(*command, cwd):
    hidden = {"PYTHONPATH", "BPDEMO_WEIGHTS"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    ran = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_wheel_holds_what_the_package_reads(wheel):
    names = {*zipfile.ZipFile(wheel).namelist()}
    files = [path for path in (ROOT / "bpdemo").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in files} <= names
    index = json.loads((ROOT / "examples" / "examples.json").read_text())
    examples = {"README.md", "examples.json", *(clip["file"] for clip in index["clips"])}
    assert {name.rpartition("/")[2] for name in names if name.startswith("bpdemo/assets/examples/")} == examples
    card = (ROOT / "weights" / "README.md").read_text(encoding="utf-8")
    weights = {"README.md", "config.json", "model.safetensors", "face_landmarker.task", "face_landmarker.NOTICE.md"}
    weights |= {*re.findall(r"\]\((evidence/[\w.]+)\)", card)}
    for model in embedded_models()[1:]:
        weights |= {f"{model}/{name}" for name in ("README.md", "config.json", "model.safetensors")}
    assert {f"bpdemo/assets/weights/{name}" for name in weights} <= names
    assert sum(name.endswith(".task") for name in names) == 1, "the landmark model is there once"
    assert {f"bpdemo-{__version__}.dist-info/licenses/LICENSE", "bpdemo/py.typed"} <= names
    assert {name.partition("/")[0] for name in names} == {"bpdemo", f"bpdemo-{__version__}.dist-info"}


def test_sdist_holds_every_file_of_the_repository(built):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file() and not name.startswith(".ci/")}
    assert tracked - names == set()


@pytest.mark.slow
def test_the_command_of_the_wheel_says_its_version(installed, tmp_path):
    assert run(installed / "bpdemo", "--version", cwd=tmp_path) == f"bpdemo {__version__}\n"
    code = "import bpdemo; print(bpdemo.__version__, bpdemo.__file__)"
    version, _, file = run(installed / "python", "-c", code, cwd=tmp_path).strip().partition(" ")
    assert version == __version__
    assert file.startswith(str(installed.parent))


@pytest.mark.slow
def test_the_wheel_reads_its_example(installed, tmp_path):
    code = """
from bpdemo import BloodPressureEstimator
from bpdemo.assets import asset_folder
estimate = BloodPressureEstimator.from_pretrained().estimate(asset_folder("examples") / "face_58_bpm.webm")
print(estimate.status, estimate.heart_rate.value, estimate.weights.name)
"""
    status, rate, weights = run(installed / "python", "-c", code, cwd=tmp_path).split()
    assert status == "reading"
    assert float(rate) == pytest.approx(58, abs=1)
    assert weights == json.loads((ROOT / "weights" / "config.json").read_text())["name"]


def test_addresses_come_from_one_place():
    addresses = {*PROJECT.get("urls", {}).values()}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {
        citation[name] for name in ("url", "repository-code", "repository-artifact") if name in citation
    } <= addresses
    assert citation["license"] == PROJECT["license"]
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir():
        assert yaml.safe_load(path.read_text(encoding="utf-8"))
