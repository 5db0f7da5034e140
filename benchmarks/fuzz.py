"""Feed bpdemo mutated clips, configs and weights until time is up, and print what was found.

    python -m benchmarks.fuzz [--minutes 20] [--seed 0] [--keep FOLDER]

Hypothesis mutates small valid files (tests/faults/mutations.py). Each batch runs in a process of its own, so that one
that dies or hangs is seen and its input kept.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

TARGETS = {"clip": 1500, "whole": 60, "config": 4000, "weights": 1500}
"""What is fed, and how many inputs a batch of each has."""

HUNG_S = 900.0  # of one input: on a machine that is busy, minutes go by while a process starts
_CURRENT = "current"


def main() -> None:
    """Run batches in turn, or, with `--target`, one batch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the inputs that something was found with")
    parser.add_argument("--target", choices=TARGETS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.target:
        print(json.dumps(run_batch(options.target, options.seed, Path.cwd())))
        return
    with tempfile.TemporaryDirectory() as place:
        keep = options.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
        keep.mkdir(parents=True, exist_ok=True)
        supervise(60 * options.minutes, options.seed, Path(place), keep)


def supervise(seconds: float, seed: int, folder: Path, keep: Path) -> None:
    """Start one batch after another; print a table at the end, and exit with 1 when something was found."""
    ends = time.monotonic() + seconds
    inputs, slowest, most = collections.Counter(), collections.Counter(), collections.Counter()
    found: dict[str, str] = {}
    while time.monotonic() < ends:
        for target in TARGETS:
            answer = _watch(target, seed, folder)
            for key, content in answer.pop("found", {}).items():
                if key not in found:
                    path = keep / f"found_{len(found)}_{target}_{seed}"
                    path.write_bytes(bytes.fromhex(content))
                    found[key] = path.name
                    print(f"{target}, seed {seed}: {key} (kept as {path})", flush=True)
            inputs[target] += answer.get("inputs", 0)
            slowest[target] = max(slowest[target], answer.get("slowest_cpu_s", 0))
            most[target] = max(most[target], answer.get("grown_mb", 0))
        seed += 1
    print("| what | inputs | most CPU seconds for one | memory grown by, at most, MB |\n|---|--:|--:|--:|")
    for target in TARGETS:
        print(f"| {target} | {inputs[target]} | {slowest[target]:.2f} | {most[target]} |")
    print(f"found: {len(found)}; next seed: {seed}")
    sys.exit(bool(found))


def _watch(target: str, seed: int, folder: Path) -> dict:
    """Run a batch in a process of its own; return what it says, or how it died or hung, with its last input."""
    place = folder / f"{target}_{seed}"
    place.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1", "TMPDIR": str(place)}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.fuzz", "--target", target, "--seed", str(seed)],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    current, begun = place / _CURRENT, time.time()
    ending = ""
    while not ending:
        try:
            out, _ = process.communicate(timeout=2)
            ending = "ended"
        except subprocess.TimeoutExpired:
            latest = current.stat().st_mtime if current.exists() else begun
            if time.time() - latest > HUNG_S:
                process.kill()
                out, _ = process.communicate()
                ending = "hung"
    if ending == "ended" and process.returncode == 0:
        return json.loads(out)
    how = ending if ending == "hung" else f"died with status {process.returncode}"
    return {"found": {f"{target} {how}": current.read_bytes().hex() if current.exists() else ""}}


def run_batch(target: str, seed: int, folder: Path) -> dict:
    """Feed one batch; return how many inputs, what was found with which, and what the slowest took."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    strategy, check = _prepare(target, folder)
    current, found = folder / _CURRENT, {}
    inputs, slowest, before = 0, 0.0, _peak_mb()

    @seeded(seed)
    @settings(
        max_examples=TARGETS[target],
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def feed(content: bytes) -> None:
        nonlocal inputs, slowest
        inputs += 1
        current.write_bytes(content)
        begun = time.process_time()
        try:
            check(content, current)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            found.setdefault(f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}", content.hex())
        slowest = max(slowest, time.process_time() - begun)

    feed()
    return {"inputs": inputs, "found": found, "slowest_cpu_s": slowest, "grown_mb": _peak_mb() - before}


def _prepare(target: str, folder: Path) -> tuple:
    """Return what draws the inputs of a target, and what checks one."""
    from tests.faults import mutations
    from tests.support.small_weights import small_config, write_small

    if target == "clip":
        return mutations.mutated(mutations.seed_clips(folder)), lambda _, path: mutations.check_clip(path)
    if target == "whole":
        from bpdemo import BloodPressureEstimator
        from tests.faults.corpus import rendered_face

        estimator = BloodPressureEstimator.from_pretrained(_ROOT / "weights", "cpu")
        return (
            mutations.mutated(mutations.seed_face(folder, rendered_face()), 3),
            lambda _, path: mutations.check_whole(path, estimator),
        )
    if target == "config":
        config = json.loads(small_config().to_json())
        return mutations.mutated_config(config), lambda content, _: mutations.check_config(content)
    weights = folder / "weights"
    write_small(weights)
    model = weights / "model.safetensors"

    def check_model(content: bytes, _: Path) -> None:
        model.write_bytes(content)
        mutations.check_weights(weights)

    return mutations.mutated([model.read_bytes()], 3), check_model


def _peak_mb() -> int:
    """Return the most memory this process has used, MB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
