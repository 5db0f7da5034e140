"""What happens when many send clips at once? The real app, on loopback, with 1, 4 and 16 clients at a time.

    python -m benchmarks.load [REQUESTS]        (Linux; 200 requests unless told: about five minutes on two cores)

The app runs in a process of its own as `python app.py` starts it. Each client sends one clip after another as any
program would - upload, `/estimate`, wait for the answer - and looks at the answer: every clip has a heart rate of its
own, one in eight shows a wall, so that an answer meant for somebody else is seen. Clips are rendered here: 10 s,
320 x 240, H.264.

A request is *lost* when no answer comes, *mixed up* when it is another clip's, *refused* when the queue is full.
Latency is from the start of the upload to the answer. Memory is what the app's process has in RAM (RSS).
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
HEART_RATES_BPM = (54, 61, 68, 75, 82, 89, 96)
TOLERANCE_BPM = 2.5  # less than half of what lies between two clips
CLIENTS = (16, 4, 1)  # the most first, so that what memory they need is not taken for growth
SHARES = (0.5, 0.3, 0.2)  # of the requests
BURST = 40
MAX_GROWTH_MB = 10.0  # between a quarter of the requests and all of them
START_S, ANSWER_S = 120, 300
_VERDICTS = ("right", "refused", "mixed up", "lost")


@dataclass(frozen=True)
class Answer:
    """How a request ended: `right`, `mixed up`, `lost` or `refused`, after how many seconds, and what was said."""

    verdict: str
    took_s: float
    message: str = ""


class App:
    """The app in its process.

    Args:
        process: as started.
        url: where it is served.
    """

    def __init__(self, process: subprocess.Popen, url: str) -> None:
        self._process = psutil.Process(process.pid)
        self.url = url

    def memory_mb(self) -> float:
        """Return what the process has in RAM."""
        return self._process.memory_info().rss / 2**20

    def memory_of_all_mb(self) -> float:
        """Return what it and those that read clips for it have in RAM at this moment, what they share counted once."""
        processes = [self._process, *self._process.children(recursive=True)]
        return sum(filter(None, map(_share_of_memory, processes))) / 2**20

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used, and those that have read clips for it."""
        times = [process.cpu_times() for process in (self._process, *self._process.children())]
        return sum(time.user + time.system + time.children_user + time.children_system for time in times)


def _share_of_memory(process: psutil.Process) -> int | None:
    """Return a process's proportional share of memory in bytes; None where it has just ended."""
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return None


