"""The files of an estimate other than the report: JSON, STMap, pulse and figures, as bytes."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from bpdemo.cuff import Adjusted
from bpdemo.estimate import Estimate
from bpdemo.figures import to_png
from bpdemo.pulse import Pulse
from bpdemo.stmap import STMap, save_stmap

ADJUSTED_KEY = "adjusted_by_own_cuff_reading"  # no part of the schema `bpdemo.estimate/2`


def estimate_json(estimate: Estimate, adjusted: Adjusted | None = None) -> bytes:
    """Return an estimate as JSON; values adjusted by a cuff reading stand apart from the schema's own."""
    form = estimate.to_dict() | ({ADJUSTED_KEY: adjusted.to_dict()} if adjusted is not None else {})
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
