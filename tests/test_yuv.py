"""yuv.py: what is converted where it is looked at is what the whole picture would have been."""

import av
import numpy as np
import pytest

from bpdemo.synthesis.encode import write_clip
from bpdemo.yuv import YuvImage, shrink, upright_image

BT709, UNKNOWN, BT470, BT601, BT2020 = 1, 2, 5, 6, 9
# Share of red and blue in luma, as the standards have it.
SHARES = dict.fromkeys((UNKNOWN, BT470, BT601), (0.299, 0.114))
SHARES |= {BT709: (0.2126, 0.0722), BT2020: (0.2627, 0.0593)}
LIMITED, FULL = 1, 2


def decoded(pixel_format="yuv420p", size=(48, 64), colour_space=UNKNOWN, colour_range=0):
    """Return a picture of random luma and random, moderate colour, as a decoder might give it."""
    rng = np.random.default_rng(1)
    picture = av.VideoFrame(size[1], size[0], pixel_format)
    for number, plane in enumerate(picture.planes):
        low, high = (30, 220) if number == 0 else (100, 156)
        plane.update(rng.integers(low, high, plane.buffer_size, dtype=np.uint8).tobytes())
    picture.colorspace, picture.color_range = colour_space, colour_range
    return picture


def by_the_standard(picture, shares, full_range):
    """Convert a 4:2:0 picture by the formulas of the standards, in floating point."""
    luma, blue, red = (
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[:, : plane.width].astype(float)
        for plane in picture.planes
    )
    blue, red = (plane.repeat(2, axis=0).repeat(2, axis=1) - 128 for plane in (blue, red))
    luma, blue, red = (luma, blue, red) if full_range else ((luma - 16) / 219 * 255, blue / 224 * 255, red / 224 * 255)
    red_share, blue_share = shares
    r, b = luma + 2 * (1 - red_share) * red, luma + 2 * (1 - blue_share) * blue
    g = (luma - red_share * r - blue_share * b) / (1 - red_share - blue_share)
    return np.clip(np.stack((r, g, b), axis=-1), 0, 255)


@pytest.mark.parametrize("colour_space", SHARES)
@pytest.mark.parametrize(
    ("pixel_format", "colour_range", "full_range"),
    [("yuv420p", 0, False), ("yuv420p", LIMITED, False), ("yuv420p", FULL, True), ("yuvj420p", 0, True)],
)
def test_colours_are_those_of_the_standard(colour_space, pixel_format, colour_range, full_range):
    picture = decoded(pixel_format, colour_space=colour_space, colour_range=colour_range)
    image, turn = upright_image(picture)
    assert isinstance(image, YuvImage)
    assert turn == 0
    whole = np.asarray(image)
    assert whole.shape == image.shape == (48, 64, 3)
    assert whole.dtype == np.uint8
    assert np.abs(whole - by_the_standard(picture, SHARES[colour_space], full_range)).max() < 0.7
    # FFmpeg's fast conversion is a level or two too dark.
    away = whole.astype(int) - picture.to_ndarray(format="rgb24")
    assert np.abs(away).max() <= 3
    assert 0 <= away.mean() <= 2


def test_what_is_too_bright_is_clipped_and_does_not_wrap():
    picture = decoded(colour_range=LIMITED)
    picture.planes[0].update(bytes([254]) * picture.planes[0].buffer_size)
    assert np.asarray(upright_image(picture)[0])[..., 1].min() > 240


@pytest.mark.parametrize(
    "part",
    [
        *(np.s_[0:48, 0:64], np.s_[5:20, 9:32], np.s_[6:21, 8:9], np.s_[::8, ::8]),
        *(np.s_[3::5, 1:50:3], np.s_[:0, 4:9], np.s_[40:99, 60:99]),
    ],
)
def test_a_slice_is_that_part_of_the_whole(part):
    image, _ = upright_image(decoded())
    np.testing.assert_array_equal(image[part], np.asarray(image)[part], strict=True)


def first_picture(path):
    with av.open(str(path)) as stored:
        return next(stored.decode(video=0))


@pytest.mark.parametrize("scale", [0.5, 0.3, 0.001])
@pytest.mark.parametrize("degrees", [0, 90])
def test_a_small_copy_is_the_picture_shrunk(tmp_path, quarters, scale, degrees):
    write_clip(tmp_path / "clip.mp4", [quarters], [0.0], rotation_degrees=degrees)
    image, _ = upright_image(first_picture(tmp_path / "clip.mp4"))
    small = shrink(image, scale)
    assert small.shape[:2] == tuple(max(1, round(side * scale)) for side in image.shape[:2])
    # Where one colour meets another, it matters what is shrunk first.
    away = np.abs(small.astype(int) - shrink(np.asarray(image), scale))
    assert np.median(away) <= 1
    assert away.mean() < 3


def test_a_picture_is_not_made_larger_but_copied():
    image, _ = upright_image(decoded())
    array = np.asarray(image)
    for picture in (image, array):
        copy = shrink(picture, 2)
        np.testing.assert_array_equal(copy, array)
        assert copy is not array


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pictures_are_turned_back(tmp_path, quarters, degrees):
    write_clip(tmp_path / "clip.mp4", [quarters], [0.0], rotation_degrees=degrees)
    picture = first_picture(tmp_path / "clip.mp4")
    image, turn = upright_image(picture)
    assert isinstance(image, YuvImage)
    assert turn == degrees
    np.testing.assert_allclose(np.asarray(image), np.rot90(picture.to_ndarray(format="rgb24"), degrees // 90), atol=3)
    np.testing.assert_array_equal(image[7:30, 11:40], np.asarray(image)[7:30, 11:40])


def test_a_turn_that_is_no_angle_is_none(tmp_path, quarters):
    path = tmp_path / "clip.mp4"
    write_clip(path, [quarters], [0.0], rotation_degrees=90)
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44  # 9 numbers of 4 bytes (ISO/IEC 14496-12, 8.3.2)
    data[matrix : matrix + 36] = bytes(36)
    path.write_bytes(data)
    picture = first_picture(path)
    assert abs(picture.rotation) > 360, "what this is about"
    image, turn = upright_image(picture)
    assert turn == 0
    np.testing.assert_allclose(np.asarray(image), picture.to_ndarray(format="rgb24"), atol=3)


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [
        *((name, (48, 64)) for name in ("yuv420p10le", "yuv422p", "yuv444p", "nv12", "gray", "rgb24")),
        ("yuv420p", (47, 63)),
    ],
)
def test_rarer_formats_are_left_to_ffmpeg(pixel_format, size):
    picture = decoded(pixel_format, size)
    image, _ = upright_image(picture)
    np.testing.assert_array_equal(image, picture.to_ndarray(format="rgb24"))


def test_pictures_stay_what_they_are_while_others_are_decoded(tmp_path):
    """Their memory is the decoder's own."""
    levels = list(range(40, 200, 4))
    write_clip(tmp_path / "clip.mp4", [np.full((48, 64, 3), level, np.uint8) for level in levels], np.arange(40) / 30)
    with av.open(str(tmp_path / "clip.mp4")) as stored:
        images = [upright_image(picture)[0] for picture in stored.decode(video=0)]
    np.testing.assert_allclose([np.asarray(image).mean() for image in images], levels, atol=2)
