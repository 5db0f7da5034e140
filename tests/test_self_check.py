"""What is wrong with an installation is told at the start in one sentence; what runs, in a few lines."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from bpdemo import BloodPressureEstimator, BpdemoError
from bpdemo import face as face_module
from bpdemo import self_check as startup_module
from bpdemo.self_check import check, made_up_face, plain_errors
from bpdemo.window import read_window
from tests.support.serve_app import ROOT


@pytest.fixture
def estimator(small_weights):
    return BloodPressureEstimator.from_pretrained(small_weights, "cpu")


def run(arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def assert_ended_with(ran, code, word):
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
    assert code in ran.stderr
    assert word in ran.stderr


def test_the_report_tells_what_runs(estimator):
    report = check(estimator)
    told = report.to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["device"] == "cpu"
    assert told["weights"]["name"] == estimator.weights.summary.name
    assert told["face_model"] == face_module.MODEL_SHA256
    assert {"torch", "mediapipe", "gradio"} <= told["libraries"].keys()
    text = str(report)
    for word in ("cpu", "small", "never trained", "torch", told["face_model"][:8]):
        assert word in text
    assert str(estimator.weights.folder) not in text + json.dumps(told)


@pytest.mark.parametrize("rate_hz", [0.9, 1.2, 2.0])
def test_the_made_up_face_has_the_pulse_it_is_said_to_have(rate_hz):
    window = read_window(made_up_face(rate_hz=rate_hz), 0, 10)
    assert window.heart_rate.value == pytest.approx(60 * rate_hz, abs=1)


def test_an_installation_that_reads_wrongly_is_found_out(estimator, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(startup_module, "made_up_face", lambda: made_up_face(rate_hz=1.6))
        with pytest.raises(BpdemoError) as caught:
            check(estimator)
    assert caught.value.code == "check_failed"
    for name, parameter in estimator.weights.network.named_parameters():
        if name.endswith("calculator.3.bias"):
            parameter.data[:] = float("nan")
    with pytest.raises(BpdemoError) as caught:
        check(estimator)
    assert caught.value.code == "check_failed"


def test_a_landmark_model_that_sees_faces_everywhere_is_found_out(estimator, monkeypatch):
    def follow(_, frames):
        yield from (SimpleNamespace(landmarks=np.zeros((face_module.LANDMARKS, 2))) for _ in frames)

    monkeypatch.setattr(face_module.FaceTracker, "follow", follow)
    with pytest.raises(BpdemoError) as caught:
        check(estimator)
    assert caught.value.code == "check_failed"


def test_a_swapped_face_model_does_not_reach_mediapipe(estimator, tmp_path, monkeypatch):
    """One byte is another; MediaPipe would read it all the same."""
    model = bytearray(face_module.MODEL.read_bytes())
    model[len(model) // 2] ^= 1
    (tmp_path / "face_landmarker.task").write_bytes(model)
    monkeypatch.setattr(face_module, "MODEL", tmp_path / "face_landmarker.task")
    reached = []
    from mediapipe.tasks.python import vision

    monkeypatch.setattr(vision.FaceLandmarker, "create_from_options", reached.append)
    face_module.model_bytes.cache_clear()
    try:
        with pytest.raises(BpdemoError) as caught:
            check(estimator)
    finally:
        monkeypatch.undo()
        face_module.model_bytes.cache_clear()
    assert caught.value.code == "landmark_model_damaged"
    assert reached == []


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError("libEGL.so.1: cannot open shared object file"), "library_missing", "libEGL.so.1 packages.txt"),
        (ImportError("libGL.so.1: cannot open shared object file"), "library_missing", "libGL.so.1 packages.txt"),
        (ModuleNotFoundError("No module named 'av'", name="av"), "library_missing", "av requirements.txt"),
        (ImportError("numpy is\nbroken"), "library_missing", "requirements.txt"),
        (PermissionError(13, "Permission denied", "/home/someone"), "start_failed", "Permission denied"),
        (FileNotFoundError(2, "No such file", "/home/someone/libclip.so.1"), "start_failed", "No such file"),
        (OSError("Cannot find empty port in range: 80-80"), "start_failed", "empty port"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_a_broken_installation_raises_becomes_one_sentence(error, code, words):
    with pytest.raises(BpdemoError) as caught, plain_errors():
        raise error
    assert caught.value.code == code
    assert all(word in str(caught.value) for word in words.split())
    assert "\n" not in str(caught.value)
    assert "/home/someone" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("command", [["app.py"], ["-m", "bpdemo", "check"]])
def test_a_missing_library_ends_every_start_with_one_line(command, tmp_path):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file: No such file')")
    assert_ended_with(run(command, PYTHONPATH=str(tmp_path)), "library_missing", "libGL.so.1")


@pytest.mark.slow
def test_the_command_tells_the_same(small_weights):
    ran = run(["-m", "bpdemo", "check", "--weights", str(small_weights), "--device", "cpu", "--json"])
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["weights"]["name"] == "small"
