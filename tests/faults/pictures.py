"""Pictures stored in ways that few cameras use. What is valid must give the right heart rate, or say why not."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tests.faults.bombs import packets_of
from tests.faults.fault import Face, Fault, inside, ramp, times_of, write, write_packets
from tests.faults.matroska import write_matroska
from tests.support.hdr import HLG, PQ

KIND = "pictures"
BT601, BT709, BT2020 = (6, 5), (1, 1), (9, 9)  # by FFmpeg's numbers: of frames, and of its conversion

# name, what, encoder, pixel format, further arguments of `write`
FORMATS = (
    ("h264_10_bit", "10 bits", "libx264", "yuv420p10le", {}),
    ("hevc_hdr", "HDR: 10 bits, BT.2020, PQ", "libx265", "yuv420p10le", {"colours": BT2020, "transfer": PQ}),
    ("hevc_hlg", "HDR: 10 bits, BT.2020, HLG", "libx265", "yuv420p10le", {"colours": BT2020, "transfer": HLG}),
    ("prores_hlg", "ProRes in HLG", "prores", "yuv422p10le", {"colours": BT2020, "transfer": HLG}),
    ("av1_10_bit", "AV1 of 10 bits", "libsvtav1", "yuv420p10le", {}),
    ("bt709", "BT.709", "libx264", "yuv420p", {"colours": BT709}),
    ("bt709_10_bit", "BT.709 of 10 bits", "libx264", "yuv420p10le", {"colours": BT709}),
    ("full_range", "levels 0 to 255", "libx264", "yuvj420p", {"full_range": True}),
    ("full_range_10_bit", "levels 0 to 1023", "libx264", "yuv420p10le", {"full_range": True}),
    ("422", "4:2:2", "libx264", "yuv422p", {}),
    ("444", "4:4:4", "libx264", "yuv444p", {}),
    ("prores", "ProRes 4:2:2 of 10 bits", "prores", "yuv422p10le", {}),
    ("alpha", "alpha", "ffv1", "bgra", {}),
    ("png", "PNG with alpha", "png", "rgba", {"options": {"compression_level": "1", "pred": "none"}}),
    ("raw", "uncompressed R, G, B", "rawvideo", "rgb24", {}),
    ("huffyuv", "HuffYUV", "huffyuv", "yuv422p", {}),
)
_SUFFIXES = {
    "libvpx-vp9": ".webm",
    "ffv1": ".mkv",
    "rawvideo": ".mov",
    "png": ".mov",
    "prores": ".mov",
    "huffyuv": ".avi",
}


def suffix(encoder: str) -> str:
    """Return the suffix of a file this encoder's pictures usually lie in."""
    return _SUFFIXES.get(encoder, ".mp4")


