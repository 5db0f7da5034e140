"""The beats as the network reads them, the pulse wave and its spectrum."""

import numpy as np

from bpdemo.beats import Slices, average_regions
from bpdemo.estimate import HeartRate
from bpdemo.figures.style import (
    BLUE,
    ENGLISH,
    GREY,
    INK,
    ORANGE,
    SMALL_PT,
    Canvas,
    Words,
    add_legend,
    begin,
    label_axes,
    stack_panels,
)
from bpdemo.pulse import SNR_BAND_HZ, Pulse
from bpdemo.stmap import CHANNELS

_SPECTRUM_BPM = (30.0, 300.0)
_HARMONICS = 3


def draw_slices(slices: Slices, scale: float, words: Words = ENGLISH, on: Canvas | None = None) -> Canvas:
    """Draw the beats of T and Y as the network reads them: each slice thin, the mean of all thick.

    Args:
        slices: of one window.
        scale: of its map, `STMap.scale`.
        words: in the figure.
        on: part of a larger figure.
    """
    canvas = begin(3.4, on)
    above, below = stack_panels(canvas, 1.6, 0.38, (0.46, 0.1, 0.26, 0.62), sharex=True)
    *parts, whole = 100 * scale * average_regions(slices)
    for axes, channel in ((above, "T"), (below, "Y")):
        row = CHANNELS.index(channel)
        for number, part in enumerate(parts):
            label = None if number else words["quarter_of_beats"].format(beats=len(slices.rises_s))
            axes.plot(slices.time_s, part[row], color=ORANGE, linewidth=0.9, alpha=0.8, label=label)
        axes.plot(slices.time_s, whole[row], color=BLUE, linewidth=2.2, label=words["all_beats"])
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        label_axes(axes, words["percent"].format(title=words[f"channel_{channel}"]), "")
    below.set_xlabel(words["from_rise"], fontsize=SMALL_PT, color=INK, labelpad=1)
    below.set_xlim(slices.time_s[0], slices.time_s[-1])
    add_legend(canvas, above, columns=2)
    return canvas


def draw_pulse(pulse: Pulse, heart_rate: HeartRate | None, words: Words = ENGLISH, on: Canvas | None = None) -> Canvas:
    """Draw the pulse wave with its beats, and its spectrum with the heart rate and the harmonics.

    Args:
        pulse: of one window.
        heart_rate: what was found; None when the strongest change was not a pulse, and nothing is marked as one.
        words: in the figure.
        on: part of a larger figure.
    """
    canvas = begin(3.4, on)
    wave, spectrum = stack_panels(canvas, 1.0, 0.62, (0.46, 0.1, 0.26, 0.36))
    percent = 100 * pulse.wave
    wave.plot(pulse.time_s, percent, color=BLUE, linewidth=1.1)
    wave.set_xlim(pulse.time_s[0], pulse.time_s[-1])
    label_axes(wave, words["wave" if heart_rate else "no_wave"], words["seconds"])
    spectrum.plot(60 * pulse.frequency_hz, pulse.power, color=BLUE, linewidth=1.1)
    spectrum.set_xlim(*_SPECTRUM_BPM)
    low, high = (60 * edge for edge in SNR_BAND_HZ)
    inside = (60 * pulse.frequency_hz >= _SPECTRUM_BPM[0]) & (60 * pulse.frequency_hz <= _SPECTRUM_BPM[1])
    spectrum.set_ylim(0, 1.22 * max(pulse.power[inside].max(), 1e-9))
    spectrum.axvspan(low, high, color=GREY, alpha=0.12, linewidth=0)
    label_axes(spectrum, words["spectrum"], words["bpm"])
    spectrum.set_yticks([])
    if heart_rate:
        beats = pulse.beats_s[(pulse.beats_s >= pulse.time_s[0]) & (pulse.beats_s <= pulse.time_s[-1])]
        heights = np.interp(beats, pulse.time_s, percent)
        wave.plot(beats, heights, "v", color=ORANGE, markersize=4.5, label=words["beat"])
        for number in range(1, _HARMONICS + 1):
            place = number * heart_rate.value
            if place >= _SPECTRUM_BPM[1] - 8:
                continue
            spectrum.axvline(place, color=ORANGE, linewidth=1.2, linestyle="-" if number == 1 else ":")
            text = words["heart_rate_mark" if number == 1 else "harmonic_mark"].format(value=place, number=number)
            spectrum.annotate(
                text, (place, 1), xycoords=("data", "axes fraction"), xytext=(3, -2), textcoords="offset points",
                fontsize=SMALL_PT, color=INK, va="top",
            )  # fmt: skip
        wave.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=SMALL_PT, frameon=False, labelcolor=INK,
            handletextpad=0.2, borderpad=0, borderaxespad=0.3,
        )  # fmt: skip
    return canvas
