"""A row of the table says what the estimate says."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.export.rows import COLUMNS, summary_row, table_writer
from bpdemo.reasons import reason
from tests.support.made_up_results import READING, REFUSED, judge_again, make_reading, make_window

API = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_a_readings_row():
    row = summary_row(replace(make_reading(), notes=(reason("clip_cut"), reason("damaged"))))
    assert list(row) == list(COLUMNS)
    pressures = [row[f"systolic{end}"] for end in ("", "_low", "_high")], row["diastolic"]
    assert pressures == (["118.4", "90.2", "146.6"], "70.4")
    assert (row["status"], row["level"], row["reasons"], row["why"]) == ("reading", "reading", "", "")
    assert row["notes"] == "clip_cut damaged"
    assert float(row["heart_rate"]) == pytest.approx(61.3)
    assert float(row["pulse_probability"]) > 0.5
    assert (row["width"], row["height"], row["duration_s"], row["model"]) == ("640", "480", "15.0", "beats")


def test_a_refusals_and_an_errors_row_have_no_pressure():
    window = judge_again(make_window(), snr_db=1.0)
    refused = summary_row(replace(REFUSED, windows=(window,)))
    assert refused["reasons"] == " ".join(one.code for one in REFUSED.reasons)
    assert "snr_for_shape_db" in refused["failed_checks"]
    error = summary_row(Estimate.from_error("a.mp4", ClipError("not_found", "None.", "Look."), path="x/a.mp4"))
    assert {key: value for key, value in error.items() if value} == {
        "clip": "a.mp4", "path": "x/a.mp4", "status": "error", "level": "nothing", "reasons": "not_found",
        "why": "None. Look.", "method": "pos",
    }  # fmt: skip
    assert refused["systolic"] == error["heart_rate"] == ""


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=HYPERLINK(1).mp4", "'=HYPERLINK(1).mp4"),
        ("-1+2.mp4", "'-1+2.mp4"),
        ('a "b", c.mp4', 'a "b", c.mp4'),
        ("\x1b[2J\n.mp4", "\\x1b[2J\\n.mp4"),
        ("\udcff心.mp4", "\\udcff心.mp4"),
    ],
)
def test_a_name_commands_neither_a_spreadsheet_nor_a_terminal(name, written):
    file = io.StringIO()
    table_writer(file).writerow(summary_row(replace(READING, clip=name)))
    file.seek(0)
    (row,) = csv.DictReader(file)
    assert row["clip"] == written
    file.getvalue().encode()


def test_a_negative_number_stays_one():
    quiet = replace(READING.heart_rate, snr_db=-3.25)
    assert summary_row(replace(READING, heart_rate=quiet))["snr_db"] == "-3.2"


def test_every_column_is_documented():
    table = API.read_text(encoding="utf-8").partition("### CSV")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)`", table)
    assert set(COLUMNS) <= set(named)