def make(folder: Path, face: Face) -> Iterator[Fault]:
    """Write the files of this kind."""

    def fault(path: Path, what: str, *outcomes: str, heart_rate_bpm: float | None = None) -> Fault:
        return Fault(KIND, path.name, what, str(path), frozenset(outcomes), heart_rate_bpm)

    rate, images, times_s = face.heart_rate_bpm, face.seconds(5.2), times_of(156)
    for name, what, encoder, pix_fmt, more in FORMATS:
        base = Fraction(1, 30) if suffix(encoder) == ".avi" else Fraction(1, 90_000)
        path, seconds = (
            folder / f"{name}{suffix(encoder)}",
            8.0 if "transfer" in more else 5.2,
        )  # HDR codes the dark coarsely
        path = write(
            path, face.seconds(seconds), times_of(round(30 * seconds)), encoder, pix_fmt, time_base=base, **more
        )
        yield fault(path, what, "too_short", heart_rate_bpm=rate)
    path = write(folder / "grey.mkv", face.seconds(9.6), times_of(288), "ffv1", "gray")
    yield fault(path, "a face in grey", "no_pulse")
    cut = [np.ascontiguousarray(image[:-1, :-1]) for image in images]
    path = write(folder / "odd_sides.mp4", cut, times_s, "libx264", "yuv444p")
    yield fault(path, "odd sides, 207 x 207", "too_short", heart_rate_bpm=rate)
    path = write(folder / "odd_sides_420.webm", cut, times_s, "libvpx-vp9")
    yield fault(path, "odd sides, 207 x 207, 4:2:0", "too_short", heart_rate_bpm=rate)
    narrow = [cv2.resize(image, None, fx=0.75, fy=1, interpolation=cv2.INTER_AREA) for image in images]
    path = write(folder / "wide_pixels.mp4", narrow, times_s, aspect=Fraction(4, 3))
    yield fault(path, "pixels wider than high, 4:3", "too_short", heart_rate_bpm=rate)
    path = write(
        folder / "interlaced.ts",
        face.seconds(8.0),
        times_of(240),
        "mpeg2video",
        options={"flags": "+ildct+ilme", "b": "8M"},
        time_base=Fraction(1, 30),
    )
    yield fault(path, "interlaced MPEG-2", "too_short", heart_rate_bpm=rate)

    data = write(folder / "upright.mp4", ramp(10), times_of(10)).read_bytes()
    for name, what, matrix in (
        ("turned_45", "to be turned by 45 degrees", (46341, 46341, 0, 2**32 - 46341, 46341, 0, 0, 0, 1 << 30)),
        ("turned_nowhere", "to be turned by a matrix of zeros", (0,) * 9),
        ("sheared", "to be sheared beyond all bounds", (2**31 - 1,) * 9),
    ):
        path = folder / f"{name}.mp4"
        path.write_bytes(_with_matrix(data, matrix))
        yield fault(path, what, "no_face")
    one, minus = 1 << 16, 2**32 - (1 << 16)
    for name, what, stored, matrix in (
        ("mirrored", "a face, stored mirrored", [image[:, ::-1] for image in images], (minus, 0, 0, 0, one)),
        ("upside_down", "a face, stored upside down", [image[::-1] for image in images], (one, 0, 0, 0, minus)),
        ("transposed", "a face, its rows stored as columns", [i.swapaxes(0, 1) for i in images], (0, one, 0, one, 0)),
    ):
        path = write(folder / f"{name}.mp4", map(np.ascontiguousarray, stored), times_s)
        path.write_bytes(_with_matrix(path.read_bytes(), (*matrix, 0, 0, 0, 1 << 30)))
        yield fault(path, what, "too_short", heart_rate_bpm=rate)

    small, large = packets_of(folder / "p1.webm", "libvpx"), _packets_of_size(folder)
    times_ms = list(range(0, 660, 33))
    yield fault(write_matroska(folder / "grows.mkv", small + large, times_ms), "the picture grows", "no_face")
    yield fault(
        write_matroska(folder / "shrinks.mkv", large + small, times_ms, size=(320, 240)),
        "the picture shrinks",
        "no_face",
    )
    path = folder / "face_shrinks.ts"
    path.write_bytes(_two_sizes(folder, images))
    yield fault(path, "a face, and after 5 seconds in half the size", "too_short", heart_rate_bpm=rate)
    path = folder / "format_changes.ts"
    path.write_bytes(_two_formats(folder, images))
    yield fault(path, "a face in 4:2:0, then in 4:2:2", "too_short", heart_rate_bpm=rate)
    for name, width, height, outcome in (
        ("1x1", 1, 1, "frame_too_small"),
        ("flat", 4096, 2, "frame_too_small"),
        ("16x4096", 16, 4096, "no_face"),
        ("8192x16", 8192, 16, "no_face"),
    ):
        path = folder / f"size_{name}.avi"
        write_packets(
            path,
            [bytes(4 * ((3 * width + 3) // 4) * height)] * 3,
            times_of(3),
            "rawvideo",
            size=(width, height),
            pix_fmt="bgr24",
        )
        yield fault(path, f"pictures of {width} x {height}", outcome)
    rng = np.random.default_rng(1)
    for name, what, pictures in (
        ("black", "black", [np.zeros((240, 320, 3), np.uint8)] * 30),
        ("white", "white", [np.full((240, 320, 3), 255, np.uint8)] * 30),
        ("snow", "noise", list(rng.integers(0, 256, (30, 240, 320, 3), dtype=np.uint8))),
    ):
        yield fault(write(folder / f"{name}.mp4", pictures, times_of(30)), what, "no_face")


def _with_matrix(data: bytes, matrix: tuple[int, ...]) -> bytes:
    """Return an mp4 file that asks for its pictures to be shown by a matrix, 9 numbers of 32 bits."""
    start = inside(data, b"moov", b"trak", b"tkhd")[0] + 40
    return data[:start] + b"".join(number.to_bytes(4, "big") for number in matrix) + data[start + 36 :]


def _packets_of_size(folder: Path) -> list[bytes]:
    """Return packets of larger pictures."""
    import av

    path = write(folder / "p2.webm", ramp(10, (240, 320)), times_of(10), "libvpx", options={"g": "1"})
    with av.open(str(path)) as stored:
        return [bytes(packet) for packet in stored.demux(video=0) if packet.size]


def _two_sizes(folder: Path, images: list[np.ndarray]) -> bytes:
    """Return a transport stream whose pictures shrink after 5 seconds."""
    half = [image[::2, ::2].copy() for image in images[150:]]
    first = write(folder / "first.ts", images[:150], times_of(150), options={"g": "30"})
    second = write(folder / "second.ts", half, 5 + times_of(len(half)), options={"g": "30"})
    return first.read_bytes() + second.read_bytes()


def _two_formats(folder: Path, images: list[np.ndarray]) -> bytes:
    """Return a transport stream whose pictures are stored otherwise after 3 seconds."""
    first = write(folder / "f1.ts", images[:90], times_of(90), options={"g": "30"})
    second = write(
        folder / "f2.ts", images[90:], 3 + times_of(len(images) - 90), pix_fmt="yuv422p", options={"g": "30"}
    )
    return first.read_bytes() + second.read_bytes()
