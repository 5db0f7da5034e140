"""Throw every bad and odd input of the corpus at the estimator and print what came of it.

    python -m benchmarks.faults [--strace]

With `--strace` the process is run under strace (Debian's package), and every file and address that it opened while it
read is looked through: none may be one that an input names.
"""

import argparse
import collections
import re
import sys
import tempfile
from pathlib import Path

from tests.faults.corpus import make_corpus, rendered_face
from tests.faults.fault import write
from tests.faults.reading import Decoy, Listener, Outcome, read_all


def main() -> None:
    """Make the corpus, read it, print one line an input and a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strace", action="store_true", help="see every file and address that is opened")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, Listener() as listener:
        folder, trace = Path(place), Path(place) / "trace"
        (folder / "corpus").mkdir()
        face = rendered_face()
        decoy = write(folder / "decoy.mp4", face.seconds(1), [number / 30 for number in range(30)])
        faults = make_corpus(folder / "corpus", face, decoy, listener.address)
        wrapper = ("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=openat,open,connect,sendto,execve")
        with Decoy(decoy) as watch:
            outcomes = [_tell(o) for o in read_all(faults, folder / "work", wrapper if options.strace else ())]
            opened = watch.opened()
        left = [path.name for path in (folder / "work").rglob("*")]
        _print_table(outcomes)
        print(f"decoy opened: {opened}; visits to the address: {listener.visits}; files left behind: {left or 'none'}")
        if options.strace:
            _print_opened(trace, folder)
    sys.exit(any(not outcome.right for outcome in outcomes) or bool(opened or listener.visits or left))


def _tell(outcome: Outcome) -> Outcome:
    fault = outcome.fault
    rate = f"{outcome.heart_rate_bpm:.1f} bpm" if outcome.heart_rate_bpm else ""
    cost = f"{outcome.cpu_s:6.2f} s {outcome.peak_mb:5d} MB"
    print(
        f"{'' if outcome.right else 'WRONG '}{fault.kind}: {fault.name} -> {outcome.outcome} {rate} {cost}", flush=True
    )
    if not outcome.right:
        print(f"    expected {sorted(fault.outcomes)}, {fault.heart_rate_bpm}; said {outcome.said}")
    return outcome


def _print_table(outcomes: list[Outcome]) -> None:
    """Print how many inputs of each kind came to what, and the most that one cost."""
    print("\n| kind | inputs | as they should | most CPU seconds | most memory, MB | what came of them |")
    print("|---|--:|--:|--:|--:|---|")
    for kind in dict.fromkeys(outcome.fault.kind for outcome in outcomes):
        those = [outcome for outcome in outcomes if outcome.fault.kind == kind]
        counts = collections.Counter(outcome.outcome for outcome in those)
        came = ", ".join(f"`{code}` {count}" for code, count in counts.most_common())
        right, cpu_s = sum(o.right for o in those), max(o.cpu_s for o in those)
        print(f"| {kind} | {len(those)} | {right} | {cpu_s:.1f} | {max(o.peak_mb for o in those)} | {came} |")
    print(f"| all | {len(outcomes)} | {sum(o.right for o in outcomes)} | | | |\n")


def _print_opened(trace: Path, folder: Path) -> None:
    """Print what of the corpus was opened but is not what was read, and every address that was connected to."""
    text = trace.read_text(errors="replace")
    addresses = re.findall(r"(?:connect|sendto)\(.*sa_family=(?!AF_UNIX).*", text)
    programs = re.findall(r"execve\(.*", text)[1:]
    files = set(re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)".*= \d+$', text, re.MULTILINE))
    print(f"addresses connected to: {addresses or 'none'}; programs started: {programs or 'none'}")
    print(f"files of the corpus opened: {sum(str(folder / 'corpus') in file for file in files)}")
    print(f"decoy opened: {sum('decoy' in file for file in files)}")


if __name__ == "__main__":
    main()
