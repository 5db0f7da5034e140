"""The figures of an estimate."""

from matplotlib.figure import Figure

from bpdemo import figures
from bpdemo.estimate import Estimate
from bpdemo.wording.pressures import moved_by


def draw_figures(estimate: Estimate) -> dict[str, Figure]:
    """Return an estimate's figures, those it has data for: cells, stmap, beats, pulse, windows, ranges, moved."""
    window = estimate.best_window
    drawn: dict[str, Figure] = {}
    if estimate.thumbnails:
        strength = figures.pulse_strength(window) if window else None
        drawn["cells"] = figures.draw_cells(estimate.thumbnails, strength)
    if window is not None and window.stmap.mask.any():
        drawn["stmap"] = figures.draw_stmap(window.stmap)
    if window is not None and window.beats is not None and window.beats.measured:
        drawn["beats"] = figures.draw_beats(window.beats, window.stmap.scale)
    if window is not None and window.pulse is not None:
        drawn["pulse"] = figures.draw_pulse(window.pulse, window.heart_rate)
    if len(estimate.windows) > 1:
        drawn["windows"] = figures.draw_windows(estimate.windows)
    if estimate.systolic is not None and estimate.diastolic is not None:
        drawn["ranges"] = figures.draw_ranges(estimate.systolic, estimate.diastolic)
    if moved := moved_by(estimate):
        drawn["moved"] = figures.draw_moved(moved)
    return drawn
