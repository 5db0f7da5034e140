"""What a result can be taken away as. Made in memory and put into the page itself: nothing of it touches the disk."""

import base64
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from html import escape

import numpy as np
from matplotlib.figure import Figure

from bpdemo.demo.cuff import FORM_KEY, Adjusted
from bpdemo.demo.texts import Words
from bpdemo.estimate import Estimate
from bpdemo.figures import to_png
from bpdemo.pulse import Pulse
from bpdemo.stmap import STMap, save_stmap


def files(
    estimate: Estimate,
    drawn: Mapping[str, Figure],
    report: bytes | None,
    words: Words,
    adjusted: Adjusted | None = None,
) -> str:
    """Return the downloads as links that carry their content, so that no file of a clip is kept anywhere.

    Args:
        estimate: of the clip.
        drawn: its figures, by name.
        report: as PDF; None for an estimate there is nothing to report of.
        words: to say it in.
        adjusted: a reading as the user's own cuff reading moves it.
    """
    stem = estimate.clip.rpartition(".")[0] or estimate.clip or "clip"
    window = estimate.best_window
    links = [("json", f"{stem}.json", "application/json", estimate_json(estimate, adjusted))]
    if report is not None:
        links.insert(0, ("report", f"{stem}.pdf", "application/pdf", report))
    if "stmap" in drawn:
        links.append(("stmap", f"{stem}.stmap.npz", "application/octet-stream", stmap_npz(window.stmap)))
    if "pulse" in drawn:
        links.append(("pulse", f"{stem}.pulse.csv", "text/csv", pulse_csv(window.pulse)))
    if drawn:
        links.append(("figures", f"{stem}.figures.zip", "application/zip", figures_zip(drawn)))
    anchors = "".join(
        f"<a download='{escape(name, quote=True)}' href='{data_url(content, kind)}'>{words(f'files.{key}')}</a>"
        for key, name, kind, content in links
    )
    title = words("files.title")
    return f"<nav class='bp-files' lang='{words.language}' aria-label='{title}'><span>{title}</span>{anchors}</nav>"


def estimate_json(estimate: Estimate, adjusted: Adjusted | None = None) -> bytes:
    """Return the estimate's JSON form; values adjusted by a cuff reading stand apart, under a key of their own."""
    form = estimate.to_dict()
    if adjusted is not None:
        form[FORM_KEY] = adjusted.to_dict()
    return json.dumps(form, indent=2, ensure_ascii=False).encode()


def stmap_npz(stmap: STMap) -> bytes:
    """Return a map as npz, laid out as `save_stmap` does."""
    buffer = io.BytesIO()
    save_stmap(buffer, stmap)
    return buffer.getvalue()


def pulse_csv(pulse: Pulse) -> bytes:
    """Return the pulse wave as CSV: time_s, wave (relative change), and 1 in the row nearest to each beat."""
    beats = {int(np.abs(pulse.time_s - beat).argmin()) for beat in pulse.beats_s}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("time_s", "wave", "beat"))
    for number, (time_s, wave) in enumerate(zip(pulse.time_s, pulse.wave, strict=True)):
        rows.writerow((f"{time_s:.4f}", f"{wave:.7f}", int(number in beats)))
    return text.getvalue().encode()


def figures_zip(figures: Mapping[str, Figure]) -> bytes:
    """Return figures as PNG files in one zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, figure in figures.items():
            archive.writestr(f"{name}.png", to_png(figure))
    return buffer.getvalue()


def data_url(content: bytes, kind: str) -> str:
    """Return content as a `data:` address of a media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
