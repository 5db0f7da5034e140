"""The model card of a network that finds the pulse, and the table of its figures."""

from bpdemo.models import find_model
from bpdemo.reporting.tables import number, share, table
from bpdemo.reporting.templating import render
from bpdemo.weights.pulse_store import PulseConfig, PulseFigures


def write_pulse_card(config: PulseConfig) -> str:
    """Return the model card of a weights folder: Markdown with the Hub's YAML front matter."""
    return render(
        "pulse_card",
        config=config,
        about=find_model(config.model).network.ABOUT,
        figures=pulse_table({config.model: config.set_aside}),
    )


def pulse_table(models: dict[str, PulseFigures]) -> str:
    """Return the figures of networks, by name, on the same windows."""
    columns = (
        *("model", "people", "windows", "compared", "MAE, bpm", "RMSE", "r", "within 3 bpm", "SNR, dB"),
        "irrelevant power",
    )
    return table(columns, [
        (
            name, each.people, each.windows, each.compared, number(each.mae), number(each.rmse), number(each.r, 2),
            share(each.within_3_bpm), number(each.snr_db), share(each.irrelevant_power),
        )
        for name, each in models.items()
    ])  # fmt: skip
