"""How good the pulse is that a network finds in windows: beside the contact sensor's, and by itself."""

import numpy as np

from bpdemo.beats import band_pass
from bpdemo.models.pulse_network import PulseNetwork
from bpdemo.pulse import PULSE_BAND_HZ
from bpdemo.pulse_networks import read_wave
from bpdemo.spectrum import heart_rate_hz, irrelevant_power, snr_db
from bpdemo.stmap import RATE_HZ
from bpdemo.training.pulse_evaluation import WITHIN_BPM
from bpdemo.training.pulse_fit import PulseWindows
from bpdemo.weights.pulse_store import PulseFigures

_LEAST_FOR_R = 3


def score_pulse(network: PulseNetwork, windows: PulseWindows) -> PulseFigures:
    """Return the figures of a network, in evaluation mode, on windows; no rate is refused."""
    network.eval()
    rates, references, ratios, powers = [], [], [], []
    for number in windows.crop:
        crops, contact = windows.store.read(number, 0, windows.store.frames(number))
        columns = np.arange(round(len(crops) / network.FORM.rate_hz * RATE_HZ)) * network.FORM.rate_hz / RATE_HZ
        raw = np.interp(columns, np.arange(len(crops)), read_wave(network, crops))
        powers.append(irrelevant_power(raw))
        if not np.isfinite(contact).all() or not np.ptp(contact):
            continue
        wave = band_pass(raw, PULSE_BAND_HZ)
        reference_hz = heart_rate_hz(band_pass(np.interp(columns, np.arange(len(crops)), contact), PULSE_BAND_HZ))
        rates.append(60 * heart_rate_hz(wave))
        references.append(60 * reference_hz)
        ratios.append(snr_db(wave, reference_hz))
    error = np.subtract(rates, references)
    known = bool(rates)
    varied = len(rates) >= _LEAST_FOR_R and np.ptp(rates) > 0 and np.ptp(references) > 0
    return PulseFigures(
        people=len(set(windows.person)),
        windows=len(windows.crop),
        compared=len(rates),
        mae=float(np.abs(error).mean()) if known else None,
        rmse=float(np.sqrt((error**2).mean())) if known else None,
        r=float(np.corrcoef(rates, references)[0, 1]) if varied else None,
        within_3_bpm=float((np.abs(error) <= WITHIN_BPM).mean()) if known else None,
        snr_db=float(np.mean(ratios)) if known else None,
        irrelevant_power=float(np.mean(powers)),
    )
