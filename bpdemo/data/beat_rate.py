"""Whether a recording beats as fast as a heart can; if not, its sampling rate was wrong. All numbers are ours.

A pulse repeats itself: its autocorrelation has a peak one beat later. The peak is looked for at other sampling rates
too: nothing but the time axis tells a pulse from one that is played too fast.
"""

from operator import itemgetter

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

BEATS_A_MINUTE = (30, 240)
_BAND_HZ = (0.5, 8.0)
_OTHER_RATES = (
    1 / 8,
    1 / 4,
    1 / 2,
    2,
    4,
    8,
    16,
)  # times the declared one; each spans three octaves, and none reaches mains hum
_REPEATS_CLEARLY = 0.75  # autocorrelation, noise and all
_NEARLY = 0.7  # of the highest peak: an earlier one that high is the beat, and the highest is several beats
_MAX_SAMPLES = 2**17


def impossible_beat_rate(samples: np.ndarray, rate_hz: float) -> float | None:
    """Return the beats a minute of a recording, float64 [samples], when no heart beats so at the declared rate.

    None when its beats are within `BEATS_A_MINUTE`, or when nothing in it repeats clearly.
    """
    samples = samples[:_MAX_SAMPLES]
    _, as_declared = _beat(samples, rate_hz)
    period, repeats = max((_beat(samples, rate_hz * times) for times in _OTHER_RATES), key=itemgetter(1))
    if repeats < _REPEATS_CLEARLY or as_declared >= _NEARLY * repeats:
        return None
    beats_a_minute = 60 * rate_hz / period
    return None if BEATS_A_MINUTE[0] <= beats_a_minute <= BEATS_A_MINUTE[1] else beats_a_minute


def _beat(samples: np.ndarray, rate_hz: float) -> tuple[int, float]:
    """Return the length of a beat in samples and how well it repeats, up to 1, at some sampling rate; else (0, 0)."""
    shortest, longest = (60 * rate_hz / beats for beats in reversed(BEATS_A_MINUTE))
    count = len(samples)
    if rate_hz < 2.2 * _BAND_HZ[1] or count < 2 * longest:
        return 0, 0.0
    filtered = sosfiltfilt(butter(4, _BAND_HZ, "bandpass", fs=rate_hz, output="sos"), samples - samples.mean())
    lags = np.arange(int(longest) + 2)
    power = np.abs(np.fft.rfft(filtered, 2 * count)) ** 2
    correlation = np.fft.irfft(power)[lags] / (count - lags)
    peaks = find_peaks(correlation, height=0)[0]
    if not len(peaks):
        return 0, 0.0
    highest = correlation[peaks].max()
    period = int(peaks[correlation[peaks] >= _NEARLY * highest][0])
    return (period, float(highest / correlation[0])) if period >= shortest else (0, 0.0)
