"""Files with something else, more, or less in them than one stream of pictures."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from bpdemo.synthesis.encode import write_sound
from tests.faults.damage import WHATEVER
from tests.faults.fault import READING, Face, Fault, inside, ramp, times_of, write

KIND = "streams"


def make(folder: Path, face: Face) -> Iterator[Fault]:
    """Write the files of this kind."""

    def fault(path: Path, what: str, *outcomes: str, heart_rate_bpm: float | None = None) -> Fault:
        return Fault(KIND, path.name, what, str(path), frozenset(outcomes), heart_rate_bpm)

    for suffix, codec in ((".mp4", "aac"), (".mkv", "pcm_s16le"), (".avi", "pcm_s16le")):
        path = folder / f"sound{suffix}"
        write_sound(path, 1.0, codec)
        yield Fault(KIND, path.name, "sound and no picture", str(path), frozenset({"no_video"}))
    path = folder / "cover.mp4"
    _write_with_cover(path, None)
    yield fault(path, "sound with a cover picture", "no_video")
    path = folder / "cover_first.mp4"
    _write_with_cover(path, face.seconds(10))
    yield fault(path, "a face, and a cover picture as the first stream", READING, heart_rate_bpm=face.heart_rate_bpm)
    yield fault(_without_samples(folder), "an mp4 file whose index names no picture", "no_frames", "not_a_video")
    yield fault(write(folder / "one_frame.mp4", ramp(1), [0.0]), "one picture", "no_face")
    for count in (1, 2, 3, 20):
        path = write(folder / f"{count}_of_a_face.mp4", face.images[:count], times_of(count))
        yield fault(path, f"a face on {count} pictures", "too_short")
    path = folder / "two_videos.mkv"
    _write_two(path, face.seconds(5.2))
    yield fault(
        path, "two streams of pictures: a face, then plain grey", "too_short", heart_rate_bpm=face.heart_rate_bpm
    )
    path = folder / "sound_longer.mp4"
    _write_with_sound(path, folder, face.seconds(5.2), 30.0)
    yield fault(path, "a face, and sound that is longer", "too_short", heart_rate_bpm=face.heart_rate_bpm)
    path = folder / "many_streams.mp4"
    _write_many(path, 64)
    yield fault(path, "64 streams of pictures", "not_a_video")
    path = folder / "attached.mkv"
    _write_with_attachment(path)
    yield fault(path, "a font attached", "no_face")
    path = write(
        folder / "encrypted.mp4",
        face.seconds(2),
        times_of(60),
        container_options={
            "encryption_scheme": "cenc-aes-ctr",
            "encryption_key": "0123456789abcdef0123456789abcdef",
            "encryption_kid": "abcdef0123456789abcdef0123456789",
        },
    )
    yield fault(path, "encrypted (cenc)", *WHATEVER)
    for name, what, codec, pix_fmt in (
        ("jpeg2000", "JPEG 2000, which is slow to decode", "jpeg2000", "yuv420p"),
        ("gif_codec", "GIF's coding in a Matroska file", "qtrle", "rgb24"),
    ):
        path = write(folder / f"{name}.mov", ramp(5), times_of(5), codec, pix_fmt)
        yield fault(path, what, "codec_unsupported")
    data = write(folder / "known.mp4", ramp(5), times_of(5)).read_bytes()
    path = folder / "unknown_codec.mp4"
    path.write_bytes(data.replace(b"avc1", b"zzzz"))
    yield fault(path, "a coding that nobody knows", "codec_unsupported", "not_a_video")


def _write_with_cover(path: Path, images: list[np.ndarray] | None) -> None:
    """Write a cover picture, then sound or the pictures of a clip."""
    with av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = 1024  # attached picture
        if images is None:
            other = output.add_stream("aac", rate=48_000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            frames = [frame]
        else:
            other = output.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "10"})
            other.height, other.width, other.pix_fmt = *images[0].shape[:2], "yuv420p"
            frames = [av.VideoFrame.from_ndarray(image, format="rgb24") for image in images]
        for frame in frames:
            output.mux(other.encode(frame))
        output.mux(other.encode(None))
        output.mux(cover.encode(av.VideoFrame.from_ndarray(ramp(1)[0], format="rgb24")))
        output.mux(cover.encode(None))


def _write_with_sound(path: Path, folder: Path, images: list[np.ndarray], duration_s: float) -> None:
    """Write a clip beside sound of this duration."""
    write_sound(folder / "voice.mp4", duration_s)
    write(folder / "silent.mp4", images, times_of(len(images)))
    with av.open(str(path), "w") as output:
        stored = [av.open(str(folder / name)) for name in ("silent.mp4", "voice.mp4")]
        streams = [output.add_stream_from_template(part.streams[0]) for part in stored]
        for part, stream in zip(stored, streams, strict=True):
            for packet in part.demux(part.streams[0]):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
            part.close()


def _write_two(path: Path, images: list[np.ndarray]) -> None:
    with av.open(str(path), "w") as output:
        streams = []
        for height, width in (images[0].shape[:2], (48, 64)):
            stream = output.add_stream("ffv1", rate=30)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for image, grey in zip(images, ramp(len(images)), strict=True):
            for stream, picture in zip(streams, (image, grey), strict=True):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        for stream in streams:
            output.mux(stream.encode(None))


def _write_many(path: Path, count: int) -> None:
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mpeg4", rate=30) for _ in range(count)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for stream in streams:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(ramp(1)[0], format="rgb24")))
            output.mux(stream.encode(None))


def _write_with_attachment(path: Path) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.add_attachment("font.ttf", "application/x-truetype-font", b"\0" * 5000)
        for number, image in enumerate(ramp(10)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _without_samples(folder: Path) -> Path:
    """Write an mp4 file with a track in which there is nothing."""
    data = bytearray(write(folder / "some.mp4", ramp(5), times_of(5)).read_bytes())
    table = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
    for name in (b"stts", b"stsz", b"stsc", b"stco", b"stss"):
        start, end = inside(data, *table, name)
        data[start + 4 : end] = bytes(end - start - 4)
    path = folder / "no_samples.mp4"
    path.write_bytes(data)
    return path
