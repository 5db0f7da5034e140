"""A decoded picture that becomes R, G, B only where it is looked at.

Decoders give luma for every pixel and colour for every fourth. Converting a whole picture takes nearly half as long as
decoding it, and an eighth of it is skin. `YuvImage` can be sliced as the array [height, width, 3] that it stands for;
pictures of rarer formats (10 bits, alpha, R, G, B, ...) are converted whole, by FFmpeg, unless they are HDR.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type

from bpdemo.hdr import HLG, PQ, to_sdr

# Share of red and of blue in luma, by FFmpeg's number of a colour space: BT.709; unknown and both BT.601; BT.2020.
_RED_BLUE = {1: (0.2126, 0.0722), 2: (0.299, 0.114), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}
_ONE_THREAD = 1  # on more, FFmpeg now and then mistakes a line of the picture (one frame in a few hundred)
_FULL_RANGE = 2  # FFmpeg's number for levels of 0 to 255; otherwise luma is 16 to 235 and chroma 16 to 240


class YuvImage:
    """An image [height, width, 3] uint8 R, G, B, converted where it is sliced.

    Each 2 x 2 pixels share one colour, as in FFmpeg's own conversion, which takes short cuts and comes out one level
    darker on average, at most three; this one is rounded.

    Args:
        luma: [height, width] uint8, or uint16 of 10 bits.
        blue, red: [height / 2, width / 2] likewise, the two chroma planes.
        to_rgb: [3, 4] what turns Y, U, V, 1 into R, G, B of as many bits.
        to_sdr: what turns these into the uint8 of BT.709; None where they are that.
    """

    def __init__(
        self,
        luma: np.ndarray,
        blue: np.ndarray,
        red: np.ndarray,
        to_rgb: np.ndarray,
        to_sdr: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.luma, self._chroma, self._to_rgb, self._to_sdr = luma, (blue, red), to_rgb, to_sdr
        self.shape = (*luma.shape, 3)

    def __getitem__(self, part: tuple[slice, slice]) -> np.ndarray:
        """Return rows and columns as R, G, B."""
        luma = np.ascontiguousarray(self.luma[part])
        if not luma.size:
            return np.empty((*luma.shape, 3), np.uint8)
        rows, columns = (np.arange(side)[along] // 2 for side, along in zip(self.shape, part, strict=False))
        chroma = (plane.take(rows, axis=0).take(columns, axis=1) for plane in self._chroma)
        return self._convert(cv2.merge((luma, *chroma)))

    def shrunk(self, size: tuple[int, int]) -> np.ndarray:
        """Return it in a smaller size (width, height) as R, G, B; shrunk first, so that there is less to convert."""
        planes = (self.luma, *self._chroma)
        smaller = tuple(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes)
        return self._convert(cv2.merge(smaller))

    def _convert(self, yuv: np.ndarray) -> np.ndarray:
        rgb = cv2.transform(yuv, self._to_rgb)  # rounds and stays within what the type holds
        return rgb if self._to_sdr is None else self._to_sdr(rgb)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return the whole image."""
        if copy is False:
            raise ValueError("a YuvImage becomes an array by conversion only")
        return self[:, :] if dtype is None else self[:, :].astype(dtype)


def shrink(image: np.ndarray | YuvImage, scale: float) -> np.ndarray:
    """Return a copy of a picture as R, G, B, `scale` times as wide and high but never enlarged."""
    if scale >= 1:
        return np.array(image)
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    if isinstance(image, YuvImage):
        return image.shrunk((width, height))
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def upright_image(picture: av.VideoFrame, turns: int = 0, mirrored: bool = False) -> np.ndarray | YuvImage:
    """Return a decoded picture upright: [height, width, 3] uint8 R, G, B; its memory is used and not copied.

    `turns` and `mirrored` are what `orientation` says of the clip.
    """
    hdr = picture.color_trc in (PQ, HLG) and picture.colorspace in _RED_BLUE
    if hdr and picture.format.name != "yuv420p":
        picture = picture.reformat(format="yuv420p10le", threads=_ONE_THREAD)
    full_range = picture.format.name == "yuvj420p" or picture.color_range == _FULL_RANGE
    planar = picture.format.name in ("yuv420p", "yuvj420p") and picture.colorspace in _RED_BLUE
    if (planar or hdr) and picture.width % 2 == 0 and picture.height % 2 == 0:
        bits = picture.format.components[0].bits
        luma, blue, red = (_upright(_pixels(plane, bits), turns, mirrored) for plane in picture.planes)
        to_rgb = _yuv_to_rgb(*_RED_BLUE[picture.colorspace], full_range, bits)
        return YuvImage(luma, blue, red, to_rgb, partial(to_sdr, transfer=picture.color_trc) if hdr else None)
    return np.ascontiguousarray(
        _upright(picture.reformat(format="rgb24", threads=_ONE_THREAD).to_ndarray(), turns, mirrored)
    )


def orientation(picture: av.VideoFrame) -> tuple[int, bool]:
    """Return what the file asks for: quarter turns counter-clockwise, 0 to 3, and whether to mirror after them.

    To be asked of a clip's first picture only: PyAV keeps a picture whose side data were looked at until garbage is
    collected.
    """
    side_data: Mapping[Any, Any] = picture.side_data  # PyAV's stubs know one kind of it only
    matrix = side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return 0, False
    # A pixel at x, y is to be shown at a * x + c * y, b * x + d * y (ISO/IEC 14496-12, 8.3.2).
    a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()
    mirrored = a * d < b * c
    if mirrored:
        a, c = -a, -c
    if abs(a) + abs(d) >= abs(b) + abs(c):  # a file may claim what is no quarter turn
        return (0 if a + d >= 0 else 2), mirrored
    return (1 if c > b else 3), mirrored


def _upright(plane: np.ndarray, turns: int, mirrored: bool) -> np.ndarray:
    turned = np.rot90(plane, turns)
    return turned[:, ::-1] if mirrored else turned


def _pixels(plane: av.video.plane.VideoPlane, bits: int) -> np.ndarray:
    """Return a plane's pixels, [height, width] uint8 or uint16, without the padding at the end of each line."""
    pixels = np.frombuffer(plane, np.uint8 if bits == 8 else "<u2")
    return pixels.reshape(-1, plane.line_size // pixels.itemsize)[: plane.height, : plane.width]


@lru_cache
def _yuv_to_rgb(red: float, blue: float, full_range: bool, bits: int) -> np.ndarray:
    """Return the matrix [3, 4] from Y, U, V, 1 to R, G, B for given shares of red and blue in luma."""
    from_red, from_blue = 2 * (1 - red), 2 * (1 - blue)
    green = 1 - red - blue
    rgb = np.array([[1, 0, from_red], [1, -from_blue * blue / green, -from_red * red / green], [1, from_blue, 0]])
    step = 2 ** (bits - 8)
    if full_range:
        gain, black = np.ones(3), step * np.array([0, 128, 128])
    else:
        gain, black = (2**bits - 1) / (step * np.array([219, 224, 224])), step * np.array([16, 128, 128])
    rgb = rgb * gain
    return np.column_stack((rgb, -rgb @ black))
