"""What this project depends on: is it named, is it pinned, does it fit together, and are faults of it known?

    python tools/audit.py PIP_AUDIT        (or `make audit`, which installs PIP_AUDIT first)

The last question is pip-audit's, about every package that is installed here, and needs a service on the network. Where
that cannot be asked, a line says so and the others are answered all the same. Exit status 1 when a fault was found.
"""

import ast
import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO, ALL = "requirements.txt", "requirements-dev.txt"
OPTIONAL = {"spaces"}  # there on Hugging Face Spaces, and not asked for elsewhere
_PINNED = re.compile(r"([\w.-]+)(\[[\w,-]+\])?==[\w.+!]+")
_PATIENCE_S = 300


def main() -> None:
    """Ask all questions and print the answers."""
    faults = [*pin_faults(ROOT), *import_faults(ROOT), *conflicts()]
    found, told = known_faults(sys.argv[1:])
    faults += found
    print(told)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(faults)} faults found" if faults else "named, pinned, and fitting together")
    sys.exit(bool(faults))


def requirements(root: Path, name: str) -> list[str]:
    """Return the lines of a requirements file that name a package, those of the files it includes among them."""
    lines = []
    for line in (root / name).read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            lines += requirements(root, text.removeprefix("-r ").strip())
        elif text:
            lines.append(text)
    return lines


def pin_faults(root: Path) -> Iterator[str]:
    """Yield what is not pinned to one version, or is named twice."""
    lines = requirements(root, ALL)
    yield from (f"not pinned: {line}" for line in lines if not _PINNED.fullmatch(line))
    names = _names(lines)
    yield from (f"named twice: {name}" for name in sorted(set(names)) if names.count(name) > 1)


def import_faults(root: Path) -> Iterator[str]:
    """Yield what is imported and neither named nor brought by a package that is named, whose version it goes by.

    The demo may use what requirements.txt brings; training, tests and tools may use the rest.
    """
    folders = (path for path in (*root.iterdir(), *root.glob("tests/*")) if path.is_dir())
    ours = [*root.rglob("tests/**/*.py"), *root.glob("*.py"), *folders]
    here = {path.stem for path in ours}
    homes = packages_distributions()
    for of_demo in (True, False):
        allowed = _brought(_names(requirements(root, DEMO if of_demo else ALL)))
        for file in _sources(root, of_demo):
            for module in _imports(file) - here - OPTIONAL - sys.stdlib_module_names:
                packages = {_normal(package) for package in homes.get(module, [])}
                if not packages & allowed:
                    yield f"{file.relative_to(root)} imports {module}, which no requirement names"


def conflicts() -> Iterator[str]:
    """Yield what `pip check` finds."""
    ran = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if ran.returncode:
        yield from ran.stdout.splitlines()


def known_faults(pip_audit: list[str]) -> tuple[list[str], str]:
    """Ask pip-audit about all that is installed.

    Args:
        pip_audit: its command.

    Returns:
        The faults it knows, and a line on how far it could be asked.
    """
    packages = sysconfig.get_path("purelib")
    reason = "pip-audit is not here"
    for service in ("pypi", "osv") if pip_audit else ():
        command = [*pip_audit, "--path", packages, "--vulnerability-service", service]
        command += ["--format", "json", "--progress-spinner", "off"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
            told = json.loads(ran.stdout)["dependencies"]
        except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired):
            reason = "no vulnerability service could be asked"
            continue
        asked = [package for package in told if "skip_reason" not in package]
        if not asked:  # a registry that knows packages and nothing of their faults says this of every one
            reason = "the vulnerability service knows none of the packages"
            continue
        faults = [
            f"{package['name']} {package['version']}: {fault['id']}, mended in {fault['fix_versions'] or 'no version'}"
            for package in asked
            for fault in package["vulns"]
        ]
        return faults, f"known faults: asked about {len(asked)} of {len(told)} packages"
    return [], f"known faults: not asked, {reason}"


def _sources(root: Path, of_demo: bool) -> list[Path]:
    """Return the files that run with requirements.txt alone, or all others."""
    demo = [root / "app.py", *(root / "bpdemo").rglob("*.py")]
    demo = [file for file in demo if "training" not in file.relative_to(root).parts]
    if of_demo:
        return demo
    everywhere = [
        file for folder in ("bpdemo", "tests", "benchmarks", "tools") for file in (root / folder).rglob("*.py")
    ]
    return sorted(set(everywhere) - set(demo))


def _imports(file: Path) -> set[str]:
    """Return the top names of the modules a file imports."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def _brought(names: list[str]) -> set[str]:
    """Return packages and what each of them requires itself."""
    brought = set(names)
    for name in names:
        brought |= {_normal(re.match(r"[\w.-]+", line)[0]) for line in distribution(name).requires or ()}
    return brought


def _names(lines: list[str]) -> list[str]:
    """Return the packages that requirement lines name."""
    return [_normal(re.match(r"[\w.-]+", line)[0]) for line in lines]


def _normal(name: str) -> str:
    """Return a package's name as all tools write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
