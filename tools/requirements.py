"""Write requirements.txt and requirements-dev.txt from pyproject.toml, or see whether they are what it says.

    python tools/requirements.py            write both
    python tools/requirements.py --check    exit status 1 when they differ, or imports are unnamed

requirements.txt is what a Space and `make demo` install: the package's dependencies and the extra `demo`.
"""

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
BASE = "base"
SOURCES = ("benchmarks", "bpdemo", "experiments", "tests", "tools")
OPTIONAL = {"spaces"}  # there on Hugging Face Spaces, and not asked for elsewhere
INDIRECT = {"openpyxl"}  # pandas reads .xlsx by it
FOLDERS = {
    "demo": ("demo",),
    "export": ("demo",),
    "figures": ("demo", "train"),  # drawn on the page and in reports
    "data": ("train",),
    "maps": ("train",),
    "reporting": ("train",),
    "synthesis": ("train",),
    "training": ("train",),
}
"""Folders of the package that need extras; each of those extras must name what the folder imports."""

_PINNED = re.compile(r"[\w.-]+(\[[\w,-]+\])?==\d[\w.+]*")
_MADE = "# Made from pyproject.toml by tools/requirements.py; change it there.\n"


def main() -> None:
    """Write the files, or print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    groups = read_groups(ROOT)
    if not parser.parse_args().check:
        for name, text in requirement_files(groups).items():
            (ROOT / name).write_text(text)
        return
    faults = [*pin_faults(groups), *file_faults(ROOT, groups), *import_faults(ROOT, groups)]
    sys.exit("\n".join(faults) or None)


def read_groups(root: Path) -> dict[str, list[str]]:
    """Return the requirements of the package (`base`) and of each extra, without the extras an extra includes."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {BASE: project["dependencies"], **project["optional-dependencies"]}
    return {name: [line for line in lines if not line.startswith(project["name"])] for name, lines in groups.items()}


def requirement_files(groups: dict[str, list[str]]) -> dict[str, str]:
    """Return the text of each requirements file: file name -> text."""
    demo = sorted({*groups[BASE], *groups["demo"]})
    everything = sorted({line for lines in groups.values() for line in lines} - {*demo})
    return {
        "requirements.txt": "\n".join([f"{_MADE}# The demo.", *demo, ""]),
        "requirements-dev.txt": "\n".join(
            [f"{_MADE}# Training and development, on top of the demo.", "-r requirements.txt", *everything, ""]
        ),
    }


def pin_faults(groups: dict[str, list[str]]) -> Iterator[str]:
    """Yield what is not pinned to one version, or to two."""
    pins: dict[str, str] = {}
    for line in sorted({line for lines in groups.values() for line in lines}):
        if not _PINNED.fullmatch(line):
            yield f"not pinned: {line}"
        elif pins.setdefault(_name(line), line) != line:
            yield f"pinned twice: {_name(line)}"


def file_faults(root: Path, groups: dict[str, list[str]]) -> Iterator[str]:
    """Yield the requirements files that are not what pyproject.toml says."""
    for name, text in requirement_files(groups).items():
        if not (root / name).is_file() or (root / name).read_text() != text:
            yield f"{name} differs from pyproject.toml; run: python tools/requirements.py"


def import_faults(root: Path, groups: dict[str, list[str]]) -> Iterator[str]:
    """Yield what a part of the project imports although its requirements do not name it, or names in vain."""
    homes = {module: {canonicalize_name(home) for home in found} for module, found in packages_distributions().items()}
    ours = {path.stem for path in root.iterdir()} | OPTIONAL | sys.stdlib_module_names
    used: dict[str, set[str]] = {name: set() for name in groups}
    for file in sorted([*root.glob("*.py"), *(file for folder in SOURCES for file in (root / folder).rglob("*.py"))]):
        for extra in _extras(file.relative_to(root)):
            allowed = {_name(line) for group in (BASE, extra) for line in groups[group]}
            if extra == "dev":
                allowed = {_name(line) for lines in groups.values() for line in lines}
            for module in _imports(file) - ours:
                used[extra] |= homes.get(module, set())
                if not homes.get(module, set()) & allowed:
                    yield f"{file.relative_to(root)} imports {module}, which no requirement of {extra} names"
    for extra in sorted({BASE, "demo", "train"} & groups.keys()):
        unused = {_name(line) for line in groups[extra]} - used[extra] - INDIRECT
        yield from (f"{name} is a requirement of {extra} and imported nowhere in it" for name in sorted(unused))


def _extras(file: Path) -> tuple[str, ...]:
    """Return the extras with which a file of the project must run; (`base`,) is none."""
    if file.parts[0] == "bpdemo":
        return FOLDERS.get(file.parts[1], (BASE,))
    return ("demo",) if file.parts == ("app.py",) else ("dev",)


def _imports(file: Path) -> set[str]:
    """Return the top-level names of the modules that a file imports when it runs."""
    names = set()
    pending: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
        pending += ast.iter_child_nodes(node)
    return {name.partition(".")[0] for name in names}


def _name(line: str) -> str:
    """Return the package that a requirement names."""
    return canonicalize_name(Requirement(line).name)


if __name__ == "__main__":
    main()
