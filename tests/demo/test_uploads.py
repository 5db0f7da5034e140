import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bpdemo.demo.server.uploads import MAX_BYTES_TOGETHER, Uploads
from bpdemo.errors import BpdemoError


@pytest.fixture
def upload(uploads):
    path = uploads.new_file("clip.mp4")
    path.write_bytes(b"clip")
    return path


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_an_upload_is_found_by_its_path_and_by_its_address(uploads, upload):
    assert uploads.find(str(upload)) == upload
    assert uploads.find(f"http://127.0.0.1:7860/gradio_api/file={upload}") == upload
    assert uploads.find(f"https://somewhere.else/gradio_api/file={upload}") == upload  # read here, never fetched


def test_nothing_else_is_found(uploads, upload, tmp_path, monkeypatch):
    monkeypatch.chdir(upload.parent)
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"x")
    (upload.parent / "link.mp4").symlink_to(outside)
    (uploads.folder / "loose.mp4").write_bytes(b"x")
    for path in (
        outside,
        upload.parent,
        uploads.folder,
        upload.parent / "link.mp4",
        uploads.folder / "loose.mp4",
        upload.parent / ".." / ".." / "outside.mp4",
        upload.with_name("other.mp4"),
        "clip.mp4",
        "",
        "\0",
        "x" * 10_000,
        f"http://127.0.0.1/file={outside}",
        f"http://127.0.0.1/file={upload.parent}/%2e%2e/%2e%2e/outside.mp4",
    ):
        assert uploads.find(str(path)) is None, path
    for path in (None, 7, ["a"], {"path": str(upload)}, b"clip"):
        assert uploads.find(path) is None


def test_an_upload_is_deleted_with_its_folder_whatever_happens(uploads, upload):
    with pytest.raises(ZeroDivisionError), uploads.deleted_afterwards(str(upload)):
        raise ZeroDivisionError
    assert list(uploads.folder.iterdir()) == []


def test_what_is_not_an_upload_is_not_deleted(uploads, tmp_path):
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"x")
    with uploads.deleted_afterwards(str(outside)):
        pass
    with uploads.deleted_afterwards(None):
        pass
    assert outside.exists()


def test_the_sweep_takes_what_is_old_and_leaves_what_is_new(uploads, upload):
    old = uploads.new_file("stmap.npz")
    old.write_bytes(b"x")
    age(old, 700)
    age(old.parent, 700)
    to_be_filled = uploads.new_folder()
    uploads.sweep(keep_s=600)
    assert not old.exists()
    assert upload.exists()
    assert to_be_filled.exists()
    uploads.sweep(keep_s=-1)
    uploads.sweep(keep_s=-1)
    assert list(uploads.folder.iterdir()) == []


def test_the_folder_is_private_and_goes_with_the_app(tmp_path):
    script = (
        "from bpdemo.demo.server.uploads import Uploads; import os;"
        "folder = Uploads.create().folder; print(folder, os.environ['GRADIO_TEMP_DIR']); (folder / 'x').write_text('x')"
        ";print(oct(folder.stat().st_mode))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"GRADIO_TEMP_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    ).stdout.split()
    assert out[0] == out[1]
    assert Path(out[0]).parent == tmp_path
    assert stat.S_IMODE(int(out[2], 8)) == 0o700
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(shared))
    with pytest.raises(BpdemoError) as caught:
        Uploads.create()
    assert caught.value.code == "folder_not_private"
    assert list(shared.iterdir()) == []
    shared.chmod(0o1777)  # as /tmp is: others may write, but not touch what is not theirs
    shutil.rmtree(Uploads.create().folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_folder_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    os.chown(tmp_path, 12345, 12345)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with pytest.raises(BpdemoError):
        Uploads.create()


def test_every_folder_in_it_is_private_and_has_a_name_nobody_guesses(uploads):
    folders = [uploads.new_folder() for _ in range(20)]
    assert len({folder.name for folder in folders}) == 20
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(folder.name) == 32


def test_what_all_uploads_take_is_counted(uploads, upload):
    assert uploads.bytes_left() == MAX_BYTES_TOGETHER - 4
    with uploads.new_file("sparse").open("wb") as file:
        file.truncate(MAX_BYTES_TOGETHER)
    assert uploads.bytes_left() == 0
