"""Files that are no video, or that were one before something happened to them."""

import io
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tests.faults.fault import Face, Fault, box, inside, ramp, times_of, write

_THIRTIETH = Fraction(1, 30)

KIND = "no video, or damaged"
NO_VIDEO = frozenset({"not_a_video"})
OTHER_FORMAT = frozenset({"format_unsupported"})
WHATEVER = frozenset(
    {
        *("not_a_video", "no_video", "no_frames", "codec_unsupported", "frame_too_large", "frame_too_small"),
        *("no_face", "too_short"),
    }
)
"""What a damaged clip of plain grey pictures may come to: anything but a reading or an unforeseen error."""


def make(folder: Path, _: Face) -> Iterator[Fault]:
    """Write the files of this kind."""
    for name, what, content in _no_videos():
        path = folder / f"{name}.mp4"
        path.write_bytes(content)
        outcomes = {"": frozenset({"empty_file"}), "png": OTHER_FORMAT, "jpeg": OTHER_FORMAT}
        yield Fault(KIND, name, what, str(path), outcomes.get(name if content else "", NO_VIDEO))
    for container, encoder, pix_fmt in (
        ("asf", "mpeg4", "yuv420p"),
        ("yuv4mpegpipe", "wrapped_avframe", "yuv420p"),
        ("gif", "gif", "rgb8"),
        ("h264", "libx264", "yuv420p"),
    ):
        path = folder / f"{container}.video"
        write(path, ramp(10), times_of(10), encoder, pix_fmt, container=container, time_base=_THIRTIETH)
        yield Fault(KIND, path.name, f"a format that is not read: {container}", str(path), OTHER_FORMAT)
    clips = {
        "mp4": write(folder / "plain.mp4", ramp(40), times_of(40)),
        "fast": write(
            folder / "fast.mp4", ramp(40), times_of(40), container_options={"movflags": "faststart"}
        ),  # index first
        "pieces": write(
            folder / "pieces.mp4",
            ramp(40),
            times_of(40),
            container_options={"movflags": "frag_keyframe+empty_moov"},
            options={"g": "8"},
        ),
        "webm": write(folder / "plain.webm", ramp(40), times_of(40), "libvpx"),
        "avi": write(folder / "plain.avi", ramp(40), times_of(40), "mpeg4", time_base=_THIRTIETH),
        "ts": write(folder / "plain.ts", ramp(40), times_of(40), "mpeg2video", time_base=_THIRTIETH),
    }
    data = {name: path.read_bytes() for name, path in clips.items()}
    shares = {
        "mp4": (0.001, 0.1, 0.5, 0.9, 0.9999),
        "fast": (0.3, 0.6, 0.9),
        "pieces": (0.2, 0.7),
        "webm": (0.003, 0.05, 0.5, 0.99),
        "avi": (0.02, 0.5),
        "ts": (0.02, 0.5),
    }
    for name, parts in shares.items():
        for share in parts:
            path = folder / f"cut_{name}_{share}{clips[name].suffix}"
            path.write_bytes(data[name][: max(1, int(share * len(data[name])))])
            yield Fault(KIND, path.name, f"cut off after {100 * share:g} % of it", str(path), WHATEVER)
    for seed, (name, each) in enumerate((name, each) for name in data for each in (3000, 300)):
        path = folder / f"flipped_{name}_{each}{clips[name].suffix}"
        path.write_bytes(_flip_bits(data[name], each, seed))
        yield Fault(KIND, path.name, f"about one byte in {each} has another bit", str(path), WHATEVER)
    for name, what, content in _joined(data):
        path = folder / f"{name}.mp4"
        path.write_bytes(content)
        yield Fault(KIND, name, what, str(path), WHATEVER)


def _no_videos() -> Iterator[tuple[str, str, bytes]]:
    rng = np.random.default_rng(1)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("clip.mp4", b"\0" * 100_000)
    picture = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
    yield "empty", "no byte", b""
    yield "one_byte", "one byte", b"\0"
    yield "text", "plain text", b"This is not a video.\n" * 50
    yield "html", "a web page, as a download that failed leaves it", b"<!doctype html><title>404</title>" * 20
    yield "json", "JSON", b'{"video": "clip.mp4"}'
    yield "zeros", "zeros", bytes(5000)
    yield "noise", "noise", rng.bytes(100_000)
    yield "archive", "a ZIP archive of a clip", archive.getvalue()
    yield "document", "a PDF", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"
    yield "png", "a photograph, PNG", cv2.imencode(".png", picture)[1].tobytes()
    yield "jpeg", "a photograph, JPEG", cv2.imencode(".jpg", picture)[1].tobytes()
    yield "only_ftyp", "the first box of an mp4 file and no other", box(b"ftyp", b"isom\0\0\2\0isomiso2")


def _flip_bits(data: bytes, each: int, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    content = np.frombuffer(data, np.uint8).copy()
    places = rng.choice(len(content), max(2, len(content) // each), replace=False)
    content[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    return content.tobytes()


def _joined(data: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    mp4, webm = data["mp4"], data["webm"]
    yield "spliced", "the first half of an mp4 and the second of a webm", mp4[: len(mp4) // 2] + webm[len(webm) // 2 :]
    yield "twice", "two mp4 files, one behind the other", mp4 + mp4
    start, end = inside(mp4, b"moov")
    moov = mp4[start - 8 : end]
    yield "two_indexes", "the index of an mp4 file stands there twice", mp4 + moov
    yield "index_alone", "the index of an mp4 file without its pictures", mp4[: inside(mp4, b"ftyp")[1]] + moov
    start, end = inside(mp4, b"mdat")
    yield "blank", "all picture data zero", mp4[:start] + bytes(end - start) + mp4[end:]
    tail = mp4[inside(mp4, b"ftyp")[1] :]
    yield "headless", "an mp4 file without its first box", tail
