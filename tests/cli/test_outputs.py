"""Tables, reports and figures that the command line writes."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bpdemo.cli.outputs import Outputs
from bpdemo.errors import BpdemoError, ClipError
from bpdemo.estimate import Estimate
from tests.support.made_up_results import CONFIG, READING, REFUSED, make_reading

ERROR = Estimate.from_error("none.mp4", ClipError("not_found", "There is none.", "Look again."))


def write(estimates, table=None, report=None, figures=None):
    with Outputs(table, report, figures, many=len(estimates) > 1) as outputs:
        for estimate in estimates:
            outputs.add(estimate, CONFIG)


def test_each_clip_that_was_opened_has_its_files_and_none_takes_anothers(tmp_path):
    shown = make_reading()
    clips = (shown, replace(READING, clip="clip.webm"), replace(REFUSED, clip="b.mp4"), ERROR)
    write(clips, str(tmp_path / "t.csv"), tmp_path / "new" / "reports", tmp_path / "figures")
    reports = {path.name: path.read_bytes() for path in (tmp_path / "new" / "reports").iterdir()}
    assert set(reports) == {"clip.pdf", "clip-2.pdf", "b.pdf"}
    assert {content[:5] for content in reports.values()} == {b"%PDF-"}
    drawn = {path.name for path in (tmp_path / "figures" / "clip").iterdir()}
    assert drawn == {f"{name}.png" for name in ("cells", "stmap", "beats", "pulse", "ranges")}
    assert Image.open(tmp_path / "figures" / "clip-2" / "ranges.png").width > 700
    rows = list(csv.DictReader((tmp_path / "t.csv").open(newline="", encoding="utf-8")))
    assert [(row["clip"], row["status"]) for row in rows] == [
        ("clip.mp4", "reading"), ("clip.webm", "reading"), ("b.mp4", "refused"), ("none.mp4", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize(("report", "written"), [("in/one.PDF", "in/one.PDF"), (".", "clip.pdf"), ("a", "a/clip.pdf")])
def test_one_clips_report_is_a_file_or_goes_into_a_folder(tmp_path, monkeypatch, report, written):
    monkeypatch.chdir(tmp_path)
    write([READING], report=Path(report))
    assert (tmp_path / written).read_bytes().startswith(b"%PDF-")


def test_one_pdf_holds_no_two_clips(tmp_path):
    with pytest.raises(BpdemoError) as caught:
        write([READING, READING], report=tmp_path / "one.pdf")
    assert caught.value.code == "options_conflict"


@pytest.mark.parametrize("name", ["table", "figures", "report"])
def test_what_cannot_be_written_is_known_before_a_clip_is_read(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write([], **{name: tmp_path / "file" / "x"})


def test_a_table_may_go_to_stdout(capsys):
    write([READING], "-")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["clip"] == "clip.mp4"
