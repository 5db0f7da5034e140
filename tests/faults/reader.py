"""The process that reads: paths come in as lines of JSON, and what came of each goes out as one.

It may write no file of more than 1 MB, and uses no more than an hour of a processor.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    """Read until there is no more input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (3600, 3600))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
    from bpdemo import BloodPressureEstimator
    from bpdemo.weights.store import embedded_folder

    estimator = BloodPressureEstimator.from_pretrained(embedded_folder())
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        path = json.loads(line)
        before, begun = _forget_peak(), time.process_time()
        try:
            estimate = estimator.answer(path)
        except Exception as error:  # an unforeseen one is what is looked for
            outcome, rate, notes, said = type(error).__name__, None, [], repr(error)[:300]
        else:
            outcome = estimate.reasons[0].code if estimate.reasons else estimate.status
            rate = estimate.heart_rate.value if estimate.heart_rate else None
            notes, said = [note.code for note in estimate.notes], json.dumps(estimate.to_dict())[-300:]
        result = {
            "outcome": outcome,
            "heart_rate_bpm": rate,
            "notes": notes,
            "said": said,
            "cpu_s": round(time.process_time() - begun, 2),
            "peak_mb": round((_status_kb("VmHWM") - before) / 1024),
        }
        print(json.dumps(result), file=answers, flush=True)


def _forget_peak() -> int:
    """Have the kernel forget how much memory was used at most; return what is used now, KB."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")
    return _status_kb("VmRSS")


def _status_kb(name: str) -> int:
    """Return an entry of the process's status, KB; 0 where the system has none."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


if __name__ == "__main__":
    main()
