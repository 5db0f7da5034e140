"""Example clips of the page: what lies in `examples/`, with what is true of each."""

import io
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from bpdemo.clip import Clip
from bpdemo.demo import texts
from bpdemo.demo.downloads import data_url
from bpdemo.errors import ClipError

FOLDER = Path(__file__).resolve().parents[2] / "examples"
INDEX = "examples.json"
_CLIP_SUFFIXES = {".mp4", ".webm", ".mov", ".mkv", ".avi"}
_POSTER_SIZE = (240, 180)


@dataclass(frozen=True)
class Example:
    """A clip that comes with the page.

    Attributes:
        path: the clip.
        title: a few words.
        truth: one sentence on what was rendered; empty when nothing is written down.
    """

    path: Path
    title: str
    truth: str


def find_examples(folder: Path = FOLDER) -> list[Example]:
    """Return the examples of a folder, in the order of its index; an empty list without folder or clips."""
    if not folder.is_dir():
        return []
    told = _read_index(folder / INDEX)
    clips = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in _CLIP_SUFFIXES}
    order = [name for name in told if name in clips] + [name for name in clips if name not in told]
    return [_example(clips[name], told.get(name, {})) for name in order]


def example_cards(examples: list[Example]) -> str:
    """Return the examples as buttons with a picture; each carries its number."""
    cards = "".join(
        f"<button type='button' data-example='{number}'><img alt='' src='{_poster(example.path)}'>"
        f"<span>{escape(example.title)}</span></button>"
        for number, example in enumerate(examples)
    )
    return (
        f"<section class='bp-examples'><h2>{texts.EXAMPLES_TITLE}</h2><p>{texts.EXAMPLES_NOTE}</p>"
        f"<div>{cards}</div></section>"
    )


def _read_index(path: Path) -> dict[str, dict]:
    """Return what is told of each clip, by file name."""
    if not path.is_file():
        return {}
    return {entry["file"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["clips"]}


def _example(path: Path, entry: dict) -> Example:
    truth = ""
    if entry.get("heart_rate_bpm"):
        truth = texts.TRUE_PULSE.format(heart_rate=entry["heart_rate_bpm"])
    elif "has_pulse" in entry:
        truth = texts.TRUE_NO_PULSE
    return Example(path, entry.get("title") or path.stem.replace("_", " "), truth)


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
