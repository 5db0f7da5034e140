"""Traces become the pulse wave, its heart rate and beats, and the evidence that it is a pulse.

Everything here is measured on relative colour changes in their own units, before any normalisation that could blow
noise up to the size of a pulse. `quality` judges the evidence; this module only measures it.
"""

from dataclasses import dataclass, replace

import numpy as np

from bpdemo.beats import band_pass, find_beats
from bpdemo.estimate import DEFAULT_METHOD
from bpdemo.pulse_methods import METHODS, method_by_name
from bpdemo.regions import CELLS, LUMA, REGIONS, rows_of_region
from bpdemo.spectrum import (
    HEART_RATE_BPM,
    amplitude_at,
    heart_rate_hz,
    line_to_noise,
    power_spectrum,
    rival_db,
    snr_db,
)
from bpdemo.stmap import RATE_HZ, Traces

PULSE_BAND_HZ = (0.6, 8.0)  # the wave that is shown: the fundamental and the harmonics a camera keeps

_RATE_ERROR_BPM_S, _LEAST_BPM = 20.0, 0.3  # of a heart rate seen for a second at 0 dB; see `heart_rate_interval`
_CERTAIN = 3.0  # line over noise from which a phase says something: noise alone exceeds it once in twenty times
_TINY = 1e-12


@dataclass(frozen=True)
class MethodPulse:
    """What one method says of a window: beats a minute of its strongest harmonic series, its SNR and wave as `Pulse`'s.

    A network's wave has no unit.
    """

    name: str
    heart_rate_bpm: float
    snr_db: float
    wave: np.ndarray


@dataclass(frozen=True)
class Pulse:
    """The pulse of one window, by one method; what other methods say stands beside it.

    Attributes:
        time_s: [columns] seconds since the clip's first frame.
        wave: [columns] relative change of the skin's colour, rising with the blood in it; 0.01 is 1 %.
        frequency_hz: [bins] of the spectrum, up to 8 Hz.
        power: [bins] of the spectrum, its largest value within the heart-rate band 1.
        heart_rate_bpm: beats a minute of the strongest harmonic series, 40 to 200.
        snr_db: power at the heart rate and its second harmonic over the rest of 0.6 to 4 Hz (`spectrum.snr_db`).
        amplitude: half the wave's peak-to-peak height at the heart rate, relative; a face's is about 0.001 to 0.01.
        others_snr_db: SNR at this heart rate by the other method that shows it most clearly.
        region_agreement: phase locking of the six regions at the heart rate, 0 to 1 (ours).
        colour_agreement: how far both POS projections rise and fall together at the heart rate, -1 to 1: blood makes
            them agree, changes of white balance oppose them; the nearer to 0, the more either drowns in noise (ours).
        brightness_ratio: swing of the skin's brightness at the heart rate over that of POS, which cancels light: about
            1 for blood, many times that for light that flickers and whose rounding alone gives it colour (ours).
        light_share: how much of the wave at the heart rate is in the light around the head as well, in step with it: 0
            for none, 1 for all of it; NaN when nothing around the head can be seen (ours).
        surround_share: the same of the skin's brightness; NaN when nothing around the head can be seen (ours).
        head_swing: swing of the head at the heart rate, in face widths; NaN when not known. Each beat moves a living
            head by a few thousandths at most, a hand that holds a picture moves it by more (ours).
        rival_db: power of a line at half or twice the heart rate over that at the heart rate itself, in dB: above 0 the
            rate may be twice or half the heart's. Half counts only if there is a line at 1.5 times as well (ours).
        beats_s: [beats] times of the steepest upstrokes, seconds since the clip's first frame.
        region_waves: [6, columns] the wave of each region, in the order of `regions.REGIONS`; NaN where not measured.
        method: by which the wave was found.
        methods: what each of `pulse_methods.METHODS` says, in that order.
    """

    time_s: np.ndarray
    wave: np.ndarray
    frequency_hz: np.ndarray
    power: np.ndarray
    heart_rate_bpm: float
    snr_db: float
    amplitude: float
    others_snr_db: float
    region_agreement: float
    colour_agreement: float
    brightness_ratio: float
    light_share: float
    surround_share: float
    head_swing: float
    rival_db: float
    beats_s: np.ndarray
    region_waves: np.ndarray
    method: str = DEFAULT_METHOD
    methods: tuple[MethodPulse, ...] = ()

    @property
    def rate_hz(self) -> float:
        """Beats a second."""
        return self.heart_rate_bpm / 60


