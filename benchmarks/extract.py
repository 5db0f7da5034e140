"""What does extracting maps cost beside reading alone, does memory grow, and what does a killed worker do?

    python -m benchmarks.extract [CLIPS]        (Linux; 500 clips unless told: about an hour on two cores)

Clips are rendered here: 10 s, 320 x 240, H.264, four of them under many names. The same ones are read by the
estimator's own batch and by `bpdemo extract`, start included, in turns of `TURN` clips, with one process and with two.
Then all clips are extracted at a stretch, undisturbed and with a worker killed every 20 s. Last, one 640 x 480 clip is
read on one core, and from its frames a second it is estimated how long MCD-rPPG takes.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

TURN, TURNS = 100, 3
KILL_EVERY_S = 20.0
SAMPLE_S = 0.5
PEOPLE = 20
MCD_CLIPS, MCD_FRAMES, MCD_MB = 3600, 60 * 30, (20, 85)


def main() -> None:
    """Render, measure, print; `batch`, `render` and `frames` are what a process of its own does."""
    tasks: dict[str, Callable[..., None]] = {"render": _render, "batch": _batch, "frames": _frames_a_second}
    if len(sys.argv) > 1 and sys.argv[1] in tasks:
        tasks[sys.argv[1]](*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=int, nargs="?", default=500)
    clips = parser.parse_args().clips
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run("render", folder)
        _print_turns(folder, min(TURN, clips))
        _print_long_runs(folder, clips)
        _print_mcd(float(_run("frames", folder / "large.mp4")))


def _print_turns(folder: Path, clips: int) -> None:
    data = _list_clips(folder, clips)
    rows = []
    for processes in (1, 2):
        batch, extract = [], []
        for turn in range(TURNS):
            before = time.perf_counter(), _cpu_of_children_s()
            _run("batch", data, processes)
            batch.append((time.perf_counter() - before[0], _cpu_of_children_s() - before[1]))
            run = Run(data, folder / f"turn_{processes}_{turn}", processes)
            extract.append((run.wait(), run.cpu_s))
        speeds = [f"{60 * clips / statistics.median(took_s for took_s, _ in way):.0f}" for way in (batch, extract)]
        cpu = [f"{statistics.median(cpu_s for _, cpu_s in way) / clips:.2f}" for way in (batch, extract)]
        rows.append((processes, *speeds, _overhead(batch, extract, 0), *cpu, _overhead(batch, extract, 1)))
    head = "processes | estimator's batch, clips a minute | extract | overhead | CPU s a clip | extract | overhead"
    _table(f"{clips} clips of 10 s, 320 x 240, start included, {TURNS} turns", head, rows)


def _overhead(batch: list[tuple], extract: list[tuple], part: int) -> str:
    ratios = [100 * (after[part] / before[part] - 1) for before, after in zip(batch, extract, strict=True)]
    return f"{statistics.median(ratios):+.0f} % ({min(ratios):+.0f} to {max(ratios):+.0f})"


def _cpu_of_children_s() -> float:
    """Return the CPU seconds of all processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _print_long_runs(folder: Path, clips: int) -> None:
    data = _list_clips(folder, clips)
    calm = Run(data, folder / "calm", 2)
    took_s = calm.wait()
    disturbed = Run(data, folder / "disturbed", 2)
    disturbed_s = disturbed.wait(kill_every_s=KILL_EVERY_S)
    rows = [
        (name, f"{run_s:.0f}", run.killed, f"{run.workers[0]:.0f}", f"{run.workers[1]:.0f}", *map(round, run.own))
        for name, run, run_s in (("undisturbed", calm, took_s), ("a worker killed every 20 s", disturbed, disturbed_s))
    ]
    title = f"{clips} clips at a stretch, two workers; memory (USS) after a tenth of the clips and at the end"
    head = "run | s | killed | a worker after 10 %, MB | at the end | client and scheduler after 10 %, MB | at the end"
    _table(title, head, rows)
    same = _rows_of(folder / "calm") == _rows_of(folder / "disturbed")
    print(
        f"Both hold {len(_rows_of(folder / 'calm'))} rows; they are {'equal' if same else 'NOT EQUAL'}.\n", flush=True
    )


def _print_mcd(frames_a_second: float) -> None:
    one_s = MCD_CLIPS * MCD_FRAMES / frames_a_second
    rows = [
        (cores, _duration(one_s / cores), *(f"{MCD_CLIPS * size * cores / one_s:.0f}" for size in MCD_MB))
        for cores in (1, 16, 256)
    ]
    print(f"640 x 480, H.264: {frames_a_second:.0f} frames a second on one core.\n")
    _table("MCD-rPPG, 3,600 clips of 60 s", "cores | takes | MB/s to be read, clips of 20 MB | of 85 MB", rows)


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds > 2 * 3600 else f"{seconds / 60:.0f} min"


