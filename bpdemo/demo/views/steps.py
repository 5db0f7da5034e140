"""The steps behind a result, each with a line of explanation and its figure."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from bpdemo import figures
from bpdemo.beats import average_regions
from bpdemo.demo.views.map_view import map_view
from bpdemo.demo.views.templating import render, svg
from bpdemo.estimate import Estimate
from bpdemo.models import DEFAULT_MODEL, find_model
from bpdemo.regions import CELLS
from bpdemo.stmap import CHANNELS
from bpdemo.wording.checks import check_rows
from bpdemo.wording.evidence import evidence_rows
from bpdemo.wording.measured import capture_rows, method_rows, whole_clip_lines
from bpdemo.wording.pressures import moved_lines


def steps(estimate: Estimate, drawn: Mapping[str, Figure]) -> str:
    """Return the steps behind the result with their figures (by `draw_figures`); nothing for a clip not opened."""
    if estimate.capture is None:
        return ""
    window = estimate.best_window
    frames = figures.shown_thumbnails(estimate.thumbnails) if estimate.thumbnails else []
    explored, beat_height = "", 0.0
    if window is not None and "stmap" in drawn:
        explored = map_view(window, drawn["stmap"], estimate.thumbnails)
    if window is not None and window.beats is not None and "beats" in drawn:
        whole = average_regions(window.beats)[-1][CHANNELS.index("T")]
        beat_height = 100 * window.stmap.scale * float(np.ptp(whole))
    return render(
        "steps",
        estimate=estimate,
        reads_beats=find_model(estimate.model or DEFAULT_MODEL).reads == "mean beats",
        window=window,
        frames=frames,
        cells=len(CELLS),
        times=", ".join(f"{frame.time_s:.1f}" for frame in frames),
        map_view=explored,
        beat_height=beat_height,
        svgs={name: svg(figure, name) for name, figure in drawn.items() if name not in ("stmap", "ranges")},
        moved=moved_lines(estimate),
        whole_clip=whole_clip_lines(estimate),
        methods=method_rows(window.pulse) if window and window.pulse else [],
        evidence=evidence_rows(window.evidence) if window and window.evidence else [],
        window_checks=check_rows(window.checks) if window else [],
        capture_rows=capture_rows(estimate.capture),
        capture_checks=check_rows(estimate.checks),
    )
