"""The mean beats that the network reads, the pulse wave and its spectrum."""

import numpy as np
from matplotlib.figure import Figure

from bpdemo.beats import MeanBeats, average_regions
from bpdemo.estimate import HeartRate
from bpdemo.figures.style import BLUE, GREY, INK, ORANGE, SMALL_PT, add_legend, label_axes, stack_panels
from bpdemo.pulse import Pulse
from bpdemo.spectrum import SNR_BAND_HZ
from bpdemo.stmap import CHANNELS

_SPECTRUM_BPM = (30.0, 300.0)
_HARMONICS = 3


def draw_beats(beats: MeanBeats, scale: float) -> Figure:
    """Return the mean beats of T and Y in % of the skin's colour: quarters thin, all thick; `scale` is the map's."""
    figure, above, below = stack_panels(3.4, 1.6, 0.38, (0.46, 0.1, 0.26, 0.62), share_x=True)
    *quarters, whole = 100 * scale * average_regions(beats)
    for axes, channel, title in ((above, "T", "T - pulse projection (POS), %"), (below, "Y", "Y - brightness, %")):
        row = CHANNELS.index(channel)
        for number, quarter in enumerate(quarters):
            label = None if number else f"a quarter of the {len(beats.beats_s)} beats"
            axes.plot(beats.time_s, quarter[row], color=ORANGE, linewidth=0.9, alpha=0.8, label=label)
        axes.plot(beats.time_s, whole[row], color=BLUE, linewidth=2.2, label="all of them")
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        label_axes(axes, title, "")
    below.set_xlabel("seconds from the steepest upstroke", fontsize=SMALL_PT, color=INK, labelpad=1)
    below.set_xlim(beats.time_s[0], beats.time_s[-1])
    add_legend(figure, above, columns=2)
    return figure


def draw_pulse(pulse: Pulse, heart_rate: HeartRate | None) -> Figure:
    """Return the pulse wave with its beats, and its spectrum with the heart rate and the harmonics.

    `heart_rate` is None when none is told of the strongest change; nothing is marked then.
    """
    figure, wave, spectrum = stack_panels(3.4, 1.0, 0.62, (0.46, 0.1, 0.26, 0.36))
    percent = 100 * pulse.wave
    wave.plot(pulse.time_s, percent, color=BLUE, linewidth=1.1)
    wave.set_xlim(pulse.time_s[0], pulse.time_s[-1])
    title = "Pulse wave, % of the skin's colour" if heart_rate else "Strongest change of the skin's colour, %"
    label_axes(wave, title, "seconds")
    rates_bpm = 60 * pulse.frequency_hz
    spectrum.plot(rates_bpm, pulse.power, color=BLUE, linewidth=1.1)
    spectrum.set_xlim(*_SPECTRUM_BPM)
    inside = (rates_bpm >= _SPECTRUM_BPM[0]) & (rates_bpm <= _SPECTRUM_BPM[1])
    spectrum.set_ylim(0, 1.22 * max(pulse.power[inside].max(), 1e-9))
    low_hz, high_hz = SNR_BAND_HZ
    spectrum.axvspan(60 * low_hz, 60 * high_hz, color=GREY, alpha=0.12, linewidth=0)
    label_axes(spectrum, "Spectrum, power (grey: where SNR is read)", "beats a minute")
    spectrum.set_yticks([])
    if heart_rate:
        spectrum.axvspan(*heart_rate.interval, color=ORANGE, alpha=0.2, linewidth=0)
        beats_s = pulse.beats_s[(pulse.beats_s >= pulse.time_s[0]) & (pulse.beats_s <= pulse.time_s[-1])]
        heights = np.interp(beats_s, pulse.time_s, percent)
        wave.plot(beats_s, heights, "o", color=ORANGE, markersize=3.2, label="upstroke")
        wave.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=SMALL_PT, frameon=False, labelcolor=INK,
            handletextpad=0.2, borderpad=0, borderaxespad=0.3,
        )  # fmt: skip
        for number in range(1, _HARMONICS + 1):
            place = number * heart_rate.value
            if place >= _SPECTRUM_BPM[1] - 8:  # no room for its label
                break
            spectrum.axvline(place, color=ORANGE, linewidth=1.2, linestyle="-" if number == 1 else ":")
            spectrum.annotate(
                f"{place:.1f} bpm" if number == 1 else f"{number} x", (place, 1), xycoords=("data", "axes fraction"),
                xytext=(3, -2), textcoords="offset points", fontsize=SMALL_PT, color=INK, va="top",
            )  # fmt: skip
    return figure
