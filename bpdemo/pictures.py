"""Pictures in a folder or a zip archive become timed frames, as a video's do: data sets come so.

When each was filmed is in its name: the last number in it is a count, or a time stamp.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Self
from zipfile import BadZipFile, ZipFile

import cv2
import numpy as np

from bpdemo.clip_report import (
    MAX_DURATION_S,
    MAX_FRAMES,
    MAX_PIXELS_READ,
    ClipReport,
    Frame,
    check_size,
    measure_timing,
)
from bpdemo.errors import ClipError
from bpdemo.sources import Pictures
from bpdemo.timing import pauses

_LEAST_S = 1e-4  # between two pictures: what is closer was counted and not timed
SUFFIXES = (".png", ".bmp", ".jpg", ".jpeg")
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_REMEDY = "Name a folder, or a folder in a zip archive, of numbered PNG, BMP or JPEG pictures of one clip."


class PictureClip:
    """An open clip of pictures, used as `clip.Clip` is: iterate over `frames()` once, then read `report`.

    Raises:
        ClipError: `not_found`, `not_readable` (no archive, or a damaged one), `no_video` (no picture with a number in
            its name, or counts where time stamps should be), `no_frames` (none of them can be decoded),
            `frame_too_large` or `frame_too_small`.
    """

    def __init__(self, source: Pictures) -> None:
        self._source = source
        try:
            self._archive = None if source.path.is_dir() else ZipFile(source.path)
            files = self._list()
        except FileNotFoundError:
            raise ClipError("not_found", f"There is no {source.path.name}.", _REMEDY) from None
        except (BadZipFile, OSError) as error:
            what = f"The archive {source.path.name} cannot be read."
            raise ClipError("not_readable", what, "Fetch it again.") from error
        self._numbered = sorted(_numbers(files).items())
        if not self._numbered:
            where = f"{source.path.name}/{source.inside}".rstrip("/")
            raise ClipError("no_video", f"There is no numbered picture in {where}.", _REMEDY)
        self._read = 0
        codec = _path(self._numbered[0][1]).suffix[1:].lower()
        self.report = ClipReport("pictures", codec, 0, 0, 0, sum(files.values()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()

    @property
    def share_read(self) -> float:
        """How many of the pictures have been read, 0 to 1."""
        return self._read / len(self._numbered)

    @property
    def promised_s(self) -> float:
        """How long the clip lasts by the names of its pictures."""
        return self._times_s()[-1]

    def frames(self) -> Iterator[Frame]:
        """Yield the pictures in the order of their times and complete `report` at the end; limits are `clip`'s."""
        report, picture_bytes, pixels = self.report, 0, 0
        times: list[float] = []
        try:
            for time_s, name in zip(self._times_s(), (name for _, name in self._numbered), strict=True):
                too_many = report.frames >= MAX_FRAMES or pixels > MAX_PIXELS_READ
                if time_s >= MAX_DURATION_S or too_many:
                    report.cut_at_s = time_s
                    break
                self._read += 1
                content = self._content(name)
                picture = cv2.imdecode(content, cv2.IMREAD_COLOR_RGB) if content.size else None
                if picture is None:
                    report.damaged = True
                    continue
                height, width = picture.shape[:2]
                if not times:
                    check_size(width, height)
                    report.width, report.height = width, height
                if (width, height) != (report.width, report.height):
                    report.size_changed_at_s = time_s
                    break
                report.frames += 1
                pixels += width * height
                picture_bytes += content.size
                times.append(time_s)
                yield Frame(time_s, picture)
        finally:
            measure_timing(report, np.array(times), picture_bytes, pauses(np.array(times)))
        if not times:
            raise ClipError("no_frames", "None of the pictures can be decoded.", "Fetch them again.")

    def _list(self) -> dict[str, int]:
        """Return name and size in bytes of the pictures, in order; a folder's own and not those of folders in it."""
        if self._archive is None:
            paths = sorted(self._source.path.iterdir())
            entries = {path.name: path.stat().st_size for path in paths if path.is_file()}  # no link that leads nowhere
        else:
            infos = sorted(self._archive.infolist(), key=lambda info: info.filename)
            entries = {info.filename: info.file_size for info in infos if lies_in(info.filename, self._source.inside)}
        return {
            name: size
            for name, size in entries.items()
            # Other systems leave hidden copies beside each file.
            if (path := _path(name)).suffix.lower() in SUFFIXES and not path.name.startswith(".")
        }

    def _times_s(self) -> list[float]:
        """Return when each picture was filmed, from 0; a number that is missing is a gap."""
        numbers = [number for number, _ in self._numbered]
        since = np.array([number - numbers[0] for number in numbers], np.float64)
        if self._source.rate_hz is None:
            times_s = since / self._source.stamps_hz
            if times_s[-1] < _LEAST_S * (len(times_s) - 1):
                raise ClipError(
                    "no_video", "The pictures' names hold no time stamps.", "Say how many come in a second."
                )
            return times_s.tolist()
        step = float(np.median(np.diff(since))) if len(since) > 1 else 1.0
        return (since / (step * self._source.rate_hz)).tolist()

    def _content(self, name: str) -> np.ndarray:
        """Return a picture's bytes; none where it cannot be read."""
        try:
            content = (self._source.path / name).read_bytes() if self._archive is None else self._archive.read(name)
        except (BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error):  # as damaged archives raise them
            return np.empty(0, np.uint8)
        return np.frombuffer(content, np.uint8)


def lies_in(entry: str, folder: str) -> bool:
    """Return whether an entry of an archive lies in a folder of it; either may be written with backslashes."""
    return _path(entry).parent == _path(folder)


def _path(entry: str) -> PurePosixPath:
    return PurePosixPath(entry.replace("\\", "/"))


def _numbers(files: dict[str, int]) -> dict[int, str]:
    """Return the pictures by the last number in their name, the first of several of the same number."""
    numbered: dict[int, str] = {}
    for name in files:
        if found := _LAST_NUMBER.search(_path(name).stem):
            numbered.setdefault(int(found[0]), name)
    return numbered
