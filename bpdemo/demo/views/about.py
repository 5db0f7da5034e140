"""The page's lower part: how this works, and the weights with their evidence. The same for every clip."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from bpdemo.demo.downloads import data_url
from bpdemo.demo.texts import Words
from bpdemo.demo.views.html import attribute, percent, section, table

CARD = "README.md"
EVIDENCE = "evidence"
_PICTURE_WIDTH = 840
_PICTURE_LIMIT = 1 << 20  # bytes of a file, as for what is pushed to the Hub
_COLOURS = 64  # are enough for these pictures, and a third of the bytes
# A picture of the card, its words for who cannot see it, and the paragraph beneath: how it is to be read.
_IN_CARD = re.compile(rf"!\[([^\]]+)\]\(({EVIDENCE}/[\w-]+\.png)\)\n\n([^#|!\n][^\n]*(?:\n[^\n]+)*)?")


@dataclass(frozen=True)
class EvidencePicture:
    """A figure of a model card: its words for who cannot see it, how it is to be read, and its `data:` address."""

    alt: str
    caption: str
    address: str


def find_evidence(folder: Path) -> list[EvidencePicture]:
    """Return the figures that a model card shows and that lie beside it.

    Args:
        folder: of the weights. Weights from the Hub bring the card without its figures.

    Returns:
        The figures in the card's order; none when there are none.
    """
    card = folder / CARD
    if not card.is_file():
        return []
    found = []
    for alt, name, caption in _IN_CARD.findall(card.read_text(encoding="utf-8", errors="replace")):
        file = folder / name
        if file.is_file() and file.stat().st_size <= _PICTURE_LIMIT:
            address = _shrink(file)
            if address is not None:
                found.append(EvidencePicture(alt, " ".join(caption.split()), address))
    return found


def how_it_works(
    config: Mapping[str, Any], weights: Mapping[str, Any], words: Words, evidence: list[EvidencePicture] | None = None
) -> str:
    """Return the method, and the weights with their evidence.

    Args:
        config: of the weights.
        weights: `Weights.to_dict`.
        words: to say it in.
        evidence: figures of the weights' model card.
    """
    coverage = percent(config["intervals"]["coverage"])
    cells = len(config["stmap"]["cells"])
    lines = "".join(f"<li>{line.format(cells=cells, coverage=coverage)}</li>" for line in words.get("about.how"))
    how = section(words("about.how_title"), "", f"<ol>{lines}</ol><p>{words('about.api')}</p>")
    known = {**weights, **weights["provenance"]}
    rows = [
        (words(f"about.provenance.{key}"), str(known[key]))
        for key in words.get("about.provenance")
        if known.get(key) is not None
    ]
    where_from = table(rows, words("about.provenance_caption"))
    told = section(
        words("about.weights_title"),
        escape(str(weights["provenance"]["statement"])),
        f"{_evidence_table(config, words)}{_pictures(evidence or [], words)}{where_from}",
    )
    return (
        f"<h2 class='bp-title'>{words('about.title')}</h2>"
        f"<div class='bp-steps bp-about' lang='{words.language}'>{how}{told}</div>"
    )


def _pictures(evidence: list[EvidencePicture], words: Words) -> str:
    """Return the figures, folded away until asked for."""
    if not evidence:
        return f"<p class='bp-quiet'>{words('about.no_pictures')}</p>"
    shown = "".join(
        f"<figure class='bp-evidence'><img loading='lazy' alt='{attribute(picture.alt)}' src='{picture.address}'>"
        f"<figcaption>{escape(picture.caption or picture.alt)}</figcaption></figure>"
        for picture in evidence
    )
    return f"<details><summary>{words('about.pictures', count=len(evidence))}</summary>{shown}</details>"


def _evidence_table(config: Mapping[str, Any], words: Words) -> str:
    """Return the validation figures as a table; nothing when the config brings none in our form."""
    qualities = words.get("about.qualities")
    try:
        rows = [
            (
                words(f"about.{name}"),
                qualities.get(str(quality), str(quality)),
                f"{of[name]['mae']:.1f}",
                f"{of[name]['baseline_mae']:.1f}",
                f"{of[name]['r']:.2f}",
                percent(of[name]["coverage"]),
            )
            for name in ("systolic", "diastolic")
            for quality, of in config["validation"]["qualities"].items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""
    return table(rows, words("about.evidence_caption"), words.get("about.evidence_columns"))


def _shrink(file: Path) -> str | None:
    """Return a picture with fewer colours as a `data:` address; None for what is no picture."""
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            picture.thumbnail((_PICTURE_WIDTH, 2 * _PICTURE_WIDTH))
            buffer = io.BytesIO()
            picture.convert("RGB").quantize(_COLOURS).save(buffer, "PNG", optimize=True)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return data_url(buffer.getvalue(), "image/png")
