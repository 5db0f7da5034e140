"""Example clips of the page: what lies in `examples/`, with what is true of each."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from bpdemo.assets import asset_folder
from bpdemo.clip import Clip
from bpdemo.demo.downloads import data_url
from bpdemo.demo.texts import Words
from bpdemo.errors import ClipError

FOLDER = asset_folder("examples")
INDEX = "examples.json"
_CLIP_SUFFIXES = {".mp4", ".webm", ".mov", ".mkv", ".avi"}
_POSTER_SIZE = (240, 180)


@dataclass(frozen=True)
class Example:
    """A clip that comes with the page.

    Attributes:
        path: the clip.
        title: a few words.
        heart_rate_bpm: what it was rendered with; None without a pulse.
        is_known: whether anything is written down of it.
    """

    path: Path
    title: str
    heart_rate_bpm: float | None = None
    is_known: bool = False

    def truth(self, words: Words) -> str:
        """Return one sentence on what is true of it; empty when nothing is written down."""
        if not self.is_known:
            return ""
        if self.heart_rate_bpm is None:
            return words("page.true_no_pulse")
        return words("page.true_pulse", heart_rate=self.heart_rate_bpm)


def find_examples(folder: Path = FOLDER) -> list[Example]:
    """Return the examples of a folder, in the order of its index; an empty list without folder or clips."""
    if not folder.is_dir():
        return []
    told = _read_index(folder / INDEX)
    clips = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in _CLIP_SUFFIXES}
    order = [name for name in told if name in clips] + [name for name in clips if name not in told]
    return [_example(clips[name], told.get(name, {})) for name in order]


def example_cards(examples: Sequence[Example], words: Words) -> str:
    """Return the examples as buttons with a picture; each carries its number."""
    cards = "".join(
        f"<button type='button' data-example='{number}'><img alt='' src='{_poster(example.path)}'>"
        f"<span>{escape(example.title)}</span></button>"
        for number, example in enumerate(examples)
    )
    return (
        f"<section class='bp-examples' lang='{words.language}'><h2>{words('page.examples_title')}</h2>"
        f"<p>{words('page.examples_note')}</p><div>{cards}</div></section>"
    )


def _read_index(path: Path) -> dict[str, dict]:
    """Return what is told of each clip, by file name."""
    if not path.is_file():
        return {}
    return {entry["file"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["clips"]}


def _example(path: Path, entry: dict) -> Example:
    title = entry.get("title") or path.stem.replace("_", " ")
    return Example(path, title, entry.get("heart_rate_bpm"), "has_pulse" in entry)


def _poster(path: Path) -> str:
    """Return a clip's first frame as a small JPEG in a `data:` address."""
    try:
        with Clip(path) as clip:
            picture = Image.fromarray(next(clip.frames()).image)
    except (ClipError, StopIteration):
        picture = Image.new("RGB", _POSTER_SIZE, "grey")
    picture.thumbnail(_POSTER_SIZE)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return data_url(buffer.getvalue(), "image/jpeg")
