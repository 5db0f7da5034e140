"""How good the pulse is that a network finds in windows: beside the contact sensor's, and by itself."""

import numpy as np

from bpdemo.beats import band_pass
from bpdemo.models.pulse_network import PulseNetwork
from bpdemo.pulse import PULSE_BAND_HZ
from bpdemo.pulse_networks import read_wave
from bpdemo.spectrum import heart_rate_hz, irrelevant_power, snr_db
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
        columns = np.arange(round(len(crops) / network.FORM.rate_hz * RATE_HZ)) * network.FORM.rate_hz / RATE_HZ
        raw = np.interp(columns, np.arange(len(crops)), read_wave(network, crops))
        powers.append(irrelevant_power(raw))
        if np.isfinite(contact).all() and np.ptp(contact):
            wave = band_pass(raw, PULSE_BAND_HZ)
            known = heart_rate_hz(band_pass(np.interp(columns, np.arange(len(crops)), contact), PULSE_BAND_HZ))
            rates = 60 * known, 60 * heart_rate_hz(wave), snr_db(wave, known)
            spans.append(Span("", person, None, 0.0, len(columns) / RATE_HZ, "", *rates, ""))
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
