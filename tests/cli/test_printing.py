"""What is printed of many clips: a table, why there are refusals, one disclaimer, and no terminal's commands."""

import json
import re
import sys
from dataclasses import replace

import pytest

from bpdemo.cli.printing import Printer
from bpdemo.cli.table import HEAD
from bpdemo.errors import ClipError
from bpdemo.estimate import Estimate
from bpdemo.reasons import reason
from tests.support.made_up_results import READING, REFUSED, judge_again, make_window

NASTY = "\x1b[2J[red]:smile:\tx\n.mp4"
SHOWN = "[2J[red]:smile: x .mp4"  # as a name is printed; the escape itself is gone
CLIPS = (
    READING,
    replace(REFUSED, clip="dark.mp4", reasons=(reason("too_dark"),), windows=(judge_again(make_window(), snr_db=1.0),)),
    Estimate.from_error(NASTY, ClipError("not_a_video", "It is no video.", "Use another.")),
)


def printed(capsys, kind, estimates=CLIPS):
    with Printer(kind, [estimate.clip for estimate in estimates]) as printer:
        for estimate in estimates:
            printer.add(estimate)
    assert printer.any_error == any(estimate.status == "error" for estimate in estimates)
    out, err = capsys.readouterr()
    assert err == "", "progress is for terminals"
    return out


def test_elsewhere_than_on_a_terminal_rows_are_plain(capsys):
    table, *refusals, disclaimer = printed(capsys, "table").split("\n\n")
    head, *rows = [line.split("\t") for line in table.splitlines()]
    assert head == list(HEAD)
    assert [row[:5] for row in rows] == [
        ["clip.mp4", "reading", "118 (90 to 147)", "70 (52 to 88)", "61"],
        ["dark.mp4", "no reading", "", "", ""],
        [SHOWN, "cannot be read", "", "", ""],
    ]
    assert rows[1][5] == reason("too_dark").message
    dark, nasty = refusals
    assert dark.startswith("dark.mp4: no reading\n")
    assert "SNR is 1.0 dB; at least 2.0 dB" in dark
    assert nasty == f"{SHOWN}: cannot be read\n  It is no video. Use another. [not_a_video]"
    assert "not a medical device" in disclaimer


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_on_a_terminal_the_table_is_drawn_and_lines_fit(capsys, monkeypatch, columns):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    out = printed(capsys, "table")
    assert "\t" not in out
    assert "\x1b[2J" not in out
    assert out.count("not a medical device") == 1
    if columns == 200:
        assert out.count(SHOWN) == 2, "a name is no markup, in the table and below it"
        assert "118 (90 to 147)" in out
    if columns >= 80:
        lines = re.sub("\x1b\\[[0-9;]*m", "", out).splitlines()
        assert max(map(len, lines)) <= columns
        assert len(lines) > 12


@pytest.mark.parametrize("kind", ["json", "table", "nothing"])
def test_progress_on_a_terminal_leaves_the_result_alone(capsys, monkeypatch, kind):
    alone = printed(capsys, kind)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Printer(kind, [estimate.clip for estimate in CLIPS]) as printer:
        for estimate in CLIPS:
            printer.add(estimate)
    out, err = capsys.readouterr()
    assert out == alone
    assert "3/3" in err


def test_json_stays_one_object_a_line(capsys):
    lines = printed(capsys, "json").splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["reading", "refused", "error"]


def test_one_clip_begins_with_its_verdict(capsys):
    firsts = ("clip.mp4: reading", "dark.mp4: no reading", f"{SHOWN}: cannot be read")
    for estimate, first in zip(CLIPS, firsts, strict=True):
        out = printed(capsys, "lines", [estimate])
        assert out.splitlines()[0] == first
        assert out.count("not a medical device") == (estimate.status != "error")


def test_nothing_is_printed_beside_a_table_on_stdout(capsys):
    assert printed(capsys, "nothing") == ""
