"""What a fault is, and how clips are written that nobody ought to write."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from bpdemo.synthesis.encode import usual_scheduling
from tests.support.hdr import code_as_hdr

READING = "reading"
TICKS_HZ = 90_000
FACE_RATE_HZ = 30.0


@dataclass(frozen=True)
class Fault:
    """One bad or odd input.

    Attributes:
        kind: which of the issue's kinds it belongs to.
        name: short and unique.
        what: what is wrong or odd about it.
        path: what is given to the estimator.
        outcomes: each of them is right: "reading", or the code of the error or of the refusal's first reason.
        heart_rate_bpm: what must be found within 4 bpm; None when there is no pulse to find.
    """

    kind: str
    name: str
    what: str
    path: str
    outcomes: frozenset[str]
    heart_rate_bpm: float | None = None


@dataclass(frozen=True)
class Face:
    """A filmed face: its pictures, [height, width, 3] uint8 R, G, B each, 30 a second, and its heart rate."""

    images: Sequence[np.ndarray]
    heart_rate_bpm: float

    def seconds(self, duration_s: float) -> list[np.ndarray]:
        """Return the first pictures."""
        return list(self.images[: round(duration_s * FACE_RATE_HZ)])


def times_of(count: int, rate_hz: float = FACE_RATE_HZ) -> np.ndarray:
    """Return regular times, [count] in seconds."""
    return np.arange(count) / rate_hz


def ramp(count: int, size: tuple[int, int] = (48, 64)) -> list[np.ndarray]:
    """Return plain grey pictures of this height and width, each a little brighter than the one before."""
    return [np.full((*size, 3), 40 + 3 * number % 201, np.uint8) for number in range(count)]


def write(
    path: Path,
    images: Iterable[np.ndarray],
    times_s: Sequence[float],
    encoder: str = "libx264",
    pix_fmt: str = "yuv420p",
    *,
    options: dict[str, str] | None = None,
    colours: tuple[int, int] | None = None,
    full_range: bool = False,
    transfer: int | None = None,
    aspect: Fraction | None = None,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    time_base: Fraction = Fraction(1, TICKS_HZ),
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write a clip with full say over how its pictures are stored.

    Args:
        path: where to.
        images: [height, width, 3] uint8 R, G, B each.
        times_s: of the pictures, in any order.
        encoder, pix_fmt, options: FFmpeg's names.
        colours: colour space as FFmpeg numbers it for frames and as its conversion does; the usual BT.601 without.
        full_range: levels 0 to 255.
        transfer: FFmpeg's number of the HDR transfer characteristic to code the pictures in; none without.
        aspect: of one pixel.
        container, container_options: FFmpeg's names; the suffix decides without.
        time_base: of the timestamps.
        metadata: of the file.
    """
    images = list(images)
    height, width = images[0].shape[:2]
    speed = {"libx264": {"preset": "ultrafast", "crf": "10"}, "libx265": {"preset": "ultrafast", "crf": "8"}}
    speed["libx265"]["x265-params"] = "log-level=none:cbqpoffs=-12:crqpoffs=-12:cutree=0:rskip=0"
    speed["libsvtav1"] = {"preset": "12", "crf": "8", "svtav1-params": "lp=1"}
    speed["libvpx-vp9"] = {"crf": "6", "b": "0", "deadline": "realtime", "cpu-used": "8", "threads": "1"}
    with av.open(str(path), "w", format=container, container_options=container_options or {}) as output:
        output.metadata.update(metadata or {})
        stream = output.add_stream(encoder, rate=30, options=speed.get(encoder, {}) | (options or {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        codec = stream.codec_context
        codec.time_base = time_base
        codec.color_range = 2 if full_range else 1
        if colours:
            codec.colorspace = colours[0]
        if transfer is not None:
            codec.color_trc = transfer
            images = [code_as_hdr(image, transfer) for image in images]
        if aspect is not None:
            codec.sample_aspect_ratio = aspect
        for image, time_s in zip(images, times_s, strict=True):
            picture = av.VideoFrame.from_ndarray(image, format="rgb24" if transfer is None else "rgb48le")
            picture = picture.reformat(
                format=pix_fmt, dst_colorspace=colours[1] if colours else None, dst_color_range=2 if full_range else 1
            )
            if transfer is not None:
                picture.color_trc = transfer
            picture.pts, picture.time_base = round(time_s / time_base), time_base
            with usual_scheduling():
                output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


def write_packets(
    path: Path,
    packets: Iterable[bytes],
    times_s: Sequence[float],
    encoder: str,
    *,
    size: tuple[int, int] = (64, 48),
    pix_fmt: str = "yuv420p",
    container: str | None = None,
) -> Path:
    """Write any bytes as the packets of a stream; its header says the width and height of `size`, true or not."""
    base = Fraction(1, TICKS_HZ)
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(encoder, rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.time_base = base
        for content, time_s in zip(packets, times_s, strict=True):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, base, True
            packet.pts = packet.dts = round(time_s * TICKS_HZ)
            packet.duration = round(TICKS_HZ / FACE_RATE_HZ)
            output.mux(packet)
    return path


def box(kind: bytes, *content: bytes) -> bytes:
    """Return an MP4 box."""
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def element(number: str, content: bytes, size: int | None = None) -> bytes:
    """Return a Matroska element: its number in hexadecimal, and its size, or whatever it is said to be."""
    said = len(content) if size is None else size
    return bytes.fromhex(number) + (said | 1 << 56).to_bytes(8, "big") + content


def inside(data: bytes, *path: bytes) -> tuple[int, int]:
    """Return where the content of an MP4 box begins and ends; of each name on its path the first is taken."""
    start, end = 0, len(data)
    for name in path:
        at = start
        while data[at + 4 : at + 8] != name:
            at += int.from_bytes(data[at : at + 4], "big")
            assert at < end, f"no box {name!r}"
        start, end = at + 8, at + int.from_bytes(data[at : at + 4], "big")
    return start, end


def element_size(number: str, size: int) -> bytes:
    """Return the beginning of a Matroska element that says it is this long."""
    return element(number, b"", size)
