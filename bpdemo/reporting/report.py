"""Results to files: the results file, its tables and its pictures.

    python -m bpdemo.reporting.report weights [--tables FILE]

writes model card and pictures again from weights/config.json and weights/evidence.json, and with `--tables` all tables;
nothing is trained, nothing is predicted.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

from bpdemo.reporting import filmed_tables, tables
from bpdemo.reporting.model_card import write_card
from bpdemo.reporting.plots import FOLDER, draw_all, pictures
from bpdemo.training.results import FILMED, ProtocolResults, Results, load_results
from bpdemo.weights.config import parse_config

RESULTS = "evidence.json"
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
    shown = "\n\n".join(picture.markdown for picture in pictures(results))
    (Path(folder) / TABLES).write_text(f"{summary(results)}\n\n## Pictures\n\n{shown}\n", encoding="utf-8")


def summary(results: Results) -> str:
    """Return all tables of some results, in Markdown."""
    seen = results.seen_in_training
    warning = "; **figures that include people seen in training are no evidence**" if seen else ""
    sections = {
        **({f"Protocol {results.protocol.name}": _protocol(results.protocol)} if results.protocol else {}),
        "By pressure and capture quality": tables.figures_table(results),
        **{
            f"Beside simpler models, {quality} quality": tables.models_table(results, quality)
            for quality in (results.qualities if results.models else ())
        },
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
    """Write card, pictures and tables again; `arguments` None takes those of the command line."""
    parser = argparse.ArgumentParser("python -m bpdemo.reporting.report", description="Card and pictures again")
    parser.add_argument("weights", type=Path, help="a weights folder with config.json and evidence.json")
    parser.add_argument("--tables", type=Path, help="where to write all tables, Markdown")
    options = parser.parse_args(arguments)
    config = parse_config((options.weights / "config.json").read_bytes(), "config.json")
    results = load_results(options.weights / RESULTS)
    draw_all(results, options.weights / FOLDER)
    (options.weights / "README.md").write_text(write_card(config, results), encoding="utf-8")
    if options.tables:
        options.tables.write_text(summary(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
