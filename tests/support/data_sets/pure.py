"""PURE, small: three people; one task of the first is not there."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.support.data_sets.parts import wave

NAMES = ("01-01", "01-02", "02-06", "10-03")
START_NS = 1392643993642815000


def write_pure(folder: Path, frames: Sequence[bytes] = (b"\0",) * 6) -> Path:
    """Lay it out as it is unpacked; `frames` are the contents of each recording's pictures, 30 a second."""
    for i, name in enumerate(NAMES):
        pictures = folder / name / name
        pictures.mkdir(parents=True)
        stamps = [START_NS + i * 10**12 + n * 33333333 for n in range(len(frames))]
        for stamp, frame in zip(stamps, frames, strict=True):
            (pictures / f"Image{stamp}.png").write_bytes(frame)
        packages = [
            {
                "Timestamp": stamps[0] - 50000000 + n * 16666667,
                "Value": {
                    "waveform": value,
                    "pulseRate": 60 + n % 2 if n else 0,
                    "o2saturation": 98,
                    "artifact": False,
                },
            }
            for n, value in enumerate(wave(21, i))
        ]
        content = {"/FullPackage": packages, "/Image": [{"Timestamp": stamp} for stamp in stamps]}
        (folder / name / f"{name}.json").write_text(json.dumps(content))
    return folder
