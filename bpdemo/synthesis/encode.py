"""Pictures become a clip file: any codec the demo is to read, any timestamps, any rotation.

An encoder is set either to keep a pulse, as the simple ones in phones do at high bit rates, or plainly: as messengers,
browsers, webcams and data sets use it.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

_TICKS_HZ = 90_000  # timestamps are this fine where the container allows it
_SOUND_HZ = 48_000


@dataclass(frozen=True)
class Codec:
    """How one codec is written: FFmpeg's names and options."""

    encoder: str
    suffix: str  # of the files it usually comes in, with the dot
    sound: str  # encoder of a sound track beside it
    quality: dict[str, str]  # options for a good phone or webcam recording, where no bit rate is asked for
    speed: dict[str, str]  # options that make it fast and have it keep colour
    plain: dict[str, str] = field(default_factory=dict)  # in their place: options of an encoder that nobody has set up


# A pulse is a small change of colour, which encoders save on first. These settings keep it, as a phone's simpler
# encoder at a high bit rate does: on rendered clips they lost 2 dB of the pulse's SNR where plain x264 lost up to 10.
_X264 = {
    "preset": "veryfast",
    "x264-params": "chroma-qp-offset=-12:no-dct-decimate=1:mbtree=0:bframes=0:aq-mode=0:psy=0",
}
_X265 = {"preset": "ultrafast", "x265-params": "log-level=none:cbqpoffs=-12:crqpoffs=-12:cutree=0:rskip=0"}
_AV1 = {"preset": "10", "svtav1-params": "lp=2:pred-struct=1:enable-tf=0"}
# On several threads libvpx waits by spinning, twenty times as long on a busy machine, and VP8 comes out differently for
# each number of cores.
_LIBVPX = {"deadline": "realtime", "threads": "1"}
_VP8, _VP9 = _LIBVPX | {"cpu-used": "16"}, _LIBVPX | {"cpu-used": "8"}
_PLAIN_X265 = {"preset": "superfast", "x265-params": "log-level=none"}
CODECS: dict[str, Codec] = {
    "h264": Codec("libx264", ".mp4", "aac", {"crf": "18"}, _X264, {"preset": "fast"}),
    "hevc": Codec("libx265", ".mp4", "aac", {"crf": "14"}, _X265, _PLAIN_X265),
    "vp8": Codec("libvpx", ".webm", "libopus", {"qmin": "2", "qmax": "14", "b": "6M"}, _VP8, _VP8),
    "vp9": Codec("libvpx-vp9", ".webm", "libopus", {"crf": "10", "b": "0"}, _VP9, _VP9),
    "av1": Codec("libsvtav1", ".mp4", "aac", {"crf": "5"}, _AV1, {"preset": "10"}),
    "mjpeg": Codec("mjpeg", ".avi", "pcm_s16le", {"qmin": "2", "qmax": "4"}, {}),
    "mpeg4": Codec("mpeg4", ".avi", "pcm_s16le", {"qmin": "2", "qmax": "4"}, {}),
    "ffv1": Codec("ffv1", ".mkv", "pcm_s16le", {}, {}),
}
"""Codecs by the names the capture report gives them; "mpeg4" is MPEG-4 part 2, "ffv1" is lossless."""


def write_clip(
    target: str | Path | BinaryIO,
    images: Iterable[np.ndarray],
    times_s: Sequence[float] | np.ndarray,
    *,
    codec: str = "h264",
    plain: bool = False,
    container: str | None = None,
    bit_rate_kbps: float | None = None,
    key_frame_s: float | None = None,
    rotation_degrees: int = 0,
    sound: bool = False,
) -> None:
    """Write a clip.

    Args:
        target: path, whose suffix names the container, or a file open for writing (then `container` does).
        images: one upright picture a frame, [height, width, 3] uint8 R, G, B; even sides.
        times_s: time of every frame in seconds, rising.
        codec: one of `CODECS`.
        plain: leave the encoder to its habits, which starve slow changes of colour; name a bit rate with it.
        container: FFmpeg's name of the container.
        bit_rate_kbps: None for the codec's usual quality.
        key_frame_s: seconds between key frames; None for the encoder's habit.
        rotation_degrees: 0, 90, 180 or 270: store the pictures turned, with metadata that has a player turn them back
            so far counter-clockwise, as phones do.
        sound: adds a quiet sound track.
    """
    settings, times_s = CODECS[codec], np.asarray(times_s, float)
    rate_hz = (len(times_s) - 1) / (times_s[-1] - times_s[0]) if len(times_s) > 1 else 30.0
    options = (settings.plain if plain else settings.speed) | (settings.quality if bit_rate_kbps is None else {})
    with av.open(str(target) if isinstance(target, Path) else target, "w", format=container) as output:
        rate = Fraction(rate_hz).limit_denominator(1001)
        stream = output.add_stream(settings.encoder, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        if bit_rate_kbps is not None:
            stream.bit_rate = int(bit_rate_kbps * 1000)
        if key_frame_s is not None:
            stream.gop_size = max(1, round(key_frame_s * rate_hz))
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        # AVI has no timestamps: it counts frames.
        time_base = Fraction(1, _TICKS_HZ) if output.format.name != "avi" else 1 / stream.codec_context.framerate
        stream.codec_context.time_base = time_base
        if rotation_degrees:
            stream.set_display_rotation(rotation_degrees)
        sound_stream = output.add_stream(settings.sound, rate=_SOUND_HZ) if sound else None
        for image, time_s in zip(images, times_s, strict=True):
            stored = np.ascontiguousarray(np.rot90(image, -(rotation_degrees // 90)))
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            if stream.width != frame.width or stream.height != frame.height:
                stream.width, stream.height = frame.width, frame.height
            frame.pts, frame.time_base = round(time_s / time_base), time_base
            with usual_scheduling():
                output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound_stream is not None:
            assert isinstance(sound_stream, AudioStream)
            _write_sound(output, sound_stream, float(times_s[-1]) + 1 / rate_hz)


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """Have this thread scheduled afterwards as before.

    SVT-AV1, started by root, makes its caller a real-time thread of the highest priority for good, and so every process
    that it starts later: a busy one leaves nothing for the rest of the machine.
    """
    if sys.platform != "linux":
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


def write_sound(path: str | Path, duration_s: float, codec: str = "aac") -> None:
    """Write a file that holds sound and no picture."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=_SOUND_HZ)
        assert isinstance(stream, AudioStream)
        _write_sound(output, stream, duration_s)


def _write_sound(output: OutputContainer, stream: AudioStream, duration_s: float) -> None:
    time_s = np.arange(int(duration_s * _SOUND_HZ)) / _SOUND_HZ
    wave = (1000 * np.sin(2 * np.pi * 220 * time_s)).astype(np.int16)
    block = stream.codec_context.frame_size or 1024
    for start in range(0, len(wave), block):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + block], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _SOUND_HZ, start, Fraction(1, _SOUND_HZ)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
