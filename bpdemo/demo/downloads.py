"""The downloads of a result. Made in memory and put into the page itself: nothing of it touches the disk."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from bpdemo.demo.cuff import FORM_KEY, Adjusted
from bpdemo.demo.views.templating import render
from bpdemo.estimate import Estimate
from bpdemo.figures import to_png
from bpdemo.pulse import Pulse
from bpdemo.stmap import STMap, save_stmap


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
    # Values adjusted by a cuff reading stand apart from the schema's own.
    form = estimate.to_dict() | ({FORM_KEY: adjusted.to_dict()} if adjusted is not None else {})
    content = json.dumps(form, indent=2, ensure_ascii=False).encode()
    files.append(Download("Estimate (JSON)", f"{stem}.json", "application/json", content))
    if window is not None and window.stmap.mask.any():
        npz = stmap_npz(window.stmap)
        files.append(Download("STMap (npz)", f"{stem}.stmap.npz", "application/octet-stream", npz))
    if window is not None and window.pulse is not None:
        files.append(Download("Pulse (CSV)", f"{stem}.pulse.csv", "text/csv", _pulse_csv(window.pulse)))
    if figures:
        files.append(Download("Figures (zip)", f"{stem}.figures.zip", "application/zip", _figures_zip(figures)))
    return render("downloads", files=files)


def stmap_npz(stmap: STMap) -> bytes:
    """Return a map as npz, laid out as `save_stmap` does."""
    buffer = io.BytesIO()
    save_stmap(buffer, stmap)
    return buffer.getvalue()


def _pulse_csv(pulse: Pulse) -> bytes:
    """Return the pulse wave as CSV: time_s, wave (relative change), and 1 in the row nearest to each beat."""
    beats = {int(np.abs(pulse.time_s - beat).argmin()) for beat in pulse.beats_s}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("time_s", "wave", "beat"))
    for number, (time_s, wave) in enumerate(zip(pulse.time_s, pulse.wave, strict=True)):
        rows.writerow((f"{time_s:.4f}", f"{wave:.7f}", int(number in beats)))
    return text.getvalue().encode()


def _figures_zip(figures: Mapping[str, Figure]) -> bytes:
    """Return figures as PNG files in one zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, figure in figures.items():
            archive.writestr(f"{name}.png", to_png(figure))
    return buffer.getvalue()
