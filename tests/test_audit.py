"""The audit of the dependencies finds what it is there for, and never takes silence for an answer."""

import json
import subprocess
import sys

import pytest

from tests.support.serve_app import ROOT
from tools import audit


@pytest.fixture
def project(tmp_path):
    """A project of a few files; each test puts one thing wrong."""
    files = {
        "requirements.txt": "# The demo.\nnumpy==2.4.6\ngradio[mcp]==6.31.0\n",
        "requirements-dev.txt": "-r requirements.txt\npytest==9.2.0\n",
        "app.py": "import os\n\nimport numpy.linalg\n\nfrom bpdemo import use\n",
        "bpdemo/use.py": "def use():\n    import gradio, starlette  # gradio brings it\n    import spaces\n",
        "bpdemo/training/fit.py": "from pytest import approx\nfrom . import neighbour\n",
        "tests/test_use.py": "import helper\nimport pytest\n",
        "tests/helper.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def pip_audit(tmp_path, answer):
    """A command that answers as pip-audit does: what it prints, and exit status 1 with faults."""
    script = tmp_path / "pip_audit.py"
    script.write_text(f"import sys\nprint({answer!r})\nsys.exit('GHSA' in {answer!r})\n")
    return [sys.executable, str(script)]


def test_this_project_is_in_order():
    assert list(audit.pin_faults(ROOT)) == []
    assert list(audit.import_faults(ROOT)) == []


def test_a_project_in_order(project):
    assert list(audit.pin_faults(project)) == []
    assert list(audit.import_faults(project)) == []


@pytest.mark.parametrize("line", ["scipy", "scipy>=1.17", "scipy==1.*", "scipy==1.17.1,!=2", "scipy @ file:scipy.whl"])
def test_what_is_not_pinned(project, line):
    with (project / "requirements.txt").open("a") as file:
        file.write(line + "\n")
    assert list(audit.pin_faults(project)) == [f"not pinned: {line}"]


def test_what_is_named_twice(project):
    with (project / "requirements-dev.txt").open("a") as file:
        file.write("NumPy==2.4.5\n")
    assert list(audit.pin_faults(project)) == ["named twice: numpy"]


def test_what_no_requirement_names(project):
    (project / "bpdemo" / "use.py").write_text("def use():\n    from scipy import signal\n")
    assert list(audit.import_faults(project)) == ["bpdemo/use.py imports scipy, which no requirement names"]


def test_the_demo_does_not_run_on_what_only_tests_bring(project):
    (project / "app.py").write_text("import pytest\n")
    assert list(audit.import_faults(project)) == ["app.py imports pytest, which no requirement names"]


def test_known_faults_are_named(tmp_path):
    fault = {"id": "GHSA-1", "fix_versions": ["1.1"], "aliases": []}
    told = [{"name": "a", "version": "1.0", "vulns": [fault]}, {"name": "b", "version": "2.0", "vulns": []}]
    found, line = audit.known_faults(pip_audit(tmp_path, json.dumps({"dependencies": told})))
    assert len(found) == 1
    assert "a 1.0: GHSA-1" in found[0]
    assert "2 of 2" in line


@pytest.mark.parametrize(
    "answer",
    ["", "ConnectionError", "[]", json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found on PyPI"}]})],
)
def test_no_answer_is_not_taken_for_no_faults(tmp_path, answer):
    found, line = audit.known_faults(pip_audit(tmp_path, answer))
    assert found == []
    assert "not asked" in line
    assert "\n" not in line


def test_where_one_service_is_silent_another_is_asked(tmp_path):
    told = {"dependencies": [{"name": "a", "version": "1.0", "vulns": []}]}
    command = pip_audit(tmp_path, json.dumps(told))
    script = tmp_path / "pip_audit.py"
    script.write_text(f"import sys\nif 'osv' not in sys.argv: sys.exit('no answer')\n{script.read_text()}")
    assert audit.known_faults(command) == ([], "known faults: asked about 1 of 1 packages")


@pytest.mark.parametrize("question", ["pin_faults", "import_faults", "conflicts", "known_faults"])
def test_a_fault_that_any_question_finds_is_told_and_fails_the_audit(monkeypatch, capsys, question):
    for name in ("pin_faults", "import_faults", "conflicts"):
        monkeypatch.setattr(audit, name, lambda *_, found=name == question: ["a is at fault"] if found else [])
    known = ["a is at fault"] if question == "known_faults" else []
    monkeypatch.setattr(audit, "known_faults", lambda _: (known, "asked"))
    monkeypatch.setattr(sys, "argv", ["audit.py"])
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code
    assert "a is at fault" in capsys.readouterr().err


def test_without_pip_audit_the_rest_is_still_answered():
    ran = subprocess.run([sys.executable, "tools/audit.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "known faults: not asked" in ran.stdout.splitlines()[0]
    assert ran.returncode == 0, ran.stdout + ran.stderr
