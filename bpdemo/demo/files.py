"""Files of a result, made when somebody asks for one."""

import base64
import logging
from collections.abc import Callable
from typing import Any

from bpdemo.cuff import CUFF_INVALID, Calibration, read_cuff
from bpdemo.demo.sealed import unseal
from bpdemo.demo.server.gradio_internals import UNEXPECTED
from bpdemo.errors import BpdemoError, log_unforeseen
from bpdemo.estimate import Estimate
from bpdemo.export.figures import draw_figures
from bpdemo.export.files import estimate_json, figures_zip, pulse_csv, stmap_npz
from bpdemo.export.report import make_report
from bpdemo.weights.config import WeightsConfig

_KINDS = {
    "pdf": ("Report (PDF)", ".pdf", "application/pdf"),
    "figures": ("Figures (PNG)", ".figures.zip", "application/zip"),
    "npz": ("STMap (npz)", ".stmap.npz", "application/octet-stream"),
    "csv": ("Pulse (CSV)", ".pulse.csv", "text/csv"),
    "json": ("Estimate (JSON)", ".json", "application/json"),
}
_NO_SUCH_FILE = ("no_such_file", "There is no such file of this result.", "Choose one that is offered.")
_MOST = {"raw_systolic": 1e3, "raw_diastolic": 1e3, "entered_s": 1e11}  # of what a browser says of a cuff reading

logger = logging.getLogger(__name__)


def kinds_of(estimate: Estimate) -> list[tuple[str, str]]:
    """Return the files that can be made of an estimate, as (kind, title)."""
    window = estimate.best_window
    there = {
        "pdf": estimate.capture is not None,
        "figures": estimate.capture is not None,
        "npz": window is not None and window.stmap.mask.any(),
        "csv": window is not None and window.pulse is not None,
        "json": True,
    }
    return [(kind, title) for kind, (title, *_) in _KINDS.items() if there[kind]]


def answer(asked: object, config_of: Callable[[str | None], WeightsConfig]) -> dict[str, str]:
    """Return a file as `name`, `type` and `content` in base 64; `error`, a sentence, where it cannot be made.

    `asked` comes from the browser: `kind`, the `package` by `sealed.seal`, and `cuff` where one is in use.
    """
    try:
        name, media_type, content = _make(asked if isinstance(asked, dict) else {}, config_of)
    except BpdemoError as error:
        return {"error": str(error)}
    except Exception as error:
        log_unforeseen(logger, error)
        return {"error": " ".join(UNEXPECTED[1:])}
    return {"name": name, "type": media_type, "content": base64.b64encode(content).decode()}


def _make(asked: dict[str, Any], config_of: Callable[[str | None], WeightsConfig]) -> tuple[str, str, bytes]:
    estimate, kind = unseal(asked.get("package")), asked.get("kind")
    if not isinstance(kind, str) or kind not in dict(kinds_of(estimate)):
        raise BpdemoError(*_NO_SUCH_FILE)
    calibration = _calibration(asked.get("cuff"))
    adjusted = calibration.adjust(estimate) if calibration else None
    window = estimate.best_window
    content: bytes | None = None
    if kind == "json":
        content = estimate_json(estimate, adjusted)
    elif kind == "pdf":
        content = make_report(estimate, config_of(estimate.model), draw_figures(estimate), adjusted)
    elif kind == "figures":
        content = figures_zip(draw_figures(estimate))
    elif kind == "npz" and window is not None:
        content = stmap_npz(window.stmap)
    elif window is not None and window.pulse is not None:
        content = pulse_csv(window.pulse)
    assert content is not None
    _, ending, media_type = _KINDS[kind]
    stem = estimate.clip.rpartition(".")[0] or estimate.clip or "clip"
    return stem + ending, media_type, content


def _calibration(cuff: object) -> Calibration | None:
    """Return the calibration that the browser keeps; None for none.

    Raises:
        BpdemoError: `cuff_invalid`.
    """
    if not isinstance(cuff, dict):
        return None
    said = []
    for name, most in _MOST.items():
        number = cuff.get(name)
        if not isinstance(number, int | float) or not 0 <= number <= most:
            raise BpdemoError(*CUFF_INVALID)
        said.append(float(number))
    systolic, diastolic, entered_s = said
    return Calibration(
        read_cuff(cuff.get("systolic"), cuff.get("diastolic")), systolic, diastolic, entered_s, model=cuff.get("model")
    )
