"""Tables of heart rates beside a reference, in Markdown."""

from collections.abc import Mapping, Sequence

from bpdemo.reporting.tables import number, share, table
from bpdemo.training.pulse_evaluation import RateFigures, Span


def rates_table(methods: Mapping[str, RateFigures]) -> str:
    """Return the figures of heart rates by pulse method, beats a minute."""
    columns = (
        "method",
        "spans",
        "told",
        "MAE, bpm",
        "RMSE",
        "r",
        "within 3 bpm",
        "SNR, dB",
        "refused",
        "no pulse, told",
    )
    return table(columns, [
        (
            name, each.spans, each.told, number(each.mae), number(each.rmse), number(each.r, 2),
            share(each.within_3_bpm), number(each.snr_db),
            ", ".join(f"{code}: {count}" for code, count in each.refused.items()),
            f"{each.false} of {each.without_pulse}",
        )
        for name, each in methods.items()
    ])  # fmt: skip


def spans_table(spans: Sequence[Span]) -> str:
    """Return what each method found, a line a span; a rate that is not told stands in brackets."""
    methods = list(dict.fromkeys(span.method for span in spans))
    by_place: dict[tuple[str, float], list[Span]] = {}
    for span in spans:
        by_place.setdefault((span.recording, span.start_s), []).append(span)
    rows = [
        (
            name, f"{start_s:.0f} to {found[0].end_s:.0f}",
            "no pulse" if found[0].reference_bpm == 0 else number(found[0].reference_bpm),
            *(f"({number(each.heart_rate_bpm)})" if each.code else number(each.heart_rate_bpm) for each in found),
            found[-1].code,
        )
        for (name, start_s), found in by_place.items()
    ]  # fmt: skip
    return table(("clip", "seconds", "reference, bpm", *methods, f"refused ({methods[-1]})"), rows)
