"""How this works, and the weights with their evidence: the same for every clip."""

import io
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from bpdemo.demo.server import vision
from bpdemo.demo.views.strip import colours, to_json
from bpdemo.demo.views.templating import data_url, render
from bpdemo.figures import REGION_COLOURS
from bpdemo.figures.shown import SHOWN_LIMITS
from bpdemo.models import find_model
from bpdemo.regions import CELLS, region_title, rows_of_region
from bpdemo.weights.config import WeightsConfig
from bpdemo.weights.store import WeightsSummary
from bpdemo.wording.numbers import percent

_HUB = "https://huggingface.co"
_DATA = {"ppg_bp": "https://doi.org/10.1038/sdata.2018.20"}
_CITATION = """@article{zhuang2023remote,
  title   = {Remote Blood Pressure Estimation via the Spatiotemporal Mapping of Facial Videos},
  author  = {Zhuang, Jialiang and Li, Bin and Zhang, Yun and Chen, Yuheng and Zheng, Xiujuan},
  journal = {Sensors},
  volume  = {23},
  number  = {6},
  pages   = {2963},
  year    = {2023},
  doi     = {10.3390/s23062963}
}"""
_PICTURE_WIDTH = 840
_PICTURE_LIMIT = 1 << 20  # bytes of a file, as for what is pushed to the Hub
_COLOURS = 64  # are enough for these pictures, and a third of the bytes
# A picture of the card, its words for who cannot see it, and the paragraph beneath: how it is to be read.
_IN_CARD = re.compile(r"!\[([^\]]+)\]\((evidence/[\w-]+\.png)\)\n\n([^#|!\n][^\n]*(?:\n[^\n]+)*)?")


def header(summary: WeightsSummary) -> str:
    """Return the page's head: what this is, and where paper, code, model, data and licence are."""
    space = os.environ.get("SPACE_ID")
    links = {
        "paper": "https://arxiv.org/abs/2203.03634",
        "code": f"{_HUB}/spaces/{space}/tree/main" if space else "",
        "model": f"{_HUB}/{summary.name}" if summary.revision else "card",
        "data": _DATA.get(summary.provenance.data, ""),
        "licence": "https://www.apache.org/licenses/LICENSE-2.0",
    }
    shown = [(title, address) for title, address in links.items() if address]
    return render(
        "header",
        links=shown,
        citation=_CITATION,
        colours=to_json(colours()),
        limit=SHOWN_LIMITS["T"],
        regions=json.dumps(
            [(region_title(name), colour, len(rows_of_region(name))) for name, colour in REGION_COLOURS.items()]
        ),
        vision=f"{vision.ADDRESS}/",
    )


class EvidencePicture(NamedTuple):
    """A figure of a model card: its words for who cannot see it, how to read it, and its `data:` address."""

    alt: str
    caption: str
    address: str


def read_card(folder: Path) -> str:
    """Return the model card in a weights folder; nothing where there is none."""
    card = folder / "README.md"
    return card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""


def find_evidence(folder: Path) -> list[EvidencePicture]:
    """Return the figures of the model card in a weights folder, in its order; weights from the Hub bring none."""
    text = read_card(folder)
    found = [(alt, " ".join(caption.split()), _shrink(folder / name)) for alt, name, caption in _IN_CARD.findall(text)]
    return [EvidencePicture(alt, caption, address) for alt, caption, address in found if address is not None]


def how_it_works(config: WeightsConfig) -> str:
    """Return the method, step by step."""
    model = find_model(config.model)
    return render(
        "how",
        cells=len(CELLS),
        coverage=config.intervals.coverage,
        about_model=model.network.ABOUT,
        gives_ranges=model.gives == "ranges",
    )


def about_weights(config: WeightsConfig, summary: WeightsSummary, evidence: Sequence[EvidencePicture] = ()) -> str:
    """Return the weights: figures on unseen people, where they come from, and the pictures of their card."""
    scores = []
    for name in ("systolic", "diastolic"):
        for quality, pressures in config.validation.qualities.items():
            score = getattr(pressures, name)
            r = "" if score.r is None else f"{score.r:.2f}"
            coverage = "" if score.coverage is None else percent(score.coverage)
            row = (name.capitalize(), quality, f"{score.mae:.1f}", f"{score.baseline_mae:.1f}", r, coverage)
            scores.append(row)
    made = summary.provenance
    provenance = {
        "Name": summary.name,
        "Revision": summary.revision,
        "STMap version": summary.stmap_version,
        "Data": made.data,
        "Cite": made.citation,
        "Commit": made.commit,
        "Command": made.command,
        "Date": made.date,
    }
    return render(
        "weights",
        summary=summary,
        scores=scores,
        evidence=evidence,
        provenance=[(name, value) for name, value in provenance.items() if value is not None],
    )


def _shrink(file: Path) -> str | None:
    """Return a picture with fewer colours as a `data:` address; None for a missing, large or broken one."""
    try:
        if file.stat().st_size > _PICTURE_LIMIT:
            return None
        with Image.open(file, formats=["PNG"]) as picture:
            picture.thumbnail((_PICTURE_WIDTH, 2 * _PICTURE_WIDTH))
            buffer = io.BytesIO()
            picture.convert("RGB").quantize(_COLOURS).save(buffer, "PNG", optimize=True)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    return data_url(buffer.getvalue(), "image/png")
