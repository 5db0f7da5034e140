"""Clips whose times are wrong, far, or rare."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from bpdemo.synthesis.scenes import irregular_times
from tests.faults.bombs import packets_of
from tests.faults.fault import READING, Face, Fault, ramp, times_of, write
from tests.faults.matroska import write_matroska

KIND = "times"


def make(folder: Path, face: Face) -> Iterator[Fault]:
    """Write the files of this kind."""

    def fault(path: Path, what: str, *outcomes: str, heart_rate_bpm: float | None = None) -> Fault:
        return Fault(KIND, path.name, what, str(path), frozenset(outcomes), heart_rate_bpm)

    key = packets_of(folder / "key.webm", "libvpx")
    regular = list(range(0, 330, 33))
    for name, what, times_ms in (
        ("same", "all at the same time", [40] * 10),
        ("backwards", "each earlier than the one before", regular[::-1]),
        ("twice_each", "each time twice", [time // 66 * 66 for time in regular]),
        ("far", "from 10^15 s on", [time + 10**18 for time in regular]),
        ("leap", "a leap of 10^15 s in the middle", [*regular[:5], *(time + 10**18 for time in regular[5:])]),
        ("leap_back", "first at 10^15 s, then from 0 on", [10**18, *regular[1:]]),
        ("overflow", "beyond what 63 bits hold", [time + 2**63 - 200 for time in regular]),
    ):
        path = write_matroska(folder / f"times_{name}.mkv", key, times_ms)
        yield fault(path, f"times: {what}", "no_face", "no_frames")
    for name, duration in (("nan", math.nan), ("infinite", math.inf), ("negative", -1e9), ("long", 1e300)):
        path = write_matroska(folder / f"duration_{name}.mkv", key, regular, duration=duration)
        yield fault(path, f"header's duration: {duration}", "no_face")
    path = write_matroska(folder / "rate_declared.mkv", key, regular, frame_ns=1)
    yield fault(path, "header says 10^9 frames a second", "no_face")
    path = write_matroska(folder / "scale_zero.mkv", key, regular, scale_ns=0)
    yield fault(path, "header's unit of time is 0", "no_face", "not_a_video", "no_frames")
    path = write_matroska(folder / "scale_huge.mkv", key, list(range(10)), scale_ns=2**62)
    yield fault(path, "header's unit of time is 146 years", "no_face", "not_a_video", "no_frames")
    path = write(folder / "before_zero.mp4", ramp(10), times_of(10) - 5)
    yield fault(path, "times from -5 s on", "no_face", "no_frames")

    rate = face.heart_rate_bpm
    images = face.seconds(5.2)
    path = write(folder / "1_fps.mp4", images[::30], times_of(6, 1.0))
    yield fault(path, "1 frame a second", "too_short")
    path = write(folder / "10_fps.mp4", face.seconds(10)[::3], times_of(100, 10.0))
    yield fault(path, "10 frames a second", "frame_rate_low")
    path = write(folder / "240_fps.mp4", np.repeat(images[:150], 8, axis=0), times_of(1200, 240.0))
    yield fault(path, "240 frames a second", "too_short", heart_rate_bpm=rate)
    path = write(folder / "1000_fps.mp4", np.repeat(images[:10], 33, axis=0), times_of(330, 1000.0))
    yield fault(path, "1000 frames a second", "too_short")
    times_s = irregular_times(10, 30, jitter=0.4, dropped=0.1, seed=5)
    frames = face.images
    path = write(
        folder / "irregular.webm", [frames[round(time * 30) % len(frames)] for time in times_s], times_s, "libvpx-vp9"
    )
    yield fault(path, "irregular intervals", READING, heart_rate_bpm=rate)
    path = write(folder / "repeated.mkv", images, np.arange(len(images)) // 2 / 15, "ffv1")
    yield fault(path, "every second time is the one before again", "too_short", heart_rate_bpm=rate)
    path = write(folder / "whole_seconds.avi", ramp(10), np.arange(10.0), "mpeg4", time_base=Fraction(1, 1))
    yield fault(path, "times in whole seconds", "no_face")

    even_s, height, width = times_of(len(frames)), *frames[0].shape[:2]
    path = write(
        folder / "b_frames.avi",
        frames,
        even_s,
        options={"bf": "3", "b_strategy": "0"},
        time_base=Fraction(1, 30),
    )
    yield fault(path, "B-frames in AVI, which has no display times", READING, heart_rate_bpm=rate)
    quality = {"b": "6M", "qmin": "2", "qmax": "14", "deadline": "realtime", "cpu-used": "16", "threads": "1"}
    with av.open(str(write(folder / "face.webm", frames, even_s, "libvpx", options=quality))) as stored:
        packets = [bytes(packet) for packet in stored.demux(video=0) if packet.size]
    for name, what, times_s in (
        ("late_last", "a last picture 25 s later", np.append(even_s[:-1], even_s[-1] + 25)),
        ("hour_later", "the first at 0, the others an hour later", np.append(0, even_s[1:] + 3600)),
        ("epoch", "seconds since 1970", even_s + 1.7e9),
        ("first_epoch", "the first in seconds since 1970, the others from 0 on", np.append(1.7e9, even_s[1:])),
        ("stray", "one in the middle an hour later", np.where(even_s == even_s[150], 3600, even_s)),
    ):
        times_ms = np.round(1000 * times_s).astype(int).tolist()
        path = write_matroska(folder / f"face_{name}.mkv", packets, times_ms, size=(width, height))
        yield fault(path, f"times of a face: {what}", READING, heart_rate_bpm=rate)
    for name, what, part, outcome in (
        ("joined", "two recordings joined, their times start again", frames, READING),
        ("joined_short", "the same, each too short", images, "too_short"),
    ):
        path = folder / f"{name}.ts"
        path.write_bytes(2 * write(folder / f"part_of_{name}.ts", part, times_of(len(part))).read_bytes())
        yield fault(path, what, outcome, heart_rate_bpm=rate)
    path = write(
        folder / "slow_motion.mp4",
        np.repeat(images, 2, axis=0),
        times_of(2 * len(images)),
        metadata={"com.android.capture.fps": "60.0"},
        container_options={"movflags": "use_metadata_tags"},
    )
    yield fault(path, "slow motion, as Android notes it", "too_short", heart_rate_bpm=rate)
