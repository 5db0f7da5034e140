"""Small files that unfold into huge pictures, endless time, or work without end."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from tests.faults.damage import WHATEVER
from tests.faults.fault import TICKS_HZ, Face, Fault, box, element_size, inside, ramp, times_of, write, write_packets
from tests.faults.matroska import write_matroska

KIND = "bombs"
_SIDE = 16384


def make(folder: Path, _: Face) -> Iterator[Fault]:
    """Write the files of this kind."""

    def fault(path: Path, what: str, *outcomes: str) -> Fault:
        return Fault(KIND, path.name, what, str(path), frozenset(outcomes))

    plain = write(folder / "honest.mp4", ramp(10), times_of(10)).read_bytes()
    path = folder / "header_16k.mp4"
    start = plain.index(b"avc1", plain.index(b"stsd")) + 4 + 24
    path.write_bytes(plain[:start] + struct.pack(">HH", _SIDE - 1, _SIDE - 1) + plain[start + 4 :])
    yield fault(path, "header says 16383 x 16383", "frame_too_large", "no_face")

    key = bytearray(packets_of(folder / "vp8.webm", "libvpx")[0])
    at = key.index(b"\x9d\x01\x2a") + 3
    key[at : at + 4] = struct.pack("<HH", _SIDE - 1, _SIDE - 1)
    huge = [bytes(key)] * 10
    path = write_matroska(folder / "vp8_16k.webm", huge, range(0, 330, 33), size=(_SIDE - 1, _SIDE - 1))
    yield fault(path, "VP8 of 16383 x 16383", "frame_too_large")
    path = write_matroska(folder / "vp8_16k_hidden.webm", huge, range(0, 330, 33))
    yield fault(path, "the same, while the header says 64 x 48", "frame_too_large", "no_frames")
    honest = packets_of(folder / "vp8b.webm", "libvpx")
    path = write_matroska(folder / "vp8_16k_later.webm", honest + huge, range(0, 660, 33))
    yield fault(path, "pictures of 64 x 48, then of 16383 x 16383", "no_face")

    png = _png(_SIDE, _SIDE)
    path = write_packets(folder / "png_16k_hidden.mov", [png] * 5, times_of(5), "png", pix_fmt="rgb24")
    yield fault(
        path, f"PNG of 16384 x 16384 in {len(png) // 1024} KB; header says 64 x 48", "frame_too_large", "no_frames"
    )
    data = path.read_bytes()
    start = data.index(b"png ", data.index(b"stsd")) + 4 + 24
    path = folder / "png_16k.mov"
    path.write_bytes(data[:start] + struct.pack(">HH", _SIDE, _SIDE) + data[start + 4 :])
    yield fault(path, "the same, and the header says so", "frame_too_large", "no_frames")
    jpeg = bytearray(packets_of(folder / "jpeg.mkv", "mjpeg", "yuvj420p")[0])
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    path = write_packets(folder / "jpeg_65k.avi", [bytes(jpeg)] * 5, times_of(5), "mjpeg", pix_fmt="yuvj420p")
    yield fault(path, "JPEG of 65000 x 65000 in a kilobyte", "frame_too_large", "no_frames")
    path = write_packets(
        folder / "thin.avi", [bytes(3 * 9000 * 2)] * 3, times_of(3), "rawvideo", size=(9000, 2), pix_fmt="bgr24"
    )
    yield fault(path, "pictures of 9000 x 2", "frame_too_large")

    path = write(folder / "hours.mp4", ramp(60), times_of(60, 0.01))
    yield fault(path, "60 pictures in 100 minutes", "no_face")
    tiny = packets_of(folder / "vp9.webm", "libvpx-vp9")[0]
    path = write_packets(folder / "flood.mp4", [tiny] * 20_000, np.arange(20_000) / TICKS_HZ, "libvpx-vp9")
    yield fault(path, "20000 pictures in a quarter of a second", "no_face")
    path = write_packets(folder / "nothing.mp4", [b"\0"] * 60_000, times_of(60_000, 1000), "mjpeg", pix_fmt="yuvj420p")
    yield fault(path, "60000 packets with no picture in them", "no_frames")

    path = folder / "huge_box.mp4"
    path.write_bytes(
        box(b"ftyp", b"isom\0\0\2\0isomiso2") + b"\0\0\0\1mdat" + (1 << 60).to_bytes(8, "big") + bytes(1000)
    )
    yield fault(path, "a box said to be 2^60 bytes long", "not_a_video")
    path = write_matroska(folder / "huge_segment.mkv", honest, range(0, 330, 33), segment_size=(1 << 55) - 1)
    yield fault(path, "a Matroska segment said to be 2^55 bytes long", "no_face")
    path = write_matroska(folder / "huge_block.mkv", honest, range(0, 330, 33), rest=element_size("1F43B675", 1 << 40))
    yield fault(path, "a Matroska cluster said to be 2^40 bytes long", *WHATEVER)
    path = folder / "huge_index.mp4"
    path.write_bytes(_huge_index(plain))
    yield fault(path, "an index of 2^31 pictures in 20 bytes", *WHATEVER)
    path = folder / "nested.mp4"
    path.write_bytes(_nested(20_000))
    yield fault(path, "20000 boxes, each in the other", "not_a_video")
    path = folder / "nested.mkv"
    path.write_bytes(element_size("1A45DFA3", 0) + element_size("18538067", 1 << 50) * 20_000)
    yield fault(path, "20000 Matroska segments, each in the other", "not_a_video")


def packets_of(path: Path, encoder: str, pix_fmt: str = "yuv420p") -> list[bytes]:
    """Return the packets of 10 grey pictures, each to be decoded by itself."""
    write(path, ramp(10), times_of(10), encoder, pix_fmt, options={"g": "1"}, full_range=pix_fmt.startswith("yuvj"))
    with av.open(str(path)) as stored:
        return [bytes(packet) for packet in stored.demux(video=0) if packet.size]


def _png(width: int, height: int) -> bytes:
    """Return a black picture of one bit a pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pack = zlib.compressobj(9)
    line = bytes(1 + (width + 7) // 8)
    content = b"".join(pack.compress(line) for _ in range(height)) + pack.flush()
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def _huge_index(plain: bytes) -> bytes:
    """Have an mp4 file's index say that its one chunk holds very many pictures, all of one size."""
    data = bytearray(plain)
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    start, _ = inside(data, *table, b"stsc")
    data[start + 4 : start + 20] = struct.pack(">IIII", 1, 1, (1 << 31) - 1, 1)
    start, _ = inside(data, *table, b"stsz")
    data[start + 4 : start + 12] = struct.pack(">II", 1, (1 << 31) - 1)
    start, _ = inside(data, *table, b"stts")
    data[start + 4 : start + 16] = struct.pack(">III", 1, (1 << 31) - 1, 1)
    return bytes(data)


def _nested(depth: int) -> bytes:
    """Return boxes in boxes."""
    total = 8 * depth
    return box(b"ftyp", b"isom\0\0\2\0isomiso2") + b"".join(
        (total - 8 * level).to_bytes(4, "big") + b"moov" for level in range(depth)
    )
