"""A Matroska writer that does as it is told: any times, any durations, any sizes."""

import struct
from collections.abc import Sequence
from pathlib import Path

from tests.faults.fault import element


def number(value: int) -> bytes:
    """Return an unsigned integer as Matroska has it."""
    return value.to_bytes(8, "big")


def write_matroska(
    path: Path,
    packets: Sequence[bytes],
    times_ms: Sequence[int],
    *,
    codec: str = "V_VP8",
    size: tuple[int, int] = (64, 48),
    duration: float | None = None,
    frame_ns: int | None = None,
    scale_ns: int = 1_000_000,
    info: bytes = b"",
    rest: bytes = b"",
    segment_size: int | None = None,
) -> Path:
    """Write packets, each in a cluster of its own.

    Args:
        path: where to.
        packets: content of each block.
        times_ms: of each block, in any order, 0 to 2^63 (in units of `scale_ns`).
        codec: as Matroska names it.
        size: width and height that the header says.
        duration: what the header says, in units of `scale_ns`.
        frame_ns: duration of a frame that the header says.
        scale_ns: unit of all times.
        info: further elements of the header.
        rest: further elements behind the clusters.
        segment_size: what the file says its size is.
    """
    head = element("2AD7B1", number(scale_ns)) + info
    if duration is not None:
        head += element("4489", struct.pack(">d", duration))
    video = element("B0", number(size[0])) + element("BA", number(size[1]))
    track = element("D7", number(1)) + element("73C5", number(1)) + element("83", number(1))
    track += element("86", codec.encode()) + element("E0", video)
    if frame_ns is not None:
        track += element("23E383", number(frame_ns))
    clusters = b"".join(
        element("1F43B675", element("E7", number(time)) + element("A3", b"\x81\0\0\x80" + packet))
        for packet, time in zip(packets, times_ms, strict=True)
    )
    body = element("1549A966", head) + element("1654AE6B", element("AE", track)) + clusters + rest
    doc = element("4286", number(1)) + element("4282", b"matroska") + element("4287", number(4))
    path.write_bytes(element("1A45DFA3", doc) + element("18538067", body, segment_size))
    return path
