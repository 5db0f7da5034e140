"""All faults, written into one folder."""

from functools import lru_cache
from pathlib import Path

from bpdemo.synthesis.scenes import Scene, render_frames
from tests.faults import bombs, damage, pictures, places, references, streams, times
from tests.faults.fault import Face, Fault

SCENE = Scene(seed=11, width=208, height=208, face_width=0.5, noise=1.5, duration_s=10.0)


@lru_cache(maxsize=1)
def rendered_face() -> Face:
    """Return the face that the odd but valid inputs show."""
    return Face(list(render_frames(SCENE)), SCENE.heart_rate_bpm)


def make_corpus(folder: Path, face: Face, decoy: Path, address: str) -> list[Fault]:
    """Write every bad and odd input.

    Args:
        folder: an empty folder.
        face: what the odd but valid ones show: 10 s at least, at 30 frames a second.
        decoy: a clip that other files name and that must not be opened.
        address: a web address that they name and that must not be asked.
    """
    faults: list[Fault] = []
    for module in (damage, streams, bombs, times, pictures, places):
        place = folder / module.__name__.rpartition(".")[2]
        place.mkdir()
        faults += module.make(place, face)
    place = folder / "references"
    place.mkdir()
    faults += references.make(place, decoy, address)
    names = [(fault.kind, fault.name) for fault in faults]
    assert len(set(names)) == len(names), sorted(names)
    return faults
