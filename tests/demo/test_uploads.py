import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bpdemo.demo.uploads import Uploads


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return Uploads(folder)


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


def test_nothing_else_is_found(uploads, upload, tmp_path):
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


def test_uploads_of_one_content_do_not_share_a_file(uploads):
    shared = uploads.folder / "hash" / "clip.mp4"
    places = []
    for _ in range(2):
        shared.parent.mkdir(exist_ok=True)
        shared.write_bytes(b"same")
        places.append(uploads.give_own_folder(str(shared)))
    assert len(set(places)) == 2
    assert all(Path(place).read_bytes() == b"same" for place in places)
    assert not shared.parent.exists()


def test_the_sweep_takes_what_is_old_and_leaves_what_is_new(uploads, upload):
    old = uploads.new_file("stmap.npz")
    old.write_bytes(b"x")
    age(old, 700)
    age(old.parent, 700)
    uploads.sweep(keep_s=600)
    assert not old.exists()
    assert upload.exists()
    uploads.sweep(keep_s=-1)
    uploads.sweep(keep_s=-1)
    assert list(uploads.folder.iterdir()) == []


def test_the_folder_is_private_and_goes_with_the_app(tmp_path):
    script = (
        "from bpdemo.demo.uploads import Uploads; import os;"
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
