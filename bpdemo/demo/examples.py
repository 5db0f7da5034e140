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
    """A clip that comes with the page; `heart_rate_bpm` is None when it was rendered without a pulse."""

    path: Path
    title: str
    heart_rate_bpm: float | None

    @property
    def truth(self) -> str:
        """One sentence on what is true of it."""
        if self.heart_rate_bpm is None:
            return "rendered without a pulse, so there must be no reading."
        rate = f"{self.heart_rate_bpm:g} bpm"
        return f"rendered with a pulse of {rate}. The pulse is a formula, so no pressure is true of it."


def find_examples() -> list[Example]:
    """Return the examples in the order of their index; an empty list where they are not installed."""
    index = _FOLDER / "examples.json"
    entries = json.loads(index.read_text(encoding="utf-8"))["clips"] if index.is_file() else []
    found = [Example(_FOLDER / entry["file"], entry["title"], entry["heart_rate_bpm"]) for entry in entries]
    return [example for example in found if example.path.is_file()]


class ExampleAnswers:
    """stub"""

    def __init__(self, *a):
        pass

    def start(self):
        pass

    def get(self, n):
        return None


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
