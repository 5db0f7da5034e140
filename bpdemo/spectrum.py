"""What a window's spectrum says of a rhythm: its rate, how clear it is, and how certain that rate is.

Waves are [columns] at `stmap.RATE_HZ`, in any unit; spectra are taken under a Hann window and far zero-padded.
"""

import numpy as np
from scipy.signal import resample

from bpdemo.beats import band_pass
from bpdemo.stmap import RATE_HZ

HEART_RATE_BPM = (40.0, 200.0)
RELEVANT_BPM = (40.0, 250.0)
SNR_BAND_HZ = (0.6, 4.0)

_FFT_LENGTH = 2**15  # zero-padded: the spectrum is read every 0.055 bpm, far below what 15 s can resolve
_HARMONIC_WEIGHTS = (1.0, 0.6, 0.3)
_BESIDE_HZ = 1.5
_RIVAL_BAND_HZ = (0.35, 8.0)  # half of a rate may lie below the heart's band
_LINE_HZ = 0.05
_STANDS_OUT = 3.0
_TINY = 1e-24


def resample_wave(wave: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return a wave of any rate at `RATE_HZ`, by its spectrum; what it holds from end to start is taken as periodic."""
    return np.asarray(resample(wave - wave.mean(), round(len(wave) * RATE_HZ / rate_hz)))


def power_spectrum(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies in Hz and the power at each, [bins], from 0 to 15 Hz; power in the wave's unit squared."""
    tapered = (wave - wave.mean()) * np.hanning(len(wave))
    return np.fft.rfftfreq(_FFT_LENGTH, 1 / RATE_HZ), np.abs(np.fft.rfft(tapered, _FFT_LENGTH)) ** 2


def amplitude_at(waves: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the complex amplitude of waves [..., columns] at a rate; its absolute value is half of a sine's."""
    window = np.hanning(waves.shape[-1])
    turn = np.exp(-2j * np.pi * rate_hz * np.arange(waves.shape[-1]) / RATE_HZ)
    return (waves - waves.mean(axis=-1, keepdims=True)) @ (window * turn) / window.sum()


def heart_rate_hz(wave: np.ndarray) -> float:
    """Return the frequency whose harmonic series holds the most power, within `HEART_RATE_BPM`.

    The first harmonic counts most (ours).
    """
    frequency_hz, power = power_spectrum(wave)
    low, high = (int(np.ceil(limit / 60 / frequency_hz[1])) for limit in HEART_RATE_BPM)
    candidates = np.arange(low, high + 1)
    score = sum(weight * power[candidates * number] for number, weight in enumerate(_HARMONIC_WEIGHTS, start=1))
    # A candidate must hold power of its own: half a heart rate would collect the whole rate's otherwise.
    score = np.where(power[candidates] >= 0.2 * power[candidates].max(), score, 0.0)
    return float(frequency_hz[candidates[np.argmax(score)]])


def snr_db(wave: np.ndarray, rate_hz: float) -> float:
    """Return power near a rate and its second harmonic over the rest of `SNR_BAND_HZ`, in dB.

    De Haan and Jeanne, IEEE TBME 60(10), 2013; ours are bands as wide as the window's length can resolve.
    """
    frequency_hz, power = power_spectrum(wave)
    half_width = max(0.1, 1.5 * RATE_HZ / len(wave))
    band = (frequency_hz >= SNR_BAND_HZ[0]) & (frequency_hz <= SNR_BAND_HZ[1])
    near = (np.abs(frequency_hz - rate_hz) <= half_width) | (np.abs(frequency_hz - 2 * rate_hz) <= 2 * half_width)
    return _decibels(power[band & near].sum(), power[band & ~near].sum())


def irrelevant_power(wave: np.ndarray) -> float:
    """Return the share of a wave's spectral amplitude that lies outside of `RELEVANT_BPM`, 0 to 1: no pulse makes it.

    The irrelevant power ratio of Sun and Li, *Contrast-Phys+*, IEEE TPAMI 46(8), 2024: it needs no contact sensor.
    """
    frequency_hz, power = power_spectrum(wave)
    amplitude = np.sqrt(power)
    relevant = (frequency_hz >= RELEVANT_BPM[0] / 60) & (frequency_hz <= RELEVANT_BPM[1] / 60)
    return float(amplitude[~relevant].sum() / max(amplitude.sum(), _TINY))


def line_to_noise(wave: np.ndarray, rate_hz: float) -> float:
    """Return the power at a rate over the mean power of the noise beside it; about 1 in noise alone (ours).

    Within 1.5 Hz of the rate, without what is near it or near its second harmonic; 0 where no noise can be seen.
    """
    frequency_hz, power = power_spectrum(wave)
    half_width = max(0.15, 2 * RATE_HZ / len(wave))
    beside = (frequency_hz > SNR_BAND_HZ[0]) & (frequency_hz < SNR_BAND_HZ[1])
    beside &= np.abs(frequency_hz - rate_hz) < _BESIDE_HZ
    beside &= (np.abs(frequency_hz - rate_hz) > half_width) & (np.abs(frequency_hz - 2 * rate_hz) > half_width)
    noise = power[beside].mean() if beside.any() else np.inf  # nothing is certain in a window of a second
    return float(power[np.argmin(np.abs(frequency_hz - rate_hz))] / max(noise, _TINY))


def rival_db(wave: np.ndarray, rate_hz: float) -> float:
    """Return the power of the stronger line at half or twice a rate over that at the rate itself, in dB (ours).

    Half counts only if a line stands out at 1.5 times as well: half of a heart rate has a third harmonic.
    """
    frequency_hz, power = power_spectrum(band_pass(wave, _RIVAL_BAND_HZ))

    def line(at_hz: float) -> float:
        return float(power[np.abs(frequency_hz - at_hz) < _LINE_HZ].max())

    def stands_out(at_hz: float) -> bool:
        apart_hz = np.abs(frequency_hz - at_hz)
        return line(at_hz) > _STANDS_OUT * power[(apart_hz > 3 * _LINE_HZ) & (apart_hz < 8 * _LINE_HZ)].mean()

    rivals = [line(2 * rate_hz)]
    if rate_hz / 2 > _RIVAL_BAND_HZ[0] and stands_out(1.5 * rate_hz):
        rivals.append(line(rate_hz / 2))
    return _decibels(max(rivals), line(rate_hz))


def _decibels(signal: float, noise: float) -> float:
    return float(10 * np.log10(max(signal, _TINY) / max(noise, _TINY)))
