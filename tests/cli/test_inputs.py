"""Files, folders and patterns of names all lead to the clips that are meant."""

import pytest

from bpdemo.cli.inputs import find_clips


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("clips/b.MP4", "clips/a.webm", "clips/notes.txt", "clips/._a.webm", "clips/in/c.avi", "a[1].mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty.mp4").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        (["clips/b.MP4", "clips/notes.txt"], ["clips/b.MP4", "clips/notes.txt"]),
        (["clips"], ["clips/a.webm", "clips/b.MP4"]),
        (["clips/", "clips/a.webm"], ["clips/a.webm", "clips/b.MP4"]),
        (["clips/*.webm"], ["clips/a.webm"]),
        (["clips/**/*.avi"], ["clips/in/c.avi"]),
        (["clip?"], ["clips/a.webm", "clips/b.MP4"]),
        (["a[1].mp4"], ["a[1].mp4"]),
        (["missing.mp4"], ["missing.mp4"]),
    ],
)
def test_clips_are_found_once_and_in_order(folder, named, meant):
    assert list(find_clips(named)) == meant
    assert set(find_clips(named).values()) == {None}


def test_a_whole_path_may_be_a_pattern(folder):
    assert list(find_clips([f"{folder}/clips/?.webm"])) == [str(folder / "clips" / "a.webm")]


@pytest.mark.parametrize("nothing", ["empty.mp4", "clips/*.mkv", "[!a]*.none"])
def test_where_no_clip_is_stands_an_error(folder, nothing):
    found = find_clips(["clips/a.webm", nothing])
    assert found["clips/a.webm"] is None
    assert found[nothing].code == "no_clips"
    assert found[nothing].reason.remedy
