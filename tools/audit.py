"""See whether what is installed fits together, and whether faults of it are known.

    python tools/audit.py PIP_AUDIT        (or `make audit`, which installs PIP_AUDIT first)

The second question is pip-audit's, about every installed package, and needs a service on the network. Where none can be
asked, a line says so. Exit status 1 when a fault was found.
"""

import argparse
import json
import subprocess
import sys
import sysconfig

_TIMEOUT_S = 300


def main() -> None:
    """Ask both questions and print the answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pip_audit", nargs="*", help="the command of pip-audit")
    found, message = known_faults(parser.parse_args().pip_audit)
    faults = [*conflicts(), *found]
    print(message)
    print(*faults, sep="\n", file=sys.stderr)
    print(f"{len(faults)} faults found" if faults else "no fault found")
    sys.exit(bool(faults))


def conflicts() -> list[str]:
    """Return what `pip check` finds."""
    ran = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    return ran.stdout.splitlines() if ran.returncode else []


def known_faults(pip_audit: list[str]) -> tuple[list[str], str]:
    """Return the known faults of installed packages, and a line on how many packages could be asked about.

    Args:
        pip_audit: the command of pip-audit; empty when it is not installed.
    """
    problem = "pip-audit is not installed"
    for service in ("pypi", "osv") if pip_audit else ():
        command = [*pip_audit, "--path", sysconfig.get_path("purelib"), "--vulnerability-service", service]
        command += ["--format", "json", "--progress-spinner", "off"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
            packages = json.loads(ran.stdout)["dependencies"]
        except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired):
            problem = "no vulnerability service could be asked"
            continue
        asked = [package for package in packages if "skip_reason" not in package]
        if not asked:  # a registry that knows packages and nothing of their faults says this of every one
            problem = "the vulnerability service knows none of the packages"
            continue
        faults = [
            f"{package['name']} {package['version']}: {fault['id']}, fixed in {fault['fix_versions'] or 'no version'}"
            for package in asked
            for fault in package["vulns"]
        ]
        return faults, f"known faults: asked about {len(asked)} of {len(packages)} packages"
    return [], f"known faults: not asked, {problem}"


if __name__ == "__main__":
    main()
