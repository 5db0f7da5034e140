"""What Hypothesis makes of valid files: bits flipped, parts cut out, doubled, swapped and spliced, numbers replaced."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from bpdemo.clip import Clip
from bpdemo.clip_report import MAX_FRAME_RATE_HZ, MAX_FRAMES, MAX_PIXELS
from bpdemo.errors import BpdemoError, ClipError, WeightsError
from bpdemo.estimator import BloodPressureEstimator
from bpdemo.models import find_model
from bpdemo.weights.config import parse_config
from bpdemo.weights.store import load_weights
from tests.faults.fault import Face, ramp, times_of, write

_NUMBERS = (0, 1, 2, 8, 16, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1)
_THIRTIETH = Fraction(1, 30)


def seed_clips(folder: Path) -> list[bytes]:
    """Return small valid clips of every container that is read."""
    pieces = {"movflags": "frag_keyframe+empty_moov"}
    written = (
        write(folder / "a.mp4", ramp(8), times_of(8)),
        write(folder / "b.mp4", ramp(8), times_of(8), container_options={"movflags": "faststart"}),
        write(folder / "c.mp4", ramp(8), times_of(8), container_options=pieces, options={"g": "3"}),
        write(folder / "d.mov", ramp(8), times_of(8), "prores", "yuv422p10le"),
        write(folder / "e.mp4", ramp(8), times_of(8), "libx265"),
        write(folder / "f.mp4", ramp(8), times_of(8), "libsvtav1"),
        write(folder / "g.webm", ramp(8), times_of(8), "libvpx"),
        write(folder / "h.webm", ramp(8), times_of(8), "libvpx-vp9"),
        write(folder / "i.mkv", ramp(8), times_of(8), "ffv1"),
        write(folder / "j.avi", ramp(8), times_of(8), "mjpeg", "yuvj420p", full_range=True, time_base=_THIRTIETH),
        write(folder / "k.avi", ramp(3), times_of(3), "rawvideo", "bgr24", time_base=_THIRTIETH),
        write(folder / "l.ts", ramp(8), times_of(8), "mpeg2video", time_base=_THIRTIETH),
        write(folder / "m.mpg", ramp(8), times_of(8), "mpeg1video", time_base=_THIRTIETH),
        write(folder / "n.flv", ramp(8), times_of(8), "flv", time_base=_THIRTIETH),
        write(folder / "o.avi", ramp(8), times_of(8), "mpeg4", time_base=_THIRTIETH),
        write(folder / "p.mov", ramp(8), times_of(8), "png", "rgba"),
    )
    return [path.read_bytes() for path in written]


def seed_face(folder: Path, face: Face) -> list[bytes]:
    """Return two clips of two seconds of a face."""
    images = face.seconds(2)
    return [
        write(folder / "face.mp4", images, times_of(60), container_options={"movflags": "faststart"}).read_bytes(),
        write(folder / "face.mkv", images, times_of(60), "mjpeg", "yuvj420p", full_range=True).read_bytes(),
    ]


@st.composite
def mutated(draw: Callable, seeds: Sequence[bytes], most: int = 5) -> bytes:
    """Draw one of some files, changed in up to `most` places."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, most))):
        if not data:
            break
        change = draw(
            st.sampled_from((_flip, _flip, _number, _number, _text, _drop, _double, _swap, _cut, _splice, _box))
        )
        change(draw, data, seeds)
    return bytes(data)


def _place(draw: Callable, data: bytearray) -> int:
    """Draw a place, more often near either end, where headers are."""
    last = len(data) - 1
    near = min(last, draw(st.sampled_from((64, 1500, last))))
    place = draw(st.integers(0, near))
    return last - place if draw(st.booleans()) else place


def _span(draw: Callable, data: bytearray) -> slice:
    start = _place(draw, data)
    return slice(start, start + draw(st.sampled_from((1, 2, 4, 8, 30, 300, 3000))))


