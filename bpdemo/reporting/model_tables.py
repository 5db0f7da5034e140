"""Tables of the network beside other models on the same people, folds and maps, in Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from bpdemo.reporting import tables
from bpdemo.training.results import BOTH, PRESSURES, Results
from bpdemo.training.scores import Scores


def models_table(results: Results, quality: str, others: Sequence[Results] = ()) -> str:
    """Return one row a model at one quality: simpler models, the network, networks of other results, with told traits.

    `others` are of the same test (`others.split_by_test`).
    """
    columns = ["model"]
    for pressure in PRESSURES:
        columns += [f"{pressure} MAE", "r"]
    rows = []
    for name, scores, parameters, milliseconds in _rows(results, quality, others):
        people = scores[PRESSURES[0]].people
        row = [name if people == results.people else f"{name} ({people} people)"]
        for pressure in PRESSURES:
            row += [tables.mae(scores[pressure]), tables.correlation(scores[pressure])]
        row += ["" if parameters is None else f"{parameters:,}", "" if milliseconds is None else f"{milliseconds:.1f}"]
        rows.append(row)
    return tables.table([*columns, "parameters", "ms"], rows)


def comparisons_table(results: Results) -> str:
    """Return how much nearer to the cuff the network is than other models, person by person, at each quality."""
    return tables.table(("beside", "capture", *(f"{pressure}: nearer by" for pressure in PRESSURES)), [
        (
            results.title(name), quality,
            *(
                tables.signed(compared.gain, compared.gain_interval) if (compared := scores[pressure].network) else ""
                for pressure in PRESSURES
            ),
        )
        for name, by_quality in results.models.items()
        for quality, scores in by_quality.items()
    ])  # fmt: skip


def _rows(
    results: Results, quality: str, others: Sequence[Results]
) -> Iterator[tuple[str, Mapping[str, Scores], int | None, float | None]]:
    """Name, scores by pressure, parameters and milliseconds of each model."""
    for name, scores in tables.scores_at(results.models, quality).items():
        if name != BOTH:
            yield name, scores, None, None
    networks = [each for each in (results, *others) if quality in each.qualities]
    for each in networks:
        name = f"**{each.name}**" if each is results else each.name
        yield name, each.qualities[quality], each.parameters, each.milliseconds
    for each in networks:
        if quality in each.models.get(BOTH, {}):
            yield each.title(BOTH), each.models[BOTH][quality], None, None
