"""Pictures in folders and archives are clips."""

import shutil
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import cv2
import numpy as np
import pytest

from bpdemo.capture import open_clip, read_capture
from bpdemo.clip import Clip
from bpdemo.errors import ClipError
from bpdemo.pictures import PictureClip
from bpdemo.sources import Pictures, TimedVideo
from bpdemo.system.isolation import read_in_subprocess


def picture(level: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """B, G, R, so that red is told from blue."""
    return np.full((*size, 3), (level, 0, 2 * level), np.uint8)


def write_pictures(folder, names, first_level=1, **size):
    folder.mkdir(exist_ok=True)
    for level, name in enumerate(names, first_level):
        cv2.imwrite(str(folder / name), picture(level, **size))
    return folder


def read(source):
    with PictureClip(source) as clip:
        frames = list(clip.frames())
        return [frame.time_s for frame in frames], [int(frame.image[0, 0, 0]) // 2 for frame in frames], clip.report


@pytest.mark.parametrize("suffix", ["png", "bmp", "PNG"])
def test_pictures_follow_their_numbers(tmp_path, suffix):
    folder = write_pictures(tmp_path, [f"frame_{number}.{suffix}" for number in (9, 10, 11, 2)])
    (folder / "Thumbs.db").touch()
    (folder / f"._frame_9.{suffix}").write_bytes(b"\0")
    (folder / "cover.png").write_bytes((folder / f"frame_9.{suffix}").read_bytes())  # no number
    times_s, levels, report = read(Pictures(folder, rate_hz=25))
    assert levels == [4, 1, 2, 3]
    assert times_s == pytest.approx([0, 7 / 25, 8 / 25, 9 / 25])
    assert (report.width, report.height, report.frames) == (64, 48, 4)
    assert (report.codec, report.container) == (suffix.lower(), "pictures")


def test_a_missing_picture_is_a_gap(tmp_path):
    folder = write_pictures(tmp_path, [f"{number:05d}.png" for number in range(100) if not 40 <= number < 50])
    times_s, _, report = read(Pictures(folder, rate_hz=25))
    assert times_s[39:41] == pytest.approx([39 / 25, 50 / 25])
    assert report.frame_rate_hz == pytest.approx(25)
    assert report.longest_gap_s == pytest.approx(11 / 25)
    assert report.duration_s == pytest.approx(4)
    assert report.breaks_s == ()


def test_a_long_gap_is_a_break(tmp_path):
    folder = write_pictures(tmp_path, [f"{number}.png" for number in [*range(50), *range(150, 200)]])
    *_, report = read(Pictures(folder, rate_hz=25))
    (pause_s,) = report.breaks_s
    assert pause_s == pytest.approx((2.0, 6.0))


def test_numbers_may_go_in_steps(tmp_path):
    folder = write_pictures(tmp_path, [f"at_{40 * number}_ms.png" for number in range(10)])
    times_s, *_ = read(Pictures(folder, rate_hz=25))
    assert np.diff(times_s) == pytest.approx(1 / 25)


def test_time_stamps_are_nanoseconds(tmp_path):
    stamps = 1392643993642815000 + np.array([0, 33_000_000, 70_000_000, 100_000_000])
    folder = write_pictures(tmp_path, [f"Image{stamp}.png" for stamp in stamps])
    times_s, levels, _ = read(Pictures(folder))
    assert times_s == pytest.approx([0, 0.033, 0.070, 0.1], abs=1e-9)
    assert levels == [1, 2, 3, 4]


def test_time_stamps_may_be_milliseconds(tmp_path):
    folder = write_pictures(tmp_path, [f"{1709640000000 + since}.png" for since in (0, 33, 70, 100)])
    times_s, *_ = read(Pictures(folder, stamps_hz=1e3))
    assert times_s == pytest.approx([0, 0.033, 0.070, 0.1])


def test_an_archive_is_read_where_it_is(tmp_path):
    folder = write_pictures(tmp_path / "f", [f"{number:03d}.jpg" for number in range(5)], first_level=60)
    other = write_pictures(tmp_path / "g", ["000.jpg"])
    with ZipFile(tmp_path / "F001.zip", "w", ZIP_STORED) as archive:
        for file in sorted(folder.iterdir(), reverse=True):
            archive.write(file, f"F001/T1/{file.name}")
        archive.write(other / "000.jpg", "F001/T10/000.jpg")
        archive.write(other / "000.jpg", "F001/T1/deeper/000.jpg")
        archive.write(other / "000.jpg", "__MACOSX/F001/T1/._000.jpg")
    before = sorted(tmp_path.rglob("*"))
    times_s, levels, report = read(Pictures(tmp_path / "F001.zip", "F001/T1", 25.0))
    assert levels == pytest.approx([60, 61, 62, 63, 64], abs=1)
    assert times_s == pytest.approx(np.arange(5) / 25)
    assert report.file_bytes == sum(file.stat().st_size for file in folder.iterdir())
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("spelt", ["F001\\T1\\{}", "./F001/T1/{}", "T1/{}", "{}"])
def test_an_archive_may_spell_its_folders_in_any_way(tmp_path, spelt):
    folder = write_pictures(tmp_path / "f", ["1.png", "2.png"])
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in folder.iterdir():
            archive.writestr(spelt.format(file.name), file.read_bytes())
        archive.writestr(spelt.format("deeper/3.png"), b"")
    inside = spelt.replace("{}", "").rstrip("/\\")
    _, levels, _ = read(Pictures(tmp_path / "a.zip", inside, 25.0))
    assert levels == [1, 2]


def test_what_is_damaged_is_left_out_and_told(tmp_path):
    folder = write_pictures(tmp_path, [f"{number}.png" for number in range(5)])
    (folder / "2.png").write_bytes(b"")
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:40])
    times_s, levels, report = read(Pictures(folder, rate_hz=25))
    assert levels == [1, 2, 5]
    assert times_s == pytest.approx([0, 1 / 25, 4 / 25])
    assert report.damaged


