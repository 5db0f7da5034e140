"""Results to files: the results file itself, its tables and its pictures; and all of them anew from a saved one.

    python -m bpdemo.reporting.report weights [--readme README.md] [--realism realism.json]

writes model card, pictures and README section again from weights/config.json and weights/evidence.json; nothing is
trained, nothing is predicted.
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bpdemo.reporting import readme as readme_section
from bpdemo.reporting import tables
from bpdemo.reporting.model_card import PICTURES, evidence, write_card
from bpdemo.reporting.plots import draw_all, pictures
from bpdemo.training.results import SCHEMA

RESULTS = "evidence.json"
TABLES = "tables.md"

_INNERMOST = re.compile(r"([\[{])\n\s+([^\[\]{}]*?)\n\s*([\]}])")


def save_evidence(results: Mapping[str, Any], folder: str | Path) -> None:
    """Write the results file and the pictures of a weights folder; the card is `card.write_card`.

    Args:
        results: of `evidence.gather`.
        folder: gets `evidence.json` and `evidence/*.png`; made when it is not there.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS).write_text(to_json(results), encoding="utf-8")
    kept = {picture.name for picture in draw_all(results, folder / PICTURES)}
    for stale in (folder / PICTURES).glob("*.png"):
        if stale.name not in kept:
            stale.unlink()


def write_report(results: Mapping[str, Any], folder: str | Path) -> None:
    """Write results of an evaluation or of a cross-validation with tables and pictures.

    Args:
        results: of `evidence.gather` or `evaluate.evaluate`.
        folder: gets `evidence.json`, `tables.md` and `evidence/*.png`; made when it is not there.
    """
    save_evidence(results, folder)
    # Only a cross-validation has folds, and with them all that the card tells.
    text = evidence(results) if "folds" in results else summary(results)
    (Path(folder) / TABLES).write_text(text + "\n", encoding="utf-8")


def summary(results: Mapping[str, Any]) -> str:
    """Return the tables of saved weights on a data set, in Markdown.

    Args:
        results: of `evaluate.evaluate`.
    """
    seen = results.get("seen_in_training", 0)
    warning = "; **figures that include people seen in training are no evidence**" if seen else ""
    drawn = "\n\n".join(f"![{one.alt}]({PICTURES}/{one.name})\n\n{one.caption}" for one in pictures(results))
    parts = (
        f"# {results['dataset']}",
        f"{results['people']} people (left out: {results.get('left_out', 0)}), of whom {seen} seen in "
        f"training{warning}. Figures in mmHg, in brackets 95 % intervals over people.",
        tables.figures_table(results),
        tables.ranges_table(results),
        tables.agreement_table(results),
        tables.probabilities_table(results),
        tables.intervals_table(results),
        drawn,
    )
    return "\n\n".join(part for part in parts if part)


def load_results(path: str | Path) -> dict[str, Any]:
    """Read a results file.

    Raises:
        ValueError: it is of another schema.
    """
    results = json.loads(Path(path).read_text(encoding="utf-8"))
    if results.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not of the schema {SCHEMA}")
    return results


def regenerate(folder: str | Path, readme: str | Path | None = None) -> None:
    """Write card, pictures and, where one is named, the README's section again from saved results.

    Args:
        folder: a weights folder with `config.json` and `evidence.json`.
        readme: a README with the markers of `readme`; None leaves it alone.
    """
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    results = load_results(folder / RESULTS)
    save_evidence(results, folder)
    (folder / "README.md").write_text(write_card(config, results), encoding="utf-8")
    if readme is not None:
        readme_section.update(readme, results)


def add_realism(folder: str | Path, measured: str | Path) -> None:
    """Take the comparison of rendered with real maps into saved results; it needs clips that training does not.

    Args:
        folder: a weights folder with `evidence.json`.
        measured: the JSON file that `python -m benchmarks.realism --json` wrote.
    """
    path = Path(folder) / RESULTS
    results = load_results(path)
    results["realism"] = json.loads(Path(measured).read_text(encoding="utf-8"))["section"]
    path.write_text(to_json(results), encoding="utf-8")


def to_json(results: Mapping[str, Any]) -> str:
    """Return results as JSON text that a diff can show: innermost lists and objects stand on one line."""
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    return _INNERMOST.sub(lambda found: found[1] + re.sub(r"\n\s+", " ", found[2]) + found[3], text) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Regenerate; `arguments` None takes those of the command line."""
    parser = argparse.ArgumentParser("python -m bpdemo.reporting.report", description="Card, pictures and README anew")
    parser.add_argument("weights", type=Path, help="a weights folder with config.json and evidence.json")
    parser.add_argument("--readme", type=Path, help="a README whose section on evidence is written anew")
    parser.add_argument(
        "--realism", type=Path, help="what `benchmarks.realism --json` wrote, to be taken into the results"
    )
    options = parser.parse_args(arguments)
    if options.realism:
        add_realism(options.weights, options.realism)
    regenerate(options.weights, options.readme)


if __name__ == "__main__":
    main()
