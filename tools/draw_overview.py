"""Draw `docs/overview.png`, the README's picture of a reading: `python tools/draw_overview.py`.

Cells, pulse, map, mean beats and range probabilities of an example clip, side by side.
"""

import argparse
import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from bpdemo import BloodPressureEstimator, figures

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "examples" / "face_72_bpm.mp4"
PICTURE = ROOT / "docs" / "overview.png"
WIDTHS, GAP = (400, 860, 400), 20  # pixels


def main() -> None:
    """Read the clip and draw the picture."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    estimate = BloodPressureEstimator.from_pretrained().estimate(CLIP)
    window = estimate.best_window
    if window is None or window.pulse is None or window.beats is None or not (estimate.systolic and estimate.diastolic):
        raise SystemExit(f"No reading of {CLIP.name}.")
    columns = [
        [
            figures.draw_cells(estimate.thumbnails, figures.pulse_strength(window)),
            figures.draw_pulse(window.pulse, window.heart_rate),
        ],
        [figures.draw_stmap(window.stmap)],
        [
            figures.draw_beats(window.beats, window.stmap.scale),
            figures.draw_ranges(estimate.systolic, estimate.diastolic),
        ],
    ]
    stacked = [
        stack([to_picture(figure) for figure in column], width) for column, width in zip(columns, WIDTHS, strict=True)
    ]
    height = max(column.height for column in stacked)
    whole = Image.new("RGB", (sum(WIDTHS) + GAP * (len(WIDTHS) - 1), height), "white")
    left = 0
    for column in stacked:
        whole.paste(column, (left, (height - column.height) // 2))
        left += column.width + GAP
    whole.save(PICTURE, optimize=True)


def to_picture(figure: Figure) -> Image.Image:
    """Return a figure as pixels."""
    return Image.open(io.BytesIO(figures.to_png(figure)))


def stack(pictures: list[Image.Image], width: int) -> Image.Image:
    """Return pictures of one width, one above the other, as one of another width."""
    column = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        column.paste(picture, (0, top))
        top += picture.height
    return column.resize((width, round(column.height * width / column.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