def measure_pulse(
    traces: Traces,
    surround: Traces | None = None,
    position: np.ndarray | None = None,
    method: str = DEFAULT_METHOD,
) -> Pulse | None:
    """Return the strongest periodic change of a window, a pulse or not; None when no cell was measured.

    Args:
        traces: of the cells.
        surround: of what lies around the head, as one cell; None when not known.
        position: [columns, 2] of the head, in face widths; None when not known.
        method: name of the method whose wave it is (`pulse_methods.METHODS`).

    Raises:
        BpdemoError: `method_unknown`.
    """
    project = method_by_name(method)
    mask, columns = traces.mask, len(traces.time_s)
    if not mask.any():
        return None
    relative = traces.relative
    weights = _cell_weights(relative)
    skin = _average(relative, weights, range(len(CELLS)))
    waves = {name: band_pass(each(skin), PULSE_BAND_HZ) for name, each in METHODS.items()}
    wave = waves[method]
    by_method = tuple(_method_pulse(name, each) for name, each in waves.items())
    own = by_method[[*METHODS].index(method)]
    rate_hz = own.heart_rate_bpm / 60
    frequency_hz, power = _shown_spectrum(wave)
    region_waves = np.full((len(REGIONS), columns), np.nan)
    for row, rows in enumerate(map(rows_of_region, REGIONS)):
        if mask[rows].any():
            region_waves[row] = band_pass(project(_average(relative, weights, rows)), PULSE_BAND_HZ)
    luma = band_pass(skin @ LUMA, PULSE_BAND_HZ)
    around = None if surround is None or not surround.mask.all() else surround.relative[:, 0]
    return Pulse(
        time_s=traces.time_s,
        wave=wave,
        frequency_hz=frequency_hz,
        power=power,
        heart_rate_bpm=own.heart_rate_bpm,
        snr_db=own.snr_db,
        amplitude=_swing(wave, rate_hz),
        others_snr_db=max(snr_db(other, rate_hz) for name, other in waves.items() if name != method),
        region_agreement=_region_agreement(region_waves, rate_hz),
        colour_agreement=_colour_agreement(skin, rate_hz),
        brightness_ratio=_swing(luma, rate_hz) / max(_swing(waves["pos"], rate_hz), _TINY),
        light_share=np.nan if around is None else _share(band_pass(project(around), PULSE_BAND_HZ), wave, rate_hz),
        surround_share=np.nan if around is None else _share(band_pass(around @ LUMA, PULSE_BAND_HZ), luma, rate_hz),
        head_swing=np.nan if position is None else _head_swing(position, rate_hz),
        rival_db=rival_db(project(skin), rate_hz),
        beats_s=traces.time_s[0] + find_beats(wave, skin @ LUMA, rate_hz) / RATE_HZ,
        region_waves=region_waves,
        method=method,
        methods=by_method,
    )


def measured_by(pulse: Pulse, name: str, wave: np.ndarray) -> Pulse:
    """Return a window's pulse with the wave [columns] that a network found there, and what that says of its rate.

    All else - regions, light, movement - stays what the map's method says. Such a wave has no unit: it is drawn at the
    method's height.
    """
    own = _method_pulse(name, wave)
    frequency_hz, power = _shown_spectrum(wave)
    height = pulse.amplitude / max(_swing(wave, own.heart_rate_bpm / 60), _TINY)
    return replace(
        pulse,
        wave=wave * height,
        frequency_hz=frequency_hz,
        power=power,
        heart_rate_bpm=own.heart_rate_bpm,
        snr_db=own.snr_db,
        method=name,
        methods=(*pulse.methods, own),
    )


def heart_rate_interval(pulse: Pulse) -> tuple[float, float]:
    """Return the (low, high) beats a minute that hold the heart rate in 95 of 100 rendered clips (ours).

    The error of a frequency falls with the amplitude of its line over the noise and with the time it is seen for (Rife
    and Boorstyn, IEEE Trans. Inf. Theory 20(5), 1974); hearts do not beat evenly, which sets the least.
    """
    seen_s = len(pulse.time_s) / RATE_HZ
    half_width_bpm = float(np.hypot(_RATE_ERROR_BPM_S / seen_s * 10 ** (-pulse.snr_db / 20), _LEAST_BPM))
    return pulse.heart_rate_bpm - half_width_bpm, pulse.heart_rate_bpm + half_width_bpm


def average_skin(traces: Traces) -> np.ndarray:
    """Return the relative colours [columns, 3] of the whole skin, about 1: cells averaged, the quieter weigh more."""
    relative = traces.relative
    return _average(relative, _cell_weights(relative), range(len(CELLS)))


