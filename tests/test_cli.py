"""The command line, as people type it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpdemo import __version__

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FACE = ROOT / "examples" / "face_58_bpm.webm"
WALL = ROOT / "examples" / "wall.mp4"


def run(*arguments, cwd, text_as=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "bpdemo", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        encoding=text_as,
        check=False,
    )


@pytest.fixture(scope="module")
def several(small_weights, tmp_path_factory):
    """One run over a face, a wall, a text file, an empty file, a missing one and an empty folder."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "text.mp4").write_text("This is no video.")
    (folder / "empty.mp4").touch()
    (folder / "none").mkdir()
    clips = [FACE, WALL, "text.mp4", "empty.mp4", "missing.mp4", "none"]
    return run("estimate", "--json", "--weights", small_weights, *clips, cwd=folder)


def test_json_is_one_object_a_line_and_nothing_else(several):
    results = [json.loads(line) for line in several.stdout.splitlines()]
    assert len(results) == 6
    assert [result["path"] for result in results[:3]] == [str(FACE), str(WALL), "text.mp4"]
    assert {result["schema"] for result in results} == {"bpdemo.estimate/2"}
    assert [result["status"] for result in results] == ["reading", "refused", "error", "error", "error", "error"]
    codes = [reason["code"] for result in results[1:] for reason in result["reasons"]]
    assert codes == ["no_face", "not_a_video", "empty_file", "not_found", "no_clips"]


