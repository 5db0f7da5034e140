"""yuv.py: what is converted where it is looked at is what the whole picture would have been."""

import av
import numpy as np
import pytest

from bpdemo.hdr import HLG, PQ, to_sdr
from bpdemo.synthesis.encode import write_clip
from bpdemo.yuv import YuvImage, orientation, shrink, upright_image
from tests.support.hdr import code_as_hdr

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
    image = upright_image(picture)
    assert isinstance(image, YuvImage)
    assert orientation(picture) == (0, False)
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
    assert np.asarray(upright_image(picture))[..., 1].min() > 240


@pytest.mark.parametrize(
    "part",
    [
        *(np.s_[0:48, 0:64], np.s_[5:20, 9:32], np.s_[6:21, 8:9], np.s_[::8, ::8]),
        *(np.s_[3::5, 1:50:3], np.s_[:0, 4:9], np.s_[40:99, 60:99]),
    ],
)
def test_a_slice_is_that_part_of_the_whole(part):
    image = upright_image(decoded())
    np.testing.assert_array_equal(image[part], np.asarray(image)[part], strict=True)


def first_picture(path):
    with av.open(str(path)) as stored:
        return next(stored.decode(video=0))


@pytest.mark.parametrize("scale", [0.5, 0.3, 0.001])
@pytest.mark.parametrize("degrees", [0, 90])
def test_a_small_copy_is_the_picture_shrunk(tmp_path, quarters, scale, degrees):
    write_clip(tmp_path / "clip.mp4", [quarters], [0.0], rotation_degrees=degrees)
    picture = first_picture(tmp_path / "clip.mp4")
    image = upright_image(picture, *orientation(picture))
    small = shrink(image, scale)
    assert small.shape[:2] == tuple(max(1, round(side * scale)) for side in image.shape[:2])
    # Where one colour meets another, it matters what is shrunk first.
    away = np.abs(small.astype(int) - shrink(np.asarray(image), scale))
    assert np.median(away) <= 1
    assert away.mean() < 3


def test_a_picture_is_not_made_larger_but_copied():
    image = upright_image(decoded())
    array = np.asarray(image)
    for picture in (image, array):
        copy = shrink(picture, 2)
        np.testing.assert_array_equal(copy, array)
        assert copy is not array


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pictures_are_turned_back(tmp_path, quarters, degrees):
    write_clip(tmp_path / "clip.mp4", [quarters], [0.0], rotation_degrees=degrees)
    picture = first_picture(tmp_path / "clip.mp4")
    assert orientation(picture) == (degrees // 90, False)
    image = upright_image(picture, degrees // 90)
    assert isinstance(image, YuvImage)
    np.testing.assert_allclose(np.asarray(image), np.rot90(picture.to_ndarray(format="rgb24"), degrees // 90), atol=3)
    np.testing.assert_array_equal(image[7:30, 11:40], np.asarray(image)[7:30, 11:40])


def with_matrix(path, quarters, *numbers):
    """Write a clip to be shown by a matrix [2, 2], row by row, and return its first picture."""
    write_clip(path, [quarters], [0.0], rotation_degrees=90)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # 9 numbers of 4 bytes (ISO/IEC 14496-12, 8.3.2)
    a, b, c, d = (number << 16 for number in numbers)
    data[at : at + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(data)
    return first_picture(path)


@pytest.mark.parametrize("a", [-1, 1])
@pytest.mark.parametrize("b", [-1, 1])
@pytest.mark.parametrize("transposed", [False, True])
def test_mirrored_pictures_are_mirrored_back(tmp_path, quarters, transposed, a, b):
    picture = with_matrix(tmp_path / "clip.mp4", quarters, *((0, a, b, 0) if transposed else (a, 0, 0, b)))
    stored = picture.to_ndarray(format="rgb24")
    # A pixel at x, y is shown at x * a, y * b; or, transposed, at y * b, x * a.
    shown = stored.transpose(1, 0, 2)[::a, ::b] if transposed else stored[::b, ::a]
    image = upright_image(picture, *orientation(picture))
    np.testing.assert_allclose(np.asarray(image), shown, atol=3)
    np.testing.assert_array_equal(image[7:30, 11:40], np.asarray(image)[7:30, 11:40])


def test_a_turn_that_is_no_angle_is_none(tmp_path, quarters):
    picture = with_matrix(tmp_path / "clip.mp4", quarters, 0, 0, 0, 0)
    assert abs(picture.rotation) > 360, "what this is about"
    assert orientation(picture) == (0, False)


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [
        *((name, (48, 64)) for name in ("yuv420p10le", "yuv422p", "yuv444p", "nv12", "gray", "rgb24")),
        ("yuv420p", (47, 63)),
    ],
)
def test_rarer_formats_are_left_to_ffmpeg(pixel_format, size):
    picture = decoded(pixel_format, size)
    image = upright_image(picture)
    np.testing.assert_array_equal(image, picture.to_ndarray(format="rgb24"))


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv422p10le", "yuv444p12le"])
@pytest.mark.parametrize("full_range", [False, True])
def test_hdr_becomes_the_colours_of_ordinary_video(transfer, pixel_format, full_range):
    colours = np.array([(200, 150, 125), (120, 80, 60), (250, 250, 250), (20, 20, 20), (60, 120, 180)], np.uint8)
    expected = np.repeat(np.repeat(colours, 8, axis=0)[None], 16, axis=0)
    picture = av.VideoFrame.from_ndarray(code_as_hdr(expected, transfer), format="rgb48le")
    ranged = LIMITED + full_range
    picture = picture.reformat(format=pixel_format, dst_colorspace=BT2020, dst_color_range=ranged, threads=1)
    picture.colorspace, picture.color_range, picture.color_trc = BT2020, ranged, transfer
    image = upright_image(picture)
    assert isinstance(image, YuvImage)
    whole = np.asarray(image)
    assert whole.dtype == np.uint8
    away = np.abs(whole.astype(int) - expected)[:, 3::8]  # not where one colour meets another
    assert away.max() <= (15 if pixel_format == "yuv420p" else 3)  # of 8 bits, each is a large step in the dark
    np.testing.assert_array_equal(image[3:9, 5:30], whole[3:9, 5:30])
    assert np.abs(shrink(image, 0.5).astype(int) - whole[::2, ::2])[:, 1::4].max() <= 5


def test_what_is_brighter_than_white_is_cut_and_does_not_wrap():
    for transfer in (PQ, HLG):
        levels = np.linspace(0, 1023, 256).astype(np.uint16)
        grey = to_sdr(np.repeat(levels, 3).reshape(16, 16, 3), transfer).reshape(-1, 3)
        assert (grey[0] == 0).all()
        assert (grey[-1] == 255).all()
        assert (np.diff(grey.astype(int), axis=0) >= 0).all()


def test_pictures_stay_what_they_are_while_others_are_decoded(tmp_path):
    """Their memory is the decoder's own."""
    levels = list(range(40, 200, 4))
    write_clip(tmp_path / "clip.mp4", [np.full((48, 64, 3), level, np.uint8) for level in levels], np.arange(40) / 30)
    with av.open(str(tmp_path / "clip.mp4")) as stored:
        images = [upright_image(picture) for picture in stored.decode(video=0)]
    np.testing.assert_allclose([np.asarray(image).mean() for image in images], levels, atol=2)