def _shown_spectrum(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and power of a wave as `Pulse` has them."""
    frequency_hz, power = power_spectrum(wave)
    in_band = (frequency_hz >= HEART_RATE_BPM[0] / 60) & (frequency_hz <= HEART_RATE_BPM[1] / 60)
    shown = frequency_hz <= PULSE_BAND_HZ[1]
    return frequency_hz[shown], power[shown] / max(power[in_band].max(), _TINY**2)


def _method_pulse(name: str, wave: np.ndarray) -> MethodPulse:
    rate_hz = heart_rate_hz(wave)
    return MethodPulse(name, 60 * rate_hz, snr_db(wave, rate_hz), wave)


def _cell_weights(relative: np.ndarray) -> np.ndarray:
    """Return each cell's inverse noise power, 0 for a cell that was not measured.

    Noise is read from the second difference in time, which leaves almost nothing of a pulse.
    """
    finite = np.isfinite(relative)
    whole, never = finite.all(axis=(0, 2)), ~finite.any(axis=(0, 2))
    filled = np.where(whole[None, :, None], relative, 1.0)
    noise = np.var(np.diff(filled[..., 1] - filled[..., 0], n=2, axis=0), axis=0)
    # Cells with gaps get the median noise: their gaps would pass for quietness.
    noise[~whole] = np.median(noise[whole]) if whole.any() else 1.0
    return np.where(never, 0.0, 1 / np.maximum(noise, 1e-10))


def _average(relative: np.ndarray, weights: np.ndarray, rows: range | list[int]) -> np.ndarray:
    """Return the weighted mean [columns, 3] of some cells' relative colours; gaps in time are bridged linearly."""
    chosen, weight = relative[:, rows], weights[rows]
    there = np.isfinite(chosen)
    total = (there * weight[None, :, None]).sum(axis=1)
    mean = np.where(there, chosen - 1, 0.0).transpose(0, 2, 1) @ weight / np.maximum(total, _TINY) + 1
    known = total[:, 0] > 0
    if known.any() and not known.all():
        index = np.arange(len(mean))
        for channel in range(3):
            mean[:, channel] = np.interp(index, index[known], mean[known, channel])
    return mean


def _swing(wave: np.ndarray, rate_hz: float) -> float:
    """Return half the peak-to-peak height of a wave [columns] at a rate, in the wave's unit."""
    return float(2 * np.abs(amplitude_at(wave, rate_hz)))


def _colour_agreement(skin: np.ndarray, rate_hz: float) -> float:
    """Return the cosine of the phase between the two POS projections of the skin [columns, 3] at the heart rate.

    It is shrunk by how far each stands out of the noise beside it, as a phase of noise says nothing.
    """
    red, green, blue = band_pass(skin.T, PULSE_BAND_HZ)
    projections = blue - green, 2 * red - green - blue
    first, second = (amplitude_at(projection, rate_hz) for projection in projections)
    certain = [line_to_noise(projection, rate_hz) for projection in projections]
    certainty = np.prod([ratio / (ratio + _CERTAIN) for ratio in certain])
    return float(certainty * (first * second.conjugate()).real / max(abs(first) * abs(second), _TINY))


def _region_agreement(region_waves: np.ndarray, rate_hz: float) -> float:
    """Return the length of the regions' mean phase vector at the heart rate; waves [6, columns]."""
    measured = region_waves[np.isfinite(region_waves).all(axis=1)]
    if len(measured) < 2:
        return 0.0
    amplitude = amplitude_at(measured, rate_hz)
    return float(np.abs((amplitude / np.maximum(np.abs(amplitude), _TINY)).mean()))


def _share(light: np.ndarray, wave: np.ndarray, rate_hz: float) -> float:
    """Return the part of a wave [columns] at the heart rate that the light around the head shares, 0 to 1."""
    around, pulse = amplitude_at(light, rate_hz), amplitude_at(wave, rate_hz)
    # Projected onto the wave: what is out of step with it is not the light's doing.
    return float(np.clip((around * pulse.conjugate()).real / max(abs(pulse) ** 2, _TINY**2), 0, 1))


def _head_swing(position: np.ndarray, rate_hz: float) -> float:
    """Return how far the head [columns, 2] swings at the heart rate, in the unit of its position."""
    return float(2 * np.linalg.norm(np.abs(amplitude_at(band_pass(position.T, PULSE_BAND_HZ), rate_hz))))