def _flip(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    data[_place(draw, data)] ^= 1 << draw(st.integers(0, 7))


def _number(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    place, length = _place(draw, data), draw(st.sampled_from((1, 2, 4, 8)))
    number = draw(st.sampled_from(_NUMBERS)) % (1 << 8 * length)
    order = draw(st.sampled_from(("big", "little")))
    data[place : place + length] = number.to_bytes(length, order)


def _text(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    place, noise = _place(draw, data), draw(st.binary(min_size=1, max_size=12))
    data[place : place + (len(noise) if draw(st.booleans()) else 0)] = noise


def _drop(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_span(draw, data)]


def _double(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    span, count = _span(draw, data), draw(st.sampled_from((2, 2, 50)))
    data[span] = bytes(data[span]) * count


def _swap(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    span, to = _span(draw, data), _place(draw, data)
    taken = bytes(data[span])
    del data[span]
    data[to:to] = taken


def _cut(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    del data[_place(draw, data) :]


def _splice(draw: Callable, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = bytearray(draw(st.sampled_from(seeds)))
    data[_place(draw, data) :] = other[_place(draw, other) :]


def _box(draw: Callable, data: bytearray, _: Sequence[bytes]) -> None:
    """Double, drop or move a whole box of an mp4 file; of other files whatever its size would be."""
    names = [name for name in (b"moov", b"trak", b"mdia", b"stbl", b"stts", b"stsz", b"stco", b"mdat") if name in data]
    start = max(0, data.index(draw(st.sampled_from(names))) - 4) if names else _place(draw, data)
    span = slice(start, start + max(8, int.from_bytes(data[start : start + 4], "big") % (len(data) + 1)))
    taken = bytes(data[span])
    if draw(st.booleans()):
        del data[span]
    to = draw(st.sampled_from((start, _place(draw, data) if data else 0)))
    data[to:to] = taken


def check_clip(path: Path) -> None:
    """Read a file as a clip; anything but frames in order within all limits, or a `ClipError`, is an error."""
    times, sizes, refused = [], set(), None
    try:
        with Clip(path) as clip:
            for frame in clip.frames():
                times.append(frame.time_s)
                sizes.add(frame.pixels.shape)
                assert np.asarray(frame.pixels[::16, ::16]).dtype == np.uint8
    except ClipError as error:
        refused = error
    if refused is not None:
        _check_words(refused)
        return
    report = clip.report
    assert times[0] == 0
    assert (np.diff(times) >= 0.89 / MAX_FRAME_RATE_HZ).all()
    assert len(times) == report.frames <= MAX_FRAMES
    ((height, width, channels),) = sizes
    assert (report.height, report.width, 3) == (height, width, channels)
    assert height * width <= MAX_PIXELS
    json.dumps(asdict(report), allow_nan=False)


def frames_of(path: Path) -> int:
    """Return how many frames a sound clip has."""
    with Clip(path) as clip:
        return sum(1 for _ in clip.frames())


def check_whole(path: Path, estimator: BloodPressureEstimator) -> None:
    """Read a clip of less than the least length; anything but a refusal or a typed error is wrong."""
    estimate = estimator.answer(path)
    assert estimate.status in ("refused", "error")
    assert estimate.reasons
    assert estimate.systolic is None
    json.dumps(estimate.to_dict(), allow_nan=False)


def _check_words(error: BpdemoError) -> None:
    """See that an error says what it is in one printable line."""
    assert error.reason.message.endswith(".")
    assert error.reason.remedy.endswith(".")
    assert len(str(error)) < 1000
    assert str(error).isprintable()


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**64, 10**400, 1e300, -0.0, float("nan"), float("inf"), 1024, 1025, 1e-320])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["", " ", "../../etc/passwd", "\0", "\ud800", "x" * 5000, "__class__", "{0.__class__}", "weights/2"]
    )
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated_config(draw: Callable, config: dict[str, Any]) -> bytes:
    """Draw the text of a config in which entries were replaced, added or removed, or whose text was damaged."""
    config = json.loads(json.dumps(config))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = config
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and draw(st.booleans()):
                at = at[key]
                continue
            if draw(st.integers(0, 5)) == 0:
                del at[key]
            else:
                at[key] = draw(_JSON)
            if isinstance(at, dict) and draw(st.integers(0, 5)) == 0:
                at[draw(st.text(max_size=6))] = draw(_JSON)
            break
    text = json.dumps(config).encode()
    kind = draw(st.integers(0, 9))
    if kind == 0:
        text = draw(mutated([text], 3))
    elif kind == 1:  # an entry that is there twice
        place = max(1, text.find(b'"network"'))
        text = text[:place] + b'"network": ' + json.dumps(draw(_JSON)).encode() + b", " + text[place:]
    return text


def check_config(content: bytes) -> None:
    """Parse a config; anything but a config that can be used, or a `WeightsError`, is an error."""
    refused = None
    try:
        config = parse_config(content, "config.json")
    except WeightsError as error:
        refused = error
    if refused is not None:
        _check_words(refused)
        return
    with torch.device("meta"):
        find_model(config.model).build(config.network)
    assert parse_config(config.to_json(), "config.json") == config


def check_weights(folder: Path) -> None:
    """Load a folder; anything but a network of finite numbers, or a `WeightsError`, is an error."""
    refused = None
    try:
        weights = load_weights(folder, device="cpu")
    except WeightsError as error:
        refused = error
    if refused is not None:
        _check_words(refused)
        return
    assert all(bool(tensor.isfinite().all()) for tensor in weights.network.state_dict().values())
