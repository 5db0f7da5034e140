"""The table of what pretraining found on people set aside, in Markdown."""

from bpdemo.reporting.tables import table
from bpdemo.weights.start import StartConfig

_COLUMNS = {
    "loss": "loss",
    "irrelevant_power": "irrelevant power",
    "heart_rate_mae": "heart rate MAE, bpm",
    "snr_db": "SNR, dB",
}


def pretraining_table(config: StartConfig) -> str:
    """Return the figures of the read-out's wave before and after; those that a single beat does not have are left out.

    The loss says nothing of quality; the irrelevant power is the share of spectral amplitude where no pulse is.
    """
    shown = [name for name in _COLUMNS if all(each.get(name) is not None for each in config.figures.values())]
    title = f"{len(config.set_aside)} people set aside, {len(config.names)} learned from"
    return table(
        [title, *(_COLUMNS[name] for name in shown)],
        [[when, *(f"{each[name]:.4f}" for name in shown)] for when, each in config.figures.items()],
    )