def test_an_unknown_method_is_one_line_that_lists_the_methods(run_here):
    ran = run_here("estimate", "--method", "magic", WALL)
    assert (ran.returncode, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert "green, chrom, pos" in line
    assert "method_unknown" in line


def test_the_pulse_is_found_by_the_method_asked_for(run_here, small_weights):
    ran = run_here("estimate", "--json", "--method", "chrom", "--weights", small_weights, FACE)
    result = json.loads(ran.stdout)
    assert result["method"] == "chrom"
    assert result["heart_rate"]["value"] == pytest.approx(58, abs=1)


def test_what_is_told_goes_with_the_reading_and_is_looked_at_first(run_here, small_weights):
    person = ("--age", 61, "--sex", "female", "--height", 163, "--weight", 70.5)
    ran = run_here("estimate", "--json", *person, "--weights", small_weights, FACE)
    told = json.loads(ran.stdout)["told"]
    assert told["person"] == {"age": 61, "sex": "female", "height_cm": 163, "weight_kg": 70.5}
    assert [note["code"] for note in told["notes"]] == ["told_not_supported"]
    wrong = run_here("estimate", "--height", 1.63, FACE)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.endswith("[told_invalid]\n")
    assert len(wrong.stderr.splitlines()) == 1


@pytest.mark.parametrize(("model", "status", "code"), [("beats", 0, "no_face"), ("magic", 2, "model_unknown")])
def test_weights_are_of_the_model_that_is_named(run_here, small_weights, model, status, code):
    ran = run_here("estimate", "--json", "--model", model, "--weights", small_weights, WALL)
    assert ran.returncode == status
    assert json.loads(ran.stdout)["reasons"][0]["code"] == code
    assert run_here("check", "--model", model, "--weights", small_weights).returncode == status


def test_an_error_among_clips_is_status_2_and_no_stack_trace(several):
    assert several.returncode == 2
    assert "Traceback" not in several.stderr


def test_reading_has_every_field(several):
    result = json.loads(several.stdout.splitlines()[0])
    assert result["clip"] == FACE.name
    assert result["heart_rate"]["value"] == pytest.approx(58, abs=1)
    assert result["heart_rate"]["unit"] == "bpm"
    assert result["heart_rate"]["snr_db"] > 2
    for pressure in (result["systolic"], result["diastolic"]):
        assert pressure["unit"] == "mmHg"
        assert pressure["interval"][0] < pressure["value"] < pressure["interval"][1]
        assert pressure["coverage"] == 0.9
        assert sum(part["probability"] for part in pressure["ranges"]) == pytest.approx(1, abs=1e-3)
        assert all(part["low"] <= part["value"] <= part["high"] for part in pressure["ranges"])
        expected = sum(part["probability"] * part["value"] for part in pressure["ranges"])
        assert pressure["value"] == pytest.approx(expected, abs=0.2)
        assert set(pressure["baseline"]) == {"value", "mean_absolute_error"}
    assert len(result["windows"]) == 1
    assert result["capture"]["codec"] == "vp9"
    assert result["capture"]["frames"] == 450
    assert result["capture"]["frame_rate_hz"] == pytest.approx(30, abs=0.1)
    assert {"name", "revision", "stmap_version", "provenance"} <= set(result["weights"])
    assert "Research use only" in result["disclaimer"]


def test_refusal_has_no_pressure_and_no_heart_rate(several):
    result = json.loads(several.stdout.splitlines()[1])
    assert not {"systolic", "diastolic", "heart_rate"} & set(result)
    assert result["reasons"][0]["remedy"]
    assert result["capture"]["face"]["seen"] == 0


def test_summary_is_readable_and_refusals_are_status_0(run_here, small_weights):
    ran = run_here("estimate", WALL, "--weights", small_weights)
    assert ran.returncode == 0
    assert "no_face" in ran.stdout
    assert ran.stdout.startswith("wall.mp4: no reading\n")
    assert "seen in 0 % of the sampled frames; at least 80 % is needed." in ran.stdout
    assert ran.stdout.count("not a medical device") == 1
    assert ran.stderr == ""


def test_a_folder_is_a_table_and_each_clip_has_its_files(run_here, small_weights, tmp_path):
    (tmp_path / "clips").mkdir()
    for clip in (FACE, WALL):
        (tmp_path / "clips" / clip.name).symlink_to(clip)
    files = ("--csv", "t.csv", "--report", "reports", "--figures", "figures")
    ran = run_here("estimate", "clips", *files, "--weights", small_weights)
    assert (ran.returncode, ran.stderr) == (0, "")
    _, *rows = ran.stdout.partition("\n\n")[0].splitlines()
    assert [row.split("\t")[:2] for row in rows] == [[FACE.name, "reading"], [WALL.name, "no reading"]]
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as table:
        assert [row["level"] for row in csv.DictReader(table)] == ["reading", "nothing"]
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {f"{FACE.stem}.pdf", f"{WALL.stem}.pdf"}
    assert (tmp_path / "figures" / FACE.stem / "stmap.png").is_file()


def test_stmap_writes_the_map(run_here, tmp_path):
    ran = run_here("stmap", FACE, "-o", "map")
    assert ran.returncode == 0
    assert ran.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["map"]  # the name that was given
    with np.load(tmp_path / "map") as saved:
        channels, cells, columns = saved["stmap"].shape
        assert channels == 4
        assert columns == 450
        assert len(saved["cells"]) == len(saved["regions"]) == cells
        assert saved["mask"].shape == (cells, columns)
        assert len(saved["time_s"]) == columns


@pytest.mark.parametrize(
    "arguments",
    [
        ("stmap", WALL, "-o", "map.npz"),
        ("stmap", "missing.mp4", "-o", "map.npz"),
        ("stmap", FACE, "-o", "no/such/folder/map.npz"),
        ("stmap", FACE, "-o", "."),
        ("stmap", FACE, "-o", "/dev/full"),
        ("evaluate", "--data", "nonsense"),
        ("evaluate", "--data", "ppg_bp=missing", "--weights", "missing/folder/"),
        ("push", "missing", "owner/name"),
    ],
)
def test_errors_are_one_line_and_status_2(run_here, arguments):
    ran = run_here(*arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ")
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert ran.stdout == ""


def test_weights_that_cannot_be_had_are_an_error_of_every_clip(run_here, monkeypatch):
    monkeypatch.setenv("BPDEMO_WEIGHTS", "missing/folder/here")
    ran = run_here("estimate", FACE, WALL, "--json")
    assert ran.returncode == 2
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [result["status"] for result in results] == ["error", "error"]
    assert all(result["reasons"][0]["code"].startswith("weights_") for result in results)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_name_that_the_console_cannot_show_ends_no_batch(tmp_path, encoding, options):
    names = ["größe.mp4", "心率.mp4", os.fsdecode(b"\xff.mp4"), "missing.mp4"]
    ran = run("estimate", *names, *options, cwd=tmp_path, PYTHONIOENCODING=encoding, text_as=encoding)
    assert (ran.returncode, ran.stderr) == (2, "")
    if options:
        assert [json.loads(line)["path"] for line in ran.stdout.splitlines()] == names
    else:
        _, *rows = ran.stdout.partition("\n\n")[0].splitlines()
        clips = [row.split("\t")[0] for row in rows]
        shown = ["größe.mp4", "心率.mp4", ".mp4", "missing.mp4"]
        assert clips == [name.encode(encoding, "backslashreplace").decode(encoding) for name in shown]


@pytest.mark.parametrize(
    "arguments",
    [
        ("stmap", "心\udcff.mp4", "-o", "心\udcff"),
        ("check", "--weights", "心\udcff"),
        ("publish", "owner/心\udcff", "--dry-run"),
    ],
)
def test_an_error_is_one_line_on_a_console_that_cannot_show_it(tmp_path, arguments):
    ran = run(*arguments, cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error: ")
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


def test_version(tmp_path):
    assert run("--version", cwd=tmp_path).stdout == f"bpdemo {__version__}\n"


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("demo", "gradio", "demo"),
        ("estimate clip.mp4 --report clip.pdf", "fpdf", "demo"),
        ("render clip.mp4 --duration 1", "skimage", "train"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(tmp_path, command, package, extra):
    code = f"import sys; sys.modules[{package!r}] = None; from bpdemo.cli import main; main()"
    command = [sys.executable, "-c", code, *command.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"error: The Python package {package} is missing.")
    assert f"pip install 'bpdemo[{extra}]'" in ran.stderr
    assert ran.stderr.endswith("[library_missing]\n")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["bpdemo", "bpdemo.cli"])
def test_import_is_light(module):
    """What takes seconds to load is not loaded before a command needs it."""
    heavy = ("cv2", "gradio", "matplotlib", "mediapipe", "numpy", "torch")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