def main() -> None:
    """Render, serve, load, print."""
    if sys.argv[1:2] == ["render"]:
        _render(Path(sys.argv[2]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requests", type=int, nargs="?", default=200)
    requests = parser.parse_args().requests
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    with tempfile.TemporaryDirectory() as name:
        clips, uploads = Path(name, "clips"), Path(name, "uploads")
        clips.mkdir()
        uploads.mkdir(mode=0o700)
        command = [sys.executable, "-m", "benchmarks.load", "render", str(clips)]
        subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL, check=True)
        with served(uploads) as app:
            print(f"Memory of the app at the start: {app.memory_mb():.0f} MB.\n")
            _ask(app, sorted(clips.iterdir())[0])
            memory = _print_load(app, sorted(clips.iterdir()), requests)
            _print_memory(memory, requests)
            _print_burst(app, clips / "wall.mp4")
            time.sleep(1)
            left = [path for path in uploads.rglob("*") if path.is_file()]
            print(f"Clips on the disk afterwards: {len(left)}.")


def _print_load(app: App, clips: list[Path], requests: int) -> dict[int, tuple[float, float]]:
    """Load the app with each number of clients; return its memory, own and all, by how many requests it had served."""
    memory, served, rows = {0: (app.memory_mb(), app.memory_of_all_mb())}, 0, []
    for clients, share in zip(CLIENTS, SHARES, strict=True):
        count = round(share * requests)
        before_s, before_cpu_s = time.perf_counter(), app.cpu_s()
        answers = []
        for answer in _ask_many(app, [clips[number % len(clips)] for number in range(count)], clients):
            answers.append(answer)
            served += 1
            if served % max(1, requests // 8) == 0:
                memory[served] = app.memory_mb(), app.memory_of_all_mb()
        took_s, cpu_s = time.perf_counter() - before_s, app.cpu_s() - before_cpu_s
        verdicts = Counter(answer.verdict for answer in answers)
        took = sorted(answer.took_s for answer in answers)
        counted = [verdicts[name] for name in _VERDICTS]
        latency = f"{statistics.median(took):.1f}", f"{_percentile(took, 95):.1f}"
        rows.append((clients, count, f"{60 * count / took_s:.0f}", *latency, f"{cpu_s / count:.2f}", *counted))
    head = ("clients", "requests", "clips a minute", "latency p50, s", "p95, s", "CPU s a clip", *_VERDICTS)
    _table("Clients at a time, each sending clip after clip", head, rows)
    return memory


def _print_memory(memory: dict[int, tuple[float, float]], requests: int) -> None:
    rows = [(served, f"{own:.0f}", f"{of_all:.0f}") for served, (own, of_all) in memory.items()]
    _table("Memory of the app", ("requests served", "its own, MB", "with those that read clips just then, MB"), rows)
    settled = min(served for served in memory if served >= requests / 4)
    growth = memory[max(memory)][0] - memory[settled][0]
    verdict = "does not grow" if growth <= MAX_GROWTH_MB else "GROWS"
    print(f"From {settled} to {max(memory)} requests: {growth:+.1f} MB. Memory {verdict}.\n")


def _print_burst(app: App, clip: Path) -> None:
    answers = list(_ask_many(app, [clip] * BURST, BURST))
    verdicts = Counter(answer.verdict for answer in answers)
    _table(f"{BURST} clips in the same moment", _VERDICTS, [[verdicts[name] for name in _VERDICTS]])
    for told in {answer.message for answer in answers if answer.message}:
        print(f"Told: {told}\n")


def _ask_many(app: App, clips: list[Path], clients: int) -> Iterator[Answer]:
    """Send clips from so many clients at a time; yield answers as they come, in order of the clips."""
    with ThreadPoolExecutor(clients) as pool:
        yield from pool.map(lambda clip: _ask(app, clip), clips)


def _ask(app: App, clip: Path) -> Answer:
    began_s = time.perf_counter()
    verdict, message = "lost", ""
    try:
        verdict, message = _judge(_estimate(app.url, clip), clip)
    except (httpx.HTTPError, OSError, ValueError, KeyError, IndexError) as error:
        message = f"{type(error).__name__}: {error}"
    return Answer(verdict, time.perf_counter() - began_s, message)


def _estimate(url: str, clip: Path) -> dict | str:
    """Return the answer to one clip, or what was said when it was refused a place in the queue."""
    with httpx.Client(timeout=ANSWER_S) as client:
        sent = client.post(f"{url}/gradio_api/upload", files={"files": (clip.name, clip.read_bytes())})
        path = sent.raise_for_status().json()[0]
        data = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
        asked = client.post(f"{url}/gradio_api/call/estimate", json=data)
        if asked.status_code == 503:
            return asked.json()["detail"]
        event = asked.raise_for_status().json()["event_id"]
        answer = client.get(f"{url}/gradio_api/call/estimate/{event}").text
    kind, _, rest = answer.rpartition("event: ")[2].partition("\n")
    if kind != "complete":
        raise ValueError(f"event {kind}: {rest[:200]}")
    return json.loads(rest.strip().removeprefix("data: "))[0]


def _judge(answer: dict | str, clip: Path) -> tuple[str, str]:
    """Return whether an answer is this clip's."""
    if isinstance(answer, str):
        return "refused", answer
    if clip.stem == "wall":
        is_right = answer["status"] == "refused" and answer["reasons"][0]["code"] == "no_face"
    else:
        heart_rate = answer.get("heart_rate", {}).get("value", 0.0)
        is_right = abs(heart_rate - float(clip.stem)) < TOLERANCE_BPM
    if is_right and answer["clip"] == clip.name:
        return "right", ""
    return "mixed up", f"{clip.name} was answered with {answer['clip']}, {answer['status']}, {answer.get('heart_rate')}"


@contextmanager
def served(uploads: Path) -> Iterator[App]:
    """Run the app until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"GRADIO_TEMP_DIR": str(uploads), "GRADIO_SERVER_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: httpx.get(url).is_success, process)
        yield App(process, url)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(is_there: Callable[[], bool], process: subprocess.Popen) -> None:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        try:
            if is_there():
                return
        except httpx.TransportError:
            time.sleep(0.3)
    raise SystemExit("The app did not start; run `python app.py` to see why.")


def _percentile(values: list[float], percent: float) -> float:
    """Return the smallest of sorted values that so many per cent do not exceed."""
    return values[min(len(values) - 1, int(len(values) * percent / 100))]


def _table(title: str, head: tuple, rows: list) -> None:
    print(f"**{title}**\n")
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


def _render(folder: Path) -> None:
    from bpdemo.synthesis.scenes import Scene, render_clip

    small = {"width": 320, "height": 240, "duration_s": 10.0, "noise": 1.5}
    for seed, heart_rate_bpm in enumerate(HEART_RATES_BPM):
        scene = Scene(**small, seed=seed, heart_rate_bpm=heart_rate_bpm, pulse_strength=0.012)
        render_clip(folder / f"{heart_rate_bpm}.mp4", scene)
    render_clip(folder / "wall.mp4", Scene(**small, seed=99, subject="wall"))


if __name__ == "__main__":
    main()
