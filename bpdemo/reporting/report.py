"""Results to files: the results file, its tables and its pictures.

    python -m bpdemo.reporting.report weights [--docs FILE] [--tables FILE]

writes model cards and pictures again from config.json and evidence.json of a weights folder and of those in it, with
`--docs` the page on how good the weights are (docs/evaluation.md), and with `--tables` all tables; nothing is trained,
nothing is predicted.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from bpdemo.errors import BpdemoError, shown
from bpdemo.reporting import filmed_tables, tables
from bpdemo.reporting.evaluation import write_evaluation
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.model_tables import comparisons_table, models_table
from bpdemo.reporting.others import RESULTS, compared_without_weights, embedded_folders
from bpdemo.reporting.plots import FOLDER, draw_all, pictures
from bpdemo.training.results import FILMED, ProtocolResults, Results, load_results
from bpdemo.weights.config import parse_config

TABLES = "tables.md"

_INNERMOST = re.compile(r"([\[{])\n\s+([^\[\]{}]*?)\n\s*([\]}])")


def save_evidence(results: Results, folder: str | Path) -> None:
    """Write `evidence.json` and `evidence/*.png` into a folder, which is made when it is not there."""
    folder = Path(folder)
    draw_all(results, folder / FOLDER)
    (folder / RESULTS).write_text(to_text(results), encoding="utf-8")


def write_report(results: Results, folder: str | Path) -> None:
    """Write results and pictures (`save_evidence`), and all tables as `tables.md`."""
    save_evidence(results, folder)
    markdown = "\n\n".join(picture.markdown for picture in pictures(results))
    (Path(folder) / TABLES).write_text(f"{summary(results)}\n\n## Pictures\n\n{markdown}\n", encoding="utf-8")


def summary(results: Results) -> str:
    """Return all tables of some results, in Markdown."""
    seen = results.seen_in_training
    warning = "; **figures that include people seen in training are no evidence**" if seen else ""
    sections = {
        **({f"Protocol {results.protocol.name}": _protocol(results.protocol)} if results.protocol else {}),
        "By pressure and capture quality": tables.figures_table(results),
        **{
            f"Beside simpler models, {quality} quality": models_table(results, quality)
            for quality in (results.qualities if results.models else ())
        },
        f"How much nearer {results.model} is": comparisons_table(results) if results.models else "",
        "Negative controls": tables.controls_table(results) if results.controls else "",
        "By window, by clip and by person": _levels(results) if results.levels else "",
        "Groups of clips": filmed_tables.groups_table(results) if results.groups else "",
        "By range of the cuff pressure": tables.ranges_table(results, results.reference),
        f"By range of the cuff pressure, {FILMED}": (
            tables.ranges_table(results, FILMED) if results.reference != FILMED in results.qualities else ""
        ),
        "Agreement with the cuff, and the standards": tables.agreement_table(results),
        "Range probabilities": tables.probabilities_table(results),
        "Intervals": tables.intervals_table(results),
        "Other data": tables.other_data_table(results) if results.other_data else "",
    }
    parts = [
        f"# {results.dataset}",
        f"{results.people} people (left out: {results.left_out}), of whom {seen} seen in training{warning}. Figures "
        "in mmHg, with 95 % intervals over people in brackets.",
        *(f"## {title}\n\n{text}" for title, text in sections.items() if text),
    ]
    return "\n\n".join(parts)


def _levels(results: Results) -> str:
    """The table by level, and what became of the clips behind it."""
    parts = [filmed_tables.levels_table(results)]
    for what, counts in (("Clips", results.clips), ("Windows", results.windows)):
        if counts is not None:
            refused = ", ".join(f"{code} {count}" for code, count in counts.refused.items())
            parts.append(f"{what} read: {counts.read}; not: {refused or 'none'}.")
    if results.windows and results.windows.overlapping:
        parts.append(f"Windows that overlap one that counts: {results.windows.overlapping}.")
    return "\n\n".join(parts)


def _protocol(protocol: ProtocolResults) -> str:
    """The table of a protocol, window by window, and what is to be said of it."""
    remarks = [f"- {remark}" for remark in protocol.remarks]
    if len(protocol.folds) > 1:
        sizes = ", ".join(str(len(names)) for names in protocol.folds)
        remarks.append(f"- Folds by person, {sizes} people; their names are in the results file.")
    return f"Window by window.\n\n{filmed_tables.protocol_table(protocol)}\n\n" + "\n".join(remarks)


def to_text(results: Results) -> str:
    """Return results as JSON text that a diff can show: innermost lists and objects are on one line."""
    text = json.dumps(results.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    return _INNERMOST.sub(lambda found: found[1] + re.sub(r"\n\s+", " ", found[2]) + found[3], text) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write cards, pictures, page and tables again; `arguments` None takes those of the command line."""
    parser = argparse.ArgumentParser("python -m bpdemo.reporting.report", description="Cards and pictures again")
    parser.add_argument("weights", type=Path, help="a weights folder with config.json and evidence.json")
    parser.add_argument("--docs", type=Path, help="where to write the page on how good the weights are, Markdown")
    parser.add_argument("--tables", type=Path, help="where to write all tables, Markdown")
    options = parser.parse_args(arguments)
    try:
        write_again(options.weights, options.docs, options.tables)
    except BpdemoError as error:
        parser.exit(1, f"{error}\n")
    except (OSError, ValueError) as error:
        remedy = "Name a folder that this version's `bpdemo train` wrote."
        parser.exit(1, f"The evidence cannot be read or written: {shown(str(error))}. {remedy}\n")


def write_again(weights: Path, docs: Path | None = None, all_tables: Path | None = None) -> None:
    """Write cards and pictures of a weights folder and of those in it again, and the page and tables of the folder.

    Raises:
        WeightsError: a config.json cannot be used.
        OSError: a file is not there, or cannot be written.
        ValueError: an evidence.json is of another schema.
    """
    folders = embedded_folders(weights)
    found = {folder: load_results(folder / RESULTS) for folder in folders}
    configs = {folder: parse_config((folder / "config.json").read_bytes(), "config.json") for folder in folders}
    compared = compared_without_weights(weights)
    for folder, results in found.items():
        others = [*(found[other] for other in folders if other != folder), *compared]
        draw_all(results, folder / FOLDER)
        (folder / "README.md").write_text(write_card(configs[folder], results, others), encoding="utf-8")
    if docs:
        others = [*(found[other] for other in folders if other != weights), *compared]
        docs.write_text(write_evaluation(configs[weights], found[weights], others), encoding="utf-8")
    if all_tables:
        all_tables.write_text(summary(found[weights]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
