"""How good the pulse is that a network finds in windows: beside the contact sensor's, and by itself."""

import numpy as np

from bpdemo.beats import band_pass
from bpdemo.models.pulse_network import PulseNetwork
from bpdemo.pulse import PULSE_BAND_HZ
from bpdemo.pulse_networks import read_wave
from bpdemo.spectrum import heart_rate_hz, irrelevant_power, resample_wave, snr_db
from bpdemo.stmap import RATE_HZ
from bpdemo.training.pulse_evaluation import Span, figures
from bpdemo.training.pulse_fit import PulseWindows
from bpdemo.weights.pulse_store import PulseFigures


def score_pulse(network: PulseNetwork, windows: PulseWindows) -> PulseFigures:
    """Return the figures of a network, in evaluation mode, on windows; no rate is refused."""
    network.eval()
    spans, powers = [], []
    for number, person in zip(windows.crop, windows.person, strict=True):
        crops, contact = windows.store.read(number, 0, windows.store.frames(number))
        raw = resample_wave(read_wave(network, crops), network.FORM.rate_hz)
        powers.append(irrelevant_power(raw))
        if np.isfinite(contact).all() and np.ptp(contact):
            wave = band_pass(raw, PULSE_BAND_HZ)
            known = heart_rate_hz(band_pass(resample_wave(contact, network.FORM.rate_hz), PULSE_BAND_HZ))
            rates = 60 * known, 60 * heart_rate_hz(wave), snr_db(wave, known)
            spans.append(Span("", person, None, 0.0, len(raw) / RATE_HZ, "", *rates, ""))
    found = figures(spans)
    return PulseFigures(
        people=len(set(windows.person)),
        windows=len(windows.crop),
        compared=found.told,
        mae=found.mae,
        rmse=found.rmse,
        r=found.r,
        within_3_bpm=found.within_3_bpm,
        snr_db=found.snr_db,
        irrelevant_power=float(np.mean(powers)),
    )