class Run:
    """`bpdemo extract` in a process of its own.

    Attributes:
        workers, own: memory in MB of a worker, the largest, and of client with scheduler: after a tenth of the clips,
            and at the end.
        killed: how many workers were.
        cpu_s: CPU seconds of all of it; it is known at the end.
    """

    def __init__(self, data: Path, output: Path, workers: int) -> None:
        command = [sys.executable, "-m", "bpdemo", "extract", "--data", f"clips={data}", "--output", str(output)]
        self._began_s = time.perf_counter()
        self._process = psutil.Popen(
            [*command, "--workers", str(workers)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._output = output
        self._clips = len((data / "clips.csv").read_text().splitlines()) - 1
        self.workers, self.own, self.killed, self.cpu_s = [0.0, 0.0], [0.0, 0.0], 0, 0.0

    def wait(self, kill_every_s: float | None = None) -> float:
        """Return how many seconds it took; a worker is killed now and then."""
        last_s, cpu_before_s = time.perf_counter(), _cpu_of_children_s()
        readers_s: dict[int, float] = {}  # which nobody waits for
        while self._process.poll() is None:
            time.sleep(SAMPLE_S)
            done = len(list(self._output.rglob("*.parquet"))) / self._clips
            readers_s |= self._cpu_of_readers_s()
            workers = self._find_workers()
            if not (0 < done < 1 and workers):
                last_s = time.perf_counter()
                continue
            part = 0 if done <= 0.1 or not self.own[0] else 1
            self.workers[part] = max(map(_memory_mb, workers))
            self.own[part] = _memory_mb(self._process)
            if kill_every_s and time.perf_counter() - last_s > kill_every_s:
                workers[self.killed % len(workers)].send_signal(signal.SIGKILL)
                last_s, self.killed = time.perf_counter(), self.killed + 1
        if self._process.returncode:
            raise RuntimeError(f"extract ended with {self._process.returncode}")
        self.cpu_s = _cpu_of_children_s() - cpu_before_s + sum(readers_s.values())
        return time.perf_counter() - self._began_s

    def _cpu_of_readers_s(self) -> dict[int, float]:
        """Return the CPU seconds of what readers are forked from, and of the readers that have ended, by process."""
        found = {}
        for worker in self._find_workers():
            with suppress(psutil.Error):
                for process in worker.children():
                    times = process.cpu_times()
                    found[process.pid] = times.user + times.system + times.children_user + times.children_system
        return found

    def _find_workers(self) -> list[psutil.Process]:
        try:
            return [child for child in self._process.children() if "spawn_main" in " ".join(child.cmdline())]
        except psutil.Error:
            return []


def _memory_mb(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().uss / 2**20
    except psutil.Error:
        return 0.0


def _rows_of(folder: Path) -> list[dict]:
    import pyarrow.parquet as pq

    return [row for path in sorted(folder.rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def _run(task: str, *arguments: object) -> str:
    """Run a task in a fresh process and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.extract", task, *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout


def _list_clips(folder: Path, count: int) -> Path:
    """Return a data set of so many clips: links to the rendered ones."""
    data = folder / f"set_{count}"
    data.mkdir(exist_ok=True)
    sources = sorted(folder.glob("small_*.mp4"))
    lines = ["clip,person,systolic,diastolic"]
    for number in range(count):
        clip = data / f"{number:04}.mp4"
        if not clip.exists():
            os.link(sources[number % len(sources)], clip)
        lines.append(f"{clip.name},{number % PEOPLE},{110 + number % PEOPLE},70")
    (data / "clips.csv").write_text("\n".join(lines) + "\n")
    return data


def _render(folder: str) -> None:
    from bpdemo.synthesis.scenes import Scene, render_clip

    for seed, heart_rate in enumerate((58.0, 66.0, 74.0, 82.0)):
        scene = Scene(seed=seed, width=320, height=240, duration_s=10, heart_rate_bpm=heart_rate, noise=1.5)
        render_clip(Path(folder, f"small_{seed}.mp4"), scene)
    render_clip(Path(folder, "large.mp4"), Scene(seed=9))


def _batch(data: str, processes: str) -> None:
    from bpdemo.estimator import BloodPressureEstimator

    estimator = BloodPressureEstimator.from_pretrained(device="cpu")
    answers = estimator.answer_many(sorted(Path(data).glob("*.mp4")), int(processes))
    print(json.dumps([answer.status for answer in answers]))


def _frames_a_second(clip: str) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from bpdemo.data.person import Recording
    from bpdemo.maps.recording import read_recording

    took_s = []
    for _ in range(4):  # the first loads what the others find
        began_s = time.process_time()
        (row,) = read_recording(Recording("clips:1", "large.mp4", Path(clip)))
        took_s.append(time.process_time() - began_s)
    print(row["duration_s"] * row["frame_rate_hz"] / statistics.median(took_s[1:]))


def _table(title: str, head: str, rows: Iterable[tuple]) -> None:
    print(f"**{title}**\n\n| {head} |\n" + "|---" * (head.count("|") + 1) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


if __name__ == "__main__":
    main()
