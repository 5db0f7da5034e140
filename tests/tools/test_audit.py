"""The audit of what is installed never takes silence for an answer."""

import json
import subprocess
import sys

import pytest

from tests.support.serve_app import ROOT
from tools import audit


def pip_audit(tmp_path, answer):
    """A command that answers as pip-audit does: what it prints, and exit status 1 with faults."""
    script = tmp_path / "pip_audit.py"
    script.write_text(f"import sys\nprint({answer!r})\nsys.exit('GHSA' in {answer!r})\n")
    return [sys.executable, str(script)]


def test_known_faults_are_named(tmp_path):
    fault = {"id": "GHSA-1", "fix_versions": ["1.1"], "aliases": []}
    packages = [{"name": "a", "version": "1.0", "vulns": [fault]}, {"name": "b", "version": "2.0", "vulns": []}]
    found, line = audit.known_faults(pip_audit(tmp_path, json.dumps({"dependencies": packages})))
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
    packages = {"dependencies": [{"name": "a", "version": "1.0", "vulns": []}]}
    command = pip_audit(tmp_path, json.dumps(packages))
    script = tmp_path / "pip_audit.py"
    script.write_text(f"import sys\nif 'osv' not in sys.argv: sys.exit('no answer')\n{script.read_text()}")
    assert audit.known_faults(command) == ([], "known faults: asked about 1 of 1 packages")


@pytest.mark.parametrize("question", ["conflicts", "known_faults"])
def test_a_fault_that_any_question_finds_fails_the_audit(monkeypatch, capsys, question):
    monkeypatch.setattr(audit, "conflicts", lambda: ["a is at fault"] if question == "conflicts" else [])
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
