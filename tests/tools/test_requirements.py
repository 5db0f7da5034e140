"""The requirements files are what pyproject.toml says, and name all that is imported."""

from functools import cache

import pytest

from tests.support.serve_app import ROOT
from tools import requirements

PROJECT = """
[project]
name = "bpdemo"
dependencies = ["numpy==2.4.6"]

[project.optional-dependencies]
demo = ["gradio[mcp]==6.31.0"]
train = ["scipy==1.17.1"]
dev = ["bpdemo[demo,train]", "pytest==9.2.0"]
"""


@pytest.fixture(scope="module", autouse=True)
def distributions_once():
    """Looking through all that is installed takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requirements, "packages_distributions", cache(requirements.packages_distributions))
        yield


@pytest.fixture
def project(tmp_path):
    """A project of a few files; each test puts one thing wrong."""
    files = {
        "pyproject.toml": PROJECT,
        "app.py": "import os\n\nfrom bpdemo import use\n",
        "bpdemo/use.py": "import numpy.linalg\nif TYPE_CHECKING:\n    import pytest\n",
        "bpdemo/demo/page.py": "def page():\n    import gradio\n    import numpy, spaces\n",
        "bpdemo/training/fit.py": "from scipy.signal import periodogram\nfrom . import neighbour\n",
        "tests/test_use.py": "import pytest\nimport scipy\nfrom tests.support import helper\n",
        "tests/support/helper.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, text in requirements.requirement_files(requirements.read_groups(tmp_path)).items():
        (tmp_path / name).write_text(text)
    return tmp_path


def faults(root):
    groups = requirements.read_groups(root)
    checks = (requirements.file_faults(root, groups), requirements.import_faults(root, groups))
    return [*requirements.pin_faults(groups), *(fault for found in checks for fault in found)]


def rewrite(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_this_project_is_in_order():
    assert faults(ROOT) == []


def test_no_accelerator_is_asked_for():
    lines = [line for group in requirements.read_groups(ROOT).values() for line in group]
    assert not [line for line in lines if line.startswith(("nvidia", "triton", "cuda"))]


def test_a_project_in_order(project):
    assert faults(project) == []
    demo, everything = ((project / name).read_text() for name in ("requirements.txt", "requirements-dev.txt"))
    assert {"numpy==2.4.6", "gradio[mcp]==6.31.0"} <= {*demo.splitlines()}
    assert "pytest" not in demo
    assert {"-r requirements.txt", "scipy==1.17.1", "pytest==9.2.0"} <= {*everything.splitlines()}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_file_that_differs(project, name):
    with (project / name).open("a") as file:
        file.write("tqdm==4.70.1\n")
    assert [fault.split()[0] for fault in faults(project)] == [name]
    (project / name).unlink()
    assert [fault.split()[0] for fault in faults(project)] == [name]


@pytest.mark.parametrize(
    "line", ["scipy", "scipy>=1.17", "scipy==1.*", "scipy==1.17.1,!=2", "scipy @ https://somewhere/scipy.whl"]
)
def test_what_is_not_pinned(project, line):
    rewrite(project / "pyproject.toml", "scipy==1.17.1", line)
    assert f"not pinned: {line}" in faults(project)


def test_what_is_pinned_twice(project):
    rewrite(project / "pyproject.toml", '"pytest==9.2.0"', '"pytest==9.2.0", "NumPy==2.4.5"')
    assert "pinned twice: numpy" in faults(project)


@pytest.mark.parametrize(
    ("file", "module", "extra"),
    [
        ("bpdemo/use.py", "gradio", "base"),
        ("bpdemo/demo/page.py", "scipy", "demo"),
        ("bpdemo/training/fit.py", "gradio", "train"),
        ("bpdemo/figures/beats.py", "gradio", "train"),
        ("app.py", "pytest", "demo"),
        ("tests/test_use.py", "torch", "dev"),
    ],
)
def test_what_its_part_of_the_requirements_does_not_name(project, file, module, extra):
    (project / file).parent.mkdir(exist_ok=True)
    with (project / file).open("a") as source:
        source.write(f"import {module}\n")
    assert faults(project) == [f"{file} imports {module}, which no requirement of {extra} names"]


def test_what_is_named_in_vain(project):
    (project / "bpdemo" / "training" / "fit.py").write_text("")
    assert faults(project) == ["scipy is a requirement of train and imported nowhere in it"]
