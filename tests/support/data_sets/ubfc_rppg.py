"""UBFC-rPPG, small: both parts."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.data_sets.parts import put_clip, wave

FIRST = {"5-gt": "vid.avi", "12-gt": "vid-12.avi", "after-exercise": "vid.avi"}
SECOND = ("subject1", "subject2", "subject10")
FRAME_TIMES = [0.0, 0.034, 0.069, 0.102, 0.137, 0.172]


def write_ubfc_rppg(folder: Path, clips: Mapping[str, Path] | None = None) -> Path:
    """Lay it out; `clips` are real ones for recordings by name."""
    for i, (person, video) in enumerate(FIRST.items()):
        write_first(folder / "DATASET_1" / person, video, i, (clips or {}).get(f"1/{person}"))
    for i, person in enumerate(SECOND):
        write_second(folder / "DATASET_2" / person, i, (clips or {}).get(f"2/{person}"))
    return folder


def write_first(folder: Path, video: str = "vid.avi", phase: float = 0.0, clip: Path | None = None) -> None:
    """A line a sample, 62.5 a second: milliseconds, heart rate, oxygen, pulse."""
    put_clip(folder / video, clip)
    lines = [f"{16 * i},{90 + i % 2},98,{value}\n" for i, value in enumerate(wave(20, phase))]
    (folder / "gtdump.xmp").write_text("".join(lines))


def write_second(folder: Path, phase: float = 0.0, clip: Path | None = None) -> None:
    """A line each for pulse, heart rate and seconds; the oximeter had lost the finger at first."""
    put_clip(folder / "vid.avi", clip)
    rows = (wave(6, phase), [0, 0, 70, 71, 72, 73], FRAME_TIMES)
    (folder / "ground_truth.txt").write_text(
        "".join(" ".join(f"   {value:.7e}" for value in row) + "\n" for row in rows)
    )
