import shutil

import pytest

from bpdemo.data.registry import check_people, cite, load, load_people
from bpdemo.errors import DataError
from tests.support.small_tables import write_mw_ppg, write_recordings


def test_an_unknown_set_is_an_error(tmp_path):
    with pytest.raises(DataError) as caught:
        load_people({"ppg_xy": tmp_path})
    assert caught.value.code == "data_unknown"
    assert "ppg_bp" in str(caught.value)


def test_a_set_may_have_any_name(clip_folder, tmp_path):
    (tmp_path / "pulses").mkdir()
    people = load_people({"ours": clip_folder, "theirs": write_recordings(tmp_path / "pulses", people=1)})
    assert [person.name for person in people] == ["ours:7", "theirs:0"]


def test_published_people_keep_their_names_under_any_name_of_the_set(ppg_bp, tmp_path):
    people = load_people({"hospital": ppg_bp, "students": write_mw_ppg(tmp_path)})
    assert [people[0].name, people[-1].name] == ["ppg_bp:2", "mw_ppg:13"]


def test_a_folder_with_both_tables_needs_a_known_name(clip_folder):
    write_recordings(clip_folder, people=1)
    with pytest.raises(DataError) as caught:
        load_people({"ours": clip_folder})
    assert caught.value.code == "data_unknown"
    assert load_people({"clips": clip_folder})[0].name == "clips:7"
    # The same people under two names would be trained and tested on.
    with pytest.raises(DataError) as caught:
        load_people({"clips": clip_folder, "recordings": clip_folder})
    assert caught.value.code == "data_invalid"


def test_a_person_met_twice_is_an_error(ppg_bp, tmp_path):
    shutil.copytree(ppg_bp, tmp_path / "again")
    with pytest.raises(DataError) as caught:
        load_people({"ppg_bp": ppg_bp, "again": tmp_path / "again"})
    assert caught.value.code == "data_invalid"


def test_sets_cut_from_the_same_sessions_share_their_people():
    check_people([{"mmse_hr:F001", "mmse_hr:F002"}, {"v4v:F003"}, {"pure:F001"}])
    with pytest.raises(DataError) as caught:
        check_people([{"mmse_hr:F001"}, {"v4v:F001"}])
    assert caught.value.code == "data_invalid"


def test_a_folder_of_another_set_is_named(ppg_bp):
    with pytest.raises(DataError) as caught:
        load_people({"mw_ppg": ppg_bp})
    assert caught.value.code == "data_missing"
    assert "mwppg_200hz.npz" in caught.value.reason.message
    assert "ppg_bp" in caught.value.reason.remedy


@pytest.mark.parametrize("name", ["mmse_hr", "bp4d", "v4v", "mcd_rppg", "vital_videos", "ubfc_phys", "pure", "ibvp"])
def test_a_folder_that_may_not_be_read_is_an_error(name, tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("bpdemo.data.folders.os.scandir", refuse)
    with pytest.raises(DataError) as caught:
        load({name: tmp_path})
    assert caught.value.code == "data_missing"
    assert str(tmp_path) in caught.value.reason.message


def test_a_set_one_level_deeper_is_found_for_the_user(ppg_bp):
    with pytest.raises(DataError) as caught:
        load_people({"ppg_bp": ppg_bp.parent})
    assert caught.value.code == "data_missing"
    assert str(ppg_bp) in caught.value.reason.remedy


def test_every_set_is_cited(ppg_bp, tmp_path):
    cited = cite({"hospital": ppg_bp, "mine": write_recordings(tmp_path, people=1)})
    assert "Scientific Data" in cited
    assert "mine" in cited
