"""The example clips of the page: faces with a known pulse, a still photograph, an empty wall, a starved clip.

python -m bpdemo.synthesis.examples [FOLDER]
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bpdemo.synthesis.portrait import PORTRAIT_SOURCE
from bpdemo.synthesis.scenes import Scene, render_clip


@dataclass(frozen=True)
class Example:
    """One example clip, and what the demo should make of it."""

    file: str
    title: str  # on the page
    scene: Scene
    expected: Literal["reading", "refused"]


EXAMPLES = (
    Example(
        "face_72_bpm.mp4",
        "Light skin",
        Scene(seed=1, heart_rate_bpm=72, pulse_strength=0.011, noise=1.5, bit_rate_kbps=2800),
        "reading",
    ),
    Example(
        "medium_skin.mp4",
        "Strong light",
        Scene(
            seed=5, heart_rate_bpm=84, pulse_strength=0.012, skin_tone=0.5, width=480, height=360, brightness=1.15,
            recoil=0.001, noise=1.2, bit_rate_kbps=1100,
        ),
        "reading",
    ),
    Example(
        "dark_skin.mp4",
        "Dark skin",
        Scene(
            seed=6, heart_rate_bpm=66, pulse_strength=0.014, skin_tone=0.85, width=480, height=360, motion=0.008,
            recoil=0.001, noise=0.9, bit_rate_kbps=1200,
        ),
        "reading",
    ),
    Example(
        "face_58_bpm.webm",
        "Dim light, moving",
        Scene(
            seed=2, heart_rate_bpm=58, pulse_strength=0.011, width=480, height=360, brightness=0.75, motion=0.025,
            noise=1.2, drift=0.01, codec="vp9",
        ),
        "reading",
    ),
    Example(
        "dark_skin_dim.mp4",
        "Dark skin, dim light",
        Scene(
            seed=7, heart_rate_bpm=76, pulse_strength=0.014, skin_tone=0.85, width=480, height=360, brightness=0.7,
            motion=0.008, recoil=0.001, noise=0.9, bit_rate_kbps=1200,
        ),
        "reading",
    ),
    Example(
        "too_compressed.mp4",
        "Compressed",
        Scene(
            seed=8, heart_rate_bpm=72, pulse_strength=0.011, width=480, height=360, noise=1.5, plain_encoder=True,
            bit_rate_kbps=150,
        ),
        "refused",
    ),
    Example(
        "photograph.mp4",
        "Photo",
        Scene(
            seed=3, heart_rate_bpm=None, width=480, height=360, motion=0.02, tremor=0.004, tremor_hz=1.2, gloss=1.5,
            noise=1.5, bit_rate_kbps=900,
        ),
        "refused",
    ),
    Example(
        "wall.mp4",
        "Wall",
        Scene(seed=4, subject="wall", width=480, height=360, motion=0.01, noise=1.5, bit_rate_kbps=500),
        "refused",
    ),
)  # fmt: skip


def render_examples(folder: str | Path) -> None:
    """Render every example into a folder, with `examples.json` that says what is true of each (`ClipTruth`)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for example in EXAMPLES:
        truth = asdict(render_clip(folder / example.file, example.scene))
        clips.append({"file": example.file, "title": example.title, "expected": example.expected} | truth)
        print(example.file)
    table = {"portrait": PORTRAIT_SOURCE, "rendered_by": "bpdemo.synthesis.examples", "clips": clips}
    (folder / "examples.json").write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    render_examples(sys.argv[1] if len(sys.argv) > 1 else "examples")
