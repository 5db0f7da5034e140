"""Estimates as rows of a table (CSV), one a clip; the columns are described in docs/api.md."""

import csv
import re
from typing import IO

from bpdemo.estimate import Estimate

COLUMNS = (
    *("clip", "path", "status", "level"),
    *("systolic", "systolic_low", "systolic_high", "diastolic", "diastolic_low", "diastolic_high"),
    *("heart_rate", "heart_rate_low", "heart_rate_high", "snr_db", "pulse_probability"),
    *("reasons", "failed_checks", "notes", "why"),
    *("duration_s", "frame_rate_hz", "width", "height", "codec"),
    *("method", "model", "weights"),
)


def summary_row(estimate: Estimate) -> dict[str, str]:
    """Return an estimate as text by `COLUMNS`; empty where there is nothing. mmHg, bpm; codes with spaces between."""
    found: dict[str, object] = {
        "clip": estimate.clip,
        "path": estimate.path or "",
        "status": estimate.status,
        "level": estimate.level,
        "reasons": " ".join(reason.code for reason in estimate.reasons),
        "failed_checks": " ".join(check.name for check in estimate.failed_checks),
        "notes": " ".join(reason.code for reason in estimate.notes),
        "why": " ".join(f"{reason.message} {reason.remedy}" for reason in estimate.reasons),
        "method": estimate.method,
    }
    for name in ("systolic", "diastolic", "heart_rate"):
        if measured := getattr(estimate, name):
            low, high = measured.interval
            found |= {name: f"{measured.value:.1f}", f"{name}_low": f"{low:.1f}", f"{name}_high": f"{high:.1f}"}
    if estimate.heart_rate:
        found["snr_db"] = f"{estimate.heart_rate.snr_db:.1f}"
    best = estimate.best_window
    if best is not None and best.evidence is not None:
        found["pulse_probability"] = f"{best.evidence.probability:.4f}"
    if estimate.capture:
        file = estimate.capture.file
        found |= {"duration_s": f"{file.duration_s:.1f}", "frame_rate_hz": f"{file.frame_rate_hz:.2f}"}
        found |= {"width": file.width, "height": file.height, "codec": file.codec}
    if estimate.weights:
        found |= {"model": estimate.weights.model, "weights": estimate.weights.name}
    return {column: _plain(str(found.get(column, ""))) for column in COLUMNS}


def table_writer(file: IO[str]) -> "csv.DictWriter[str]":
    """Return a writer of rows to a text file, which has the head by then."""
    rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    rows.writeheader()
    return rows


def _plain(text: str) -> str:
    """Return text that commands neither a terminal nor a spreadsheet: both may come with the name of a file."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    is_formula = text.startswith(("=", "+", "-", "@")) and not re.fullmatch(r"-\d+\.?\d*", text)
    return f"'{text}" if is_formula else text
