"""What a clip is read from: a video file, or pictures that follow each other in a folder or a zip archive."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TimedVideo:
    """A video whose frames' times are known from elsewhere: the n-th frame was filmed at `times_s[n]`, seconds."""

    path: Path
    times_s: tuple[float, ...]


@dataclass(frozen=True)
class Pictures:
    """Pictures (PNG, BMP, JPEG) that are a clip, each a file of a folder or an entry of a zip archive.

    Attributes:
        path: the folder or the archive.
        inside: the folder within the archive whose pictures they are; empty for a folder.
        rate_hz: pictures a second, by the numbers in their names: a missing number is a gap. None where the names end
            in time stamps.
        stamps_hz: what these count in a second: nanoseconds unless said otherwise.
    """

    path: Path
    inside: str = ""
    rate_hz: float | None = None
    stamps_hz: float = 1e9


ClipSource = str | os.PathLike | TimedVideo | Pictures
"""A file's path where the video says itself when its frames were filmed."""


def path_of(source: ClipSource) -> Path:
    """Return where a clip lies: its file, its folder or its archive."""
    return source.path if isinstance(source, TimedVideo | Pictures) else Path(source)
