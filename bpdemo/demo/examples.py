"""The example clips of the page, with what is true of each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bpdemo.assets import asset_folder
from bpdemo.clip import Clip
from bpdemo.demo.views.templating import jpeg_url, render
from bpdemo.errors import ClipError

_FOLDER = asset_folder("examples")
_POSTER_SIZE = (240, 180)


@dataclass(frozen=True)
class Example:
    """A clip that comes with the page."""

    path: Path
    title: str
    subject: str  # a name of `synthesis.scenes.Subject`
    heart_rate_bpm: float | None  # None when it was rendered without a pulse

    @property
    def truth(self) -> str:
        """What is true of it, in plain words."""
        if self.heart_rate_bpm is None:
            return f"Rendered {'photograph' if self.subject == 'face' else self.subject}: no pulse."
        pulse = f"Rendered portrait with a pulse of {self.heart_rate_bpm:g} bpm."
        return f"{pulse} There is no true blood pressure to compare with."


def find_examples() -> list[Example]:
    """Return the examples in the order of their index; an empty list where they are not installed."""
    index = _FOLDER / "examples.json"
    entries = json.loads(index.read_text(encoding="utf-8"))["clips"] if index.is_file() else []
    found = [
        Example(_FOLDER / entry["file"], entry["title"], entry["subject"], entry["heart_rate_bpm"]) for entry in entries
    ]
    return [example for example in found if example.path.is_file()]


def example_cards(examples: Sequence[Example]) -> str:
    """Return the HTML of the examples: buttons with a picture, each with its number."""
    return render("examples", cards=[(example.title, _poster(example.path), example.path.name) for example in examples])


def _poster(path: Path) -> str:
    """Return a clip's first frame as a small picture in a `data:` address."""
    try:
        with Clip(path) as clip:
            picture = Image.fromarray(next(clip.frames()).image)
    except (ClipError, StopIteration):
        picture = Image.new("RGB", _POSTER_SIZE, "grey")
    picture.thumbnail(_POSTER_SIZE)
    return jpeg_url(picture)
