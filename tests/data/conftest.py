import pytest


@pytest.fixture
def folder(tmp_path):
    """A folder within a folder, each with a column of numbers, and two clips (nothing decodes them here)."""
    (tmp_path / "outside.txt").write_text("1\n2\n3\n")
    inside = tmp_path / "set"
    inside.mkdir()
    (inside / "a.txt").write_text("1\n2\n3\n")
    (inside / "a.mp4").write_bytes(b"\0")
    (inside / "b.mp4").write_bytes(b"\0")
    return inside


@pytest.fixture
def clip_folder(folder):
    """The same with a table of one clip."""
    (folder / "clips.csv").write_text("clip,person,systolic,diastolic\na.mp4,7,120,80\n")
    return folder
