"""The tabs below a result: its steps, closer, and the evidence for a pulse."""

import math

from bpdemo.demo.views.templating import render
from bpdemo.estimate import Estimate
from bpdemo.regions import region_title
from bpdemo.wording.checks import check_rows
from bpdemo.wording.evidence import evidence_rows
from bpdemo.wording.measured import capture_rows, method_rows, whole_clip_lines
from bpdemo.wording.pressures import moved_by

_COURSE = (("heart_rate", "Heart rate, bpm"), ("systolic", "Systolic, mmHg"), ("diastolic", "Diastolic, mmHg"))


def steps(estimate: Estimate) -> str:
    """Return the steps behind a result; `browser/steps.js` draws their pictures. Nothing of a clip not opened."""
    if estimate.capture is None:
        return ""
    window = estimate.best_window
    return render(
        "steps",
        has_face=any(thumbnail.landmarks is not None for thumbnail in estimate.thumbnails),
        pulse=window.pulse if window else None,
        has_rate=estimate.heart_rate is not None,
        rate=estimate.heart_rate.value if estimate.heart_rate else math.nan,
        whole_clip=whole_clip_lines(estimate),
        has_beats=window is not None and window.beats is not None and window.beats.measured,
        moved=_moved_rows(estimate),
        course=[(name, title) for name, title in _COURSE if _changes(estimate, name)],
    )


def evidence(estimate: Estimate) -> str:
    """Return what was asked of a clip, with the answers; nothing of a clip that was not opened."""
    if estimate.capture is None:
        return ""
    window = estimate.best_window
    found = window.evidence if window else None
    return render(
        "evidence",
        probability=found.probability if found else math.nan,
        evidence=evidence_rows(found) if found else [],
        methods=method_rows(window.pulse) if window and window.pulse else [],
        checks=check_rows((*estimate.checks, *(window.checks if window else ()))),
        notes=[note for note in estimate.notes if note.code != "like_average"],
        capture=capture_rows(estimate.capture),
    )


def _moved_rows(estimate: Estimate) -> list[tuple[str, list[tuple[str, float]]]]:
    """Return for each part of the clip what leaving it out does to each pressure: mmHg, and that over the largest."""
    moved = moved_by(estimate)
    if not moved:
        return []
    parts = [{**one.regions, **one.phases} for one in moved.values()]
    largest = max((abs(by) for part in parts for by in part.values()), default=0.0) or 1.0
    return [
        (region_title(name).capitalize(), [(f"{part[name]:+.1f}", part[name] / largest) for part in parts])
        for name in parts[0]
    ]


def _changes(estimate: Estimate, name: str) -> bool:
    """Return whether several windows have a heart rate or pressure to show over time."""
    return sum(getattr(window, name) is not None for window in estimate.windows) > 1
