"""Draw `bpdemo/demo/browser/shared.png`, which stands beside links to the page: `python tools/draw_shared.py`.

An example's STMap under the page's title, 1200 x 630 pixels.
"""

import argparse
import io
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from bpdemo.demo.server.page_head import TITLE
from bpdemo.estimator import map_clip
from bpdemo.stmap import CHANNELS

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "examples" / "face_72_bpm.mp4"
PICTURE = ROOT / "bpdemo" / "demo" / "browser" / "shared.png"
COLOURS = 64  # of the PNG: it is fetched with every link


def main() -> None:
    """Map the clip and draw the picture."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    stmap = map_clip(CLIP)
    figure = Figure((12, 6.3), dpi=100, facecolor="white")
    figure.text(0.05, 0.87, TITLE, fontsize=32, weight="bold", color="#0f172a")
    figure.text(0.05, 0.79, "Every step shown. Research use only; not a medical device.", fontsize=19, color="#475569")
    axes = figure.add_axes((0.05, 0.13, 0.9, 0.6))
    extent = (stmap.time_s[0], stmap.time_s[-1], len(stmap.cells), 0)
    axes.imshow(
        stmap.values[CHANNELS.index("T")], cmap="inferno", vmin=-2.5, vmax=2.5, aspect="auto",
        interpolation="nearest", extent=extent,
    )  # fmt: skip
    axes.set_yticks([])
    axes.tick_params(labelsize=14)
    axes.set_xlabel("seconds", fontsize=15)
    axes.set_ylabel("skin cells", fontsize=15)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
