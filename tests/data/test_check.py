"""What a data set holds, told before hours are spent on it."""

import json

import pytest

from bpdemo.data.check import check_data
from tests.support.data_sets.ubfc_phys import write_ubfc_phys
from tests.support.small_faces_sets import Session, write_bp4d
from tests.support.small_tables import write_recordings


def test_pulses_are_counted_with_their_pressures(tmp_path):
    found = check_data("mine", write_recordings(tmp_path))
    assert (found.people, found.recordings, found.clips, found.with_pulse, found.hours) == (6, 12, 0, 12, 0)
    assert found.pressures == {"cuff": 12}
    # 104, 118, 132, 146, 160, 174 mmHg, and four more each
    assert found.systolic == {
        "100 to 110": 2,
        "110 to 120": 1,
        "120 to 130": 1,
        "130 to 140": 2,
        "140 to 160": 2,
        "160 to 180": 4,
    }
    assert sum(found.diastolic.values()) == 12


def test_clips_are_counted_with_their_hours(tmp_path, pulse_clip, text_file):
    (tmp_path / "a.mp4").symlink_to(pulse_clip.path)
    (tmp_path / "b.mp4").symlink_to(text_file)
    (tmp_path / "clips.csv").write_text("clip,person,systolic,diastolic\na.mp4,1,190,120\nb.mp4,1,,\n")
    found = check_data("clips", tmp_path)
    assert (found.people, found.recordings, found.clips) == (1, 2, 1)
    assert found.hours == pytest.approx(15 / 3600, rel=0.01)
    assert (found.systolic, found.diastolic) == ({"180 and above": 1}, {"110 and above": 1})
    assert found.faults == {"not_a_video": 1}


def test_pulses_that_cannot_be_read_are_counted(tmp_path):
    write_ubfc_phys(tmp_path)
    (tmp_path / "s1" / "bvp_s1_T1.csv").write_text("7\n" * 30)
    (tmp_path / "s1" / "bvp_s1_T2.csv").unlink()
    summary = check_data("ubfc_phys", tmp_path)
    assert (summary.recordings, summary.with_pulse, summary.missing) == (9, 7, 1)
    assert summary.faults["pulse data_invalid"] == 1


def test_a_wave_without_its_clip_has_no_fault_of_its_own(tmp_path):
    write_bp4d(tmp_path, [Session("F001", "T1"), Session("F002", "T1")])
    (tmp_path / "2D+3D" / "F002.zip").unlink()
    summary = check_data("bp4d", tmp_path)
    assert (summary.faults, summary.missing, summary.first_missing) == ({}, 1, "2D+3D/F002.zip")


def test_the_command_prints_lines_or_json(ppg_bp, run_here):
    def run(*options):
        ran = run_here("data", "check", f"ppg_bp={ppg_bp}", *options)
        assert not ran.returncode
        return ran.stdout

    lines = run().splitlines()
    assert "6 people" in lines[0]
    assert any(line.startswith("licence") and "CC BY 4.0" in line for line in lines)
    assert json.loads(run("--json"))["people"] == 6
