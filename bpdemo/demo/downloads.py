"""The downloads of a result. Made in memory and put into the page itself: nothing of it touches the disk."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.figure import Figure

from bpdemo.cuff import Adjusted
from bpdemo.demo.views.templating import render
from bpdemo.estimate import Estimate
from bpdemo.export.files import estimate_json, figures_zip, pulse_csv, stmap_npz


class Download(NamedTuple):
    """A file that the page offers."""

    title: str
    name: str
    media_type: str
    content: bytes


def download_links(
    estimate: Estimate, figures: Mapping[str, Figure], report: bytes | None, adjusted: Adjusted | None = None
) -> str:
    """Return the downloads as links that carry their content, so that no file of a clip is kept anywhere.

    `figures` are by `draw_figures`; `report` is a PDF, or None when there is nothing to report.
    """
    stem = estimate.clip.rpartition(".")[0] or estimate.clip or "clip"
    window = estimate.best_window
    files = [Download("Report (PDF)", f"{stem}.pdf", "application/pdf", report)] if report is not None else []
    files.append(Download("Estimate (JSON)", f"{stem}.json", "application/json", estimate_json(estimate, adjusted)))
    if window is not None and window.stmap.mask.any():
        npz = stmap_npz(window.stmap)
        files.append(Download("STMap (npz)", f"{stem}.stmap.npz", "application/octet-stream", npz))
    if window is not None and window.pulse is not None:
        files.append(Download("Pulse (CSV)", f"{stem}.pulse.csv", "text/csv", pulse_csv(window.pulse)))
    if figures:
        files.append(Download("Figures (zip)", f"{stem}.figures.zip", "application/zip", figures_zip(figures)))
    return render("downloads", files=files)