def test_a_link_that_leads_nowhere_is_no_picture(tmp_path):
    folder = write_pictures(tmp_path, ["0.png", "1.png"])
    (folder / "2.png").symlink_to(tmp_path / "away.png")
    assert read(Pictures(folder, rate_hz=25))[1] == [1, 2]


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
@pytest.mark.parametrize("where", [4, 12, 40])  # in the header, in the name, in the content
def test_damage_within_an_archive_costs_one_picture(tmp_path, method, where):
    folder = write_pictures(tmp_path / "f", ["0.png", "1.png", "2.png"], size=(200, 200))
    with ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for number in range(3):
            archive.write(folder / f"{number}.png", f"T1/{number}.png")
        start = archive.infolist()[1].header_offset
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[start + where : start + where + 30] = b"\xff" * 30
    (tmp_path / "a.zip").write_bytes(content)
    _, levels, report = read(Pictures(tmp_path / "a.zip", "T1", 25.0))
    assert levels == [1, 3]
    assert report.damaged


def test_reading_ends_where_the_size_changes(tmp_path):
    folder = write_pictures(tmp_path, ["0.png", "1.png"])
    write_pictures(folder, ["2.png"], size=(64, 48))
    _, levels, report = read(Pictures(folder, rate_hz=25))
    assert (levels, report.size_changed_at_s) == ([1, 2], pytest.approx(2 / 25))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: folder / "nothing", "not_found"),
        (lambda folder: folder, "no_video"),
        (lambda folder: (folder / "a.zip").write_bytes(b"PK") and folder / "a.zip", "not_readable"),
        (lambda folder: (folder / "1.png").write_bytes(b"x") and folder, "no_frames"),
        (lambda folder: write_pictures(folder, ["1.png"], size=(8, 8)), "frame_too_small"),
    ],
)
def test_what_holds_no_clip_is_an_error(tmp_path, make, code):
    with pytest.raises(ClipError) as caught:
        read(Pictures(make(tmp_path), rate_hz=25))
    assert caught.value.code == code


def test_pictures_of_a_face_give_the_colours_of_the_video(tmp_path, short_clip):
    """PNG keeps every level; landmarks are carried along on brightness, which is rounded once more here."""
    with Clip(short_clip.path) as clip:
        rate_hz = short_clip.scene.frame_rate_hz
        for number, frame in enumerate(clip.frames()):
            cv2.imwrite(str(tmp_path / f"{number:04d}.png"), frame.image[..., ::-1])
    from_video, from_pictures = read_capture(short_clip.path), read_in_subprocess(Pictures(tmp_path, rate_hz=rate_hz))
    np.testing.assert_allclose(from_pictures.traces.time_s, from_video.traces.time_s, atol=1e-6)
    difference = np.abs(from_pictures.traces.colours - from_video.traces.colours)
    assert difference.mean() < 0.1
    assert difference.max() < 4


def test_times_may_come_from_elsewhere(short_clip):
    """As where a camera's true rate stands beside a video whose header says another."""
    count = short_clip.truth["frames"]
    times_s = 5 + np.arange(count - 2) / 28.7  # the last two frames have none
    with open_clip(TimedVideo(short_clip.path, tuple(times_s))) as clip:
        frames = list(clip.frames())
    assert [frame.time_s for frame in frames] == pytest.approx(times_s - 5)
    assert clip.report.frame_rate_hz == pytest.approx(28.7)
    assert clip.report.duration_s == pytest.approx((count - 2) / 28.7)


def test_a_pause_in_times_from_elsewhere_is_a_break(short_clip):
    times_s = np.arange(short_clip.truth["frames"]) / 30.0
    times_s[10:] += 4
    with open_clip(TimedVideo(short_clip.path, tuple(times_s))) as clip:
        frames = list(clip.frames())
    assert len(frames) == len(times_s)
    (pause_s,) = clip.report.breaks_s
    assert pause_s == pytest.approx((10 / 30, 4 + 10 / 30))


def test_a_damaged_archive_is_an_error(tmp_path):
    folder = write_pictures(tmp_path / "f", ["0.png"])
    shutil.make_archive(str(tmp_path / "a"), "zip", folder)
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content[: len(content) // 2])
    with pytest.raises(ClipError) as caught:
        read(Pictures(tmp_path / "a.zip", rate_hz=25))
    assert caught.value.code == "not_readable"


def test_counts_are_no_time_stamps(tmp_path):
    with pytest.raises(ClipError) as caught:
        read(Pictures(write_pictures(tmp_path, ["1.png", "2.png", "3.png"])))
    assert caught.value.code == "no_video"
