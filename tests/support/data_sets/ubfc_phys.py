"""UBFC-Phys, small: three people, one of them a control."""

from collections.abc import Mapping
from pathlib import Path

from tests.support.data_sets.parts import put_clip, wave

PEOPLE = {"s1": ("m", "test"), "s2": ("f", "ctrl"), "s10": ("f", "test")}


def write_ubfc_phys(folder: Path, clips: Mapping[str, Path] | None = None) -> Path:
    """Lay it out; `clips` are real ones for recordings by name."""
    for i, (person, (sex, scenario)) in enumerate(PEOPLE.items()):
        for task in (1, 2, 3):
            place = folder / person
            put_clip(place / f"vid_{person}_T{task}.avi", (clips or {}).get(f"{person}/T{task}"))
            (place / f"bvp_{person}_T{task}.csv").write_text("".join(f"{value}\n" for value in wave(30, i + task)))
            (place / f"eda_{person}_T{task}.csv").write_text("0.1\n0.2\n")
        (place / f"info_{person}.txt").write_text(f"{person}\n{sex}\n{scenario}\n05/03/2019\n10:30\n")
        (place / f"selfReportedAnx_{person}.csv").write_text("2.1,3.2\n1.5,1.9\n2.7,1.7\n")
    return folder
