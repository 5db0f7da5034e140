"""Rendered clips as films for Chromium's fake camera."""

from fractions import Fraction
from pathlib import Path

import av

WIDTH, HEIGHT, RATE_HZ = 480, 360, 30


def write_film(path: Path, clip: Path, seconds: float, brightness: float = 1.0) -> None:
    """Write the first seconds of a clip as motion JPEG, which Chromium's camera films over and over."""
    with av.open(str(clip)) as source, av.open(str(path), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=RATE_HZ, options={"qmin": "2", "qmax": "2", "strict": "unofficial"})
        # Chromium takes the frames for video (16 to 235), whatever JPEG has them be.
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == round(RATE_HZ * seconds):
                break
            image = (frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray() * brightness).astype("uint8")
            picture = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, RATE_HZ)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
