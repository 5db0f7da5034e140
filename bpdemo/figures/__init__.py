"""Figures of every step: skin cells, STMap, mean beats, pulse, spectrum, ranges, windows over time, what moved a value.

They are for files: the page draws its own pictures, from the same `shown`. Figures are plain matplotlib `Figure`
objects without pyplot's global state, so threads can draw at the same time. One style for all (`style`): transparent,
one ink, and the colour-blind-safe palette of Okabe and Ito (2008) for the six regions.
"""

from bpdemo.figures.beats import draw_beats, draw_pulse
from bpdemo.figures.cells import draw_cells, face_square, shown_thumbnails
from bpdemo.figures.maps import draw_stmap
from bpdemo.figures.moved import draw_moved
from bpdemo.figures.pressures import draw_ranges, draw_windows
from bpdemo.figures.shown import colour_table, pulse_strength, shown_beats, shown_map
from bpdemo.figures.style import REGION_COLOURS, to_png

__all__ = [
    "REGION_COLOURS",
    "colour_table",
    "draw_beats",
    "draw_cells",
    "draw_moved",
    "draw_pulse",
    "draw_ranges",
    "draw_stmap",
    "draw_windows",
    "face_square",
    "pulse_strength",
    "shown_beats",
    "shown_map",
    "shown_thumbnails",
    "to_png",
]
